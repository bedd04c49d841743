/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * opt_json: options and their tables as JSON. Pure but for the caller's arena.
 */
#include "base/opt.h"

#include <errno.h>
#include <string.h>

#include "base/arena.h"
#include "base/cpu.h"
#include "base/opt_types.h"
#include "base/str.h"

/* A JSON value as the text that a person would have written. NULL: neither text, number nor bool.
 */
static const char *value_text(const json_t *value, char *buffer, size_t size)
{
    if (json_is_string(value))
        return json_string_value(value);
    if (json_is_integer(value))
        str_printf(buffer, size, "%lld", (long long)json_integer_value(value));
    else if (json_is_real(value))
        str_printf(buffer, size, "%.17g", json_real_value(value));
    else if (json_is_boolean(value))
        str_printf(buffer, size, "%s", json_is_true(value) ? "true" : "false");
    else
        return NULL;
    return buffer;
}

static int unknown_option(const struct opt *table, const char *name, struct err *e)
{
    const char *near = opt_nearest(table, name);
    if (near != NULL)
        return err_set(e, -EINVAL, "unknown option %s (did you mean %s?)", name, near);
    return err_set(e, -EINVAL, "unknown option %s", name);
}

int opt_from_json(const struct opt *table, const json_t *object, void *options, struct arena *a,
                  struct err *e)
{
    if (!json_is_object(object))
        return err_set(e, -EINVAL, "the options are not an object");
    const char *name;
    json_t *value;
    json_object_foreach((json_t *)object, name, value)
    {
        char number[40];
        const struct opt *o = opt_find(table, name);
        if (o == NULL)
            return unknown_option(table, name, e);
        const char *text = value_text(value, number, sizeof number);
        if (text == NULL)
            return err_set(e, -EINVAL, "%s: a list, map or nothing is not %s", name,
                           opt_types[o->type].wanted);
        int r = opt_parse(o, text, options, a, e);
        if (r < 0)
            return r;
    }
    for (; table->name != NULL; table++)
        if ((table->flags & OPT_REQUIRED) != 0 && json_object_get(object, table->name) == NULL)
            return err_set(e, -EINVAL, "%s is missing (%s)", table->name, table->help);
    return 0;
}

static json_t *value_to_json(const struct opt *o, const void *options)
{
    const char *at = (const char *)options + o->offset;
    bool flag;
    double number;
    uint64_t whole;
    switch (o->type) {
    case OPT_FLAG:
        memcpy(&flag, at, sizeof flag);
        return json_boolean(flag);
    case OPT_NUMBER:
        memcpy(&number, at, sizeof number);
        return json_real(number);
    case OPT_COUNT:
        memcpy(&whole, at, sizeof whole);
        if (whole <= INT64_MAX)
            return json_u64(whole);
        break;
    case OPT_STRING: {
        const char *text;
        memcpy(&text, at, sizeof text);
        return text != NULL ? json_string(text) : NULL;
    }
    default:
        break;
    }
    char text[512];
    opt_format(o, options, text, sizeof text);
    return text[0] != '\0' ? json_string(text) : NULL;
}

json_t *opt_to_json(const struct opt *table, const void *options)
{
    json_t *object = json_object();
    for (; table->name != NULL; table++) {
        json_t *value = value_to_json(table, options);
        if (value != NULL)
            json_object_set_new(object, table->name, value);
    }
    return object;
}

static json_t *opt_to_json_entry(const struct opt *o)
{
    json_t *entry =
        json_pack("{s:s, s:s, s:s, s:b, s:b}", "name", o->name, "type", opt_types[o->type].name,
                  "help", o->help != NULL ? o->help : "", "required",
                  (o->flags & OPT_REQUIRED) != 0, "level", (o->flags & OPT_LEVEL) != 0);
    if (o->dflt != NULL)
        json_object_set_new(entry, "default", json_string(o->dflt));
    if (o->min != 0 || o->max != 0) {
        json_object_set_new(entry, "min", json_real(o->min));
        json_object_set_new(entry, "max", json_real(o->max));
    }
    if (o->choices != NULL) {
        json_t *choices = json_array();
        for (size_t i = 0; o->choices[i] != NULL; i++)
            json_array_append_new(choices, json_string(o->choices[i]));
        json_object_set_new(entry, "choices", choices);
    }
    return entry;
}

json_t *opt_table_to_json(const struct opt *table)
{
    json_t *array = json_array();
    for (; table->name != NULL; table++)
        json_array_append_new(array, opt_to_json_entry(table));
    return array;
}

static int find_type(const char *name, enum opt_type *ret, struct err *e)
{
    for (int i = 0; i < OPT_TYPE_COUNT; i++) {
        if (strcmp(opt_types[i].name, name) == 0) {
            *ret = (enum opt_type)i;
            return 0;
        }
    }
    return err_set(e, -EBADMSG, "option type %s is unknown (is the node newer?)", name);
}

static int choices_from_json(const json_t *entry, struct opt *o, struct arena *a, struct err *e)
{
    json_t *array;
    int r = json_need_array(entry, "choices", &array, e);
    if (r < 0)
        return r;
    const char **choices = ARENA_ARRAY(a, const char *, json_array_size(array) + 1);
    for (size_t i = 0; i < json_array_size(array); i++) {
        const char *text = json_string_value(json_array_get(array, i));
        if (text == NULL)
            return err_set(e, -EBADMSG, "choices of option %s are not texts", o->name);
        choices[i] = arena_strdup(a, text);
    }
    o->choices = choices;
    return 0;
}

static int opt_from_json_entry(const json_t *entry, struct opt *o, struct arena *a, struct err *e)
{
    const char *name, *type;
    if (json_need_str(entry, "name", &name, e) < 0 || json_need_str(entry, "type", &type, e) < 0 ||
        find_type(type, &o->type, e) < 0)
        return -EBADMSG;
    o->name = arena_strdup(a, name);
    o->help = arena_strdup(a, json_str_or(entry, "help", ""));
    const char *dflt = json_str_or(entry, "default", NULL);
    o->dflt = dflt != NULL ? arena_strdup(a, dflt) : NULL;
    o->min = json_number_or(entry, "min", 0);
    o->max = json_number_or(entry, "max", 0);
    o->flags = (json_bool_or(entry, "required", false) ? OPT_REQUIRED : 0U) |
               (json_bool_or(entry, "level", false) ? OPT_LEVEL : 0U);
    const bool has_words = json_object_get(entry, "choices") != NULL;
    return o->type == OPT_CHOICE || has_words ? choices_from_json(entry, o, a, e) : 0;
}

const struct opt *opt_table_from_json(const json_t *array, struct arena *a, struct err *e)
{
    if (!json_is_array(array)) {
        err_set(e, -EBADMSG, "the option table is not an array");
        return NULL;
    }
    size_t n = json_array_size(array);
    struct opt *table = ARENA_ARRAY(a, struct opt, n + 1); /* zeroed: ends in OPT_END */
    for (size_t i = 0; i < n; i++)
        if (opt_from_json_entry(json_array_get(array, i), &table[i], a, e) < 0)
            return NULL;
    return table;
}
