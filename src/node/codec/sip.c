/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * sip: a message's start line and headers (RFC 3261 §7). Lines are told apart once; what every
 * transaction needs is read at once, the rest when it is asked for. Liberal in what separates lines
 * (LF alone will do), strict where two readers could understand a message in two ways.
 */
#include "node/codec/sip.h"

#include <errno.h>

#include "node/codec/sip_lex.h"
#include "node/codec/sip_value.h"

/* The first line of [at, end) that is not folded into the next; the place after it in `ret_next`.
 * NULL: there is no line end. */
static const char *end_of_line(const char *at, const char *end, const char **ret_next)
{
    const char *lf = memchr(at, '\n', (size_t)(end - at));

    if (lf == NULL) {
        return NULL;
    }
    *ret_next = lf + 1;
    return lf > at && lf[-1] == '\r' ? lf - 1 : lf;
}

static const char *end_of_header(const char *at, const char *end, const char **ret_next)
{
    const char *stop = end_of_line(at, end, ret_next);

    while (stop != NULL && *ret_next < end && (**ret_next == ' ' || **ret_next == '\t')) {
        stop = end_of_line(*ret_next, end, ret_next);
    }
    return stop;
}

static int status_line(struct sip_message *m, const char *at, const char *end)
{
    uint64_t status;
    const char *digits;

    m->version = lex_text(at, at + 7);
    at += 8;
    digits = at;
    while (at < end && lex_is_digit(*at)) {
        at++;
    }
    if (at == digits || (at < end && *at != ' ')) {
        return -EBADMSG;
    }
    if (sip_number(lex_text(digits, at), 699, &status) < 0 || status < 100 || at - digits != 3) {
        m->faults |= SIP_FAULT_STATUS;
        status = 0;
    }
    m->status = (uint16_t)status;
    m->reason = lex_text(at < end ? at + 1 : at, end);
    return 0;
}

static bool is_version(struct sip_text t)
{
    return t.size > 4 && sip_text_is_word((struct sip_text){t.at, 4}, "SIP/");
}

static void check_request_uri(struct sip_message *m)
{
    struct sip_uri u;

    if (sip_uri_parse(&u, m->uri) < 0) {
        m->faults |= SIP_FAULT_URI;
    } else if (!sip_text_is_word(u.scheme, "sip") && !sip_text_is_word(u.scheme, "sips") &&
               !sip_text_is_word(u.scheme, "tel")) {
        m->faults |= SIP_FAULT_SCHEME;
    }
}

/* Exactly one blank between the parts (§25.1 Request-Line): the URI ends at the last one, and one
 * inside it makes it wrong. */
static int request_line(struct sip_message *m, const char *at, const char *end)
{
    const char *method_end = lex_skip_token(at, end), *version = end;

    if (method_end == at || method_end == end || *method_end != ' ') {
        return -EBADMSG;
    }
    while (end > method_end && lex_is_blank(end[-1])) {
        m->faults |= SIP_FAULT_URI; /* blanks at the end */
        end--;
    }
    version = end;
    while (version > method_end && version[-1] != ' ') {
        version--;
    }
    m->version = lex_text(version, end);
    if (version <= method_end + 1 || !is_version(m->version)) {
        return -EBADMSG;
    }
    if (!sip_text_is_word(m->version, "SIP/2.0")) {
        m->faults |= SIP_FAULT_VERSION;
    }
    m->is_request = true;
    m->method_text = lex_text(at, method_end);
    m->method = sip_method_of(m->method_text);
    m->uri = lex_text(method_end + 1, version - 1);
    check_request_uri(m);
    return 0;
}

static int start_line(struct sip_message *m, const char *at, const char *end)
{
    if (end - at > 8 && at[7] == ' ' && sip_text_is_word(lex_text(at, at + 7), "SIP/2.0")) {
        return status_line(m, at, end);
    }
    return request_line(m, at, end);
}

