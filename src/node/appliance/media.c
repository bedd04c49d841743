/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * media: a media server. A pool of threads takes a packet from any stream, works on it and relays
 * it to the stream's other end (study C's model). All calls come from the node's loop thread.
 */
#include <errno.h>
#include <math.h>

#include "base/clock.h"
#include "base/str.h"
#include "node/appliance/appliance.h"
#include "node/appliance/relay.h"

struct media_options {
    uint64_t threads, work, buffer_bytes, base_port;
    int transport;
    uint64_t playout_ns, clock_hz, echo_tail_ns, conference;
};

struct media {
    struct relay *relay;
    const struct work_ops *work; /* NULL: packets are only relayed */
};

static const char *const transports[] = {"sockets", "xdp", NULL};

#define AT(member) offsetof(struct media_options, member)
static const struct opt options[] = {
    {"threads", OPT_COUNT, "2", "threads of the pool", 1, 256, NULL, AT(threads), 0},
    {"work", OPT_DURATION, "relay",
     "done to each packet: a time is computing, calibrated to CPU time when it opens; a word is "
     "the real thing, on RTP packets of G.711 (transcode: G.711 to G.729 and back)",
     0, 1e9, work_names, AT(work), 0},
    {"buffer", OPT_SIZE, "1M", "socket buffer of each stream, each way; what was got is reported",
     0, 0, NULL, AT(buffer_bytes), 0},
    {"transport", OPT_CHOICE, "sockets",
     "how packets come and go: a socket a stream, or xdp: AF_XDP at the interface of the address, "
     "with threads: 1 and no work that sends by its own clock (jitter-buffer, mix)",
     0, 0, transports, AT(transport), 0},
    {"base_port", OPT_COUNT, "0",
     "port of the first stream, the next ones follow; 0: any, with xdp 20000", 0, 65535, NULL,
     AT(base_port), 0},
    {"playout", OPT_DURATION, "40ms", "jitter-buffer: how long the fastest packets are held", 0,
     1e9, NULL, AT(playout_ns), 0},
    {"clock", OPT_COUNT, "48000",
     "jitter-buffer: units a second of RTP timestamps with a dynamic payload type", 1000, 1000000,
     NULL, AT(clock_hz), 0},
    {"echo_tail", OPT_DURATION, "128ms", "echo-cancel: the longest echo", 10e6, 1e9, NULL,
     AT(echo_tail_ns), 0},
    {"conference", OPT_COUNT, "3", "mix: streams of a conference, in the order they are opened", 1,
     1000, NULL, AT(conference), 0},
    OPT_END,
};

static const struct work_ops *work_of(const struct media_options *o)
{
    const int word = opt_word(opt_find(options, "work"), o->work);

    if (word < 0) {
        return o->work > 0 ? &work_compute : NULL;
    }
    return word > 0 ? work_registry[word] : NULL;
}

static int check(const void *given, struct err *e)
{
    const struct media_options *o = given;
    const struct relay_options r = {
        .threads = (uint32_t)o->threads, .xdp = o->transport == 1, .work = work_of(o)};
    struct err why = {0};
    return relay_check(&r, &why) < 0 ? err_set(e, -EINVAL, "%s", why.text) : 0;
}

static bool rewrites(const void *given)
{
    const struct work_ops *work = work_of(given);
    return work != NULL && work->rewrites;
}

static int open_media(void *state, const void *given, const char *address, struct err *e)
{
    const struct media_options *o = given;
    struct media *m = state;
    struct relay_options r = {.threads = (uint32_t)o->threads,
                              .buffer_bytes = o->buffer_bytes,
                              .xdp = o->transport == 1,
                              .base_port = (uint16_t)o->base_port,
                              .address = address};
    int word = opt_word(opt_find(options, "work"), o->work);

    r.plan = (struct work_plan){.compute_ns = word < 0 ? o->work : 0,
                                .playout_ns = o->playout_ns,
                                .tail_ns = o->echo_tail_ns,
                                .clock_hz = (uint32_t)o->clock_hz,
                                .conference = (uint32_t)o->conference};
    m->work = r.work = work_of(o);
    return relay_open(&m->relay, &r, e);
}

static int endpoints(void *state, const struct sockaddr_storage *peers, size_t count,
                     struct sockaddr_storage *ret, struct err *e)
{
    return relay_add(((struct media *)state)->relay, RELAY_SINGLE, peers, count, ret, e);
}

static int endpoint_pairs(void *state, const struct sockaddr_storage *peers, size_t count,
                          struct sockaddr_storage *ret, struct err *e)
{
    return relay_add(((struct media *)state)->relay, RELAY_PAIRS, peers, count, ret, e);
}

/* A thread's work_timed_ns / work_timed_packets is what work really costs here, in CPU time: one
 * packet in some is measured. */
