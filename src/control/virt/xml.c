/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * xml: pure. One thread.
 */
#include "control/virt/xml.h"

#include <assert.h>
#include <string.h>

static void escape(struct buf *out, const char *text)
{
    for (const char *c = text; *c != '\0'; c++) {
        if (*c == '&')
            buf_append_str(out, "&amp;");
        else if (*c == '<')
            buf_append_str(out, "&lt;");
        else if (*c == '>')
            buf_append_str(out, "&gt;");
        else if (*c == '\'')
            buf_append_str(out, "&apos;");
        else if (*c == '"')
            buf_append_str(out, "&quot;");
        else if ((unsigned char)*c >= 0x20 || *c == '\n' || *c == '\t')
            buf_append(out, c, 1);
    }
}

void xml_init(struct xml *x, struct buf *out)
{
    *x = (struct xml){.out = out, .state = XML_INSIDE};
}

static void new_line(struct xml *x)
{
    buf_printf(x->out, "%s%*s", x->out->size > 0 ? "\n" : "", (int)(2 * x->depth), "");
}

void xml_open(struct xml *x, const char *element)
{
    assert(x->depth < XML_DEPTH_MAX);
    if (x->state == XML_TAG)
        buf_append_str(x->out, ">");
    new_line(x);
    buf_printf(x->out, "<%s", element);
    x->open[x->depth++] = element;
    x->state = XML_TAG;
}

void xml_attr(struct xml *x, const char *name, const char *value)
{
    assert(x->state == XML_TAG && x->depth > 0);
    buf_printf(x->out, " %s='", name);
    escape(x->out, value);
    buf_append_str(x->out, "'");
}

void xml_attr_u64(struct xml *x, const char *name, uint64_t value)
{
    assert(x->state == XML_TAG && x->depth > 0);
    buf_printf(x->out, " %s='%llu'", name, (unsigned long long)value);
}

void xml_text(struct xml *x, const char *text)
{
    if (x->state == XML_TAG)
        buf_append_str(x->out, ">");
    escape(x->out, text);
    x->state = XML_TEXT;
}

void xml_close(struct xml *x)
{
    assert(x->depth > 0);
    const char *element = x->open[--x->depth];
    if (x->state == XML_TAG) {
        buf_append_str(x->out, "/>");
    } else {
        if (x->state == XML_INSIDE)
            new_line(x);
        buf_printf(x->out, "</%s>", element);
    }
    x->state = XML_INSIDE;
    if (x->depth == 0)
        buf_append_str(x->out, "\n");
}

void xml_leaf(struct xml *x, const char *element, const char *text)
{
    xml_open(x, element);
    xml_text(x, text);
    xml_close(x);
}

void xml_empty(struct xml *x, const char *element, const char *name, const char *value)
{
    xml_open(x, element);
    xml_attr(x, name, value);
    xml_close(x);
}
