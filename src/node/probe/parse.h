/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * parse: what the kernel's texts say (proc(5)). Pure; false: the text does not say it, and nothing
 * is written. Texts end with NUL.
 */
#ifndef VAPERF_NODE_PROBE_PARSE_H
#define VAPERF_NODE_PROBE_PARSE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Times of a CPU by mode, in the order of /proc/stat. guest is part of user, guest_nice of nice. */
enum parse_mode {
    PARSE_USER,
    PARSE_NICE,
    PARSE_SYSTEM,
    PARSE_IDLE,
    PARSE_IOWAIT,
    PARSE_IRQ,
    PARSE_SOFTIRQ,
    PARSE_STEAL,
    PARSE_GUEST,
    PARSE_GUEST_NICE,
    PARSE_MODES
};

/* A line of /proc/stat, "cpu3 10 0 4 ...", in ticks; "cpu" without a number is all of them, -1. */
bool parse_cpu(const char *line, int *ret_cpu, uint64_t ret_ticks[PARSE_MODES]);

/* Percent of each mode between two readings, and of all that is not idle or iowait; NAN when no
 * tick passed. A time that went back, as iowait may, counts as none. */
void parse_shares(const uint64_t before[PARSE_MODES], const uint64_t now[PARSE_MODES],
                  double ret_pct[PARSE_MODES], double *ret_busy_pct);

/* /proc/PID/stat or /proc/PID/task/TID/stat. */
struct parse_task {
    uint64_t user_ticks, system_ticks, threads, resident_pages;
};
bool parse_task_stat(const char *text, struct parse_task *ret);

/* /proc/PID/task/TID/schedstat. */
bool parse_schedstat(const char *text, uint64_t *ret_run_ns, uint64_t *ret_wait_ns);

/* The figures behind "NAME:" in /proc/net/dev: 8 received, 8 sent. */
enum { PARSE_INTERFACE_FIGURES = 16 };
bool parse_interface(const char *text, const char *name, uint64_t ret[PARSE_INTERFACE_FIGURES]);

/* Sums over the CPUs' lines of /proc/net/softnet_stat. */
bool parse_softnet(const char *text, uint64_t *ret_drops, uint64_t *ret_squeezes);

/* The figure under a heading of the "Udp:" lines of /proc/net/snmp. */
bool parse_udp(const char *text, const char *heading, uint64_t *ret);

/* "total=N" of a line of a pressure file ("some avg10=0.00 ... total=4711"), us. */
bool parse_pressure(const char *text, const char *which, uint64_t *ret_us);

#endif
