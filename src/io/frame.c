/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * frame: see frame.h. Pure.
 */
#include "io/frame.h"

#include <arpa/inet.h>
#include <errno.h>
#include <netinet/in.h>
#include <netinet/ip.h>
#include <string.h>

enum {
    IP4_SIZE = 20,
    IP6_SIZE = 40,
    HEADERS_LEAST = ETH_HLEN + IP4_SIZE + FRAME_UDP_SIZE,
    IP_HOPS = 64,
    TYPES_END = ETH_HLEN,
    IP4_PROTOCOL = 9,
    IP4_CHECKSUM = 10,
    UDP_CHECKSUM = 6
};

static void put16(uint8_t *at, uint32_t v)
{
    at[0] = (uint8_t)(v >> 8);
    at[1] = (uint8_t)v;
}

static uint32_t get16(const uint8_t *at)
{
    return (uint32_t)at[0] << 8 | at[1];
}

/* Sums in the machine's order: the folded sum is the same after one swap (RFC 1071 §2 B). */
uint64_t frame_checksum_add(uint64_t sum, const void *data, size_t size)
{
    const uint8_t *at = data;

    for (; size >= 16; at += 16, size -= 16) {
        uint64_t words[2];
        memcpy(words, at, sizeof(words));
        sum +=
            (words[0] & UINT32_MAX) + (words[0] >> 32) + (words[1] & UINT32_MAX) + (words[1] >> 32);
    }
    for (; size >= 4; at += 4, size -= 4) {
        uint32_t word;
        memcpy(&word, at, sizeof(word));
        sum += word;
    }
    if (size > 0) {
        uint32_t word = 0;
        memcpy(&word, at, size);
        sum += word;
    }
    return sum;
}

uint16_t frame_checksum_fold(uint64_t sum)
{
    while (sum >> 16 != 0) {
        sum = (sum & 0xffff) + (sum >> 16);
    }
    return (uint16_t)~sum;
}

static uint32_t ip_size(int family)
{
    return family == AF_INET6 ? IP6_SIZE : IP4_SIZE;
}

static uint32_t link_size(const struct frame_route *r)
{
    return ETH_HLEN + (r->vlan != FRAME_NO_VLAN ? (uint32_t)FRAME_VLAN_SIZE : 0u);
}

uint32_t frame_headers_size(const struct frame_route *r, int family)
{
    return link_size(r) + ip_size(family) + FRAME_UDP_SIZE;
}

static uint8_t *write_link(uint8_t *data, const struct frame_route *r, int family)
{
    uint8_t *at = data + 2 * ETH_ALEN;

    memcpy(data, r->to_mac, ETH_ALEN);
    memcpy(data + ETH_ALEN, r->from_mac, ETH_ALEN);
    if (r->vlan != FRAME_NO_VLAN) {
        put16(at, ETHERTYPE_VLAN);
        put16(at + 2, (uint32_t)r->priority << 13 | ((uint32_t)r->vlan & 0xfff));
        at += FRAME_VLAN_SIZE;
    }
    put16(at, family == AF_INET6 ? ETHERTYPE_IPV6 : ETHERTYPE_IP);
    return at + 2;
}

static void write_ip4(uint8_t *ip, uint32_t size, const struct frame_route *r,
                      const struct sockaddr_in *from, const struct sockaddr_in *to)
{
    uint16_t checksum;

    memset(ip, 0, IP4_SIZE);
    ip[0] = 0x45;
    ip[1] = (uint8_t)(r->dscp << 2);
    put16(ip + 2, IP4_SIZE + size);
    put16(ip + 6, IP_DF);
    ip[8] = r->hops != 0 ? r->hops : IP_HOPS;
    ip[IP4_PROTOCOL] = IPPROTO_UDP;
    memcpy(ip + 12, &from->sin_addr, 4);
    memcpy(ip + 16, &to->sin_addr, 4);
    checksum = frame_checksum_fold(frame_checksum_add(0, ip, IP4_SIZE));
    memcpy(ip + IP4_CHECKSUM, &checksum, sizeof(checksum));
}

static void write_ip6(uint8_t *ip, uint32_t size, const struct frame_route *r,
                      const struct sockaddr_in6 *from, const struct sockaddr_in6 *to)
{
    ip[0] = (uint8_t)(0x60 | r->dscp >> 2);
    ip[1] = (uint8_t)(r->dscp << 6);
    ip[2] = ip[3] = 0;
    put16(ip + 4, size);
    ip[6] = IPPROTO_UDP;
    ip[7] = r->hops != 0 ? r->hops : IP_HOPS;
    memcpy(ip + 8, &from->sin6_addr, 16);
    memcpy(ip + 24, &to->sin6_addr, 16);
}

static uint16_t port_of(const struct sockaddr *a)
{
    return a->sa_family == AF_INET6 ? ((const struct sockaddr_in6 *)(const void *)a)->sin6_port
                                    : ((const struct sockaddr_in *)(const void *)a)->sin_port;
}

void frame_prepare_udp(struct frame_template *ret, uint32_t size, const struct frame_route *r,
                       const struct sockaddr *from, const struct sockaddr *to)
{
    const uint32_t udp_size = FRAME_UDP_SIZE + size;
    uint8_t *ip = write_link(ret->headers, r, to->sa_family), *udp = ip + ip_size(to->sa_family);
    uint64_t addresses;

    if (to->sa_family == AF_INET6) {
        write_ip6(ip, udp_size, r, (const void *)from, (const void *)to);
        addresses = frame_checksum_add(0, ip + 8, 32);
    } else {
        write_ip4(ip, udp_size, r, (const void *)from, (const void *)to);
        addresses = frame_checksum_add(0, ip + 12, 8);
    }
    memset(udp, 0, FRAME_UDP_SIZE);
    put16(udp + 4, udp_size);
    ret->headers_size = frame_headers_size(r, to->sa_family);
    ret->payload_size = size;
    /* The size is in the header and in the pseudo header. */
    ret->sum = addresses + (uint64_t)htons(IPPROTO_UDP) + 2 * (uint64_t)htons((uint16_t)udp_size);
}

