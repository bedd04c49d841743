/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * flow_frame: Ethernet, IPv4 (RFC 791) or IPv6 (RFC 8200) and UDP (RFC 768) before a payload. The
 * UDP checksum is left out (0): a router does not look at it, and the send time is written after
 * all else. Pure.
 */
#include <netinet/in.h>
#include <string.h>

#include "node/codec/wire.h"
#include "node/workload/flow.h"

enum {
    TYPE_IPV4 = 0x0800,
    TYPE_IPV6 = 0x86dd,
    HOPS = 64,
    PROTOCOL_UDP = 17,
    AT_TYPE = 12,
    AT_IP = FLOW_ETHERNET,
    AT_V4_LENGTH = AT_IP + 2,
    AT_V4_CHECKSUM = AT_IP + 10,
    AT_V6_LENGTH = AT_IP + 4
};

uint32_t flow_headers_size(int family)
{
    return FLOW_ETHERNET + FLOW_UDP + (family == AF_INET6 ? FLOW_IPV6 : FLOW_IPV4);
}

/* RFC 1071, of `size` bytes, size even. */
static uint32_t sum_words(const uint8_t *at, uint32_t size)
{
    uint32_t sum = 0;
    for (uint32_t i = 0; i < size; i += 2) {
        sum += (uint32_t)at[i] << 8 | at[i + 1];
    }
    return sum;
}

/* The length and the checksum are of flow_frame_write; until then the checksum's place has the sum
 * of all else, folded. */
static void prepare_ipv4(uint8_t *ip, const struct workload_ports *ports,
                         const struct sockaddr_storage *to)
{
    const struct sockaddr_in *from = (const void *)&ports->out.address;
    const struct sockaddr_in *in = (const void *)to;
    uint32_t sum;

    ip[0] = 0x45;
    ip[6] = 0x40; /* do not fragment */
    ip[8] = HOPS;
    ip[9] = PROTOCOL_UDP;
    memcpy(ip + 12, &from->sin_addr, 4);
    memcpy(ip + 16, &in->sin_addr, 4);
    sum = sum_words(ip, FLOW_IPV4);
    sum = (sum & 0xffff) + (sum >> 16);
    wire_put16(ip + 10, (uint16_t)((sum & 0xffff) + (sum >> 16)));
}

/* From a unique local address (RFC 4193) that ends in our IPv4 one. */
static void prepare_ipv6(uint8_t *ip, const struct workload_ports *ports,
                         const struct sockaddr_storage *to)
{
    const struct sockaddr_in *from = (const void *)&ports->out.address;
    const struct sockaddr_in6 *in = (const void *)to;

    ip[0] = 0x60;
    ip[6] = PROTOCOL_UDP;
    ip[7] = HOPS;
    ip[8] = 0xfd;
    memcpy(ip + 20, &from->sin_addr, 4);
    memcpy(ip + 24, &in->sin6_addr, 16);
}

void flow_frame_prepare(uint8_t headers[FLOW_HEADERS_MAX], const struct workload_ports *ports,
                        const struct sockaddr_storage *to, uint16_t port)
{
    const bool is_v6 = to->ss_family == AF_INET6;
    uint8_t *udp = headers + flow_headers_size(to->ss_family) - FLOW_UDP;

    memset(headers, 0, FLOW_HEADERS_MAX);
    memcpy(headers, ports->next_hop, LINK_MAC_SIZE);
    memcpy(headers + LINK_MAC_SIZE, ports->out.mac, LINK_MAC_SIZE);
    wire_put16(headers + AT_TYPE, is_v6 ? TYPE_IPV6 : TYPE_IPV4);
    if (is_v6) {
        prepare_ipv6(headers + AT_IP, ports, to);
    } else {
        prepare_ipv4(headers + AT_IP, ports, to);
    }
    wire_put16(udp, port);
    wire_put16(udp + 2, port);
}

uint32_t flow_frame_write(uint8_t *frame, const uint8_t headers[FLOW_HEADERS_MAX], uint32_t size)
{
    const bool is_v6 = headers[AT_TYPE] == TYPE_IPV6 >> 8;
    const uint32_t before = flow_headers_size(is_v6 ? AF_INET6 : AF_INET);

    memcpy(frame, headers, before);
    wire_put16(frame + before - FLOW_UDP + 4, (uint16_t)(size - before + FLOW_UDP));
    if (is_v6) {
        wire_put16(frame + AT_V6_LENGTH, (uint16_t)(size - before + FLOW_UDP));
    } else {
        uint32_t sum = wire_get16(frame + AT_V4_CHECKSUM) + size - FLOW_ETHERNET;
        sum = (sum & 0xffff) + (sum >> 16);
        wire_put16(frame + AT_V4_LENGTH, (uint16_t)(size - FLOW_ETHERNET));
        wire_put16(frame + AT_V4_CHECKSUM, (uint16_t)~sum);
    }
    return before;
}

const uint8_t *flow_frame_payload(const uint8_t *frame, uint32_t size, uint32_t *ret_size)
{
    uint32_t before = flow_headers_size(AF_INET);

    if (size < before) {
        return NULL;
    }
    if (wire_get16(frame + AT_TYPE) == TYPE_IPV6) {
        before = flow_headers_size(AF_INET6);
        if (size < before || frame[AT_IP + 6] != PROTOCOL_UDP) {
            return NULL;
        }
    } else if (wire_get16(frame + AT_TYPE) != TYPE_IPV4 || frame[AT_IP] != 0x45 ||
               frame[AT_IP + 9] != PROTOCOL_UDP) {
        return NULL;
    }
    *ret_size = size - before;
    return frame + before;
}
