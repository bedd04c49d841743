/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * signalling_answer: calls that end here (RFC 3261 §13.3, §15): they ring, are answered and hung
 * up; RTP that comes is sent back. And the announcement for calls beyond the limit: answered, told
 * by a busy tone, hung up.
 */
#include <errno.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "base/str.h"
#include "io/addr.h"
#include "node/appliance/signalling_private.h"
#include "node/codec/g711.h"
#include "node/codec/rtp.h"
#include "node/codec/sdp.h"

enum { PACKET_SAMPLES = 160, PACKET_NS = 20000000, TONE_PACKETS = 50, RTP_BATCH = 64 };
enum { SDP_MAX = 4096 };

bool signalling_is_ours(struct signalling_part *p, const struct sip_message *m)
{
    const struct signalling_call *c;

    if (p->server->options.mode == SIGNALLING_ANSWER) {
        return true;
    }
    if (p->announcing == 0) {
        return false;
    }
    c = signalling_call_find(p, m);
    return c != NULL && c->is_announcing;
}

static const struct sdp_format formats[] = {
    {8, {"PCMA", 4}, 8000, 1, {NULL, 0}},
    {0, {"PCMU", 4}, 8000, 1, {NULL, 0}},
    {18, {"G729", 4}, 8000, 1, {NULL, 0}},
    {101, {"telephone-event", 15}, 8000, 1, {NULL, 0}},
};

static struct sip_text text_of(const char *t)
{
    return (struct sip_text){t, (uint32_t)strlen(t)};
}

/* Where the peer wants its media, and as what. */
static void note_peer(struct signalling_call *c, const struct sdp *offer, const struct sdp *answer)
{
    for (size_t i = 0; i < answer->media_count; i++) {
        const struct sdp_address *a = &offer->media[i].connection;
        char text[ADDR_TEXT_MAX];
        if (answer->media[i].port == 0) {
            continue;
        }
        (void)snprintf(text, sizeof(text), a->is_ipv6 ? "[%.*s]:%u" : "%.*s:%u",
                       (int)(a->text.size < 48 ? a->text.size : 0), a->text.at,
                       offer->media[i].port);
        if (addr_parse(&c->rtp, text) < 0) {
            c->rtp.ss_family = AF_UNSPEC;
        }
        c->rtp_type = answer->media[i].formats[0].payload_type;
        return;
    }
}

/* The answer to an offer, or an offer of our own. Size, or -errno. */
static int write_sdp(const struct signalling *s, const struct sip_message *m, char *ret,
                     struct signalling_call *c)
{
    static const struct sip_text audio = {"audio", 5}, avp = {"RTP/AVP", 7};
    struct sip_text host = text_of(s->host);
    bool is_ipv6 = s->local.ss_family == AF_INET6;
    struct sdp offer, answer;
    struct sdp own = {.user = text_of("-"),
                      .session_id = text_of("1"),
                      .session_version = text_of("1"),
                      .name = text_of("-")};
    struct sdp_ability ability = {
        audio, formats, c->is_announcing ? 2 : 4, addr_port(&s->rtp.local), SDP_SENDRECV, false};

    if (is_ipv6) {
        host = (struct sip_text){host.at + 1, host.size - 2};
    }
    own.origin = own.connection = (struct sdp_address){host, is_ipv6};
    if (m->body.size == 0) {
        own.media_count = 1;
        own.media[0] = (struct sdp_media){
            .type = audio, .port = ability.port, .protocol = avp, .format_count = 2};
        memcpy(own.media[0].formats, formats, 2 * sizeof(formats[0]));
        return sdp_write(&own, ret, SDP_MAX);
    }
    if (sdp_parse(&offer, m->body.at, m->body.size) < 0 ||
        sdp_answer(&answer, &offer, &own, &ability, 1) == 0) {
        return -EPROTO;
    }
    note_peer(c, &offer, &answer);
    return sdp_write(&answer, ret, SDP_MAX);
}

