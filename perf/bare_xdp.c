/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * bare_xdp: the limit that our own AF_XDP is held against: frames that were written once, sent
 * again and again, 64 a turn, by the kernel's own calls and nothing around them. Prints one JSON
 * line; its CPU time is taken by the one who started it. One thread.
 *
 *   bare_xdp INTERFACE TO_MAC FROM_ADDR TO_ADDR PORT COUNT SIZE PACKETS [BURST US]
 *       UDP with SIZE bytes of payload to COUNT ports from PORT on; or BURST packets every US
 *       microseconds
 */
#include <arpa/inet.h>
#include <errno.h>
#include <linux/if_xdp.h>
#include <net/if.h>
#include <netinet/ether.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#include "io/addr.h"
#include "io/frame.h"

enum { FRAMES = 4096, CHUNK = 2048, BURST = 64, BUSY_MS = 2000 };

struct ring {
    uint32_t *producer, *consumer;
    uint8_t *entries;
};

static uint8_t *memory;
static uint32_t frame_size;

static void fail(const char *what)
{
    fprintf(stderr, "bare_xdp: %s: %s\n", what, strerror(errno));
    exit(3);
}

static struct ring map(int fd, const struct xdp_ring_offset *at, size_t entry, off_t where)
{
    uint8_t *base = mmap(NULL, at->desc + FRAMES * entry, PROT_READ | PROT_WRITE,
                         MAP_SHARED | MAP_POPULATE, fd, where);
    if (base == MAP_FAILED) {
        fail("mmap");
    }
    return (struct ring){(void *)(base + at->producer), (void *)(base + at->consumer),
                         base + at->desc};
}

static void set(int fd, int option, const void *value, socklen_t size)
{
    if (setsockopt(fd, SOL_XDP, option, value, size) < 0) {
        fail("setsockopt");
    }
}

static int open_socket(const char *interface, struct ring *out, struct ring *back)
{
    struct sockaddr_xdp at = {
        .sxdp_family = AF_XDP, .sxdp_flags = XDP_COPY, .sxdp_ifindex = if_nametoindex(interface)};
    struct xdp_umem_reg reg = {.len = (uint64_t)FRAMES * CHUNK, .chunk_size = CHUNK};
    struct xdp_mmap_offsets offsets;
    socklen_t size = sizeof(offsets);
    int fd = socket(AF_XDP, SOCK_RAW, 0), frames = FRAMES, buffer = 32 << 20;

    memory = mmap(NULL, reg.len, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_POPULATE,
                  -1, 0);
    if (fd < 0 || memory == MAP_FAILED) {
        fail("AF_XDP");
    }
    reg.addr = (uint64_t)(uintptr_t)memory;
    set(fd, XDP_UMEM_REG, &reg, sizeof(reg));
    set(fd, XDP_UMEM_FILL_RING, &frames, sizeof(frames));
    set(fd, XDP_UMEM_COMPLETION_RING, &frames, sizeof(frames));
    set(fd, XDP_TX_RING, &frames, sizeof(frames));
    (void)setsockopt(fd, SOL_SOCKET, SO_SNDBUFFORCE, &buffer, sizeof(buffer));
    if (getsockopt(fd, SOL_XDP, XDP_MMAP_OFFSETS, &offsets, &size) < 0) {
        fail("getsockopt");
    }
    *out = map(fd, &offsets.tx, sizeof(struct xdp_desc), XDP_PGOFF_TX_RING);
    *back = map(fd, &offsets.cr, sizeof(uint64_t), (off_t)XDP_UMEM_PGOFF_COMPLETION_RING);
    /* The kernel lets go of a queue some time after its last socket was closed. */
    for (int i = 0; bind(fd, (struct sockaddr *)&at, sizeof(at)) < 0; i++) {
        if (errno != EBUSY || i == BUSY_MS) {
            fail("bind");
        }
        usleep(1000);
    }
    return fd;
}

static void write_frames(char *argv[])
{
    const struct ether_addr *mac = ether_aton(argv[2]);
    struct frame_route route = {.vlan = FRAME_NO_VLAN, .from_mac = {2}};
    struct sockaddr_storage from, to;
    int port = atoi(argv[5]), count = atoi(argv[6]);

    if (mac == NULL || addr_parse(&from, argv[3]) < 0 || addr_parse(&to, argv[4]) < 0 ||
        count < 1) {
        errno = EINVAL;
        fail("arguments");
    }
    memcpy(route.to_mac, mac->ether_addr_octet, sizeof(route.to_mac));
    addr_set_port(&from, 9999);
    for (int i = 0; i < FRAMES; i++) {
        addr_set_port(&to, (uint16_t)(port + i % count));
        frame_size = frame_write_udp(memory + (size_t)i * CHUNK, (uint32_t)atoi(argv[7]), &route,
                                     (const void *)&from, (const void *)&to);
    }
}

static void put(const struct ring *out, uint32_t first, uint32_t n)
{
    for (uint32_t i = first; i < first + n; i++) {
        struct xdp_desc d = {.addr = (uint64_t)(i % FRAMES) * CHUNK, .len = frame_size};
        memcpy(out->entries + i % FRAMES * sizeof(d), &d, sizeof(d));
    }
    __atomic_store_n(out->producer, first + n, __ATOMIC_RELEASE);
}

static void sleep_a_period(struct timespec *next, long period_ns)
{
    if (next->tv_sec == 0) {
        clock_gettime(CLOCK_MONOTONIC, next);
    }
    next->tv_nsec += period_ns;
    if (next->tv_nsec >= 1000000000) {
        next->tv_nsec -= 1000000000;
        next->tv_sec++;
    }
    clock_nanosleep(CLOCK_MONOTONIC, TIMER_ABSTIME, next, NULL);
}

int main(int argc, char *argv[])
{
    struct ring out, back;
    struct timespec wake = {0};
    uint32_t sent = 0, packets, burst = BURST;
    long dropped = 0, period_us = 0;
    int fd;

    if (argc != 9 && argc != 11) {
        fprintf(stderr, "usage: bare_xdp INTERFACE TO_MAC FROM TO PORT COUNT SIZE PACKETS "
                        "[BURST US]\n");
        return 2;
    }
    packets = (uint32_t)atol(argv[8]);
    if (argc == 11) {
        burst = (uint32_t)atoi(argv[9]);
        period_us = atol(argv[10]);
    }
    fd = open_socket(argv[1], &out, &back);
    write_frames(argv);
    for (; sent < packets; sent += burst) {
        put(&out, sent, burst);
        while (__atomic_load_n(out.consumer, __ATOMIC_ACQUIRE) != sent + burst) {
            if (sendto(fd, NULL, 0, MSG_DONTWAIT, NULL, 0) < 0 && errno == EBUSY) {
                dropped++;
            }
        }
        __atomic_store_n(back.consumer, __atomic_load_n(back.producer, __ATOMIC_ACQUIRE),
                         __ATOMIC_RELEASE);
        if (period_us > 0) {
            sleep_a_period(&wake, period_us * 1000);
        }
    }
    printf("{\"packets\": %u, \"dropped\": %ld}\n", sent, dropped);
    return 0;
}
