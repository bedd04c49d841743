/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * reading: a guest's columns of figures, summed to what a view shows. Thread rule in reading.h.
 */
#include "control/top/reading.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/str.h"
#include "control/virt/figures.h"

/* Which figures are added up to what; an entity that ends in a dot is every part of that kind. */
static const struct source {
    const char *entity, *metric;
    enum top_raw raw;
} sources[] = {
    {"vmm", "cpu_ns", TOP_RAW_CPU_NS},
    {"vmm", "user_ns", TOP_RAW_USER_NS},
    {"vmm", "system_ns", TOP_RAW_SYSTEM_NS},
    {"vmm", "vcpus", TOP_RAW_VCPUS},
    {"vmm", "memory_bytes", TOP_RAW_MEMORY},
    {"vmm", "resident_bytes", TOP_RAW_RESIDENT},
    {"vmm/vcpu.", "run_queue_wait_ns", TOP_RAW_WAIT_NS},
    {"vmm/vcpu.", "exits", TOP_RAW_EXITS},
    {"vmm/vcpu.", "halt_exits", TOP_RAW_HALTS},
    {"vmm/net.", "rx_packets", TOP_RAW_RX_PACKETS},
    {"vmm/net.", "tx_packets", TOP_RAW_TX_PACKETS},
    {"vmm/net.", "rx_bytes", TOP_RAW_RX_BYTES},
    {"vmm/net.", "tx_bytes", TOP_RAW_TX_BYTES},
    {"vmm/net.", "rx_drops", TOP_RAW_DROPS},
    {"vmm/net.", "tx_drops", TOP_RAW_DROPS},
    {"vmm/block.", "reads", TOP_RAW_DISK_REQUESTS},
    {"vmm/block.", "writes", TOP_RAW_DISK_REQUESTS},
    {"vmm/block.", "flushes", TOP_RAW_DISK_REQUESTS},
};

static const struct source vcpu_sources[] = {
    {"vmm/vcpu.", "cpu_ns", TOP_RAW_CPU_NS},    {"vmm/vcpu.", "run_queue_wait_ns", TOP_RAW_WAIT_NS},
    {"vmm/vcpu.", "halted", TOP_RAW_HALTED},    {"vmm/vcpu.", "exits", TOP_RAW_EXITS},
    {"vmm/vcpu.", "halt_exits", TOP_RAW_HALTS},
};

static bool is_of(const struct source *s, const struct sample_column *c)
{
    const bool kind = s->entity[strlen(s->entity) - 1] == '.';
    return strcmp(s->metric, c->metric) == 0 &&
           (kind ? str_starts(c->entity, s->entity) : strcmp(c->entity, s->entity) == 0);
}

static void add_to(double raw[TOP_RAW_COUNT], const struct source *table, size_t count,
                   const struct sample_column *c, double value)
{
    for (size_t i = 0; i < count; i++)
        if (is_of(&table[i], c))
            raw[table[i].raw] = isnan(raw[table[i].raw]) ? value : raw[table[i].raw] + value;
}

static void forget(double raw[TOP_RAW_COUNT])
{
    for (size_t i = 0; i < TOP_RAW_COUNT; i++)
        raw[i] = (double)NAN;
}

/* The VCPU a column belongs to; NULL for other columns. Columns of one VCPU follow each other. */
static struct top_vcpu *vcpu_of(struct top_guest *g, const struct sample_column *c)
{
    static const char prefix[] = "vmm/vcpu.";
    if (!str_starts(c->entity, prefix))
        return NULL;
    const unsigned number = (unsigned)strtoul(c->entity + sizeof prefix - 1, NULL, 10);
    if (g->vcpu_count == 0 || g->vcpus[g->vcpu_count - 1].number != number) {
        struct top_vcpu *vcpu = &g->vcpus[g->vcpu_count++];
        vcpu->number = number;
        forget(vcpu->raw);
    }
    return &g->vcpus[g->vcpu_count - 1];
}

static void fill(struct top_reading *r, struct top_guest *g, const json_t *stats)
{
    const size_t count = virt_figures(stats, NULL, NULL, 0);
    struct sample_column *columns = calloc(count + 1, sizeof *columns);
    double *values = calloc(count + 1, sizeof *values);
    forget(g->raw);
    if (columns != NULL && values != NULL) {
        virt_figures(stats, columns, values, count);
        size_t vcpus = 0;
        for (size_t i = 0; i < count; i++)
            vcpus += str_starts(columns[i].entity, "vmm/vcpu.") ? 1 : 0; /* more than enough */
        g->vcpus = ARENA_ARRAY(&r->arena, struct top_vcpu, vcpus + 1);
        for (size_t i = 0; i < count; i++) {
            struct top_vcpu *vcpu = vcpu_of(g, &columns[i]);
            add_to(g->raw, sources, sizeof sources / sizeof sources[0], &columns[i], values[i]);
            if (vcpu != NULL)
                add_to(vcpu->raw, vcpu_sources, sizeof vcpu_sources / sizeof vcpu_sources[0],
                       &columns[i], values[i]);
        }
    }
    free(columns);
    free(values);
}

void top_reading_init(struct top_reading *r)
{
    memset(r, 0, sizeof *r);
    arena_init(&r->arena);
}

void top_reading_finish(struct top_reading *r)
{
    arena_finish(&r->arena);
    memset(r, 0, sizeof *r);
}

void top_reading_add(struct top_reading *r, const struct virt_guest *g)
{
    if (r->guest_count == r->guest_room) {
        r->guest_room = r->guest_room > 0 ? 2 * r->guest_room : 16;
        struct top_guest *more = ARENA_ARRAY(&r->arena, struct top_guest, r->guest_room);
        if (r->guest_count > 0)
            memcpy(more, r->guests, r->guest_count * sizeof *more);
        r->guests = more;
    }
    struct top_guest *own = &r->guests[r->guest_count++];
    own->name = arena_strdup(&r->arena, g->name);
    own->uuid = arena_strdup(&r->arena, g->uuid);
    own->state = g->state;
    own->id = g->id;
    fill(r, own, g->stats);
}
