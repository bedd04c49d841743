/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * sip: calls of a SIPp scenario towards a SIP server, begun on the engine's schedule. The shard is
 * the room calls'; here is what the engine wants of it. Call-IDs, sockets and timers of a call all
 * belong to the shard that began it.
 */
#include <errno.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "io/addr.h"
#include "node/load/schedule.h"
#include "node/workload/sip_private.h"

/* Without --limit: calls that nobody answers live 32 s (64 × T1) and a little. */
enum { UNANSWERED_S = 40, LIMIT_LEAST = 1000, LIMIT_MOST = 1000000, SOURCES_MAX = 4096 };

#define COUNTER(id, name, unit) {name, unit},
static const struct workload_counter counters[] = {CALLS_COUNT_LIST(COUNTER)
                                                       MEDIA_COUNT_LIST(COUNTER){NULL, NULL}};
static const char *const metrics[] = {FIGURES_METRICS, MEDIA_METRICS, NULL};

/* ---- before ---- */

static int read_sources(struct sip_state *s, const char *text, struct err *e)
{
    char one[ADDR_TEXT_MAX];

    s->sources = calloc(SOURCES_MAX, sizeof(*s->sources));
    if (s->sources == NULL) {
        return err_set(e, -ENOMEM, "no memory for source addresses");
    }
    while (text != NULL && *text != '\0') {
        size_t size = strcspn(text, ",");
        if (size >= sizeof(one) || s->source_count == SOURCES_MAX) {
            return err_set(e, -EINVAL, "sources: '%.40s' is no list of at most %d addresses", text,
                           SOURCES_MAX);
        }
        memcpy(one, text, size);
        one[size] = '\0';
        if (addr_parse(&s->sources[s->source_count++], one) < 0) {
            return err_set(e, -EINVAL, "sources: '%s' is no address (e.g. 127.0.0.1)", one);
        }
        text += size + (text[size] == ',' ? 1 : 0);
    }
    return 0;
}

static double most_calls(const struct sip_options *o)
{
    const double lasting_s = UNANSWERED_S + (double)o->setup.pause_ns / 1e9;
    double limit = o->limit > 0 ? (double)o->limit : o->rate_per_s * lasting_s;

    if (o->limit == 0 && o->users > 0) {
        limit = (double)o->users;
    }
    return fmin(fmax(limit, o->limit > 0 ? 1 : LIMIT_LEAST), LIMIT_MOST);
}

/* How long calls last by their scenarios. */
static void find_lengths(const struct sip_parts *p, struct workload_shape *ret)
{
    uint32_t mixed = 0;

    ret->attempt_is_least = true;
    for (uint32_t i = 0; i < p->count; i++) {
        bool is_least;
        uint64_t ns;

        if (p->part[i].use != CALLS_MIXED) {
            continue;
        }
        ns = scenario_lasts_ns(p->part[i].scenario, &is_least);
        ret->attempt_ns = ns > ret->attempt_ns ? ns : ret->attempt_ns;
        ret->attempt_is_least &= is_least && mixed++ == 0;
    }
}

static int check(const void *given, struct workload_shape *ret, struct err *e)
{
    struct sip_state s = {.options = &s.own};
    const struct sip_options *o = &s.own;
    int result = sip_options_settle(given, &s.own, e);

    if (result < 0) {
        return result;
    }
    if ((o->sharing == WAYS_PER_ADDRESS) != (o->sources != NULL)) {
        return err_set(e, -EINVAL, "sources and sharing: address belong together");
    }
    result = read_sources(&s, o->sources, e);
    free(s.sources);
    if (result < 0 || (result = sip_parts_open(&s.parts, o, e)) < 0) {
        return result;
    }
    memset(ret, 0, sizeof(*ret));
    find_lengths(&s.parts, ret);
    sip_parts_close(&s.parts);
    ret->arrivals = WORKLOAD_OPEN;
    ret->slots = (uint32_t)most_calls(o);
    ret->endpoints = 1;
    ret->rate_per_s = o->rate_per_s;
    return result;
}

