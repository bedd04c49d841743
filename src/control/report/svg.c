/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * svg: see svg.h. Black on white, since it goes into papers.
 */
#include "control/report/svg.h"

#include <math.h>
#include <string.h>

#include "control/report/report_private.h"

enum { LEFT = 76, RIGHT = 20, TOP = 56, BOTTOM = 40, PLOT_HEIGHT = 300, PLACE_MIN = 64 };
enum { PLOT_WIDTH_MIN = 420, TICKS = 5, LEGEND_STEP = 120 };

static void text(struct svg *s, const char *what)
{
    struct page p = {.out = s->out};
    html_text(&p, what);
}

const char *svg_color(size_t i)
{
    static const char *const colors[] = {"#0072b2", "#e69f00", "#009e73", "#cc79a7",
                                         "#56b4e9", "#d55e00", "#b3a100", "#7f7f7f"};
    return colors[i % (sizeof colors / sizeof *colors)];
}

double svg_place(const struct svg *s)
{
    return s->plot_width / (double)s->groups;
}

double svg_middle(const struct svg *s, size_t group)
{
    return s->left + svg_place(s) * ((double)group + 0.5);
}

double svg_y(const struct svg *s, double value)
{
    const double share = s->is_log ? log10(value / s->low) / log10(s->high / s->low)
                                   : (value - s->low) / (s->high - s->low);
    const double kept = share < 0 ? 0 : share > 1 ? 1 : share;
    return s->top + s->plot_height * (1 - kept);
}

static void tick(struct svg *s, double value)
{
    const double y = svg_y(s, value);
    buf_printf(s->out,
               "<line x1=\"%.1f\" y1=\"%.1f\" x2=\"%.1f\" y2=\"%.1f\" stroke=\"#ddd\"/>"
               "<text x=\"%.1f\" y=\"%.1f\" text-anchor=\"end\">%g</text>\n",
               s->left, y, s->left + s->plot_width, y, s->left - 6, y + 4, value);
}

/* 1, 2 or 5 of a decade. */
static double nice_step(double high)
{
    const double raw = high / TICKS, decade = pow(10, floor(log10(raw)));
    const double in = raw / decade;
    return decade * (in <= 1 ? 1 : in <= 2 ? 2 : in <= 5 ? 5 : 10);
}

static void set_axis(struct svg *s, const struct svg_frame *f)
{
    if (s->is_log) {
        s->low = pow(10, floor(log10(f->low)));
        s->high = pow(10, ceil(log10(f->high)));
        s->high = s->high > s->low ? s->high : s->low * 10;
    } else {
        const double step = nice_step(f->high > 0 ? f->high : 1);
        s->low = 0;
        s->high = step * ceil((f->high > 0 ? f->high : 1) / step);
    }
}

static void draw_axis(struct svg *s, const struct svg_frame *f)
{
    if (s->is_log)
        for (double v = s->low; v <= s->high * 1.001; v *= 10)
            tick(s, v);
    else
        for (double v = 0, step = nice_step(s->high); v <= s->high * 1.001; v += step)
            tick(s, v);
    buf_printf(s->out, "<text transform=\"translate(18 %.1f) rotate(-90)\" text-anchor=\"middle\">",
               s->top + s->plot_height / 2);
    text(s, f->axis);
    buf_append_str(s->out, "</text>\n");
}

static void draw_names(struct svg *s, const struct svg_frame *f)
{
    for (size_t i = 0; i < s->groups; i++) {
        buf_printf(s->out,
                   "<text transform=\"translate(%.1f %.1f) rotate(-30)\" text-anchor=\"end\">",
                   svg_middle(s, i) + 4, s->top + s->plot_height + 16);
        text(s, f->name(f->arg, i));
        buf_append_str(s->out, "</text>\n");
    }
}

static void draw_legend(struct svg *s, const char *const *names)
{
    double x = s->left;
    for (size_t i = 0; names != NULL && names[i] != NULL; i++, x += LEGEND_STEP) {
        buf_printf(s->out,
                   "<rect x=\"%.1f\" y=\"32\" width=\"11\" height=\"11\" fill=\"%s\"/>"
                   "<text x=\"%.1f\" y=\"42\">",
                   x, svg_color(i), x + 16);
        text(s, names[i]);
        buf_append_str(s->out, "</text>\n");
    }
}

