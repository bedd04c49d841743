/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * run_view: a run for people. Live things go to stderr, the table to stdout. One thread.
 */
#include "control/cli/run_view.h"

#include <math.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/str.h"
#include "control/image/image.h"
#include "control/report/report.h"

static const char *const phases[] = {"preparing", "warm-up", "measuring", "draining",
                                     "cleaning up"};

void run_view_init(struct run_view *v, bool quiet)
{
    *v = (struct run_view){.out = stderr, .quiet = quiet, .live = !quiet && isatty(STDERR_FILENO)};
}

void run_view_clear(struct run_view *v)
{
    if (v->drawn)
        fputs("\r\033[K", v->out);
    v->drawn = false;
    fflush(v->out);
}

static const char *duration(double ns, char *buffer, size_t size)
{
    if (isfinite(ns) && ns >= 0)
        return str_format_short_duration((uint64_t)ns, buffer, size);
    str_printf(buffer, size, "-");
    return buffer;
}

static const char *whole_seconds(uint64_t ns, char *buffer, size_t size)
{
    const unsigned long long s = ns / NS_PER_S;
    if (s >= 3600)
        str_printf(buffer, size, "%lluh%02llum", s / 3600, s / 60 % 60);
    else if (s >= 60)
        str_printf(buffer, size, "%llum%02llus", s / 60, s % 60);
    else
        str_printf(buffer, size, "%llus", s);
    return buffer;
}

static unsigned width(void)
{
    struct winsize w;
    return ioctl(STDERR_FILENO, TIOCGWINSZ, &w) == 0 && w.ws_col > 20 ? w.ws_col : 100;
}

static void on_progress(void *arg, const struct run_progress *p)
{
    struct run_view *v = arg;
    char line[400], left[32], delay[32], study[48] = "", again[32] = "", loss[32] = "-";
    char doing[128] = "", number[32];
    if (!v->live)
        return;
    if (p->total > 0)
        str_printf(study, sizeof study, "[%zu/%zu] ", p->done + 1, p->total);
    if (p->attempt > 1)
        str_printf(again, sizeof again, " (attempt %llu)", (unsigned long long)p->attempt);
    if (isfinite(p->loss_pct))
        str_printf(loss, sizeof loss, "%s%%",
                   str_format_digits(p->loss_pct, 3, number, sizeof number));
    if (p->doing != NULL)
        str_printf(doing, sizeof doing, ", %llu of %llu %.60s", (unsigned long long)p->doing_done,
                   (unsigned long long)p->doing_wanted, p->doing);
    str_printf(line, sizeof line, "%s%s trial %llu/%llu%s: %s%s, delay p99 %s, loss %s, %s left",
               study, p->case_name, (unsigned long long)p->number, (unsigned long long)p->trials,
               again, phases[p->phase], doing, duration(p->delay_p99_ns, delay, sizeof delay), loss,
               whole_seconds(p->left_ns, left, sizeof left));
    fprintf(v->out, "\r\033[K%.*s", (int)width() - 1, line);
    v->drawn = true;
    fflush(v->out);
}

static void on_trial(void *arg, const struct store_trial *t)
{
    static const char *const states[] = {"running", "done", "void", "failed", "interrupted"};
    struct run_view *v = arg;
    const char *what = t->state == TRIAL_DONE ? t->verdict : states[t->state];
    run_view_clear(v);
    if (v->quiet)
        return;
    fprintf(v->out, "%s trial %llu", t->case_name, (unsigned long long)t->number);
    if (t->attempt > 1)
        fprintf(v->out, " (attempt %llu)", (unsigned long long)t->attempt);
    fprintf(v->out, ": %s%s%s\n", what, t->reason[0] != '\0' ? ": " : "", t->reason);
}

static void on_note(void *arg, const char *text)
{
    struct run_view *v = arg;
    run_view_clear(v);
    if (!v->quiet)
        fprintf(v->out, "%s\n", text);
}

struct run_listener run_view_listener(struct run_view *v)
{
    return (struct run_listener){on_progress, on_trial, on_note, v};
}

int run_view_table(const char *file, struct err *e)
{
    struct analysis *a = NULL;
    struct store *s;
    struct buf out;
    int r = store_open(&s, file, STORE_READ_ONLY, e);
    if (r < 0)
        return r;
    buf_init(&out);
    r = analyse(&a, s, e);
    if (r == 0)
        r = report_write(a, REPORT_TABLE, &out, e);
    if (r == 0)
        fputs(buf_str(&out), stdout);
    buf_finish(&out);
    analysis_destroy(a);
    store_close(s);
    return r;
}

const char *run_view_calibration_file(struct arena *a)
{
    return arena_printf(a, "%s/calibration.json", image_cache_folder(a));
}
