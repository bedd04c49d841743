/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * oci_sweep: what killed runs left of containers and their networks. One thread.
 */
#ifndef VAPERF_CONTROL_PLATFORM_OCI_SWEEP_H
#define VAPERF_CONTROL_PLATFORM_OCI_SWEEP_H

#include <stdbool.h>

#include "base/err.h"
#include "control/platform/host.h"

/* As platform_ops.sweep. Each container is removed by the runtime that made it. */
int oci_sweep(const struct host *h, const void *options, bool dry,
              void (*told)(void *, const char *), void *told_arg, struct err *e);

#endif
