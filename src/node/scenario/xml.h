/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * xml: an XML file as a tree of elements that know where they stand. Bytes come through as they
 * are (a scenario's messages are bytes, whatever encoding its first line claims), and an unescaped
 * '<' or '&' within an attribute is taken as itself, as older scenarios have them.
 * The one door to expat. Any thread.
 */
#ifndef VAPERF_NODE_SCENARIO_XML_H
#define VAPERF_NODE_SCENARIO_XML_H

#include <stddef.h>

#include "base/arena.h"
#include "base/err.h"

struct xml_attr {
    const char *name, *value;
    int line, column; /* of the name */
};

struct xml_node {
    const char *name;
    int line, column; /* of its '<' */
    struct xml_attr *attrs;
    size_t attr_count;
    struct xml_node *first, *next; /* children; the next of the same parent */
    const char *text;              /* all text directly within, CDATA or not */
    size_t text_size;
    int text_line; /* where the first byte of it stands that is no blank, 0: only blanks */
};

/* The root in *ret, all of it in the arena. -EBADMSG with the position in err. */
int xml_parse(const char *name, const char *text, size_t size, struct arena *arena,
              struct xml_node **ret, struct err *err);
/* The value, or NULL. */
const char *xml_attr_find(const struct xml_node *node, const char *name);
const struct xml_attr *xml_attr_get(const struct xml_node *node, const char *name);

#endif
