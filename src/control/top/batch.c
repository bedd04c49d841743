/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * batch: CSV and JSON, for programs. Pure.
 */
#include "control/top/batch.h"

#include <errno.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"

void batch_csv_header(struct buf *out)
{
    buf_append_str(out, "at,interval_s,guest,uuid,vcpu,state");
    for (size_t i = 0; i < TOP_COLUMN_COUNT; i++)
        buf_printf(out, ",%s", top_columns[i].name);
    buf_append_str(out, "\r\n");
}

/* RFC 4180 §2: quoted when it holds what separates; a quote is doubled. */
static void append_field(struct buf *out, const char *text)
{
    if (strpbrk(text, ",\"\r\n") == NULL) {
        buf_append_str(out, text);
        return;
    }
    buf_append_str(out, "\"");
    for (; *text != '\0'; text++)
        buf_printf(out, *text == '"' ? "\"%c" : "%c", *text);
    buf_append_str(out, "\"");
}

/* Whole numbers as such, others with what matters behind the point. */
static void append_number(struct buf *out, double value)
{
    if (isnan(value))
        return;
    if (trunc(value) == value)
        buf_printf(out, "%.0f", value);
    else
        buf_printf(out, "%.3f", value);
}

static void csv_row(struct buf *out, const struct top_view *v, const struct top_row *row)
{
    char at[40];
    buf_printf(out, "%s,%.3f,", clock_format_real(v->real_ns, at, sizeof at), v->interval_s);
    append_field(out, row->name);
    buf_printf(out, ",%s,", row->uuid);
    if (row->is_vcpu)
        buf_printf(out, "%u", row->vcpu);
    buf_append_str(out, ",");
    append_field(out, row->state != NULL ? row->state : "");
    for (size_t i = 0; i < TOP_COLUMN_COUNT; i++) {
        buf_append_str(out, ",");
        append_number(out, row->values[i]);
    }
    buf_append_str(out, "\r\n");
}

void batch_csv(struct buf *out, const struct top_view *v, enum top_rows rows)
{
    for (size_t i = 0; i < v->guest_count; i++) {
        csv_row(out, v, &v->guests[i]);
        for (size_t n = 0; rows == TOP_GUESTS_AND_VCPUS && n < v->guests[i].vcpu_count; n++)
            csv_row(out, v, &v->guests[i].vcpus[n]);
    }
}

/* To a thousandth, like CSV. */
static json_t *json_value(double value)
{
    if (!isfinite(value))
        return json_null();
    if (trunc(value) == value && fabs(value) < 0x1p53)
        return json_integer((json_int_t)value);
    return json_real(round(value * 1000) / 1000);
}

static json_t *json_row(const struct top_row *row)
{
    json_t *object = row->is_vcpu
                         ? json_pack("{s:i, s:s?}", "vcpu", (int)row->vcpu, "state", row->state)
                         : json_pack("{s:s, s:s, s:s}", "guest", row->name, "uuid", row->uuid,
                                     "state", row->state);
    for (size_t i = 0; i < TOP_COLUMN_COUNT; i++)
        json_object_set_new(object, top_columns[i].name, json_value(row->values[i]));
    return object;
}

static json_t *json_guests(const struct top_view *v, enum top_rows rows)
{
    json_t *all = json_array();
    for (size_t i = 0; i < v->guest_count; i++) {
        const struct top_row *row = &v->guests[i];
        json_t *guest = json_row(row);
        json_t *vcpus = rows == TOP_GUESTS_AND_VCPUS ? json_array() : NULL;
        for (size_t n = 0; vcpus != NULL && n < row->vcpu_count; n++)
            json_array_append_new(vcpus, json_row(&row->vcpus[n]));
        if (vcpus != NULL)
            json_object_set_new(guest, "vcpu_rows", vcpus);
        json_array_append_new(all, guest);
    }
    return all;
}

static json_t *json_host(const struct top_view *v, const struct top_source *s)
{
    json_t *cpus = json_array();
    for (size_t i = 0; i < v->cpu_count; i++)
        json_array_append_new(cpus, json_pack("{s:i, s:o}", "cpu", (int)v->cpus[i].number,
                                              "busy_pct", json_value(v->cpus[i].busy_pct)));
    return json_pack("{s:s, s:s, s:i, s:o, s:o}", "hostname", s->node.hostname, "hypervisor",
                     s->node.hypervisor, "cpus_online", (int)s->node.cpus, "memory_bytes",
                     json_u64(s->node.memory_bytes), "cpus", cpus);
}

int batch_json(struct buf *out, const struct top_view *v, const struct top_source *s,
               enum top_rows rows)
{
    char at[40];
    json_t *all = json_pack("{s:s, s:o, s:s, s:o, s:{s:o, s:o}, s:o}", "at",
                            clock_format_real(v->real_ns, at, sizeof at), "interval_s",
                            json_value(v->interval_s), "uri", s->uri, "host", json_host(v, s),
                            "own_cost", "cpu_pct", json_value(v->own_cpu_pct), "asking_ms",
                            json_value((double)v->took_ns / 1e6), "guests", json_guests(v, rows));
    char *text = json_dumps(all, JSON_COMPACT);
    json_decref(all);
    if (text == NULL)
        return -ENOMEM;
    buf_append_str(out, text);
    buf_append_str(out, "\n");
    free(text);
    return 0;
}
