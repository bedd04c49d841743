/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * load_report: the result of a load as JSON, with its verdict on the generator itself. Owner
 * thread, after load_join.
 */
#include <inttypes.h>
#include <math.h>

#include "base/clock.h"
#include "node/load/load_private.h"

static json_t *describe_hist(const struct hist *h)
{
    static const struct {
        const char *name;
        double pct;
    } points[] = {{"p25", 25}, {"p50", 50}, {"p75", 75},    {"p90", 90},
                  {"p95", 95}, {"p99", 99}, {"p99.9", 99.9}};
    json_t *o = json_object();
    bool any = h->total > 0;

    json_object_set_new(o, "count", json_u64(h->total));
    json_object_set_new(o, "min", any ? json_u64(h->min) : json_null());
    json_object_set_new(o, "mean", any ? json_real(hist_mean(h)) : json_null());
    for (size_t i = 0; i < sizeof(points) / sizeof(points[0]); i++) {
        json_object_set_new(o, points[i].name,
                            any ? json_u64(hist_percentile(h, points[i].pct)) : json_null());
    }
    json_object_set_new(o, "max", any ? json_u64(h->max) : json_null());
    return o;
}

static uint64_t sum(const struct load *l, size_t offset)
{
    uint64_t all = 0;
    for (uint32_t i = 0; i < l->worker_count; i++) {
        const char *w = (const char *)&l->workers[i];
        all += atomic_load((const _Atomic uint64_t *)(const void *)(w + offset));
    }
    return all;
}

#define SUM(l, member) sum(l, offsetof(struct worker, member))

/* The worst of the workers; NAN when none knows. */
static double worst(double a, double b)
{
    return isnan(a) ? b : isnan(b) ? a : fmax(a, b);
}

static uint64_t larger(uint64_t a, uint64_t b)
{
    return a > b ? a : b;
}

void load_health(const struct load *l, const struct hist *lateness, struct health *ret)
{
    uint64_t due = SUM(l, due), sent = SUM(l, sent);

    *ret = (struct health){.steal_pct = NAN, .wait_pct = NAN};
    ret->send_failures = SUM(l, send_failures);
    ret->lateness_p99_ns = hist_percentile(lateness, 99);
    ret->achieved_pct = due > 0 ? 100.0 * (double)sent / (double)due : 0.0;
    for (uint32_t i = 0; i < l->worker_count; i++) {
        const struct watch *w = l->workers[i].watch;
        ret->socket_drops += w->drops > 0 ? (uint64_t)w->drops : 0;
        ret->socket_drops += l->workers[i].losses.drops;
        ret->send_failures += l->workers[i].losses.send_failures;
        ret->send_failures += w->refused > 0 ? (uint64_t)w->refused : 0;
        ret->steal_pct = worst(ret->steal_pct, w->steal_pct);
        ret->wait_pct = worst(ret->wait_pct, w->wait_pct);
        ret->pause_ns = larger(ret->pause_ns, w->pause_ns);
        ret->clock_step_ns = larger(ret->clock_step_ns, w->clock_step_ns);
    }
}

/* Of all workers, over the measured part: cpu_pct and page faults are sums, send_errors is the
 * network namespace's, which all see. */
static void report_workers(const struct load *l, json_t *o)
{
    uint64_t faults = 0;
    int64_t send_errors = -1;
    double cpu_pct = 0;

    for (uint32_t i = 0; i < l->worker_count; i++) {
        const struct watch *w = l->workers[i].watch;
        faults += w->faults;
        cpu_pct += w->cpu_pct;
        send_errors = w->send_errors > send_errors ? w->send_errors : send_errors;
    }
    json_object_set_new(o, "cpu_pct", json_figure(cpu_pct));
    json_object_set_new(o, "page_faults", json_u64(faults));
    json_object_set_new(o, "namespace_send_errors",
                        send_errors < 0 ? json_null() : json_integer(send_errors));
}

static json_t *report_generator(const struct load *l, const struct health *h)
{
    const struct worker *first = &l->workers[0];
    uint64_t cpu_ns = 0, sent = SUM(l, all_sent), batches = SUM(l, batches);
    bool untimed = false;
    json_t *o = json_object();

    for (uint32_t i = 0; i < l->worker_count; i++) {
        cpu_ns += l->workers[i].cpu_ns;
        untimed |= l->workers[i].untimed;
    }
    json_object_set_new(o, "workers", json_u64(l->worker_count));
    json_object_set_new(o, "scheduling", json_string(first->scheduling));
    json_object_set_new(o, "timestamps",
                        json_string(l->ops->turn != NULL ? "the workload's own"
                                    : untimed            ? "read time"
                                                         : first->transport.ops->timestamps));
    json_object_set_new(
        o, "transport",
        json_string(l->ops->turn != NULL ? "the workload's own" : first->transport.how));
    if (l->transport_refusals[0] != '\0') {
        json_object_set_new(o, "transport_refusals", json_string(l->transport_refusals));
    }
    json_object_set_new(o, "receive_buffer_bytes", json_u64(first->transport.receive_bytes));
    json_object_set_new(o, "send_buffer_bytes", json_u64(first->transport.send_bytes));
    json_object_set_new(o, "cpu_us_per_packet",
                        json_figure(sent > 0 ? (double)cpu_ns / 1e3 / (double)sent : NAN));
    json_object_set_new(o, "packets_per_batch",
                        json_figure(batches > 0 ? (double)sent / (double)batches : NAN));
    json_object_set_new(o, "steal_pct", json_figure(h->steal_pct));
    json_object_set_new(o, "wait_pct", json_figure(h->wait_pct));
    json_object_set_new(o, "drops", json_u64(h->socket_drops));
    json_object_set_new(o, "send_failures", json_u64(h->send_failures));
    json_object_set_new(o, "refused_calls", json_u64(SUM(l, refused)));
    json_object_set_new(o, "pause_ns", json_u64(h->pause_ns));
    json_object_set_new(o, "clock_step_ns", json_u64(h->clock_step_ns));
    report_workers(l, o);
    return o;
}

