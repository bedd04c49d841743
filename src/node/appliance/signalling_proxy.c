/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * signalling_proxy: requests on to the next hop and responses back (RFC 3261 §16), one target each:
 * it does not fork. No name service: hosts are addresses, others go to the next hop of the options.
 */
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "io/addr.h"
#include "node/appliance/signalling_private.h"

enum { SIP_PORT = 5060, LOCATION_MAX = 256 };

static void parse_address(struct sockaddr_storage *ret, struct sip_text host, uint16_t port,
                          bool is_ipv6)
{
    char text[ADDR_TEXT_MAX];

    ret->ss_family = AF_UNSPEC;
    if (host.size < sizeof(text) - 10) {
        (void)snprintf(text, sizeof(text), is_ipv6 ? "[%.*s]:%u" : "%.*s:%u", (int)host.size,
                       host.at, port > 0 ? port : SIP_PORT);
        if (addr_parse(ret, text) < 0) {
            ret->ss_family = AF_UNSPEC;
        }
    }
}

static bool is_same_address(const struct sockaddr_storage *a, const struct sockaddr_storage *b)
{
    return a->ss_family == b->ss_family && addr_size(a) > 0 && memcmp(a, b, addr_size(a)) == 0;
}

bool signalling_is_local(const struct signalling *s, const struct sip_uri *u)
{
    struct sockaddr_storage a;

    parse_address(&a, u->host, u->port, u->is_ipv6);
    return is_same_address(&a, &s->local);
}

/* Where a request goes. */
struct route {
    struct sip_hop to;
    struct sip_text uri; /* the new Request-URI */
    bool has_own_route;  /* the topmost Route is ours and goes */
    char location[LOCATION_MAX];
};

static int hop_of_uri(const struct sip_uri *u, struct sip_hop *ret, bool *ret_is_tcp)
{
    struct sockaddr_storage a;
    struct sip_text transport = {NULL, 0};

    parse_address(&a, u->host, u->port, u->is_ipv6);
    if (a.ss_family == AF_UNSPEC) {
        return -ENOENT;
    }
    *ret = signalling_hop(&a, 0);
    *ret_is_tcp =
        sip_param(u->params, "transport", &transport) == 1 && sip_text_is_word(transport, "tcp");
    return 0;
}

/* The next hop of the options or of the load's streams; calls are dealt out by their Call-ID. */
static int configured_hop(struct signalling *s, const struct sip_message *m, struct sip_hop *ret)
{
    uint32_t n = atomic_load_explicit(&s->hop_count, memory_order_acquire);
    uint32_t key = 2166136261U;

    if (n == 0) {
        return -ENOENT;
    }
    for (size_t i = 0; n > 1 && i < m->call_id.size; i++) {
        key = (key ^ (uint8_t)m->call_id.at[i]) * 16777619U;
    }
    *ret = s->hops[key % n];
    return 0;
}

/* §16.5: the Request-URI, unless it is ours; then whoever registered as its user. */
static int find_target(struct signalling_part *p, const struct sip_message *m, struct route *r,
                       bool *ret_is_tcp)
{
    struct signalling *s = p->server;
    struct sip_uri u;

    if (sip_uri_parse(&u, m->uri) < 0) {
        return -ENOENT;
    }
    if (signalling_is_local(s, &u)) {
        if (signalling_locate(s, u.user, p->now_ns, r->location, sizeof(r->location)) == 0) {
            r->uri = (struct sip_text){r->location, (uint32_t)strlen(r->location)};
            return sip_uri_parse(&u, r->uri) == 0 ? hop_of_uri(&u, &r->to, ret_is_tcp) : -ENOENT;
        }
        return configured_hop(s, m, &r->to);
    }
    /* Within a dialog it goes where the peer said; else the options know better than a name. */
    if (hop_of_uri(&u, &r->to, ret_is_tcp) == 0) {
        return 0;
    }
    return configured_hop(s, m, &r->to);
}

