/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * sdp: reading session descriptions (RFC 8866 §9), line by line. Lines whose letter or attribute is
 * not known are passed over; those that are known must be right.
 */
#include "node/codec/sdp.h"

#include <errno.h>

#include "node/codec/sip_lex.h"
#include "node/codec/sip_value.h"

/* Static payload types (RFC 3551 §6) that need no a=rtpmap. */
static const struct {
    uint8_t payload_type;
    const char *name;
    uint32_t clock_hz;
    uint16_t channels;
} static_types[] = {
    {0, "PCMU", 8000, 1},   {3, "GSM", 8000, 1},    {4, "G723", 8000, 1},  {5, "DVI4", 8000, 1},
    {8, "PCMA", 8000, 1},   {9, "G722", 8000, 1},   {10, "L16", 44100, 2}, {11, "L16", 44100, 1},
    {13, "CN", 8000, 1},    {15, "G728", 8000, 1},  {18, "G729", 8000, 1}, {26, "JPEG", 90000, 1},
    {31, "H261", 90000, 1}, {34, "H263", 90000, 1},
};

static const char *const directions[] = {
    [SDP_UNSAID] = "",           [SDP_SENDRECV] = "sendrecv", [SDP_SENDONLY] = "sendonly",
    [SDP_RECVONLY] = "recvonly", [SDP_INACTIVE] = "inactive",
};

/* Takes the next word, between blanks, off the text. False: there is none. */
static bool take_word(struct sip_text *rest, struct sip_text *ret)
{
    const char *at = rest->at, *end = lex_end(*rest), *stop;

    at = lex_skip_blanks(at, end);
    for (stop = at; stop < end && !lex_is_blank(*stop); stop++) {
    }
    *ret = lex_text(at, stop);
    *rest = lex_text(stop, end);
    return ret->size > 0;
}

static bool take_number(struct sip_text *rest, uint64_t max, uint64_t *ret)
{
    struct sip_text word;
    return take_word(rest, &word) && sip_number(word, max, ret) == 0;
}

/* Splits at the first `mark`; all goes to the left when there is none. */
static struct sip_text split(struct sip_text t, char mark, struct sip_text *ret_right)
{
    const char *at = t.size > 0 ? memchr(t.at, mark, t.size) : NULL;

    if (at == NULL) {
        *ret_right = lex_text(lex_end(t), lex_end(t));
        return t;
    }
    *ret_right = lex_text(at + 1, lex_end(t));
    return lex_text(t.at, at);
}

/* "IN IP4 192.0.2.1[/ttl]" */
static int read_address(struct sdp_address *ret, struct sip_text value)
{
    struct sip_text net, type, address, ttl;

    if (!take_word(&value, &net) || !take_word(&value, &type) || !take_word(&value, &address) ||
        !sip_text_is_word(net, "IN")) {
        return -EBADMSG;
    }
    ret->is_ipv6 = sip_text_is_word(type, "IP6");
    if (!ret->is_ipv6 && !sip_text_is_word(type, "IP4")) {
        return -EBADMSG;
    }
    ret->text = split(address, '/', &ttl);
    return ret->text.size > 0 ? 0 : -EBADMSG;
}

static int read_origin(struct sdp *d, struct sip_text value)
{
    if (!take_word(&value, &d->user) || !take_word(&value, &d->session_id) ||
        !take_word(&value, &d->session_version)) {
        return -EBADMSG;
    }
    return read_address(&d->origin, value);
}

static void name_static_type(struct sdp_format *f)
{
    for (size_t i = 0; i < sizeof(static_types) / sizeof(*static_types); i++) {
        if (static_types[i].payload_type == f->payload_type) {
            f->name.at = static_types[i].name;
            f->name.size = (uint32_t)strlen(f->name.at);
            f->clock_hz = static_types[i].clock_hz;
            f->channels = static_types[i].channels;
        }
    }
}

