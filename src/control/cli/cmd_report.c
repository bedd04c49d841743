/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * cmd_report: vaperf report: from a result file to a page, tables or JSON. One thread.
 */
#include <errno.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/str.h"
#include "control/analyse/analyse.h"
#include "control/cli/command.h"
#include "control/report/report.h"

struct report_words {
    const char *output;
    int format;
    bool json, csv;
};

static const struct opt options[] = {
    {"output", OPT_STRING, NULL, "where to write; - is standard output", 0, 0, NULL,
     offsetof(struct report_words, output), 0},
    {"format", OPT_CHOICE, "html",
     "csv: figures of trials; csv-series: samples over time; svg: a file for each chart", 0, 0,
     report_format_names, offsetof(struct report_words, format), 0},
    {"json", OPT_FLAG, NULL, "JSON to standard output", 0, 0, NULL,
     offsetof(struct report_words, json), 0},
    {"csv", OPT_FLAG, NULL, "CSV to standard output", 0, 0, NULL,
     offsetof(struct report_words, csv), 0},
    OPT_END,
};

/* Without its suffix. */
static const char *stem_of(const char *file, struct arena *a)
{
    const char *slash = strrchr(file, '/'), *dot = strrchr(file, '.');
    const size_t stem = dot != NULL && (slash == NULL || dot > slash + 1) && dot > file
                            ? (size_t)(dot - file)
                            : strlen(file);
    return arena_printf(a, "%.*s", (int)stem, file);
}

/* A page goes beside its file, everything else to standard output. */
static const char *target(const struct report_words *w, const char *file, struct arena *a)
{
    if (w->output != NULL)
        return w->output;
    if (w->format != REPORT_HTML)
        return "-";
    return arena_printf(a, "%s.%s", stem_of(file, a), report_format_suffix(REPORT_HTML));
}

static int write_out(const struct buf *out, const char *path, struct err *e)
{
    if (strcmp(path, "-") == 0) { /* the program tells what stdout did not take */
        fwrite(out->data, 1, out->size, stdout);
        return 0;
    }
    FILE *f = fopen(path, "we");
    if (f == NULL)
        return err_set(e, -errno, "%s: %s", path, strerror(errno));
    struct stat st;
    const bool regular = fstat(fileno(f), &st) == 0 && S_ISREG(st.st_mode);
    bool good = fwrite(out->data, 1, out->size, f) == out->size && fflush(f) == 0;
    int code = errno;
    if (fclose(f) != 0 && good) {
        good = false;
        code = errno;
    }
    if (!good) {
        if (regular)
            unlink(path); /* half a page is none */
        return err_set(e, -code, "%s: %s", path, strerror(code));
    }
    fprintf(stderr, "%s\n", path);
    return 0;
}

static int read_file(struct analysis **ret, const char *file, struct err *e)
{
    struct store *s;
    int r = store_open(&s, file, STORE_READ_ONLY, e);
    if (r == 0) {
        r = analyse(ret, s, e);
        store_close(s);
    }
    /* whatever is wrong with the file given is a wrong file given */
    if (r == -ENOENT || r == -ENODATA)
        r = e->code = -EBADMSG;
    return r;
}

struct chart_target {
    const char *stem;
    struct arena *arena;
    size_t count;
};

static int write_chart(void *arg, const char *name, const struct buf *svg, struct err *e)
{
    struct chart_target *t = arg;
    t->count++;
    return write_out(svg, arena_printf(t->arena, "%s-%s.svg", t->stem, name), e);
}

/* Beside the file, or where --output says, a name for each behind that. */
static int make_charts(const struct report_words *w, const char *file, struct arena *a,
                       struct err *e)
{
    struct chart_target t = {.arena = a};
    struct analysis *analysis = NULL;
    if (w->output != NULL && strcmp(w->output, "-") == 0)
        return err_set(e, -EINVAL, "report: charts are several files: -o NAME makes NAME-*.svg");
    t.stem = w->output != NULL ? stem_of(w->output, a) : stem_of(file, a);
    int r = read_file(&analysis, file, e);
    if (r == 0)
        r = report_figures(analysis, write_chart, &t, e);
    analysis_destroy(analysis);
    if (r == 0 && t.count == 0)
        r = err_set(e, -EBADMSG, "%s: there is nothing to draw in it", file);
    return r;
}

static int make(const struct report_words *w, const char *file, struct arena *a, struct err *e)
{
    struct analysis *analysis = NULL;
    struct buf out;
    buf_init(&out);
    int r = read_file(&analysis, file, e);
    if (r == 0)
        r = report_write(analysis, (enum report_format)w->format, &out, e);
    analysis_destroy(analysis);
    if (r == 0)
        r = write_out(&out, target(w, file, a), e);
    buf_finish(&out);
    return r;
}

static int run_report(const struct command *c, int argc, char *argv[], struct err *e)
{
    struct report_words w;
    struct arena a;
    arena_init(&a);
    opt_defaults(options, &w, sizeof w);
    int r = command_parse(c, argc, argv, &w, &a, e);
    if (r >= 0 && r != 1)
        r = err_set(e, -EINVAL, "report: give one result file (vaperf report --help)");
    if (r == 1) {
        w.format = w.json ? REPORT_JSON : w.csv ? REPORT_CSV : w.format;
        r = w.format == REPORT_SVG ? make_charts(&w, argv[0], &a, e) : make(&w, argv[0], &a, e);
    }
    arena_finish(&a);
    return r;
}

static const struct command_example examples[] = {
    {"report mixed.vaperf", "writes mixed.html, one page that needs no network"},
    {"report mixed.vaperf --format text", "the table and the findings, in the terminal"},
    {"report mixed.vaperf --csv > mixed.csv", "a row per case, trial, entity and metric"},
    {"report mixed.vaperf --json | jq '.cases[].verdict'", "for programs"},
    {NULL, NULL},
};

/* What every tool calls it. */
static const struct command_short shorts[] = {{"-o", "--output"}, {NULL, NULL}};

const struct command cmd_report = {
    .name = "report",
    .words = "FILE [-o OUT] [--format html|csv|csv-series|json|text|table|svg]",
    .summary = "turn a result file into a page, tables or JSON",
    .about =
        "Reads a result file, also one of a run that is still going on or was killed, and\n"
        "writes one self-contained HTML page beside it: charts, tables, findings, conditions,\n"
        "voids with their reasons. Void trials never appear as results. The other formats go\n"
        "to standard output unless -o says where. -o is short for --output.",
    .options = options,
    .examples = examples,
    .shorts = shorts,
    .run = run_report,
};
