/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * media_figures: see media_figures.h. What is not known is null, never invented.
 */
#include "node/callmedia/media_figures.h"

#include <errno.h>
#include <math.h>
#include <string.h>

#include "base/str.h"

#define SCALE 1e6

int media_figures_init(struct media_figures *f)
{
    *f = (struct media_figures){0};
    for (int i = 0; i < MEDIA_DISTS; i++) {
        if ((f->dist[i] = hist_create()) == NULL) {
            media_figures_finish(f);
            return -ENOMEM;
        }
    }
    return 0;
}

void media_figures_finish(struct media_figures *f)
{
    for (int i = 0; i < MEDIA_DISTS; i++) {
        hist_destroy(f->dist[i]);
        f->dist[i] = NULL;
    }
}

/* Worse than another: a lower score, or more loss where there is none. */
static bool is_worse(const struct media_call *a, const struct media_call *b)
{
    if (!isnan(a->mos) && !isnan(b->mos) && a->mos != b->mos) {
        return a->mos < b->mos;
    }
    return a->loss_pct > b->loss_pct;
}

static void keep_worst(struct media_figures *f, const struct media_call *call)
{
    unsigned at = f->worst_count;

    while (at > 0 && is_worse(call, &f->worst[at - 1])) {
        at--;
    }
    if (at == MEDIA_WORST) {
        return;
    }
    f->worst_count += f->worst_count < MEDIA_WORST;
    memmove(f->worst + at + 1, f->worst + at, (f->worst_count - at - 1) * sizeof(*f->worst));
    f->worst[at] = *call;
}

static void record(struct media_figures *f, enum media_dist d, double value)
{
    if (!isnan(value)) {
        hist_record(f->dist[d], (uint64_t)(value + 0.5));
    }
}

void media_figures_add(struct media_figures *f, const struct media_call *call, double r,
                       const struct rtp_totals *t)
{
    f->calls++;
    rtp_totals_add(&f->totals, t);
    record(f, MEDIA_MOS, call->mos * SCALE);
    record(f, MEDIA_R, r * SCALE);
    record(f, MEDIA_LOSS, call->loss_pct * SCALE);
    record(f, MEDIA_JITTER, call->jitter_us * 1e3);
    record(f, MEDIA_DELAY, call->delay_us * 1e3);
    keep_worst(f, call);
}

void media_figures_add_far(struct media_figures *f, double rtt_us, double far_loss_pct)
{
    record(f, MEDIA_RTT, rtt_us * 1e3);
    record(f, MEDIA_FAR_LOSS, far_loss_pct * SCALE);
}

/* ---- the report ---- */

static const struct {
    const char *stem;
    double scale;
    const char *points[4];
    double pct[3];
} dists[MEDIA_DISTS] = {
    [MEDIA_MOS] = {"media_mos", SCALE, {"p1", "p5", "p50"}, {1, 5, 50}},
    [MEDIA_R] = {"media_r", SCALE, {"p1", "p5", "p50"}, {1, 5, 50}},
    [MEDIA_LOSS] = {"media_loss_pct", SCALE, {"p50", "p95", "p99"}, {50, 95, 99}},
    [MEDIA_JITTER] = {"media_jitter_ms", SCALE, {"p50", "p95", "p99"}, {50, 95, 99}},
    [MEDIA_DELAY] = {"media_delay_ms", SCALE, {"p50", "p95", "p99"}, {50, 95, 99}},
    [MEDIA_RTT] = {"media_rtt_ms", SCALE, {"p50", "p95", "p99"}, {50, 95, 99}},
    [MEDIA_FAR_LOSS] = {"media_far_loss_pct", SCALE, {"p50", "p95", "p99"}, {50, 95, 99}},
    [MEDIA_LATENESS] = {"media_lateness_ms", SCALE, {"p50", "p99", "p99.9"}, {50, 99, 99.9}},
};

static void set(json_t *o, const char *stem, const char *point, double value)
{
    char name[64];

    str_printf(name, sizeof(name), "%s.%s", stem, point);
    json_object_set_new(o, name, json_figure(value));
}

/* A histogram has no 0: its least value stands for it. */
static double value_of(uint64_t raw, double scale)
{
    return raw > 1 ? (double)raw / scale : 0;
}

static void report_dist(json_t *metrics, enum media_dist d, const struct hist *h)
{
    const char *stem = dists[d].stem;
    bool any = h->total > 0;

    for (int i = 0; i < 3; i++) {
        set(metrics, stem, dists[d].points[i],
            any ? value_of(hist_percentile(h, dists[d].pct[i]), dists[d].scale) : (double)NAN);
    }
    set(metrics, stem, "mean", any ? hist_mean(h) / dists[d].scale : (double)NAN);
    set(metrics, stem, "min", any ? value_of(h->min, dists[d].scale) : (double)NAN);
    set(metrics, stem, "max", any ? value_of(h->max, dists[d].scale) : (double)NAN);
}

static json_t *report_call(const struct media_call *c)
{
    json_t *o = json_object();

    json_object_set_new(o, "call", json_u64(c->number));
    json_object_set_new(o, "mos", json_figure(c->mos));
    json_object_set_new(o, "loss_pct", json_figure(c->loss_pct));
    json_object_set_new(o, "jitter_ms", json_figure(c->jitter_us / 1e3));
    json_object_set_new(o, "delay_ms", json_figure(c->delay_us / 1e3));
    json_object_set_new(o, "rtt_ms", json_figure(c->rtt_us / 1e3));
    json_object_set_new(o, "far_loss_pct", json_figure(c->far_loss_pct));
    json_object_set_new(o, "received", json_u64(c->received));
    json_object_set_new(o, "lost", json_u64(c->lost));
    return o;
}

static void report_dists(json_t *metrics, struct media_figures *const all[], size_t count)
{
    struct hist *sum = hist_create_sparse(), *one = hist_create_sparse();

    for (int d = 0; d < MEDIA_DISTS && sum != NULL && one != NULL; d++) {
        hist_reset(sum);
        for (size_t i = 0; i < count; i++) {
            hist_snapshot(all[i]->dist[d], one);
            hist_merge(sum, one);
        }
        report_dist(metrics, (enum media_dist)d, sum);
    }
    hist_destroy(sum);
    hist_destroy(one);
}

json_t *media_figures_to_json(struct media_figures *const all[], size_t count, json_t *metrics)
{
    json_t *o = json_object(), *worst = json_array();
    struct media_figures sum = {0};

    report_dists(metrics, all, count);
    for (size_t i = 0; i < count; i++) {
        sum.calls += all[i]->calls;
        rtp_totals_add(&sum.totals, &all[i]->totals);
        for (unsigned k = 0; k < all[i]->worst_count; k++) {
            keep_worst(&sum, &all[i]->worst[k]);
        }
    }
    for (unsigned k = 0; k < sum.worst_count; k++) {
        json_array_append_new(worst, report_call(&sum.worst[k]));
    }
    json_object_set_new(metrics, "media_lost_pct",
                        json_figure(sum.totals.sent > 0
                                        ? 100.0 * (double)sum.totals.lost / (double)sum.totals.sent
                                        : (double)NAN));
    json_object_set_new(o, "calls", json_u64(sum.calls));
    json_object_set_new(o, "longest_burst", json_u64(sum.totals.longest));
    json_object_set_new(o, "worst", worst);
    return o;
}
