/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * signalling_core: what is done with a message (RFC 3261 §8.2, §16.3): it is read, its call's part
 * is taken, the transactions say whether it is new, and then somebody treats it.
 */
#include <errno.h>
#include <string.h>

#include "base/str.h"
#include "node/appliance/signalling_private.h"

enum { SIP_PORT = 5060 };

/* The value of a line that is Call-ID's or i's; size 0: it is neither. */
static struct sip_text call_id_of_line(const char *at, const char *end)
{
    const char *colon = memchr(at, ':', (size_t)(end - at < 24 ? end - at : 24)), *stop = colon;
    struct sip_text none = {NULL, 0};

    while (stop != NULL && stop > at && (stop[-1] == ' ' || stop[-1] == '\t')) {
        stop--;
    }
    if (colon == NULL ||
        sip_header_id_of((struct sip_text){at, (uint32_t)(stop - at)}) != SIP_H_CALL_ID) {
        return none;
    }
    for (at = colon + 1; at < end && *at <= ' '; at++) {
    }
    for (stop = at; stop<end && * stop> ' '; stop++) {
    }
    return (struct sip_text){at, (uint32_t)(stop - at)};
}

uint32_t signalling_part_of(const char *bytes, size_t size)
{
    const char *at = bytes, *end = bytes + size;
    uint64_t key = 1469598103934665603U;

    while ((at = memchr(at, '\n', (size_t)(end - at))) != NULL && ++at < end) {
        struct sip_text id = {NULL, 0};
        if ((*at | 0x20) == 'c' || (*at | 0x20) == 'i') {
            id = call_id_of_line(at, end);
        }
        if (id.size > 0) {
            for (size_t i = 0; i < id.size; i++) {
                key = (key ^ (uint8_t)id.at[i]) * 1099511628211U;
            }
            break;
        }
    }
    return (uint32_t)(key >> 32) % SIGNALLING_PARTS;
}

struct signalling_part *signalling_take_part(struct signalling_thread *t, uint32_t number,
                                             uint64_t now_ns)
{
    struct signalling_part *p = &t->server->parts[number];

    pthread_mutex_lock(&p->mutex);
    p->thread = t;
    p->now_ns = now_ns;
    return p;
}

void signalling_give_part(struct signalling_part *p)
{
    pthread_mutex_unlock(&p->mutex);
}

void signalling_count_status(struct signalling_thread *t, unsigned status)
{
    signalling_count_by(t, (enum signalling_count)(COUNT_1XX + status / 100 - 1), 1);
}

static void set_port(struct sip_hop *hop, uint16_t port)
{
    uint16_t wire = (uint16_t)(port << 8 | port >> 8);

    if (hop->address.any.sa_family == AF_INET6) {
        hop->address.v6.sin6_port = wire;
    } else {
        hop->address.v4.sin_port = wire;
    }
}

struct sip_hop signalling_reply_hop(const struct sip_message *m, const struct sip_hop *from)
{
    struct sip_text rest = sip_value(m, SIP_H_VIA), item;
    struct sip_hop hop = *from;
    struct sip_via v;

    if (from->connection == 0 && sip_list_next(&rest, &item) == 1 && sip_via_parse(&v, item) == 0 &&
        !v.has_rport) {
        set_port(&hop, v.port > 0 ? v.port : SIP_PORT);
    }
    return hop;
}

/* Made of the branch: the same for the same request, without memory (§8.2.7). */
const char *signalling_tag(const struct sip_message *m, char tag[SIGNALLING_TAG_MAX])
{
    uint64_t key = 1469598103934665603U;

    for (size_t i = 0; i < m->branch.size; i++) {
        key = (key ^ (uint8_t)m->branch.at[i]) * 1099511628211U;
    }
    str_printf(tag, SIGNALLING_TAG_MAX, "vp%016llx", (unsigned long long)key);
    return tag;
}

void signalling_answer(struct signalling_part *p, const struct sip_message *m,
                       struct sip_transaction *t, unsigned status, const char *extra)
{
    struct signalling_thread *thread = p->thread;
    struct sip_writer w;
    char tag[SIGNALLING_TAG_MAX];
    int size;

    sip_write_init(&w, thread->built, sizeof(thread->built));
    sip_write_response(&w, m, status, NULL, status > 100 ? signalling_tag(m, tag) : NULL);
    if (extra != NULL) {
        sip_write_text(&w, extra);
    }
    size = sip_write_end(&w, NULL, 0);
    if (size < 0) {
        signalling_count_by(thread, COUNT_SEND_ERRORS, 1);
        return;
    }
    signalling_count_status(thread, status);
    if (t != NULL) {
        (void)sip_server_answer(p->layer, t, status, thread->built, (size_t)size, p->now_ns);
    } else {
        signalling_send(thread, &p->reply_hop, thread->built, (size_t)size);
    }
}

/* Options that we must know and do not (§8.2.2.3, §16.3). */
static bool has_unknown_demand(struct signalling_part *p, const struct sip_message *m,
                               struct sip_transaction *t)
{
    bool is_proxy = p->server->options.mode == SIGNALLING_PROXY && m->method != SIP_REGISTER;
    struct sip_text wants = sip_value(m, is_proxy ? SIP_H_PROXY_REQUIRE : SIP_H_REQUIRE);
    char extra[256];

    if (wants.at == NULL || m->method == SIP_CANCEL) {
        return false;
    }
    str_printf(extra, sizeof(extra), "Unsupported: %.*s\r\n",
               (int)(wants.size < 200 ? wants.size : 0), wants.at);
    signalling_answer(p, m, t, 420, extra);
    return true;
}

static bool is_for_us(const struct signalling *s, const struct sip_message *m)
{
    struct sip_uri u;
    return sip_uri_parse(&u, m->uri) == 0 && u.user.size == 0 && signalling_is_local(s, &u);
}

