/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * make_store FILE: a small result file written through store.h, always the same: three setups with
 * three trials each, one void repeat, one setup with nothing but void trials, and hostile names.
 * One thread.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/rand.h"
#include "base/str.h"
#include "control/store/store.h"

#define MS UINT64_C(1000000)
#define SECOND UINT64_C(1000000000)
#define STARTED (UINT64_C(1767225600) * SECOND) /* 2026-01-01 */

enum { PACKETS = 4000, TRIALS = 3, MEASURED_S = 10 };

struct setup {
    const char *name;
    uint64_t base_ns, tail_ns;   /* least delay, mean of what comes on top */
    double slow;                 /* share of packets that wait for a neighbour */
    unsigned lost;               /* packets a trial */
    double cpu, wait, throttled; /* of the media machine, shares of a CPU */
};

static const struct setup setups[] = {
    {"N-alone", 60000, 20000, 0, 0, 0.21, 0.004, 0},
    {"D", 80000, 60000, 0.25, 37, 0.24, 0.31, 0},
    {"capped <script>alert(1)</script> & \"10 ms\"", 80000, 40000, 0.03, 3, 0.23, 0.08, 0.02},
    {"=void", 60000, 20000, 0, 0, 0.2, 0, 0},
};

static struct err failure;

static void must(int r)
{
    if (r >= 0)
        return;
    fprintf(stderr, "make_store: %s\n", failure.text);
    exit(1);
}

static void result(struct store *s, int64_t trial, const char *const name[3], double value)
{
    must(store_put_result(s, trial, name[0], name[1], name[2], value, &failure));
}

#define RESULT(s, trial, entity, metric, unit, value) \
    result(s, trial, (const char *const[3]){entity, metric, unit}, value)

static void fill(struct hist *intended, struct hist *sent, const struct setup *x, uint64_t seed)
{
    struct rand_state random;
    rand_init(&random, seed);
    for (int i = 0; i < PACKETS; i++) {
        uint64_t ns = x->base_ns + (uint64_t)rand_exponential(&random, (double)x->tail_ns);
        if (rand_double(&random) < x->slow)
            ns += (uint64_t)(rand_double(&random) * 12e6);
        hist_record(sent, ns);
        hist_record(intended, ns + 4000);
    }
}

static json_t *points(const struct hist *h)
{
    return json_pack("{s:I, s:I, s:I}", "count", (json_int_t)h->total, "p99",
                     (json_int_t)hist_percentile(h, 99), "max", (json_int_t)h->max);
}

static void percentiles(struct store *s, int64_t id, const char *name, const struct hist *h)
{
    static const double at[] = {50, 95, 99};
    char metric[64];
    for (size_t i = 0; i < 3; i++) {
        str_printf(metric, sizeof metric, "%s_p%.0f_ns", name, at[i]);
        RESULT(s, id, "rtp", metric, "ns", (double)hist_percentile(h, at[i]));
    }
}

static void put_results(struct store *s, int64_t id, const struct setup *x, uint64_t number)
{
    const double span = MEASURED_S * 1e9;
    const double lost = x->lost == 0 ? 0 : x->lost + (double)number - 2;
    RESULT(s, id, "rtp", "sent", "packets", PACKETS + lost);
    RESULT(s, id, "rtp", "rtp_lost", "packets", lost);
    RESULT(s, id, "rtp", "loss_pct", "%", 100 * lost / (PACKETS + lost));
    RESULT(s, id, "rtp", "jitter_us", "us", (double)x->tail_ns / 4000 + (double)number);
    RESULT(s, id, "rtp", "mos", "1", 4.35 - x->slow - 0.01 * (double)number);
    RESULT(s, id, "media/cgroup", "cpu_ns", "ns", (x->cpu + 0.002 * (double)number) * span);
    RESULT(s, id, "media/process", "run_queue_wait_ns", "ns", x->wait * span);
    RESULT(s, id, "media/cgroup", "throttled_ns", "ns", x->throttled * span);
    RESULT(s, id, "cpu.1/cgroup", "cpu_ns", "ns", (x->slow > 0.1 ? 0.72 : 0.01) * span);
    for (int cpu = 0; cpu < 2; cpu++) {
        char name[8];
        str_printf(name, sizeof name, "cpu%d", cpu);
        const double user = cpu == 0 ? 100 * x->cpu + 60 * (x->slow > 0.1) : 12;
        RESULT(s, id, name, "user_pct", "%", user + (double)number);
        RESULT(s, id, name, "system_pct", "%", 7);
        RESULT(s, id, name, "softirq_pct", "%", 3.5);
        RESULT(s, id, name, "steal_pct", "%", 0.1);
        RESULT(s, id, name, "busy_pct", "%", user + (double)number + 10.6);
    }
}

