/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * sdp: writing session descriptions (RFC 8866 §5) and answering offers (RFC 3264 §6).
 */
#include <errno.h>
#include <inttypes.h>
#include <stdio.h>

#include "node/codec/sdp.h"
#include "node/codec/sip_lex.h"
#include "node/codec/sip_write.h"

static const char *const direction_names[] = {
    [SDP_UNSAID] = "",           [SDP_SENDRECV] = "sendrecv", [SDP_SENDONLY] = "sendonly",
    [SDP_RECVONLY] = "recvonly", [SDP_INACTIVE] = "inactive",
};

static void put(struct sip_writer *w, const char *before, struct sip_text t, const char *after)
{
    sip_write_text(w, before);
    sip_write_bytes(w, t.at, t.size);
    sip_write_text(w, after);
}

static void put_number(struct sip_writer *w, const char *before, uint64_t n, const char *after)
{
    char digits[24];

    (void)snprintf(digits, sizeof(digits), "%" PRIu64, n);
    sip_write_text(w, before);
    sip_write_text(w, digits);
    sip_write_text(w, after);
}

static void put_address(struct sip_writer *w, const char *before, const struct sdp_address *a)
{
    sip_write_text(w, before);
    put(w, a->is_ipv6 ? "IN IP6 " : "IN IP4 ", a->text, "\r\n");
}

static bool is_same_address(const struct sdp_address *a, const struct sdp_address *b)
{
    return a->is_ipv6 == b->is_ipv6 && sip_text_equals(a->text, b->text);
}

static void put_format(struct sip_writer *w, const struct sdp_format *f)
{
    if (f->name.size > 0 && f->clock_hz > 0) {
        put_number(w, "a=rtpmap:", f->payload_type, " ");
        sip_write_bytes(w, f->name.at, f->name.size);
        put_number(w, "/", f->clock_hz, "");
        if (f->channels > 1) {
            put_number(w, "/", f->channels, "");
        }
        sip_write_text(w, "\r\n");
    }
    if (f->fmtp.size > 0) {
        put_number(w, "a=fmtp:", f->payload_type, " ");
        put(w, "", f->fmtp, "\r\n");
    }
}

static void put_media_line(struct sip_writer *w, const struct sdp_media *m)
{
    put(w, "m=", m->type, "");
    put_number(w, " ", m->port, "");
    if (m->port_count > 1) {
        put_number(w, "/", m->port_count, "");
    }
    put(w, " ", m->protocol, "");
    for (size_t i = 0; i < m->format_count; i++) {
        put_number(w, " ", m->formats[i].payload_type, "");
    }
    if (m->format_count == 0) {
        put(w, " ", m->format_text, "");
    }
    sip_write_text(w, "\r\n");
}

static void put_media(struct sip_writer *w, const struct sdp *d, const struct sdp_media *m)
{
    put_media_line(w, m);
    if (m->connection.text.size > 0 && !is_same_address(&m->connection, &d->connection)) {
        put_address(w, "c=", &m->connection);
    }
    for (size_t i = 0; i < m->format_count; i++) {
        put_format(w, &m->formats[i]);
    }
    if (m->ptime_ms > 0) {
        put_number(w, "a=ptime:", m->ptime_ms, "\r\n");
    }
    if (m->rtcp_port > 0) {
        put_number(w, "a=rtcp:", m->rtcp_port, m->rtcp.text.size > 0 ? "" : "\r\n");
    }
    if (m->rtcp_port > 0 && m->rtcp.text.size > 0) {
        put_address(w, " ", &m->rtcp);
    }
    if (m->rtcp_mux) {
        sip_write_text(w, "a=rtcp-mux\r\n");
    }
    for (size_t i = 0; i < m->crypto_count; i++) {
        const struct sdp_crypto *c = &m->crypto[i];
        put_number(w, "a=crypto:", c->tag, " ");
        put(w, "", c->suite, " ");
        put(w, "", c->key_params, c->session_params.size > 0 ? " " : "");
        put(w, "", c->session_params, "\r\n");
    }
    if (m->direction != SDP_UNSAID && m->direction != d->direction) {
        sip_write_text(w, "a=");
        sip_write_text(w, direction_names[m->direction]);
        sip_write_text(w, "\r\n");
    }
}

