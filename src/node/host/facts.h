/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * facts: everything about a host that someone needs to repeat a measurement on it: what is absent
 * is null, never invented. Reads files of /proc and /sys; any thread.
 */
#ifndef VAPERF_NODE_HOST_FACTS_H
#define VAPERF_NODE_HOST_FACTS_H

#include "base/json.h"

/* {"hostname", "kernel", "cpu_model", "cpus_online", "governor": {...}, "mitigations": {...}, ...}.
 * New reference. */
json_t *facts_collect(const char *program_version);

#endif
