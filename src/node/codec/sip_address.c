/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * Where SIP messages go and come from: URIs (RFC 3261 §19.1), name-addr (§20.10), Via (§20.42).
 */
#include <errno.h>

#include "node/codec/sip_lex.h"
#include "node/codec/sip_value.h"

/* Only what may stand in a URI: visible ASCII without the delimiters of RFC 2396 §2.4.3. */
static bool is_uri_text(struct sip_text t)
{
    return t.size > 0 && lex_skip(t.at, lex_end(t), LEX_URI) == lex_end(t);
}

static const char *skip_ipv6(const char *at, const char *end)
{
    while (at < end && (lex_is_digit(*at) || *at == ':' || *at == '.' ||
                        (lex_lower(*at) >= 'a' && lex_lower(*at) <= 'f'))) {
        at++;
    }
    return at;
}

struct host_port {
    struct sip_text host;
    uint16_t port;
    bool is_ipv6;
};

/* host [":" port]; the place after it, NULL: it is none. Blanks around the colon only in Via. */
static const char *read_host_port(struct host_port *ret, const char *at, const char *end,
                                  bool has_blanks)
{
    const char *start = at, *colon, *digits;
    uint64_t port;

    ret->port = 0;
    ret->is_ipv6 = at < end && *at == '[';
    if (ret->is_ipv6) {
        at = skip_ipv6(++start, end);
        if (at == end || *at != ']' || at == start) {
            return NULL;
        }
        ret->host = lex_text(start, at++);
    } else {
        at = lex_skip(at, end, LEX_HOST); /* hostname or IPv4 */
        if (at == start) {
            return NULL;
        }
        ret->host = lex_text(start, at);
    }
    colon = has_blanks ? lex_skip_blanks(at, end) : at;
    if (colon == end || *colon != ':') {
        return at;
    }
    digits = at = has_blanks ? lex_skip_blanks(colon + 1, end) : colon + 1;
    while (at < end && lex_is_digit(*at)) {
        at++;
    }
    if (sip_number(lex_text(digits, at), UINT16_MAX, &port) < 0) {
        return NULL;
    }
    ret->port = (uint16_t)port;
    return at;
}

/* "user:password@" in front of the host: the last @ ends it, as it is escaped inside. */
static const char *read_user(struct sip_uri *u, const char *at, const char *end)
{
    const char *sign = memchr(at, '@', (size_t)(end - at)), *colon;

    if (sign == NULL) {
        return at;
    }
    if (sign == at) {
        return NULL;
    }
    colon = memchr(at, ':', (size_t)(sign - at));
    u->user = lex_text(at, colon != NULL ? colon : sign);
    if (colon != NULL) {
        u->password = lex_text(colon + 1, sign);
    }
    return u->user.size > 0 ? sign + 1 : NULL;
}

static int read_sip_uri(struct sip_uri *u, const char *at, const char *end)
{
    struct host_port hp;
    struct sip_text unused;
    const char *question;

    at = read_user(u, at, end);
    at = at != NULL ? read_host_port(&hp, at, end, false) : NULL;
    if (at == NULL || (at < end && *at != ';' && *at != '?')) {
        return -EBADMSG;
    }
    u->host = hp.host;
    u->port = hp.port;
    u->is_ipv6 = hp.is_ipv6;
    question = memchr(at, '?', (size_t)(end - at));
    u->params = lex_text(at, question != NULL ? question : end);
    if (question != NULL) {
        u->headers = lex_text(question + 1, end);
    }
    return sip_param(u->params, "", &unused) < 0 ? -EBADMSG : 0;
}

int sip_uri_parse(struct sip_uri *ret, struct sip_text uri)
{
    struct sip_uri u = {0};
    const char *at = uri.at, *end, *colon;

    if (at == NULL || !is_uri_text(uri) || !lex_is_alpha(*at)) {
        return -EBADMSG;
    }
    end = lex_end(uri);
    for (colon = at; colon < end && (lex_is_alpha(*colon) || lex_is_digit(*colon) ||
                                     *colon == '+' || *colon == '-' || *colon == '.');
         colon++) {
    }
    if (colon == end || *colon != ':' || colon + 1 == end) {
        return -EBADMSG;
    }
    u.scheme = lex_text(at, colon);
    at = colon + 1;
    u.is_secure = sip_text_is_word(u.scheme, "sips");
    if (u.is_secure || sip_text_is_word(u.scheme, "sip")) {
        if (read_sip_uri(&u, at, end) < 0) {
            return -EBADMSG;
        }
    } else if (sip_text_is_word(u.scheme, "tel")) {
        const char *params = memchr(at, ';', (size_t)(end - at));
        u.user = lex_text(at, params != NULL ? params : end);
        u.params = lex_text(params != NULL ? params : end, end);
    } else {
        u.host = lex_text(at, end);
    }
    *ret = u;
    return 0;
}