/* §16.4, §16.6 step 6: our own Route goes; another one is the next hop. */
static int find_route(struct signalling_part *p, const struct sip_message *m, struct route *r,
                      bool *ret_is_tcp)
{
    struct sip_list l = {0};
    struct sip_text item;
    struct sip_address a;
    struct sip_uri u;
    int has = sip_each(m, SIP_H_ROUTE, &l, &item);

    r->uri = m->uri;
    if (has == 1 && sip_address_parse(&a, item) == 0 && sip_uri_parse(&u, a.uri) == 0 &&
        signalling_is_local(p->server, &u)) {
        r->has_own_route = true;
        has = sip_each(m, SIP_H_ROUTE, &l, &item);
    }
    if (has == 1) {
        return sip_address_parse(&a, item) == 0 && sip_uri_parse(&u, a.uri) == 0
                   ? hop_of_uri(&u, &r->to, ret_is_tcp)
                   : -ENOENT;
    }
    return find_target(p, m, r, ret_is_tcp);
}

/* Picks the connection, when it goes by one. */
static int choose_transport(struct signalling_part *p, struct route *r, const struct sip_hop *from,
                            bool is_tcp)
{
    int wanted = p->server->options.transport;

    is_tcp =
        is_tcp || wanted == SIGNALLING_TCP || (wanted == SIGNALLING_SAME && from->connection > 0);
    if (!is_tcp) {
        return 0;
    }
    r->to.connection = signalling_tcp_to(p->thread, &r->to);
    return r->to.connection > 0 ? 0 : -ECONNREFUSED;
}

/* Without the first item; nothing when it was the only one. */
static void write_rest(struct sip_writer *w, const struct sip_header *h)
{
    struct sip_text rest = sip_header_text(h), first;

    if (sip_list_next(&rest, &first) == 1 && rest.size > 0) {
        sip_write_header_text(w, (enum sip_header_id)h->id, rest);
    }
}

/* ";rport" gets the port that it came from. */
static void write_with_rport(struct sip_writer *w, struct sip_text via, const struct sip_via *v,
                             const struct sip_hop *from)
{
    struct sockaddr_storage a = signalling_address(from);
    const char *at =
        v->has_rport && v->rport == 0 ? memmem(v->params.at, v->params.size, ";rport", 6) : NULL;
    char port[8];

    if (at == NULL) {
        sip_write_bytes(w, via.at, via.size);
        return;
    }
    at += 6;
    (void)snprintf(port, sizeof(port), "=%u", addr_port(&a));
    sip_write_bytes(w, via.at, (size_t)(at - via.at));
    sip_write_text(w, port);
    sip_write_bytes(w, at, (size_t)(via.at + via.size - at));
}

/* The sender's Via with where it really came from (§18.2.1, RFC 3581 §4). */
static void write_received_via(struct sip_writer *w, const struct sip_header *h,
                               const struct sip_hop *from)
{
    struct sip_text value = sip_header_text(h), rest = value, first;
    struct sockaddr_storage a = signalling_address(from);
    char address[ADDR_TEXT_MAX], *colon;
    struct sip_via v;

    if (sip_list_next(&rest, &first) != 1 || sip_via_parse(&v, first) < 0) {
        sip_write_header_text(w, SIP_H_VIA, value);
        return;
    }
    (void)addr_format(&a, address, sizeof(address));
    colon = strrchr(address, ':');
    if (colon != NULL) {
        *colon = '\0';
    }
    sip_write_text(w, "Via: ");
    write_with_rport(w, first, &v, from);
    if (v.received.at == NULL && (v.has_rport || !sip_text_is(v.host, address))) {
        sip_write_text(w, ";received=");
        sip_write_text(w, address);
    }
    sip_write_text(w, "\r\n");
    if (rest.size > 0) {
        sip_write_header_text(w, SIP_H_VIA, rest);
    }
}

static void write_own_lines(struct signalling_part *p, struct sip_writer *w,
                            const struct sip_message *m, const struct route *r, const char *branch)
{
    const struct signalling *s = p->server;
    bool is_tcp = r->to.connection > 0;

    sip_write_text(w, is_tcp ? "Via: SIP/2.0/TCP " : "Via: SIP/2.0/UDP ");
    sip_write_text(w, s->host_port);
    sip_write_text(w, ";branch=");
    sip_write_text(w, branch);
    sip_write_text(w, "\r\n");
    if (s->options.record_route && m->method == SIP_INVITE) {
        sip_write_text(w, "Record-Route: <sip:");
        sip_write_text(w, s->host_port);
        sip_write_text(w, is_tcp ? ";transport=tcp;lr>\r\n" : ";lr>\r\n");
    }
}

