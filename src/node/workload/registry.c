/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * registry: every workload, one line each.
 */
#include <string.h>

#include "node/load/workload.h"

/* A new one is a line here. */
#define WORKLOAD_LIST(X) \
    X(flow)              \
    X(null)              \
    X(rtp)               \
    X(sip)

#define DECLARE(name) extern const struct workload_ops workload_##name;
WORKLOAD_LIST(DECLARE)

#define REFER(name) &workload_##name,
const struct workload_ops *const workload_registry[] = {WORKLOAD_LIST(REFER) NULL};

const struct workload_ops *workload_find(const char *name)
{
    for (size_t i = 0; workload_registry[i] != NULL; i++) {
        if (strcmp(workload_registry[i]->name, name) == 0) {
            return workload_registry[i];
        }
    }
    return NULL;
}
