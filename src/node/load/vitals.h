/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * vitals: what the kernel tells of a worker thread: stolen ticks of its CPUs, its wait for a CPU,
 * its CPU time and page faults, packets of its network namespace dropped on their way out. Files
 * stay open and are read into memory of its own, so that a reading allocates nothing. Used by the
 * thread it is about; private to this room.
 */
#ifndef VAPERF_NODE_LOAD_VITALS_H
#define VAPERF_NODE_LOAD_VITALS_H

#include <stdbool.h>
#include <stdint.h>

#include "base/cpu.h"

enum { VITALS_TEXT_MAX = 128 * 1024 }; /* /proc/stat of 1024 CPUs: they come first */

struct vitals {
    int stat_fd, schedstat_fd, snmp_fd; /* -1: not here */
    bool is_v6;                         /* snmp_fd is of IPv6 */
    struct cpu_set cpus;                /* the thread may use */
    char text[VITALS_TEXT_MAX];
};

/* Since boot or the thread's start; two readings make an interval. */
struct vitals_reading {
    bool steal_known, wait_known, send_errors_known;
    uint64_t steal_ticks, all_ticks; /* over vitals.cpus */
    uint64_t wait_ns;                /* in the run queue */
    uint64_t cpu_ns, faults;
    uint64_t send_errors; /* SndbufErrors: refused, and dropped below without telling the sender */
};

/* On the thread it is about, pinned already. What is missing here stays unknown. */
void vitals_open(struct vitals *v, bool is_v6);
void vitals_read(struct vitals *v, struct vitals_reading *ret);
void vitals_close(struct vitals *v);

/* The parsers, pure. false: not in the text. */
bool vitals_parse_stat(const char *text, const struct cpu_set *cpus, struct vitals_reading *ret);
bool vitals_parse_schedstat(const char *text, struct vitals_reading *ret);
bool vitals_parse_snmp(const char *text, bool is_v6, struct vitals_reading *ret);

#endif
