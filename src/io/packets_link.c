/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * packets_link: see packets_link.h. Packets leave by the first queue; they come in on all.
 */
#include "io/packets_link.h"

#include <errno.h>
#include <poll.h>
#include <string.h>

#include "base/str.h"

enum { FRAMES_USUAL = 4096, FRAMES_LEAST = 256, FRAME_ROOM = 2048 };

/* Who only sends has the first queue alone. */
static int open_queues(struct packets_link *l, const struct packets_link_config *c, uint32_t frames,
                       struct err *e)
{
    const uint32_t queues = c->filter != NULL ? c->interface->queues : 1;

    for (; l->queue_count < queues; l->queue_count++) {
        const struct xsk_config x = {.interface = c->interface->name,
                                     .queue = l->queue_count,
                                     .frames = frames,
                                     .program = c->filter != NULL ? &l->program : NULL};
        int result = xsk_open(&l->queues[l->queue_count], &x, e);
        if (result < 0) {
            return result;
        }
    }
    return 0;
}

static int open_xdp(struct packets_link *l, const struct packets_link_config *c, struct err *e)
{
    const struct netif *n = c->interface;
    uint32_t frames = c->frames > 0 ? c->frames : (uint32_t)FRAMES_USUAL;
    int result = 0;

    while (frames * n->queues > 4 * FRAMES_USUAL && frames > FRAMES_LEAST) {
        frames /= 2;
    }
    if (c->filter != NULL) {
        result = xdp_open(&l->program, n->name, n->queues, c->filter, XDP_ANY, e);
    }
    if (result < 0 || (result = open_queues(l, c, frames, e)) < 0) {
        return result;
    }
    str_printf(l->how, sizeof(l->how), "AF_XDP at %s: %s, %s, %u queue%s", n->name,
               c->filter != NULL ? xdp_mode_name(l->program.mode) : "only sends",
               xsk_is_zero_copy(l->queues[0]) ? "zero copy" : "copy", l->queue_count,
               l->queue_count == 1 ? "" : "s");
    l->memory_bytes = (uint64_t)frames * FRAME_ROOM * l->queue_count;
    return 0;
}

static int open_ring(struct packets_link *l, const struct packets_link_config *c, struct err *e)
{
    const struct ring_config r = {
        .interface = c->interface->name, .frames = c->frames, .filter = c->filter};
    int result = ring_open(&l->ring, &r, e);

    str_printf(l->how, sizeof(l->how), "packet ring at %s: TPACKET_V2", c->interface->name);
    l->memory_bytes = (uint64_t)(c->frames > 0 ? c->frames : (uint32_t)FRAMES_USUAL) * FRAME_ROOM;
    return result;
}

int packets_link_open(struct packets_link *l, const struct packets_link_config *c, struct err *e)
{
    const struct netif *n = c->interface;
    int result;

    memset(l, 0, sizeof(*l));
    l->program = (struct xdp_program){.program_fd = -1, .map_fd = -1, .link_fd = -1};
    if (c->kind == PACKETS_XDP && n->queues > LINK_QUEUES_MAX) {
        return err_set(e, -ENOTSUP, "AF_XDP at %s: %u queues, at most %d are served ('ethtool -L')",
                       n->name, n->queues, LINK_QUEUES_MAX);
    }
    result = c->kind == PACKETS_XDP ? open_xdp(l, c, e) : open_ring(l, c, e);
    if (result < 0) {
        packets_link_close(l);
    }
    return result;
}

/* The program first: no frame is handed to a socket that is going. */
void packets_link_close(struct packets_link *l)
{
    xdp_close(&l->program);
    for (uint32_t i = 0; i < l->queue_count; i++) {
        xsk_close(l->queues[i]);
    }
    l->queue_count = 0;
    ring_close(l->ring);
    l->ring = NULL;
}

int packets_link_wait(const struct packets_link *l, int other_fd)
{
    struct pollfd all[LINK_QUEUES_MAX + 1];
    nfds_t n = 0;
    int came = 0;

    if (l->ring != NULL) {
        all[n++] = (struct pollfd){.fd = ring_fd(l->ring), .events = POLLIN};
    }
    for (uint32_t i = 0; i < l->queue_count; i++) {
        all[n++] = (struct pollfd){.fd = xsk_fd(l->queues[i]), .events = POLLIN};
    }
    all[n] = (struct pollfd){.fd = other_fd, .events = POLLIN};
    if (poll(all, other_fd >= 0 ? n + 1 : n, other_fd >= 0 ? -1 : 0) < 0 && errno != EINTR) {
        return -errno;
    }
    for (nfds_t i = 0; i < n; i++) {
        came |= (all[i].revents & POLLIN) != 0;
    }
    return came;
}

unsigned packets_link_reserve(struct packets_link *l, struct frame *f, unsigned n)
{
    return l->ring != NULL ? ring_reserve(l->ring, f, n) : xsk_reserve(l->queues[0], f, n);
}

int packets_link_send(struct packets_link *l, const struct frame *f, unsigned n)
{
    return l->ring != NULL ? ring_send(l->ring, f, n) : xsk_send(l->queues[0], f, n);
}

unsigned packets_link_waiting(struct packets_link *l)
{
    return l->ring != NULL ? ring_waiting(l->ring) : xsk_waiting(l->queues[0]);
}

unsigned packets_link_receive(struct packets_link *l, struct frame *f, unsigned n)
{
    unsigned count = 0;

    if (l->ring != NULL) {
        return ring_receive(l->ring, f, n);
    }
    for (uint32_t i = 0; i < l->queue_count && count == 0; i++) {
        l->turn = l->turn + 1 < l->queue_count ? l->turn + 1 : 0;
        count = xsk_receive(l->queues[l->turn], f, n);
    }
    return count;
}

void packets_link_release(struct packets_link *l, const struct frame *f, unsigned n)
{
    if (l->ring != NULL) {
        ring_release(l->ring, n);
    } else {
        xsk_release(l->queues[l->turn], f, n);
    }
}

int64_t packets_link_drops(const struct packets_link *l)
{
    struct ring_counters r;
    int64_t all = 0;

    if (l->ring != NULL) {
        int result = ring_read_counters(l->ring, &r);
        return result < 0 ? result : (int64_t)r.receive_drops;
    }
    for (uint32_t i = 0; i < l->queue_count; i++) {
        struct xsk_counters x;
        int result = xsk_read_counters(l->queues[i], &x);
        if (result < 0) {
            return result;
        }
        all += (int64_t)x.receive_drops;
    }
    return all;
}

int64_t packets_link_refused(const struct packets_link *l)
{
    struct ring_counters r;
    struct xsk_counters x;
    int result;

    if (l->ring != NULL) { /* what the interface will not take now is tried again */
        result = ring_read_counters(l->ring, &r);
        return result < 0 ? result : (int64_t)r.too_long;
    }
    result = xsk_read_counters(l->queues[0], &x);
    return result < 0 ? result : (int64_t)(x.refused + x.invalid + x.too_long);
}
