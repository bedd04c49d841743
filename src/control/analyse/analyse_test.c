/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * analyse_test: small result files whose right figures are known without the code under test.
 */
#include "control/analyse/analyse.h"

#include <errno.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/str.h"
#include "base/test.h"

#define MS UINT64_C(1000000)
#define SECOND UINT64_C(1000000000)

struct world {
    char dir[64], path[96];
    struct store *s;
    struct analysis *a;
    uint64_t number;
};

static struct err failure;

static void must(int r)
{
    if (r < 0)
        fail_msg("%s", failure.text);
}

static int set_up(void **state)
{
    struct world *w = calloc(1, sizeof *w);
    str_printf(w->dir, sizeof w->dir, "/tmp/vaperf-analyse-XXXXXX");
    if (mkdtemp(w->dir) == NULL)
        return -1;
    str_printf(w->path, sizeof w->path, "%s/x.vaperf", w->dir);
    *state = w;
    return store_open(&w->s, w->path, STORE_CREATE, &failure);
}

static int tear_down(void **state)
{
    struct world *w = *state;
    analysis_destroy(w->a);
    store_close(w->s);
    unlink(w->path);
    int r = rmdir(w->dir);
    free(w);
    return r;
}

static void put_study(struct world *w, const json_t *plan)
{
    json_t *facts = json_object();
    const struct store_study study = {.name = "s",
                                      .title = "t",
                                      .seed = "",
                                      .plan_path = "p",
                                      .plan_text = "",
                                      .version = "1",
                                      .plan = plan,
                                      .facts = facts,
                                      .started_real_ns = 1};
    must(store_put_study(w->s, &study, &failure));
    json_decref(facts);
}

static int64_t put_case(struct world *w, const char *name)
{
    json_t *levels = json_pack("{s:{s:s, s:s}}", "rtp", "option", "streams", "value", "400");
    json_t *settings = json_object();
    int64_t id;
    must(store_put_case(w->s, name, name, levels, settings, &id, &failure));
    json_decref(levels);
    json_decref(settings);
    return id;
}

static int64_t begin(struct world *w, int64_t case_id)
{
    int64_t id;
    must(store_begin_trial(w->s, case_id, ++w->number, 1, SECOND, &id, &failure));
    return id;
}

static void end(struct world *w, int64_t trial, int64_t case_id, enum trial_state state)
{
    json_t *report = json_pack("{s:[{s:s, s:s, s:s}], s:{s:{}, s:{}}, s:I}", "loads", "type", "rtp",
                               "entity", "rtp", "to", "media", "machines", "media", "cpu.1",
                               "baseline_ns", (json_int_t)SECOND);
    const struct store_trial t = {.id = trial,
                                  .case_id = case_id,
                                  .number = w->number,
                                  .attempt = 1,
                                  .state = state,
                                  .started_real_ns = SECOND,
                                  .measure_from_real_ns = 2 * SECOND,
                                  .measure_to_real_ns = 12 * SECOND,
                                  .ended_real_ns = 13 * SECOND,
                                  .verdict = state == TRIAL_DONE ? "pass" : "void",
                                  .reason = "",
                                  .report = report};
    must(store_end_trial(w->s, &t, &failure));
    json_decref(report);
}

static void put(struct world *w, int64_t trial, const char *entity, const char *metric, double v)
{
    must(store_put_result(w->s, trial, entity, metric, "1", v, &failure));
}

static void put_delays(struct world *w, int64_t trial, uint64_t ns, uint64_t count)
{
    struct hist *h = hist_create();
    hist_record_n(h, ns, count);
    must(store_put_hist(w->s, trial, "rtp", "delay_from_intended", h, &failure));
    put(w, trial, "rtp", "delay_from_intended_p99_ns", (double)ns);
    hist_destroy(h);
}

