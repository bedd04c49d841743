/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * vitals: see vitals.h. One thread per struct vitals.
 */
#include "node/load/vitals.h"

#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/str.h"

enum { STAT_STEAL = 7, STAT_FIELDS = 8 }; /* user nice system idle iowait irq softirq steal */

/* The number at *at, which moves behind it; false when there is none. */
static bool take_number(const char **at, uint64_t *ret)
{
    char *end;
    *ret = strtoull(*at, &end, 10);
    if (end == *at) {
        return false;
    }
    *at = end;
    return true;
}

static const char *next_line(const char *at)
{
    const char *feed = strchr(at, '\n');
    return feed != NULL ? feed + 1 : at + strlen(at);
}

bool vitals_parse_stat(const char *text, const struct cpu_set *cpus, struct vitals_reading *ret)
{
    uint64_t steal = 0, all = 0;

    for (const char *line = text; str_starts(line, "cpu"); line = next_line(line)) {
        const char *at = line + strlen("cpu");
        uint64_t cpu, ticks;
        if (*at == ' ' || !take_number(&at, &cpu) || cpu >= CPU_MAX ||
            !cpu_set_has(cpus, (unsigned)cpu)) {
            continue;
        }
        for (int field = 0; field < STAT_FIELDS && take_number(&at, &ticks); field++) {
            all += ticks;
            steal += field == STAT_STEAL ? ticks : 0;
        }
    }
    if (all == 0) {
        return false;
    }
    ret->steal_ticks = steal;
    ret->all_ticks = all;
    return true;
}

bool vitals_parse_schedstat(const char *text, struct vitals_reading *ret)
{
    uint64_t run, wait;

    if (!take_number(&text, &run) || !take_number(&text, &wait)) {
        return false;
    }
    ret->wait_ns = wait;
    return true;
}

/* "Udp6SndbufErrors      \t3", a line each. */
static bool parse_snmp6(const char *text, struct vitals_reading *ret)
{
    static const char name[] = "Udp6SndbufErrors";

    for (; *text != '\0'; text = next_line(text)) {
        if (str_starts(text, name)) {
            text += strlen(name);
            return take_number(&text, &ret->send_errors);
        }
    }
    return false;
}

/* Two lines "Udp: ": names, then values in the same order. */
static bool parse_snmp4(const char *text, struct vitals_reading *ret)
{
    static const char start[] = "Udp: ", name[] = "SndbufErrors";
    unsigned place = 0;

    while (*text != '\0' && !str_starts(text, start)) {
        text = next_line(text);
    }
    for (const char *at = text; *at != '\0' && *at != '\n'; at++) {
        if (*at == ' ' && str_starts(at + 1, name)) {
            text = next_line(text);
            if (!str_starts(text, start)) {
                return false;
            }
            text += strlen(start);
            for (unsigned i = 0; i <= place; i++) {
                if (!take_number(&text, &ret->send_errors)) {
                    return false;
                }
            }
            return true;
        }
        place += *at == ' ';
    }
    return false;
}

bool vitals_parse_snmp(const char *text, bool is_v6, struct vitals_reading *ret)
{
    return is_v6 ? parse_snmp6(text, ret) : parse_snmp4(text, ret);
}

void vitals_open(struct vitals *v, bool is_v6)
{
    v->stat_fd = open("/proc/stat", O_RDONLY | O_CLOEXEC);
    v->schedstat_fd = open("/proc/thread-self/schedstat", O_RDONLY | O_CLOEXEC);
    v->snmp_fd = open(is_v6 ? "/proc/thread-self/net/snmp6" : "/proc/thread-self/net/snmp",
                      O_RDONLY | O_CLOEXEC);
    v->is_v6 = is_v6;
    memset(v->text, 0, sizeof(v->text));
    if (cpu_set_allowed(&v->cpus) < 0) {
        memset(&v->cpus, 0, sizeof(v->cpus));
    }
}

void vitals_close(struct vitals *v)
{
    int *all[] = {&v->stat_fd, &v->schedstat_fd, &v->snmp_fd};

    for (size_t i = 0; i < sizeof(all) / sizeof(all[0]); i++) {
        if (*all[i] >= 0) {
            close(*all[i]);
        }
        *all[i] = -1;
    }
}

static bool read_file(struct vitals *v, int fd)
{
    size_t size = 0;
    ssize_t n;

    while (fd >= 0 && size < sizeof(v->text) - 1 &&
           (n = pread(fd, v->text + size, sizeof(v->text) - 1 - size, (off_t)size)) > 0) {
        size += (size_t)n;
    }
    v->text[size] = '\0';
    return size > 0;
}

void vitals_read(struct vitals *v, struct vitals_reading *ret)
{
    struct rusage usage;

    memset(ret, 0, sizeof(*ret));
    ret->steal_known = read_file(v, v->stat_fd) && vitals_parse_stat(v->text, &v->cpus, ret);
    ret->wait_known = read_file(v, v->schedstat_fd) && vitals_parse_schedstat(v->text, ret);
    ret->send_errors_known = read_file(v, v->snmp_fd) && vitals_parse_snmp(v->text, v->is_v6, ret);
    ret->cpu_ns = clock_thread_cpu_ns();
    if (getrusage(RUSAGE_THREAD, &usage) == 0) {
        ret->faults = (uint64_t)usage.ru_minflt + (uint64_t)usage.ru_majflt;
    }
}
