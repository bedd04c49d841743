/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * traffic: a trial's conversation with its nodes: appliances and loads are joined,
 * neighbours started, the loads run, everything stopped and asked what it saw. The loop's thread.
 */
#include "control/run/trial_private.h"

#include <errno.h>
#include <math.h>
#include <string.h>

#include "base/clock.h"
#include "base/str.h"
#include "control/run/benches.h"
#include "control/run/called.h"
#include "control/run/loadcheck.h"

enum { START_DELAY_MS = 200, DRAIN_S = 2, GRACE_S = 15 };

static const uint64_t call_ns = TRIAL_ANSWER_NS;

static int keep_columns(struct trial *t, const struct recorder_source *source, json_t *answer,
                        const char *machine, struct err *e)
{
    json_t *columns;
    int r = json_need_array(answer, "columns", &columns, e);
    if (r == 0)
        r = recorder_add(&t->recorder, source, columns, machine, e);
    return r;
}

static bool is_open(const struct trial *t, const struct site_machine *m)
{
    for (const struct recorder_source *s = t->recorder.sources; s != NULL; s = s->next)
        if (s->kind == RECORDER_APPLIANCE && strcmp(s->id, m->plan->spec.name) == 0)
            return true;
    return false;
}

/* An appliance in a machine without a node is a black box: its host's node stands for it. */
struct nodelink *traffic_appliance_node(struct site_machine *m)
{
    return m->node.peer != NULL ? &m->node : &m->host->node;
}

static int open_appliance(struct trial *t, struct site_machine *m, struct err *e)
{
    const struct plan_driver *a = m->plan->appliance;
    const char *name = m->plan->spec.name;
    const uint64_t interval_ns = run_interval_ns(t->given.plan);
    const struct recorder_source source = {.node = traffic_appliance_node(m),
                                           .id = name,
                                           .kind = RECORDER_APPLIANCE,
                                           .interval_ns = interval_ns};
    json_t *answer = NULL;
    if (m->node.peer == NULL && strcmp(a->type, "external") != 0)
        return err_set(e, -EINVAL,
                       "machine %s: it has no node, so nothing but an appliance of type external "
                       "can be measured in it, not %s",
                       name, a->type);
    int r = nodelink_call(traffic_appliance_node(m), "appliance.open",
                          json_pack("{s:s, s:s, s:O, s:s}", "id", name, "type", a->type, "options",
                                    a->options, "address", t->site.ops->address(m->machine, NULL)),
                          TRIAL_OPEN_NS, &answer, e);
    if (r == 0)
        r = keep_columns(t, &source, answer, name, e);
    json_decref(answer);
    if (r == 0)
        r = nodelink_call(traffic_appliance_node(m), "appliance.watch",
                          json_pack("{s:s, s:o}", "id", name, "interval_ns", json_u64(interval_ns)),
                          call_ns, NULL, e);
    return r;
}

/* What the engine is told: the plan's generator options under what only the run knows. */
static json_t *engine_options(struct trial *t, const struct trial_load *l)
{
    const struct plan *p = t->given.plan;
    json_t *o = p->load_options != NULL ? json_deep_copy(p->load_options) : json_object();
    const char *bind = t->site.ops->tester_address(l->machine->host->platform, l->plan->network);
    const char *back = t->site.ops->tester_address(l->machine->host->platform, l->plan->back);
    const char *via = t->site.ops->address(l->machine->machine, l->plan->network);
    char text[64];
    if (back != NULL)
        json_object_set_new(o, "back", json_string(back));
    if (via != NULL)
        json_object_set_new(o, "via", json_string(via));
    json_object_set_new(o, "duration",
                        json_string(str_format_duration(p->duration_ns, text, sizeof text)));
    json_object_set_new(o, "warmup",
                        json_string(str_format_duration(p->warmup_ns, text, sizeof text)));
    if (json_object_get(o, "bind") == NULL && bind != NULL)
        json_object_set_new(o, "bind", json_string(bind));
    if (json_object_get(o, "seed") == NULL) { /* trial n sees the same traffic in every case */
        json_t *seed =
            json_sprintf("%s/%llu", p->seed != NULL ? p->seed : "", (unsigned long long)t->number);
        json_object_set_new(o, "seed", seed);
    }
    return o;
}

