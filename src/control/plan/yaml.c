/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * yaml: the only home of libfyaml. One thread.
 */
#include "control/plan/yaml.h"

#include <errno.h>
#include <string.h>

#include <libfyaml.h>

#include "base/str.h"

enum { DEPTH_MAX = 16, NODES_MAX = 100000, KEYS_MAX = 1000 };

struct reader {
    const char *path;
    struct arena *arena;
    struct err *e;
    size_t nodes;
};

static int fail(struct reader *r, const struct yaml *at, const char *text)
{
    err_set(r->e, -EBADMSG, "%s", text);
    return err_at(r->e, r->path, at->line, at->column);
}

/* The first thing that libfyaml said, in its words but at our place. */
static int fail_parser(struct fy_diag *diag, const char *path, struct err *e)
{
    void *before = NULL;
    const struct fy_diag_error *said = fy_diag_errors_iterate(diag, &before);
    if (said == NULL)
        return err_set(e, -EBADMSG, "%s is not YAML", path);
    err_set(e, -EBADMSG, "not YAML: %s", said->msg);
    return err_at(e, path, said->line > 0 ? said->line : 1, said->column > 0 ? said->column : 1);
}

static void set_place(struct yaml *y, struct fy_node *node)
{
    struct fy_token *token = fy_node_get_scalar_token(node);
    const struct fy_mark *mark = token != NULL ? fy_token_start_mark(token) : NULL;
    if (mark == NULL)
        return;
    const enum fy_node_style style = fy_node_get_style(node);
    const bool quoted = style == FYNS_SINGLE_QUOTED || style == FYNS_DOUBLE_QUOTED;
    y->line = mark->line + 1;
    y->column = mark->column + (quoted ? 0 : 1); /* the mark is behind the quote */
}

static int read_text(struct reader *r, struct fy_node *node, struct yaml *y)
{
    size_t size = 0;
    const char *text = fy_node_get_scalar(node, &size);
    if (fy_node_is_alias(node))
        return fail(r, y, "aliases (*name) are no part of a plan; a setup has from: instead");
    if (text != NULL && memchr(text, '\0', size) != NULL)
        return fail(r, y, "a text holds a zero byte");
    y->text = text != NULL ? arena_strndup(r->arena, text, size) : "";
    return 0;
}

static int read_node(struct reader *r, struct fy_node *node, struct yaml *y, int depth);

static void append(struct yaml *parent, struct yaml **last, struct yaml *child)
{
    if (*last == NULL)
        parent->first = child;
    else
        (*last)->next = child;
    *last = child;
    parent->count++;
}

static struct yaml *add_child(struct reader *r, struct yaml *parent, struct yaml **last)
{
    struct yaml *child = ARENA_NEW(r->arena, struct yaml);
    child->line = child->key_line = parent->line;
    child->column = child->key_column = parent->column;
    append(parent, last, child);
    return child;
}

/* libfyaml's own search for keys that stand twice takes minutes for a map of 60,000. */
static int check_key(struct reader *r, const struct yaml *map, const struct yaml *key)
{
    char text[ERR_TEXT_MAX / 2];
    if (map->count > KEYS_MAX)
        return fail(r, key, "a map of more than 1000 keys is no part of a plan");
    for (const struct yaml *y = map->first; y != NULL && y != key; y = y->next) {
        if (strcmp(y->key, key->key) != 0)
            continue;
        str_printf(text, sizeof text, "'%s' stands twice; the first is in line %d", key->key,
                   y->key_line);
        return fail(r, key, text);
    }
    return 0;
}

static int read_pair_key(struct reader *r, struct fy_node_pair *pair, struct yaml *y)
{
    struct yaml key = {.line = y->line, .column = y->column};
    struct fy_node *node = fy_node_pair_key(pair);
    if (node == NULL || fy_node_get_type(node) != FYNT_SCALAR)
        return fail(r, &key, "a key is not a word");
    set_place(&key, node);
    int n = read_text(r, node, &key);
    if (n < 0)
        return n;
    y->key = key.text;
    y->key_line = y->line = key.line;
    y->key_column = y->column = key.column;
    return 0;
}

