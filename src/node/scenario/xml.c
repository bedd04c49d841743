/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * xml: expat, fed with a copy of the file in which stray '<' and '&' are escaped. Everything is
 * read as ISO-8859-1, where a byte is a character, and written back the same way; positions are
 * byte offsets of that copy, counted back to the file's. Not a validator: no DTD is fetched.
 */
#include "node/scenario/xml.h"

#include <ctype.h>
#include <errno.h>
#include <expat.h>
#include <stdbool.h>
#include <stdint.h>
#include <string.h>

#include "base/buf.h"

enum { DEPTH_MAX = 32, EDITS_MAX = 4096 };

/* From `at` on, the copy is `shift` bytes ahead of the file. */
struct edit {
    size_t at, shift;
};

struct open_node {
    struct xml_node *node;
    struct xml_node **tail; /* where its next child goes */
    struct buf text;
};

struct reader {
    XML_Parser parser;
    struct arena *arena;
    const char *file, *original;
    size_t original_size;
    struct buf copy;
    struct edit *edits;
    size_t edit_count;
    struct open_node stack[DEPTH_MAX];
    int depth;
    struct xml_node *root;
    struct err *err;
    int code;
};

static bool is_entity(const char *p, const char *end)
{
    const char *q = p + 1;

    if (q < end && *q == '#') {
        q++;
    }
    while (q < end && isalnum((unsigned char)*q)) {
        q++;
    }
    return q > p + 1 && q < end && *q == ';';
}

static void escape(struct reader *r, const char *text)
{
    size_t shift = r->edit_count ? r->edits[r->edit_count - 1].shift : 0;

    buf_append_str(&r->copy, text);
    if (r->edit_count < EDITS_MAX) {
        r->edits[r->edit_count++] = (struct edit){r->copy.size, shift + strlen(text) - 1};
    }
}

/* Copies up to and including `mark`. */
static const char *copy_to(struct reader *r, const char *p, const char *end, const char *mark)
{
    size_t n = strlen(mark);
    const char *q = memmem(p, (size_t)(end - p), mark, n);

    q = q ? q + n : end;
    buf_append(&r->copy, p, (size_t)(q - p));
    return q;
}

static const char *copy_tag(struct reader *r, const char *p, const char *end)
{
    char quote = 0;

    for (; p < end; p++) {
        if (quote && *p == '<') {
            escape(r, "&lt;");
            continue;
        }
        if (quote && *p == '&' && !is_entity(p, end)) {
            escape(r, "&amp;");
            continue;
        }
        buf_append(&r->copy, p, 1);
        if (quote) {
            quote = *p == quote ? 0 : quote;
        } else if (*p == '"' || *p == '\'') {
            quote = *p;
        } else if (*p == '>') {
            return p + 1;
        }
    }
    return p;
}

static void make_copy(struct reader *r)
{
    const char *p = r->original, *end = p + r->original_size;

    while (p < end) {
        size_t left = (size_t)(end - p);

        if (*p != '<') {
            const char *q = memchr(p, '<', left);

            q = q ? q : end;
            buf_append(&r->copy, p, (size_t)(q - p));
            p = q;
        } else if (left >= 4 && memcmp(p, "<!--", 4) == 0) {
            p = copy_to(r, p, end, "-->");
        } else if (left >= 9 && memcmp(p, "<![CDATA[", 9) == 0) {
            p = copy_to(r, p, end, "]]>");
        } else if (left >= 2 && (p[1] == '?' || p[1] == '!')) {
            p = copy_to(r, p, end, p[1] == '?' ? "?>" : ">");
        } else {
            p = copy_tag(r, p, end);
        }
    }
}

static size_t original_offset(const struct reader *r, size_t at)
{
    size_t shift = 0;

    for (size_t i = 0; i < r->edit_count && r->edits[i].at <= at; i++) {
        shift = r->edits[i].shift;
    }
    at -= shift < at ? shift : at;
    return at < r->original_size ? at : r->original_size;
}

