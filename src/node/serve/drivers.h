/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * drivers: what the node can run, the same view of every kind: for `describe`, checks of requests,
 * help and manual. Constant; any thread.
 */
#ifndef VAPERF_NODE_SERVE_DRIVERS_H
#define VAPERF_NODE_SERVE_DRIVERS_H

#include <stddef.h>

#include "base/err.h"
#include "base/json.h"
#include "base/opt.h"

enum driver_kind { DRIVER_WORKLOAD, DRIVER_APPLIANCE, DRIVER_BENCH, DRIVER_PROBE };
enum { DRIVER_KIND_COUNT = DRIVER_PROBE + 1 };

struct driver {
    const char *name, *summary;
    const struct opt *options; /* never NULL */
    size_t options_size;
    int (*supported)(struct err *e); /* NULL: always */
};

/* "workload", "appliance", "bench", "probe". */
const char *drivers_kind_name(enum driver_kind kind);
/* The i-th of a kind; -ENOENT past the last. */
int drivers_get(enum driver_kind kind, size_t i, struct driver *ret);
/* -EINVAL with the names there are, and the nearest one. */
int drivers_find(enum driver_kind kind, const char *name, struct driver *ret, struct err *e);
/* 0, or -ENOTSUP with the reason. */
int drivers_check_supported(const struct driver *d, struct err *e);

/* {"workload": [{name, summary, options, supported, reason, metrics, lacks}], "appliance": ...}.
 * Metrics: of workloads that tell what they measure. Lacks: {option: why it has only its default}.
 */
json_t *drivers_to_json(void);

#endif
