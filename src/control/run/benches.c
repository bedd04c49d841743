/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * benches: see benches.h.
 */
#include "control/run/benches.h"

#include <errno.h>
#include <string.h>

#include "base/clock.h"
#include "base/str.h"

enum { CALL_S = 30, CHANNEL_ROUNDS = 5 };
static const uint64_t call_ns = CALL_S * NS_PER_S;

static void name_bench(struct trial *t, struct site_machine *m, const struct plan_driver *d,
                       bool is_neighbour)
{
    struct trial_bench *b = &t->benches[t->bench_count++];
    *b = (struct trial_bench){.machine = m, .driver = d, .is_neighbour = is_neighbour};
    str_printf(b->id, sizeof b->id, "bench.%s", m->plan->spec.name);
    b->entity = arena_printf(&t->arena, "%s/%s", m->plan->spec.name, d->type);
    if (!is_neighbour)
        b->channel_ns = ARENA_ARRAY(&t->arena, uint64_t, m->plan->rounds + 1);
}

void benches_name(struct trial *t)
{
    t->benches = ARENA_ARRAY(&t->arena, struct trial_bench, t->site.machine_count + 1);
    t->clocks = ARENA_ARRAY(&t->arena, struct trial_clock, t->site.machine_count + 1);
    for (size_t i = 0; i < t->site.machine_count; i++) {
        struct site_machine *m = &t->site.machines[i];
        if (m->plan->bench != NULL)
            name_bench(t, m, m->plan->bench, false);
        else if (m->plan->neighbour != NULL)
            name_bench(t, m, m->plan->neighbour, true);
    }
}

void benches_finish(struct trial *t)
{
    for (size_t i = 0; i < t->bench_count; i++) {
        json_decref(t->benches[i].result);
        json_decref(t->benches[i].options);
    }
}

/* Has the driver an option of that name, as the node describes it? */
static bool has_option(const struct trial *t, const char *type, const char *name)
{
    const json_t *drivers = json_object_get(t->run->describe, "drivers"), *d, *o;
    size_t i, k;
    json_array_foreach(json_object_get(drivers, "bench"), i, d)
    {
        if (strcmp(json_str_or(d, "name", ""), type) != 0)
            continue;
        json_array_foreach(json_object_get(d, "options"), k, o)
        {
            if (strcmp(json_str_or(o, "name", ""), name) == 0)
                return true;
        }
    }
    return false;
}

/* A network bench whose plan names no peer has its far end where the load comes from. */
static int give_peer(struct trial *t, struct trial_bench *b, struct err *e)
{
    const char *link = b->machine->plan->spec.links[0];
    json_t *answer = NULL;
    b->options = json_deep_copy(b->driver->options);
    if (json_object_get(b->options, "peer") != NULL || !has_option(t, b->driver->type, "peer"))
        return 0;
    const char *address =
        link != NULL ? t->site.ops->tester_address(b->machine->host->platform, link) : NULL;
    if (address == NULL)
        return err_set(e, -EINVAL,
                       "it needs a peer, and the generator has no address on a link of the "
                       "machine");
    char id[BENCHES_ID_MAX];
    str_printf(id, sizeof id, "far.%s", b->machine->plan->spec.name);
    int r =
        nodelink_call(&t->site.generator, "far.open",
                      json_pack("{s:s, s:s}", "id", id, "address", address), call_ns, &answer, e);
    if (r == 0)
        json_object_set(b->options, "peer", json_object_get(answer, "address"));
    json_decref(answer);
    return r;
}

static struct nodelink *clock_node(struct trial *t)
{
    return t->site.clock.peer != NULL ? &t->site.clock : &t->site.generator;
}

static void open_clock(struct trial *t, struct trial_clock *c)
{
    json_t *answer = NULL;
    struct err why = {0};
    const char *address = c->host == NULL ? t->given.plan->clock_address
                                          : t->site.ops->tester_address(c->host->platform, c->link);
    if (address == NULL) {
        str_printf(c->why, sizeof c->why, "the generator has no address on network %s", c->link);
        return;
    }
    int r = nodelink_call(clock_node(t), "clock.open",
                          json_pack("{s:s, s:s}", "id", c->id, "address", address), call_ns,
                          &answer, &why);
    if (r == 0) {
        c->address = arena_strdup(&t->arena, address);
        c->ticket = arena_strdup(&t->arena, json_str_or(answer, "ticket", ""));
    } else {
        str_printf(c->why, sizeof c->why, "%s", why.text);
    }
    json_decref(answer);
}

