/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * cpu: CPU lists in the kernel's format, affinity, scheduling class. Any thread; it acts on itself.
 */
#include "base/cpu.h"

#include <errno.h>
#include <sched.h>
#include <string.h>
#include <unistd.h>

#include "base/buf.h"
#include "base/str.h"

static const char *parse_cpu(const char *at, unsigned *ret)
{
    unsigned v = 0;
    if (*at < '0' || *at > '9')
        return NULL;
    for (; *at >= '0' && *at <= '9'; at++) {
        v = v * 10 + (unsigned)(*at - '0');
        if (v >= CPU_MAX)
            return NULL;
    }
    *ret = v;
    return at;
}

/* "3" or "0-3" added to the set; behind it, or NULL. */
static const char *parse_range(const char *at, struct cpu_set *set)
{
    unsigned low, high;
    at = parse_cpu(at, &low);
    if (at == NULL)
        return NULL;
    high = low;
    if (*at == '-')
        at = parse_cpu(at + 1, &high);
    if (at == NULL || high < low)
        return NULL;
    for (unsigned i = low; i <= high; i++)
        cpu_set_add(set, i);
    return at;
}

int cpu_set_parse(struct cpu_set *ret, const char *text, struct err *e)
{
    struct cpu_set set = {0};
    const char *at = text;
    for (;;) {
        at = parse_range(at, &set);
        if (at != NULL && *at == ',') {
            at++;
            continue;
        }
        if (at == NULL || *at != '\0')
            return err_set(e, -EINVAL,
                           "'%s' is not a list of CPUs (such as 0, 0-3 or 0,2; below %d)", text,
                           CPU_MAX);
        *ret = set;
        return 0;
    }
}

const char *cpu_set_format(const struct cpu_set *s, char *buffer, size_t size)
{
    size_t used = 0;
    if (size > 0)
        buffer[0] = '\0';
    for (unsigned i = 0; i < CPU_MAX; i++) {
        if (!cpu_set_has(s, i))
            continue;
        unsigned first = i;
        while (cpu_set_has(s, i + 1))
            i++;
        used += str_printf(buffer + used, size - used, "%s%u", used > 0 ? "," : "", first);
        if (i > first)
            used += str_printf(buffer + used, size - used, "-%u", i);
    }
    return buffer;
}

bool cpu_set_has(const struct cpu_set *s, unsigned cpu)
{
    return cpu < CPU_MAX && (s->bits[cpu / 64] >> (cpu % 64) & 1) != 0;
}

void cpu_set_add(struct cpu_set *s, unsigned cpu)
{
    if (cpu < CPU_MAX)
        s->bits[cpu / 64] |= UINT64_C(1) << (cpu % 64);
}

unsigned cpu_set_count(const struct cpu_set *s)
{
    unsigned n = 0;
    for (size_t i = 0; i < CPU_MAX / 64; i++)
        n += (unsigned)__builtin_popcountll(s->bits[i]);
    return n;
}

int cpu_set_nth(const struct cpu_set *s, unsigned n)
{
    for (unsigned i = 0; i < CPU_MAX; i++)
        if (cpu_set_has(s, i) && n-- == 0)
            return (int)i;
    return -ENOENT;
}

int cpu_set_allowed(struct cpu_set *ret)
{
    cpu_set_t kernel;
    if (sched_getaffinity(0, sizeof kernel, &kernel) < 0)
        return -errno;
    struct cpu_set set = {0};
    for (unsigned i = 0; i < CPU_MAX && i < CPU_SETSIZE; i++)
        if (CPU_ISSET(i, &kernel))
            cpu_set_add(&set, i);
    *ret = set;
    return 0;
}

/* What the kernel lists, which is right where CPUs are offline; else those this process may use. */
unsigned cpu_online_count(void)
{
    struct buf b;
    struct cpu_set set = {0};
    buf_init(&b);
    int r = buf_load(&b, "/sys/devices/system/cpu/online");
    if (r == 0) {
        if (b.size > 0 && b.data[b.size - 1] == '\n')
            b.data[b.size - 1] = '\0';
        r = cpu_set_parse(&set, buf_str(&b), NULL);
    }
    buf_finish(&b);
    if (r < 0)
        r = cpu_set_allowed(&set);
    if (r == 0 && cpu_set_count(&set) > 0)
        return cpu_set_count(&set);
    long n = sysconf(_SC_NPROCESSORS_ONLN);
    return n > 0 ? (unsigned)n : 1;
}

int cpu_pin(const struct cpu_set *s)
{
    cpu_set_t kernel;
    CPU_ZERO(&kernel);
    for (unsigned i = 0; i < CPU_MAX && i < CPU_SETSIZE; i++)
        if (cpu_set_has(s, i))
            CPU_SET(i, &kernel);
    return sched_setaffinity(0, sizeof kernel, &kernel) < 0 ? -errno : 0;
}

int cpu_set_fifo(int priority)
{
    struct sched_param p = {.sched_priority = priority};
    return sched_setscheduler(0, SCHED_FIFO, &p) < 0 ? -errno : 0;
}

const char *cpu_sched_name(char *buffer, size_t size)
{
    struct sched_param p = {0};
    int policy = sched_getscheduler(0);
    sched_getparam(0, &p);
    switch (policy & ~SCHED_RESET_ON_FORK) {
    case SCHED_FIFO:
        str_printf(buffer, size, "fifo:%d", p.sched_priority);
        break;
    case SCHED_RR:
        str_printf(buffer, size, "rr:%d", p.sched_priority);
        break;
    case SCHED_BATCH:
        str_printf(buffer, size, "batch");
        break;
    case SCHED_IDLE:
        str_printf(buffer, size, "idle");
        break;
    default:
        str_printf(buffer, size, "other");
        break;
    }
    return buffer;
}
