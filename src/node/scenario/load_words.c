/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * load_words: attributes as values, variables by name, and the words of a refusal. Not for
 * keywords within texts (load_keyword). One thread.
 */
#include <ctype.h>
#include <errno.h>
#include <math.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "base/str.h"
#include "node/scenario/load.h"

int load_fail(struct loader *l, int line, int column, const char *format, ...)
{
    char text[ERR_TEXT_MAX];
    va_list args;

    va_start(args, format);
    vsnprintf(text, sizeof(text), format, args);
    va_end(args);
    err_set(l->err, -EINVAL, "%s", text);
    err_at(l->err, l->s->file, line, column);
    return -EINVAL;
}

int load_fail_at(struct loader *l, const struct xml_attr *a, const char *format, ...)
{
    char text[ERR_TEXT_MAX];
    va_list args;

    va_start(args, format);
    vsnprintf(text, sizeof(text), format, args);
    va_end(args);
    return load_fail(l, a->line, a->column, "%s", text);
}

int load_fail_node(struct loader *l, const struct xml_node *n, const char *format, ...)
{
    char text[ERR_TEXT_MAX];
    va_list args;

    va_start(args, format);
    vsnprintf(text, sizeof(text), format, args);
    va_end(args);
    return load_fail(l, n->line, n->column, "<%s>: %s", n->name, text);
}

const char *load_nearest(const char *written, const char *const *words)
{
    const char *best = "";
    unsigned least = 0;

    for (size_t i = 0; words[i]; i++) {
        unsigned distance = str_edit_distance(written, words[i]);

        if (i == 0 || distance < least) {
            least = distance;
            best = words[i];
        }
    }
    return best;
}

static bool is_listed(const char *word, const char *const *words)
{
    for (size_t i = 0; words && words[i]; i++) {
        if (strcmp(word, words[i]) == 0) {
            return true;
        }
    }
    return false;
}

int load_check_attrs(struct loader *l, const struct xml_node *n, const char *const *words,
                     const char *const *more)
{
    for (size_t i = 0; i < n->attr_count; i++) {
        const struct xml_attr *a = &n->attrs[i];
        const char *near, *other;

        if (is_listed(a->name, words) || is_listed(a->name, more)) {
            continue;
        }
        near = load_nearest(a->name, words);
        other = more ? load_nearest(a->name, more) : "";
        if (!near[0] ||
            (other[0] && str_edit_distance(a->name, other) < str_edit_distance(a->name, near))) {
            near = other;
        }
        if (!near[0]) {
            return load_fail_at(l, a, "<%s> has no attribute \"%s\", nor any other", n->name,
                                a->name);
        }
        return load_fail_at(l, a, "<%s> has no attribute \"%s\"; the nearest is \"%s\"", n->name,
                            a->name, near);
    }
    return 0;
}

int load_bool(struct loader *l, const struct xml_node *n, const char *name, bool *ret)
{
    const struct xml_attr *a = xml_attr_get(n, name);

    if (!a) {
        return 0;
    }
    if (str_parse_bool(a->value, ret) < 0) {
        return load_fail_at(l, a, "%s=\"%s\": write true or false", name, a->value);
    }
    return 0;
}

int load_flag(struct loader *l, const struct xml_node *n, const char *name, unsigned flag,
              unsigned *flags)
{
    bool is_set = false;
    int code = load_bool(l, n, name, &is_set);

    if (is_set) {
        *flags |= flag;
    }
    return code;
}

int load_double(struct loader *l, const struct xml_node *n, const char *name, double *ret)
{
    const struct xml_attr *a = xml_attr_get(n, name);
    char *end;
    double value;

    if (!a) {
        return 0;
    }
    value = strtod(a->value, &end);
    if (end == a->value || *end || !isfinite(value)) {
        return load_fail_at(l, a, "%s=\"%s\" is no number", name, a->value);
    }
    *ret = value;
    return 0;
}