/* The clock on the machine's link; NULL and b->no_clock when there is none for it. */
static const struct trial_clock *take_clock(struct trial *t, struct trial_bench *b)
{
    const struct plan *p = t->given.plan;
    const bool is_own = p->clock == PLAN_CLOCK_HOST;
    const struct site_host *host = is_own ? NULL : b->machine->host;
    const char *link = is_own                        ? p->clock_host->name
                       : p->clock == PLAN_CLOCK_LINK ? p->clock_link
                                                     : b->machine->plan->spec.links[0];
    struct trial_clock *c = t->clocks;
    if (p->clock == PLAN_CLOCK_CHANNEL || link == NULL) {
        str_printf(b->no_clock, sizeof b->no_clock, "%s",
                   link == NULL ? "the machine has no link" : "the plan says so");
        return NULL;
    }
    while (c < t->clocks + t->clock_count && (c->host != host || strcmp(c->link, link) != 0))
        c++;
    if (c == t->clocks + t->clock_count) {
        *c = (struct trial_clock){.host = host, .link = link};
        c->id = arena_printf(&t->arena, "clock.%zu", t->clock_count++);
        open_clock(t, c);
    }
    str_printf(b->no_clock, sizeof b->no_clock, "%s", c->why);
    return c->ticket != NULL ? c : NULL;
}

/* What the node is told; takes nothing. */
static json_t *start_params(struct trial *t, struct trial_bench *b)
{
    const struct plan_machine *m = b->machine->plan;
    json_t *params = json_pack(
        "{s:s, s:s, s:O, s:o, s:o}", "id", b->id, "type", b->driver->type, "options", b->options,
        "rounds", json_u64(b->is_neighbour ? 0 : m->rounds), "idle_ns", json_u64(m->idle_ns));
    const struct trial_clock *c = b->is_neighbour ? NULL : take_clock(t, b);
    if (!b->is_neighbour)
        json_object_set_new(params, "marks", json_true());
    if (c != NULL)
        json_object_set_new(params, "clock",
                            json_pack("{s:s, s:s}", "address", c->address, "ticket", c->ticket));
    return params;
}

static int start(struct trial *t, struct trial_bench *b, struct err *e)
{
    const char *name = b->machine->plan->spec.name;
    json_t *answer = NULL;
    int r = give_peer(t, b, e);
    if (r == 0) {
        json_t *params = start_params(t, b);
        b->started = true;
        b->since_ns = clock_now_ns();
        r = nodelink_call(&b->machine->node, "bench.start", params, call_ns, &answer, e);
    }
    const char *silent = json_str_or(answer, "no_clock", "");
    if (r == 0 && silent[0] != '\0') {
        str_printf(b->no_clock, sizeof b->no_clock, "%s", silent);
        r = trial_event(t, clock_real_ns(), e, "bench in %s: %s; its control channel times it",
                        name, silent);
    }
    json_decref(answer);
    return r < 0 ? err_prefix(e, "machine %s: %s %s: ", name,
                              b->is_neighbour ? "neighbour" : "bench", b->driver->type)
                 : 0;
}

static int start_all(struct trial *t, bool neighbours, struct err *e)
{
    int r = 0;
    for (size_t i = 0; i < t->bench_count && r == 0; i++)
        if (t->benches[i].is_neighbour == neighbours)
            r = start(t, &t->benches[i], e);
    return r;
}

int benches_start_neighbours(struct trial *t, struct err *e)
{
    return start_all(t, true, e);
}

int benches_start_jobs(struct trial *t, struct err *e)
{
    return start_all(t, false, e);
}

bool benches_has_jobs(const struct trial *t)
{
    for (size_t i = 0; i < t->bench_count; i++)
        if (!t->benches[i].is_neighbour)
            return true;
    return false;
}

bool benches_jobs_done(const struct trial *t)
{
    for (size_t i = 0; i < t->bench_count; i++)
        if (!t->benches[i].is_neighbour && !t->benches[i].done)
            return false;
    return true;
}

uint64_t benches_within_ns(const struct trial *t)
{
    uint64_t most = 0;
    for (size_t i = 0; i < t->bench_count; i++) {
        const struct trial_bench *b = &t->benches[i];
        if (!b->is_neighbour && b->machine->plan->within_ns > most)
            most = b->machine->plan->within_ns;
    }
    return most;
}

static struct trial_bench *find(struct trial *t, const struct nodelink *n, const char *id)
{
    for (size_t i = 0; i < t->bench_count; i++)
        if (&t->benches[i].machine->node == n && strcmp(t->benches[i].id, id) == 0)
            return &t->benches[i];
    return NULL;
}

