/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * sip_transaction: the four state machines of RFC 3261 §17, with the Accepted state of RFC 6026.
 * What is sent again is kept as bytes.
 */
#include "node/proto/sip_transaction.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "node/codec/sip_value.h"
#include "node/codec/sip_write.h"
#include "node/proto/sip_layer.h"

static bool is_udp(const struct sip_transaction *t)
{
    return t->hop.connection == 0;
}

static uint64_t least(uint64_t a, uint64_t b)
{
    return a < b ? a : b;
}

/* It stays for that long, to absorb what comes again. Over connections nothing does: it goes with
 * the next tick, when nobody holds it. */
static void linger(struct sip_layer *l, struct sip_transaction *t, uint64_t for_ns, uint64_t now_ns)
{
    t->again_ns = 0;
    t->end_ns = now_ns + (for_ns > 0 ? for_ns : 1);
    sip_layer_arm(l, t);
}

static void start_again(struct sip_layer *l, struct sip_transaction *t, uint64_t now_ns)
{
    t->interval_ns = l->options.t1_ns;
    t->again_ns = is_udp(t) ? now_ns + t->interval_ns : 0;
    t->end_ns = now_ns + 64 * l->options.t1_ns;
    sip_layer_arm(l, t);
}

/* §17.2.3: ACK and CANCEL belong to the INVITE; a branch without the cookie is an old client's, of
 * whom more has to agree. */
static uint64_t server_key(const struct sip_message *m, enum sip_method method)
{
    struct sip_text rest = sip_value(m, SIP_H_VIA), item = rest;
    struct sip_via v;
    uint64_t key = 1 + (uint64_t)(method == SIP_ACK ? SIP_INVITE : method);

    if (method == SIP_METHOD_OTHER) {
        key = sip_key_add(key, m->method_text);
    }
    if (m->branch.size > 7 && memcmp(m->branch.at, "z9hG4bK", 7) == 0 &&
        sip_list_next(&rest, &item) == 1 && sip_via_parse(&v, item) == 0) {
        key = sip_key_add(sip_key_add(key, m->branch), v.host);
        return key + v.port;
    }
    key = sip_key_add(sip_key_add(key, m->from_tag), m->call_id);
    return sip_key_add(key, item) + m->cseq;
}

static uint64_t client_key(struct sip_text branch, enum sip_method method)
{
    return sip_key_add(UINT64_C(0x5bd1e995) + (method == SIP_CANCEL), branch);
}

static int request_again(struct sip_layer *l, const struct sip_message *m,
                         struct sip_transaction *t, uint64_t now_ns)
{
    if (m->method == SIP_ACK) {
        if (t->state == SIP_ACCEPTED) {
            return SIP_STRAY; /* of a 2xx, with the INVITE's branch: old clients do so */
        }
        if (t->state == SIP_COMPLETED) {
            t->state = SIP_CONFIRMED;
            linger(l, t, is_udp(t) ? l->options.t4_ns : 0, now_ns); /* timer I */
        }
        return SIP_ACKED;
    }
    l->stats.requests_again++;
    if (t->state != SIP_ACCEPTED && t->state != SIP_CONFIRMED) {
        sip_layer_send(l, t);
    }
    return SIP_AGAIN;
}

int sip_layer_request(struct sip_layer *l, const struct sip_message *m, const struct sip_hop *from,
                      uint64_t now_ns, struct sip_transaction **ret)
{
    uint64_t key = server_key(m, m->method);
    struct sip_transaction *t = sip_layer_find(l, key);

    if (t != NULL) {
        *ret = t;
        return request_again(l, m, t, now_ns);
    }
    if (m->method == SIP_ACK) {
        return SIP_STRAY;
    }
    t = sip_layer_take(l, m->method == SIP_INVITE ? SIP_INVITE_SERVER : SIP_SERVER, key);
    if (t == NULL) {
        return -ENOBUFS;
    }
    t->hop = *from;
    t->state = SIP_TRYING;
    *ret = t;
    return SIP_NEW;
}

struct sip_transaction *sip_layer_cancelled(struct sip_layer *l, const struct sip_message *cancel)
{
    struct sip_transaction *t = sip_layer_find(l, server_key(cancel, SIP_INVITE));
    return t != NULL && t->kind == SIP_INVITE_SERVER ? t : NULL;
}

static void finish_invite_server(struct sip_layer *l, struct sip_transaction *t, uint64_t now_ns)
{
    if (t->status < 300) {
        t->state = SIP_ACCEPTED;
        (void)sip_layer_keep(t, NULL, 0);
        linger(l, t, 64 * l->options.t1_ns, now_ns); /* timer L */
        return;
    }
    t->state = SIP_COMPLETED;
    start_again(l, t, now_ns); /* timers G and H */
}