/* RTP/AVP, UDP/TLS/RTP/SAVPF: a part of it says RTP. */
static bool is_rtp(const struct sdp_media *m)
{
    struct sip_text rest = m->protocol;

    while (rest.size > 0) {
        if (sip_text_is_word(split(rest, '/', &rest), "RTP")) {
            return true;
        }
    }
    return false;
}

static struct sdp_format *find_format(struct sdp_media *m, uint64_t payload_type)
{
    for (size_t i = 0; i < m->format_count; i++) {
        if (m->formats[i].payload_type == payload_type) {
            return &m->formats[i];
        }
    }
    return NULL;
}

/* A payload type that stands there twice counts once. */
static int read_formats(struct sdp *d, struct sdp_media *m, struct sip_text value)
{
    uint64_t n;

    m->format_text = lex_trim(value);
    if (m->format_text.size == 0) {
        return -EBADMSG;
    }
    while (is_rtp(m) && lex_trim(value).size > 0) {
        struct sdp_format f = {.channels = 1};
        if (!take_number(&value, 127, &n)) {
            return -EBADMSG;
        }
        f.payload_type = (uint8_t)n;
        name_static_type(&f);
        if (m->format_count < SDP_FORMATS_MAX && find_format(m, n) == NULL) {
            m->formats[m->format_count++] = f;
        } else {
            d->dropped++;
        }
    }
    return 0;
}

/* type port[/count] protocol formats */
static int read_media(struct sdp *d, struct sip_text value)
{
    struct sdp_media *m = &d->media[d->media_count];
    struct sip_text port, count;
    uint64_t n = 1, p;

    *m = (struct sdp_media){.connection = d->connection, .direction = d->direction};
    if (!take_word(&value, &m->type) || !take_word(&value, &port) ||
        !take_word(&value, &m->protocol)) {
        return -EBADMSG;
    }
    port = split(port, '/', &count);
    if (sip_number(port, UINT16_MAX, &p) < 0 ||
        (count.size > 0 && sip_number(count, UINT16_MAX, &n) < 0)) {
        return -EBADMSG;
    }
    m->port = (uint16_t)p;
    m->port_count = (uint16_t)n;
    d->media_count++;
    return read_formats(d, m, value);
}

/* "8 PCMA/8000[/channels]" */
static int read_rtpmap(struct sdp_media *m, struct sip_text value)
{
    struct sip_text encoding, name, rest, clock, channels;
    struct sdp_format *f;
    uint64_t pt, hz, n = 1;

    if (!take_number(&value, 127, &pt) || !take_word(&value, &encoding)) {
        return -EBADMSG;
    }
    name = split(encoding, '/', &rest);
    clock = split(rest, '/', &channels);
    if (clock.size == 0) {
        return name.size > 0 ? 0 : -EBADMSG; /* some leave it out (RFC 4475 §3.1.1.1) */
    }
    if (name.size == 0 || sip_number(clock, UINT32_MAX, &hz) < 0 ||
        (channels.size > 0 && sip_number(channels, 255, &n) < 0) || hz == 0 || n == 0) {
        return -EBADMSG;
    }
    f = find_format(m, pt);
    if (f != NULL) { /* of a type that is not offered: it does not matter */
        f->name = name;
        f->clock_hz = (uint32_t)hz;
        f->channels = (uint16_t)n;
    }
    return 0;
}

static int read_fmtp(struct sdp_media *m, struct sip_text value)
{
    struct sip_text word;
    struct sdp_format *f;
    uint64_t pt;

    if (!take_word(&value, &word)) {
        return -EBADMSG;
    }
    f = sip_number(word, 127, &pt) == 0 ? find_format(m, pt) : NULL;
    if (f != NULL) {
        f->fmtp = lex_trim(value);
    }
    return 0;
}

/* "1 AES_CM_128_HMAC_SHA1_80 inline:..." */
static int read_crypto(struct sdp *d, struct sdp_media *m, struct sip_text value)
{
    struct sdp_crypto c;
    uint64_t tag;

    if (!take_number(&value, 999999999, &tag) || !take_word(&value, &c.suite) ||
        !take_word(&value, &c.key_params)) {
        return -EBADMSG;
    }
    c.tag = (uint32_t)tag;
    c.session_params = lex_trim(value);
    if (m->crypto_count == SDP_CRYPTO_MAX) {
        d->dropped++;
        return 0;
    }
    m->crypto[m->crypto_count++] = c;
    return 0;
}