enum { PER_THREAD = 10, COMMON = 5 };
static const struct {
    const char *metric, *unit;
} thread_columns[PER_THREAD] = {
    {"received_packets", "packets"}, {"relayed_packets", "packets"},    {"received_bytes", "bytes"},
    {"send_errors", "packets"},      {"oversized_packets", "packets"},  {"cpu_ns", "ns"},
    {"worked_packets", "packets"},   {"work_timed_packets", "packets"}, {"work_timed_ns", "ns"},
    {"unworked_packets", "packets"},
};

static void name_column(struct sample_column *c, const char *entity, const char *metric,
                        const char *unit, enum sample_kind kind)
{
    str_printf(c->entity, sizeof(c->entity), "%s", entity);
    str_printf(c->metric, sizeof(c->metric), "%s", metric);
    str_printf(c->unit, sizeof(c->unit), "%s", unit);
    c->kind = kind;
}

/* Counters that only this work has. */
static size_t own_counters(const struct media *m)
{
    size_t n = 0;
    while (m->work != NULL && n < WORK_COUNTERS && m->work->counters[n] != NULL) {
        n++;
    }
    return n;
}

static void name_common(struct sample_column *ret)
{
    name_column(&ret[0], "media", "receive_drops", "packets", SAMPLE_COUNTER);
    name_column(&ret[1], "media", "receive_buffer_bytes", "bytes", SAMPLE_GAUGE);
    name_column(&ret[2], "media", "work_rounds_per_us", "1", SAMPLE_GAUGE);
    name_column(&ret[3], "media", "streams", "streams", SAMPLE_GAUGE);
    name_column(&ret[4], "media", "work_ns_per_packet", "ns", SAMPLE_GAUGE);
}

static size_t columns(const void *state, struct sample_column *ret, size_t room)
{
    const struct media *m = state;
    size_t own = own_counters(m), per_thread = PER_THREAD + own;
    size_t n = relay_threads(m->relay) * per_thread;
    char entity[SAMPLE_NAME_MAX];

    for (size_t i = 0; i < n && i < room; i++) {
        size_t k = i % per_thread;
        str_printf(entity, sizeof(entity), "media/thread.%zu", i / per_thread);
        name_column(&ret[i], entity,
                    k < PER_THREAD ? thread_columns[k].metric : m->work->counters[k - PER_THREAD],
                    k < PER_THREAD ? thread_columns[k].unit : "packets", SAMPLE_COUNTER);
    }
    if (room >= n + COMMON) {
        name_common(ret + n);
    }
    return n + COMMON;
}

static void thread_values(const struct relay_stats *s, size_t own, double *v)
{
    v[0] = (double)s->received;
    v[1] = (double)s->relayed;
    v[2] = (double)s->bytes;
    v[3] = (double)s->send_errors;
    v[4] = (double)s->oversized;
    v[5] = (double)s->cpu_ns;
    v[6] = (double)s->worked;
    v[7] = (double)s->timed;
    v[8] = (double)s->timed_ns;
    v[9] = (double)s->unworked;
    for (size_t i = 0; i < own; i++) {
        v[PER_THREAD + i] = (double)s->counted[i];
    }
}

static double or_unknown(double value)
{
    return value > 0 ? value : (double)NAN;
}

static void stats(void *state, double *ret_values, size_t count)
{
    const struct media *m = state;
    const struct relay *r = m->relay;
    size_t own = own_counters(m), per_thread = PER_THREAD + own;
    size_t threads = relay_threads(r), n = threads * per_thread;
    uint64_t timed = 0, timed_ns = 0;

    for (size_t t = 0; t < threads && (t + 1) * per_thread <= count; t++) {
        struct relay_stats s;
        relay_read(r, (uint32_t)t, &s);
        thread_values(&s, own, ret_values + t * per_thread);
        timed += s.timed;
        timed_ns += s.timed_ns;
    }
    if (count >= n + COMMON) {
        ret_values[n] = (double)relay_drops(r);
        ret_values[n + 1] = or_unknown((double)relay_buffer_bytes(r));
        ret_values[n + 2] = or_unknown(relay_rounds_per_us(r));
        ret_values[n + 3] = (double)relay_streams(r);
        ret_values[n + 4] = timed > 0 ? (double)timed_ns / (double)timed : (double)NAN;
    }
}

static int drain(void *state, uint64_t deadline_ns)
{
    return relay_drain(((struct media *)state)->relay, deadline_ns);
}

static void close_media(void *state)
{
    struct media *m = state;
    if (m != NULL) {
        relay_close(m->relay);
        m->relay = NULL;
    }
}

extern const struct appliance_ops appliance_media;
const struct appliance_ops appliance_media = {
    .name = "media",
    .summary = "media server: threads that work on packets and relay them",
    .options = options,
    .options_size = sizeof(struct media_options),
    .state_size = sizeof(struct media),
    .check = check,
    .rewrites = rewrites,
    .open = open_media,
    .endpoints = endpoints,
    .endpoint_pairs = endpoint_pairs,
    .columns = columns,
    .stats = stats,
    .drain = drain,
    .close = close_media,
};
