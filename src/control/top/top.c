/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * top: which form, and the loop of the text forms. Thread rule in top.h.
 */
#include "control/top/top.h"

#include <errno.h>
#include <string.h>

#include "base/clock.h"
#include "control/top/live.h"

static int write_text(const struct buf *text, FILE *out, struct err *e)
{
    if (buf_failed(text))
        return err_set(e, -ENOMEM, "top: out of memory");
    if (fwrite(buf_str(text), 1, text->size, out) != text->size || fflush(out) != 0)
        return err_set(e, -EIO, "cannot write the figures: %s", strerror(errno));
    return 0;
}

static int print_view(const struct top_options *o, const struct top_source *s, struct top_view *v,
                      FILE *out, struct err *e)
{
    struct buf text;
    int r = 0;
    buf_init(&text);
    top_view_sort(v, o->sort, o->order);
    if (o->output == TOP_CSV)
        batch_csv(&text, v, o->rows);
    else if (o->output == TOP_JSON)
        r = batch_json(&text, v, s, o->rows);
    else
        batch_table(&text, v, s, o->rows);
    r = r < 0 ? err_set(e, r, "top: out of memory") : write_text(&text, out, e);
    buf_finish(&text);
    return r;
}

static int print_header(const struct top_options *o, FILE *out, struct err *e)
{
    struct buf text;
    buf_init(&text);
    if (o->output == TOP_CSV)
        batch_csv_header(&text);
    const int r = write_text(&text, out, e);
    buf_finish(&text);
    return r;
}

/* Until the next point of the grid; of points that passed while libvirt answered none is made up.
 */
static void wait_for_next(uint64_t *at_ns, uint64_t interval_ns)
{
    const uint64_t now_ns = clock_now_ns();
    *at_ns += interval_ns;
    if (*at_ns < now_ns)
        *at_ns = now_ns + interval_ns;
    while (clock_sleep_until(*at_ns) < 0)
        continue;
}

static int run_text(const struct top_options *o, struct top_source *s, FILE *out, struct err *e)
{
    struct top_reading last, now;
    uint64_t at_ns = clock_now_ns();
    int r = print_header(o, out, e);
    if (r < 0)
        return r;
    top_reading_init(&last);
    r = top_source_read(s, &last, e);
    for (uint64_t i = 0; r == 0 && (o->count == 0 || i < o->count); i++) {
        struct top_view view;
        wait_for_next(&at_ns, o->interval_ns);
        top_reading_init(&now);
        r = top_source_read(s, &now, e);
        if (r == 0) {
            top_view_make(&view, &last, &now);
            r = print_view(o, s, &view, out, e);
            top_view_finish(&view);
        }
        top_reading_finish(&last);
        last = now;
    }
    top_reading_finish(&last);
    return r;
}

int top_run(const struct top_options *o, FILE *out, struct err *e)
{
    struct top_source source;
    int r = top_source_open(&source, o->uri, e);
    if (r < 0)
        return r;
    if (o->output == TOP_LIVE)
        return live_run(o, &source, e);
    r = run_text(o, &source, out, e);
    top_source_close(&source);
    return r;
}
