/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * rtp_summary: from the state of all streams to figures: overall, and how they are spread over
 * streams. After the workers ended; allocates.
 */
#include <math.h>
#include <stdlib.h>

#include "node/workload/rtp.h"
#include "node/workload/rtp_figures.h"

enum { WORST_SHOWN = 10 };

static int by_value(const void *a, const void *b)
{
    double x = *(const double *)a, y = *(const double *)b;
    return x < y ? -1 : x > y;
}

/* How a figure is spread over streams; streams without one are left out and counted. */
static json_t *spread(const struct rtp_figures *all, size_t count, size_t offset, double *room)
{
    json_t *o = json_object();
    size_t n = 0;
    double sum = 0;

    for (size_t i = 0; i < count; i++) {
        double v = *(const double *)(const void *)((const char *)&all[i] + offset);
        if (isfinite(v)) {
            room[n++] = v;
            sum += v;
        }
    }
    qsort(room, n, sizeof(*room), by_value);
    json_object_set_new(o, "streams", json_u64(n));
    json_object_set_new(o, "min", json_figure(n > 0 ? room[0] : NAN));
    json_object_set_new(o, "median", json_figure(n > 0 ? room[n / 2] : NAN));
    json_object_set_new(o, "mean", json_figure(n > 0 ? sum / (double)n : NAN));
    json_object_set_new(o, "p95", json_figure(n > 0 ? room[(n * 95 + 99) / 100 - 1] : NAN));
    json_object_set_new(o, "max", json_figure(n > 0 ? room[n - 1] : NAN));
    return o;
}

static int worse_first(const void *a, const void *b)
{
    const struct rtp_figures *x = a, *y = b;
    if (x->loss_pct != y->loss_pct) {
        return x->loss_pct > y->loss_pct ? -1 : 1;
    }
    return x->pdv_p99_us > y->pdv_p99_us ? -1 : x->pdv_p99_us < y->pdv_p99_us;
}

static json_t *worst_streams(struct rtp_figures *all, size_t count)
{
    json_t *array = json_array();

    qsort(all, count, sizeof(*all), worse_first);
    for (size_t i = 0; i < count && i < WORST_SHOWN; i++) {
        json_t *o = json_object();
        json_object_set_new(o, "stream", json_u64(all[i].stream));
        json_object_set_new(o, "rtp_loss_pct", json_figure(all[i].loss_pct));
        json_object_set_new(o, "rtp_jitter_us", json_figure(all[i].jitter_us));
        json_object_set_new(o, "rtp_pdv_p99_us", json_figure(all[i].pdv_p99_us));
        json_object_set_new(o, "longest_burst_packets", json_u64(all[i].longest_burst));
        json_object_set_new(o, "mos", json_figure(all[i].mos));
        json_object_set_new(o, "stopped", json_boolean(all[i].stopped));
        json_object_set_new(o, "stopped_after_s", json_figure(all[i].stopped_after_s));
        json_array_append_new(array, o);
    }
    return array;
}

static json_t *per_stream(struct rtp_figures *all, size_t count)
{
    static const struct {
        const char *name;
        size_t offset;
    } shown[] = {
        {"rtp_loss_pct", offsetof(struct rtp_figures, loss_pct)},
        {"rtp_jitter_us", offsetof(struct rtp_figures, jitter_us)},
        {"rtp_jitter_max_us", offsetof(struct rtp_figures, jitter_max_us)},
        {"rtp_pdv_p99_us", offsetof(struct rtp_figures, pdv_p99_us)},
        {"rtp_burst_density_pct", offsetof(struct rtp_figures, burst_density_pct)},
        {"rtp_burst_duration_ms", offsetof(struct rtp_figures, burst_ms)},
        {"rtp_gap_density_pct", offsetof(struct rtp_figures, gap_density_pct)},
        {"rtp_gap_duration_ms", offsetof(struct rtp_figures, gap_ms)},
        {"rtcp_rtt_us", offsetof(struct rtp_figures, rtt_us)},
        {"rtcp_jitter_us", offsetof(struct rtp_figures, reported_jitter_us)},
        {"r_factor", offsetof(struct rtp_figures, r)},
        {"mos", offsetof(struct rtp_figures, mos)},
    };
    double *room = calloc(count + 1, sizeof(*room));
    json_t *o = json_object();

    for (size_t i = 0; room != NULL && i < sizeof(shown) / sizeof(shown[0]); i++) {
        json_object_set_new(o, shown[i].name, spread(all, count, shown[i].offset, room));
    }
    json_object_set_new(o, "worst", worst_streams(all, count));
    free(room);
    return o;
}

