/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * outcome: what became of a study's trials, from its file, and the exit code that says it. One
 * thread.
 */
#include "control/run/run_private.h"

#include <string.h>

struct count {
    struct arena arena;
    struct last {
        struct last *next;
        int64_t case_id;
        uint64_t number;
        enum trial_state state;
        bool failed_limits;
    } * last;
};

static int see(void *arg, const struct store_trial *t)
{
    struct count *c = arg;
    struct last *l = c->last;
    while (l != NULL && (l->case_id != t->case_id || l->number != t->number))
        l = l->next;
    if (l == NULL) {
        l = ARENA_NEW(&c->arena, struct last);
        *l = (struct last){.next = c->last, .case_id = t->case_id, .number = t->number};
        c->last = l;
    }
    l->state = t->state;
    l->failed_limits = strcmp(t->verdict, "fail") == 0;
    return 0;
}

static void add(struct run_outcome *o, const struct last *l)
{
    o->valid += l->state == TRIAL_DONE;
    o->void_trials += l->state == TRIAL_VOID;
    o->failed += l->state == TRIAL_FAILED;
    o->interrupted += l->state == TRIAL_INTERRUPTED || l->state == TRIAL_RUNNING;
    o->limits_failed += l->state == TRIAL_DONE && l->failed_limits;
}

/* Cases are few: each is counted by a walk over all. */
static void count_cases(struct run_outcome *o, const struct last *all)
{
    for (const struct last *l = all; l != NULL; l = l->next) {
        struct run_outcome one = {0};
        bool first = true;
        for (const struct last *k = all; k != NULL; k = k->next) {
            if (k->case_id != l->case_id)
                continue;
            if (k->number < l->number)
                first = false;
            add(&one, k);
        }
        if (!first || one.valid > 0)
            continue;
        o->cases_void += one.void_trials > 0;
        o->cases_failed += one.void_trials == 0 && one.failed > 0;
    }
}

void outcome_count(struct run *r, struct run_outcome *ret)
{
    struct count c = {0};
    arena_init(&c.arena);
    if (store_each_trial(r->store, see, &c, NULL) == 0) {
        for (const struct last *l = c.last; l != NULL; l = l->next)
            add(ret, l);
        count_cases(ret, c.last);
    }
    arena_finish(&c.arena);
}

enum exit_code run_exit_code(const struct run_outcome *o)
{
    if (o->stopped)
        return EXIT_INTERRUPTED;
    if (o->cases_failed > 0)
        return EXIT_ENVIRONMENT;
    if (o->cases_void > 0)
        return EXIT_VOID;
    if (o->hunted)
        return EXIT_GOOD;
    return o->limits_failed > 0 ? EXIT_LIMITS : EXIT_GOOD;
}
