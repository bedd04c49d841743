/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * figures: libvirt's names, units and kinds of numbers to ours, by tables. What libvirt has and the
 * tables have not is left out. Pure.
 */
#include "control/virt/figures.h"

#include <errno.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/str.h"

struct figure {
    const char *key; /* libvirt's, behind "vcpu.N." and the like */
    const char *metric, *unit;
    enum sample_kind kind;
    double scale; /* from libvirt's unit to ours */
};

static const double KIB = 1024;

enum { NAME_MAX_BYTES = 128, PARTS_MAX = 4096 };

#define G SAMPLE_GAUGE
#define C SAMPLE_COUNTER

static const struct figure whole_figures[] = {
    {"cpu.time", "cpu_ns", "ns", C, 1},
    {"cpu.user", "user_ns", "ns", C, 1},
    {"cpu.system", "system_ns", "ns", C, 1},
    {"vcpu.current", "vcpus", "1", G, 1},
    {"balloon.current", "memory_bytes", "bytes", G, KIB},
    {"balloon.rss", "resident_bytes", "bytes", G, KIB},
    {"balloon.unused", "unused_bytes", "bytes", G, KIB},
    {"balloon.major_fault", "major_faults", "1", C, 1},
    {"balloon.minor_fault", "minor_faults", "1", C, 1},
    {"balloon.swap_in", "swap_in_bytes", "bytes", C, KIB},
    {"balloon.swap_out", "swap_out_bytes", "bytes", C, KIB},
};

static const struct figure vcpu_figures[] = {
    {"time", "cpu_ns", "ns", C, 1},
    {"delay", "run_queue_wait_ns", "ns", C, 1},
    {"halted", "halted", "1", G, 1},
    {"exits.sum", "exits", "1", C, 1},
    {"io_exits.sum", "io_exits", "1", C, 1},
    {"mmio_exits.sum", "mmio_exits", "1", C, 1},
    {"halt_exits.sum", "halt_exits", "1", C, 1},
    {"halt_wait_ns.sum", "halt_wait_ns", "ns", C, 1},
    {"halt_poll_success_ns.sum", "halt_poll_success_ns", "ns", C, 1},
    {"halt_poll_fail_ns.sum", "halt_poll_fail_ns", "ns", C, 1},
    {"irq_injections.sum", "irq_injections", "1", C, 1},
};

static const struct figure net_figures[] = {
    {"rx.bytes", "rx_bytes", "bytes", C, 1},   {"rx.pkts", "rx_packets", "packets", C, 1},
    {"rx.errs", "rx_errors", "packets", C, 1}, {"rx.drop", "rx_drops", "packets", C, 1},
    {"tx.bytes", "tx_bytes", "bytes", C, 1},   {"tx.pkts", "tx_packets", "packets", C, 1},
    {"tx.errs", "tx_errors", "packets", C, 1}, {"tx.drop", "tx_drops", "packets", C, 1},
};

static const struct figure block_figures[] = {
    {"rd.reqs", "reads", "1", C, 1},
    {"rd.bytes", "read_bytes", "bytes", C, 1},
    {"rd.times", "read_ns", "ns", C, 1},
    {"wr.reqs", "writes", "1", C, 1},
    {"wr.bytes", "write_bytes", "bytes", C, 1},
    {"wr.times", "write_ns", "ns", C, 1},
    {"fl.reqs", "flushes", "1", C, 1},
    {"fl.times", "flush_ns", "ns", C, 1},
    {"errors", "errors", "1", C, 1},
    {"capacity", "capacity_bytes", "bytes", G, 1},
    {"physical", "physical_bytes", "bytes", G, 1},
};

#undef G
#undef C

/* A kind of part of a guest that libvirt counts: its number, and where a part's name stands. */
static const struct part {
    const char *prefix, *count;
    bool has_name; /* PREFIX.N.name; else N is the name, and there may be holes */
    const struct figure *figures;
    size_t figure_count;
} parts[] = {
    {"vcpu", "vcpu.maximum", false, vcpu_figures, sizeof vcpu_figures / sizeof vcpu_figures[0]},
    {"net", "net.count", true, net_figures, sizeof net_figures / sizeof net_figures[0]},
    {"block", "block.count", true, block_figures, sizeof block_figures / sizeof block_figures[0]},
};

