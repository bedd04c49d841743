/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * compute: computing for a wanted time: arithmetic that a preempted thread still has to finish, not
 * waiting for a clock. Stands for any work (study C).
 */
#ifndef VAPERF_NODE_APPLIANCE_COMPUTE_H
#define VAPERF_NODE_APPLIANCE_COMPUTE_H

#include <stdint.h>

/* Rounds that take about one microsecond of this CPU, from the thread's own CPU time; the best of
 * several tries, about 20 ms of computing. */
double compute_calibrate(void);
/* Computes `rounds` rounds over the bytes; returns a value that depends on all of it. */
uint64_t compute_do(uint64_t rounds, const uint8_t *bytes, uint32_t size);

#endif