/* A call too many, or while it is being drained. */
static bool is_too_much(struct signalling_part *p, const struct sip_message *m,
                        struct sip_transaction *t)
{
    struct signalling *s = p->server;

    if (m->method != SIP_INVITE || m->to_tag.size > 0 ||
        atomic_load_explicit(&s->calls_now, memory_order_relaxed) < s->options.calls) {
        return false;
    }
    signalling_count_by(p->thread, COUNT_OVERLOADED, 1);
    if (s->options.overload == SIGNALLING_ANNOUNCE) {
        signalling_announce(p, m, t);
    } else if (s->options.overload == SIGNALLING_REJECT_486) {
        signalling_answer(p, m, t, 486, NULL);
    } else {
        signalling_answer(p, m, t, 503, "Retry-After: 1\r\n");
    }
    return true;
}

static void treat_new(struct signalling_part *p, const struct sip_message *m,
                      struct sip_transaction *t, const struct sip_hop *from)
{
    bool is_proxy = p->server->options.mode == SIGNALLING_PROXY;

    if (m->method == SIP_CANCEL) {
        signalling_cancel(p, m, t);
    } else if (m->max_forwards == 0 && is_proxy) {
        signalling_answer(p, m, t, 483, NULL);
    } else if (has_unknown_demand(p, m, t) || is_too_much(p, m, t) ||
               !signalling_is_allowed(p, m, t)) {
        return;
    } else if (m->method == SIP_REGISTER) {
        signalling_register(p, m, t);
    } else if (m->method == SIP_OPTIONS && (is_for_us(p->server, m) || !is_proxy)) {
        signalling_answer(p, m, t, 200, "Allow: INVITE, ACK, BYE, CANCEL, OPTIONS, REGISTER\r\n");
    } else if (signalling_is_ours(p, m)) {
        signalling_serve(p, m, t);
    } else {
        signalling_forward(p, m, t, from);
    }
}

static void treat_request(struct signalling_part *p, const struct sip_message *m,
                          const struct sip_hop *from)
{
    struct sip_transaction *t = NULL;
    int seen = sip_layer_request(p->layer, m, &p->reply_hop, p->now_ns, &t);

    if (seen == SIP_NEW) {
        treat_new(p, m, t, from);
    } else if (seen == SIP_STRAY) { /* the ACK of a 2xx: end to end */
        if (signalling_is_ours(p, m)) {
            signalling_acked(p, m);
        } else {
            signalling_forward(p, m, NULL, from);
        }
    } else if (seen < 0) {
        signalling_count_by(p->thread, COUNT_OVERLOADED, 1);
        signalling_answer(p, m, NULL, 503, "Retry-After: 1\r\n");
    }
}

static void treat_response(struct signalling_part *p, const struct sip_message *m)
{
    struct sip_transaction *t = NULL;
    int seen = sip_layer_response(p->layer, m, p->now_ns, &t);

    if (seen == SIP_NEW) {
        signalling_pass_back(p, m, t);
    } else if (seen == SIP_STRAY) {
        signalling_count_by(p->thread, COUNT_STRAY, 1);
    }
}

/* Is there enough to answer to? */
static bool is_answerable(const struct sip_message *m)
{
    const uint32_t needed = SIP_FAULT_VIA | SIP_FAULT_FROM | SIP_FAULT_CALL_ID;
    return m->is_request && m->method != SIP_ACK && (m->faults & needed) == 0 &&
           sip_find(m, SIP_H_CSEQ) != NULL;
}

void signalling_receive(struct signalling_part *p, const char *bytes, size_t size,
                        const struct sip_hop *from)
{
    struct signalling_thread *t = p->thread;
    struct sip_message *m = &t->message;
    int status;

    if (size <= 4) {
        return; /* somebody keeps his binding alive (RFC 5626 §4.4.1) */
    }
    if (sip_parse(m, bytes, size) < 0) {
        signalling_count_by(t, COUNT_MALFORMED, 1);
        return;
    }
    status = sip_check(m, NULL);
    signalling_count_by(t, m->is_request ? COUNT_REQUESTS : COUNT_RESPONSES, 1);
    if (status != 0) {
        signalling_count_by(t, COUNT_MALFORMED, 1);
        if (!is_answerable(m)) {
            return;
        }
    }
    p->reply_hop = signalling_reply_hop(m, from);
    if (status != 0) {
        signalling_answer(p, m, NULL, (unsigned)status, NULL);
    } else if (m->is_request) {
        treat_request(p, m, from);
    } else {
        treat_response(p, m);
    }
}

void signalling_tick(struct signalling_thread *t, uint64_t now_ns)
{
    for (uint32_t i = t->number; i < SIGNALLING_PARTS; i += (uint32_t)t->server->options.threads) {
        struct signalling_part *p = signalling_take_part(t, i, now_ns);
        sip_layer_tick(p->layer, now_ns);
        signalling_ring(p);
        signalling_finish_turn(t);
        signalling_give_part(p);
    }
}

static void on_send(void *owner, const struct sip_hop *to, const char *bytes, size_t size)
{
    signalling_send(((struct signalling_part *)owner)->thread, to, bytes, size);
}

static void on_timed_out(void *owner, struct sip_transaction *t)
{
    signalling_client_timed_out(owner, t);
}

static void on_ended(void *owner, struct sip_transaction *t)
{
    (void)owner;
    if (t->peer != NULL) {
        t->peer->peer = NULL;
    }
    if (t->user != NULL) { /* answering: the call has it */
        ((struct signalling_call *)t->user)->invite = NULL;
    }
}

const struct sip_layer_owner signalling_layer_owner = {on_send, on_timed_out, on_ended};
