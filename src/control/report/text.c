/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * text: the table at the end of a run, and findings, for a terminal. Pure.
 */
#include <string.h>

#include "base/str.h"
#include "control/report/report_private.h"

enum { COLUMNS = 10, CELL = 64 };

struct table {
    char (*cells)[COLUMNS][CELL];
    size_t rows;
    size_t width[COLUMNS];
};

/* Columns on a terminal of what is UTF-8. */
static size_t width_of(const char *text)
{
    size_t n = 0;
    for (; *text != '\0'; text++)
        n += (*text & 0xc0) != 0x80;
    return n;
}

/* A hostile name must not move the cursor. */
static void put(struct table *t, int column, const char *text)
{
    char *cell = t->cells[t->rows][column];
    str_printf(cell, CELL, "%s", text);
    for (char *c = cell; *c != '\0'; c++)
        if ((unsigned char)*c < 0x20 || *c == 0x7f)
            *c = '?';
    const size_t width = width_of(cell);
    if (width > t->width[column])
        t->width[column] = width;
}

/* Of the machine the load goes to. */
static double cpu_of(const struct case_result *c, const struct load_result *l)
{
    for (size_t i = 0; l != NULL && i < c->machine_count; i++)
        if (strcmp(c->machines[i].name, l->to) == 0 && c->machines[i].figures[MACHINE_CPU] != NULL)
            return c->machines[i].figures[MACHINE_CPU]->mean;
    return NAN;
}

static void put_row(struct table *t, const struct case_result *c, const struct load_result *l)
{
    char text[NUMBER_TEXT];
    const struct delay *d = l != NULL ? &l->delays[DELAY_INTENDED] : NULL;
    const bool any = d != NULL && d->box.n > 0;
    put(t, 0, c->name);
    put(t, 1, l != NULL ? l->entity : "");
    put(t, 2, number_format_verdict(c, text, sizeof text));
    put(t, 3, number_format(any ? d->box.median / 1e6 : NAN, 3, text, sizeof text));
    put(t, 4, number_format(any ? d->p95 / 1e6 : NAN, 3, text, sizeof text));
    put(t, 5,
        any ? number_format_sure(d->p99, d->sure[POINT_P99], 1e-6, text)
            : number_format(NAN, 3, text, sizeof text));
    put(t, 6, l != NULL ? number_format_loss(&l->loss, text, sizeof text) : "–");
    put(t, 7,
        number_format(l != NULL && l->jitter_us != NULL ? l->jitter_us->mean : NAN, 3, text,
                      sizeof text));
    put(t, 8,
        number_format(l != NULL && l->mos != NULL ? l->mos->mean : NAN, 3, text, sizeof text));
    put(t, 9, number_format(cpu_of(c, l), 3, text, sizeof text));
    t->rows++;
}

static void print(const struct table *t, struct buf *out)
{
    for (size_t r = 0; r < t->rows; r++) {
        size_t pending = 0; /* spaces that only count when something follows */
        for (int c = 0; c < COLUMNS; c++) {
            const char *cell = t->cells[r][c];
            const size_t width = width_of(cell);
            if (width > 0)
                buf_printf(out, "%*s%s", (int)pending, "", cell);
            pending = (width > 0 ? 0 : pending) + t->width[c] - width + 2;
        }
        buf_append_str(out, "\n");
    }
}

static void put_head(struct table *t)
{
    static const char *const names[COLUMNS] = {
        "case",          "load",          "verdict",   "p50 ms", "p95 ms",
        "p99 ms (95 %)", "loss % (95 %)", "jitter us", "MOS",    "CPU %"};
    for (int i = 0; i < COLUMNS; i++)
        put(t, i, names[i]);
    t->rows++;
}

static void list_reasons(const struct analysis *a, struct buf *out)
{
    for (size_t i = 0; i < a->trial_count; i++) {
        const struct trial_view *t = &a->trials[i];
        if (t->state == TRIAL_DONE && t->reason[0] == '\0')
            continue;
        buf_printf(out, "%s trial %llu%s: %s%s%s\n", a->cases[t->case_index].name,
                   (unsigned long long)t->number, t->attempt > 1 ? " (repeated)" : "",
                   t->state == TRIAL_DONE ? t->verdict : trial_state_name(t->state),
                   t->reason[0] != '\0' ? ": " : "", t->reason);
    }
}