int sip_server_answer(struct sip_layer *l, struct sip_transaction *t, unsigned status,
                      const char *bytes, size_t size, uint64_t now_ns)
{
    if (t->state == SIP_COMPLETED || t->state == SIP_CONFIRMED) {
        return -EALREADY;
    }
    l->ops.send(l->owner, &t->hop, bytes, size);
    if (t->state == SIP_ACCEPTED) {
        return 0; /* a 2xx that came again */
    }
    t->status = (uint16_t)status;
    t->state = SIP_PROCEEDING;
    if (sip_layer_keep(t, bytes, size) < 0) {
        return -ENOMEM;
    }
    if (status < 200) {
        return 0;
    }
    if (t->kind == SIP_INVITE_SERVER) {
        finish_invite_server(l, t, now_ns);
        return 0;
    }
    t->state = SIP_COMPLETED;
    linger(l, t, is_udp(t) ? 64 * l->options.t1_ns : 0, now_ns); /* timer J */
    return 0;
}

int sip_server_accept(struct sip_layer *l, struct sip_transaction *t, const char *bytes,
                      size_t size, uint64_t now_ns)
{
    int result = sip_server_answer(l, t, 200, bytes, size, now_ns);

    if (result == 0) {
        result = sip_layer_keep(t, bytes, size);
        start_again(l, t, now_ns);
        t->again_ns = now_ns + t->interval_ns; /* end to end: over connections too */
        sip_layer_arm(l, t);
    }
    return result;
}

void sip_server_confirm(struct sip_layer *l, struct sip_transaction *t)
{
    t->again_ns = 0;
    (void)sip_layer_keep(t, NULL, 0);
    sip_layer_arm(l, t);
}

struct sip_transaction *sip_client_create(struct sip_layer *l, enum sip_method method,
                                          const struct sip_hop *to, char ret_branch[SIP_BRANCH_MAX])
{
    struct sip_transaction *t;
    uint32_t number = ++l->branches;
    int size = snprintf(ret_branch, SIP_BRANCH_MAX, "z9hG4bK%016" PRIx64 "%02" PRIx32 "%" PRIx32,
                        l->options.seed, l->options.number, number);

    t = sip_layer_take(l, method == SIP_INVITE ? SIP_INVITE_CLIENT : SIP_CLIENT,
                       client_key((struct sip_text){ret_branch, (uint32_t)size}, method));
    if (t != NULL) {
        t->hop = *to;
        t->branch = number;
    }
    return t;
}

int sip_client_start(struct sip_layer *l, struct sip_transaction *t, const char *bytes, size_t size,
                     uint64_t now_ns)
{
    int result = sip_layer_keep(t, bytes, size);

    if (result == 0) {
        start_again(l, t, now_ns); /* timers A and B, E and F */
        l->ops.send(l->owner, &t->hop, bytes, size);
    }
    return result;
}

/* §17.1.1.3, §9.1: as the request, with another method and without its body. */
static int write_like_invite(const struct sip_transaction *t, enum sip_method method,
                             const struct sip_message *response, char *out, size_t room)
{
    struct sip_message m;
    struct sip_writer w;
    struct sip_text name = {sip_method_name(method), (uint32_t)strlen(sip_method_name(method))};
    struct sip_text vias, via;

    if (t->bytes == NULL || sip_parse(&m, t->bytes, t->size) < 0) {
        return -EBADMSG;
    }
    vias = via = sip_value(&m, SIP_H_VIA);
    sip_write_init(&w, out, room);
    sip_write_request_line(&w, name, m.uri);
    (void)sip_list_next(&vias, &via); /* the topmost */
    sip_write_header_text(&w, SIP_H_VIA, via);
    sip_write_all(&w, &m, SIP_H_ROUTE);
    sip_write_header(&w, SIP_H_MAX_FORWARDS, "70");
    sip_write_all(&w, &m, SIP_H_FROM);
    sip_write_all(&w, response != NULL ? response : &m, SIP_H_TO);
    sip_write_all(&w, &m, SIP_H_CALL_ID);
    sip_write_headerf(&w, SIP_H_CSEQ, "%" PRIu32 " %s", m.cseq, name.at);
    return sip_write_end(&w, NULL, 0);
}

/* The ACK takes the INVITE's place as what is sent again. */
static void acknowledge(struct sip_layer *l, struct sip_transaction *t,
                        const struct sip_message *response, uint64_t now_ns)
{
    char ack[4096];
    int size = write_like_invite(t, SIP_ACK, response, ack, sizeof(ack));

    t->state = SIP_COMPLETED;
    if (size > 0 && sip_layer_keep(t, ack, (size_t)size) == 0) {
        sip_layer_send(l, t);
    }
    linger(l, t, is_udp(t) ? 64 * l->options.t1_ns : 0, now_ns); /* timer D */
}

