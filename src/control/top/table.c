/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * table: a view for people, and the lines about host, CPUs and cost. Pure.
 */
#include "control/top/batch.h"

#include <math.h>
#include <string.h>

#include "base/str.h"

enum { NAME_WIDTH = 20, STATE_WIDTH = 9 };

void batch_line_host(char line[BATCH_LINE_MAX], const struct top_view *v,
                     const struct top_source *s)
{
    str_printf(line, BATCH_LINE_MAX, "%s  %s on %s, %u CPUs  guests: %zu, running %zu", s->uri,
               s->node.hypervisor, s->node.hostname, s->node.cpus, v->guest_count,
               top_view_running(v));
}

void batch_line_cpus(char line[BATCH_LINE_MAX], const struct top_view *v, size_t width,
                     size_t *next)
{
    size_t used = str_printf(line, BATCH_LINE_MAX, "host CPUs busy %%:");
    width = width < BATCH_LINE_MAX ? width : BATCH_LINE_MAX - 1;
    if (v->cpu_count == 0)
        str_printf(line + used, BATCH_LINE_MAX - used, " - (libvirt does not tell)");
    for (; *next < v->cpu_count; ++*next) {
        char number[TOP_TEXT_MAX], one[40];
        const size_t more = str_printf(one, sizeof one, "  %u: %s", v->cpus[*next].number,
                                       top_format(TOP_FORM_PCT, v->cpus[*next].busy_pct, number));
        if (used + more > width && used > 20) /* one at least, lest there be no end */
            return;
        used += str_printf(line + used, BATCH_LINE_MAX - used, "%s", one);
    }
}

void batch_line_cost(char line[BATCH_LINE_MAX], const struct top_view *v)
{
    str_printf(line, BATCH_LINE_MAX,
               "interval %.2f s  vaperf itself: %.1f %% of a CPU; libvirt answered in %.1f ms",
               v->interval_s, v->own_cpu_pct, (double)v->took_ns / 1e6);
}

bool batch_line_missing(char line[BATCH_LINE_MAX], const struct top_view *v,
                        const struct top_source *s)
{
    if (!top_view_lacks(v, TOP_RAW_EXITS))
        return false;
    str_printf(line, BATCH_LINE_MAX, "EXIT, HALT: %s", s->missing);
    return true;
}

static void table_row(struct buf *out, const struct top_row *row)
{
    char text[TOP_TEXT_MAX], vcpu[24];
    str_printf(vcpu, sizeof vcpu, "  vcpu %u", row->vcpu);
    buf_printf(out, "%-*s %-*s", NAME_WIDTH, row->is_vcpu ? vcpu : row->name, STATE_WIDTH,
               row->state != NULL ? row->state : "-");
    for (size_t i = 0; i < TOP_COLUMN_COUNT; i++)
        buf_printf(out, " %*s", top_columns[i].width,
                   top_format(top_columns[i].form, row->values[i], text));
    buf_append_str(out, "\n");
}

void batch_table(struct buf *out, const struct top_view *v, const struct top_source *s,
                 enum top_rows rows)
{
    char line[BATCH_LINE_MAX];
    size_t next = 0;
    batch_line_host(line, v, s);
    buf_printf(out, "%s\n", line);
    do {
        batch_line_cpus(line, v, 120, &next);
        buf_printf(out, "%s\n", line);
    } while (next < v->cpu_count);
    batch_line_cost(line, v);
    buf_printf(out, "%s\n%-*s %-*s", line, NAME_WIDTH, "GUEST", STATE_WIDTH, "STATE");
    for (size_t i = 0; i < TOP_COLUMN_COUNT; i++)
        buf_printf(out, " %*s", top_columns[i].width, top_columns[i].heading);
    buf_append_str(out, "\n");
    for (size_t i = 0; i < v->guest_count; i++) {
        table_row(out, &v->guests[i]);
        for (size_t n = 0; rows == TOP_GUESTS_AND_VCPUS && n < v->guests[i].vcpu_count; n++)
            table_row(out, &v->guests[i].vcpus[n]);
    }
    if (v->guest_count == 0)
        buf_append_str(out, "no guest runs here\n");
    if (batch_line_missing(line, v, s))
        buf_printf(out, "%s\n", line);
    buf_append_str(out, "\n");
}