static void take_mark(struct trial_bench *b, const json_t *params)
{
    const uint64_t now = clock_now_ns(), round = json_u64_or(params, "round", UINT64_MAX);
    const bool starts = strcmp(json_str_or(params, "what", ""), "start") == 0;
    if (starts)
        b->mark_ns = now;
    else if (b->mark_ns != 0 && b->channel_ns != NULL && round < b->machine->plan->rounds)
        b->channel_ns[round] = now - b->mark_ns;
    if (!starts)
        b->mark_ns = 0;
}

void benches_notice(struct trial *t, const struct nodelink *n, const char *method,
                    const json_t *params)
{
    struct trial_bench *b = find(t, n, json_str_or(params, "id", ""));
    const char *error = json_str_or(params, "error", NULL);
    if (b == NULL)
        return;
    if (strcmp(method, "bench.mark") == 0) {
        take_mark(b, params);
        return;
    }
    b->done = true;
    if (b->is_neighbour && t->phase != RUN_DRAIN)
        err_set(&t->broken, -EIO, "neighbour %s ended during the trial: %s",
                b->machine->plan->spec.name, error != NULL ? error : "it gave no reason");
    else if (!b->is_neighbour && error != NULL)
        err_set(&t->broken, -EIO, "bench in %s failed: %s", b->machine->plan->spec.name, error);
}

/* How long a word takes there and back, at worst, when nothing else is said. */
static int measure_channel(struct trial_bench *b, struct err *e)
{
    int r = 0;
    for (int i = 0; i < CHANNEL_ROUNDS && r == 0; i++) {
        const uint64_t before = clock_now_ns();
        r = nodelink_call(&b->machine->node, "clock", NULL, call_ns, NULL, e);
        const uint64_t took = clock_now_ns() - before;
        b->channel_round_ns = took > b->channel_round_ns ? took : b->channel_round_ns;
    }
    return r;
}

static int collect(struct trial *t, struct trial_bench *b, json_t *all, struct err *e)
{
    const char *name = b->machine->plan->spec.name;
    json_t *answer = NULL;
    int r = nodelink_call(&b->machine->node, b->is_neighbour ? "bench.stop" : "bench.wait",
                          json_pack("{s:s}", "id", b->id), call_ns, &answer, e);
    /* One that came to no end of a round has nothing to verify. */
    if (r == 0 && json_integer_value(json_object_get(answer, "rounds")) > 0 &&
        json_is_false(json_object_get(answer, "verified")))
        r = err_set(e, -EBADMSG, "bench in %s: its work was wrong", name);
    if (r == 0) {
        /* A guest's own clock times its rounds: ours beside it, with the way there and back. */
        json_object_set_new(answer, "elapsed_outside_ns", json_u64(clock_now_ns() - b->since_ns));
        r = measure_channel(b, e);
    }
    if (r == 0) {
        b->result = json_incref(answer);
        bench_result_settle(b);
        json_object_set(all, name, b->result);
        if (b->is_neighbour)
            json_object_set(json_object_get(t->report, "neighbours"), name, b->result);
    }
    json_decref(answer);
    return r;
}

/* A forged mark is nothing that ends a trial, but must be seen. */
static int close_clock(struct trial *t, const struct trial_clock *c, json_t *all, struct err *e)
{
    json_t *counts = NULL;
    if (c->ticket == NULL)
        return 0;
    int r = nodelink_call(clock_node(t), "clock.close", json_pack("{s:s}", "id", c->id), call_ns,
                          &counts, e);
    if (r < 0)
        return r;
    const uint64_t forged = json_u64_or(counts, "forged", 0);
    json_object_set_new(counts, "address", json_string(c->address));
    json_array_append_new(all, counts);
    return forged > 0 ? trial_event(t, clock_real_ns(), e,
                                    "the clock at %s heard %llu forged marks and ignored them",
                                    c->address, (unsigned long long)forged)
                      : 0;
}

int benches_collect(struct trial *t, struct err *e)
{
    json_t *all = json_object(), *clocks = json_array();
    int r = 0;
    json_object_set_new(t->report, "neighbours", json_object());
    for (size_t i = 0; i < t->bench_count && r == 0; i++)
        r = collect(t, &t->benches[i], all, e);
    for (size_t i = 0; i < t->clock_count && r == 0; i++)
        r = close_clock(t, &t->clocks[i], clocks, e);
    if (t->bench_count > 0)
        json_object_set(t->report, "benches", all);
    if (t->clock_count > 0)
        json_object_set(t->report, "outside_clocks", clocks);
    json_decref(all);
    json_decref(clocks);
    return r;
}

int benches_store(struct trial *t, struct err *e)
{
    int r = 0;
    for (size_t i = 0; i < t->bench_count && r == 0; i++)
        r = bench_result_store(&t->benches[i], t->run->store, t->id, e);
    return r;
}
