/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * series: samples seen so far. The main thread's.
 */
#include "node/cli/series.h"

#include <errno.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "base/str.h"

int series_init(struct series *s, const struct sample_column *columns, size_t count)
{
    *s = (struct series){.columns = columns, .count = count};
    s->cells = calloc(count + 1, sizeof *s->cells);
    return s->cells != NULL ? 0 : -ENOMEM;
}

void series_finish(struct series *s)
{
    free(s->cells);
    *s = (struct series){0};
}

void series_add(struct series *s, uint64_t at_ns, const double *values)
{
    for (size_t i = 0; i < s->count; i++) {
        struct series_cell *c = &s->cells[i];
        const double v = values[i];
        c->before = c->last;
        c->last = v;
        if (isnan(v))
            continue;
        if (c->known++ == 0) {
            c->first = c->min = c->max = v;
            c->first_ns = at_ns;
        }
        c->sum += v;
        c->min = fmin(c->min, v);
        c->max = fmax(c->max, v);
        c->last_ns = at_ns;
    }
    s->before_ns = s->at_ns;
    s->at_ns = at_ns;
    s->rows++;
}

static double per_second(double difference, uint64_t from_ns, uint64_t to_ns)
{
    return to_ns > from_ns ? difference * 1e9 / (double)(to_ns - from_ns) : (double)NAN;
}

/* What a column shows now: a gauge's value, a counter's growth a second. */
static double value_now(const struct series *s, size_t i)
{
    const struct series_cell *c = &s->cells[i];
    if (s->columns[i].kind == SAMPLE_GAUGE)
        return c->last;
    return s->rows < 2 ? (double)NAN : per_second(c->last - c->before, s->before_ns, s->at_ns);
}

static const char *format_value(double v, const char *unit, char *buffer, size_t size)
{
    return strcmp(unit, "ns") == 0 && v >= 0 ? str_format_short_duration((uint64_t)v, buffer, size)
                                             : str_format_number(v, buffer, size);
}

/* Is this the first column with its metric? Then *ret is the sum over all entities; NAN: nothing
 * was ever counted. */
static bool sum_metric(const struct series *s, size_t i, double *ret)
{
    double sum = 0;
    bool any = false;
    for (size_t k = 0; k < s->count; k++) {
        if (strcmp(s->columns[k].metric, s->columns[i].metric) != 0)
            continue;
        if (k < i)
            return false;
        const double v = value_now(s, k);
        sum += isnan(v) ? 0 : v;
        any = any || s->cells[k].max > 0;
    }
    *ret = any ? sum : (double)NAN;
    return true;
}

const char *series_format_sums(const struct series *s, char *buffer, size_t size)
{
    size_t used = str_printf(buffer, size, "%s", "");
    for (size_t i = 0; i < s->count; i++) {
        const struct sample_column *c = &s->columns[i];
        char text[32];
        double sum;
        if (c->kind != SAMPLE_COUNTER || !sum_metric(s, i, &sum) || isnan(sum))
            continue;
        used += str_printf(buffer + used, size - used, "%s%s %s/s", used > 0 ? "  " : "", c->metric,
                           format_value(sum, c->unit, text, sizeof text));
    }
    return used > 0 ? buffer : "nothing to count yet";
}

void series_print_now(const struct series *s, FILE *out)
{
    const char *entity = NULL;
    for (size_t i = 0; i < s->count; i++) {
        const struct sample_column *c = &s->columns[i];
        const double v = value_now(s, i);
        char text[32];
        if (isnan(v) || v == 0)
            continue;
        if (entity == NULL || strcmp(entity, c->entity) != 0)
            fprintf(out, "%s%-16s", entity != NULL ? "\n" : "", c->entity);
        entity = c->entity;
        fprintf(out, "  %s %s%s", c->metric, format_value(v, c->unit, text, sizeof text),
                c->kind == SAMPLE_COUNTER ? "/s" : "");
    }
    fputs(entity != NULL ? "\n" : "", out);
}

static size_t widest(const struct series *s, bool of_metric)
{
    size_t width = 8;
    for (size_t i = 0; i < s->count; i++) {
        size_t n = strlen(of_metric ? s->columns[i].metric : s->columns[i].entity);
        width = n > width ? n : width;
    }
    return width;
}

void series_print_table(const struct series *s, FILE *out)
{
    const int entity = (int)widest(s, false), metric = (int)widest(s, true);
    fprintf(out, "%-*s  %-*s %10s %10s %10s %12s %12s\n", entity, "", metric, "", "mean", "min",
            "max", "total", "a second");
    for (size_t i = 0; i < s->count; i++) {
        const struct sample_column *c = &s->columns[i];
        const struct series_cell *cell = &s->cells[i];
        char a[32], b[32], d[32];
        fprintf(out, "%-*s  %-*s", entity, c->entity, metric, c->metric);
        if (cell->known == 0) {
            fprintf(out, " %10s\n", "-");
        } else if (c->kind == SAMPLE_GAUGE) {
            fprintf(out, " %10s %10s %10s\n",
                    format_value(cell->sum / (double)cell->known, c->unit, a, sizeof a),
                    format_value(cell->min, c->unit, b, sizeof b),
                    format_value(cell->max, c->unit, d, sizeof d));
        } else {
            const double grown = cell->max - cell->first;
            fprintf(
                out, " %10s %10s %10s %12s %12s\n", "", "", "",
                format_value(grown, c->unit, a, sizeof a),
                format_value(per_second(grown, cell->first_ns, cell->last_ns), "", b, sizeof b));
        }
    }
}

static void set_number(json_t *object, const char *key, double value)
{
    json_object_set_new(object, key, json_figure(value));
}

json_t *series_to_json(const struct series *s)
{
    json_t *array = json_array();
    for (size_t i = 0; i < s->count; i++) {
        const struct sample_column *c = &s->columns[i];
        const struct series_cell *cell = &s->cells[i];
        const bool is_gauge = c->kind == SAMPLE_GAUGE;
        json_t *o = json_pack("{s:s, s:s, s:s, s:s, s:I}", "entity", c->entity, "metric", c->metric,
                              "unit", c->unit, "kind", is_gauge ? "gauge" : "counter", "samples",
                              (json_int_t)cell->known);
        if (is_gauge && cell->known > 0) {
            set_number(o, "mean", cell->sum / (double)cell->known);
            set_number(o, "min", cell->min);
            set_number(o, "max", cell->max);
        } else if (cell->known > 0) {
            set_number(o, "total", cell->max - cell->first);
            set_number(o, "per_s",
                       per_second(cell->max - cell->first, cell->first_ns, cell->last_ns));
        }
        json_array_append_new(array, o);
    }
    return array;
}
