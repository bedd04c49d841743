/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * text_bench: benches in words, a line each, under the table of a run. Pure.
 */
#include <math.h>
#include <string.h>

#include "control/report/report_private.h"

static void line(const struct case_result *c, const struct bench_result *b, struct buf *out)
{
    char text[NUMBER_TEXT];
    buf_printf(out, "%s: %s in %s%s: ", c->name, b->type, b->machine,
               b->is_neighbour ? " (neighbour)" : "");
    if (b->n == 0) {
        buf_append_str(out, "no whole round in the measured time\n");
        return;
    }
    buf_printf(out, "%s s a round over %zu %s%s",
               number_format_sure(b->mean_s, (struct span){b->sure.low, b->sure.high}, 1, text),
               b->n, b->of_rounds ? "round" : "trial", b->n == 1 ? "" : "s");
    if (b->timed_by[0] != '\0')
        buf_printf(out, ", timed by %s", b->timed_by);
    if (b->uncertainty_us != NULL)
        buf_printf(out, " within %s us",
                   number_format(b->uncertainty_us->mean, 3, text, sizeof text));
    if (b->distortion != NULL)
        buf_printf(out, "; own clock %s of it",
                   number_format(b->distortion->mean, 4, text, sizeof text));
    if (b->baseline != NULL)
        buf_printf(out, "; %s x %s",
                   number_format_sure(b->slowdown,
                                      (struct span){b->slowdown_sure.low, b->slowdown_sure.high}, 1,
                                      text),
                   b->baseline);
    buf_append_str(out, "\n");
}

static void print_together(const struct case_result *c, int way, struct buf *out)
{
    const struct estimate *const *t = c->together[way];
    char text[SHARING_FIGURES][NUMBER_TEXT];
    if (t[SHARING_AGGREGATE] == NULL)
        return;
    for (int i = 0; i < SHARING_FIGURES; i++)
        number_format(t[i] == NULL             ? NAN
                      : i == SHARING_AGGREGATE ? t[i]->mean / 1e6
                                               : t[i]->mean,
                      4, text[i], sizeof text[i]);
    buf_printf(out,
               "%s: machines %s together: %s Mbit/s, Jain's index %s, largest by smallest %s\n",
               c->name, way == WAY_OUT ? "sent" : "received", text[SHARING_AGGREGATE],
               text[SHARING_JAIN], text[SHARING_MAX_MIN]);
}

void text_write_benches(const struct analysis *a, struct buf *out)
{
    bool any = false;
    for (size_t i = 0; i < a->case_count; i++) {
        for (size_t k = 0; k < a->cases[i].bench_count; k++) {
            buf_append_str(out, any ? "" : "\nbenches (95 %):\n");
            any = true;
            line(&a->cases[i], &a->cases[i].benches[k], out);
        }
        for (int way = 0; way < WAYS; way++)
            print_together(&a->cases[i], way, out);
    }
}
