/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * registry: every appliance, one line each.
 */
#include <errno.h>
#include <string.h>

#include "node/appliance/appliance.h"

/* A new one is a line here. */
#define APPLIANCE_LIST(X) \
    X(external)           \
    X(kamailio)           \
    X(media)              \
    X(null)               \
    X(rtpengine)          \
    X(router)             \
    X(sip_uas)            \
    X(signalling)

#define DECLARE(name) extern const struct appliance_ops appliance_##name;
APPLIANCE_LIST(DECLARE)

#define REFER(name) &appliance_##name,
const struct appliance_ops *const appliance_registry[] = {APPLIANCE_LIST(REFER) NULL};

const struct appliance_ops *appliance_find(const char *name)
{
    for (size_t i = 0; appliance_registry[i] != NULL; i++) {
        if (strcmp(appliance_registry[i]->name, name) == 0) {
            return appliance_registry[i];
        }
    }
    return NULL;
}

int appliance_check_pairs(const struct appliance_ops *ops, struct err *e)
{
    return ops->endpoint_pairs != NULL
               ? 0
               : err_set(e, -EINVAL,
                         "appliance %s has no ports of their own for RTCP: rtcp_port: mux puts it "
                         "on RTP's",
                         ops->name);
}
