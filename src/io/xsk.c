/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * xsk: see xsk.h. The rings have one producer and one consumer: the indices run freely and are
 * published with release, read with acquire.
 */
#include "io/xsk.h"

#include <errno.h>
#include <linux/if_ether.h>
#include <linux/if_xdp.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "base/clock.h"
#include "io/netif.h"

enum {
    CHUNK_SIZE = 2048,
    FRAMES_USUAL = 4096,
    SEND_BUFFER = 32 << 20,
    KICKS_MAX = 64,
    KICK_FRAMES = 64,      /* that one call takes, where the kernel lets itself be told */
    MAX_TX_SKB_BUDGET = 9, /* XDP_MAX_TX_SKB_BUDGET: later than the headers of Debian 12 */
    STAMP_SIZE = sizeof(struct xdp_stamp)
};
#define BUSY_FOR_NS NS_PER_S
_Static_assert((int)XSK_FRAME_MAX == (int)CHUNK_SIZE - 256, "the kernel's own headroom");

struct ring {
    _Atomic uint32_t *producer, *consumer, *flags;
    void *entries;
    void *map;
    size_t map_size;
    uint32_t mask;
};

struct xsk {
    int fd;
    uint32_t frames;
    uint8_t *memory; /* first the frames to send, then those to receive into */
    size_t memory_size;
    struct ring fill, completion, send, receive;
    uint64_t *idle; /* addresses of frames to send that nobody has */
    uint32_t idle_count;
    uint32_t longest; /* frame that the interface carried at the opening, without a tag */
    bool zero_copy;
    _Atomic uint64_t refused, too_long;
};

/* ---- rings ---- */

static uint32_t waiting(const struct ring *r)
{
    return atomic_load_explicit(r->producer, memory_order_acquire) -
           atomic_load_explicit(r->consumer, memory_order_acquire);
}

static void publish(_Atomic uint32_t *index, uint32_t by)
{
    uint32_t now = atomic_load_explicit(index, memory_order_relaxed);
    atomic_store_explicit(index, now + by, memory_order_release);
}

static uint64_t *address_at(struct ring *r, uint32_t index)
{
    return (uint64_t *)r->entries + (index & r->mask);
}

static struct xdp_desc *descriptor_at(struct ring *r, uint32_t index)
{
    return (struct xdp_desc *)r->entries + (index & r->mask);
}

static bool wants_call(const struct ring *r)
{
    return (atomic_load_explicit(r->flags, memory_order_relaxed) & XDP_RING_NEED_WAKEUP) != 0;
}

static int map_ring(struct ring *r, int fd, uint32_t count, size_t entry_size, off_t where,
                    const struct xdp_ring_offset *at)
{
    uint8_t *base;

    r->map_size = at->desc + count * entry_size;
    base = mmap(NULL, r->map_size, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_POPULATE, fd, where);
    if (base == MAP_FAILED) {
        return -errno;
    }
    r->map = base;
    r->producer = (void *)(base + at->producer);
    r->consumer = (void *)(base + at->consumer);
    r->flags = (void *)(base + at->flags);
    r->entries = base + at->desc;
    r->mask = count - 1;
    return 0;
}

static int map_rings(struct xsk *x)
{
    struct xdp_mmap_offsets at;
    socklen_t size = sizeof(at);
    int result;

    if (getsockopt(x->fd, SOL_XDP, XDP_MMAP_OFFSETS, &at, &size) < 0) {
        return -errno;
    }
    if ((result = map_ring(&x->fill, x->fd, x->frames, sizeof(uint64_t),
                           (off_t)XDP_UMEM_PGOFF_FILL_RING, &at.fr)) < 0 ||
        (result = map_ring(&x->completion, x->fd, x->frames, sizeof(uint64_t),
                           (off_t)XDP_UMEM_PGOFF_COMPLETION_RING, &at.cr)) < 0 ||
        (result = map_ring(&x->send, x->fd, x->frames, sizeof(struct xdp_desc), XDP_PGOFF_TX_RING,
                           &at.tx)) < 0) {
        return result;
    }
    return map_ring(&x->receive, x->fd, x->frames, sizeof(struct xdp_desc), XDP_PGOFF_RX_RING,
                    &at.rx);
}

