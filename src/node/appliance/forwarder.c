/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * forwarder: see forwarder.h.
 */
#include "node/appliance/forwarder.h"

#include <errno.h>
#include <poll.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>

#include "io/frame.h"
#include "io/netif.h"
#include "io/ring.h"
#include "io/xsk.h"

enum { AT_ONCE = 64, IDLE_MS = 2 };

struct forwarder {
    struct ring *ring_in, *ring_out;
    struct xsk *xsk_in, *xsk_out;
    struct xdp_program program;
    bool has_program, started;
    uint8_t macs[2 * LINK_MAC_SIZE]; /* as a frame begins: to, from */
    pthread_t thread;
    atomic_bool stop;
    _Atomic uint64_t forwarded, unsent; /* one writer */
};

static unsigned receive(struct forwarder *f, struct frame *came)
{
    return f->ring_in != NULL ? ring_receive(f->ring_in, came, AT_ONCE)
                              : xsk_receive(f->xsk_in, came, AT_ONCE);
}

static void release(struct forwarder *f, const struct frame *came, unsigned n)
{
    if (f->ring_in != NULL) {
        ring_release(f->ring_in, n);
    } else {
        xsk_release(f->xsk_in, came, n);
    }
}

static int put(struct forwarder *f, const struct frame *lent, unsigned n)
{
    return f->ring_out != NULL ? ring_send(f->ring_out, lent, n) : xsk_send(f->xsk_out, lent, n);
}

static unsigned waiting(struct forwarder *f)
{
    return f->ring_out != NULL ? ring_waiting(f->ring_out) : xsk_waiting(f->xsk_out);
}

/* What has no room on the way out is lost. */
static void pass_on(struct forwarder *f, const struct frame *came, unsigned n)
{
    struct frame lent[AT_ONCE];
    const unsigned room =
        f->ring_out != NULL ? ring_reserve(f->ring_out, lent, n) : xsk_reserve(f->xsk_out, lent, n);
    int sent;

    for (unsigned i = 0; i < room; i++) {
        memcpy(lent[i].data, came[i].data, came[i].size);
        memcpy(lent[i].data, f->macs, sizeof(f->macs));
        lent[i].size = came[i].size;
    }
    sent = put(f, lent, room);
    sent = sent < 0 ? 0 : sent;
    atomic_fetch_add_explicit(&f->forwarded, (uint64_t)sent, memory_order_relaxed);
    atomic_fetch_add_explicit(&f->unsent, n - (unsigned)sent, memory_order_relaxed);
}

static void *run(void *arg)
{
    struct forwarder *f = arg;
    struct frame came[AT_ONCE];

    while (!atomic_load_explicit(&f->stop, memory_order_relaxed)) {
        const unsigned n = receive(f, came);
        if (n > 0) {
            pass_on(f, came, n);
            release(f, came, n);
        } else if (waiting(f) > 0) {
            (void)put(f, came, 0);
        } else {
            struct pollfd p = {.fd = f->ring_in != NULL ? ring_fd(f->ring_in) : xsk_fd(f->xsk_in),
                               .events = POLLIN};
            (void)poll(&p, 1, IDLE_MS);
        }
    }
    return NULL;
}

static int open_xdp(struct forwarder *f, const char *in, const char *out,
                    const struct frame_filter *filter, struct err *e)
{
    const struct xsk_config to = {.interface = out};
    struct xsk_config from = {.interface = in};
    struct netif port;
    int result = netif_read(&port, in, e);

    if (result == 0 && port.queues > 1) {
        result =
            err_set(e, -ENOTSUP, "interface %s has %u queues: mode xdp takes one", in, port.queues);
    }
    if (result == 0) {
        result = xdp_open(&f->program, in, 1, filter, XDP_ANY, e);
    }
    if (result < 0) {
        return result;
    }
    f->has_program = true;
    from.program = &f->program;
    result = xsk_open(&f->xsk_in, &from, e);
    return result < 0 ? result : xsk_open(&f->xsk_out, &to, e);
}

static int open_ring(struct forwarder *f, const char *in, const char *out,
                     const struct frame_filter *filter, struct err *e)
{
    const struct ring_config from = {.interface = in, .filter = filter}, to = {.interface = out};
    int result = ring_open(&f->ring_in, &from, e);

    return result < 0 ? result : ring_open(&f->ring_out, &to, e);
}

int forwarder_open(struct forwarder **ret, enum forwarder_by by, const struct link_info *in,
                   const struct link_info *out, const uint8_t next_hop[LINK_MAC_SIZE],
                   struct err *e)
{
    const struct frame_filter all = {.port_first = 0, .port_last = UINT16_MAX};
    struct forwarder *f = calloc(1, sizeof(*f));
    int result;

    if (f == NULL) {
        return err_set(e, -ENOMEM, "no memory for a forwarder");
    }
    memcpy(f->macs, next_hop, LINK_MAC_SIZE);
    memcpy(f->macs + LINK_MAC_SIZE, out->mac, LINK_MAC_SIZE);
    result = by == FORWARDER_RING ? open_ring(f, in->name, out->name, &all, e)
                                  : open_xdp(f, in->name, out->name, &all, e);
    if (result == 0) {
        result = -pthread_create(&f->thread, NULL, run, f);
        f->started = result == 0;
        if (result < 0) {
            err_set(e, result, "cannot start a thread: %s", strerror(-result));
        }
    }
    if (result < 0) {
        forwarder_close(f);
        return result;
    }
    *ret = f;
    return 0;
}

void forwarder_read(const struct forwarder *f, struct forwarder_counters *ret)
{
    struct ring_counters in = {0}, out = {0};
    struct xsk_counters xsk_in = {0}, xsk_out = {0};
    uint64_t passed = atomic_load_explicit(&f->forwarded, memory_order_relaxed), too_long;

    if (f->ring_in != NULL) {
        (void)ring_read_counters(f->ring_in, &in);
        (void)ring_read_counters(f->ring_out, &out);
    } else {
        (void)xsk_read_counters(f->xsk_in, &xsk_in);
        (void)xsk_read_counters(f->xsk_out, &xsk_out);
    }
    too_long = out.too_long + xsk_out.too_long;
    /* What is too long is counted before the batch that it was in. */
    ret->forwarded = passed > too_long ? passed - too_long : 0;
    ret->lost = atomic_load_explicit(&f->unsent, memory_order_relaxed) + too_long +
                in.receive_drops + xsk_in.receive_drops;
}

void forwarder_close(struct forwarder *f)
{
    if (f == NULL) {
        return;
    }
    atomic_store(&f->stop, true);
    if (f->started) {
        (void)pthread_join(f->thread, NULL);
    }
    ring_close(f->ring_in);
    ring_close(f->ring_out);
    xsk_close(f->xsk_in);
    xsk_close(f->xsk_out);
    if (f->has_program) {
        xdp_close(&f->program);
    }
    free(f);
}