int load_ms(struct loader *l, const struct xml_node *n, const char *name, uint64_t *ret_ns)
{
    const struct xml_attr *a = xml_attr_get(n, name);
    char *end;
    double ms;

    if (!a) {
        return 0;
    }
    ms = strtod(a->value, &end);
    if (end != a->value && !*end && ms >= 0 && ms <= 1e12) {
        *ret_ns = (uint64_t)(ms * (double)NS_PER_MS);
        return 0;
    }
    if (str_parse_duration(a->value, ret_ns) < 0) {
        return load_fail_at(l, a, "%s=\"%s\": write milliseconds, or a time such as 20s", name,
                            a->value);
    }
    return 0;
}

int load_regex(struct loader *l, const struct xml_attr *a, const char *text, int cflags,
               regex_t **ret)
{
    regex_t *regex = ARENA_NEW(&l->s->arena, regex_t);
    char why[128];
    int code = regcomp(regex, text, REG_EXTENDED | cflags);

    if (code != 0) {
        regerror(code, regex, why, sizeof(why));
        return load_fail_at(l, a, "regular expression \"%.200s\": %s", text, why);
    }
    *ret = regex;
    return 0;
}

static struct variable *find_variable(struct loader *l, const char *name, size_t size)
{
    for (unsigned i = 0; i < l->s->variable_count; i++) {
        struct variable *v = &l->s->variables[i];

        if (strlen(v->name) == size && memcmp(v->name, name, size) == 0) {
            return v;
        }
    }
    return NULL;
}

int load_variable(struct loader *l, const char *name, size_t size, int line, int column)
{
    struct scenario *s = l->s;
    struct variable *v;

    if (size > 0 && name[0] == '$') {
        name++;
        size--;
    }
    if (size == 0 || memchr(name, ' ', size) || memchr(name, '[', size)) {
        return load_fail(l, line, column, "\"%.*s\" is no name of a variable",
                         (int)(size < 80 ? size : 80), name);
    }
    v = find_variable(l, name, size);
    if (!v) {
        if (s->variable_count == l->variable_max) {
            struct variable *more;

            l->variable_max = l->variable_max ? 2 * l->variable_max : 32;
            more = ARENA_ARRAY(&s->arena, struct variable, l->variable_max);
            if (s->variable_count > 0) {
                memcpy(more, s->variables, s->variable_count * sizeof(*more));
            }
            s->variables = more;
        }
        v = &s->variables[s->variable_count++];
        *v = (struct variable){.name = arena_strndup(&s->arena, name, size),
                               .place = s->call_variables++};
        v->line = line;
    }
    v->uses++;
    return (int)(v - s->variables);
}

int load_variable_attr(struct loader *l, const struct xml_node *n, const char *name, int *ret)
{
    const struct xml_attr *a = xml_attr_get(n, name);
    int id;

    if (!a) {
        return 0;
    }
    id = load_variable(l, a->value, strlen(a->value), a->line, a->column);
    if (id < 0) {
        return id;
    }
    *ret = id;
    return 0;
}

int load_targets(struct loader *l, const struct xml_node *n, const char *name, struct action *a)
{
    const struct xml_attr *attr = xml_attr_get(n, name);
    unsigned max = 1;

    if (!attr) {
        return 0;
    }
    for (const char *p = attr->value; *p; p++) {
        max += *p == ',';
    }
    a->targets = ARENA_ARRAY(&l->s->arena, int, max);
    for (const char *p = attr->value; *p;) {
        size_t size;
        int id;

        p += strspn(p, ", \t");
        size = strcspn(p, ", \t");
        if (size == 0) {
            break;
        }
        id = load_variable(l, p, size, attr->line, attr->column);
        if (id < 0) {
            return id;
        }
        a->targets[a->target_count++] = id;
        p += size;
    }
    if (a->target_count == 0) {
        return load_fail_at(l, attr, "%s names no variable", name);
    }
    return 0;
}

unsigned load_name(struct loader *l, const char ***names, unsigned *count, const char *name)
{
    const char **more;

    for (unsigned i = 0; i < *count; i++) {
        if (strcmp((*names)[i], name) == 0) {
            return i;
        }
    }
    more = ARENA_ARRAY(&l->s->arena, const char *, *count + 2);
    if (*count > 0) {
        memcpy(more, *names, *count * sizeof(*more));
    }
    more[*count] = arena_strdup(&l->s->arena, name);
    *names = more;
    return (*count)++;
}
