/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * reader: places of errors, names, options. One thread.
 */
#include "control/plan/reader.h"

#include <errno.h>
#include <stdarg.h>
#include <string.h>

#include "base/str.h"

__attribute__((format(printf, 4, 0))) static int fail_at(struct reader *r, int line, int column,
                                                         const char *format, va_list args)
{
    char text[ERR_TEXT_MAX];
    vsnprintf(text, sizeof text, format, args);
    err_set(r->e, -EINVAL, "%s", text);
    err_at(r->e, r->plan->path, line, column);
    return -EINVAL;
}

int reader_fail(struct reader *r, const struct yaml *at, const char *format, ...)
{
    va_list args;
    va_start(args, format);
    int n = fail_at(r, at->line, at->column, format, args);
    va_end(args);
    return n;
}

int reader_fail_key(struct reader *r, const struct yaml *at, const char *format, ...)
{
    va_list args;
    va_start(args, format);
    int n = fail_at(r, at->key_line, at->key_column, format, args);
    va_end(args);
    return n;
}

int reader_at(struct reader *r, const struct yaml *at)
{
    return err_at(r->e, r->plan->path, at->line, at->column);
}

const char *reader_nearest(const char *word, const char *const *names)
{
    const char *near = NULL;
    unsigned best = 3;
    for (size_t i = 0; names[i] != NULL; i++) {
        unsigned distance = str_edit_distance(names[i], word);
        if (distance < best && distance < strlen(names[i])) {
            best = distance;
            near = names[i];
        }
    }
    return near;
}

int reader_fail_name(struct reader *r, const struct yaml *at, bool at_key, const char *what,
                     const char *const *names)
{
    return reader_fail_name_in(r, at, at_key, what, "", names);
}

int reader_fail_name_in(struct reader *r, const struct yaml *at, bool at_key, const char *what,
                        const char *where, const char *const *names)
{
    const char *word = at_key ? at->key : at->text;
    char rest[ERR_TEXT_MAX / 2] = "none";
    const char *near = reader_nearest(word, names);
    if (near != NULL)
        str_printf(rest, sizeof rest, "did you mean %s?", near);
    size_t used = 0;
    for (size_t i = 0; near == NULL && names[i] != NULL; i++)
        used += str_printf(rest + used, sizeof rest - used, "%s%s", i > 0 ? ", " : "there is ",
                           names[i]);
    return (at_key ? reader_fail_key : reader_fail)(r, at, "there is no %s '%s'%s (%s)", what, word,
                                                    where, rest);
}

int reader_need_map(struct reader *r, const struct yaml *y, const char *what)
{
    if (y->kind == YAML_MAP || (y->kind == YAML_TEXT && y->text[0] == '\0'))
        return 0;
    return reader_fail(r, y, "%s is not a map: %s: {name: value, ...}", what, what);
}

int reader_need_text(struct reader *r, const struct yaml *y, const char *what)
{
    if (y->kind != YAML_TEXT)
        return reader_fail_key(r, y, "%s is one value, not a %s", what,
                               y->kind == YAML_LIST ? "list" : "map");
    if (y->text[0] == '\0')
        return reader_fail_key(r, y, "%s has no value", what);
    return 0;
}

const char *const *reader_keys(struct reader *r, const struct yaml *map)
{
    const char **keys = ARENA_ARRAY(r->arena, const char *, (map != NULL ? map->count : 0) + 1);
    size_t n = 0;
    for (const struct yaml *y = map != NULL ? map->first : NULL; y != NULL; y = y->next)
        keys[n++] = map->kind == YAML_MAP ? y->key : y->text;
    return keys;
}

int reader_texts(struct reader *r, const struct yaml *y, const char *what, const char *const **ret)
{
    const bool alone = y->kind == YAML_TEXT;
    if (y->kind == YAML_MAP)
        return reader_fail_key(r, y, "%s is a list: [one, two]", what);
    if (!alone && y->count == 0)
        return reader_fail_key(r, y, "%s is an empty list", what);
    const char **texts = ARENA_ARRAY(r->arena, const char *, y->count + 2);
    size_t n = 0;
    for (const struct yaml *item = alone ? y : y->first; item != NULL; item = item->next) {
        int k = reader_need_text(r, item, what);
        if (k < 0)
            return k;
        texts[n++] = item->text;
        if (alone)
            break;
    }
    *ret = texts;
    return 0;
}

static bool has(const char *const *names, const char *name)
{
    for (size_t i = 0; names != NULL && names[i] != NULL; i++)
        if (strcmp(names[i], name) == 0)
            return true;
    return false;
}

/* All that may stand in a map. */
static const char *const *all_names(struct reader *r, const struct opt *table,
                                    const char *const *others)
{
    size_t n = 0, at = 0;
    for (size_t i = 0; table != NULL && table[i].name != NULL; i++)
        n++;
    for (size_t i = 0; others != NULL && others[i] != NULL; i++)
        n++;
    const char **names = ARENA_ARRAY(r->arena, const char *, n + 1);
    for (size_t i = 0; table != NULL && table[i].name != NULL; i++)
        names[at++] = table[i].name;
    for (size_t i = 0; others != NULL && others[i] != NULL; i++)
        names[at++] = others[i];
    return names;
}

int reader_options(struct reader *r, const struct yaml *map, const struct opt *table, void *options,
                   const char *const *others)
{
    for (const struct yaml *y = map->first; y != NULL; y = y->next) {
        const struct opt *o = opt_find(table, y->key);
        if (o == NULL && !has(others, y->key))
            return reader_fail_name(r, y, true, "setting", all_names(r, table, others));
        if (o == NULL)
            continue;
        int n = reader_need_text(r, y, y->key);
        if (n < 0)
            return n;
        if (opt_parse(o, y->text, options, r->arena, r->e) < 0)
            return reader_at(r, y);
    }
    return 0;
}

int reader_texts_of(struct reader *r, const struct yaml *map, const struct opt *table,
                    const char *const *others, json_t **ret)
{
    json_t *object = reader_object(r);
    for (const struct yaml *y = map->first; y != NULL; y = y->next) {
        if (has(others, y->key))
            continue;
        const struct opt *o = table != NULL ? opt_find(table, y->key) : NULL;
        if (table != NULL && o == NULL)
            return reader_fail_name(r, y, true, "option", all_names(r, table, others));
        int n = reader_need_text(r, y, y->key);
        if (n < 0)
            return n;
        if (o != NULL && opt_check_text(o, y->text, r->e) < 0)
            return reader_at(r, y);
        json_object_set_new(object, y->key, json_string(y->text));
    }
    for (const struct opt *o = table; o != NULL && o->name != NULL; o++)
        if ((o->flags & OPT_REQUIRED) != 0 && yaml_find(map, o->name) == NULL)
            return reader_fail(r, map, "%s is missing (%s)", o->name, o->help);
    *ret = object;
    return 0;
}

json_t *reader_object(struct reader *r)
{
    json_t *object = json_object();
    json_array_append_new(r->plan->values, object);
    return object;
}

int reader_check_name(struct reader *r, const struct yaml *at, const char *what)
{
    static const char allowed[] =
        "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_-";
    size_t length = strlen(at->key);
    if (length > 0 && length <= 32 && strspn(at->key, allowed) == length && at->key[0] != '-')
        return 0;
    return reader_fail_key(
        r, at, "'%s' is no name of a %s: letters, digits, '_' and '-', at most 32", at->key, what);
}

struct plan_place reader_place(const struct yaml *y)
{
    return (struct plan_place){.line = y->line, .column = y->column};
}