/* Decides what is still open in each stream and adds all up. */
static size_t collect(void *const shards[], uint32_t count, struct rtp_figures *all,
                      struct rtp_totals *t, const struct rtp_state *s)
{
    const struct rtp_voice voice = rtp_voice_of(s);
    struct rtp_totals one;
    size_t n = 0;

    for (uint32_t i = 0; i < count; i++) {
        struct rtp_shard *shard = shards[i];
        for (uint32_t j = 0; j < shard->slots; j++) {
            struct rtp_stream *x = &shard->streams[j];
            uint64_t lost = x->lost;
            rtp_stream_settle(x);
            atomic_fetch_add(&shard->counters[RTP_LOST], x->lost - lost);
            one = rtp_totals_of(x, &voice);
            rtp_totals_add(t, &one);
            if (x->sent > 0) {
                all[n].stream = shard->first_slot + j;
                rtp_figures_of_reports(&all[n], shard->rtcp != NULL ? &shard->rtcp[j] : NULL, s);
                rtp_figures_of(&all[n++], x, s, shard->from_ns);
            }
        }
    }
    return n;
}

static double mean_of(const struct rtp_figures *all, size_t n, size_t offset)
{
    double sum = 0;
    size_t known = 0;
    for (size_t i = 0; i < n; i++) {
        double v = *(const double *)(const void *)((const char *)&all[i] + offset);
        sum += isfinite(v) ? v : 0;
        known += isfinite(v) ? 1 : 0;
    }
    return known > 0 ? sum / (double)known : NAN;
}

const char *const rtp_metrics[] = {"rtp_loss_pct",
                                   "rtp_discard_pct",
                                   "rtp_jitter_us",
                                   "rtp_pdv_p99_us",
                                   "rtp_loss_bursts",
                                   "rtp_loss_burst_mean_packets",
                                   "rtp_loss_burst_longest_packets",
                                   "burst_ratio",
                                   "r_factor",
                                   "mos",
                                   "streams_stopped",
                                   "rtp_lost_after_stop",
                                   "rtcp_reports",
                                   "rtcp_voip_reports",
                                   "rtcp_reported_lost",
                                   "rtcp_rtt_us",
                                   "rtcp_rtt_max_us",
                                   "audio_identical_pct",
                                   NULL};

static json_t *overall(const struct rtp_totals *t, const struct rtp_figures *all, size_t n,
                       const struct rtp_state *s)
{
    struct rtp_figures f = {0};
    uint64_t stopped = 0;
    json_t *o = json_object();

    rtp_rate_totals(&f, t, s);
    for (size_t i = 0; i < n; i++) {
        stopped += all[i].stopped;
    }
    json_object_set_new(o, "rtp_loss_pct", json_figure(f.loss_pct));
    json_object_set_new(o, "rtp_discard_pct", json_figure(f.discard_pct));
    json_object_set_new(o, "rtp_jitter_us",
                        json_figure(mean_of(all, n, offsetof(struct rtp_figures, jitter_us))));
    json_object_set_new(o, "rtp_pdv_p99_us",
                        json_figure(mean_of(all, n, offsetof(struct rtp_figures, pdv_p99_us))));
    json_object_set_new(o, "rtp_loss_bursts", json_u64(t->bursts));
    json_object_set_new(o, "rtp_loss_burst_mean_packets", json_figure(f.burst_mean));
    json_object_set_new(o, "rtp_loss_burst_longest_packets", json_u64(t->longest));
    json_object_set_new(o, "burst_ratio", json_figure(f.burst_r));
    json_object_set_new(o, "r_factor", json_figure(f.r));
    json_object_set_new(o, "mos", json_figure(f.mos));
    json_object_set_new(o, "streams_stopped", json_u64(stopped));
    json_object_set_new(o, "rtp_lost_after_stop", json_u64(t->after_stop));
    return o;
}

