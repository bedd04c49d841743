/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * delay: what the loads of a case saw: delays of all valid trials merged, loss, quality. One
 * thread.
 */
#include "control/analyse/analyse_private.h"

#include <errno.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

const char *const delay_names[DELAYS] = {"delay_from_intended", "delay_from_sent", "lateness"};

static const double points[POINTS] = {50, 95, 99};
static const char *const point_names[POINTS] = {"p50", "p95", "p99"};

struct trial_hists {    /* of one load and metric, over trials */
    struct hist **each; /* those that are not empty */
    size_t count;
    struct hist *all;
};

static void free_hists(struct trial_hists *h)
{
    for (size_t i = 0; i < h->count; i++)
        hist_destroy(h->each[i]);
    free(h->each);
    hist_destroy(h->all);
}

static int read_hists(struct trial_hists *h, struct store *s, const struct trial_view **trials,
                      size_t count, const char *const name[2], struct err *e)
{
    *h = (struct trial_hists){.each = calloc(count + 1, sizeof(struct hist *)),
                              .all = hist_create_sparse()};
    if (h->each == NULL || h->all == NULL)
        return err_set(e, -ENOMEM, "out of memory");
    for (size_t i = 0; i < count; i++) {
        struct hist *one = hist_create_sparse();
        if (one == NULL)
            return err_set(e, -ENOMEM, "out of memory");
        int r = store_get_hist(s, trials[i]->id, name[0], name[1], one, e);
        if (r < 0 || one->total == 0) {
            hist_destroy(one);
            if (r < 0 && r != -ENOENT)
                return r;
            continue;
        }
        hist_merge(h->all, one);
        h->each[h->count++] = one;
    }
    return 0;
}

static int describe(struct analysis *a, struct delay *d, const struct trial_hists *h,
                    const struct case_result *c, const char *const name[2])
{
    int r = 0;
    for (int i = 0; i < POINTS; i++) {
        d->sure[i] = SPAN_NONE;
        d->trial[i] =
            case_estimate(c, name[0], arena_printf(&a->arena, "%s_%s_ns", name[1], point_names[i]));
    }
    d->p5 = d->p90 = d->p95 = d->p99 = d->p999 = NAN;
    if (describe_box_hist(&d->box, h->all) < 0) {
        d->box = (struct box){0};
        return 0;
    }
    d->p5 = (double)hist_percentile(h->all, 5);
    d->p90 = (double)hist_percentile(h->all, 90);
    d->p95 = (double)hist_percentile(h->all, 95);
    d->p99 = (double)hist_percentile(h->all, 99);
    d->p999 = (double)hist_percentile(h->all, 99.9);
    const bool asked =
        strcmp(name[1], delay_names[DELAY_LATENESS]) != 0; /* no result, no interval */
    for (int i = 0; i < POINTS && asked && r != -ENOMEM; i++) {
        const struct interval_bootstrap how = {points[i], 0.95, 1};
        struct interval found = {0};
        r = interval_bootstrap_hist(&found, (const struct hist *const *)h->each, h->count, &how);
        if (r == 0)
            d->sure[i] = (struct span){found.low, found.high};
    }
    return r == -ENOMEM ? r : 0;
}

/* Sum over trials of a figure; NAN when a trial has none. */
static double total(const struct case_result *c, const char *entity, const char *metric)
{
    const struct estimate *x = case_estimate(c, entity, metric);
    double sum = 0;
    if (x == NULL || x->n < c->counts.valid)
        return NAN;
    for (size_t i = 0; i < x->n; i++)
        sum += x->values[i];
    return sum;
}