static int invite_response(struct sip_layer *l, struct sip_transaction *t,
                           const struct sip_message *m, uint64_t now_ns)
{
    if (t->state == SIP_COMPLETED || (t->state == SIP_ACCEPTED && m->status >= 300)) {
        l->stats.responses_again++;
        if (m->status >= 300 && t->state == SIP_COMPLETED) {
            sip_layer_send(l, t); /* the ACK */
        }
        return SIP_AGAIN;
    }
    if (t->state == SIP_ACCEPTED) {
        l->stats.responses_again++;
        return m->status >= 200 ? SIP_NEW : SIP_AGAIN;
    }
    t->status = m->status;
    if (m->status < 200) {
        t->state = SIP_PROCEEDING;
        t->again_ns = 0;
        t->end_ns = now_ns + l->options.timer_c_ns;
        sip_layer_arm(l, t);
    }
    return SIP_NEW;
}

/* After the owner has had it, for it may end here. */
static void finish_invite_client(struct sip_layer *l, struct sip_transaction *t,
                                 const struct sip_message *m, uint64_t now_ns)
{
    if (m->status >= 300) {
        acknowledge(l, t, m, now_ns);
    } else if (m->status >= 200) {
        t->state = SIP_ACCEPTED;
        (void)sip_layer_keep(t, NULL, 0);
        linger(l, t, 64 * l->options.t1_ns, now_ns); /* timer M */
    }
}

static int other_response(struct sip_layer *l, struct sip_transaction *t,
                          const struct sip_message *m, uint64_t now_ns)
{
    if (t->state == SIP_COMPLETED) {
        l->stats.responses_again++;
        return SIP_AGAIN;
    }
    t->status = m->status;
    if (m->status < 200) {
        t->state = SIP_PROCEEDING;
        t->interval_ns = l->options.t2_ns;
        sip_layer_arm(l, t);
        return SIP_NEW;
    }
    t->state = SIP_COMPLETED;
    (void)sip_layer_keep(t, NULL, 0);
    linger(l, t, is_udp(t) ? l->options.t4_ns : 0, now_ns); /* timer K */
    return SIP_NEW;
}

int sip_layer_response(struct sip_layer *l, const struct sip_message *m, uint64_t now_ns,
                       struct sip_transaction **ret)
{
    struct sip_transaction *t = sip_layer_find(l, client_key(m->branch, m->cseq_method));
    int seen;

    if (t == NULL || t->kind > SIP_CLIENT ||
        (t->kind == SIP_INVITE_CLIENT) != (m->cseq_method == SIP_INVITE)) {
        return SIP_STRAY;
    }
    *ret = t;
    if (t->kind == SIP_CLIENT) {
        return other_response(l, t, m, now_ns);
    }
    seen = invite_response(l, t, m, now_ns);
    if (seen == SIP_NEW && t->state != SIP_ACCEPTED && m->status >= 200) {
        finish_invite_client(l, t, m, now_ns);
    }
    return seen;
}

int sip_client_cancel(struct sip_layer *l, struct sip_transaction *t, uint64_t now_ns)
{
    char cancel[4096], branch[SIP_BRANCH_MAX];
    struct sip_transaction *c;
    int size;

    if (t->state != SIP_PROCEEDING) {
        return t->state == SIP_TRYING ? -EAGAIN : -EALREADY;
    }
    size = write_like_invite(t, SIP_CANCEL, NULL, cancel, sizeof(cancel));
    if (size < 0) {
        return size;
    }
    (void)snprintf(branch, sizeof(branch), "z9hG4bK%016" PRIx64 "%02" PRIx32 "%" PRIx32,
                   l->options.seed, l->options.number, t->branch);
    c = sip_layer_take(l, SIP_CLIENT,
                       client_key((struct sip_text){branch, (uint32_t)strlen(branch)}, SIP_CANCEL));
    if (c == NULL) {
        return -ENOBUFS;
    }
    c->hop = t->hop;
    return sip_client_start(l, c, cancel, (size_t)size, now_ns);
}

static void send_again(struct sip_layer *l, struct sip_transaction *t, uint64_t now_ns)
{
    bool is_invite_client = t->kind == SIP_INVITE_CLIENT;

    l->stats.sent_again++;
    sip_layer_send(l, t);
    t->interval_ns *= 2;
    if (!is_invite_client) { /* timer A alone has no T2 above it */
        t->interval_ns = least(t->interval_ns, l->options.t2_ns);
    }
    t->again_ns = now_ns + t->interval_ns;
}

void sip_transaction_due(struct sip_layer *l, struct sip_transaction *t, uint64_t now_ns)
{
    if (t->end_ns > 0 && t->end_ns <= now_ns) {
        bool is_client = t->kind == SIP_INVITE_CLIENT || t->kind == SIP_CLIENT;
        if (is_client && (t->state == SIP_TRYING || t->state == SIP_PROCEEDING)) {
            l->stats.timeouts++;
            l->ops.timed_out(l->owner, t);
        }
        sip_transaction_end(l, t);
        return;
    }
    if (t->again_ns > 0 && t->again_ns <= now_ns) {
        send_again(l, t, now_ns);
    }
    sip_layer_arm(l, t);
}
