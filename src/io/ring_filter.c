/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * ring_filter: see ring_filter.h. A VLAN tag is no longer in a frame when the filter sees it.
 */
#include "io/ring_filter.h"

#include <arpa/inet.h>
#include <assert.h>
#include <netinet/in.h>
#include <string.h>

enum {
    NET = ETH_HLEN,
    IP4_HEADER = 20,
    IP6_HEADER = 40,
    TAKE_ALL = 0x40000,
    TO_END = 0xff /* a jump that is filled in last */
};

struct code {
    struct sock_filter *at;
    unsigned count;
};

static void load(struct code *c, unsigned size, uint32_t offset)
{
    assert(c->count < RING_FILTER_MAX);
    c->at[c->count++] =
        (struct sock_filter){.code = (uint16_t)(BPF_LD | BPF_ABS | size), .k = offset};
}

/* Goes on when `op k` is as said, else the frame is not wanted. */
static void want(struct code *c, unsigned op, uint32_t k)
{
    assert(c->count < RING_FILTER_MAX);
    c->at[c->count++] =
        (struct sock_filter){.code = (uint16_t)(BPF_JMP | BPF_K | op), .jf = TO_END, .k = k};
}

static void want_not(struct code *c, unsigned op, uint32_t k)
{
    want(c, op, k);
    c->at[c->count - 1].jt = TO_END;
    c->at[c->count - 1].jf = 0;
}

static void want_address(struct code *c, uint32_t offset, const void *address, unsigned words)
{
    for (unsigned i = 0; i < words; i++) {
        uint32_t word;
        memcpy(&word, (const uint8_t *)address + 4 * i, sizeof(word));
        load(c, BPF_W, offset + 4 * i);
        want(c, BPF_JEQ, ntohl(word));
    }
}

static void want_ports(struct code *c, uint32_t offset, const struct frame_filter *f)
{
    load(c, BPF_H, offset);
    want(c, BPF_JGE, f->port_first);
    want_not(c, BPF_JGT, f->port_last);
    c->at[c->count++] = (struct sock_filter){.code = BPF_RET | BPF_K, .k = TAKE_ALL};
}

static void take_ip4(struct code *c, const struct frame_filter *f)
{
    const struct sockaddr_in *a = (const void *)&f->address;

    load(c, BPF_B, NET);
    want(c, BPF_JEQ, 0x45);
    load(c, BPF_B, NET + 9);
    want(c, BPF_JEQ, IPPROTO_UDP);
    load(c, BPF_H, NET + 6);
    want_not(c, BPF_JSET, 0x3fff);
    if (f->address.ss_family == AF_INET) {
        want_address(c, NET + 16, &a->sin_addr, 1);
    }
    want_ports(c, NET + IP4_HEADER + 2, f);
}

static void take_ip6(struct code *c, const struct frame_filter *f)
{
    const struct sockaddr_in6 *a = (const void *)&f->address;

    load(c, BPF_B, NET + 6);
    want(c, BPF_JEQ, IPPROTO_UDP);
    if (f->address.ss_family == AF_INET6) {
        want_address(c, NET + 24, &a->sin6_addr, 4);
    }
    want_ports(c, NET + IP6_HEADER + 2, f);
}

unsigned ring_filter_write(struct sock_filter code[RING_FILTER_MAX], const struct frame_filter *f)
{
    struct code c = {code, 0};
    unsigned end;

    memset(code, 0, RING_FILTER_MAX * sizeof(code[0]));
    if (f->address.ss_family != AF_INET6) {
        unsigned other;
        load(&c, BPF_H, 2 * ETH_ALEN);
        other = c.count;
        want(&c, BPF_JEQ, ETHERTYPE_IP);
        take_ip4(&c, f);
        code[other].jf = (uint8_t)(c.count - other - 1);
    }
    if (f->address.ss_family != AF_INET) {
        load(&c, BPF_H, 2 * ETH_ALEN);
        want(&c, BPF_JEQ, ETHERTYPE_IPV6);
        take_ip6(&c, f);
    }
    end = c.count++;
    code[end] = (struct sock_filter){.code = BPF_RET | BPF_K, .k = 0};
    for (unsigned i = 0; i < end; i++) {
        code[i].jt = code[i].jt == TO_END ? (uint8_t)(end - i - 1) : code[i].jt;
        code[i].jf = code[i].jf == TO_END ? (uint8_t)(end - i - 1) : code[i].jf;
    }
    return c.count;
}
