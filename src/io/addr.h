/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * addr: internet addresses as text ("10.0.0.1:5000", "[::1]:5000") and back. Pure; no name service.
 */
#ifndef VAPERF_IO_ADDR_H
#define VAPERF_IO_ADDR_H

#include <stddef.h>
#include <stdint.h>
#include <sys/socket.h>

enum { ADDR_TEXT_MAX = 64 };

/* "ADDRESS:PORT", or "ADDRESS" (port 0). -EINVAL. */
int addr_parse(struct sockaddr_storage *ret, const char *text);
const char *addr_format(const struct sockaddr_storage *a, char *buffer, size_t size);
/* The address alone, without brackets and port. */
const char *addr_format_host(const struct sockaddr_storage *a, char *buffer, size_t size);
socklen_t addr_size(const struct sockaddr_storage *a);
uint16_t addr_port(const struct sockaddr_storage *a);
void addr_set_port(struct sockaddr_storage *a, uint16_t port);

#endif