static int add_header(struct sip_message *m, const char *at, const char *end)
{
    const char *name_end = lex_skip_token(at, end), *colon = name_end;
    struct sip_header *h = &m->headers[m->header_count];
    struct sip_text value;

    while (colon < end && (*colon == ' ' || *colon == '\t')) {
        colon++;
    }
    if (name_end == at || colon == end || *colon != ':') {
        m->faults |= SIP_FAULT_HEADER;
        return 0;
    }
    if (m->header_count == SIP_HEADERS_MAX) {
        return -E2BIG;
    }
    value = lex_trim(lex_text(colon + 1, end));
    h->name = at;
    h->name_size = (uint16_t)(name_end - at);
    h->value = value.at;
    h->value_size = (uint16_t)value.size;
    h->id = (uint8_t)sip_header_id_of(lex_text(at, name_end));
    h->next = 0;
    m->header_count++;
    if (h->id != SIP_H_OTHER) {
        if (m->first[h->id] == 0) {
            m->first[h->id] = (uint8_t)m->header_count;
        } else {
            m->headers[m->last[h->id] - 1].next = (uint8_t)m->header_count;
        }
        m->last[h->id] = (uint8_t)m->header_count;
    }
    return 0;
}

/* The only header of an id, NULL when there is none or more than one. */
static const struct sip_header *only(const struct sip_message *m, enum sip_header_id id)
{
    const struct sip_header *h = sip_find(m, id);
    return h != NULL && h->next == 0 ? h : NULL;
}

static bool read_tag(const struct sip_message *m, enum sip_header_id id, struct sip_text *ret_tag)
{
    const struct sip_header *h = only(m, id);
    struct sip_address a;
    struct sip_uri u;

    return h != NULL && sip_address_parse(&a, sip_header_text(h)) == 0 &&
           sip_uri_parse(&u, a.uri) == 0 && sip_param(a.params, "tag", ret_tag) >= 0;
}

static bool read_via(struct sip_message *m)
{
    const struct sip_header *h = sip_find(m, SIP_H_VIA);
    struct sip_text rest, item;
    struct sip_via v;

    if (h == NULL) {
        return false;
    }
    rest = sip_header_text(h);
    if (sip_list_next(&rest, &item) != 1 || sip_via_parse(&v, item) < 0) {
        return false;
    }
    m->branch = v.branch;
    return true;
}

static bool read_cseq(struct sip_message *m)
{
    const struct sip_header *h = only(m, SIP_H_CSEQ);
    const char *at, *end, *stop;
    uint64_t number;

    if (h == NULL) {
        return false;
    }
    at = h->value;
    end = at + h->value_size;
    for (stop = at; stop < end && lex_is_digit(*stop); stop++) {
    }
    if (sip_number(lex_text(at, stop), UINT32_MAX, &number) < 0 || stop == end ||
        !lex_is_blank(*stop)) {
        return false;
    }
    m->cseq = (uint32_t)number;
    at = lex_skip_blanks(stop, end);
    m->cseq_method_text = lex_text(at, end);
    m->cseq_method = sip_method_of(m->cseq_method_text);
    return at < end && lex_skip_token(at, end) == end &&
           (!m->is_request || sip_text_equals(m->cseq_method_text, m->method_text));
}

static bool read_call_id(struct sip_message *m)
{
    const struct sip_header *h = only(m, SIP_H_CALL_ID);

    if (h == NULL || h->value_size == 0) {
        return false;
    }
    m->call_id = sip_header_text(h);
    for (size_t i = 0; i < m->call_id.size; i++) {
        if (lex_is_blank(m->call_id.at[i])) {
            return false;
        }
    }
    return true;
}

static bool read_max_forwards(struct sip_message *m)
{
    const struct sip_header *h = sip_find(m, SIP_H_MAX_FORWARDS);
    uint64_t n = 0;

    if (h == NULL) {
        return true;
    }
    if (h->next != 0 || sip_number(sip_header_text(h), 255, &n) < 0) {
        return false;
    }
    m->max_forwards = (int32_t)n;
    return true;
}

/* Several that say the same are borne: they cannot be understood in two ways. */
static bool read_content_length(struct sip_message *m)
{
    for (const struct sip_header *h = sip_find(m, SIP_H_CONTENT_LENGTH); h != NULL;
         h = sip_find_next(m, h)) {
        uint64_t n;
        if (sip_number(sip_header_text(h), INT32_MAX, &n) < 0 ||
            (m->content_length >= 0 && m->content_length != (int64_t)n)) {
            return false;
        }
        m->content_length = (int64_t)n;
    }
    return true;
}

static void cut_body(struct sip_message *m, const char *at, const char *end)
{
    m->body = lex_text(at, end);
    if (m->content_length > end - at) {
        m->faults |= SIP_FAULT_CONTENT_LENGTH;
    } else if (m->content_length >= 0) {
        m->body.size = (uint32_t)m->content_length;
    }
    m->all.size = (uint32_t)(lex_end(m->body) - m->all.at);
}

