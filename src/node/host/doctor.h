/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * doctor: what this host can do for a measurement and what it cannot, each with its remedy. One
 * function and one line of a table a check. Reads /proc, /sys and the folders of programs below a
 * root, so that a test can give texts of its own; what only a system call tells is always this
 * host's. Blocks some 200 ms (the steal of right now), with QEMU and KVM some 100 ms more.
 */
#ifndef VAPERF_NODE_HOST_DOCTOR_H
#define VAPERF_NODE_HOST_DOCTOR_H

#include <stdint.h>

#include "base/json.h"

struct doctor_wants { /* what a load asks of its host, by default */
    uint64_t socket_buffer_bytes;
    double steal_pct; /* at most */
};

/* {"fit": bool, "checks": [{"name", "state", "found", "remedy"}]}. state: "good"; "weak": works
 * with less, or not all platforms do; "bad": no machine can be measured, so not fit; "unknown".
 * remedy is null where nothing is to be done. root: "" is this host. New reference. */
json_t *doctor_examine(const char *root, const struct doctor_wants *wants);

#endif
