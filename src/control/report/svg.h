/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * svg: one chart as an SVG file: a frame with a value axis and a place for each group on the other,
 * and marks in it. Texts are escaped. Pure; private to this room.
 */
#ifndef VAPERF_CONTROL_REPORT_SVG_H
#define VAPERF_CONTROL_REPORT_SVG_H

#include <stdbool.h>
#include <stddef.h>

#include "base/buf.h"

struct svg {
    struct buf *out;
    size_t groups;
    double width, height; /* of the whole, px */
    double left, top, plot_width, plot_height;
    bool is_log;
    double low, high; /* of the axis */
};

struct svg_frame {
    const char *title, *axis;
    bool is_log;      /* else from 0 */
    double low, high; /* what must have room; on a logarithmic axis above 0 */
    size_t groups;
    const char *(*name)(const void *arg, size_t group);
    const void *arg;
    const char *const *legend; /* NULL-ended, in the order of svg_color; NULL: none */
};

/* Head, axis, names of the groups, legend. Then marks, then svg_end. */
void svg_begin(struct svg *s, struct buf *out, const struct svg_frame *f);
void svg_end(struct svg *s);
const char *svg_color(size_t i);
/* The middle of a group's place, and how wide it is. */
double svg_middle(const struct svg *s, size_t group);
double svg_place(const struct svg *s);
double svg_y(const struct svg *s, double value);
/* From value to value; `at` and widths in px. */
void svg_bar(struct svg *s, double at, double width, double from, double to, const char *color);
void svg_box(struct svg *s, double at, double width, double from, double to, const char *color);
void svg_across(struct svg *s, double at, double width, double value, double stroke);
void svg_upright(struct svg *s, double at, double from, double to);
void svg_diamond(struct svg *s, double at, double value, const char *color);
void svg_circle(struct svg *s, double at, double value);

#endif
