/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * fixture: readings for the tests of this room, out of figures as libvirt gives them.
 */
#ifndef VAPERF_CONTROL_TOP_FIXTURE_H
#define VAPERF_CONTROL_TOP_FIXTURE_H

#include <string.h>

#include "base/clock.h"
#include "base/str.h"
#include "control/top/batch.h"

/* `text` has ' for ". */
static inline void fixture_add(struct top_reading *r, const char *name, const char *uuid, int id,
                               const char *text)
{
    char plain[2048];
    struct err e = {0};
    const size_t n = str_printf(plain, sizeof plain, "%s", text);
    for (size_t i = 0; i < n; i++)
        plain[i] = plain[i] == '\'' ? '"' : plain[i];
    json_t *stats = json_parse(plain, n, &e);
    if (stats == NULL)
        fail_msg("%s", e.text);
    struct virt_guest g = {.name = name, .id = id, .state = "running", .stats = stats};
    str_printf(g.uuid, sizeof g.uuid, "%s", uuid);
    top_reading_add(r, &g);
    json_decref(stats);
}

/* CPU time, and of its one VCPU the run queue's wait, in ms. */
static inline void fixture_add_busy(struct top_reading *r, const char *name, const char *uuid,
                                    unsigned cpu_ms, unsigned wait_ms)
{
    char text[512];
    str_printf(text, sizeof text,
               "{'cpu.time': %ue6, 'vcpu.current': 1, 'vcpu.maximum': 1,"
               " 'vcpu.0.time': %ue6, 'vcpu.0.delay': %ue6, 'vcpu.0.halted': false}",
               cpu_ms, cpu_ms, wait_ms);
    fixture_add(r, name, uuid, 1, text);
}

static inline void fixture_cpus(struct top_reading *r, uint64_t busy_ns, uint64_t idle_ns)
{
    r->cpus = ARENA_ARRAY(&r->arena, struct virt_cpu_time, 2);
    r->cpus[0] = (struct virt_cpu_time){0, busy_ns, idle_ns};
    r->cpus[1] = (struct virt_cpu_time){3, idle_ns, busy_ns};
    r->cpu_count = 2;
}

static inline void fixture_start(struct top_reading *r, uint64_t at_s)
{
    top_reading_init(r);
    r->at_ns = at_s * NS_PER_S;
    r->real_ns = UINT64_C(1790000000) * NS_PER_S + r->at_ns;
    r->own_cpu_ns = at_s * 5 * NS_PER_MS;
    r->took_ns = 1500000;
}

/* The value under a column's name. */
static inline double fixture_value(const struct top_row *row, const char *name)
{
    for (size_t i = 0; i < TOP_COLUMN_COUNT; i++)
        if (strcmp(top_columns[i].name, name) == 0)
            return row->values[i];
    fail_msg("there is no column %s", name);
    return 0;
}

#endif
