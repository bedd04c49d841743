/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * sample: columns and rows to JSON and back. Pure.
 */
#include "rpc/sample.h"

#include <errno.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/str.h"

static const char *const kind_names[] = {[SAMPLE_GAUGE] = "gauge", [SAMPLE_COUNTER] = "counter"};

json_t *sample_columns_to_json(const struct sample_column *columns, size_t count)
{
    json_t *array = json_array();
    for (size_t i = 0; i < count; i++) {
        const struct sample_column *c = &columns[i];
        json_t *column = json_pack("{s:s, s:s, s:s, s:s}", "entity", c->entity, "metric", c->metric,
                                   "unit", c->unit, "kind", kind_names[c->kind == SAMPLE_COUNTER]);
        if (json_array_append_new(array, column) < 0) {
            json_decref(array);
            return NULL;
        }
    }
    return array;
}

static int copy_text(const json_t *object, const char *key, char *ret, size_t room, struct err *e)
{
    const char *text;
    int r = json_need_str(object, key, &text, e);
    if (r < 0)
        return r;
    if (strlen(text) >= room)
        return err_set(e, -EBADMSG, "%s is longer than %zu characters", key, room - 1);
    str_printf(ret, room, "%s", text);
    return 0;
}

static int column_from_json(const json_t *object, struct sample_column *c, struct err *e)
{
    const char *kind;
    if (copy_text(object, "entity", c->entity, sizeof c->entity, e) < 0 ||
        copy_text(object, "metric", c->metric, sizeof c->metric, e) < 0 ||
        copy_text(object, "unit", c->unit, sizeof c->unit, e) < 0 ||
        json_need_str(object, "kind", &kind, e) < 0)
        return -EBADMSG;
    if (strcmp(kind, kind_names[SAMPLE_COUNTER]) == 0)
        c->kind = SAMPLE_COUNTER;
    else if (strcmp(kind, kind_names[SAMPLE_GAUGE]) == 0)
        c->kind = SAMPLE_GAUGE;
    else
        return err_set(e, -EBADMSG, "kind is neither gauge nor counter");
    return 0;
}

int sample_columns_from_json(const json_t *array, struct sample_column **ret, size_t *ret_count,
                             struct err *e)
{
    if (!json_is_array(array))
        return err_set(e, -EBADMSG, "the columns are not an array");
    const size_t count = json_array_size(array);
    struct sample_column *columns = calloc(count > 0 ? count : 1, sizeof *columns);
    if (columns == NULL)
        return err_set(e, -ENOMEM, "no memory for %zu columns", count);
    for (size_t i = 0; i < count; i++) {
        if (column_from_json(json_array_get(array, i), &columns[i], e) < 0) {
            free(columns);
            err_prefix(e, "column %zu: ", i);
            return -EBADMSG;
        }
    }
    *ret = columns;
    *ret_count = count;
    return 0;
}

/* Whole numbers travel as such: shorter, and exact for every counter. */
static json_t *value_to_json(double value)
{
    if (!isfinite(value))
        return json_null();
    if (fabs(value) < 0x1p53 && trunc(value) == value)
        return json_integer((json_int_t)value);
    return json_real(value);
}

json_t *sample_row_to_json(const char *source, const struct sample_row *row)
{
    json_t *values = json_array();
    for (size_t i = 0; i < row->count; i++)
        json_array_append_new(values, value_to_json(row->values[i]));
    if (json_array_size(values) != row->count) {
        json_decref(values);
        return NULL;
    }
    return json_pack("{s:s, s:o, s:o}", "source", source, "at_ns", json_u64(row->at_ns), "values",
                     values);
}

int sample_row_from_json(const json_t *object, const char **ret_source, uint64_t *ret_at_ns,
                         double *ret_values, size_t count, struct err *e)
{
    const char *source;
    uint64_t at_ns;
    json_t *values;
    if (json_need_str(object, "source", &source, e) < 0 ||
        json_need_u64(object, "at_ns", &at_ns, e) < 0 ||
        json_need_array(object, "values", &values, e) < 0)
        return -EBADMSG;
    if (json_array_size(values) != count)
        return err_set(e, -EBADMSG, "a row of %s has %zu values, not %zu", source,
                       json_array_size(values), count);
    for (size_t i = 0; i < count; i++) {
        const json_t *value = json_array_get(values, i);
        if (!json_is_number(value) && !json_is_null(value))
            return err_set(e, -EBADMSG, "value %zu of a row of %s is not a number", i, source);
    }
    for (size_t i = 0; i < count; i++) {
        const json_t *value = json_array_get(values, i);
        ret_values[i] = json_is_number(value) ? json_number_value(value) : (double)NAN;
    }
    *ret_source = source;
    *ret_at_ns = at_ns;
    return 0;
}