/* §16.6: a copy with our lines and what must change. */
static int write_forwarded(struct signalling_part *p, const struct sip_message *m,
                           const struct route *r, const struct sip_hop *from, const char *branch)
{
    struct signalling_thread *t = p->thread;
    const struct sip_header *top = sip_find(m, SIP_H_VIA), *route = sip_find(m, SIP_H_ROUTE);
    struct sip_writer w;

    sip_write_init(&w, t->built, sizeof(t->built));
    sip_write_request_line(&w, m->method_text, r->uri);
    write_own_lines(p, &w, m, r, branch);
    if (m->max_forwards < 0) {
        sip_write_header(&w, SIP_H_MAX_FORWARDS, "70");
    }
    for (size_t i = 0; i < m->header_count; i++) {
        const struct sip_header *h = &m->headers[i];
        if (h == top) {
            write_received_via(&w, h, from);
        } else if (h == route && r->has_own_route) {
            write_rest(&w, h);
        } else if (h->id == SIP_H_MAX_FORWARDS) {
            sip_write_headerf(&w, SIP_H_MAX_FORWARDS, "%d", m->max_forwards - 1);
        } else if (h->id != SIP_H_CONTENT_LENGTH) {
            sip_write_same(&w, h);
        }
    }
    return sip_write_end(&w, m->body.at, m->body.size);
}

static void cannot(struct signalling_part *p, const struct sip_message *m,
                   struct sip_transaction *t, unsigned status)
{
    signalling_count_by(p->thread, COUNT_UNROUTABLE, 1);
    if (t != NULL) {
        signalling_answer(p, m, t, status, NULL);
        signalling_call_decided(p, m, status);
    }
}

/* A branch for an ACK, which has no transaction: made of the one it came with (§16.11). */
static void stateless_branch(const struct sip_message *m, char ret[SIP_BRANCH_MAX])
{
    uint64_t key = 1469598103934665603U;

    for (size_t i = 0; i < m->branch.size; i++) {
        key = (key ^ (uint8_t)m->branch.at[i]) * 1099511628211U;
    }
    (void)snprintf(ret, SIP_BRANCH_MAX, "z9hG4bKack%016llx", (unsigned long long)key);
}

void signalling_forward(struct signalling_part *p, const struct sip_message *m,
                        struct sip_transaction *t, const struct sip_hop *from)
{
    char branch[SIP_BRANCH_MAX];
    struct sip_transaction *client = NULL;
    struct route r = {.has_own_route = false};
    bool is_tcp = false;
    int size;

    if (t != NULL && m->method == SIP_INVITE) {
        if (m->to_tag.size == 0) {
            (void)signalling_call_start(p, m);
        }
        signalling_answer(p, m, t, 100, NULL);
    }
    if (find_route(p, m, &r, &is_tcp) < 0) {
        cannot(p, m, t, 404);
        return;
    }
    if (choose_transport(p, &r, from, is_tcp) < 0) {
        cannot(p, m, t, 503);
        return;
    }
    stateless_branch(m, branch);
    if (t != NULL) {
        client = sip_client_create(p->layer, m->method, &r.to, branch);
        if (client == NULL) {
            cannot(p, m, t, 503);
            return;
        }
        client->peer = t;
        t->peer = client;
    }
    size = write_forwarded(p, m, &r, from, branch);
    if (size < 0) {
        cannot(p, m, t, 513);
    } else if (client != NULL) {
        (void)sip_client_start(p->layer, client, p->thread->built, (size_t)size, p->now_ns);
    } else {
        signalling_send(p->thread, &r.to, p->thread->built, (size_t)size);
    }
    if (size < 0 && client != NULL) {
        sip_transaction_end(p->layer, client);
    }
}

/* Everything but our own Via (§16.7 step 3). */
static int write_passed(struct signalling_part *p, const struct sip_message *m)
{
    struct signalling_thread *t = p->thread;
    const struct sip_header *top = sip_find(m, SIP_H_VIA);
    struct sip_writer w;

    sip_write_init(&w, t->built, sizeof(t->built));
    sip_write_bytes(&w, m->all.at, (size_t)(m->reason.at + m->reason.size - m->all.at));
    sip_write_text(&w, "\r\n");
    for (size_t i = 0; i < m->header_count; i++) {
        const struct sip_header *h = &m->headers[i];
        if (h == top) {
            write_rest(&w, h);
        } else if (h->id != SIP_H_CONTENT_LENGTH) {
            sip_write_same(&w, h);
        }
    }
    return sip_write_end(&w, m->body.at, m->body.size);
}

