/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * flow_summary: what a load of flows found, over all shards. Owner's thread, after the workers.
 */
#include "node/workload/flow.h"

struct totals {
    uint64_t counters[FLOW_COUNTERS];
    uint64_t flows, lossy; /* that sent; that lost */
    double worst_pct, seconds;
    struct hist *delay, *variation; /* NULL: no memory */
};

static void add_shard(const struct flow_shard *s, struct totals *t)
{
    for (int i = 0; i < FLOW_COUNTERS; i++) {
        t->counters[i] += atomic_load_explicit(&s->counters[i], memory_order_relaxed);
    }
    for (uint32_t i = 0; i < s->slots; i++) {
        const struct flow_stream *f = &s->streams[i];
        if (f->sent == 0) {
            continue;
        }
        const double lost_pct = 100.0 * (double)(f->sent - f->received) / (double)f->sent;
        t->flows++;
        t->lossy += f->received < f->sent;
        t->worst_pct = lost_pct > t->worst_pct ? lost_pct : t->worst_pct;
    }
    t->seconds = (double)(s->to_ns - s->from_ns) / 1e9;
    if (t->delay != NULL && t->variation != NULL) {
        hist_merge(t->delay, s->delay);
        hist_merge(t->variation, s->variation);
    }
}

static void put_share(json_t *o, const char *name, uint64_t part, uint64_t whole)
{
    json_object_set_new(o, name,
                        whole > 0 ? json_real(100.0 * (double)part / (double)whole) : json_null());
}

static void put_rate(json_t *o, const char *name, uint64_t count, double seconds)
{
    json_object_set_new(o, name, seconds > 0 ? json_real((double)count / seconds) : json_null());
}

/* RFC 5481 §4.2: PDV is what a packet was late against the one that was the quickest. */
static void put_variation(json_t *o, const struct totals *t)
{
    const struct hist *d = t->delay, *v = t->variation;
    const bool any = d != NULL && d->total > 0, pairs = v != NULL && v->total > 0;

    json_object_set_new(o, "flow_pdv_p99_us",
                        any ? json_real((double)(hist_percentile(d, 99) - d->min) / 1e3)
                            : json_null());
    json_object_set_new(o, "flow_pdv_p99.9_us",
                        any ? json_real((double)(hist_percentile(d, 99.9) - d->min) / 1e3)
                            : json_null());
    json_object_set_new(o, "flow_ipdv_p99_us",
                        pairs ? json_real((double)hist_percentile(v, 99) / 1e3) : json_null());
}

const char *const flow_metrics[] = {"flow_offered_per_s",
                                    "flow_achieved_per_s",
                                    "flow_received_per_s",
                                    "flow_achieved_bits_per_s",
                                    "flow_received_bits_per_s",
                                    "flow_lost",
                                    "flow_loss_pct",
                                    "flow_reordered_pct",
                                    "flow_duplicates_pct",
                                    "flow_worst_flow_loss_pct",
                                    "flow_lossy_flows",
                                    "flow_flows",
                                    "flow_frame_mean_bytes",
                                    "flow_pdv_p99_us",
                                    "flow_pdv_p99.9_us",
                                    "flow_ipdv_p99_us",
                                    "flow_burst_packets",
                                    "flow_burst_ms",
                                    NULL};

static json_t *metrics(const struct flow_state *s, const struct totals *t)
{
    const uint64_t *c = t->counters;
    json_t *o = json_object();

    json_object_set_new(o, "flow_offered_per_s", json_real(s->offered_per_s));
    put_rate(o, "flow_achieved_per_s", c[FLOW_SENT], t->seconds);
    put_rate(o, "flow_received_per_s", c[FLOW_RECEIVED], t->seconds);
    put_rate(o, "flow_achieved_bits_per_s", 8 * c[FLOW_SENT_BYTES], t->seconds);
    put_rate(o, "flow_received_bits_per_s", 8 * c[FLOW_RECEIVED_BYTES], t->seconds);
    json_object_set_new(o, "flow_lost",
                        json_integer((json_int_t)(c[FLOW_SENT] - c[FLOW_RECEIVED])));
    put_share(o, "flow_loss_pct", c[FLOW_SENT] - c[FLOW_RECEIVED], c[FLOW_SENT]);
    put_share(o, "flow_reordered_pct", c[FLOW_REORDERED], c[FLOW_RECEIVED]);
    put_share(o, "flow_duplicates_pct", c[FLOW_DUPLICATES], c[FLOW_RECEIVED]);
    json_object_set_new(o, "flow_worst_flow_loss_pct", json_real(t->worst_pct));
    json_object_set_new(o, "flow_lossy_flows", json_integer((json_int_t)t->lossy));
    json_object_set_new(o, "flow_flows", json_integer((json_int_t)t->flows));
    json_object_set_new(o, "flow_frame_mean_bytes", json_real(s->sizes.mean_bytes));
    put_variation(o, t);
    if (s->options.burst > 0) { /* RFC 9004 §6: the buffer that would hold such a burst */
        json_object_set_new(o, "flow_burst_packets", json_integer((json_int_t)s->options.burst));
        json_object_set_new(o, "flow_burst_ms",
                            json_real(1e3 * (double)s->options.burst / s->rate_per_s));
    }
    return o;
}

json_t *flow_summarize(void *state, void *const shards[], uint32_t count)
{
    struct totals t = {.delay = hist_create_sparse(), .variation = hist_create_sparse()};
    json_t *o = json_object();

    for (uint32_t i = 0; i < count; i++) {
        add_shard(shards[i], &t);
    }
    json_object_set_new(o, "metrics", metrics(state, &t));
    hist_destroy(t.delay);
    hist_destroy(t.variation);
    return o;
}
