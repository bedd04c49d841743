/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * probe: the contract of a source of samples. Targets are given to it; it looks for nothing by
 * itself. open keeps files open; sample is a few preads and no allocation. What a sample costs is
 * measured by the sampler (sampler.h), not here. One thread, the sampler's, after open.
 */
#ifndef VAPERF_NODE_PROBE_PROBE_H
#define VAPERF_NODE_PROBE_PROBE_H

#include "base/err.h"
#include "base/json.h"
#include "base/opt.h"
#include "rpc/sample.h"

struct probe_ops {
    const char *name;
    const char *summary;
    const struct opt
        *options; /* e.g. pid, comm filter, cgroup path, interface; may hold lists as "a,b" */
    size_t options_size;
    size_t state_size;
    int (*supported)(struct err *e); /* optional */
    int (*open)(void *state, const void *options, struct err *e);
    /* Declares columns; fixed after open. Returns how many (may exceed room: call again). */
    size_t (*columns)(const void *state, struct sample_column *ret, size_t room);
    /* Reads now. A target that went away gives NANs, not an error. */
    int (*sample)(void *state, uint64_t now_ns, double *ret_values, size_t count);
    void (*close)(void *state);
};

extern const struct probe_ops *const probe_registry[]; /* NULL-ended */
const struct probe_ops *probe_find(const char *name);

#endif