struct sink {
    struct sample_column *columns;
    double *values;
    size_t room, count;
};

static bool value_of(const json_t *stats, const char *key, double *ret)
{
    const json_t *value = json_object_get(stats, key);
    if (json_is_number(value))
        *ret = json_number_value(value);
    else if (json_is_boolean(value))
        *ret = json_is_true(value) ? 1 : 0;
    else
        return false;
    return true;
}

static void add(struct sink *s, const char *entity, const struct figure *f, double value)
{
    const size_t at = s->count++;
    if (at >= s->room)
        return;
    if (s->values != NULL)
        s->values[at] = value * f->scale;
    if (s->columns == NULL)
        return;
    struct sample_column *c = &s->columns[at];
    memset(c, 0, sizeof *c);
    str_printf(c->entity, sizeof c->entity, "%s", entity);
    str_printf(c->metric, sizeof c->metric, "%s", f->metric);
    str_printf(c->unit, sizeof c->unit, "%s", f->unit);
    c->kind = f->kind;
}

static void add_part(struct sink *s, const json_t *stats, const struct part *p, unsigned n)
{
    char key[NAME_MAX_BYTES], entity[SAMPLE_NAME_MAX];
    double value;
    str_printf(key, sizeof key, "%s.%u.name", p->prefix, n);
    const char *name = json_str_or(stats, key, NULL);
    if (p->has_name && name != NULL)
        str_printf(entity, sizeof entity, "vmm/%s.%s", p->prefix, name);
    else
        str_printf(entity, sizeof entity, "vmm/%s.%u", p->prefix, n);
    for (size_t i = 0; i < p->figure_count; i++) {
        str_printf(key, sizeof key, "%s.%u.%s", p->prefix, n, p->figures[i].key);
        if (value_of(stats, key, &value))
            add(s, entity, &p->figures[i], value);
    }
}

size_t virt_figures(const json_t *stats, struct sample_column *columns, double *values, size_t room)
{
    struct sink s = {.columns = columns, .values = values, .room = room};
    double value;
    for (size_t i = 0; i < sizeof whole_figures / sizeof whole_figures[0]; i++)
        if (value_of(stats, whole_figures[i].key, &value))
            add(&s, "vmm", &whole_figures[i], value);
    for (size_t i = 0; i < sizeof parts / sizeof parts[0]; i++)
        if (value_of(stats, parts[i].count, &value))
            for (unsigned n = 0; n < value && n < PARTS_MAX; n++)
                add_part(&s, stats, &parts[i], n);
    return s.count;
}

/* The place of column `wanted`, first looked for where it was when nothing came or went. */
static size_t find_column(const struct sample_column *columns, size_t count,
                          const struct sample_column *wanted, size_t near)
{
    for (size_t i = 0; i < count; i++) {
        const size_t at = (near + i) % count;
        if (strcmp(columns[at].metric, wanted->metric) == 0 &&
            strcmp(columns[at].entity, wanted->entity) == 0)
            return at;
    }
    return count;
}

int virt_figures_follow(const json_t *stats, const struct sample_column *columns, size_t count,
                        double *values)
{
    const size_t have = virt_figures(stats, NULL, NULL, 0);
    struct sample_column *now = calloc(have + 1, sizeof *now);
    double *given = calloc(have + 1, sizeof *given);
    if (now != NULL && given != NULL) {
        virt_figures(stats, now, given, have);
        for (size_t i = 0; i < count; i++) {
            const size_t at = find_column(now, have, &columns[i], i);
            values[i] = at < have ? given[at] : (double)NAN;
        }
    }
    const int r = now != NULL && given != NULL ? 0 : -ENOMEM;
    free(now);
    free(given);
    return r;
}

bool virt_figures_have_exits(const json_t *stats)
{
    char key[NAME_MAX_BYTES];
    double vcpus, value;
    if (!value_of(stats, "vcpu.maximum", &vcpus))
        return false;
    for (unsigned n = 0; n < vcpus && n < PARTS_MAX; n++) {
        str_printf(key, sizeof key, "vcpu.%u.exits.sum", n);
        if (value_of(stats, key, &value))
            return true;
    }
    return false;
}
