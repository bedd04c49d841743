/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * qemu_watch: is the guest's node there, what did the console say, and what of the guest the host's
 * node can watch: threads of QEMU and vhost, control groups, taps. One thread.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "base/str.h"
#include "control/platform/children.h"
#include "control/platform/qemu_private.h"
#include "control/virt/figures.h"

#define POLL_NS (20 * NS_PER_MS)
#define PANIC_POLL_NS (500 * NS_PER_MS)

/* The kernel's panic if there was one, else the end, as one line. */
static const char console_script[] =
    "[ -s \"$1\" ] || { echo 'nothing'; exit 0; }\n"
    "tr -cd '\\n -~' <\"$1\" | sed 's/^\\[ *[0-9.]*\\] //; /^ *$/d' >\"$1.text\"\n"
    "grep -a -m 1 -B 2 'Kernel panic' \"$1.text\" || tail -n 4 \"$1.text\"; rm -f \"$1.text\"";

int qemu_console(struct machine *m, struct buf *ret, struct err *e)
{
    const char *args[] = {m->console, NULL};
    buf_clear(ret);
    int r = host_sh(m->platform->env.host, console_script, args, ret, e);
    if (r < 0)
        return r;
    buf_join_lines(ret, '|');
    return 0;
}

static int fail_with_console(struct machine *m, int code, const char *what, struct err *e)
{
    const size_t most = ERR_TEXT_MAX / 2;
    struct buf out;
    buf_init(&out);
    if (qemu_console(m, &out, NULL) < 0)
        buf_clear(&out);
    err_set(e, code, "%s; the last words on its console: %s", what,
            buf_str(&out) + (out.size > most ? out.size - most : 0));
    buf_finish(&out);
    return code;
}

static int fail_gone(const struct platform *p, struct err *e)
{
    return err_set(e, -EPIPE,
                   "libvirt %s has gone: its daemon was ended, or answers no more; what it had of "
                   "this run is ended without it",
                   p->options.uri);
}

int qemu_check_alive(const struct platform *p, struct err *e)
{
    return virt_is_alive(p->virt) ? 0 : fail_gone(p, e);
}

int qemu_explain(const struct platform *p, int r, struct err *e)
{
    const bool has_gone = r == -EPIPE || (r < 0 && p->virt != NULL && !virt_is_alive(p->virt));
    return has_gone ? fail_gone(p, e) : r;
}

/* Of a kernel that is not told to reboot on panic, as ours is, nothing else would tell before
 * `ready` is over: a pvpanic device wants a driver that is not loaded yet when a boot fails. */
static bool has_panicked(const struct machine *m)
{
    static const char script[] = "grep -aq '^\\(\\[ *[0-9.]*\\] \\)*Kernel panic' \"$1\"";
    const char *args[] = {m->console, NULL};
    return host_sh(m->platform->env.host, script, args, NULL, NULL) == 0;
}

/* 0, or why there is no use in waiting on. */
static int check_boot(struct machine *m, uint64_t now_ns, uint64_t *look_ns, struct err *e)
{
    int r = qemu_check_alive(m->platform, e);
    if (r == 0)
        r = qemu_explain(m->platform, domain_check_running(m->domain, e), e);
    if (r < 0)
        return r;
    if (r == 0)
        return fail_with_console(m, -EIO, "the guest ended before its node was there", e);
    if (now_ns < *look_ns)
        return 0;
    *look_ns = now_ns + PANIC_POLL_NS;
    return has_panicked(m) ? fail_with_console(m, -EIO, "the guest's kernel panicked", e) : 0;
}

/* When a black box can serve its own health check says; here it has just been started. */
int qemu_wait_ready(struct machine *m, struct err *e)
{
    if (!m->platform->options.agent)
        return 0;
    const uint64_t ready_ns = m->platform->options.ready_ns;
    const uint64_t end_ns = clock_now_ns() + ready_ns;
    uint64_t look_ns = clock_now_ns() + PANIC_POLL_NS;
    char text[96], duration[32];
    while (!domain_has_port_open(m->domain, image_port_name)) {
        const uint64_t now_ns = clock_now_ns();
        int r = check_boot(m, now_ns, &look_ns, e);
        if (r < 0)
            return r;
        if (now_ns >= end_ns) {
            str_printf(text, sizeof text, "no word of the guest's node within %s",
                       str_format_duration(ready_ns, duration, sizeof duration));
            return fail_with_console(m, -ETIMEDOUT, text, e);
        }
        clock_sleep_until(now_ns + POLL_NS);
    }
    return 0;
}