/* Tokens with blanks between, or nothing, before a <. */
static bool is_plain_display(struct sip_text t)
{
    return lex_skip(t.at, lex_end(t), LEX_TOKEN | LEX_BLANK) == lex_end(t);
}

/* At the <; the place after the >. */
static const char *read_bracketed(struct sip_address *a, const char *at, const char *end)
{
    const char *close = memchr(at, '>', (size_t)(end - at));

    if (close == NULL || close == at + 1) {
        return NULL;
    }
    a->uri = lex_text(at + 1, close);
    return is_uri_text(a->uri) ? close + 1 : NULL;
}

/* addr-spec without <>: what follows a ; is the header's, and , and ? may not stand in it
 * (§20.10). */
static const char *read_bare(struct sip_address *a, const char *at, const char *end)
{
    const char *start = at;

    while (at < end && *at != ';' && !lex_is_blank(*at)) {
        if (*at == '?' || *at == ',' || *at == '<' || *at == '"') {
            return NULL;
        }
        at++;
    }
    a->uri = lex_text(start, at);
    return at > start ? at : NULL;
}

static const char *read_address(struct sip_address *a, const char *at, const char *end)
{
    const char *open;

    if (at < end && *at == '"') {
        const char *close = lex_skip_quoted(at, end);
        if (close == NULL) {
            return NULL;
        }
        a->display = lex_text(at + 1, close - 1);
        at = lex_skip_blanks(close, end);
        return at < end && *at == '<' ? read_bracketed(a, at, end) : NULL;
    }
    open = memchr(at, '<', (size_t)(end - at));
    if (open == NULL) {
        return read_bare(a, at, end);
    }
    a->display = lex_trim(lex_text(at, open));
    return is_plain_display(a->display) ? read_bracketed(a, open, end) : NULL;
}

int sip_address_parse(struct sip_address *ret, struct sip_text item)
{
    struct sip_address a = {0};
    struct sip_text unused;
    const char *at;

    if (item.at == NULL) {
        return -EBADMSG;
    }
    item = lex_trim(item);
    at = read_address(&a, item.at, lex_end(item));
    if (at == NULL) {
        return -EBADMSG;
    }
    a.params = lex_text(at, lex_end(item));
    if (sip_param(a.params, "", &unused) < 0) {
        return -EBADMSG;
    }
    *ret = a;
    return 0;
}

/* "SIP / 2.0 / UDP" and the blanks after it. */
static const char *read_protocol(struct sip_via *v, const char *at, const char *end)
{
    struct sip_text words[3];

    for (size_t i = 0; i < 3; i++) {
        const char *stop = lex_skip_token(at, end);
        if (stop == at) {
            return NULL;
        }
        words[i] = lex_text(at, stop);
        at = lex_skip_blanks(stop, end);
        if (i < 2) {
            if (at == end || *at != '/') {
                return NULL;
            }
            at = lex_skip_blanks(at + 1, end);
        } else if (at == stop) {
            return NULL;
        }
    }
    v->transport = words[2];
    return sip_text_is_word(words[0], "SIP") && sip_text_is(words[1], "2.0") ? at : NULL;
}

/* The first parameter of a name counts. 0, -EBADMSG. */
static int read_via_params(struct sip_via *v)
{
    struct sip_text rest = v->params, name, value, rport = {NULL, 0};
    uint64_t port = 0;
    unsigned seen = 0;
    int result;

    while ((result = sip_param_next(&rest, &name, &value)) == 1) {
        const struct {
            const char *name;
            struct sip_text *to;
        } known[] = {{"branch", &v->branch},
                     {"rport", &rport},
                     {"received", &v->received},
                     {"maddr", &v->maddr}};
        for (unsigned i = 0; i < sizeof(known) / sizeof(*known); i++) {
            if ((seen & 1U << i) == 0 && sip_text_is_word(name, known[i].name)) {
                *known[i].to = value;
                seen |= 1U << i;
                break;
            }
        }
    }
    if (result < 0 || (rport.size > 0 && sip_number(rport, UINT16_MAX, &port) < 0)) {
        return -EBADMSG;
    }
    v->has_rport = (seen & 2) != 0;
    v->rport = (uint16_t)port;
    return 0;
}

int sip_via_parse(struct sip_via *ret, struct sip_text item)
{
    struct sip_via v = {0};
    struct host_port hp;
    const char *at = item.at, *end;

    if (at == NULL) {
        return -EBADMSG;
    }
    end = lex_end(item);
    at = read_protocol(&v, lex_skip_blanks(at, end), end);
    at = at != NULL ? read_host_port(&hp, at, end, true) : NULL;
    if (at == NULL) {
        return -EBADMSG;
    }
    v.host = hp.host;
    v.port = hp.port;
    v.is_ipv6 = hp.is_ipv6;
    v.params = lex_text(at, end);
    if (read_via_params(&v) < 0) {
        return -EBADMSG;
    }
    *ret = v;
    return 0;
}
