/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * ring: see ring.h. Two sockets, so that the one that sends never copies what comes in. The status
 * word of a frame says whose it is: read with acquire, written with release.
 */
#include "io/ring.h"

#include <arpa/inet.h>
#include <errno.h>
#include <linux/filter.h>
#include <linux/if_packet.h>
#include <linux/virtio_net.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "base/clock.h"
#include "io/netif.h"
#include "io/ring_filter.h"

enum { CHUNK_SIZE = 2048, BLOCK_SIZE = 1 << 16, FRAMES_USUAL = 4096, SEND_BUFFER = 32 << 20 };
/* The kernel reads a frame that is to be sent from behind its own header, which is aligned. Before
 * the frame stands a header of virtio's: how much of it is to be copied (PACKET_VNET_HDR). All, for
 * it is cheap; what is not copied becomes a piece of its own that a veth copies into a new page. */
enum {
    VIRTIO_AT = (sizeof(struct tpacket2_hdr) + TPACKET_ALIGNMENT - 1) / TPACKET_ALIGNMENT *
                TPACKET_ALIGNMENT,
    SEND_HEAD = VIRTIO_AT + sizeof(struct virtio_net_hdr)
};
_Static_assert((int)RING_FRAME_MAX + (int)SEND_HEAD <= CHUNK_SIZE, "a frame fits");

struct ring {
    int send_fd, receive_fd;
    uint32_t frames, mask;
    uint32_t longest; /* frame that the interface carried at the opening, without a tag */
    uint8_t *send_map, *receive_map;
    size_t map_size;
    uint32_t send_next, send_done; /* free running; send_done..send_next-1 are the kernel's */
    uint32_t receive_next, receive_back;
    _Atomic uint64_t drops, too_long;
};

static struct tpacket2_hdr *at(uint8_t *map, const struct ring *r, uint32_t index)
{
    return (struct tpacket2_hdr *)(void *)(map + (size_t)(index & r->mask) * CHUNK_SIZE);
}

static uint32_t status_of(const struct tpacket2_hdr *h)
{
    return __atomic_load_n(&h->tp_status, __ATOMIC_ACQUIRE);
}

static void set_status(struct tpacket2_hdr *h, uint32_t status)
{
    __atomic_store_n(&h->tp_status, status, __ATOMIC_RELEASE);
}

/* ---- opening ---- */

static int map_socket(int fd, int which, const struct ring *r, uint8_t **ret)
{
    const struct tpacket_req q = {.tp_block_size = BLOCK_SIZE,
                                  .tp_block_nr = (unsigned)(r->map_size / BLOCK_SIZE),
                                  .tp_frame_size = CHUNK_SIZE,
                                  .tp_frame_nr = r->frames};
    int version = TPACKET_V2;
    void *map;

    if (setsockopt(fd, SOL_PACKET, PACKET_VERSION, &version, sizeof(version)) < 0 ||
        setsockopt(fd, SOL_PACKET, which, &q, sizeof(q)) < 0) {
        return -errno;
    }
    map = mmap(NULL, r->map_size, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_POPULATE, fd, 0);
    if (map == MAP_FAILED) {
        return -errno;
    }
    *ret = map;
    return 0;
}

static int bind_socket(int fd, unsigned index, uint16_t protocol)
{
    const struct sockaddr_ll local = {
        .sll_family = AF_PACKET, .sll_protocol = htons(protocol), .sll_ifindex = (int)index};

    return bind(fd, (const struct sockaddr *)&local, sizeof(local)) < 0 ? -errno : 0;
}

static int open_sending(struct ring *r, const struct netif *n)
{
    int on = 1, size = SEND_BUFFER, result;

    r->longest = n->mtu + ETH_HLEN;
    r->send_fd = socket(AF_PACKET, SOCK_RAW | SOCK_CLOEXEC, 0);
    if (r->send_fd < 0) {
        return -errno;
    }
    /* A frame that the kernel will not take stops no other. */
    if (setsockopt(r->send_fd, SOL_PACKET, PACKET_LOSS, &on, sizeof(on)) < 0 ||
        setsockopt(r->send_fd, SOL_PACKET, PACKET_QDISC_BYPASS, &on, sizeof(on)) < 0 ||
        setsockopt(r->send_fd, SOL_PACKET, PACKET_VNET_HDR, &on, sizeof(on)) < 0) {
        return -errno;
    }
    (void)setsockopt(r->send_fd, SOL_SOCKET, SO_SNDBUFFORCE, &size, sizeof(size));
    if ((result = map_socket(r->send_fd, PACKET_TX_RING, r, &r->send_map)) < 0) {
        return result;
    }
    return bind_socket(r->send_fd, n->index, 0);
}

/* The filter is there before the first packet. */
static int open_receiving(struct ring *r, unsigned index, const struct frame_filter *f)
{
    struct sock_filter code[RING_FILTER_MAX];
    struct sock_fprog program = {.filter = code};
    int on = 1, result;

    program.len = (unsigned short)ring_filter_write(code, f);
    r->receive_fd = socket(AF_PACKET, SOCK_RAW | SOCK_CLOEXEC, 0);
    if (r->receive_fd < 0 ||
        setsockopt(r->receive_fd, SOL_SOCKET, SO_ATTACH_FILTER, &program, sizeof(program)) < 0 ||
        setsockopt(r->receive_fd, SOL_PACKET, PACKET_IGNORE_OUTGOING, &on, sizeof(on)) < 0) {
        return -errno;
    }
    if ((result = map_socket(r->receive_fd, PACKET_RX_RING, r, &r->receive_map)) < 0) {
        return result;
    }
    return bind_socket(r->receive_fd, index, ETH_P_ALL);
}

