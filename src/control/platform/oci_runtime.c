/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * oci_runtime: one process for each verb; they take some tens of milliseconds. The first process of
 * a container gets no pipe of ours: it would outlive us. One thread.
 */
#include "control/platform/oci_runtime.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "base/str.h"

#define RUNTIME_TIMEOUT_NS (60 * NS_PER_S)

static const char *base_name(const char *path)
{
    const char *slash = strrchr(path, '/');
    return slash != NULL ? slash + 1 : path;
}

static const char *package_of(const char *program)
{
    const char *name = base_name(program);
    if (strcmp(name, "runc") == 0 || strcmp(name, "crun") == 0)
        return name;
    return NULL; /* Debian has none: its own makers' */
}

static int check_runtime(const struct host *h, const char *program, struct err *e)
{
    if (host_has_program(h, program))
        return 0;
    const char *package = package_of(program);
    if (package != NULL)
        return err_set(e, -ENOTSUP, "platform oci: %s is not installed on host %s: apt install %s",
                       program, h->name, package);
    return err_set(e, -ENOTSUP,
                   "platform oci: no runtime '%s' on host %s: install it from its makers, or take "
                   "runtime runc (apt install runc)",
                   program, h->name);
}

/* crun takes a mounted /sys/fs/cgroup/unified for the whole story and fails to make its group. */
static int check_cgroup(const struct settings_scale *scale, const char *program, struct err *e)
{
    if (scale->layout == CGROUP_NONE)
        return err_set(e, -ENOTSUP,
                       "platform oci: no cpu controller under /sys/fs/cgroup: mount "
                       "cgroups (cgroup2, or one mount a controller)");
    if (scale->layout == CGROUP_V1 && scale->hybrid && strcmp(base_name(program), "crun") == 0)
        return err_set(e, -ENOTSUP,
                       "platform oci: crun cannot work beside a mounted /sys/fs/cgroup/unified "
                       "(hybrid cgroups): take runtime runc, or run vaperf where it is not mounted "
                       "(unshare -m, then umount /sys/fs/cgroup/unified)");
    return 0;
}

int oci_runtime_supported(const struct host *h, const char *program, struct err *e)
{
    struct settings_scale scale = {0};
    int r = host_check_uri(h->uri, e);
    if (r == 0)
        r = settings_scale_load(h, &scale, e);
    if (r < 0)
        return r;
    if (!scale.is_root)
        return err_set(e, -ENOTSUP,
                       "platform oci needs root on host %s, for namespaces, bridges "
                       "and cgroups: run vaperf with sudo",
                       h->name);
    r = check_runtime(h, program, e);
    if (r < 0)
        return r;
    if (!host_has_program(h, "ip"))
        return err_set(e, -ENOTSUP,
                       "platform oci: ip is not installed on host %s: apt install "
                       "iproute2",
                       h->name);
    return check_cgroup(&scale, program, e);
}

/* $1 log, then the words. What it said last is the message, without logrus' time and level. */
static const char logged_script[] = "log=$1; shift\n"
                                    "\"$@\" </dev/null >\"$log\" 2>&1 && exit 0\n"
                                    "tail -n 1 \"$log\" | sed 's/^time=.* msg=//' >&2; exit 1";

int oci_runtime_create(const struct oci_runtime *rt, const char *id, const char *bundle,
                       struct err *e)
{
    char log[512], pid[512];
    str_printf(log, sizeof log, "%s/log", bundle);
    str_printf(pid, sizeof pid, "%s/pid", bundle);
    const char *args[] = {log,      rt->node, "rooted",   rt->program, "--root",
                          rt->root, "create", "--bundle", bundle,      "--pid-file",
                          pid,      id,       NULL};
    return host_sh(rt->host, logged_script, args, NULL, e);
}

static int run_verb(const struct oci_runtime *rt, const char *const verb[], const char *input,
                    struct err *e)
{
    const char *words[16] = {rt->program, "--root", rt->root};
    size_t n = 3;
    for (size_t i = 0; verb[i] != NULL && n < 15; i++)
        words[n++] = verb[i];
    int r = host_run(rt->host, (char *const *)(void *)words, input, NULL, RUNTIME_TIMEOUT_NS, e);
    return r > 0 ? -EIO : r;
}

int oci_runtime_start(const struct oci_runtime *rt, const char *id, struct err *e)
{
    const char *verb[] = {"start", id, NULL};
    return run_verb(rt, verb, NULL, e);
}

int oci_runtime_update(const struct oci_runtime *rt, const char *id, const json_t *resources,
                       struct err *e)
{
    const char *verb[] = {"update", "--resources", "-", id, NULL};
    char *text = json_dumps(resources, JSON_COMPACT);
    if (text == NULL)
        return err_set(e, -ENOMEM, "out of memory");
    int r = run_verb(rt, verb, text, e);
    free(text);
    return r;
}

/* $1 pid file, $2 rounds of 20 ms, then the runtime, root, id. A process that waits for its parent
 * (Z) has ended. */
static const char stop_script[] =
    "[ -s \"$1\" ] || exit 0; pid=$(cat \"$1\")\n"
    "lives() { s=$(cut -d' ' -f3 /proc/$pid/stat 2>/dev/null) || return 1\n"
    "  [ \"$s\" != Z ] && [ \"$s\" != X ]; }\n"
    "wait_end() { i=0; while lives; do [ $i -lt $1 ] || return 1\n"
    "  i=$((i+1)); sleep 0.02; done; }\n"
    "lives || exit 0\n"
    "if [ $2 -gt 0 ]; then \"$3\" --root \"$4\" kill \"$5\" TERM 2>/dev/null || :\n"
    "  ! wait_end $2 || exit 0; fi\n"
    "\"$3\" --root \"$4\" kill \"$5\" KILL || lives || exit 0\n"
    "wait_end 500 || { echo \"process $pid does not end\" >&2; exit 1; }";

int oci_runtime_stop(const struct oci_runtime *rt, const char *id, const char *bundle,
                     uint64_t timeout_ns, struct err *e)
{
    char rounds[32], pid[512];
    str_printf(rounds, sizeof rounds, "%llu",
               (unsigned long long)(timeout_ns / (20 * NS_PER_MS)) % 1000);
    str_printf(pid, sizeof pid, "%s/pid", bundle);
    const char *args[] = {pid, rounds, rt->program, rt->root, id, NULL};
    return host_sh(rt->host, stop_script, args, NULL, e);
}

int oci_runtime_delete(const struct oci_runtime *rt, const char *id, struct err *e)
{
    const char *verb[] = {"delete", "--force", id, NULL};
    return run_verb(rt, verb, NULL, e);
}
