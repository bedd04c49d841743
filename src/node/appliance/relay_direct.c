/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * relay_direct: the relay by AF_XDP: one thread takes packets of all streams straight from the
 * interface and puts them straight there. The sockets of its ports keep them, and get nothing. A
 * port's state is held, as by the pool, while a packet of it is worked on; the table of ports is
 * the owner's to write.
 */
#include <arpa/inet.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "io/addr.h"
#include "io/packets.h"
#include "node/appliance/relay_private.h"

enum { OUT_MAX = 2048 };
#define AGAIN_NS (100 * NS_PER_US)

struct relay_direct {
    struct packets *packets;
    uint16_t first_port;
    atomic_bool busy; /* the thread has packets in its hands */
    _Atomic(struct port *) ports[RELAY_XDP_PORTS];
    struct packet_in in[PACKETS_BATCH_MAX];
    struct packet_out out[PACKETS_BATCH_MAX];
    struct sockaddr_storage to[PACKETS_BATCH_MAX];
    uint8_t data[PACKETS_BATCH_MAX][OUT_MAX]; /* of work */
};

int relay_check(const struct relay_options *o, struct err *e)
{
    if (!o->xdp) {
        return 0;
    }
    if (o->threads != 1) {
        return err_set(e, -ENOTSUP,
                       "transport xdp: one thread serves an interface: threads: 1, or transport: "
                       "sockets");
    }
    if (o->work != NULL && o->work->is_owned) {
        return err_set(e, -ENOTSUP,
                       "transport xdp: %s sends by its own clock, which wants transport: sockets",
                       o->work->name);
    }
    return 0;
}

int relay_direct_open(struct relay *r, struct err *e)
{
    struct packets_config c = {
        .kind = PACKETS_XDP, .local = r->local, .vlan = FRAME_NO_VLAN, .port_last = UINT16_MAX};
    struct relay_direct *d;
    int result = relay_check(&r->options, e);

    if (result < 0) {
        return result;
    }
    if (r->options.base_port == 0) {
        r->options.base_port = RELAY_XDP_PORT;
    }
    c.port_first = r->options.base_port;
    if (c.port_first + RELAY_XDP_PORTS - 1 < UINT16_MAX) {
        c.port_last = (uint16_t)(c.port_first + RELAY_XDP_PORTS - 1);
    }
    if ((d = calloc(1, sizeof(*d))) == NULL) {
        return err_set(e, -ENOMEM, "no memory for the relay");
    }
    d->first_port = c.port_first;
    result = packets_open(&d->packets, &c, e);
    if (result < 0) {
        free(d);
        return result;
    }
    r->direct = d;
    return 0;
}

void relay_direct_close(struct relay *r)
{
    if (r->direct != NULL) {
        packets_close(r->direct->packets);
        free(r->direct);
        r->direct = NULL;
    }
}

/* ---- ports ---- */

static _Atomic(struct port *) *place_of(struct relay_direct *d, uint16_t number)
{
    uint32_t i = (uint32_t)number - d->first_port;
    return number >= d->first_port && i < RELAY_XDP_PORTS ? &d->ports[i] : NULL;
}

int relay_direct_add(struct relay *r, struct port *p, struct err *e)
{
    _Atomic(struct port *) *place = place_of(r->direct, addr_port(&p->socket.local));
    int result;

    if (place == NULL) {
        return err_set(e, -ENOBUFS, "transport xdp: at most %d ports", (int)RELAY_XDP_PORTS);
    }
    if ((result = packets_hold(p->socket.fd)) < 0) {
        return err_set(e, result, "cannot keep a port: %s", strerror(-result));
    }
    if (p->peer.ss_family != AF_UNSPEC &&
        (result = packets_add_way(r->direct->packets, &p->peer, e)) < 0) {
        return result;
    }
    atomic_store(place, p);
    return 0;
}

void relay_direct_remove(struct relay *r, const struct port *p)
{
    _Atomic(struct port *) *place =
        r->direct != NULL ? place_of(r->direct, addr_port(&p->socket.local)) : NULL;

    if (place != NULL) {
        atomic_store(place, NULL);
    }
}

/* ---- the thread ---- */

static bool take(struct relay_thread *t, struct relay_direct *d, const struct packet_in *in,
                 unsigned i)
{
    _Atomic(struct port *) *place = place_of(d, addr_port(&in->udp.to));
    struct port *p = place != NULL ? atomic_load(place) : NULL;
    const struct sockaddr_storage *to;
    socklen_t to_size;
    struct work_io io = {.bytes = in->udp.payload,
                         .size = in->udp.size,
                         .out = d->data[i],
                         .room = OUT_MAX,
                         .send = in->udp.payload,
                         .send_size = in->udp.size};
    bool sends = false;

    if (p == NULL) {
        return false;
    }
    relay_port_lock(p);
    if (p->socket.fd >= 0 &&
        relay_take(t, p, &in->udp.from, addr_size(&in->udp.from), &io, &to, &to_size)) {
        memcpy(&d->to[i], to, to_size);
        d->out[i] = (struct packet_out){io.send, io.send_size, htons(addr_port(&p->socket.local)),
                                        (const struct sockaddr *)&d->to[i]};
        sends = true;
    }
    relay_port_unlock(p);
    return sends;
}

/* One that cannot go stops no other. */
static void send_all(struct relay_thread *t, struct relay_direct *d, unsigned n)
{
    unsigned sent = 0;

    while (sent < n) {
        int result = packets_send(d->packets, d->out + sent, n - sent);
        if (result > 0) {
            sent += (unsigned)result;
            relay_bump(&t->relayed, (unsigned)result);
        } else {
            sent++;
            relay_bump(&t->send_errors, 1);
        }
    }
}

void *relay_direct_run(void *arg)
{
    struct relay_thread *t = arg;
    struct relay_direct *d = t->relay->direct;

    while (!atomic_load_explicit(&t->relay->stop, memory_order_relaxed)) {
        unsigned came, n = 0;

        atomic_store(&d->busy, true);
        came = packets_receive(d->packets, d->in, PACKETS_BATCH_MAX);
        for (unsigned i = 0; i < came; i++) {
            n += take(t, d, &d->in[i], n);
        }
        send_all(t, d, n);
        if (came > 0) {
            packets_release(d->packets);
        }
        if (packets_push(d->packets) > 0) { /* the interface takes no more now */
            (void)clock_sleep_until(clock_now_ns() + AGAIN_NS);
            continue;
        }
        atomic_store(&d->busy, false);
        if (came == 0) {
            (void)packets_wait(d->packets, t->relay->stop_fd);
        }
    }
    return NULL;
}

/* ---- figures ---- */

/* In this order, as in relay.c: the ring, then the thread's hands. */
bool relay_direct_is_empty(const struct relay *r)
{
    return r->direct == NULL ||
           (packets_wait(r->direct->packets, -1) == 0 && !atomic_load(&r->direct->busy));
}

uint64_t relay_direct_drops(const struct relay *r)
{
    int64_t drops = r->direct != NULL ? packets_drops(r->direct->packets) : 0;
    return drops > 0 ? (uint64_t)drops : 0;
}

uint64_t relay_direct_refused(const struct relay *r)
{
    int64_t refused = r->direct != NULL ? packets_refused(r->direct->packets) : 0;
    return refused > 0 ? (uint64_t)refused : 0;
}

const char *relay_direct_how(const struct relay *r)
{
    return packets_how(r->direct->packets);
}
