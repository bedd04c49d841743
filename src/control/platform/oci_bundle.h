/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * oci_bundle: what an OCI runtime is given: a folder with config.json and a root filesystem that
 * holds the static node, and a system's /usr and /etc where there is one. (OCI Runtime
 * Specification 1.0.) One thread.
 */
#ifndef VAPERF_CONTROL_PLATFORM_OCI_BUNDLE_H
#define VAPERF_CONTROL_PLATFORM_OCI_BUNDLE_H

#include "control/platform/settings.h"

struct oci_bundle {
    const char *dir;         /* STATE/oci/NAME */
    const char *mark, *name; /* a1b2c3, media */
    const char *node;        /* the static node on the host */
    const char *root;        /* whose /usr and /etc it sees, or NULL */
    const char *scratch;     /* folder of the host that it has as /var/tmp, made for it; or NULL */
    const char *netns;       /* "vaperf-a1b2c3-media" */
    enum cgroup_layout layout;
    const struct settings *settings;
    const char *runtime; /* written beside, for sweep */
    const char *more;    /* capabilities besides the usual ones: "sys_admin,chown"; or NULL */
};

/* {"cpu": {...}, "memory": {...}}: for config.json what is set; for `update` also the CPUs when
 * they are not (all_cpus), but no cpu.weight. New reference. */
enum oci_resources { OCI_RESOURCES_NEW, OCI_RESOURCES_LIVE };
json_t *oci_resources(const struct settings *s, enum cgroup_layout layout, enum oci_resources which,
                      const struct cpu_set *all_cpus);
json_t *oci_config(const struct oci_bundle *b);

/* Are they names of capabilities(7), in small letters without CAP_? NULL: fine. -EINVAL. */
int oci_check_capabilities(const char *more, struct err *e);

int oci_bundle_create(const struct host *h, const struct oci_bundle *b, struct err *e);
int oci_bundle_remove(const struct host *h, const char *dir, struct err *e);

#endif
