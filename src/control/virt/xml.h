/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * xml: writes XML into a buf: elements indented, attributes and texts escaped. Bytes that XML 1.0
 * cannot carry are left out. Names are constants of ours. One thread.
 */
#ifndef VAPERF_CONTROL_VIRT_XML_H
#define VAPERF_CONTROL_VIRT_XML_H

#include <stdint.h>

#include "base/buf.h"

enum { XML_DEPTH_MAX = 12 };

struct xml {
    struct buf *out;
    const char *open[XML_DEPTH_MAX];
    unsigned depth;
    enum { XML_TAG, XML_INSIDE, XML_TEXT } state; /* what the last byte belongs to */
};

void xml_init(struct xml *x, struct buf *out);
void xml_open(struct xml *x, const char *element);
/* Of the element just opened, before anything in it. */
void xml_attr(struct xml *x, const char *name, const char *value);
void xml_attr_u64(struct xml *x, const char *name, uint64_t value);
void xml_text(struct xml *x, const char *text);
void xml_close(struct xml *x);
/* <element>text</element> */
void xml_leaf(struct xml *x, const char *element, const char *text);
/* <element name="value"/> */
void xml_empty(struct xml *x, const char *element, const char *name, const char *value);

#endif