static void read_loss(struct analysis *a, struct load_result *l, const struct case_result *c,
                      const char *type)
{
    double lost = total(c, l->entity, arena_printf(&a->arena, "%s_lost", type));
    double sent = total(c, l->entity, arena_printf(&a->arena, "%s_sent", type));
    struct interval i = {0};
    l->loss = (struct loss){.pct = NAN, .sure = SPAN_NONE};
    if (!isfinite(sent))
        sent = total(c, l->entity, "sent");
    if (!isfinite(lost) || !isfinite(sent) || sent <= 0 || lost < 0 || lost > sent)
        return;
    l->loss.known = true;
    l->loss.sent = (uint64_t)sent;
    l->loss.lost = (uint64_t)lost;
    l->loss.pct = 100 * lost / sent;
    int r = l->loss.lost == 0 ? interval_rule_of_three(&i, l->loss.sent)
                              : interval_wilson(&i, l->loss.lost, l->loss.sent, 0.95);
    if (r == 0)
        l->loss.sure = (struct span){100 * i.low, 100 * i.high};
}

static const struct estimate *any(const struct case_result *c, const char *entity,
                                  const char *const names[2])
{
    const struct estimate *x = case_estimate(c, entity, names[0]);
    return x != NULL ? x : case_estimate(c, entity, names[1]);
}

static int analyse_load(struct analysis *a, struct store *s, struct case_result *c,
                        struct load_result *l, struct err *e)
{
    const struct trial_view **trials =
        ARENA_ARRAY(&a->arena, const struct trial_view *, c->counts.valid + 1);
    size_t count = case_valid_trials(a, (size_t)(c - a->cases), trials, c->counts.valid);
    int r = 0;
    for (int k = 0; k < DELAYS && r == 0; k++) {
        const char *const name[2] = {l->entity, delay_names[k]};
        struct trial_hists h;
        r = read_hists(&h, s, trials, count, name, e);
        if (r == 0 && describe(a, &l->delays[k], &h, c, name) < 0)
            r = err_set(e, -ENOMEM, "out of memory");
        free_hists(&h);
    }
    return r;
}

static int add_load(struct analysis *a, struct store *s, struct case_result *c,
                    const json_t *report, struct err *e)
{
    const char *type = json_str_or(report, "type", "");
    const char *entity = json_str_or(report, "entity", type);
    struct load_result *l = &c->loads[c->load_count];
    for (size_t i = 0; i < c->load_count; i++)
        if (strcmp(c->loads[i].entity, entity) == 0)
            return 0;
    *l = (struct load_result){.entity = arena_strdup(&a->arena, entity),
                              .to = arena_strdup(&a->arena, json_str_or(report, "to", ""))};
    c->load_count++;
    l->makes_calls = case_estimate(c, entity, "session_establishment_ratio_pct") != NULL;
    read_loss(a, l, c, type);
    const char *const jitter[2] = {arena_printf(&a->arena, "%s_jitter_us", type), "jitter_us"};
    const char *const loss[2] = {arena_printf(&a->arena, "%s_loss_pct", type), "loss_pct"};
    l->jitter_us = any(c, entity, jitter);
    l->loss_pct = any(c, entity, loss);
    l->mos = case_estimate(c, entity, "mos");
    l->r_factor = case_estimate(c, entity, "r_factor");
    return analyse_load(a, s, c, l, e);
}

int delay_analyse(struct analysis *a, struct store *s, struct case_result *c, struct err *e)
{
    const size_t index = (size_t)(c - a->cases);
    size_t room = 0, k;
    json_t *load;
    int r = 0;
    for (size_t i = 0; i < a->trial_count; i++)
        if (a->trials[i].case_index == index)
            room += json_array_size(json_object_get(a->trials[i].report, "loads"));
    c->loads = ARENA_ARRAY(&a->arena, struct load_result, room + 1);
    for (size_t i = 0; i < a->trial_count; i++) {
        const struct trial_view *t = &a->trials[i];
        if (t->case_index != index || t->state != TRIAL_DONE)
            continue;
        json_array_foreach(json_object_get(t->report, "loads"), k, load)
        {
            if (r == 0)
                r = add_load(a, s, c, load, e);
        }
    }
    return r;
}
