/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * far: the far end of tcp, udp and pingpong: listens, and serves any number of benches at once,
 * each in a thread of its own. It measures too: its figures go to the bench. Calls come from one
 * owner thread.
 */
#ifndef VAPERF_NODE_BENCH_FAR_H
#define VAPERF_NODE_BENCH_FAR_H

#include <stdint.h>
#include <sys/socket.h>

#include "base/err.h"

struct far;

/* "ADDRESS" (a free port) or "ADDRESS:PORT". */
int far_open(struct far **ret, const char *address, struct err *e);
void far_get_address(const struct far *f, struct sockaddr_storage *ret);
/* How many rounds were served to the end. */
uint64_t far_rounds(struct far *f);
void far_close(struct far *f); /* NULL-safe; breaks off what runs */

#endif
