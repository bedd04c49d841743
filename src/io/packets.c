/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * packets: see packets.h. Ways lie in a table with open addressing that never grows.
 */
#include "io/packets.h"

#include <errno.h>
#include <linux/filter.h>
#include <netinet/ether.h>
#include <netinet/in.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>

#include "io/addr.h"
#include "io/neighbour.h"
#include "io/packets_link.h"

enum { WAYS = 4096, WAYS_MOST = 3072, IP4_HEADERS = 28, IP6_HEADERS = 48 };

struct way {
    uint8_t address[16]; /* all zero: none */
    uint8_t mac[6];
};

struct packets {
    struct packets_link link;
    struct netif interface;
    struct frame_route route; /* to_mac: of the last packet */
    struct sockaddr_storage local;
    struct frame_template like; /* of the last packet, with the host it went to */
    struct sockaddr_storage like_to;
    uint32_t payload_max;
    bool has_next_hop;
    int down; /* what the last sending met: -ENETDOWN and its like */
    pthread_mutex_t ways_lock;
    const struct way *last;
    uint32_t way_count;
    struct way ways[WAYS];
    struct frame lent[PACKETS_BATCH_MAX];
    unsigned lent_count;
    _Atomic uint64_t malformed;
};

/* ---- opening ---- */

static int check_next_hop(const struct packets_config *c, struct err *e)
{
    struct ether_addr mac;

    if (c->next_hop != NULL && ether_aton_r(c->next_hop, &mac) == NULL) {
        return err_set(e, -EINVAL, "next_hop: '%s' is no hardware address (e.g. 02:00:00:00:00:01)",
                       c->next_hop);
    }
    return 0;
}

int packets_check(const struct packets_config *c, struct netif *ret, struct err *e)
{
    const char *name = c->kind == PACKETS_XDP ? "AF_XDP" : "a packet ring";
    char text[ADDR_TEXT_MAX];
    struct netif n;
    int result = check_next_hop(c, e);

    if (result < 0) {
        return result;
    }
    if (netif_find(&n, &c->local, e) < 0) {
        return err_set(e, -ENOTSUP,
                       "%s wants the address of one interface, and none here has %s: name it, or "
                       "use sockets",
                       name, addr_format(&c->local, text, sizeof(text)));
    }
    if ((n.flags & IFF_LOOPBACK) != 0) {
        return err_set(e, -ENOTSUP,
                       "%s: %s is of the loopback interface, by which no frame leaves: use "
                       "sockets, or the address of a real or veth interface",
                       name, addr_format(&c->local, text, sizeof(text)));
    }
    if ((n.flags & IFF_UP) == 0) {
        return err_set(e, -ENOTSUP, "%s: interface %s is down ('ip link set %s up')", name, n.name,
                       n.name);
    }
    if (ret != NULL) {
        *ret = n;
    }
    return 0;
}

static void fill(struct packets *p, const struct packets_config *c)
{
    struct ether_addr mac;

    p->local = c->local;
    p->route = (struct frame_route){.vlan = c->vlan, .priority = c->priority, .dscp = c->dscp};
    memcpy(p->route.from_mac, p->interface.mac, ETH_ALEN);
    if (c->next_hop != NULL && ether_aton_r(c->next_hop, &mac) != NULL) {
        memcpy(p->route.to_mac, mac.ether_addr_octet, ETH_ALEN);
        p->has_next_hop = true;
    }
    p->payload_max = p->interface.mtu - (c->local.ss_family == AF_INET6 ? (uint32_t)IP6_HEADERS
                                                                        : (uint32_t)IP4_HEADERS);
    if (p->payload_max > XSK_FRAME_MAX - FRAME_HEADERS_MAX) {
        p->payload_max = XSK_FRAME_MAX - FRAME_HEADERS_MAX;
    }
}

int packets_open(struct packets **ret, const struct packets_config *c, struct err *e)
{
    const struct frame_filter filter = {c->port_first, c->port_last, c->local};
    struct packets *p = calloc(1, sizeof(*p));
    int result;

    if (p == NULL) {
        return err_set(e, -ENOMEM, "no memory for packets");
    }
    const struct packets_link_config link = {c->kind, &p->interface, &filter, c->frames};
    result = packets_check(c, &p->interface, e);
    if (result < 0 || (result = packets_link_open(&p->link, &link, e)) < 0) {
        free(p);
        return result;
    }
    (void)pthread_mutex_init(&p->ways_lock, NULL);
    fill(p, c);
    *ret = p;
    return 0;
}