uint32_t frame_write_like(uint8_t *data, const struct frame_template *t, uint16_t from_port,
                          uint16_t to_port, const void *payload)
{
    uint8_t *at = data + t->headers_size, *udp = at - FRAME_UDP_SIZE;
    const uint64_t sum = frame_checksum_add(t->sum + from_port + to_port, payload, t->payload_size);
    uint16_t checksum = frame_checksum_fold(sum);

    checksum = checksum == 0 ? 0xffff : checksum; /* RFC 768: 0 says that there is none */
    memcpy(data, t->headers, HEADERS_LEAST);
    if (t->headers_size > HEADERS_LEAST) {
        memcpy(data + HEADERS_LEAST, t->headers + HEADERS_LEAST, t->headers_size - HEADERS_LEAST);
    }
    memcpy(udp, &from_port, sizeof(from_port));
    memcpy(udp + 2, &to_port, sizeof(to_port));
    memcpy(udp + UDP_CHECKSUM, &checksum, sizeof(checksum));
    if (payload != at) {
        memcpy(at, payload, t->payload_size);
    }
    return t->headers_size + t->payload_size;
}

uint32_t frame_write_udp(uint8_t *data, uint32_t size, const struct frame_route *r,
                         const struct sockaddr *from, const struct sockaddr *to)
{
    struct frame_template t;

    frame_prepare_udp(&t, size, r, from, to);
    return frame_write_like(data, &t, port_of(from), port_of(to), data + t.headers_size);
}

static int read_payload(const uint8_t *udp, uint32_t room, struct frame_udp *ret)
{
    uint32_t size;

    if (room < FRAME_UDP_SIZE || (size = get16(udp + 4)) < FRAME_UDP_SIZE || size > room) {
        return -EBADMSG;
    }
    ret->payload = udp + FRAME_UDP_SIZE;
    ret->size = size - FRAME_UDP_SIZE;
    return 0;
}

static int read_ip4(const uint8_t *ip, uint32_t room, struct frame_udp *ret)
{
    struct sockaddr_in *from = (void *)&ret->from, *to = (void *)&ret->to;
    uint32_t size;
    int result;

    if (room < IP4_SIZE || ip[0] >> 4 != 4) {
        return -EBADMSG;
    }
    if (ip[0] != 0x45 || ip[IP4_PROTOCOL] != IPPROTO_UDP || (get16(ip + 6) & 0x3fff) != 0) {
        return -EPROTONOSUPPORT;
    }
    size = get16(ip + 2);
    if (size < IP4_SIZE || size > room ||
        frame_checksum_fold(frame_checksum_add(0, ip, IP4_SIZE)) != 0) {
        return -EBADMSG;
    }
    if ((result = read_payload(ip + IP4_SIZE, size - IP4_SIZE, ret)) < 0) {
        return result;
    }
    from->sin_family = to->sin_family = AF_INET;
    memcpy(&from->sin_addr, ip + 12, 4);
    memcpy(&to->sin_addr, ip + 16, 4);
    memcpy(&from->sin_port, ip + IP4_SIZE, 2);
    memcpy(&to->sin_port, ip + IP4_SIZE + 2, 2);
    return 0;
}

static int read_ip6(const uint8_t *ip, uint32_t room, struct frame_udp *ret)
{
    struct sockaddr_in6 *from = (void *)&ret->from, *to = (void *)&ret->to;
    uint32_t size;
    int result;

    if (room < IP6_SIZE || ip[0] >> 4 != 6) {
        return -EBADMSG;
    }
    if (ip[6] != IPPROTO_UDP) {
        return -EPROTONOSUPPORT;
    }
    size = get16(ip + 4);
    if (size > room - IP6_SIZE) {
        return -EBADMSG;
    }
    if ((result = read_payload(ip + IP6_SIZE, size, ret)) < 0) {
        return result;
    }
    from->sin6_family = to->sin6_family = AF_INET6;
    memcpy(&from->sin6_addr, ip + 8, 16);
    memcpy(&to->sin6_addr, ip + 24, 16);
    memcpy(&from->sin6_port, ip + IP6_SIZE, 2);
    memcpy(&to->sin6_port, ip + IP6_SIZE + 2, 2);
    return 0;
}

int frame_read_udp(const uint8_t *data, uint32_t size, struct frame_udp *ret)
{
    uint32_t at = TYPES_END, type;
    struct frame_udp u;
    int result;

    if (size < TYPES_END + FRAME_VLAN_SIZE) {
        return -EBADMSG;
    }
    type = get16(data + 2 * ETH_ALEN);
    if (type == ETHERTYPE_VLAN) {
        type = get16(data + at + 2);
        at += FRAME_VLAN_SIZE;
    }
    if (type != ETHERTYPE_IP && type != ETHERTYPE_IPV6) {
        return -EPROTONOSUPPORT;
    }
    memset(&u, 0, sizeof(u));
    result = type == ETHERTYPE_IP ? read_ip4(data + at, size - at, &u)
                                  : read_ip6(data + at, size - at, &u);
    if (result == 0) {
        *ret = u;
    }
    return result;
}

bool frame_is_carried(const struct frame *f, uint32_t longest)
{
    return f->size <= longest || (f->size <= longest + FRAME_VLAN_SIZE &&
                                  get16(f->data + 2 * ETH_ALEN) == ETHERTYPE_VLAN);
}