/* 200 with a session, into the thread's memory. Size, -errno. */
static int write_accept(struct signalling_part *p, const struct sip_message *m,
                        struct signalling_call *c)
{
    struct signalling_thread *t = p->thread;
    struct sip_writer w;
    char sdp[SDP_MAX], tag[SIGNALLING_TAG_MAX];
    int size = write_sdp(p->server, m, sdp, c);

    if (size < 0) {
        return size;
    }
    sip_write_init(&w, t->built, sizeof(t->built));
    sip_write_response(&w, m, 200, NULL, signalling_tag(m, tag));
    sip_write_headerf(&w, SIP_H_CONTACT, "<sip:%s%s>", p->server->host_port,
                      p->reply_hop.connection > 0 ? ";transport=tcp" : "");
    sip_write_header(&w, SIP_H_CONTENT_TYPE, "application/sdp");
    return sip_write_end(&w, sdp, (size_t)size);
}

static void accept_call(struct signalling_part *p, struct signalling_call *c, const char *bytes,
                        size_t size)
{
    if (c->invite != NULL) {
        signalling_call_answered(p, c);
        signalling_count_status(p->thread, 200);
        (void)sip_server_accept(p->layer, c->invite, bytes, size, p->now_ns);
    }
}

static void wait_in_line(struct signalling_part *p, struct signalling_call *c, uint64_t due_ns)
{
    c->due_ns = due_ns;
    c->is_waiting = true;
    c->next_ring = NULL;
    *(p->ring_first == NULL ? &p->ring_first : &p->ring_last->next_ring) = c;
    p->ring_last = c;
}

static void start_call(struct signalling_part *p, const struct sip_message *m,
                       struct sip_transaction *t)
{
    struct signalling_call *c = signalling_call_start(p, m);
    uint64_t ring_ns = p->server->options.ring_ns;
    int size;

    if (c == NULL || c->is_waiting) {
        signalling_answer(p, m, t, c == NULL ? 503 : 491, NULL);
        return;
    }
    if (c->invite != NULL) {
        c->invite->user = NULL;
    }
    c->invite = t;
    t->user = c;
    signalling_answer(p, m, t, 180, NULL);
    size = write_accept(p, m, c);
    if (size < 0) {
        signalling_answer(p, m, t, size == -EPROTO ? 488 : 500, NULL);
        signalling_call_decided(p, m, size == -EPROTO ? 488 : 500);
        return;
    }
    if (ring_ns == 0) {
        accept_call(p, c, p->thread->built, (size_t)size);
        return;
    }
    free(c->bytes); /* of an INVITE before */
    c->bytes = malloc((size_t)size);
    if (c->bytes != NULL) {
        memcpy(c->bytes, p->thread->built, (size_t)size);
        c->size = (uint32_t)size;
        wait_in_line(p, c, p->now_ns + ring_ns);
    }
}

void signalling_serve(struct signalling_part *p, const struct sip_message *m,
                      struct sip_transaction *t)
{
    struct signalling_call *c = signalling_call_find(p, m);

    if (m->method == SIP_INVITE) {
        if (c == NULL && m->to_tag.size > 0) {
            signalling_answer(p, m, t, 481, NULL);
            return;
        }
        start_call(p, m, t);
    } else if (c == NULL) {
        signalling_answer(p, m, t, 481, NULL);
    } else {
        signalling_answer(p, m, t, 200, NULL);
        if (m->method == SIP_BYE) {
            signalling_call_end(p, c, c->is_announcing ? 486 : 0);
        }
    }
}

void signalling_acked(struct signalling_part *p, const struct sip_message *m)
{
    struct signalling_call *c = signalling_call_find(p, m);

    if (c != NULL && c->invite != NULL) {
        sip_server_confirm(p->layer, c->invite);
    }
}

void signalling_cancel_served(struct signalling_part *p, struct sip_transaction *invite)
{
    struct signalling_call *c = invite->user;
    struct sip_message *m = &p->thread->own;
    char copy[4096];

    if (!c->is_waiting || c->is_announcing || c->size > sizeof(copy)) {
        return; /* answered already */
    }
    /* The 200 that waits has all that a 487 needs. */
    memcpy(copy, c->bytes, c->size);
    if (sip_parse(m, copy, c->size) < 0) {
        return;
    }
    signalling_answer(p, m, invite, 487, NULL);
    signalling_call_end(p, c, 487);
}