/* pairs: RTCP goes to the port after each. */
static int connect_load(struct trial *t, struct trial_load *l, json_t *peers, bool pairs,
                        struct err *e)
{
    const char *name = l->machine->plan->spec.name;
    json_t *answer = NULL, *endpoints;
    int r =
        nodelink_call(traffic_appliance_node(l->machine), "appliance.endpoints",
                      json_pack("{s:s, s:O, s:b}", "id", name, "peers", peers, "pairs", (int)pairs),
                      call_ns, &answer, e);
    if (r == 0)
        r = json_need_array(answer, "endpoints", &endpoints, e);
    if (r == 0) {
        json_t *connected = NULL;
        const struct recorder_source source = {.node = &t->site.generator,
                                               .id = l->id,
                                               .kind = RECORDER_LOAD,
                                               .interval_ns = run_interval_ns(t->given.plan)};
        r = nodelink_call(&t->site.generator, "load.connect",
                          json_pack("{s:s, s:O}", "id", l->id, "endpoints", endpoints), call_ns,
                          &connected, e);
        t->doing[0] = '\0';
        if (r == 0)
            r = keep_columns(t, &source, connected, NULL, e);
        json_decref(connected);
    }
    json_decref(answer);
    return r;
}

static int prepare_load(struct trial *t, struct trial_load *l, struct err *e)
{
    json_t *answer = NULL, *peers;
    int r = is_open(t, l->machine) ? 0 : open_appliance(t, l->machine, e);
    if (r < 0)
        return r;
    r = nodelink_call(&t->site.generator, "load.create",
                      json_pack("{s:s, s:s, s:o, s:o}", "id", l->id, "type", l->plan->driver.type,
                                "options", loadcheck_options(l->plan, l->level), "load",
                                engine_options(t, l)),
                      call_ns, &answer, e);
    if (r == 0)
        r = json_need_array(answer, "peers", &peers, e);
    if (r == 0) {
        json_incref(peers);
        r = called_open(t, l, &peers, e);
        r = r == 0 ? connect_load(t, l, peers, json_bool_or(answer, "pairs", false), e) : r;
        json_decref(peers);
    }
    json_decref(answer);
    return r < 0 ? err_prefix(e, "load %s: ", l->entity) : 0;
}

/* What all does with everything there and running but the load. */
static int measure_baseline(struct trial *t, struct err *e)
{
    struct recorder_part *part = &t->recorder.parts[RECORDER_BASELINE];
    const uint64_t ns = t->given.plan->baseline_ns, from = clock_now_ns();
    if (ns == 0)
        return 0;
    part->from_real_ns = clock_real_ns();
    part->to_real_ns = part->from_real_ns + ns;
    int r = trial_event(t, part->from_real_ns, e, "baseline begins");
    /* Its last row is on the way for a moment. */
    return r == 0 ? trial_wait(t, from + ns + run_interval_ns(t->given.plan) / 2, NULL, e) : r;
}

int traffic_prepare(struct trial *t, struct err *e)
{
    int r = 0;
    for (size_t i = 0; i < t->site.machine_count && r == 0; i++)
        if (t->site.machines[i].plan->appliance != NULL)
            r = open_appliance(t, &t->site.machines[i], e);
    for (size_t i = 0; i < t->load_count && r == 0; i++)
        r = prepare_load(t, &t->loads[i], e);
    if (r == 0)
        r = benches_start_neighbours(t, e);
    if (r == 0)
        r = trial_wait(t, clock_now_ns() + t->given.plan->settle_ns, NULL, e);
    /* Last, so that they see every process there is. */
    if (r == 0)
        r = watching_start(t, e);
    return r == 0 ? measure_baseline(t, e) : r;
}

