/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * plan: a text to a plan, its cases, their order, how long they take. One thread.
 */
#include "control/plan/plan.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/buf.h"
#include "base/rand.h"
#include "control/plan/reader.h"

/* Making and removing machines, opening appliances, drain: about this a trial. */
#define TRIAL_OVERHEAD_NS 3000000000u

/* "capped/400", "D/400,33"; "D" when no level is known. */
static const char *case_name(struct reader *r, const struct plan_setup *s,
                             const char *const *levels)
{
    const char *name = s->name, *between = "/";
    for (size_t i = 0; i < s->load_count; i++) {
        if (levels[i] == NULL || (loads_level_count(s) > 1 && s->loads[i].levels[1] == NULL))
            continue;
        name = arena_printf(r->arena, "%s%s%s", name, between, levels[i]);
        between = ",";
    }
    return name;
}

static int make_cases(struct reader *r)
{
    struct plan *p = r->plan;
    size_t count = 0;
    for (size_t i = 0; i < p->setup_count; i++)
        count += loads_level_count(&p->setups[i]);
    if (count > PLAN_CASES_MAX)
        return reader_fail(r, r->root, "the plan has %zu cases, more than %d", count,
                           PLAN_CASES_MAX);
    struct plan_case *cases = ARENA_ARRAY(r->arena, struct plan_case, count);
    for (size_t i = 0; i < p->setup_count; i++) {
        const struct plan_setup *s = &p->setups[i];
        for (size_t level = 0; level < loads_level_count(s); level++) {
            const char **levels = ARENA_ARRAY(r->arena, const char *, s->load_count + 1);
            for (size_t k = 0; k < s->load_count; k++)
                levels[k] = s->loads[k].levels[0] == NULL || s->loads[k].levels[1] == NULL
                                ? s->loads[k].levels[0]
                                : s->loads[k].levels[level];
            cases[p->case_count++] =
                (struct plan_case){.name = case_name(r, s, levels), .setup = s, .levels = levels};
        }
    }
    p->cases = cases;
    return 0;
}

int plan_parse(struct plan **ret, const char *path, const char *text, const json_t *describe,
               struct err *e)
{
    struct plan *p = calloc(1, sizeof *p);
    struct err unheard;
    struct reader r = {.plan = p, .describe = describe, .e = e != NULL ? e : &unheard};
    if (p == NULL)
        return err_set(e, -ENOMEM, "%s: out of memory", path);
    arena_init(&p->arena);
    p->values = json_array();
    p->path = arena_strdup(&p->arena, path);
    p->text = arena_strdup(&p->arena, text);
    r.arena = &p->arena;
    int n = p->values != NULL ? yaml_parse(&r.root, p->path, p->text, r.arena, r.e) : -ENOMEM;
    if (n >= 0 && r.root->kind != YAML_MAP)
        n = reader_fail(&r, r.root, "a plan is a map: study: name, machines: ..., setups: ...");
    if (n >= 0)
        n = study_read(&r);
    if (n >= 0)
        n = setups_read(&r);
    if (n >= 0)
        n = limits_check(&r);
    if (n >= 0)
        n = make_cases(&r);
    if (n < 0) {
        plan_destroy(p);
        return n;
    }
    *ret = p;
    return 0;
}

int plan_load_file(struct plan **ret, const char *path, const json_t *describe, struct err *e)
{
    struct buf text;
    buf_init(&text);
    int n = buf_load(&text, path);
    if (n == -EISDIR) {
        err_set(e, -EINVAL, "this is a directory, and a plan is a file");
        n = err_at(e, path, 0, 0);
    } else if (n < 0) {
        err_set(e, n, "cannot read the plan: %s", strerror(-n));
        n = err_at(e, path, 0, 0);
    } else if (text.size > 0 && memchr(text.data, '\0', text.size) != NULL) {
        err_set(e, -EBADMSG, "not a text: it holds a zero byte");
        n = err_at(e, path, 1, 1);
    } else {
        n = plan_parse(ret, path, buf_str(&text), describe, e);
    }
    buf_finish(&text);
    return n;
}

void plan_destroy(struct plan *p)
{
    if (p == NULL)
        return;
    json_decref(p->values);
    arena_finish(&p->arena);
    free(p);
}

void plan_order(const struct plan *p, size_t *ret_case_index)
{
    struct rand_state rand;
    rand_init_text(&rand, p->seed);
    for (uint64_t round = 0; round < p->trials; round++) {
        size_t *entries = ret_case_index + round * p->case_count;
        for (size_t i = 0; i < p->case_count; i++)
            entries[i] = i;
        rand_shuffle(&rand, entries, p->case_count, sizeof *entries);
    }
}

uint64_t plan_estimate_ns(const struct plan *p)
{
    const uint64_t load = p->duration_ns > 0 ? p->warmup_ns + p->duration_ns : 0;
    const uint64_t trial = p->settle_ns + p->baseline_ns + load + TRIAL_OVERHEAD_NS;
    return trial * p->trials * p->case_count;
}