/* What the BYE at the end needs: the peer's URI, a NUL, and its lines after Via. */
static int keep_bye(struct signalling_part *p, const struct sip_message *m,
                    struct signalling_call *c)
{
    struct sip_writer w;
    struct sip_address contact;
    char tag[SIGNALLING_TAG_MAX], bytes[4096];
    struct sip_text to = sip_value(m, SIP_H_TO);

    if (sip_address_parse(&contact, sip_value(m, SIP_H_CONTACT)) < 0) {
        return -EPROTO;
    }
    sip_write_init(&w, bytes, sizeof(bytes));
    sip_write_bytes(&w, contact.uri.at, contact.uri.size);
    sip_write_bytes(&w, "", 1);
    for (const struct sip_header *h = sip_find(m, SIP_H_RECORD_ROUTE); h != NULL;
         h = sip_find_next(m, h)) {
        sip_write_header_text(&w, SIP_H_ROUTE, sip_header_text(h));
    }
    sip_write_header(&w, SIP_H_MAX_FORWARDS, "70");
    sip_write_text(&w, "From: ");
    sip_write_bytes(&w, to.at, to.size);
    sip_write_text(&w, ";tag=");
    sip_write_text(&w, signalling_tag(m, tag));
    sip_write_text(&w, "\r\n");
    sip_write_header_text(&w, SIP_H_TO, sip_value(m, SIP_H_FROM));
    sip_write_all(&w, m, SIP_H_CALL_ID);
    sip_write_header(&w, SIP_H_CSEQ, "1 BYE");
    c->bytes = w.failed ? NULL : malloc(w.size);
    if (c->bytes == NULL) {
        return -ENOMEM;
    }
    memcpy(c->bytes, bytes, w.size);
    c->size = (uint32_t)w.size;
    c->bye_to = p->reply_hop;
    return 0;
}

void signalling_announce(struct signalling_part *p, const struct sip_message *m,
                         struct sip_transaction *t)
{
    const struct signalling *s = p->server;
    uint32_t now = atomic_load_explicit(&s->calls_now, memory_order_relaxed);
    bool has_room = now < 2 * s->options.calls && signalling_call_find(p, m) == NULL;
    struct signalling_call *c = has_room ? signalling_call_start(p, m) : NULL;
    int size;

    if (c == NULL) {
        signalling_answer(p, m, t, 503, "Retry-After: 1\r\n");
        return;
    }
    c->is_announcing = true;
    p->announcing++;
    c->invite = t;
    t->user = c;
    size = keep_bye(p, m, c);
    size = size < 0 ? size : write_accept(p, m, c);
    if (size < 0 || c->rtp.ss_family == AF_UNSPEC) {
        signalling_answer(p, m, t, 503, "Retry-After: 1\r\n");
        signalling_call_decided(p, m, 503);
        return;
    }
    accept_call(p, c, p->thread->built, (size_t)size);
    c->rtp_ssrc = (uint32_t)c->key;
    c->hang_up_ns = p->now_ns + s->options.announce_ns;
    wait_in_line(p, c, p->now_ns);
}

/* One second of busy tone, 425 Hz half of the time (ITU-T E.180), in both laws. */
static uint8_t busy[2][TONE_PACKETS * PACKET_SAMPLES];

static void make_busy(void)
{
    for (size_t i = 0; i < sizeof(busy[0]); i++) {
        double v = i < sizeof(busy[0]) / 2 ? sin(2 * M_PI * 425 * (double)i / 8000) : 0;
        busy[0][i] = g711_sample_to_octet(G711_ALAW, (int16_t)(v * 6000));
        busy[1][i] = g711_sample_to_octet(G711_ULAW, (int16_t)(v * 6000));
    }
}