static double wide_enough(const struct svg_frame *f)
{
    size_t legend = 0;
    double width = (double)(f->groups * PLACE_MIN);
    while (f->legend != NULL && f->legend[legend] != NULL)
        legend++;
    if (width < (double)(legend * LEGEND_STEP))
        width = (double)(legend * LEGEND_STEP);
    return width > PLOT_WIDTH_MIN ? width : PLOT_WIDTH_MIN;
}

/* The names lie aslant below: what the longest takes of height, and the first ones of the left. */
static void make_room(struct svg *s, const struct svg_frame *f)
{
    const double across = 6.2, down = 3.6; /* px a character */
    double below = 0;
    for (size_t i = 0; i < f->groups; i++) {
        const double length = (double)strlen(f->name(f->arg, i));
        below = fmax(below, length * down);
        s->left = fmax(s->left, length * across - svg_place(s) * ((double)i + 0.5) + 8);
    }
    s->width = s->left + s->plot_width + RIGHT;
    s->height = s->top + s->plot_height + BOTTOM + below;
}

void svg_begin(struct svg *s, struct buf *out, const struct svg_frame *f)
{
    *s = (struct svg){.out = out,
                      .groups = f->groups > 0 ? f->groups : 1,
                      .left = LEFT,
                      .top = TOP,
                      .plot_width = wide_enough(f),
                      .plot_height = PLOT_HEIGHT,
                      .is_log = f->is_log};
    make_room(s, f);
    set_axis(s, f);
    buf_printf(out,
               "<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 %.0f %.0f\" "
               "width=\"%.0f\" height=\"%.0f\" font-family=\"DejaVu Sans, sans-serif\" "
               "font-size=\"12\">\n<rect width=\"100%%\" height=\"100%%\" fill=\"#fff\"/>\n"
               "<text x=\"%.1f\" y=\"20\" font-size=\"14\" font-weight=\"bold\">",
               s->width, s->height, s->width, s->height, s->left);
    text(s, f->title);
    buf_append_str(out, "</text>\n");
    draw_axis(s, f);
    draw_names(s, f);
    draw_legend(s, f->legend);
}

void svg_end(struct svg *s)
{
    buf_printf(s->out,
               "<rect x=\"%.1f\" y=\"%.1f\" width=\"%.1f\" height=\"%.1f\" fill=\"none\" "
               "stroke=\"#000\"/>\n</svg>\n",
               s->left, s->top, s->plot_width, s->plot_height);
}

static void rect(struct svg *s, double at, double width, double from, double to, const char *fill,
                 const char *stroke)
{
    const double y = svg_y(s, to);
    buf_printf(s->out,
               "<rect x=\"%.1f\" y=\"%.1f\" width=\"%.1f\" height=\"%.1f\" fill=\"%s\" "
               "stroke=\"%s\"/>\n",
               at - width / 2, y, width, svg_y(s, from) - y, fill, stroke);
}

void svg_bar(struct svg *s, double at, double width, double from, double to, const char *color)
{
    rect(s, at, width, from, to, color, "none");
}

void svg_box(struct svg *s, double at, double width, double from, double to, const char *color)
{
    rect(s, at, width, from, to, "#f2f5f7", color);
}

static void line(struct svg *s, double x1, double y1, double x2, double y2, double stroke)
{
    buf_printf(s->out,
               "<line x1=\"%.1f\" y1=\"%.1f\" x2=\"%.1f\" y2=\"%.1f\" stroke=\"#000\" "
               "stroke-width=\"%g\"/>\n",
               x1, y1, x2, y2, stroke);
}

void svg_across(struct svg *s, double at, double width, double value, double stroke)
{
    line(s, at - width / 2, svg_y(s, value), at + width / 2, svg_y(s, value), stroke);
}

void svg_upright(struct svg *s, double at, double from, double to)
{
    line(s, at, svg_y(s, from), at, svg_y(s, to), 1);
}

void svg_diamond(struct svg *s, double at, double value, const char *color)
{
    const double y = svg_y(s, value);
    buf_printf(s->out, "<path d=\"M%.1f %.1fl5 5l-5 5l-5 -5z\" fill=\"%s\"/>\n", at, y - 5, color);
}

void svg_circle(struct svg *s, double at, double value)
{
    buf_printf(s->out, "<circle cx=\"%.1f\" cy=\"%.1f\" r=\"4\" fill=\"none\" stroke=\"#000\"/>\n",
               at, svg_y(s, value));
}