/* All streams' reports together; nothing where none were asked for. */
static void add_reports(json_t *metrics, void *const shards[], uint32_t count)
{
    uint64_t reports = 0, voip = 0, rtts = 0, sum_ns = 0, max_ns = 0;
    int64_t lost = 0;

    for (uint32_t i = 0; i < count; i++) {
        const struct rtp_shard *shard = shards[i];
        for (uint32_t j = 0; shard->rtcp != NULL && j < shard->slots; j++) {
            const struct rtp_rtcp *r = &shard->rtcp[j];
            reports += r->reports;
            voip += r->voip_reports;
            rtts += r->rtt_count;
            sum_ns += r->rtt_sum_ns;
            max_ns = r->rtt_max_ns > max_ns ? r->rtt_max_ns : max_ns;
            lost += r->reported_lost;
        }
    }
    json_object_set_new(metrics, "rtcp_reports", json_u64(reports));
    json_object_set_new(metrics, "rtcp_voip_reports", json_u64(voip));
    json_object_set_new(metrics, "rtcp_reported_lost", json_integer(lost));
    json_object_set_new(metrics, "rtcp_rtt_us",
                        json_figure(rtts > 0 ? (double)sum_ns / (double)rtts / 1e3 : NAN));
    json_object_set_new(metrics, "rtcp_rtt_max_us",
                        json_figure(rtts > 0 ? (double)max_ns / 1e3 : NAN));
}

static void add_audio(json_t *report, json_t *metrics, const struct rtp_totals *t,
                      const struct rtp_state *s, void *const shards[], uint32_t count)
{
    uint64_t identical = 0;

    for (uint32_t i = 0; i < count; i++) {
        const struct rtp_shard *shard = shards[i];
        identical += atomic_load(&shard->counters[RTP_AUDIO_IDENTICAL]);
        if (shard->record.heard != NULL) {
            json_object_set_new(report, "record",
                                rtp_record_save(&shard->record, s->options.record));
        }
    }
    if (s->audio.octets != NULL) {
        json_object_set_new(
            metrics, "audio_identical_pct",
            json_figure(t->received > 0 ? 100.0 * (double)identical / (double)t->received : NAN));
    }
}

json_t *rtp_summarize(void *state, void *const shards[], uint32_t count)
{
    const struct rtp_state *s = state;
    struct rtp_figures *all = calloc(s->endpoint_count + 1, sizeof(*all));
    struct rtp_totals t = {0};
    json_t *o = json_object(), *metrics;
    size_t n;

    if (all == NULL) {
        return o;
    }
    n = collect(shards, count, all, &t, s);
    metrics = overall(&t, all, n, s);
    if (s->options.rtcp_ns > 0) {
        add_reports(metrics, shards, count);
    }
    add_audio(o, metrics, &t, s, shards, count);
    json_object_set_new(o, "metrics", metrics);
    json_object_set_new(o, "per_stream", per_stream(all, n));
    json_object_set_new(o, "codec", json_string(s->codec->name));
    json_object_set_new(o, "payload_bytes", json_u64(s->payload_bytes));
    json_object_set_new(o, "quality_model",
                        json_string(s->codec->emodel == NULL
                                        ? "none: no published E-model figures for this codec"
                                        : "ITU-T G.107, T = Ta (packet time + look-ahead + delay + "
                                          "jitter buffer), Tr = 2 Ta"));
    free(all);
    return o;
}