static void report_void(const struct load *l, const struct health *h, json_t *array)
{
    const struct health_limits limits = {
        l->options.void_lateness_ns, l->options.void_pause_ns, l->options.void_clock_step_ns,
        l->options.void_steal_pct,   l->options.void_wait_pct, l->options.void_achieved_pct};
    struct health_reasons reasons;

    health_check(h, &limits, &reasons);
    for (size_t i = 0; i < reasons.count; i++) {
        json_array_append_new(array, json_string(reasons.text[i]));
    }
}

static json_t *report_counters(const struct load *l)
{
    uint64_t values[LOAD_COUNTERS_MAX];
    size_t count = load_counter_count(l);
    json_t *o = json_object();

    load_sum_counters(l, values, count);
    for (size_t i = 0; i < count; i++) {
        json_object_set_new(o, l->ops->counters[i].name, json_u64(values[i]));
    }
    return o;
}

static bool was_cut(const struct load *l)
{
    bool cut = false;

    for (uint32_t i = 0; i < l->worker_count; i++) {
        cut |= l->workers[i].cut_short;
    }
    return cut;
}

/* What the workload says of itself: its report, and why the trial is void. */
static json_t *summarize(const struct load *l, json_t *reasons)
{
    const uint64_t now = clock_now_ns(), to = l->plan.measure_to_ns + l->options.drain_ns;
    const double least = l->options.void_achieved_pct / 100.0 * (double)SUM(l, due);
    const struct workload_end end = {now < to ? now : to, l->options.drain_ns, was_cut(l),
                                     (double)SUM(l, sent) < least};
    void *shards[256];

    for (uint32_t i = 0; i < l->opened && i < 256; i++) {
        shards[i] = l->workers[i].shard;
    }
    if (l->ops->judge != NULL) {
        l->ops->judge(l->state, shards, l->opened, &end, reasons);
    }
    return l->ops->summarize(l->state, shards, l->opened);
}

json_t *load_report_json(struct load *l)
{
    struct load_snapshot *s = &l->live;
    struct health h;
    json_t *o = json_object(), *hists = json_object(), *reasons = json_array();
    json_t *workload = summarize(l, reasons); /* first: it settles what the counters then say */

    load_snapshot(l, s);
    load_health(l, s->lateness, &h);
    report_void(l, &h, reasons);
    json_object_set_new(o, "type", json_string(l->ops->name));
    json_object_set_new(o, "unit", json_string(l->ops->unit != NULL ? l->ops->unit : "packet"));
    json_object_set_new(o, "void", reasons);
    json_object_set_new(o, "cut_short", json_boolean(was_cut(l)));
    json_object_set_new(o, "start_ns", json_u64(l->plan.start_ns));
    json_object_set_new(o, "measure_from_ns", json_u64(l->plan.measure_from_ns));
    json_object_set_new(o, "measure_to_ns", json_u64(l->plan.measure_to_ns));
    json_object_set_new(o, "offered_per_s", json_real(l->shape.rate_per_s));
    json_object_set_new(o, "due", json_u64(s->due));
    json_object_set_new(o, "sent", json_u64(s->sent));
    json_object_set_new(o, "sent_with_warmup", json_u64(SUM(l, all_sent)));
    json_object_set_new(o, "received", json_u64(s->received));
    json_object_set_new(o, "achieved_pct", json_real(h.achieved_pct));
    json_object_set_new(o, "lateness_ns", describe_hist(s->lateness));
    json_object_set_new(o, "delay_from_intended_ns", describe_hist(s->from_intended));
    json_object_set_new(o, "delay_from_sent_ns", describe_hist(s->from_sent));
    json_object_set_new(o, "counters", report_counters(l));
    json_object_set_new(hists, "delay_from_intended", hist_to_json(s->from_intended));
    json_object_set_new(hists, "delay_from_sent", hist_to_json(s->from_sent));
    json_object_set_new(hists, "lateness", hist_to_json(s->lateness));
    json_object_set_new(o, "histograms", hists);
    json_object_set_new(o, "workload", workload);
    json_object_set_new(o, "generator", report_generator(l, &h));
    return o;
}
