/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * opt: texts to values and back, after a table. The other forms of a table are in opt_json.c
 * (describe, requests) and opt_argv.c (command line, help). Pure.
 */
#include "base/opt.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/arena.h"
#include "base/cpu.h"
#include "base/opt_types.h"
#include "base/str.h"

union value {
    bool flag;
    uint64_t whole;
    double number;
    int choice;
    struct cpu_set cpus;
};

const struct opt_type_info opt_types[OPT_TYPE_COUNT] = {
    [OPT_FLAG] = {"flag", "", "yes or no", sizeof(bool)},
    [OPT_COUNT] = {"count", "COUNT", "a count (a whole number such as 400)", sizeof(uint64_t)},
    [OPT_NUMBER] = {"number", "NUMBER", "a number (such as 0.5)", sizeof(double)},
    [OPT_DURATION] = {"duration", "TIME", "a duration (with its unit, such as 20ms, 1.5s or 20m)",
                      sizeof(uint64_t)},
    [OPT_SIZE] = {"size", "SIZE", "a size (bytes, or with K, M or G, such as 512M)",
                  sizeof(uint64_t)},
    [OPT_RATE] = {"rate", "RATE", "a rate (per second, such as 33, 33/s or 2000/min)",
                  sizeof(double)},
    [OPT_PERCENT] = {"percent", "PERCENT", "a percentage (such as 50%)", sizeof(double)},
    [OPT_STRING] = {"text", "TEXT", "a text", sizeof(const char *)},
    [OPT_CHOICE] = {"choice", "WORD", "a word of the list", sizeof(int)},
    [OPT_CPUS] = {"cpus", "CPUS", "a list of CPUs (such as 0, 0-3 or 0,2)", sizeof(struct cpu_set)},
};

const struct opt *opt_find(const struct opt *table, const char *name)
{
    for (; table->name != NULL; table++)
        if (strcmp(table->name, name) == 0)
            return table;
    return NULL;
}

/* The nearest of n names within 2 edits and not all of it new; -1 if none. */
static int nearest_name(const char *const *names, size_t n, const char *name)
{
    unsigned best = 3;
    int found = -1;
    for (size_t i = 0; i < n; i++) {
        unsigned distance = str_edit_distance(names[i], name);
        if (distance < best && distance < strlen(names[i])) {
            best = distance;
            found = (int)i;
        }
    }
    return found;
}

const char *opt_nearest(const struct opt *table, const char *name)
{
    unsigned best = 3;
    const char *found = NULL;
    for (; table->name != NULL; table++) {
        unsigned distance = str_edit_distance(table->name, name);
        if (distance < best && distance < strlen(table->name)) {
            best = distance;
            found = table->name;
        }
    }
    return found;
}

int opt_word(const struct opt *o, uint64_t value)
{
    for (size_t n = 0; o->choices != NULL && o->choices[n] != NULL; n++)
        if (value == OPT_WORD(n))
            return (int)n;
    return -1;
}

static int find_choice(const struct opt *o, const char *text)
{
    for (size_t n = 0; o->choices != NULL && o->choices[n] != NULL; n++)
        if (strcmp(o->choices[n], text) == 0)
            return (int)n;
    return -1;
}

static void list_words(const struct opt *o, char *buffer, size_t size)
{
    size_t used = 0;
    for (size_t n = 0; o->choices[n] != NULL; n++)
        used += str_printf(buffer + used, size - used, "%s%s", n > 0 ? ", " : "", o->choices[n]);
}

/* Neither a word of the list nor, where it may be one, a duration. */
static int refuse_word(const struct opt *o, const char *text, struct err *e)
{
    char list[ERR_TEXT_MAX / 2] = "";
    size_t n = 0;
    list_words(o, list, sizeof list);
    while (o->choices[n] != NULL)
        n++;
    int near = nearest_name(o->choices, n, text);
    if (near >= 0)
        return err_set(e, -EINVAL, "%s: '%s' is none of %s (did you mean %s?)", o->name, text, list,
                       o->choices[near]);
    if (o->type == OPT_DURATION)
        return err_set(e, -EINVAL, "%s: '%s' is not %s, and none of %s", o->name, text,
                       opt_types[o->type].wanted, list);
    return err_set(e, -EINVAL, "%s: '%s' is none of %s", o->name, text, list);
}

static int parse_choice(const struct opt *o, const char *text, int *ret, struct err *e)
{
    int found = find_choice(o, text);
    if (found < 0)
        return refuse_word(o, text, e);
    *ret = found;
    return 0;
}

static int parse_by_type(enum opt_type type, const char *text, union value *v)
{
    switch (type) {
    case OPT_FLAG:
        return str_parse_bool(text, &v->flag);
    case OPT_COUNT:
        return str_parse_count(text, &v->whole);
    case OPT_NUMBER:
        return str_parse_number(text, &v->number);
    case OPT_DURATION:
        return str_parse_duration(text, &v->whole);
    case OPT_SIZE:
        return str_parse_size(text, &v->whole);
    case OPT_RATE:
        return str_parse_rate(text, &v->number);
    case OPT_PERCENT:
        return str_parse_percent(text, &v->number);
    case OPT_CPUS:
        return cpu_set_parse(&v->cpus, text, NULL);
    case OPT_STRING:
    case OPT_CHOICE:
        break;
    }
    return 0;
}