static void read_headers(struct sip_message *m)
{
    const struct {
        bool is_fine;
        enum sip_fault fault;
    } all[] = {
        {read_via(m), SIP_FAULT_VIA},
        {read_tag(m, SIP_H_FROM, &m->from_tag), SIP_FAULT_FROM},
        {read_tag(m, SIP_H_TO, &m->to_tag), SIP_FAULT_TO},
        {read_call_id(m), SIP_FAULT_CALL_ID},
        {read_cseq(m), SIP_FAULT_CSEQ},
        {read_max_forwards(m), SIP_FAULT_MAX_FORWARDS},
        {read_content_length(m), SIP_FAULT_CONTENT_LENGTH},
    };

    for (size_t i = 0; i < sizeof(all) / sizeof(*all); i++) {
        if (!all[i].is_fine) {
            m->faults |= all[i].fault;
        }
    }
}

int sip_parse(struct sip_message *ret, const char *bytes, size_t size)
{
    const char *at = bytes, *end = bytes + size, *next, *stop;
    int result;

    if (size > SIP_MESSAGE_MAX) {
        return -EMSGSIZE;
    }
    memset(ret, 0, offsetof(struct sip_message, headers));
    ret->content_length = ret->max_forwards = -1;
    while (at < end && (*at == '\r' || *at == '\n')) {
        at++;
    }
    ret->all.at = at;
    stop = end_of_line(at, end, &next);
    if (stop == NULL) {
        return -EBADMSG;
    }
    result = start_line(ret, at, stop);
    while (result == 0) {
        at = next;
        stop = at < end ? end_of_header(at, end, &next) : NULL;
        if (stop == NULL) {
            return -EBADMSG; /* it ends within its headers */
        }
        if (stop == at) {
            break;
        }
        result = add_header(ret, at, stop);
    }
    if (result == 0) {
        read_headers(ret);
        cut_body(ret, next, end);
    }
    return result;
}

int sip_check(const struct sip_message *m, const char **ret_reason)
{
    static const struct {
        uint32_t fault;
        int status;
        const char *reason;
    } words[] = {
        {SIP_FAULT_VERSION, 505, "Version Not Supported"},
        {SIP_FAULT_VIA, 400, "Bad Via"},
        {SIP_FAULT_FROM, 400, "Bad From"},
        {SIP_FAULT_TO, 400, "Bad To"},
        {SIP_FAULT_CALL_ID, 400, "Bad Call-ID"},
        {SIP_FAULT_CSEQ, 400, "Bad CSeq"},
        {SIP_FAULT_MAX_FORWARDS, 400, "Bad Max-Forwards"},
        {SIP_FAULT_CONTENT_LENGTH, 400, "Bad Content-Length"},
        {SIP_FAULT_URI, 400, "Bad Request-URI"},
        {SIP_FAULT_STATUS, 400, "Bad Status-Code"},
        {SIP_FAULT_HEADER, 400, "Bad Header Line"},
        {SIP_FAULT_SCHEME, 416, "Unsupported URI Scheme"},
    };

    for (size_t i = 0; m->faults != 0 && i < sizeof(words) / sizeof(*words); i++) {
        if ((m->faults & words[i].fault) != 0) {
            if (ret_reason != NULL) {
                *ret_reason = words[i].reason;
            }
            return words[i].status;
        }
    }
    return 0;
}

const struct sip_header *sip_find(const struct sip_message *m, enum sip_header_id id)
{
    return m->first[id] > 0 ? &m->headers[m->first[id] - 1] : NULL;
}

const struct sip_header *sip_find_next(const struct sip_message *m, const struct sip_header *h)
{
    return h->next > 0 ? &m->headers[h->next - 1] : NULL;
}

const struct sip_header *sip_find_name(const struct sip_message *m, const char *name,
                                       const struct sip_header *after)
{
    enum sip_header_id id = sip_header_id_of((struct sip_text){name, (uint32_t)strlen(name)});

    for (size_t i = after == NULL ? 0 : (size_t)(after - m->headers) + 1; i < m->header_count;
         i++) {
        const struct sip_header *h = &m->headers[i];
        if (h->id == id && (id != SIP_H_OTHER ||
                            sip_text_is_word((struct sip_text){h->name, h->name_size}, name))) {
            return h;
        }
    }
    return NULL;
}

struct sip_text sip_value(const struct sip_message *m, enum sip_header_id id)
{
    const struct sip_header *h = sip_find(m, id);
    return h != NULL ? sip_header_text(h) : (struct sip_text){NULL, 0};
}
