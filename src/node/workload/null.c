/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * null: the smallest real workload: an arrival process of numbered packets, sent to our own socket
 * when no appliance is given. It runs every plan without root and shows what the engine alone does.
 */
#include <errno.h>
#include <stdatomic.h>
#include <string.h>

#include "io/addr.h"
#include "node/load/workload.h"

enum { PACKET_SIZE = 32, MAGIC = 0x4e554c4c, SENT, RECEIVED, FOREIGN, COUNTERS };

struct null_options {
    double rate_per_s;
};

struct null_packet { /* as it travels; only to ourselves, so in host order but for the stamp */
    uint32_t magic, slot;
    uint64_t intended_ns, sent_be_ns, number;
};
_Static_assert(sizeof(struct null_packet) == PACKET_SIZE, "no padding");

struct null_state {
    struct sockaddr_storage to;
    bool has_to;
};

struct null_shard {
    const struct null_state *state;
    struct sockaddr_storage to;
    uint64_t from_ns, to_ns, number;
    _Atomic uint64_t counters[COUNTERS - SENT]; /* one writer */
};

static const struct opt options[] = {
    {"rate", OPT_RATE, "100/s", "packets a second", 0.001, 1e7, NULL,
     offsetof(struct null_options, rate_per_s), OPT_LEVEL},
    OPT_END,
};

static const struct workload_counter counters[] = {{"null_sent", "packets"},
                                                   {"null_received", "packets"},
                                                   {"null_foreign", "packets"},
                                                   {NULL, NULL}};

static int check(const void *given, struct workload_shape *ret, struct err *e)
{
    const struct null_options *o = given;

    (void)e;
    memset(ret, 0, sizeof(*ret));
    ret->arrivals = WORKLOAD_OPEN;
    ret->slots = ret->endpoints = 1;
    ret->rate_per_s = o->rate_per_s;
    return 0;
}

static int prepare(void *state, const void *given, const struct sockaddr_storage *endpoints,
                   size_t count, struct err *e)
{
    struct null_state *s = state;

    (void)given;
    (void)e;
    s->has_to = count > 0 && addr_port(&endpoints[0]) != 0;
    if (s->has_to) {
        s->to = endpoints[0];
    }
    return 0;
}

static int open_shard(void *given, void *state, const struct workload_shard_env *env, struct err *e)
{
    struct null_shard *shard = given;

    (void)e;
    shard->state = state;
    shard->to = shard->state->has_to ? shard->state->to : env->local;
    return 0;
}

static void window(void *given, uint64_t from_ns, uint64_t to_ns)
{
    struct null_shard *shard = given;
    shard->from_ns = from_ns;
    shard->to_ns = to_ns;
}

static void bump(struct null_shard *shard, int counter)
{
    _Atomic uint64_t *c = &shard->counters[counter - SENT];
    atomic_store_explicit(c, atomic_load_explicit(c, memory_order_relaxed) + 1,
                          memory_order_relaxed);
}

static int send_packet(void *given, uint32_t slot, uint64_t intended_ns,
                       struct workload_packet *packets, uint32_t room)
{
    struct null_shard *shard = given;
    struct null_packet p = {MAGIC, slot, intended_ns, 0, shard->number};

    if (room == 0) {
        return 0;
    }
    shard->number++;
    memcpy(packets->data, &p, sizeof(p));
    packets->size = sizeof(p);
    packets->to = (const struct sockaddr *)&shard->to;
    packets->to_size = addr_size(&shard->to);
    packets->sent_stamp_at = offsetof(struct null_packet, sent_be_ns);
    if (intended_ns >= shard->from_ns && intended_ns < shard->to_ns) {
        bump(shard, SENT);
    }
    return 1;
}

static void receive_packet(void *given, const uint8_t *bytes, uint32_t size, uint64_t at_ns,
                           struct workload_receipt *ret)
{
    struct null_shard *shard = given;
    struct null_packet p;

    if (size == sizeof(p)) {
        memcpy(&p, bytes, sizeof(p));
    }
    if (size != sizeof(p) || p.magic != MAGIC || p.intended_ns > at_ns ||
        p.number >= shard->number) {
        bump(shard, FOREIGN);
    } else if (p.intended_ns >= shard->from_ns && p.intended_ns < shard->to_ns) {
        bump(shard, RECEIVED);
        ret->intended_ns = p.intended_ns;
        ret->sent_ns = __builtin_bswap64(p.sent_be_ns);
    }
}

static void read_counters(const void *given, uint64_t *ret)
{
    const struct null_shard *shard = given;
    for (int i = 0; i < COUNTERS - SENT; i++) {
        ret[i] = atomic_load_explicit(&shard->counters[i], memory_order_relaxed);
    }
}

static int is_drained(const void *given)
{
    uint64_t v[COUNTERS - SENT];
    read_counters(given, v);
    return v[RECEIVED - SENT] >= v[0];
}

static json_t *summarize(void *state, void *const shards[], uint32_t count)
{
    uint64_t v[COUNTERS - SENT], sent = 0, received = 0;
    json_t *o = json_object(), *metrics = json_object();

    (void)state;
    for (uint32_t i = 0; i < count; i++) {
        read_counters(shards[i], v);
        sent += v[0];
        received += v[RECEIVED - SENT];
    }
    json_object_set_new(metrics, "null_loss_pct",
                        sent > 0 ? json_real(100.0 - 100.0 * (double)received / (double)sent)
                                 : json_null());
    json_object_set_new(o, "metrics", metrics);
    return o;
}

static void close_shard(void *given)
{
    (void)given;
}

static const char *const metrics_told[] = {"null_loss_pct", NULL};

extern const struct workload_ops workload_null;
const struct workload_ops workload_null = {
    .name = "null",
    .summary = "numbered packets to an echo, or to itself: the engine alone",
    .options = options,
    .options_size = sizeof(struct null_options),
    .state_size = sizeof(struct null_state),
    .shard_size = sizeof(struct null_shard),
    .counters = counters,
    .metrics = metrics_told,
    .check = check,
    .prepare = prepare,
    .open = open_shard,
    .send = send_packet,
    .receive = receive_packet,
    .window = window,
    .is_drained = is_drained,
    .read_counters = read_counters,
    .summarize = summarize,
    .close = close_shard,
    .finish = close_shard,
};