/* ---- opening ---- */

static int set_size(int fd, int option, uint32_t count)
{
    return setsockopt(fd, SOL_XDP, option, &count, sizeof(count)) < 0 ? -errno : 0;
}

static int register_memory(struct xsk *x)
{
    struct xdp_umem_reg reg = {.chunk_size = CHUNK_SIZE};
    void *memory;

    x->memory_size = 2 * (size_t)x->frames * CHUNK_SIZE;
    /* The kernel makes the pages, and keeps them. Small ones: to find it large ones may take longer
     * than they save. */
    memory = mmap(NULL, x->memory_size, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    if (memory == MAP_FAILED) {
        return -errno;
    }
    x->memory = memory;
    reg.addr = (uint64_t)(uintptr_t)memory;
    reg.len = x->memory_size;
    return setsockopt(x->fd, SOL_XDP, XDP_UMEM_REG, &reg, sizeof(reg)) < 0 ? -errno : 0;
}

static int make_rings(struct xsk *x)
{
    int size = SEND_BUFFER, result;

    if ((result = register_memory(x)) < 0 ||
        (result = set_size(x->fd, XDP_UMEM_FILL_RING, x->frames)) < 0 ||
        (result = set_size(x->fd, XDP_UMEM_COMPLETION_RING, x->frames)) < 0 ||
        (result = set_size(x->fd, XDP_RX_RING, x->frames)) < 0 ||
        (result = set_size(x->fd, XDP_TX_RING, x->frames)) < 0) {
        return result;
    }
    /* Copied frames count as the socket's until the other end read them. */
    (void)setsockopt(x->fd, SOL_SOCKET, SO_SNDBUFFORCE, &size, sizeof(size));
    (void)set_size(x->fd, MAX_TX_SKB_BUDGET, KICK_FRAMES);
    return map_rings(x);
}

/* The kernel lets go of a queue some time after its socket was closed, and tells nobody. */
static int bind_patiently(int fd, const struct sockaddr_xdp *at)
{
    uint64_t until = clock_now_ns() + BUSY_FOR_NS;
    int result;

    while ((result = bind(fd, (const struct sockaddr *)at, sizeof(*at))) < 0 && errno == EBUSY &&
           clock_now_ns() < until) {
        (void)clock_sleep_until(clock_now_ns() + NS_PER_MS);
    }
    return result;
}

static int bind_queue(struct xsk *x, const struct xsk_config *c)
{
    static const uint16_t flags[] = {
        [XSK_ANY_COPY] = 0, [XSK_COPY] = XDP_COPY, [XSK_ZERO_COPY] = XDP_ZEROCOPY};
    struct sockaddr_xdp at = {.sxdp_family = AF_XDP,
                              .sxdp_flags = (uint16_t)(flags[c->copy] | XDP_USE_NEED_WAKEUP),
                              .sxdp_queue_id = c->queue};
    struct xdp_options got = {0};
    socklen_t size = sizeof(got);
    struct netif n;

    if (netif_read(&n, c->interface, NULL) < 0) {
        return -ENODEV;
    }
    x->longest = n.mtu + ETH_HLEN;
    at.sxdp_ifindex = n.index;
    if (bind_patiently(x->fd, &at) < 0 ||
        getsockopt(x->fd, SOL_XDP, XDP_OPTIONS, &got, &size) < 0) {
        return -errno;
    }
    x->zero_copy = (got.flags & XDP_OPTIONS_ZEROCOPY) != 0;
    return c->program != NULL ? xdp_join(c->program, c->queue, x->fd) : 0;
}

/* All frames of the second half are the kernel's to receive into, all of the first are ours. */
static int share_out(struct xsk *x)
{
    x->idle = calloc(x->frames, sizeof(*x->idle));
    if (x->idle == NULL) {
        return -ENOMEM;
    }
    for (uint32_t i = 0; i < x->frames; i++) {
        x->idle[i] = (uint64_t)(x->frames - 1 - i) * CHUNK_SIZE;
        *address_at(&x->fill, i) = (uint64_t)(x->frames + i) * CHUNK_SIZE;
    }
    x->idle_count = x->frames;
    publish(x->fill.producer, x->frames);
    return 0;
}

static int tell(struct err *e, int result, const struct xsk_config *c)
{
    const char *why = strerror(-result);

    if (result == -EBUSY) {
        why = "another AF_XDP socket has it";
    } else if (result == -EINVAL) {
        why = "the interface has no such queue, or is down ('ethtool -l' tells how many)";
    } else if (result == -EPERM) {
        why = "not permitted: needs root, or CAP_NET_RAW";
    } else if (result == -EOPNOTSUPP) {
        why = "its driver knows no zero copy: copy is what it can do";
    } else if (result == -EAFNOSUPPORT) {
        why = "this kernel has no AF_XDP (CONFIG_XDP_SOCKETS)";
    }
    return err_set(e, result, "AF_XDP at %s, queue %u: %s", c->interface, c->queue, why);
}

int xsk_open(struct xsk **ret, const struct xsk_config *c, struct err *e)
{
    struct xsk *x = calloc(1, sizeof(*x));
    int result;

    if (x == NULL) {
        return err_set(e, -ENOMEM, "no memory for an AF_XDP socket");
    }
    x->frames = c->frames > 0 ? c->frames : (uint32_t)FRAMES_USUAL;
    x->fd = socket(AF_XDP, SOCK_RAW | SOCK_CLOEXEC, 0);
    if (x->fd < 0) {
        result = -errno;
    } else if ((result = make_rings(x)) == 0 && (result = share_out(x)) == 0) {
        result = bind_queue(x, c);
    }
    if (result < 0) {
        xsk_close(x);
        return tell(e, result, c);
    }
    *ret = x;
    return 0;
}

void xsk_close(struct xsk *x)
{
    if (x == NULL) {
        return;
    }
    if (x->fd >= 0) {
        close(x->fd);
    }
    struct ring *rings[] = {&x->fill, &x->completion, &x->send, &x->receive};
    for (size_t i = 0; i < sizeof(rings) / sizeof(rings[0]); i++) {
        if (rings[i]->map != NULL) {
            (void)munmap(rings[i]->map, rings[i]->map_size);
        }
    }
    if (x->memory != NULL) {
        (void)munmap(x->memory, x->memory_size);
    }
    free(x->idle);
    free(x);
}

int xsk_fd(const struct xsk *x)
{
    return x->fd;
}

bool xsk_is_zero_copy(const struct xsk *x)
{
    return x->zero_copy;
}

/* ---- sending ---- */

static void take_back_sent(struct xsk *x)
{
    uint32_t n = waiting(&x->completion);
    uint32_t at = atomic_load_explicit(x->completion.consumer, memory_order_relaxed);

    for (uint32_t i = 0; i < n; i++) {
        x->idle[x->idle_count++] = *address_at(&x->completion, at + i);
    }
    publish(x->completion.consumer, n);
}

unsigned xsk_reserve(struct xsk *x, struct frame *f, unsigned n)
{
    take_back_sent(x); /* always: the frames that were used last are still in the cache */
    n = n < x->idle_count ? n : x->idle_count;
    for (unsigned i = 0; i < n; i++) {
        f[i] = (struct frame){.data = x->memory + x->idle[x->idle_count - 1 - i]};
    }
    return n;
}

/* One call takes some frames only (32, where it cannot be told otherwise): it is repeated while it
 * takes any. */
static int kick(struct xsk *x)
{
    uint32_t before = waiting(&x->send);

    for (int i = 0; i < KICKS_MAX && before > 0 && wants_call(&x->send); i++) {
        int result = sendto(x->fd, NULL, 0, MSG_DONTWAIT, NULL, 0) < 0 ? -errno : 0;
        uint32_t now = waiting(&x->send);

        if (result == -EBUSY && now < before) { /* the last one taken was dropped */
            atomic_fetch_add_explicit(&x->refused, 1, memory_order_relaxed);
        } else if (result == -ENETDOWN || result == -ENXIO) {
            return result;
        } else if (now == before) {
            break;
        }
        before = now;
    }
    return 0;
}

int xsk_send(struct xsk *x, const struct frame *f, unsigned n)
{
    uint32_t at = atomic_load_explicit(x->send.producer, memory_order_relaxed), count = 0;
    int result;

    x->idle_count -= n;
    for (unsigned i = 0; i < n; i++) {
        const uint64_t address = (uint64_t)(f[i].data - x->memory);

        /* Not every driver looks at the MTU here. */
        if (frame_is_carried(&f[i], x->longest)) {
            *descriptor_at(&x->send, at + count++) =
                (struct xdp_desc){.addr = address, .len = f[i].size};
        } else {
            x->idle[x->idle_count++] = address;
            atomic_fetch_add_explicit(&x->too_long, 1, memory_order_relaxed);
        }
    }
    publish(x->send.producer, count);
    result = kick(x);
    return result < 0 ? result : (int)n;
}

unsigned xsk_waiting(const struct xsk *x)
{
    return waiting(&x->send);
}

/* ---- receiving ---- */

unsigned xsk_receive(struct xsk *x, struct frame *f, unsigned n)
{
    uint32_t at = atomic_load_explicit(x->receive.consumer, memory_order_relaxed);
    uint32_t have = waiting(&x->receive);

    n = n < have ? n : have;
    for (unsigned i = 0; i < n; i++) {
        const struct xdp_desc *d = descriptor_at(&x->receive, at + i);
        struct xdp_stamp stamp;
        uint8_t *data = x->memory + d->addr;

        memcpy(&stamp, data - STAMP_SIZE, sizeof(stamp));
        f[i] = (struct frame){data, d->len, stamp.mark == XDP_STAMPED ? stamp.at_ns : 0};
    }
    publish(x->receive.consumer, n);
    if (have == 0 && wants_call(&x->fill)) {
        (void)recvfrom(x->fd, NULL, 0, MSG_DONTWAIT, NULL, NULL);
    }
    return n;
}

void xsk_release(struct xsk *x, const struct frame *f, unsigned n)
{
    uint32_t at = atomic_load_explicit(x->fill.producer, memory_order_relaxed);

    for (unsigned i = 0; i < n; i++) {
        uint64_t offset = (uint64_t)(f[i].data - x->memory);

        memset(f[i].data - STAMP_SIZE, 0, STAMP_SIZE); /* no old stamp for the next one */
        *address_at(&x->fill, at + i) = offset - offset % CHUNK_SIZE;
    }
    publish(x->fill.producer, n);
}

/* ---- figures ---- */

int xsk_read_counters(const struct xsk *x, struct xsk_counters *ret)
{
    struct xdp_statistics s = {0};
    socklen_t size = sizeof(s);

    if (getsockopt(x->fd, SOL_XDP, XDP_STATISTICS, &s, &size) < 0) {
        return -errno;
    }
    ret->receive_drops = s.rx_dropped + s.rx_ring_full;
    ret->invalid = s.rx_invalid_descs + s.tx_invalid_descs;
    ret->refused = atomic_load_explicit(&x->refused, memory_order_relaxed);
    ret->too_long = atomic_load_explicit(&x->too_long, memory_order_relaxed);
    return 0;
}