/* $1 QEMU's process. First its guest's group, then those of the VCPUs; "" when there is none. */
static const char groups_script[] =
    "p=$(sed -n 's/^[0-9]*:\\([^:]*,\\)*cpu\\(,[^:]*\\)*://p' /proc/$1/cgroup)\n"
    "r=/sys/fs/cgroup/cpu\n"
    "[ -n \"$p\" ] || { p=$(sed -n 's/^0:://p' /proc/$1/cgroup); r=/sys/fs/cgroup; }\n"
    "p=${p%/emulator}; p=${p%/libvirt}; [ \"$p\" != / ] || exit 0; echo \"$p\"\n"
    "for d in $r$p/vcpu* $r$p/libvirt/vcpu*; do [ ! -d $d ] || echo ${d#$r}; done";

static void add_groups(const struct machine *m, const char *pid, json_t *all)
{
    const char *args[] = {pid, NULL};
    char *rest = NULL, *text = NULL, entity[96];
    struct buf out;
    buf_init(&out);
    if (host_sh(m->platform->env.host, groups_script, args, &out, NULL) == 0)
        text = buf_take(&out);
    for (char *line = text != NULL ? strtok_r(text, "\n", &rest) : NULL; line != NULL;
         line = strtok_r(NULL, "\n", &rest)) {
        const bool is_vcpu = line != text;
        str_printf(entity, sizeof entity, "%s%s", m->name, is_vcpu ? strrchr(line, '/') : "");
        json_array_append_new(all, json_pack("{s:s, s:s, s:{s:s}}", "type", "cgroup", "entity",
                                             entity, "options", "path", line));
    }
    free(text);
    buf_finish(&out);
}

/* vhost's kernel threads are named after QEMU's process. */
static const char vhost_script[] =
    "grep -lsx \"vhost-$1\" /proc/[0-9]*/comm | sed 's,/proc/\\([0-9]*\\)/.*,,\\1,' | "
    "tr -d '\\n'";

json_t *qemu_targets(struct machine *m)
{
    const struct platform *p = m->platform;
    char variable[CHILDREN_VAR_MAX], pid[32];
    json_t *all = json_array();
    struct buf pids, vhosts;
    buf_init(&pids);
    buf_init(&vhosts);
    for (size_t i = 0; i < m->link_count; i++)
        json_array_append_new(all, json_pack("{s:s, s:s, s:{s:s}}", "type", "netdev", "entity",
                                             m->name, "options", "interface", m->links[i].outside));
    children_variable(variable, p->env.mark, m->name);
    if (children_find(p->env.host, variable, &pids, NULL) == 0 && pids.size > 0) {
        str_printf(pid, sizeof pid, "%.*s", (int)strcspn(buf_str(&pids), ","), buf_str(&pids));
        const char *args[] = {pid, NULL};
        add_groups(m, pid, all);
        host_sh(p->env.host, vhost_script, args, &vhosts, NULL);
        json_array_append_new(all,
                              json_pack("{s:s, s:s, s:{s:s++}}", "type", "process", "entity",
                                        m->name, "options", "pids", pid, buf_str(&vhosts), ""));
    }
    buf_finish(&vhosts);
    buf_finish(&pids);
    return all;
}

int qemu_vmm_columns(struct machine *m, struct sample_column *ret, size_t room, struct err *e)
{
    json_t *stats = NULL;
    int r = domain_get_stats(m->domain, &stats, e);
    if (r == 0)
        r = (int)virt_figures(stats, ret, NULL, room);
    m->has_exits = virt_figures_have_exits(stats);
    json_decref(stats);
    return qemu_explain(m->platform, r, e);
}

const char *qemu_vmm_missing(struct machine *m)
{
    if (m->has_exits)
        return NULL;
    return strcmp(m->platform->type, "kvm") == 0
               ? "exits and halts: this QEMU does not tell KVM's counters (query-stats, since 7.1)"
               : "exits and halts: KVM counts them, and this guest is emulated (TCG)";
}

int qemu_vmm_sample(struct machine *m, const struct sample_column *columns, size_t count,
                    double *ret, struct err *e)
{
    json_t *stats = NULL;
    int r = domain_get_stats(m->domain, &stats, e);
    if (r == 0 && (r = virt_figures_follow(stats, columns, count, ret)) < 0)
        err_set(e, r, "out of memory");
    json_decref(stats);
    return qemu_explain(m->platform, r, e);
}