static void finish(void *state)
{
    struct sip_state *s = state;

    sip_parts_close(&s->parts);
    free(s->sources);
    s->sources = NULL;
}

static int prepare(void *state, const void *given, const struct sockaddr_storage *endpoints,
                   size_t count, struct err *e)
{
    struct sip_state *s = state;
    int result;

    (void)count;
    s->options = &s->own;
    s->remote = endpoints[0];
    result = sip_options_settle(given, &s->own, e);
    if (result == 0) {
        result = read_sources(s, s->options->sources, e);
    }
    if (result == 0) {
        result = sip_parts_open(&s->parts, s->options, e);
    }
    if (result < 0) {
        finish(s);
    }
    return result;
}

static void take_answer(void *arg, uint64_t intended_ns, uint64_t sent_ns, uint64_t at_ns)
{
    const struct sip_shard *shard = arg;
    const struct workload_receipt r = {intended_ns, sent_ns, at_ns, false};
    shard->env.receipt(shard->env.engine, &r);
}

/* The part of the users whose calls this shard makes. */
static int share_users(const struct sip_shard *shard, struct calls_options *o, struct err *e)
{
    const uint64_t users = shard->state->options->users;
    const uint64_t from = users * shard->env.shard / shard->env.shards;
    const uint64_t to = users * (shard->env.shard + 1) / shard->env.shards;

    o->first_user = (uint32_t)from + 1;
    o->users = (uint32_t)(to - from);
    o->users_pool = shard->state->parts.pool;
    return users > 0 && o->users == 0
               ? err_set(e, -EINVAL, "users: %u workers need at least as many", shard->env.shards)
               : 0;
}

static int set_levels(const struct sip_shard *shard, struct calls_options *o, struct err *e)
{
    const struct schedule_level *level = shard->env.level;
    const uint64_t transient = shard->state->options->transient_ns;

    if (level == NULL || level->options.profile != PROFILE_STEPS) {
        return transient == 0 ? 0 : err_set(e, -EINVAL, "transient needs profile steps");
    }
    if (transient >= level->options.step_time_ns) {
        return err_set(e, -EINVAL, "transient must be shorter than step_time");
    }
    o->levels = (struct calls_levels){level->step_count, level->options.step_time_ns, transient};
    return 0;
}

static void close_shard(void *given)
{
    struct sip_shard *shard = given;

    calls_close(shard->calls);
    shard->calls = NULL;
    callmedia_close(shard->media);
    shard->media = NULL;
}

static int open_shard(void *given, void *state, const struct workload_shard_env *env, struct err *e)
{
    struct sip_shard *shard = given;
    struct sip_state *s = state;
    struct calls_options o;
    int result;

    shard->state = s;
    shard->env = *env;
    s->level = env->level;
    setup_shard(&s->parts.setup, &s->options->setup, &o);
    o.parts = s->parts.part;
    o.part_count = s->parts.count;
    o.threshold_ns = s->options->threshold_ns;
    o.transport.sharing = (enum ways_sharing)s->options->sharing;
    o.transport.local = env->local;
    o.transport.flags = env->segmentation ? WAYS_SEGMENT : 0u;
    o.transport.sources = s->sources;
    o.transport.source_count = s->source_count;
    if (o.transport.kind == WAYS_UDP && o.transport.sharing == WAYS_ONE) {
        o.transport.lent = env->socket;
    }
    o.remote = s->remote;
    o.limit = env->slots;
    o.first_number = env->shard + 1;
    o.number_step = env->shards;
    o.seed = env->seed;
    o.hooks.arg = shard;
    o.hooks.answer = take_answer;
    result = share_users(shard, &o, e);
    result = result == 0 ? set_levels(shard, &o, e) : result;
    if (result < 0 || (result = callmedia_open(&shard->media, &s->parts.media, &o, env->shard,
                                               env->shards, e)) < 0) {
        return result;
    }
    if ((result = calls_open(&shard->calls, &o, e)) < 0) {
        callmedia_close(shard->media);
        shard->media = NULL;
        return result;
    }
    if (s->parts.beforehand >= 0 && (result = sip_register_users(shard, e)) < 0) {
        close_shard(shard);
    }
    return result;
}