static void trial(struct world *w, int64_t case_id, uint64_t ns, uint64_t count)
{
    int64_t id = begin(w, case_id);
    put_delays(w, id, ns, count);
    end(w, id, case_id, TRIAL_DONE);
}

static struct analysis *read_all(struct world *w)
{
    must(analyse(&w->a, w->s, &failure));
    return w->a;
}

static const struct load_result *first_load(const struct analysis *a)
{
    assert_true(a->case_count > 0 && a->cases[0].load_count == 1);
    return &a->cases[0].loads[0];
}

static void percentiles_are_merged(void **state)
{
    struct world *w = *state;
    put_study(w, NULL);
    int64_t c = put_case(w, "A");
    trial(w, c, MS, 900);
    trial(w, c, 100 * MS, 100);
    const struct delay *d = &first_load(read_all(w))->delays[DELAY_INTENDED];
    assert_int_equal(d->box.n, 1000);
    assert_true(fabs(d->box.median - 1e6) < 1e3); /* the average of medians would be 50 ms */
    assert_true(fabs(d->p90 - 1e6) < 1e3);
    assert_true(fabs(d->p95 - 1e8) < 1e5);
    assert_true(d->sure[POINT_P50].low <= 1e6 + 1e3 && d->sure[POINT_P50].high >= 1e8 - 1e5);
    assert_non_null(d->trial[POINT_P99]);
    assert_int_equal(d->trial[POINT_P99]->n, 2);
    assert_true(fabs(d->trial[POINT_P99]->mean - 50.5e6) < 1);
    assert_int_equal(first_load(w->a)->delays[DELAY_SENT].box.n, 0);
}

static void voids_are_no_results(void **state)
{
    struct world *w = *state;
    put_study(w, NULL);
    int64_t c = put_case(w, "A");
    static const enum trial_state others[] = {TRIAL_VOID, TRIAL_FAILED, TRIAL_INTERRUPTED};
    for (size_t i = 0; i < 3; i++) {
        int64_t id = begin(w, c);
        put_delays(w, id, 500 * MS, 5000);
        end(w, id, c, others[i]);
    }
    trial(w, c, MS, 100);
    begin(w, c); /* a run that was killed now */
    const struct analysis *a = read_all(w);
    assert_int_equal(first_load(a)->delays[DELAY_INTENDED].box.n, 100);
    assert_true(first_load(a)->delays[DELAY_INTENDED].box.max < 2e6);
    assert_int_equal(a->cases[0].estimates[0].n, 1);
    assert_true(isnan(a->cases[0].estimates[0].student.low)); /* one trial: no interval */
    assert_int_equal(a->counts.valid, 1);
    assert_int_equal(a->counts.voided, 1);
    assert_int_equal(a->counts.failed, 1);
    assert_int_equal(a->counts.interrupted, 2);
    assert_string_equal(a->cases[0].verdict, "pass");
}

static void only_voids_is_void(void **state)
{
    struct world *w = *state;
    put_study(w, NULL);
    int64_t c = put_case(w, "A"), id = begin(w, c);
    put_case(w, "B");
    end(w, id, c, TRIAL_VOID);
    const struct analysis *a = read_all(w);
    assert_string_equal(a->cases[0].verdict, "void");
    assert_string_equal(a->cases[1].verdict, "not measured");
    assert_int_equal(a->cases[0].load_count, 0);
    assert_string_equal(a->cases[0].level, "rtp 400 streams");
}