static bool all_done(const struct trial *t)
{
    for (size_t i = 0; i < t->load_count; i++)
        if (!t->loads[i].done)
            return false;
    return benches_jobs_done(t);
}

static int start_load(struct trial *t, struct trial_load *l, struct err *e)
{
    json_t *answer = NULL;
    int r = nodelink_call(&t->site.generator, "load.start",
                          json_pack("{s:s, s:o, s:o}", "id", l->id, "delay_ns",
                                    json_u64(START_DELAY_MS * NS_PER_MS), "interval_ns",
                                    json_u64(run_interval_ns(t->given.plan))),
                          call_ns, &answer, e);
    if (r == 0)
        r = json_need_u64(answer, "start_ns", &l->start_ns, e);
    json_decref(answer);
    return r < 0 ? err_prefix(e, "load %s: ", l->entity) : 0;
}

/* How long after its end a load may wait for what is in flight. */
static uint64_t drain_ns(const struct plan *p)
{
    const char *text = json_str_or(p->load_options, "drain", NULL);
    uint64_t ns = 0;
    return text != NULL && str_parse_duration(text, &ns) == 0 ? ns : 0;
}

static int mark_ends(const struct trial *t, struct nodelink *n, const char *id, struct err *e)
{
    const uint64_t from = (uint64_t)((int64_t)t->measure_from_ns - n->mono_offset_ns);
    const uint64_t to = (uint64_t)((int64_t)t->measure_to_ns - n->mono_offset_ns);
    return nodelink_call(
        n, "appliance.measure",
        json_pack("{s:s, s:o, s:o}", "id", id, "from_ns", json_u64(from), "to_ns", json_u64(to)),
        call_ns, NULL, e);
}

/* What an appliance counted in the measured part is the difference of rows at its ends. */
static int mark_appliances(struct trial *t, struct err *e)
{
    int r = 0;
    for (size_t i = 0; i < t->site.machine_count && r == 0; i++) {
        struct site_machine *m = &t->site.machines[i];
        if (is_open(t, m))
            r = mark_ends(t, traffic_appliance_node(m), m->plan->spec.name, e);
    }
    for (size_t i = 0; i < t->load_count && r == 0; i++)
        if (t->loads[i].called != NULL)
            r = mark_ends(t, &t->site.generator, t->loads[i].called, e);
    return r;
}

/* The measured part is the time that all loads share; without a load, from here until the jobs are
 * done. */
static int set_window(struct trial *t, struct err *e)
{
    const struct plan *p = t->given.plan;
    const uint64_t now = clock_now_ns(), within_ns = benches_within_ns(t);
    uint64_t from = 0, to = UINT64_MAX;
    for (size_t i = 0; i < t->load_count; i++) {
        const uint64_t here =
            (uint64_t)((int64_t)t->loads[i].start_ns + t->site.generator.mono_offset_ns);
        const uint64_t begin = here + p->warmup_ns, end = begin + p->duration_ns;
        from = begin > from ? begin : from;
        to = end < to ? end : to;
    }
    if (t->load_count == 0) { /* neighbours alone are watched for as long as a load would last */
        from = now + (within_ns > 0 ? 0 : p->warmup_ns);
        to = from + (within_ns > 0 ? within_ns : p->duration_ns);
    }
    const uint64_t offset = (uint64_t)clock_real_offset_ns(5, NULL);
    t->measure_from_ns = from;
    t->measure_to_ns = to;
    t->deadline_ns =
        (to > now + within_ns ? to : now + within_ns) + drain_ns(p) + GRACE_S * NS_PER_S;
    t->recorder.parts[RECORDER_MEASURED] = (struct recorder_part){from + offset, to + offset};
    int r = trial_event(t, from + offset, e,
                        benches_has_jobs(t) && t->load_count == 0 ? "the benches begin"
                                                                  : "warm-up ends");
    return r < 0 ? r : trial_commit(t, e); /* whoever reads the file beside us sees it begin */
}