static void put_line(struct store *s, int64_t trial, const struct sample_column *c, double step,
                     uint64_t from)
{
    int64_t series;
    must(store_put_series(s, trial, c, &series, &failure));
    for (int i = 0; i <= MEASURED_S; i++) {
        double wave = c->kind == SAMPLE_COUNTER ? i : 1 + 0.2 * (i % 3);
        must(store_put_sample(s, series, from + (uint64_t)i * SECOND, wave * step, &failure));
    }
}

static void put_series(struct store *s, int64_t id, const struct setup *x, uint64_t from)
{
    static const struct sample_column columns[] = {
        {"load.rtp", "delay_p99_ns", "ns", SAMPLE_GAUGE},
        {"load.rtp", "sent", "packets", SAMPLE_COUNTER},
        {"load.rtp", "rtp_lost", "packets", SAMPLE_COUNTER},
        {"cpu0", "busy_pct", "%", SAMPLE_GAUGE},
        {"cpu1", "busy_pct", "%", SAMPLE_GAUGE},
        {"media/process", "run_queue_wait_ns", "ns", SAMPLE_COUNTER},
        {"cpu.1/process", "run_queue_wait_ns", "ns", SAMPLE_COUNTER},
        {"media/process/thread.7", "run_queue_wait_ns", "ns", SAMPLE_COUNTER},
    };
    const double steps[] = {(double)x->base_ns * 3,
                            PACKETS / (double)MEASURED_S,
                            (double)x->lost / MEASURED_S,
                            60,
                            20,
                            x->wait * 1e9,
                            0.2e9,
                            1e9};
    for (size_t i = 0; i < sizeof columns / sizeof *columns; i++)
        put_line(s, id, &columns[i], steps[i], from);
}

static json_t *report_of(const struct hist *const h[3], bool is_void)
{
    json_t *load =
        json_pack("{s:s, s:s, s:s, s:s, s:o, s:o, s:o, s:o, s:{s:s, s:f, s:f, s:i}}", "type", "rtp",
                  "entity", "rtp", "to", "media", "level", "400", "void", json_array(),
                  "delay_from_intended_ns", points(h[0]), "delay_from_sent_ns", points(h[1]),
                  "lateness_ns", points(h[2]), "generator", "scheduling", "SCHED_FIFO 10",
                  "steal_pct", 0.1, "wait_pct", 0.02, "receive_buffer_bytes", 4194304);
    json_t *report = json_pack("{s:[o], s:{s:{s:s, s:{s:{s:s, s:s}}}, s:{s:s, s:{}}}, s:{s:{s:f}}}",
                               "loads", load, "machines", "media", "host", "sut", "settings",
                               "weight", "state", "applied", "text", "cpu.shares 1024", "cpu.1",
                               "host", "sut", "settings", "probe", "sut", "cost_pct", 0.12);
    if (is_void)
        json_array_append_new(json_object_get(load, "void"), json_string("lateness"));
    return report;
}