static void send_tone(struct signalling_part *p, struct signalling_call *c)
{
    static pthread_once_t once = PTHREAD_ONCE_INIT;
    uint8_t packet[RTP_HEADER_SIZE + PACKET_SAMPLES];
    struct rtp_header h = {.payload_type = c->rtp_type,
                           .marker = c->rtp_sequence == 0,
                           .sequence = c->rtp_sequence,
                           .timestamp = (uint32_t)c->rtp_sequence * PACKET_SAMPLES,
                           .ssrc = c->rtp_ssrc};

    pthread_once(&once, make_busy);
    (void)rtp_encode_header(&h, packet, sizeof(packet));
    memcpy(packet + RTP_HEADER_SIZE,
           busy[c->rtp_type == 0] + (size_t)(c->rtp_sequence % TONE_PACKETS) * PACKET_SAMPLES,
           PACKET_SAMPLES);
    c->rtp_sequence++;
    if (sendto(p->server->rtp.fd, packet, sizeof(packet), 0, (struct sockaddr *)&c->rtp,
               addr_size(&c->rtp)) > 0) {
        signalling_count_by(p->thread, COUNT_RTP_SENT, 1);
    }
}

static void hang_up(struct signalling_part *p, struct signalling_call *c)
{
    char branch[SIP_BRANCH_MAX];
    struct sip_transaction *t = sip_client_create(p->layer, SIP_BYE, &c->bye_to, branch);
    size_t uri_size = strlen(c->bytes) + 1;
    struct sip_writer w;
    int size;

    if (t == NULL) {
        signalling_call_end(p, c, 486);
        return;
    }
    sip_write_init(&w, p->thread->built, sizeof(p->thread->built));
    sip_write_request_line(&w, text_of("BYE"), text_of(c->bytes));
    sip_write_headerf(&w, SIP_H_VIA, "SIP/2.0/%s %s;branch=%s",
                      c->bye_to.connection > 0 ? "TCP" : "UDP", p->server->host_port, branch);
    sip_write_bytes(&w, c->bytes + uri_size, c->size - uri_size);
    size = sip_write_end(&w, NULL, 0);
    if (size > 0) {
        (void)sip_client_start(p->layer, t, p->thread->built, (size_t)size, p->now_ns);
    }
}

/* What is due of a call that waits. False: it waits no longer. */
static bool is_still_waiting(struct signalling_part *p, struct signalling_call *c)
{
    if (c->is_announcing) {
        while (c->due_ns <= p->now_ns && p->now_ns < c->hang_up_ns) {
            send_tone(p, c);
            c->due_ns += PACKET_NS;
        }
        return p->now_ns < c->hang_up_ns;
    }
    return c->due_ns > p->now_ns;
}

void signalling_ring(struct signalling_part *p)
{
    struct signalling_call **at = &p->ring_first, *c, *last = NULL;

    while ((c = *at) != NULL) {
        if (is_still_waiting(p, c)) {
            last = c;
            at = &c->next_ring;
            continue;
        }
        *at = c->next_ring;
        c->is_waiting = false;
        if (c->is_announcing) {
            hang_up(p, c);
        } else {
            accept_call(p, c, c->bytes, c->size);
        }
    }
    p->ring_last = last;
}

void signalling_rtp(struct signalling_thread *t)
{
    int fd = t->server->rtp.fd;
    uint8_t packet[2048];

    for (int i = 0; i < RTP_BATCH; i++) {
        struct sockaddr_storage from;
        socklen_t from_size = sizeof(from);
        ssize_t size = recvfrom(fd, packet, sizeof(packet), MSG_DONTWAIT, (struct sockaddr *)&from,
                                &from_size);
        if (size <= 0) {
            return;
        }
        signalling_count_by(t, COUNT_RTP_RECEIVED, 1);
        if (t->server->options.mode == SIGNALLING_ANSWER &&
            sendto(fd, packet, (size_t)size, 0, (struct sockaddr *)&from, from_size) > 0) {
            signalling_count_by(t, COUNT_RTP_SENT, 1);
        }
    }
}