static int fail_late(const struct trial *t, struct err *e)
{
    char text[32];
    if (benches_jobs_done(t))
        return err_set(e, -ETIMEDOUT, "%s: its load did not end in time: it hangs",
                       t->site.generator.name);
    return err_set(e, -ETIMEDOUT, "the benches were not done within %s (within: in the plan)",
                   str_format_duration(benches_within_ns(t), text, sizeof text));
}

int traffic_measure(struct trial *t, struct err *e)
{
    int r = 0;
    t->phase = RUN_WARMUP;
    for (size_t i = 0; i < t->load_count && r == 0; i++)
        r = start_load(t, &t->loads[i], e);
    if (r == 0)
        r = set_window(t, e);
    if (r == 0)
        r = mark_appliances(t, e);
    if (r == 0)
        r = benches_start_jobs(t, e);
    const bool alone = t->load_count == 0 && !benches_has_jobs(t);
    if (r == 0)
        r = trial_wait(t, alone ? t->measure_to_ns : t->deadline_ns, alone ? NULL : all_done, e);
    if (r == 0 && !all_done(t))
        r = fail_late(t, e);
    if (r == 0 && t->load_count == 0 && !alone) {
        t->measure_to_ns = clock_now_ns();
        t->recorder.parts[RECORDER_MEASURED].to_real_ns = clock_real_ns();
    }
    return r;
}

/* That something is left in a queue is a fact of the trial, not its end; a node that does not
 * answer is. */
static int drain(struct trial *t, struct site_machine *m, struct err *e)
{
    struct err why = {0};
    int r = nodelink_call(traffic_appliance_node(m), "appliance.drain",
                          json_pack("{s:s, s:o}", "id", m->plan->spec.name, "timeout_ns",
                                    json_u64(DRAIN_S * NS_PER_S)),
                          (DRAIN_S + 5) * NS_PER_S, NULL, &why);
    if (r != -ETIMEDOUT) {
        if (r < 0 && e != NULL)
            *e = why;
        return r;
    }
    r = nodelink_call(traffic_appliance_node(m), "clock", NULL, 5 * NS_PER_S, NULL, e);
    return r < 0 ? r : trial_event(t, clock_real_ns(), e, "%s", why.text);
}

static int collect_load(struct trial *t, struct trial_load *l, struct err *e)
{
    int r = nodelink_call(&t->site.generator, "load.report", json_pack("{s:s}", "id", l->id),
                          call_ns, &l->report, e);
    if (r == 0)
        r = figures_read(&l->figures, l->entity, l->plan->driver.type, l->report, e);
    return r;
}

/* What an appliance says that it relayed, against what its loads sent from the first packet on. */
static int compare_counts(struct trial *t, const struct site_machine *m, struct err *e)
{
    const char *name = m->plan->spec.name;
    const double relayed = recorder_appliance_sum(&t->recorder, name, "relayed_packets");
    double sent = 0;
    for (size_t i = 0; i < t->load_count; i++)
        if (t->loads[i].machine == m)
            sent += (double)json_u64_or(t->loads[i].report, "sent_with_warmup", 0);
    if (!isfinite(relayed) || sent == 0)
        return 0;
    return store_put_result(t->run->store, t->id, name, "relayed_of_sent_pct", "%",
                            100 * relayed / sent, e);
}

int traffic_collect(struct trial *t, struct err *e)
{
    t->phase = RUN_DRAIN;
    trial_tell(t);
    int r = watching_stop(t, e);
    for (size_t i = 0; i < t->site.machine_count && r == 0; i++)
        if (t->site.machines[i].plan->appliance != NULL)
            r = drain(t, &t->site.machines[i], e);
    if (r == 0)
        r = benches_collect(t, e);
    for (size_t i = 0; i < t->load_count && r == 0; i++)
        r = collect_load(t, &t->loads[i], e);
    for (size_t i = 0; i < t->site.machine_count && r == 0; i++)
        r = compare_counts(t, &t->site.machines[i], e);
    return r;
}