static void put_trial(struct store *s, int64_t case_id, const struct setup *x, uint64_t number,
                      uint64_t attempt, bool is_void)
{
    static uint64_t at = STARTED;
    struct hist *h[3] = {hist_create(), hist_create(), hist_create()};
    int64_t id;
    must(store_begin_trial(s, case_id, number, attempt, at, &id, &failure));
    fill(h[0], h[1], x, number + 10 * x->lost);
    for (int i = 0; i < PACKETS; i++)
        hist_record(h[2], 3000 + (uint64_t)(i % 50) * 100);
    if (is_void) /* the generator was stopped: what was due meanwhile came late */
        for (int i = 0; i < 300; i++) {
            hist_record(h[0], (uint64_t)i * MS);
            hist_record(h[2], (uint64_t)i * MS);
        }
    static const char *const names[3] = {"delay_from_intended", "delay_from_sent", "lateness"};
    for (int i = 0; i < 3; i++) {
        must(store_put_hist(s, id, "rtp", names[i], h[i], &failure));
        percentiles(s, id, names[i], h[i]);
    }
    put_results(s, id, x, number);
    put_series(s, id, x, at + 2 * SECOND);
    json_t *report = report_of((const struct hist *const *)h, is_void);
    const bool pass = x->slow < 0.1;
    const struct store_trial t = {
        .id = id,
        .case_id = case_id,
        .number = number,
        .attempt = attempt,
        .state = is_void ? TRIAL_VOID : TRIAL_DONE,
        .started_real_ns = at,
        .measure_from_real_ns = at + 2 * SECOND,
        .measure_to_real_ns = at + (2 + MEASURED_S) * SECOND,
        .ended_real_ns = at + 14 * SECOND,
        .verdict = is_void ? "void"
                   : pass  ? "pass"
                           : "fail",
        .reason = is_void ? "rtp: lateness p99 is 299 ms, above 1 ms <b>"
                  : pass  ? ""
                          : "rtp: loss is 0.9165, at most 0.1%",
        .report = report,
    };
    must(store_end_trial(s, &t, &failure));
    json_decref(report);
    at += 15 * SECOND;
    for (int i = 0; i < 3; i++)
        hist_destroy(h[i]);
}

static void put_study(struct store *s)
{
    json_t *plan = json_object(), *cases = json_array();
    char name[128];
    for (size_t i = 0; i < sizeof setups / sizeof *setups; i++) {
        str_printf(name, sizeof name, "%s/400", setups[i].name);
        json_array_append_new(cases, json_pack("{s:s}", "name", name));
    }
    json_object_set_new(plan, "cases", cases);
    json_t *facts = json_pack("{s:{s:{s:{s:s, s:i, s:s}, s:{s:s}, s:[s, s], s:s}}}", "hosts", "sut",
                              "cpu", "model", "Example CPU <i>", "count", 2, "governor",
                              "performance", "kernel", "release", "6.1.0", "mitigations",
                              "spectre_v2: Mitigation", "mds: Not affected", "steal", "0.1 %");
    const struct store_study study = {
        .name = "mixed",
        .title = "Mixed <script>alert('title')</script> & small",
        .seed = "enterprise \"telephony\"",
        .plan_path = "studies/mixed.yaml",
        .plan_text = "study: mixed\n# </script><script>alert(2)</script>\ntrials: 3\n",
        .version = "0.0.0-test",
        .plan = plan,
        .facts = facts,
        .started_real_ns = STARTED};
    must(store_put_study(s, &study, &failure));
    json_decref(plan);
    json_decref(facts);
}

int main(int argc, char *argv[])
{
    struct store *s = NULL;
    int64_t ids[sizeof setups / sizeof *setups];
    const size_t count = sizeof setups / sizeof *setups;
    char name[128];
    if (argc != 2)
        return 2;
    must(store_open(&s, argv[1], STORE_CREATE, &failure));
    put_study(s);
    for (size_t k = count; k-- > 0;) { /* measured in another order than the plan's */
        str_printf(name, sizeof name, "%s/400", setups[k].name);
        json_t *levels = json_pack("{s:{s:s, s:s}}", "rtp", "option", "streams", "value", "400");
        json_t *settings = json_pack("{s:s}", "platform", k == 0 ? "native" : "oci");
        must(store_put_case(s, name, setups[k].name, levels, settings, &ids[k], &failure));
        json_decref(levels);
        json_decref(settings);
    }
    for (uint64_t number = 1; number <= TRIALS; number++) {
        for (size_t k = 0; k < count; k++) {
            const bool again = k == 1 && number == 2;
            if (again)
                put_trial(s, ids[k], &setups[k], number, 1, true);
            put_trial(s, ids[k], &setups[k], number, again ? 2 : 1, k == count - 1);
        }
    }
    must(store_end_study(s, STARTED + 600 * SECOND, &failure));
    store_close(s);
    return 0;
}
