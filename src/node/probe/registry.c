/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * registry: every probe, one line each.
 */
#include <string.h>

#include "node/probe/probe.h"

/* A new one is a line here. */
#define PROBE_LIST(X) \
    X(cgroup)         \
    X(host)           \
    X(netdev)         \
    X(null)           \
    X(process)        \
    X(scrape)

#define DECLARE(name) extern const struct probe_ops probe_##name;
PROBE_LIST(DECLARE)

#define REFER(name) &probe_##name,
const struct probe_ops *const probe_registry[] = {PROBE_LIST(REFER) NULL};

const struct probe_ops *probe_find(const char *name)
{
    for (size_t i = 0; probe_registry[i] != NULL; i++) {
        if (strcmp(probe_registry[i]->name, name) == 0) {
            return probe_registry[i];
        }
    }
    return NULL;
}