int ring_open(struct ring **ret, const struct ring_config *c, struct err *e)
{
    struct ring *r = calloc(1, sizeof(*r));
    struct netif n;
    int result;

    if (r == NULL) {
        return err_set(e, -ENOMEM, "no memory for a packet ring");
    }
    r->send_fd = r->receive_fd = -1;
    r->frames = c->frames > 0 ? c->frames : (uint32_t)FRAMES_USUAL;
    r->mask = r->frames - 1;
    r->map_size = (size_t)r->frames * CHUNK_SIZE;
    result = netif_read(&n, c->interface, NULL);
    if (result == 0) {
        result = open_sending(r, &n);
    }
    if (result == 0 && c->filter != NULL) {
        result = open_receiving(r, n.index, c->filter);
    }
    if (result < 0) {
        ring_close(r);
        return err_set(e, result, "packet ring at %s: %s", c->interface,
                       result == -EPERM ? "not permitted: needs root, or CAP_NET_RAW"
                                        : strerror(-result));
    }
    *ret = r;
    return 0;
}

void ring_close(struct ring *r)
{
    if (r == NULL) {
        return;
    }
    if (r->send_map != NULL) {
        (void)munmap(r->send_map, r->map_size);
    }
    if (r->receive_map != NULL) {
        (void)munmap(r->receive_map, r->map_size);
    }
    if (r->send_fd >= 0) {
        close(r->send_fd);
    }
    if (r->receive_fd >= 0) {
        close(r->receive_fd);
    }
    free(r);
}

int ring_fd(const struct ring *r)
{
    return r->receive_fd;
}

/* ---- sending ---- */

static void step_over_sent(struct ring *r)
{
    while (r->send_done != r->send_next) {
        struct tpacket2_hdr *h = at(r->send_map, r, r->send_done);
        uint32_t status = status_of(h);

        if ((status & (TP_STATUS_SEND_REQUEST | TP_STATUS_SENDING)) != 0) {
            return;
        }
        r->send_done++;
    }
}

unsigned ring_reserve(struct ring *r, struct frame *f, unsigned n)
{
    step_over_sent(r);
    uint32_t idle = r->frames - (r->send_next - r->send_done);

    n = n < idle ? n : idle;
    for (unsigned i = 0; i < n; i++) {
        uint8_t *head = (uint8_t *)at(r->send_map, r, r->send_next + i);
        f[i] = (struct frame){.data = head + SEND_HEAD};
    }
    return n;
}

static void hand_over(struct ring *r, struct tpacket2_hdr *h, const struct frame *f)
{
    struct virtio_net_hdr *v = (struct virtio_net_hdr *)(void *)((uint8_t *)h + VIRTIO_AT);

    *v = (struct virtio_net_hdr){.hdr_len = (uint16_t)f->size};
    h->tp_len = f->size + (uint32_t)sizeof(*v);
    /* With a header of virtio's the kernel no longer looks at the MTU. */
    if (!frame_is_carried(f, r->longest)) {
        h->tp_len = CHUNK_SIZE; /* more than a frame has room for: the kernel steps over it */
        atomic_fetch_add_explicit(&r->too_long, 1, memory_order_relaxed);
    }
    set_status(h, TP_STATUS_SEND_REQUEST);
}

int ring_send(struct ring *r, const struct frame *f, unsigned n)
{
    for (unsigned i = 0; i < n; i++) {
        hand_over(r, at(r->send_map, r, r->send_next + i), &f[i]);
    }
    r->send_next += n;
    if (send(r->send_fd, NULL, 0, MSG_DONTWAIT) < 0) {
        int result = -errno;
        if (result == -ENETDOWN || result == -ENXIO || result == -ENODEV) {
            return result;
        }
    }
    return (int)n;
}

unsigned ring_waiting(struct ring *r)
{
    step_over_sent(r);
    return r->send_next - r->send_done;
}

/* ---- receiving ---- */

unsigned ring_receive(struct ring *r, struct frame *f, unsigned n)
{
    unsigned count = 0;

    while (count < n) {
        struct tpacket2_hdr *h = at(r->receive_map, r, r->receive_next);

        if (r->receive_next - r->receive_back == r->frames ||
            (status_of(h) & TP_STATUS_USER) == 0) {
            break;
        }
        f[count++] = (struct frame){(uint8_t *)h + h->tp_mac, h->tp_snaplen,
                                    (uint64_t)h->tp_sec * NS_PER_S + h->tp_nsec};
        r->receive_next++;
    }
    return count;
}

void ring_release(struct ring *r, unsigned n)
{
    for (unsigned i = 0; i < n; i++) {
        set_status(at(r->receive_map, r, r->receive_back++), TP_STATUS_KERNEL);
    }
}

/* ---- figures ---- */

int ring_read_counters(struct ring *r, struct ring_counters *ret)
{
    struct tpacket_stats s = {0};
    socklen_t size = sizeof(s);

    /* Reading makes the kernel begin again at 0. */
    if (r->receive_fd >= 0) {
        if (getsockopt(r->receive_fd, SOL_PACKET, PACKET_STATISTICS, &s, &size) < 0) {
            return -errno;
        }
        atomic_fetch_add_explicit(&r->drops, s.tp_drops, memory_order_relaxed);
    }
    ret->receive_drops = atomic_load_explicit(&r->drops, memory_order_relaxed);
    ret->too_long = atomic_load_explicit(&r->too_long, memory_order_relaxed);
    return 0;
}