static void window(void *given, uint64_t from_ns, uint64_t to_ns)
{
    struct sip_shard *shard = given;

    shard->state->from_ns = from_ns;
    shard->state->to_ns = to_ns;
    shard->state->start_ns = shard->env.start_ns != NULL ? *shard->env.start_ns : from_ns;
    calls_window(shard->calls, from_ns, to_ns);
    calls_start_levels(shard->calls, shard->state->start_ns);
}

/* ---- while it runs ---- */

static int begin(void *given, uint32_t slot, uint64_t intended_ns, struct workload_packet *packets,
                 uint32_t room)
{
    struct sip_shard *shard = given;

    (void)slot;
    (void)packets;
    (void)room;
    return calls_begin(shard->calls, intended_ns, clock_now_ns());
}

static void receive_nothing(void *given, const uint8_t *bytes, uint32_t size, uint64_t at_ns,
                            struct workload_receipt *ret)
{
    (void)given;
    (void)bytes;
    (void)size;
    (void)at_ns;
    (void)ret;
}

static int turn(void *given, uint64_t now_ns, struct workload_turn *ret)
{
    struct sip_shard *shard = given;
    int more = calls_turn(shard->calls, *shard->env.real_offset_ns);

    ret->next_ns = calls_next_ns(shard->calls);
    ret->not_before_ns =
        calls_was_busy(shard->calls) ? now_ns + shard->state->options->setup.gather_ns : 0;
    return more;
}

static int wait_fd(const void *given)
{
    return calls_fd(((const struct sip_shard *)given)->calls);
}

static void losses(const void *given, struct workload_losses *ret)
{
    const struct sip_shard *shard = given;
    const struct ways *t = calls_get_ways(shard->calls);
    struct ways_counts counts;

    ways_read_counts(t, &counts);
    ret->send_failures = counts.refused + sip_read_media(shard, MEDIA_SEND_REFUSED);
    ret->drops = (shard->state->options->sharing == WAYS_ONE ? 0 : ways_drops(t)) +
                 sip_read_media(shard, MEDIA_DROPPED);
}

static int is_drained(const void *given)
{
    return calls_is_idle(((const struct sip_shard *)given)->calls);
}

/* Of the scenarios of the mix, but for the transients of steps. */
static void read_counters(const void *given, uint64_t *ret)
{
    const struct sip_shard *shard = given;
    const struct sip_parts *p = &shard->state->parts;
    const struct calls_figures *f;

    memset(ret, 0, CALLS_COUNTS * sizeof(*ret));
    for (uint32_t part = 0; part < p->count && p->part[part].use == CALLS_MIXED; part++) {
        for (uint32_t level = 0; level <= calls_levels(shard->calls); level++) {
            f = calls_get_part_figures(shard->calls, part, level);
            for (int i = 0; i < CALLS_COUNTS; i++) {
                ret[i] += atomic_load_explicit(&f->count[i], memory_order_relaxed);
            }
        }
    }
    for (int i = 0; i < MEDIA_COUNTS; i++) {
        ret[CALLS_COUNTS + i] = sip_read_media(shard, (enum media_count)i);
    }
}

extern const struct workload_ops workload_sip;
const struct workload_ops workload_sip = {
    .name = "sip",
    .summary = "SIP calls of a SIPp scenario: delays, success, retransmissions (RFC 6076)",
    .unit = "call",
    .options = sip_options_table,
    .options_size = sizeof(struct sip_options),
    .state_size = sizeof(struct sip_state),
    .shard_size = sizeof(struct sip_shard),
    .counters = counters,
    .metrics = metrics,
    .check = check,
    .prepare = prepare,
    .open = open_shard,
    .send = begin,
    .receive = receive_nothing,
    .turn = turn,
    .wait_fd = wait_fd,
    .losses = losses,
    .window = window,
    .is_drained = is_drained,
    .read_counters = read_counters,
    .judge = sip_judge,
    .summarize = sip_summarize,
    .close = close_shard,
    .finish = finish,
};