/* Control characters of plans and drivers never reach the terminal. */
static void write_clean(struct buf *out, const struct buf *from)
{
    for (size_t i = 0; i < from->size; i++) {
        const unsigned char c = (unsigned char)from->data[i];
        buf_append(out, (c < 0x20 && c != '\n') || c == 0x7f ? "?" : &from->data[i], 1);
    }
    out->failed = out->failed || from->failed;
}

static void print_table(const struct analysis *a, struct buf *out)
{
    struct arena arena;
    size_t rows = 1;
    arena_init(&arena);
    for (size_t i = 0; i < a->case_count; i++)
        rows += a->cases[i].load_count > 0 ? a->cases[i].load_count : 1;
    struct table t = {.cells = arena_alloc_array(&arena, rows, sizeof *t.cells)};
    put_head(&t);
    for (size_t i = 0; i < a->case_count; i++) {
        const struct case_result *c = &a->cases[i];
        for (size_t k = 0; k < c->load_count; k++)
            put_row(&t, c, &c->loads[k]);
        if (c->load_count == 0)
            put_row(&t, c, NULL);
    }
    print(&t, out);
    buf_printf(
        out,
        "\ndelays from the intended time of each packet or call, valid trials merged; CPU of the "
        "machine under test; %zu valid, %zu void, %zu failed, %zu interrupted trials\n",
        a->counts.valid, a->counts.voided, a->counts.failed, a->counts.interrupted);
    arena_finish(&arena);
}

/* Packets a second, for loads that are counted so; and how evenly they shared. */
static void print_rates(const struct analysis *a, struct buf *out)
{
    char text[4][NUMBER_TEXT];
    for (size_t i = 0; i < a->case_count; i++) {
        const struct case_result *c = &a->cases[i];
        for (size_t k = 0; k < c->rate_count; k++) {
            const struct estimate *const *f = c->rates[k].figures;
            for (int n = RATE_OFFERED; n <= RATE_RECEIVED; n++)
                number_format(f[n] != NULL ? f[n]->mean : NAN, 4, text[n], sizeof text[n]);
            buf_printf(out, "%s %s: offered %s/s, sent %s/s, received %s/s\n", c->name,
                       c->rates[k].entity, text[RATE_OFFERED], text[RATE_ACHIEVED],
                       text[RATE_RECEIVED]);
        }
        if (c->sharing[SHARING_AGGREGATE] == NULL)
            continue;
        for (int n = 0; n < SHARING_FIGURES; n++)
            number_format(c->sharing[n] != NULL ? c->sharing[n]->mean : NAN, 4, text[n],
                          sizeof text[n]);
        buf_printf(out, "%s together: %s/s, Jain's index %s, largest by smallest %s\n", c->name,
                   text[SHARING_AGGREGATE], text[SHARING_JAIN], text[SHARING_MAX_MIN]);
    }
}

void text_write_table(const struct analysis *a, struct buf *out)
{
    struct buf b;
    buf_init(&b);
    print_table(a, &b);
    print_rates(a, &b);
    text_write_benches(a, &b);
    write_clean(out, &b);
    buf_finish(&b);
}

void text_write(const struct analysis *a, struct buf *out)
{
    struct buf b;
    buf_init(&b);
    buf_printf(&b, "%s\n\n", a->study.title[0] != '\0' ? a->study.title : a->study.name);
    print_table(a, &b);
    print_rates(a, &b);
    text_write_benches(a, &b);
    for (size_t i = 0; i < a->finding_count; i++)
        buf_printf(&b, "%s%s\n", i == 0 ? "\n" : "", a->findings[i].text);
    buf_append_str(&b, "\n");
    list_reasons(a, &b);
    write_clean(out, &b);
    buf_finish(&b);
}
