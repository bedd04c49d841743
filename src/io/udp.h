/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * udp: sockets for measuring: large buffers whose real size is told, kernel receive timestamps,
 * and the kernel's own count of drops. One thread per socket.
 */
#ifndef VAPERF_IO_UDP_H
#define VAPERF_IO_UDP_H

#include <stddef.h>
#include <stdint.h>
#include <sys/socket.h>

enum udp_flag {
    UDP_TIMESTAMPS = 1, /* SO_TIMESTAMPNS: CLOCK_REALTIME in a control message */
    UDP_REUSE_PORT = 2  /* several sockets of one port: the kernel deals senders out */
};

struct udp_socket {
    int fd;                             /* non-blocking, close on exec */
    struct sockaddr_storage local;      /* with the port that was given */
    uint64_t receive_bytes, send_bytes; /* buffer sizes the kernel gave (its doubled figure) */
};

/* Binds to `local` (port 0: any). buffer_bytes 0: the system's default. -errno, nothing stays open.
 */
int udp_open(struct udp_socket *ret, const struct sockaddr_storage *local, uint64_t buffer_bytes,
             unsigned flags);
/* The same by one interface alone (NULL: any). */
int udp_open_by(struct udp_socket *ret, const char *interface, const struct sockaddr_storage *local,
                uint64_t buffer_bytes, unsigned flags);
/* An even port and the next one, for RTP and its RTCP (RFC 3550 clause 11). `local` has an even
 * port (-EINVAL: an odd one) or 0: any two. -errno, nothing stays open. */
int udp_open_pair(struct udp_socket *ret_even, struct udp_socket *ret_next,
                  const struct sockaddr_storage *local, uint64_t buffer_bytes, unsigned flags);
/* The buffers of an open socket, of any kind, both ways, into its sizes. */
void udp_set_buffers(struct udp_socket *s, uint64_t bytes);
void udp_close(struct udp_socket *s); /* NULL-safe, twice-safe */
/* From now on packets of one size from one sender may come as one (UDP_GRO); a kernel that cannot
 * do it gives them one by one. */
void udp_take_segments(const struct udp_socket *s);
/* The size of each in one that several came as (the last may be shorter); 0: it is one. */
size_t udp_segment_size(const struct msghdr *m);
/* Packets the receive queue dropped since the socket was opened (SO_MEMINFO). -errno. */
int64_t udp_drops(const struct udp_socket *s);
/* The kernel's receive time of a message, ns of CLOCK_REALTIME; 0: there is none. */
uint64_t udp_received_real_ns(const struct msghdr *m);

#endif