int sdp_write(const struct sdp *d, char *bytes, size_t room)
{
    struct sip_writer w;

    sip_write_init(&w, bytes, room);
    put(&w, "v=0\r\no=", d->user, " ");
    put(&w, "", d->session_id, " ");
    put(&w, "", d->session_version, " ");
    put_address(&w, "", &d->origin);
    put(&w, "s=", d->name, "\r\n");
    if (d->connection.text.size > 0) {
        put_address(&w, "c=", &d->connection);
    }
    sip_write_text(&w, "t=0 0\r\n");
    if (d->direction != SDP_UNSAID) {
        sip_write_text(&w, "a=");
        sip_write_text(&w, direction_names[d->direction]);
        sip_write_text(&w, "\r\n");
    }
    for (size_t i = 0; i < d->media_count; i++) {
        put_media(&w, d, &d->media[i]);
    }
    return w.failed ? -ENOBUFS : (int)w.size;
}

/* What is left of what the answerer wants, seen from its side (RFC 3264 §6.1). */
static enum sdp_direction answer_direction(enum sdp_direction offered, enum sdp_direction wanted)
{
    bool sends = wanted != SDP_RECVONLY && wanted != SDP_INACTIVE;
    bool receives = wanted != SDP_SENDONLY && wanted != SDP_INACTIVE;

    sends = sends && offered != SDP_SENDONLY && offered != SDP_INACTIVE;
    receives = receives && offered != SDP_RECVONLY && offered != SDP_INACTIVE;
    if (sends) {
        return receives ? SDP_SENDRECV : SDP_SENDONLY;
    }
    return receives ? SDP_RECVONLY : SDP_INACTIVE;
}

static bool is_spoken(const struct sdp_ability *a, const struct sdp_format *f)
{
    for (size_t i = 0; i < a->format_count; i++) {
        const struct sdp_format *own = &a->formats[i];
        char name[32];
        if (own->name.size < sizeof(name) && own->name.size > 0) {
            memcpy(name, own->name.at, own->name.size);
            name[own->name.size] = '\0';
            if (sip_text_is_word(f->name, name) && f->clock_hz == own->clock_hz &&
                f->channels == (own->channels > 0 ? own->channels : 1)) {
                return true;
            }
        }
    }
    return false;
}

static bool answer_media(struct sdp_media *m, const struct sdp_media *offer,
                         const struct sdp_ability *a)
{
    *m = (struct sdp_media){
        .type = offer->type, .protocol = offer->protocol, .format_text = offer->format_text};
    m->port_count = 1;
    for (size_t i = 0; a != NULL && offer->port > 0 && i < offer->format_count; i++) {
        if (is_spoken(a, &offer->formats[i])) {
            m->formats[m->format_count++] = offer->formats[i];
        }
    }
    if (m->format_count == 0) {
        return false;
    }
    m->port = a->port;
    m->ptime_ms = offer->ptime_ms;
    m->rtcp_mux = a->rtcp_mux && offer->rtcp_mux;
    m->direction = answer_direction(offer->direction, a->direction);
    return true;
}

int sdp_answer(struct sdp *ret, const struct sdp *offer, const struct sdp *own,
               const struct sdp_ability *abilities, size_t ability_count)
{
    int accepted = 0;

    *ret = *own;
    ret->media_count = offer->media_count;
    for (size_t i = 0; i < offer->media_count; i++) {
        const struct sdp_ability *fitting = NULL;
        for (size_t k = 0; k < ability_count && fitting == NULL; k++) {
            if (sip_text_equals(abilities[k].type, offer->media[i].type)) {
                fitting = &abilities[k];
            }
        }
        accepted += answer_media(&ret->media[i], &offer->media[i], fitting);
    }
    return accepted;
}
