/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * clock: time inside vaperf is uint64_t nanoseconds of CLOCK_MONOTONIC; wall time (CLOCK_REALTIME)
 * is for people and for joining hosts. Any thread.
 */
#ifndef VAPERF_BASE_CLOCK_H
#define VAPERF_BASE_CLOCK_H

#include <stddef.h>
#include <stdint.h>

#define NS_PER_US UINT64_C(1000)
#define NS_PER_MS UINT64_C(1000000)
#define NS_PER_S UINT64_C(1000000000)

uint64_t clock_now_ns(void);  /* CLOCK_MONOTONIC */
uint64_t clock_real_ns(void); /* CLOCK_REALTIME, since 1970 */
uint64_t clock_thread_cpu_ns(void);
uint64_t clock_process_cpu_ns(void);
/* Sleeps on absolute CLOCK_MONOTONIC. 0, or -EINTR when a signal came first. */
int clock_sleep_until(uint64_t when_ns);
/* realtime - monotonic, ns, from the tightest of `rounds` readings; uncertainty in ret (may be
 * NULL). */
int64_t clock_real_offset_ns(int rounds, uint64_t *ret_uncertainty_ns);
/* "2026-01-31T12:00:00.123Z" of wall ns. Returns `buffer`. */
const char *clock_format_real(uint64_t real_ns, char *buffer, size_t size);

#endif