static void end_of_bye(struct signalling_part *p, const struct sip_message *m)
{
    if (m->cseq_method == SIP_BYE && m->status >= 200) {
        struct signalling_call *c = signalling_call_find(p, m);
        if (c != NULL) {
            signalling_call_end(p, c, c->is_announcing ? 486 : 0);
        }
    }
}

void signalling_pass_back(struct signalling_part *p, const struct sip_message *m,
                          struct sip_transaction *client)
{
    struct sip_transaction *t = client->peer;
    int size;

    if (t != NULL && t->is_cancelled && m->cseq_method == SIP_INVITE && m->status < 200) {
        (void)sip_client_cancel(p->layer, client, p->now_ns); /* it had to wait for this */
        t->is_cancelled = false;
    }
    if (m->status == 100 || m->cseq_method == SIP_CANCEL) {
        return; /* hop by hop */
    }
    end_of_bye(p, m);
    if (m->cseq_method == SIP_INVITE && m->status >= 200) {
        signalling_call_decided(p, m, m->status);
    }
    if (t == NULL) { /* of a BYE of our own, or too late */
        return;
    }
    size = write_passed(p, m);
    if (size < 0) {
        signalling_count_by(p->thread, COUNT_SEND_ERRORS, 1);
        return;
    }
    signalling_count_status(p->thread, m->status);
    (void)sip_server_answer(p->layer, t, m->status, p->thread->built, (size_t)size, p->now_ns);
}

void signalling_cancel(struct signalling_part *p, const struct sip_message *m,
                       struct sip_transaction *t)
{
    struct sip_transaction *invite = sip_layer_cancelled(p->layer, m);

    if (invite == NULL) {
        signalling_answer(p, m, t, 481, NULL);
        return;
    }
    signalling_answer(p, m, t, 200, NULL);
    if (invite->user != NULL) {
        signalling_cancel_served(p, invite);
    } else if (invite->peer != NULL &&
               sip_client_cancel(p->layer, invite->peer, p->now_ns) == -EAGAIN) {
        invite->is_cancelled = true;
    }
}

/* An answer of our own to a request that we sent on: as if its first Via were not there. */
static void answer_for(struct signalling_part *p, const struct sip_transaction *client,
                       unsigned status)
{
    struct sip_message *m = &p->thread->own;
    struct sip_header *top;
    struct sip_text rest, first;

    if (client->bytes == NULL || sip_parse(m, client->bytes, client->size) < 0 ||
        sip_find(m, SIP_H_VIA) == NULL) {
        return;
    }
    top = &m->headers[m->first[SIP_H_VIA] - 1];
    rest = sip_header_text(top);
    (void)sip_list_next(&rest, &first);
    if (rest.size > 0) {
        top->value = rest.at;
        top->value_size = (uint16_t)rest.size;
    } else {
        m->first[SIP_H_VIA] = top->next;
    }
    signalling_answer(p, m, client->peer, status, NULL);
    signalling_call_decided(p, m, status);
}

/* 408 to an INVITE; other requests are left to their sender's own timer (RFC 4320 §4.2). */
void signalling_client_timed_out(struct signalling_part *p, struct sip_transaction *t)
{
    struct sip_message *m = &p->thread->own;

    if (t->kind != SIP_INVITE_CLIENT) {
        struct signalling_call *c = NULL;
        if (t->bytes != NULL && sip_parse(m, t->bytes, t->size) == 0 && m->method == SIP_BYE) {
            c = signalling_call_find(p, m);
        }
        if (c != NULL) {
            signalling_call_end(p, c, c->is_announcing ? 486 : 0);
        }
        if (t->peer != NULL) {
            sip_transaction_end(p->layer, t->peer);
        }
        return;
    }
    if (t->state == SIP_PROCEEDING) {
        (void)sip_client_cancel(p->layer, t, p->now_ns); /* §16.8 */
    }
    if (t->peer != NULL) {
        answer_for(p, t, 408);
    }
}
