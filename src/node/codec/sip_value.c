/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * What SIP headers have in common: comma lists, parameters, numbers, digest fields (RFC 3261 §25).
 */
#include "node/codec/sip_value.h"

#include <errno.h>

#include "node/codec/sip_lex.h"

/* The first `stop` outside quotes and <>; `end` when there is none, NULL when they do not close. */
static const char *find_outside(const char *at, const char *end, char stop)
{
    bool in_brackets = false;

    while (at < end) {
        if (*at == '"') {
            at = lex_skip_quoted(at, end);
            if (at == NULL) {
                return NULL;
            }
            continue;
        }
        if (*at == '<') {
            in_brackets = true;
        } else if (*at == '>') {
            in_brackets = false;
        } else if (*at == stop && !in_brackets) {
            return at;
        }
        at++;
    }
    return in_brackets ? NULL : end;
}

int sip_list_next(struct sip_text *rest, struct sip_text *ret_item)
{
    const char *end, *comma;

    if (rest->at == NULL || rest->size == 0) {
        return 0;
    }
    end = lex_end(*rest);
    comma = find_outside(rest->at, end, ',');
    if (comma == NULL) {
        return -EBADMSG;
    }
    *ret_item = lex_trim(lex_text(rest->at, comma));
    if (ret_item->size == 0) {
        return -EBADMSG;
    }
    *rest = comma < end ? lex_text(comma + 1, end) : lex_text(end, end);
    /* A comma promises another item. */
    return comma < end && lex_trim(*rest).size == 0 ? -EBADMSG : 1;
}

int sip_each(const struct sip_message *m, enum sip_header_id id, struct sip_list *l,
             struct sip_text *ret_item)
{
    int result;

    if (l->header == NULL) {
        l->header = sip_find(m, id);
        if (l->header == NULL) {
            return 0;
        }
        l->rest = sip_header_text(l->header);
    }
    for (;;) {
        const struct sip_header *next;
        result = sip_list_next(&l->rest, ret_item);
        if (result != 0) {
            return result;
        }
        next = sip_find_next(m, l->header);
        if (next == NULL) {
            return 0;
        }
        l->header = next;
        l->rest = sip_header_text(next);
    }
}

/* A parameter's value from after its =. NULL: it is not well formed. */
static const char *param_value(const char *at, const char *end, struct sip_text *ret)
{
    const char *start = at = lex_skip_blanks(at, end);

    if (at < end && *at == '"') {
        at = lex_skip_quoted(at, end);
        if (at != NULL) {
            *ret = lex_text(start + 1, at - 1);
        }
        return at;
    }
    /* token, host or a URI parameter's value: all that does not separate */
    at = lex_skip(at, end, LEX_PARAM_VALUE);
    *ret = lex_text(start, at);
    return at > start ? at : NULL;
}

int sip_param_next(struct sip_text *rest, struct sip_text *ret_name, struct sip_text *ret_value)
{
    const char *at = rest->at, *end, *name;

    if (at == NULL) {
        return 0;
    }
    end = lex_end(*rest);
    at = lex_skip_blanks(at, end);
    if (at == end) {
        return 0;
    }
    if (*at != ';') {
        return -EBADMSG;
    }
    name = at = lex_skip_blanks(at + 1, end);
    at = lex_skip(at, end, LEX_PARAM_NAME);
    if (at == name) {
        return -EBADMSG;
    }
    *ret_name = lex_text(name, at);
    *ret_value = (struct sip_text){NULL, 0};
    at = lex_skip_blanks(at, end);
    if (at < end && *at == '=') {
        at = param_value(at + 1, end, ret_value);
        if (at == NULL) {
            return -EBADMSG;
        }
    }
    *rest = lex_text(at, end);
    return 1;
}

int sip_param(struct sip_text params, const char *name, struct sip_text *ret_value)
{
    struct sip_text key, value;
    int result;

    while ((result = sip_param_next(&params, &key, &value)) == 1) {
        if (sip_text_is_word(key, name)) {
            *ret_value = value;
            return 1;
        }
    }
    return result;
}

int sip_number(struct sip_text t, uint64_t max, uint64_t *ret)
{
    uint64_t n = 0;

    if (t.at == NULL || t.size == 0) {
        return -EBADMSG;
    }
    for (size_t i = 0; i < t.size; i++) {
        if (!lex_is_digit(t.at[i])) {
            return -EBADMSG;
        }
        n = n * 10 + (uint64_t)(t.at[i] - '0');
        if (n > max) {
            return -EBADMSG;
        }
    }
    *ret = n;
    return 0;
}

static struct sip_text *digest_field(struct sip_digest *d, struct sip_text name)
{
    const struct {
        const char *name;
        struct sip_text *to;
    } fields[] = {
        {"username", &d->username}, {"realm", &d->realm},
        {"nonce", &d->nonce},       {"uri", &d->uri},
        {"response", &d->response}, {"algorithm", &d->algorithm},
        {"cnonce", &d->cnonce},     {"opaque", &d->opaque},
        {"qop", &d->qop},           {"nc", &d->nc},
        {"stale", &d->stale},       {"domain", &d->domain},
        {"auts", &d->auts},         {"userhash", &d->userhash},
    };

    for (size_t i = 0; i < sizeof(fields) / sizeof(*fields); i++) {
        if (sip_text_is_word(name, fields[i].name)) {
            return fields[i].to;
        }
    }
    return NULL;
}

/* name = value; the first one of a name counts. */
static int digest_item(struct sip_digest *d, struct sip_text item)
{
    const char *end = lex_end(item), *name_end = lex_skip_token(item.at, end);
    const char *at = lex_skip_blanks(name_end, end);
    struct sip_text value, *to;

    if (name_end == item.at || at == end || *at != '=') {
        return -EBADMSG;
    }
    value = lex_trim(lex_text(at + 1, end));
    if (value.size > 0 && *value.at == '"') {
        const char *close = lex_skip_quoted(value.at, end);
        if (close == NULL || close != lex_end(value)) {
            return -EBADMSG;
        }
        value = lex_text(value.at + 1, close - 1);
    }
    to = digest_field(d, lex_text(item.at, name_end));
    if (to != NULL && to->at == NULL) {
        *to = value;
    }
    return 0;
}

int sip_digest_parse(struct sip_digest *ret, struct sip_text value)
{
    struct sip_digest d = {0};
    struct sip_text rest, item;
    const char *at, *end, *scheme_end;
    int result;

    value = lex_trim(value);
    at = value.at;
    end = lex_end(value);
    scheme_end = lex_skip_token(at, end);
    if (scheme_end == at || scheme_end == end || !lex_is_blank(*scheme_end)) {
        return -EBADMSG;
    }
    d.scheme = lex_text(at, scheme_end);
    rest = lex_trim(lex_text(scheme_end, end));
    while ((result = sip_list_next(&rest, &item)) == 1) {
        if (digest_item(&d, item) < 0) {
            return -EBADMSG;
        }
    }
    if (result == 0) {
        *ret = d;
    }
    return result;
}

int sip_unfold(struct sip_text t, char *ret, size_t room)
{
    size_t size = 0;

    for (size_t i = 0; i < t.size; i++) {
        char c = t.at[i];
        if (c == '\r' || c == '\n') {
            while (i + 1 < t.size && lex_is_blank(t.at[i + 1])) {
                i++;
            }
            c = ' ';
        }
        if (size + 1 >= room) {
            return -ENOBUFS;
        }
        ret[size++] = c;
    }
    if (room == 0) {
        return -ENOBUFS;
    }
    ret[size] = '\0';
    return (int)size;
}
