/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * oci_runtime: the command line of an OCI runtime (runc, crun, runsc, kata-runtime: create, start,
 * exec, update, kill, delete), and what a host needs for it. One thread.
 */
#ifndef VAPERF_CONTROL_PLATFORM_OCI_RUNTIME_H
#define VAPERF_CONTROL_PLATFORM_OCI_RUNTIME_H

#include "base/json.h"
#include "control/platform/settings.h"

struct oci_runtime {
    const struct host *host;
    const char *program; /* name or path */
    const char *node;    /* vaperf-node there: `rooted` */
    const char *root;    /* its state: STATE/oci/.root, apart from everyone else's containers */
};

/* 0, or -ENOTSUP with what is missing and the remedy. */
int oci_runtime_supported(const struct host *h, const char *program, struct err *e);

/* Bundle folders also hold what the runtime says: `log`, and the id of the first process: `pid`. */
int oci_runtime_create(const struct oci_runtime *rt, const char *id, const char *bundle,
                       struct err *e);
int oci_runtime_start(const struct oci_runtime *rt, const char *id, struct err *e);
int oci_runtime_update(const struct oci_runtime *rt, const char *id, const json_t *resources,
                       struct err *e);
/* SIGTERM, up to timeout_ns for its end, SIGKILL. One that has ended is fine. */
int oci_runtime_stop(const struct oci_runtime *rt, const char *id, const char *bundle,
                     uint64_t timeout_ns, struct err *e);
/* Whatever state it is in; one that is not there is fine. */
int oci_runtime_delete(const struct oci_runtime *rt, const char *id, struct err *e);

#endif