static void loss_says_how_sure_it_is(void **state)
{
    struct world *w = *state;
    put_study(w, NULL);
    static const double lost[2][2] = {{0, 0}, {4, 6}};
    for (size_t k = 0; k < 2; k++) {
        int64_t c = put_case(w, k == 0 ? "none" : "some");
        for (size_t i = 0; i < 2; i++) {
            int64_t id = begin(w, c);
            put(w, id, "rtp", "rtp_lost", lost[k][i]);
            put(w, id, "rtp", "sent", 500);
            end(w, id, c, TRIAL_DONE);
        }
    }
    const struct analysis *a = read_all(w);
    const struct loss *none = &a->cases[0].loads[0].loss, *some = &a->cases[1].loads[0].loss;
    assert_true(none->known && none->sent == 1000 && none->lost == 0);
    assert_true(none->pct == 0 && fabs(none->sure.high - 0.3) < 1e-9);
    assert_true(some->lost == 10 && fabs(some->pct - 1) < 1e-12);
    assert_true(fabs(some->sure.low - 0.5442) < 1e-3); /* Wilson, 10 of 1000 */
    assert_true(fabs(some->sure.high - 1.8310) < 1e-3);
}

static void loss_of_a_part_is_not_shown(void **state)
{
    struct world *w = *state;
    put_study(w, NULL);
    int64_t c = put_case(w, "A");
    for (int i = 0; i < 2; i++) {
        int64_t id = begin(w, c);
        put(w, id, "rtp", "sent", 500);
        if (i == 1)
            put(w, id, "rtp", "rtp_lost", 3);
        end(w, id, c, TRIAL_DONE);
    }
    const struct analysis *a = read_all(w);
    assert_false(first_load(a)->loss.known);
    const struct estimate *x = case_estimate(&a->cases[0], "rtp", "rtp_lost");
    assert_int_equal(x->n, 1);
    assert_true(isnan(x->by_trial[0]) && x->by_trial[1] == 3);
}

static void intervals_are_the_textbook_ones(void **state)
{
    struct world *w = *state;
    static const double values[] = {10, 12, 14, 16, 18};
    put_study(w, NULL);
    int64_t c = put_case(w, "A");
    for (size_t i = 0; i < 5; i++) {
        int64_t id = begin(w, c);
        put(w, id, "rtp", "x", values[i]);
        end(w, id, c, TRIAL_DONE);
    }
    const struct estimate *x = case_estimate(&read_all(w)->cases[0], "rtp", "x");
    assert_true(x->mean == 14 && x->median == 14 && x->min == 10 && x->max == 18);
    assert_true(fabs(x->student.low - 10.0736) < 1e-3); /* 14 - 2.776 * sqrt(10 / 5) */
    assert_true(fabs(x->study_b.low - 11.5208) < 1e-3); /* 14 - 1.96 * sqrt(8 / 5) */
    assert_true(x->bootstrap.low >= 10 && x->bootstrap.low < 14 && x->bootstrap.high > 14);
}

static void machines_share_a_cpu(void **state)
{
    struct world *w = *state;
    put_study(w, NULL);
    int64_t c = put_case(w, "A"), id = begin(w, c);
    put(w, id, "media/cgroup", "cpu_ns", 2.5e9); /* of 10 s */
    put(w, id, "media/process", "cpu_ns", 1e9);  /* the group knows better */
    put(w, id, "media/process", "run_queue_wait_ns", 1e9);
    put(w, id, "cpu.1/process", "cpu_ns", 5e9);
    put(w, id, "sut/cpu0", "busy_pct", 80);
    put(w, id, "sut/cpu0", "user_pct", 60);
    put(w, id, "cpu.1", "busy_pct", 1); /* a machine, no CPU */
    end(w, id, c, TRIAL_DONE);
    const struct case_result *x = &read_all(w)->cases[0];
    assert_int_equal(x->machine_count, 2);
    assert_true(fabs(x->machines[0].figures[MACHINE_CPU]->mean - 25) < 1e-9);
    assert_true(fabs(x->machines[0].figures[MACHINE_WAIT]->mean - 10) < 1e-9);
    assert_null(x->machines[0].figures[MACHINE_THROTTLED]);
    assert_true(fabs(x->machines[1].figures[MACHINE_CPU]->mean - 50) < 1e-9);
    assert_int_equal(x->cpu_count, 1);
    assert_true(x->cpus[0].busy_pct->mean == 80 && x->cpus[0].modes[0]->mean == 60);
}