static int read_map(struct reader *r, struct fy_node *node, struct yaml *y, int depth)
{
    void *at = NULL;
    struct yaml *last = NULL;
    struct fy_node_pair *pair;
    while ((pair = fy_node_mapping_iterate(node, &at)) != NULL) {
        struct yaml *child = add_child(r, y, &last);
        child->key = "";
        int n = read_pair_key(r, pair, child);
        if (n >= 0)
            n = check_key(r, y, child);
        if (n >= 0)
            n = read_node(r, fy_node_pair_value(pair), child, depth + 1);
        if (n < 0)
            return n;
    }
    return 0;
}

static int read_list(struct reader *r, struct fy_node *node, struct yaml *y, int depth)
{
    void *at = NULL;
    struct yaml *last = NULL;
    struct fy_node *item;
    while ((item = fy_node_sequence_iterate(node, &at)) != NULL) {
        struct yaml *child = add_child(r, y, &last);
        int n = read_node(r, item, child, depth + 1);
        if (n < 0)
            return n;
        child->key_line = child->line;
        child->key_column = child->column;
    }
    return 0;
}

/* libfyaml tells no place of a map or a list: that of the first thing in it is taken. */
static int read_node(struct reader *r, struct fy_node *node, struct yaml *y, int depth)
{
    int n = 0;
    if (depth > DEPTH_MAX || ++r->nodes > NODES_MAX)
        return fail(r, y, "nested too deep or too large for a plan");
    if (node != NULL && fy_node_get_tag(node, NULL) != NULL)
        return fail(r, y, "tags (!name) are no part of a plan");
    if (node == NULL) {
        y->text = "";
        return 0;
    }
    switch (fy_node_get_type(node)) {
    case FYNT_SCALAR:
        set_place(y, node);
        return read_text(r, node, y);
    case FYNT_MAPPING:
        y->kind = YAML_MAP;
        n = read_map(r, node, y, depth);
        break;
    case FYNT_SEQUENCE:
        y->kind = YAML_LIST;
        n = read_list(r, node, y, depth);
        break;
    }
    if (n >= 0 && y->first != NULL) {
        y->line = y->first->key_line;
        y->column = y->first->key_column;
    }
    return n;
}

static int read_document(struct fy_parser *parser, struct fy_diag *diag, struct reader *r,
                         struct yaml *root)
{
    struct fy_document *doc = fy_parse_load_document(parser);
    if (doc == NULL && fy_diag_got_error(diag))
        return fail_parser(diag, r->path, r->e);
    struct fy_node *node = doc != NULL ? fy_document_root(doc) : NULL;
    int n = node != NULL ? read_node(r, node, root, 0) : fail(r, root, "the plan is empty");
    fy_parse_document_destroy(parser, doc);
    if (n < 0)
        return n;
    doc = fy_parse_load_document(parser);
    if (doc != NULL)
        n = fail(r, root, "there is a second document (---) in the file; a plan is one");
    else if (fy_diag_got_error(diag))
        n = fail_parser(diag, r->path, r->e);
    fy_parse_document_destroy(parser, doc);
    return n;
}

/* The bytes of the UTF-8 character here; 0 when it is none, or a control character. */
static size_t character_size(const unsigned char *at)
{
    static const unsigned least[] = {0, 0, 0x80, 0x800, 0x10000};
    const size_t n = at[0] < 0x80 ? 1 : at[0] < 0xc2 ? 0 : at[0] < 0xe0 ? 2 : at[0] < 0xf0 ? 3 : 4;
    unsigned code = n > 1 ? at[0] & (0xffu >> (n + 1)) : at[0];
    for (size_t i = 1; i < n; i++) {
        if ((at[i] & 0xc0) != 0x80)
            return 0;
        code = code << 6 | (at[i] & 0x3f);
    }
    if (n > 1)
        return code < least[n] || code > 0x10ffff || (code >= 0xd800 && code < 0xe000) ? 0 : n;
    return code < 0x20 && code != '\t' && code != '\n' && code != '\r' ? 0 : n;
}

/* libfyaml 0.7 does not return from some texts that are not UTF-8, so it does not get to see them;
 * nor directives (%YAML), in which that was found. */
static int check_text(struct reader *r, const char *text)
{
    struct yaml at = {.line = 1, .column = 1};
    while (*text != '\0') {
        const size_t n = character_size((const unsigned char *)text);
        if (n == 0)
            return fail(r, &at, "not a text in UTF-8");
        if (*text == '%' && at.column == 1)
            return fail(r, &at, "directives (%) are no part of a plan");
        at.column = *text == '\n' || *text == '\r' ? 1 : at.column + 1;
        at.line += *text == '\n';
        text += n;
    }
    return 0;
}

