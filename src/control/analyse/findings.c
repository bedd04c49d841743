/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * findings: what differs from the first setup, and what stands out. Every statement says on how
 * many trials it stands and how sure it is. Pure; one thread.
 */
#include "control/analyse/analyse_private.h"

#include <errno.h>
#include <math.h>
#include <string.h>

#include "base/str.h"

enum { PER_CASE = 16 }; /* room for the findings of a case and load */

static const double significant_p = 0.05, wait_noted_pct = 5, throttle_noted_pct = 1,
                    others_noted_pct = 20; /* of one CPU; our own probes take a few */

static const struct {
    const char *metric, *words;
    double sign;    /* 1: more is worse */
    double matters; /* less than this, in its unit, is nothing to anybody, however sure it is */
} compared[] = {
    {"delay_from_intended_p99_ns", "p99 delay", 1, 1e4},
    {"loss_pct", "loss", 1, 0.001},
    {"mos", "MOS", -1, 0.05},
};

const char *finding_kind_name(enum finding_kind kind)
{
    static const char *const names[] = {"better", "worse", "same", "unsure", "note"};
    return names[kind];
}

/* The first case of the study with the same load: what all others are held against. */
static const struct case_result *baseline_of(const struct analysis *a, const struct case_result *c)
{
    for (size_t i = 0; i < a->case_count; i++)
        if (strcmp(a->cases[i].level, c->level) == 0)
            return &a->cases[i];
    return c;
}

static const char *say(struct analysis *a, double value, const char *unit)
{
    char buffer[32];
    if (strcmp(unit, "ns") == 0)
        return arena_strdup(
            &a->arena, str_format_short_duration((uint64_t)fmax(0, value), buffer, sizeof buffer));
    return arena_printf(&a->arena, "%s%s%s", str_format_digits(value, 3, buffer, sizeof buffer),
                        strcmp(unit, "1") == 0 ? "" : " ", strcmp(unit, "1") == 0 ? "" : unit);
}

static const char *say_p(struct analysis *a, double p)
{
    return p < 0.0001 ? "p < 0.0001" : arena_printf(&a->arena, "p = %.2g", p);
}

static const char *conclude(struct finding *f, int welch, size_t which)
{
    const double difference = f->value - f->base_value, sign = compared[which].sign;
    if (welch != -EINVAL && fabs(difference) < compared[which].matters) {
        f->kind = FINDING_SAME;
        return "no difference that matters";
    }
    if (welch == -EDOM) { /* no spread on either side: no test, but no doubt of the direction */
        f->kind = difference * sign > 0 ? FINDING_WORSE : FINDING_BETTER;
        return f->kind == FINDING_WORSE ? "worse in every trial, no spread within either"
                                        : "better in every trial, no spread within either";
    }
    if (welch < 0) {
        f->kind = FINDING_UNSURE;
        return "fewer than 2 valid trials on a side: nothing can be said";
    }
    if (f->welch.p >= significant_p) {
        f->kind = FINDING_SAME;
        return "no difference shown";
    }
    f->kind = difference * sign > 0 ? FINDING_WORSE : FINDING_BETTER;
    return f->kind == FINDING_WORSE ? "worse" : "better";
}

static void compare(struct analysis *a, const struct case_result *c, const struct case_result *b,
                    const char *entity, size_t which)
{
    const struct estimate *x = case_estimate(c, entity, compared[which].metric);
    const struct estimate *y = case_estimate(b, entity, compared[which].metric);
    if (x == NULL || y == NULL || x->n == 0 || y->n == 0 || (x->max == 0 && y->max == 0))
        return;
    struct finding *f = &a->findings[a->finding_count++];
    const struct sample from = {y->values, y->n}, to = {x->values, x->n};
    *f = (struct finding){.case_name = c->name,
                          .baseline = b->name,
                          .entity = entity,
                          .metric = x->metric,
                          .value = x->mean,
                          .base_value = y->mean};
    f->welch.p = f->ranks.p = NAN;
    int welch = test_welch(&f->welch, from, to);
    int ranks = test_mann_whitney(&f->ranks, from, to);
    const char *end = conclude(f, welch, which), *sure = "";
    if (welch == 0 && isfinite(f->welch.p))
        sure = arena_printf(&a->arena, " (Welch %s%s%s, %zu and %zu trials)", say_p(a, f->welch.p),
                            ranks == 0 ? ", Mann-Whitney " : "",
                            ranks == 0 ? say_p(a, f->ranks.p) : "", x->n, y->n);
    else
        sure = arena_printf(&a->arena, " (%zu and %zu trials)", x->n, y->n);
    if (welch < 0)
        f->welch.p = NAN;
    f->text = arena_printf(&a->arena, "%s, %s: %s %s against %s for %s: %s%s", c->name, entity,
                           compared[which].words, say(a, x->mean, x->unit),
                           say(a, y->mean, y->unit), b->name, end, sure);
}