static void a_guest_and_its_host_see_different_things(void **state)
{
    struct world *w = *state;
    put_study(w, NULL);
    int64_t c = put_case(w, "A"), id = begin(w, c);
    put(w, id, "media/cgroup", "cpu_ns", 9e9); /* of 10 s */
    put(w, id, "media/guest/cpu0", "busy_pct", 50);
    put(w, id, "media/guest/cpu1", "busy_pct", 30);
    put(w, id, "media/vmm/vcpu.0", "exits", 400);
    put(w, id, "media/vmm/vcpu.1", "exits", 100);
    put(w, id, "media", "clock_drift_bound_ppm", 7);
    put(w, id, "cpu0", "busy_pct", 95);
    end(w, id, c, TRIAL_DONE);
    const struct case_result *x = &read_all(w)->cases[0];
    const struct machine_result *m = &x->machines[0];
    assert_int_equal(x->cpu_count, 1); /* the guest's are not physical */
    assert_true(fabs(m->figures[MACHINE_GUEST_CPU]->mean - 80) < 1e-9);
    assert_true(fabs(m->figures[MACHINE_OVERHEAD]->mean - 10) < 1e-9);
    assert_true(fabs(m->figures[MACHINE_EXITS]->mean - 50) < 1e-9);
    assert_true(m->figures[MACHINE_DRIFT]->mean == 7);
    assert_null(x->machines[1].figures[MACHINE_GUEST_CPU]); /* of no guest */
}

/* A case whose machines took `own` of a CPU that was busy for 60 % before the load. */
static void put_beside_others(struct world *w, const char *name, double own_pct)
{
    int64_t c = put_case(w, name), id = begin(w, c);
    put(w, id, "cpu0", "busy_pct", 90);
    put(w, id, "baseline/cpu0", "busy_pct", 60);
    put(w, id, "baseline/media/cgroup", "cpu_ns", own_pct * 1e7); /* of 1 s */
    put(w, id, "baseline/cpu.1/process", "cpu_ns", 0);
    end(w, id, c, TRIAL_DONE);
}

static void work_of_others_is_seen_before_the_load(void **state)
{
    struct world *w = *state;
    size_t told = 0;
    put_study(w, NULL);
    put_beside_others(w, "own", 55);
    put_beside_others(w, "shared", 20);
    const struct analysis *a = read_all(w);
    for (size_t i = 0; i < a->finding_count; i++)
        if (strstr(a->findings[i].text, "other work ran") != NULL) {
            assert_string_equal(a->findings[i].case_name, "shared");
            told++;
        }
    assert_int_equal(told, 1);
    assert_int_equal(a->cases[1].cpu_count, 1);
    assert_true(a->cases[1].cpus[0].baseline_pct->mean == 60);
    assert_true(fabs(a->cases[1].machines[0].figures[MACHINE_BASELINE]->mean - 20) < 1e-9);
}

static void cases_stand_as_in_the_plan(void **state)
{
    struct world *w = *state;
    json_t *plan = json_pack("{s:[{s:s}, {s:s}]}", "cases", "name", "A", "name", "B");
    put_study(w, plan);
    json_decref(plan);
    int64_t b = put_case(w, "B"), a = put_case(w, "A");
    trial(w, b, 9 * MS, 10);
    trial(w, a, MS, 10);
    const struct analysis *x = read_all(w);
    assert_string_equal(x->cases[0].name, "A");
    assert_true(x->cases[0].loads[0].delays[0].box.max < 2e6);
    assert_true(x->cases[1].loads[0].delays[0].box.max > 8e6);
}

static const struct finding *find(const struct analysis *a, const char *name)
{
    for (size_t i = 0; i < a->finding_count; i++)
        if (strcmp(a->findings[i].case_name, name) == 0)
            return &a->findings[i];
    return NULL;
}