static void position(const struct reader *r, size_t offset, int *ret_line, int *ret_column)
{
    size_t start = 0;
    int line = 1;

    for (size_t i = 0; i < offset; i++) {
        if (r->original[i] == '\n') {
            line++;
            start = i + 1;
        }
    }
    *ret_line = line;
    *ret_column = (int)(offset - start) + 1;
}

static size_t here(const struct reader *r)
{
    XML_Index index = XML_GetCurrentByteIndex(r->parser);

    return original_offset(r, index < 0 ? 0 : (size_t)index);
}

/* UTF-8 of U+0000..U+00FF back to bytes; what stands above (from &#x20ac;) stays UTF-8. */
static void append_bytes(struct buf *b, const char *text, size_t size)
{
    for (size_t i = 0; i < size; i++) {
        unsigned char c = (unsigned char)text[i];

        if ((c == 0xc2 || c == 0xc3) && i + 1 < size) {
            c = (unsigned char)((c & 3) << 6 | ((unsigned char)text[++i] & 63));
        }
        buf_append(b, &c, 1);
    }
}

static const char *keep(struct reader *r, const char *text)
{
    struct buf b;
    const char *kept;

    buf_init(&b);
    append_bytes(&b, text, strlen(text));
    kept = arena_strdup(r->arena, buf_str(&b));
    buf_finish(&b);
    return kept;
}

/* Where the attribute's name stands, looked for behind the element's '<'. */
static void find_attr(const struct reader *r, size_t from, struct xml_attr *a)
{
    size_t n = strlen(a->name), at = from;
    char quote = 0;

    for (size_t i = from + 1; i + n < r->original_size; i++) {
        char c = r->original[i];

        if (quote) {
            quote = c == quote ? 0 : quote;
        } else if (c == '"' || c == '\'') {
            quote = c;
        } else if (c == '>') {
            break;
        } else if (isspace((unsigned char)r->original[i - 1]) &&
                   memcmp(r->original + i, a->name, n) == 0 &&
                   strchr("= \t\r\n", r->original[i + n])) {
            at = i;
            break;
        }
    }
    position(r, at, &a->line, &a->column);
}

static int fail(struct reader *r, size_t offset, const char *what)
{
    int line, column;

    position(r, offset, &line, &column);
    r->code = err_set(r->err, -EBADMSG, "%s", what);
    err_at(r->err, r->file, line, column);
    XML_StopParser(r->parser, XML_FALSE);
    return r->code;
}

static void on_start(void *user, const char *name, const char **attrs)
{
    struct reader *r = user;
    struct open_node *parent = r->depth > 0 ? &r->stack[r->depth - 1] : NULL;
    struct xml_node *node = ARENA_NEW(r->arena, struct xml_node);
    size_t from = here(r), n = 0;

    if (r->depth == DEPTH_MAX) {
        fail(r, from, "elements lie too deep within each other");
        return;
    }
    node->name = keep(r, name);
    position(r, from, &node->line, &node->column);
    while (attrs[2 * n]) {
        n++;
    }
    node->attrs = ARENA_ARRAY(r->arena, struct xml_attr, n + 1);
    node->attr_count = n;
    for (size_t i = 0; i < n; i++) {
        node->attrs[i].name = keep(r, attrs[2 * i]);
        node->attrs[i].value = keep(r, attrs[2 * i + 1]);
        find_attr(r, from, &node->attrs[i]);
    }
    if (parent) {
        *parent->tail = node;
        parent->tail = &node->next;
    } else {
        r->root = node;
    }
    r->stack[r->depth].node = node;
    r->stack[r->depth].tail = &node->first;
    buf_init(&r->stack[r->depth].text);
    r->depth++;
}

static void on_text(void *user, const char *text, int size)
{
    struct reader *r = user;
    struct open_node *open = &r->stack[r->depth - 1];
    int line, column;

    if (r->depth == 0) {
        return;
    }
    for (int i = 0; open->node->text_line == 0 && i < size; i++) {
        if (!isspace((unsigned char)text[i])) {
            position(r, here(r), &line, &column);
            for (int k = 0; k < i; k++) {
                line += text[k] == '\n';
            }
            open->node->text_line = line;
        }
    }
    append_bytes(&open->text, text, (size_t)size);
}

