/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * virt_private: libvirt's own types, for this room alone.
 */
#ifndef VAPERF_CONTROL_VIRT_VIRT_PRIVATE_H
#define VAPERF_CONTROL_VIRT_VIRT_PRIVATE_H

#include <libvirt/libvirt.h>
#include <libvirt/virterror.h>

#include "base/json.h"
#include "control/virt/domain.h"
#include "control/virt/virt.h"

struct virt {
    virConnectPtr connection;
};

struct domain {
    virDomainPtr domain;
};

/* End of file, a hang-up, a socket that is closed, no answer to keep-alive: libvirt says so as an
 * error of its RPC, in several ways, and for a moment calls such a connection alive. What a daemon
 * answers comes with the domain of who failed there. */
bool virt_is_lost(const virError *said);

/* What libvirt said last in this thread, as our error; -EIO when it said nothing, -EPIPE when the
 * other end of the connection has gone or was never there. */
int virt_fail(struct err *e);

/* A record's parameters by libvirt's names. New reference. */
json_t *virt_record_to_json(const virDomainStatsRecord *record);

#endif
