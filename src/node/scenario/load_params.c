/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * load_params: keywords with parameters: [field0 file=x], [file name=x], [fill ...] and
 * [authentication ...]. One thread.
 */
#include <ctype.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "node/scenario/inject.h"
#include "node/scenario/load_keyword.h"

static const char *const auth_names[AUTH_PARAM_COUNT] = {"username", "password", "aka_K", "aka_OP",
                                                         "aka_AMF"};

int load_keyword_param(const char **p, const char *end, const char **ret_name,
                       size_t *ret_name_size, const char **ret_value, size_t *ret_value_size)
{
    const char *at = *p, *stop;
    char quote = 0;
    int depth = 0;

    while (at < end && isspace((unsigned char)*at)) {
        at++;
    }
    if (at == end) {
        return 0;
    }
    stop = memchr(at, '=', (size_t)(end - at));
    if (!stop) {
        return -EINVAL;
    }
    *ret_name = at;
    *ret_name_size = (size_t)(stop - at);
    at = stop + 1;
    if (at < end && (*at == '"' || *at == '\'')) {
        quote = *at++;
    }
    for (stop = at; stop < end; stop++) {
        depth += (*stop == '[') - (*stop == ']');
        if (depth == 0 && (quote ? *stop == quote : isspace((unsigned char)*stop))) {
            break;
        }
    }
    if (quote && stop == end) {
        return -EINVAL;
    }
    *ret_value = at;
    *ret_value_size = (size_t)(stop - at);
    *p = stop + (quote ? 1 : 0);
    return 1;
}

/* Parameters that are in `names`; values[i] becomes NULL where one is missing. */
static int read_params(struct loader *l, const struct keyword *k, const char *const *names,
                       size_t count, const char **values, size_t *sizes)
{
    const char *p = k->rest, *name, *value;
    size_t name_size, value_size, i;
    int code;

    memset(values, 0, count * sizeof(*values));
    while ((code = load_keyword_param(&p, k->end, &name, &name_size, &value, &value_size)) > 0) {
        for (i = 0; i < count; i++) {
            if (strlen(names[i]) == name_size && memcmp(names[i], name, name_size) == 0) {
                break;
            }
        }
        if (i == count) {
            return load_fail(l, k->line, k->column,
                             "[%.*s] has no parameter \"%.*s\"; the first it has is \"%s\"",
                             (int)k->size, k->name, (int)name_size, name, names[0]);
        }
        values[i] = value;
        sizes[i] = value_size;
    }
    if (code < 0) {
        return load_fail(l, k->line, k->column,
                         "[%.*s%.*s]: parameters are written name=value or name=\"some words\"",
                         (int)k->size, k->name, (int)(k->end - k->rest), k->rest);
    }
    return 0;
}

static int param_templates(struct loader *l, const struct keyword *k, const char **values,
                           const size_t *sizes, size_t count, struct piece *ret)
{
    const struct template **params = ARENA_ARRAY(&l->s->arena, const struct template *, count);

    for (size_t i = 0; i < count; i++) {
        struct template *t;
        int code;

        if (!values[i]) {
            continue;
        }
        code = load_template(l, values[i], sizes[i], k->line, k->column, LOAD_PLAIN, &t);
        if (code < 0) {
            return code;
        }
        params[i] = t;
    }
    ret->params = params;
    return 0;
}

int load_field_word(struct loader *l, const struct keyword *k, struct piece *ret)
{
    static const char *const names[] = {"file", "line"};
    const char *values[2];
    size_t sizes[2];
    char file[512];
    int code = read_params(l, k, names, 2, values, sizes);

    if (code < 0) {
        return code;
    }
    ret->kind = PIECE_FIELD;
    ret->field = atoi(k->name + 5);
    if (inject_file_count(l->s->inject) == 0) {
        return load_fail(l, k->line, k->column,
                         "[%.*s] wants an injection file, and none was given (-inf file.csv)",
                         (int)k->size, k->name);
    }
    if (values[0]) {
        snprintf(file, sizeof(file), "%.*s", (int)sizes[0], values[0]);
        ret->file = inject_find(l->s->inject, file);
        if (ret->file < 0) {
            return load_fail(l, k->line, k->column, "no injection file \"%s\" was given", file);
        }
    }
    if ((unsigned)ret->field >= inject_field_count(l->s->inject, (unsigned)ret->file)) {
        return load_fail(l, k->line, k->column,
                         "[%.*s]: the lines of %s have %u fields, the first is field0",
                         (int)k->size, k->name, inject_file_name(l->s->inject, (unsigned)ret->file),
                         inject_field_count(l->s->inject, (unsigned)ret->file));
    }
    values[0] = values[1];
    sizes[0] = sizes[1];
    return param_templates(l, k, values, sizes, 1, ret);
}

int load_file_word(struct loader *l, const struct keyword *k, struct piece *ret)
{
    static const char *const names[] = {"name"};
    const char *values[1];
    size_t sizes[1];
    int code = read_params(l, k, names, 1, values, sizes);

    if (code < 0) {
        return code;
    }
    if (!values[0]) {
        return load_fail(l, k->line, k->column, "[file] wants its name: [file name=body.txt]");
    }
    ret->kind = PIECE_FILE;
    return param_templates(l, k, values, sizes, 1, ret);
}

int load_fill_word(struct loader *l, const struct keyword *k, struct piece *ret)
{
    static const char *const names[] = {"variable", "text"};
    const char *values[2];
    size_t sizes[2];
    int code = read_params(l, k, names, 2, values, sizes);

    if (code < 0) {
        return code;
    }
    if (!values[0]) {
        return load_fail(l, k->line, k->column,
                         "[fill] wants a variable with the length: [fill variable=N text=X]");
    }
    code = load_variable(l, values[0], sizes[0], k->line, k->column);
    if (code < 0) {
        return code;
    }
    load_text_piece(l, ret, values[1] && sizes[1] ? values[1] : "X",
                    values[1] && sizes[1] ? sizes[1] : 1);
    ret->kind = PIECE_FILL;
    ret->variable = code;
    return 0;
}

int load_auth_word(struct loader *l, const struct keyword *k, struct piece *ret)
{
    const char *values[AUTH_PARAM_COUNT];
    size_t sizes[AUTH_PARAM_COUNT];
    int code = read_params(l, k, auth_names, AUTH_PARAM_COUNT, values, sizes);

    ret->kind = PIECE_AUTHENTICATION;
    return code < 0 ? code : param_templates(l, k, values, sizes, AUTH_PARAM_COUNT, ret);
}