static int read_media_attribute(struct sdp *d, struct sdp_media *m, struct sip_text name,
                                struct sip_text value)
{
    uint64_t n;

    if (sip_text_is(name, "rtpmap")) {
        return read_rtpmap(m, value);
    }
    if (sip_text_is(name, "fmtp")) {
        return read_fmtp(m, value);
    }
    if (sip_text_is(name, "crypto")) {
        return read_crypto(d, m, value);
    }
    if (sip_text_is(name, "rtcp-mux")) {
        m->rtcp_mux = true;
    } else if (sip_text_is(name, "rtcp")) {
        if (!take_number(&value, UINT16_MAX, &n)) {
            return -EBADMSG;
        }
        m->rtcp_port = (uint16_t)n;
        (void)read_address(&m->rtcp, value); /* it need not be there */
    } else if (sip_text_is(name, "ptime") && take_number(&value, 10000, &n)) {
        m->ptime_ms = (uint32_t)n; /* 20.5 and the like are not said */
    }
    return 0;
}

static int read_attribute(struct sdp *d, struct sip_text line)
{
    struct sip_text value, name = split(line, ':', &value);
    struct sdp_media *m = d->media_count > 0 ? &d->media[d->media_count - 1] : NULL;

    for (size_t i = SDP_SENDRECV; i <= SDP_INACTIVE; i++) {
        if (sip_text_is(name, directions[i])) {
            *(m != NULL ? &m->direction : &d->direction) = (enum sdp_direction)i;
            return 0;
        }
    }
    return m != NULL ? read_media_attribute(d, m, name, value) : 0;
}

enum { HAS_VERSION = 1, HAS_ORIGIN = 2, HAS_NAME = 4, HAS_ALL = 7 };

/* Where lines are while they are read. */
struct reading {
    unsigned seen;
    bool is_skipping; /* media beyond what fits */
};

static int read_line(struct sdp *d, struct reading *r, char letter, struct sip_text value)
{
    if (letter == 'm') {
        r->is_skipping = d->media_count == SDP_MEDIA_MAX;
        d->dropped += r->is_skipping;
        return r->is_skipping ? 0 : read_media(d, value);
    }
    if (r->is_skipping) {
        return 0;
    }
    switch (letter) {
    case 'v':
        r->seen |= HAS_VERSION;
        return sip_text_is(value, "0") ? 0 : -EBADMSG;
    case 'o':
        r->seen |= HAS_ORIGIN;
        return read_origin(d, value);
    case 's':
        r->seen |= HAS_NAME;
        d->name = value;
        return 0;
    case 'c':
        return read_address(
            d->media_count > 0 ? &d->media[d->media_count - 1].connection : &d->connection, value);
    case 'a':
        return read_attribute(d, value);
    default:
        return 0;
    }
}

int sdp_parse(struct sdp *ret, const char *bytes, size_t size)
{
    const char *at = bytes, *end = bytes + size;
    struct reading r = {0};

    memset(ret, 0, sizeof(*ret));
    while (at < end) {
        const char *lf = memchr(at, '\n', (size_t)(end - at)), *stop = lf != NULL ? lf : end;
        const char *next = lf != NULL ? lf + 1 : end;
        while (stop > at && stop[-1] == '\r') {
            stop--;
        }
        if (stop == at && lex_skip_blanks(next, end) == end) {
            break; /* empty lines at the end */
        }
        if (stop - at < 2 || at[1] != '=' || memchr(at, '\r', (size_t)(stop - at)) != NULL ||
            (at == bytes && *at != 'v') || read_line(ret, &r, *at, lex_text(at + 2, stop)) < 0) {
            return -EBADMSG;
        }
        at = next;
    }
    return r.seen == HAS_ALL ? 0 : -EBADMSG;
}