int yaml_parse(const struct yaml **ret, const char *path, const char *text, struct arena *a,
               struct err *e)
{
    struct reader r = {.path = path, .arena = a, .e = e};
    struct yaml *root = ARENA_NEW(a, struct yaml);
    root->line = root->column = 1;
    int n = check_text(&r, text);
    if (n < 0)
        return n;
    n = -ENOMEM;
    struct fy_diag_cfg silent;
    fy_diag_cfg_default(&silent);
    silent.fp = NULL;
    struct fy_diag *diag = fy_diag_create(&silent);
    const struct fy_parse_cfg cfg = {
        .flags = FYPCF_QUIET | FYPCF_COLLECT_DIAG | FYPCF_ALLOW_DUPLICATE_KEYS,
        .diag = diag,
    };
    struct fy_parser *parser = NULL;
    if (diag == NULL)
        return err_set(e, n, "no memory for %s", path);
    fy_diag_set_collect_errors(diag, true);
    parser = fy_parser_create(&cfg);
    if (parser == NULL || fy_parser_set_string(parser, text, strlen(text)) != 0)
        err_set(e, n, "no memory for %s", path);
    else
        n = read_document(parser, diag, &r, root);
    if (parser != NULL)
        fy_parser_destroy(parser);
    fy_diag_destroy(diag);
    if (n >= 0)
        *ret = root;
    return n;
}

const struct yaml *yaml_find(const struct yaml *map, const char *key)
{
    if (map == NULL || map->kind != YAML_MAP)
        return NULL;
    for (const struct yaml *y = map->first; y != NULL; y = y->next)
        if (strcmp(y->key, key) == 0)
            return y;
    return NULL;
}

static struct yaml *copy(const struct yaml *y, struct arena *a)
{
    struct yaml *c = arena_dup(a, y, sizeof *y);
    c->next = NULL;
    return c;
}

static bool is_replaced(const struct yaml *base, const struct yaml *over)
{
    if (base->kind != YAML_MAP || over->kind != YAML_MAP)
        return true;
    const struct yaml *b = yaml_find(base, "type"), *o = yaml_find(over, "type");
    return b != NULL && o != NULL &&
           (b->kind != YAML_TEXT || o->kind != YAML_TEXT || strcmp(b->text, o->text) != 0);
}

const struct yaml *yaml_merge(const struct yaml *base, const struct yaml *over, struct arena *a)
{
    const bool says_nothing = base != NULL && base->kind == YAML_MAP && over != NULL &&
                              over->kind == YAML_TEXT && over->text[0] == '\0';
    if (says_nothing)
        return base;
    if (base == NULL || over == NULL || is_replaced(base, over))
        return over != NULL ? over : base;
    struct yaml *merged = copy(over, a), *last = NULL;
    merged->first = NULL;
    merged->count = 0;
    for (const struct yaml *b = base->first; b != NULL; b = b->next)
        append(merged, &last, copy(yaml_merge(b, yaml_find(over, b->key), a), a));
    for (const struct yaml *o = over->first; o != NULL; o = o->next)
        if (yaml_find(base, o->key) == NULL)
            append(merged, &last, copy(o, a));
    return merged;
}

const struct yaml *yaml_without(const struct yaml *map, const char *key, struct arena *a)
{
    struct yaml *rest = copy(map, a), *last = NULL;
    rest->first = NULL;
    rest->count = 0;
    for (const struct yaml *y = map->first; y != NULL; y = y->next)
        if (strcmp(y->key, key) != 0)
            append(rest, &last, copy(y, a));
    return rest;
}

const struct yaml *yaml_wrap(const char *key, const struct yaml *value, struct arena *a)
{
    struct yaml *map = ARENA_NEW(a, struct yaml), *last = NULL, *child = copy(value, a);
    *map = (struct yaml){.kind = YAML_MAP,
                         .line = value->line,
                         .column = value->column,
                         .key_line = value->line,
                         .key_column = value->column};
    child->key = arena_strdup(a, key);
    child->key_line = value->line;
    child->key_column = value->column;
    append(map, &last, child);
    return map;
}