void packets_close(struct packets *p)
{
    if (p != NULL) {
        packets_link_close(&p->link);
        (void)pthread_mutex_destroy(&p->ways_lock);
        free(p);
    }
}

int packets_wait(const struct packets *p, int other_fd)
{
    return packets_link_wait(&p->link, other_fd);
}

const char *packets_how(const struct packets *p)
{
    return p->link.how;
}

uint64_t packets_memory_bytes(const struct packets *p)
{
    return p->link.memory_bytes;
}

/* ---- ways ---- */

static void key_of(uint8_t key[16], const struct sockaddr *to)
{
    if (to->sa_family == AF_INET6) {
        memcpy(key, &((const struct sockaddr_in6 *)(const void *)to)->sin6_addr, 16);
        return;
    }
    memset(key, 0, 16);
    key[10] = key[11] = 0xff; /* as IPv6 writes it (RFC 4291 §2.5.5.2) */
    memcpy(key + 12, &((const struct sockaddr_in *)(const void *)to)->sin_addr, 4);
}

static struct way *place_of(const struct packets *p, const uint8_t key[16])
{
    static const uint8_t none[16];
    uint32_t words[4], at;

    memcpy(words, key, sizeof(words));
    at = (words[0] ^ words[1] ^ words[2] ^ words[3]) * UINT32_C(2654435761) >> 16;
    for (;; at++) {
        const struct way *w = &p->ways[at % WAYS];
        if (memcmp(w->address, key, 16) == 0 || memcmp(w->address, none, 16) == 0) {
            return (struct way *)w;
        }
    }
}

static bool is_known(const struct way *w, const uint8_t key[16])
{
    return memcmp(w->address, key, 16) == 0;
}

static int learn(struct packets *p, const uint8_t key[16], const uint8_t *mac)
{
    struct way *w = place_of(p, key);

    if (!is_known(w, key)) {
        if (p->way_count == WAYS_MOST) {
            return -ENOBUFS;
        }
        memcpy(w->address, key, sizeof(w->address));
        p->way_count++;
        memcpy(w->mac, mac, sizeof(w->mac));
    }
    return 0;
}

int packets_add_way(struct packets *p, const struct sockaddr_storage *to, struct err *e)
{
    struct neighbour n;
    uint8_t key[16];
    bool known;
    int result;

    if (to->ss_family != p->local.ss_family) {
        return err_set(e, -EAFNOSUPPORT, "IPv4 and IPv6 addresses in one load");
    }
    key_of(key, (const struct sockaddr *)to);
    pthread_mutex_lock(&p->ways_lock);
    known = p->has_next_hop || is_known(place_of(p, key), key);
    pthread_mutex_unlock(&p->ways_lock);
    if (known) {
        return 0;
    }
    if ((result = neighbour_find(&n, p->interface.index, to, e)) < 0) {
        return result;
    }
    pthread_mutex_lock(&p->ways_lock);
    result = learn(p, key, n.mac);
    pthread_mutex_unlock(&p->ways_lock);
    return result < 0 ? err_set(e, result, "more than %d addresses to send to", WAYS_MOST) : 0;
}

static bool take_way(struct packets *p, const struct sockaddr *to)
{
    uint8_t key[16];

    if (p->has_next_hop) {
        return true;
    }
    key_of(key, to);
    if (p->last == NULL || !is_known(p->last, key)) {
        const struct way *w = place_of(p, key);
        if (!is_known(w, key)) {
            return false;
        }
        p->last = w;
        memcpy(p->route.to_mac, w->mac, ETH_ALEN);
    }
    return true;
}

/* ---- sending ---- */

static bool is_same_host(const struct sockaddr *a, const struct sockaddr *b)
{
    const struct sockaddr_in *a4 = (const void *)a, *b4 = (const void *)b;
    const struct sockaddr_in6 *a6 = (const void *)a, *b6 = (const void *)b;

    if (a->sa_family != b->sa_family) {
        return false;
    }
    return a->sa_family == AF_INET6 ? memcmp(&a6->sin6_addr, &b6->sin6_addr, 16) == 0
                                    : a4->sin_addr.s_addr == b4->sin_addr.s_addr;
}