static void note(struct analysis *a, const struct case_result *c, const char *said)
{
    a->findings[a->finding_count++] = (struct finding){
        .kind = FINDING_NOTE, .case_name = c->name, .text = said, .welch.p = NAN, .ranks.p = NAN};
}

static const char *sureness(struct analysis *a, const struct estimate *x)
{
    if (!isfinite(x->student.low))
        return "one trial";
    if (x->student.low == x->student.high)
        return arena_printf(&a->arena, "the same in %zu trials", x->n);
    char low[32], high[32];
    return arena_printf(&a->arena, "95 %%: %s to %s, %zu trials",
                        str_format_digits(fmax(0, x->student.low), 3, low, sizeof low),
                        str_format_digits(x->student.high, 3, high, sizeof high), x->n);
}

static bool is_loaded(const struct case_result *c, const char *machine)
{
    for (size_t i = 0; i < c->load_count; i++)
        if (strcmp(c->loads[i].to, machine) == 0)
            return true;
    return false;
}

/* A neighbour that waits is what neighbours are for; the machine under test is not. */
static void note_machines(struct analysis *a, const struct case_result *c)
{
    for (size_t i = 0; i < c->machine_count; i++) {
        const struct machine_result *m = &c->machines[i];
        const struct estimate *wait = m->figures[MACHINE_WAIT];
        const struct estimate *held = m->figures[MACHINE_THROTTLED];
        if (is_loaded(c, m->name) && wait != NULL && wait->mean > wait_noted_pct)
            note(
                a, c,
                arena_printf(&a->arena,
                             "%s: threads of machine %s waited in the run queue for %.3g %% of the "
                             "time, taken together (%s)",
                             c->name, m->name, wait->mean, sureness(a, wait)));
        if (held != NULL && held->mean > throttle_noted_pct)
            note(a, c,
                 arena_printf(&a->arena,
                              "%s: machine %s was throttled by its cap %.3g %% of the time (%s)",
                              c->name, m->name, held->mean, sureness(a, held)));
    }
}

/* Before the load a host should do what the case's machines do, and nothing else: the rest is work
 * of others, which takes from the machines what no figure of theirs shows. */
static void note_others(struct analysis *a, const struct case_result *c)
{
    double busy = 0, machines = 0;
    size_t trials = 0;
    for (size_t i = 0; i < c->cpu_count; i++) {
        if (c->cpus[i].baseline_pct == NULL)
            return;
        busy += c->cpus[i].baseline_pct->mean;
        trials = c->cpus[i].baseline_pct->n;
    }
    for (size_t i = 0; i < c->machine_count; i++) {
        if (c->machines[i].figures[MACHINE_BASELINE] == NULL)
            return;
        machines += c->machines[i].figures[MACHINE_BASELINE]->mean;
    }
    if (busy - machines > others_noted_pct)
        note(a, c,
             arena_printf(
                 &a->arena,
                 "%s: before the load the physical CPUs were busy for %.3g %% of one, of "
                 "which its machines took %.3g %%: other work ran beside them (%zu trial%s)",
                 c->name, busy, machines, trials, trials == 1 ? "" : "s"));
}

int findings_make(struct analysis *a, struct err *e)
{
    size_t room = 1;
    (void)e;
    for (size_t i = 0; i < a->case_count; i++)
        room += PER_CASE * (a->cases[i].load_count + 1) + 1 + 2 * a->cases[i].machine_count;
    a->findings = ARENA_ARRAY(&a->arena, struct finding, room);
    for (size_t i = 0; i < a->case_count; i++) {
        const struct case_result *c = &a->cases[i], *b = baseline_of(a, c);
        for (size_t k = 0; k < c->load_count && b != c; k++)
            for (size_t m = 0; m < sizeof compared / sizeof *compared; m++)
                compare(a, c, b, c->loads[k].entity, m);
        note_machines(a, c);
        note_others(a, c);
    }
    return 0;
}