static bool is_whole(enum opt_type type)
{
    return type == OPT_COUNT || type == OPT_DURATION || type == OPT_SIZE;
}

static bool is_measure(enum opt_type type)
{
    return is_whole(type) || type == OPT_NUMBER || type == OPT_RATE || type == OPT_PERCENT;
}

static const char *format_number(double v, const char *unit, char *buffer, size_t size)
{
    char text[40];
    for (int digits = 6; digits <= 17; digits++) {
        str_printf(text, sizeof text, "%.*g", digits, v);
        if (strtod(text, NULL) == v)
            break;
    }
    str_printf(buffer, size, "%s%s", text, unit);
    return buffer;
}

static const char *format_whole(enum opt_type type, uint64_t v, char *buffer, size_t size)
{
    if (type == OPT_DURATION)
        return str_format_duration(v, buffer, size);
    if (type == OPT_SIZE)
        return str_format_size(v, buffer, size);
    str_printf(buffer, size, "%llu", (unsigned long long)v);
    return buffer;
}

static const char *format_measure(enum opt_type type, double v, char *buffer, size_t size)
{
    if (is_whole(type))
        return format_whole(type, (uint64_t)v, buffer, size);
    return format_number(v, type == OPT_PERCENT ? "%" : "", buffer, size);
}

static int check_bounds(const struct opt *o, const char *text, const union value *v, struct err *e)
{
    if ((o->min == 0 && o->max == 0) || !is_measure(o->type))
        return 0;
    const double value = is_whole(o->type) ? (double)v->whole : v->number;
    const bool has_max = o->max > o->min;
    char low[48], high[48];
    format_measure(o->type, o->min, low, sizeof low);
    format_measure(o->type, has_max ? o->max : 0, high, sizeof high);
    if (value < o->min && has_max)
        return err_set(e, -EINVAL, "%s: '%s' is too small (%s to %s)", o->name, text, low, high);
    if (value < o->min)
        return err_set(e, -EINVAL, "%s: '%s' is too small (at least %s)", o->name, text, low);
    if (has_max && value > o->max)
        return err_set(e, -EINVAL, "%s: '%s' is too large (%s to %s)", o->name, text, low, high);
    return 0;
}

static int parse_value(const struct opt *o, const char *text, union value *v, struct err *e)
{
    if (o->type == OPT_CHOICE)
        return parse_choice(o, text, &v->choice, e);
    const int word = find_choice(o, text);
    if (word >= 0) {
        v->whole = OPT_WORD(word);
        return 0;
    }
    int r = parse_by_type(o->type, text, v);
    if (r == -EINVAL && o->choices != NULL)
        return refuse_word(o, text, e);
    if (r == -ERANGE)
        return err_set(e, -EINVAL, "%s: '%s' is too large to be counted", o->name, text);
    if (r < 0)
        return err_set(e, -EINVAL, "%s: '%s' is not %s", o->name, text, opt_types[o->type].wanted);
    return check_bounds(o, text, v, e);
}

static void store_text(const struct opt *o, const char *text, void *options)
{
    memcpy((char *)options + o->offset, &text, sizeof text);
}

int opt_parse(const struct opt *o, const char *text, void *options, struct arena *a, struct err *e)
{
    if (o->type == OPT_STRING) {
        store_text(o, a != NULL ? arena_strdup(a, text) : text, options);
        return 0;
    }
    union value v;
    int r = parse_value(o, text, &v, e);
    if (r == 0)
        memcpy((char *)options + o->offset, &v, opt_types[o->type].size);
    return r;
}

int opt_check_text(const struct opt *o, const char *text, struct err *e)
{
    union value v;
    return o->type == OPT_STRING ? 0 : parse_value(o, text, &v, e);
}

void opt_defaults(const struct opt *table, void *options, size_t size)
{
    memset(options, 0, size);
    for (; table->name != NULL; table++)
        if (table->dflt != NULL && opt_parse(table, table->dflt, options, NULL, NULL) < 0)
            abort(); /* the table itself is wrong */
}

const char *opt_format(const struct opt *o, const void *options, char *buffer, size_t size)
{
    const char *at = (const char *)options + o->offset, *text;
    union value v;
    if (o->type == OPT_STRING) {
        memcpy(&text, at, sizeof text);
        str_printf(buffer, size, "%s", text != NULL ? text : "");
        return buffer;
    }
    memcpy(&v, at, opt_types[o->type].size);
    if (is_whole(o->type) && opt_word(o, v.whole) >= 0) {
        str_printf(buffer, size, "%s", o->choices[opt_word(o, v.whole)]);
        return buffer;
    }
    if (is_whole(o->type))
        return format_whole(o->type, v.whole, buffer, size);
    if (is_measure(o->type))
        return format_measure(o->type, v.number, buffer, size);
    if (o->type == OPT_CPUS)
        return cpu_set_format(&v.cpus, buffer, size);
    text = o->type == OPT_CHOICE ? o->choices[v.choice] : v.flag ? "true" : "false";
    str_printf(buffer, size, "%s", text);
    return buffer;
}