/* Headers for all packets of one size to one host. */
static int prepare(struct packets *p, const struct packet_out *o)
{
    if (o->size > p->payload_max) {
        return -EMSGSIZE;
    }
    if (!take_way(p, o->to)) {
        return -EHOSTUNREACH;
    }
    frame_prepare_udp(&p->like, o->size, &p->route, (const void *)&p->local, o->to);
    memcpy(&p->like_to, o->to, addr_size((const void *)&p->local));
    return 0;
}

static int write_one(struct packets *p, const struct packet_out *o, struct frame *f)
{
    const struct sockaddr_in6 *six = (const void *)o->to;
    const struct sockaddr_in *four = (const void *)o->to;

    if (o->size != p->like.payload_size || !is_same_host((const void *)&p->like_to, o->to)) {
        int result = prepare(p, o);
        if (result < 0) {
            return result;
        }
    }
    f->size =
        frame_write_like(f->data, &p->like, o->from_port,
                         o->to->sa_family == AF_INET6 ? six->sin6_port : four->sin_port, o->data);
    return 0;
}

int packets_send(struct packets *p, const struct packet_out *out, unsigned n)
{
    struct frame f[PACKETS_BATCH_MAX];
    unsigned room, count = 0;
    int result;

    if (p->down < 0 && (p->down = packets_link_send(&p->link, NULL, 0)) < 0) {
        return p->down;
    }
    room = packets_link_reserve(&p->link, f, n < PACKETS_BATCH_MAX ? n : PACKETS_BATCH_MAX);
    result = room > 0 ? 0 : -EAGAIN;
    pthread_mutex_lock(&p->ways_lock);
    while (count < room && (result = write_one(p, &out[count], &f[count])) == 0) {
        count++;
    }
    pthread_mutex_unlock(&p->ways_lock);
    if (count == 0) {
        (void)packets_push(p);
        return result;
    }
    p->down = packets_link_send(&p->link, f, count); /* these wait in the ring until it is up */
    return (int)count;
}

unsigned packets_push(struct packets *p)
{
    unsigned waiting = packets_link_waiting(&p->link);

    if (waiting > 0) {
        (void)packets_link_send(&p->link, NULL, 0);
        waiting = packets_link_waiting(&p->link);
    }
    return waiting;
}

/* ---- receiving ---- */

/* Whence it came, for an answer. */
static void learn_from(struct packets *p, const struct frame *f,
                       const struct sockaddr_storage *from)
{
    uint8_t key[16];

    if (!p->has_next_hop) {
        key_of(key, (const struct sockaddr *)from);
        if (p->last == NULL || !is_known(p->last, key)) {
            (void)learn(p, key, f->data + ETH_ALEN); /* full: then it cannot be answered */
        }
    }
}

unsigned packets_receive(struct packets *p, struct packet_in *in, unsigned n)
{
    unsigned count = 0;

    p->lent_count =
        packets_link_receive(&p->link, p->lent, n < PACKETS_BATCH_MAX ? n : PACKETS_BATCH_MAX);
    if (p->lent_count == 0) {
        return 0;
    }
    pthread_mutex_lock(&p->ways_lock);
    for (unsigned i = 0; i < p->lent_count; i++) {
        const struct frame *f = &p->lent[i];

        if (frame_read_udp(f->data, f->size, &in[count].udp) < 0) {
            atomic_fetch_add_explicit(&p->malformed, 1, memory_order_relaxed);
            continue;
        }
        learn_from(p, f, &in[count].udp.from);
        in[count++].at_ns = f->at_ns;
    }
    pthread_mutex_unlock(&p->ways_lock);
    if (count == 0) {
        packets_release(p);
    }
    return count;
}

void packets_release(struct packets *p)
{
    packets_link_release(&p->link, p->lent, p->lent_count);
    p->lent_count = 0;
}

/* ---- figures ---- */

int64_t packets_drops(const struct packets *p)
{
    return packets_link_drops(&p->link);
}

int64_t packets_refused(const struct packets *p)
{
    return packets_link_refused(&p->link);
}

uint64_t packets_malformed(const struct packets *p)
{
    return atomic_load_explicit(&p->malformed, memory_order_relaxed);
}

int packets_hold(int fd)
{
    struct sock_filter nothing[] = {{.code = BPF_RET | BPF_K, .k = 0}};
    const struct sock_fprog program = {.len = 1, .filter = nothing};

    return setsockopt(fd, SOL_SOCKET, SO_ATTACH_FILTER, &program, sizeof(program)) < 0 ? -errno : 0;
}
