/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * source: libvirt's figures of all guests in one call, and the CPUs from /proc/stat, which is kept
 * open. Thread rule in source.h.
 */
#include "control/top/source.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/buf.h"
#include "base/clock.h"
#include "base/cpu.h"
#include "base/str.h"

bool top_source_is_local(const char *uri)
{
    const char *host = strstr(uri, "://");
    return host != NULL && host[3] == '/' && !str_starts(uri, "test:");
}

/* One line "cpuN user nice system idle iowait irq softirq steal ..."; guests are in user. What the
 * host itself had taken from it is busy, as in the node's probe. */
static bool parse_cpu(const char *line, uint64_t tick_ns, struct virt_cpu_time *ret)
{
    uint64_t t[8] = {0};
    unsigned number;
    const int n = sscanf(line,
                         "cpu%u %" SCNu64 " %" SCNu64 " %" SCNu64 " %" SCNu64 " %" SCNu64
                         " %" SCNu64 " %" SCNu64 " %" SCNu64,
                         &number, &t[0], &t[1], &t[2], &t[3], &t[4], &t[5], &t[6], &t[7]);
    if (n < 5)
        return false;
    ret->number = number;
    ret->busy_ns = (t[0] + t[1] + t[2] + t[5] + t[6] + t[7]) * tick_ns;
    ret->idle_ns = (t[3] + t[4]) * tick_ns;
    return true;
}

size_t top_source_parse_stat(const char *text, uint64_t tick_ns, struct virt_cpu_time *ret,
                             size_t room)
{
    size_t n = 0;
    for (const char *line = text; line != NULL && str_starts(line, "cpu") && n < room;) {
        if (line[3] != ' ' && parse_cpu(line, tick_ns, &ret[n]))
            n++;
        line = strchr(line, '\n');
        line = line != NULL ? line + 1 : NULL;
    }
    return n;
}

static void read_own_cpus(FILE *stat, struct top_reading *r)
{
    struct buf text;
    char part[4096];
    size_t got;
    buf_init(&text);
    rewind(stat);
    /* The CPUs stand first; interrupts, which may be long, behind them are not read to the end. */
    while ((got = fread(part, 1, sizeof part, stat)) > 0) {
        buf_append(&text, part, got);
        if (strstr(buf_str(&text), "\nintr") != NULL)
            break;
    }
    r->cpus = ARENA_ARRAY(&r->arena, struct virt_cpu_time, CPU_MAX);
    r->cpu_count = top_source_parse_stat(buf_str(&text), NS_PER_S / (uint64_t)sysconf(_SC_CLK_TCK),
                                         r->cpus, CPU_MAX);
    buf_finish(&text);
}

static void read_cpus(struct top_source *s, struct top_reading *r)
{
    if (s->stat != NULL) {
        read_own_cpus(s->stat, r);
    } else if (s->tells_cpus) {
        r->cpus = ARENA_ARRAY(&r->arena, struct virt_cpu_time, CPU_MAX);
        const int n = virt_get_node_cpus(s->virt, r->cpus, CPU_MAX, NULL);
        r->cpu_count = n > 0 ? (size_t)n : 0;
    }
}

static void take(void *arg, const struct virt_guest *g)
{
    top_reading_add(arg, g);
}

int top_source_read(struct top_source *s, struct top_reading *ret, struct err *e)
{
    const uint64_t start = clock_now_ns();
    const int r = virt_each_stats(s->virt, take, ret, e);
    if (r < 0) {
        err_prefix(e, "libvirt %s%s: ", s->uri,
                   r != -EPIPE && virt_is_alive(s->virt) ? "" : ": the connection is lost");
        return r;
    }
    ret->took_ns = clock_now_ns() - start;
    ret->at_ns = start + ret->took_ns / 2;
    ret->real_ns = clock_real_ns() - ret->took_ns / 2;
    read_cpus(s, ret);
    ret->own_cpu_ns = clock_process_cpu_ns();
    return 0;
}

static void say_why_exits_are_missing(struct top_source *s)
{
    if (str_starts(s->node.hypervisor, "QEMU"))
        str_printf(s->missing, sizeof s->missing,
                   "emulated guests (TCG) have none; KVM's need QEMU 7.1 and libvirt 8.9");
    else
        str_printf(s->missing, sizeof s->missing, "libvirt does not tell them of %s",
                   s->node.hypervisor);
}

int top_source_open(struct top_source *ret, const char *uri, struct err *e)
{
    memset(ret, 0, sizeof *ret);
    ret->uri = uri;
    int r = virt_open_read_only(&ret->virt, uri, e);
    if (r < 0)
        return r;
    r = virt_get_node(ret->virt, &ret->node, e);
    if (r < 0) {
        err_prefix(e, "libvirt %s: ", uri);
        top_source_close(ret);
        return r;
    }
    if (top_source_is_local(uri))
        ret->stat = fopen("/proc/stat", "re");
    struct virt_cpu_time one;
    ret->tells_cpus = ret->stat == NULL && virt_get_node_cpus(ret->virt, &one, 1, NULL) > 0;
    say_why_exits_are_missing(ret);
    return 0;
}

void top_source_close(struct top_source *s)
{
    if (s->stat != NULL)
        fclose(s->stat);
    virt_close(s->virt);
    memset(s, 0, sizeof *s);
}