static void findings_say_what_is_sure(void **state)
{
    struct world *w = *state;
    static const struct {
        const char *name;
        uint64_t us[5];
        size_t n;
    } cases[] = {
        {"base", {5000, 5100, 4900, 5050, 4950}, 5},  {"worse", {9000, 9100, 8900, 9050, 8950}, 5},
        {"better", {900, 910, 890, 905, 895}, 5},     {"alike", {5060, 4800, 5200, 4990, 5100}, 5},
        {"close", {5001, 5101, 4901, 5051, 4951}, 5}, {"once", {9000}, 1},
    };
    put_study(w, NULL);
    for (size_t k = 0; k < sizeof cases / sizeof *cases; k++) {
        int64_t c = put_case(w, cases[k].name);
        for (size_t i = 0; i < cases[k].n; i++)
            trial(w, c, cases[k].us[i] * 1000, 100);
    }
    const struct analysis *a = read_all(w);
    assert_null(find(a, "base"));
    assert_int_equal(find(a, "worse")->kind, FINDING_WORSE);
    assert_true(find(a, "worse")->welch.p < 1e-6);
    assert_true(fabs(find(a, "worse")->ranks.p - 2.0 / 252) < 1e-9); /* all 5 above all 5 */
    assert_int_equal(find(a, "better")->kind, FINDING_BETTER);
    assert_int_equal(find(a, "alike")->kind, FINDING_SAME);
    assert_int_equal(find(a, "close")->kind, FINDING_SAME);
    assert_int_equal(find(a, "once")->kind, FINDING_UNSURE);
    assert_non_null(strstr(find(a, "worse")->text, "5 and 5 trials"));
}

static void counters_become_rates(void **state)
{
    struct world *w = *state;
    static const struct sample_column wait = {"media/process", "run_queue_wait_ns", "ns",
                                              SAMPLE_COUNTER};
    int64_t series;
    put_study(w, NULL);
    int64_t c = put_case(w, "A"), id = begin(w, c);
    must(store_put_series(w->s, id, &wait, &series, &failure));
    for (uint64_t i = 0; i <= 20; i++) /* from 1 s on: before, in and after the measured part */
        must(store_put_sample(w->s, series, (i + 1) * SECOND, (double)i * 0.25e9, &failure));
    end(w, id, c, TRIAL_DONE);
    const struct analysis *a = read_all(w);
    assert_int_equal(a->series_count, 1);
    const struct line_series *s = a->series[0].first;
    assert_string_equal(s->panel, "wait");
    assert_string_equal(s->name, "media waiting");
    assert_int_equal(s->count, 10); /* 0 to 10 s has 11 samples */
    for (size_t i = 0; i < s->count; i++)
        assert_true(fabs(s->values[i] - 25) < 1e-6 && fabs(s->t_s[i] - (double)(i + 1)) < 1e-6);
}

static void without_a_study(void **state)
{
    struct world *w = *state;
    struct analysis *none = NULL;
    assert_int_equal(analyse(&none, w->s, &failure), -ENODATA);
    assert_null(none);
    analysis_destroy(NULL);
}

int main(void)
{
#define TEST(f) cmocka_unit_test_setup_teardown(f, set_up, tear_down)
    const struct CMUnitTest tests[] = {
        TEST(percentiles_are_merged),      TEST(voids_are_no_results),
        TEST(only_voids_is_void),          TEST(loss_says_how_sure_it_is),
        TEST(loss_of_a_part_is_not_shown), TEST(intervals_are_the_textbook_ones),
        TEST(machines_share_a_cpu),        TEST(a_guest_and_its_host_see_different_things),
        TEST(machines_share_a_cpu),        TEST(work_of_others_is_seen_before_the_load),
        TEST(cases_stand_as_in_the_plan),  TEST(findings_say_what_is_sure),
        TEST(counters_become_rates),       TEST(without_a_study),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
