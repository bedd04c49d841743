/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * oci_bundle: config.json by hand (the runtime's own `spec` command gives a shell in a terminal).
 * The container has its own process, mount, IPC, host name and network namespaces, no user
 * namespace: what is measured is sharing, not privilege. One thread.
 */
#include "control/platform/oci_bundle.h"

#include <ctype.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/str.h"

static json_t *strings(const char *const *texts)
{
    json_t *array = json_array();
    for (size_t i = 0; texts[i] != NULL; i++)
        json_array_append_new(array, json_string(texts[i]));
    return array;
}

#define SYSTEM_PATH "PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/"

/* capabilities(7), but those that load code into the kernel, stop the host or guard its rules. */
static const char *const known_capabilities[] = {"audit_control",
                                                 "audit_write",
                                                 "block_suspend",
                                                 "bpf",
                                                 "checkpoint_restore",
                                                 "chown",
                                                 "dac_override",
                                                 "dac_read_search",
                                                 "fowner",
                                                 "fsetid",
                                                 "ipc_lock",
                                                 "ipc_owner",
                                                 "kill",
                                                 "lease",
                                                 "linux_immutable",
                                                 "mknod",
                                                 "net_admin",
                                                 "net_bind_service",
                                                 "net_broadcast",
                                                 "net_raw",
                                                 "perfmon",
                                                 "setfcap",
                                                 "setgid",
                                                 "setpcap",
                                                 "setuid",
                                                 "sys_admin",
                                                 "sys_chroot",
                                                 "sys_nice",
                                                 "sys_ptrace",
                                                 "sys_resource",
                                                 "sys_time",
                                                 "sys_tty_config",
                                                 "syslog",
                                                 NULL};

/* The next name of a list with commas or spaces between; its size, 0 at the end. */
static size_t next_name(const char **at)
{
    *at += strspn(*at, ", ");
    return strcspn(*at, ", ");
}

int oci_check_capabilities(const char *more, struct err *e)
{
    for (size_t size; more != NULL && (size = next_name(&more)) > 0; more += size) {
        size_t i = 0;
        while (known_capabilities[i] != NULL && (strlen(known_capabilities[i]) != size ||
                                                 strncmp(known_capabilities[i], more, size) != 0))
            i++;
        if (known_capabilities[i] == NULL)
            return err_set(e, -EINVAL,
                           "'%.*s' is none (capabilities(7), in small letters without CAP_: "
                           "sys_admin,setuid)",
                           (int)size, more);
    }
    return 0;
}

static json_t *capabilities(const char *more)
{
    static const char *const usual[] = {"CAP_NET_BIND_SERVICE",
                                        "CAP_NET_RAW",
                                        "CAP_NET_ADMIN",
                                        "CAP_IPC_LOCK",
                                        "CAP_SYS_NICE",
                                        "CAP_KILL",
                                        NULL};
    json_t *all = strings(usual);
    for (size_t size; more != NULL && (size = next_name(&more)) > 0; more += size) {
        char name[32] = "CAP_";
        for (size_t i = 0; i < size && i + 5 < sizeof name; i++)
            name[i + 4] = (char)toupper((unsigned char)more[i]);
        json_array_append_new(all, json_string(name));
    }
    return json_pack("{s:O, s:O, s:o}", "bounding", all, "effective", all, "permitted", all);
}

static json_t *process(const struct oci_bundle *b)
{
    static const char *const args[] = {"/vaperf-node", "hold", NULL};
    json_t *env = json_array();
    json_array_append_new(env, json_string(b->root == NULL ? "PATH=/" : SYSTEM_PATH));
    json_array_append_new(env, json_sprintf("VAPERF_MARK=%s", b->mark));
    json_array_append_new(env, json_sprintf("VAPERF_MACHINE=%s/%s", b->mark, b->name));
    /* No rlimits: those of the controller hold; raising a hard one is refused in some places. */
    return json_pack("{s:b, s:{s:i, s:i}, s:o, s:o, s:s, s:o, s:b}", "terminal", 0, "user", "uid",
                     0, "gid", 0, "args", strings(args), "env", env, "cwd", "/", "capabilities",
                     capabilities(b->more), "noNewPrivileges", 1);
}

static json_t *mount(const char *type, const char *source, const char *destination,
                     const char *const *options)
{
    return json_pack("{s:s, s:s, s:s, s:o}", "type", type, "source", source, "destination",
                     destination, "options", strings(options));
}

static json_t *bind_mount(const char *from, const char *name)
{
    static const char *const options[] = {"bind", "ro", "nosuid", "nodev", NULL};
    char source[4096], destination[32];
    str_printf(source, sizeof source, "%s/%s", from, name);
    str_printf(destination, sizeof destination, "/%s", name);
    return mount("bind", source, destination, options);
}

static json_t *mounts(const struct oci_bundle *b)
{
    static const char *const none[] = {NULL};
    static const char *const dev[] = {"nosuid", "strictatime", "mode=755", "size=64k", NULL};
    static const char *const tmp[] = {"nosuid", "nodev", "mode=1777", NULL};
    /* Not read-only: receive packet steering of its own interfaces is set there. */
    static const char *const sys[] = {"nosuid", "noexec", "nodev", NULL};
    static const char *const bind[] = {"bind", "ro", "nosuid", "nodev", NULL};
    static const char *const writable[] = {"bind", "nosuid", "nodev", NULL};
    json_t *all = json_array();
    json_array_append_new(all, mount("proc", "proc", "/proc", none));
    json_array_append_new(all, mount("tmpfs", "tmpfs", "/dev", dev));
    json_array_append_new(all, mount("tmpfs", "tmpfs", "/dev/shm", tmp));
    json_array_append_new(all, mount("tmpfs", "tmpfs", "/tmp", tmp));
    json_array_append_new(all, mount("sysfs", "sysfs", "/sys", sys));
    json_array_append_new(all, mount("bind", b->node, "/vaperf-node", bind));
    if (b->root != NULL) {
        json_array_append_new(all, bind_mount(b->root, "usr"));
        json_array_append_new(all, bind_mount(b->root, "etc"));
    }
    if (b->scratch != NULL)
        json_array_append_new(all, mount("bind", b->scratch, "/var/tmp", writable));
    return all;
}

json_t *oci_resources(const struct settings *s, enum cgroup_layout layout, enum oci_resources which,
                      const struct cpu_set *all_cpus)
{
    bool live = which == OCI_RESOURCES_LIVE;
    json_t *cpu = json_object(), *top = json_object();
    const struct cpu_set *set = s->has_cpus ? &s->cpus : live ? all_cpus : NULL;
    char text[4096];
    if (s->weight != 0 && layout == CGROUP_V1)
        json_object_set_new(cpu, "shares", json_u64(s->weight));
    /* A runtime turns shares into cpu.weight by a formula of its own: v2's is written as it is. */
    str_printf(text, sizeof text, "%llu", (unsigned long long)s->weight);
    if (s->weight != 0 && layout == CGROUP_V2 && !live)
        json_object_set_new(top, "unified", json_pack("{s:s}", "cpu.weight", text));
    if (s->quota_us != 0) {
        json_object_set_new(cpu, "quota", json_u64(s->quota_us));
        json_object_set_new(cpu, "period", json_u64(s->period_us));
    }
    if (set != NULL)
        json_object_set_new(cpu, "cpus", json_string(cpu_set_format(set, text, sizeof text)));
    if (s->memory_bytes != 0)
        json_object_set_new(top, "memory", json_pack("{s:o}", "limit", json_u64(s->memory_bytes)));
    json_object_set_new(top, "cpu", cpu);
    return top;
}

static json_t *linux_part(const struct oci_bundle *b)
{
    static const char *const masked[] = {"/proc/kcore", "/proc/keys", "/proc/timer_list",
                                         "/sys/firmware", NULL};
    static const char *const readonly[] = {"/proc/bus", "/proc/fs", "/proc/irq",
                                           "/proc/sysrq-trigger", NULL};
    json_t *resources = oci_resources(b->settings, b->layout, OCI_RESOURCES_NEW, NULL);
    json_object_set_new(resources, "devices",
                        json_pack("[{s:b, s:s}]", "allow", 0, "access", "rwm"));
    return json_pack("{s:[{s:s}, {s:s}, {s:s}, {s:s}, {s:s, s:o}], s:o, s:o, s:o, s:o}",
                     "namespaces", "type", "pid", "type", "ipc", "type", "uts", "type", "mount",
                     "type", "network", "path", json_sprintf("/run/netns/%s", b->netns),
                     "resources", resources, "cgroupsPath",
                     json_sprintf("/vaperf-%s/%s", b->mark, b->name), "maskedPaths",
                     strings(masked), "readonlyPaths", strings(readonly));
}

json_t *oci_config(const struct oci_bundle *b)
{
    return json_pack("{s:s, s:o, s:{s:s, s:b}, s:s, s:o, s:o}", "ociVersion", "1.0.2", "process",
                     process(b), "root", "path", "rootfs", "readonly", 1, "hostname", b->name,
                     "mounts", mounts(b), "linux", linux_part(b));
}

/* $1 bundle, $2 runtime, $3 config.json, $4 root, $5 scratch folder, written down before it is
 * made. */
static const char create_script[] =
    "mkdir -p \"${1%/*}\"; mkdir \"$1\"; trap 'rm -rf -- \"$1\"' EXIT\n"
    "mkdir \"$1/rootfs\"; cd \"$1/rootfs\"; mkdir proc dev sys tmp; : >vaperf-node\n"
    "if [ -n \"$4\" ]; then mkdir usr etc; for l in bin sbin lib lib32 lib64 libx32; do\n"
    "  [ ! -h \"$4/$l\" ] || cp -P \"$4/$l\" $l; done; fi\n"
    "[ -z \"$5\" ] || mkdir -p var/tmp\n"
    "echo \"$2\" >\"$1/runtime\"; printf %s \"$3\" >\"$1/config.json\"\n"
    "if [ -n \"$5\" ]; then [ -d \"${5%/*}\" ] || { echo \"scratch: ${5%/*} is no folder\" >&2; "
    "exit 1; }\n"
    "  printf %s \"$5\" >\"$1/scratch\"; mkdir -m 1777 \"$5\"; fi; trap - EXIT";

int oci_bundle_create(const struct host *h, const struct oci_bundle *b, struct err *e)
{
    json_t *config = oci_config(b);
    char *text = config != NULL ? json_dumps(config, JSON_INDENT(1)) : NULL;
    json_decref(config);
    if (text == NULL)
        return err_set(e, -ENOMEM, "out of memory for config.json");
    const char *args[] = {b->dir,
                          b->runtime,
                          text,
                          b->root != NULL ? b->root : "",
                          b->scratch != NULL ? b->scratch : "",
                          NULL};
    int r = host_sh(h, create_script, args, NULL, e);
    free(text);
    return r;
}

/* $1 a bundle, or the folder of all. --one-file-system: nothing that is mounted below is emptied.
 */
static const char remove_script[] =
    "for f in \"$1\"/scratch \"$1\"/*/scratch; do [ -f \"$f\" ] || continue; s=$(cat \"$f\")\n"
    "  case ${s##*/} in vaperf-*.scratch) rm -rf --one-file-system -- \"$s\" ;; esac; done\n"
    "rm -rf --one-file-system -- \"$1\"";

int oci_bundle_remove(const struct host *h, const char *dir, struct err *e)
{
    const char *args[] = {dir, NULL};
    if (strstr(dir, "/oci/") == NULL)
        return err_set(e, -EINVAL, "%s is not a bundle of ours", dir);
    return host_sh(h, remove_script, args, NULL, e);
}