static void on_end(void *user, const char *name)
{
    struct reader *r = user;
    struct open_node *open = &r->stack[r->depth - 1];

    (void)name;
    open->node->text = arena_strndup(r->arena, buf_str(&open->text), open->text.size);
    open->node->text_size = open->text.size;
    buf_finish(&open->text);
    r->depth--;
}

/* What is wrong, with what is open there. */
static int fail_parse(struct reader *r, enum XML_Error why)
{
    const struct xml_node *open = r->depth > 0 ? r->stack[r->depth - 1].node : NULL;

    switch (why) {
    case XML_ERROR_INVALID_TOKEN:
        return err_set(r->err, -EBADMSG,
                       "not XML: %s; write & as &amp; and < as &lt; outside of CDATA",
                       XML_ErrorString(why));
    case XML_ERROR_NO_ELEMENTS:
        return open != NULL
                   ? err_set(r->err, -EBADMSG,
                             "not XML: the file ends within <%s> of line %d: </%s> is missing",
                             open->name, open->line, open->name)
                   : err_set(r->err, -EBADMSG, "not XML: there is no element, not even <scenario>");
    case XML_ERROR_TAG_MISMATCH:
        return err_set(r->err, -EBADMSG,
                       "not XML: %s; what is open here is <%s> of line %d, which </%s> closes",
                       XML_ErrorString(why), open != NULL ? open->name : "?",
                       open != NULL ? open->line : 0, open != NULL ? open->name : "?");
    default:
        return err_set(r->err, -EBADMSG, "not XML: %s", XML_ErrorString(why));
    }
}

static int run_parser(struct reader *r)
{
    int line, column;

    XML_SetUserData(r->parser, r);
    XML_SetElementHandler(r->parser, on_start, on_end);
    XML_SetCharacterDataHandler(r->parser, on_text);
    if (XML_Parse(r->parser, buf_str(&r->copy), (int)r->copy.size, XML_TRUE) == XML_STATUS_OK) {
        return 0;
    }
    if (r->code == 0) {
        position(r, here(r), &line, &column);
        r->code = fail_parse(r, XML_GetErrorCode(r->parser));
        err_at(r->err, r->file, line, column);
    }
    return r->code;
}

int xml_parse(const char *name, const char *text, size_t size, struct arena *arena,
              struct xml_node **ret, struct err *err)
{
    struct reader r = {
        .arena = arena, .file = name, .original = text, .original_size = size, .err = err};
    int code;

    if (size > INT32_MAX / 8) {
        err_set(err, -EBADMSG, "a scenario of %zu bytes is too long", size);
        return err_at(err, name, 1, 1);
    }
    r.edits = ARENA_ARRAY(arena, struct edit, EDITS_MAX);
    buf_init(&r.copy);
    make_copy(&r);
    r.parser = XML_ParserCreate("ISO-8859-1");
    if (!r.parser || buf_failed(&r.copy)) {
        code = err_set(err, -ENOMEM, "no memory to read %s", name);
        goto out;
    }
    code = run_parser(&r);
    if (code == 0) {
        *ret = r.root;
    }
out:
    while (r.depth > 0) {
        buf_finish(&r.stack[--r.depth].text);
    }
    if (r.parser) {
        XML_ParserFree(r.parser);
    }
    buf_finish(&r.copy);
    return code;
}

const struct xml_attr *xml_attr_get(const struct xml_node *node, const char *name)
{
    for (size_t i = 0; i < node->attr_count; i++) {
        if (strcmp(node->attrs[i].name, name) == 0) {
            return &node->attrs[i];
        }
    }
    return NULL;
}

const char *xml_attr_find(const struct xml_node *node, const char *name)
{
    const struct xml_attr *a = xml_attr_get(node, name);

    return a ? a->value : NULL;
}
