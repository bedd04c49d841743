/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * What the messages of a call say of it (RFC 6076), and the report.
 */
#include "node/calls/figures.h"

#include <stdio.h>
#include <string.h>

#include "base/clock.h"
#include "base/test.h"

static struct scenario *scenario;

static int set_up(void **state)
{
    struct scenario_options o;
    struct err e = {0};

    (void)state;
    scenario_options_default(&o);
    return scenario_load("uac", &o, &scenario, &e);
}

static int tear_down(void **state)
{
    (void)state;
    scenario_destroy(scenario);
    return 0;
}

static void out(struct calls_figures *f, struct call_times *t, const char *method, uint64_t ms)
{
    char text[64];
    int n = snprintf(text, sizeof(text), "%s sip:a SIP/2.0\r\n\r\n", method);
    figures_sent(f, t, text, (size_t)n, ms * NS_PER_MS, 5 * NS_PER_MS);
}

static void in(struct calls_figures *f, struct call_times *t, unsigned status, const char *method,
               uint64_t ms)
{
    char text[128];
    int n = snprintf(text, sizeof(text),
                     "SIP/2.0 %03u X\r\nVia: SIP/2.0/UDP a\r\nCSeq: 12 %s\r\n\r\n", status, method);
    const struct figures_limits limits = {.objective_ns = 100 * NS_PER_MS,
                                          .threshold_ns = 32 * NS_PER_S};
    figures_received(f, t, text, (size_t)n, ms * NS_PER_MS, &limits);
}

static uint64_t count(const struct calls_figures *f, enum calls_count c)
{
    return atomic_load(&f->count[c]);
}

static void sessions_are_timed(void **state)
{
    struct calls_figures f;
    struct call_times t = {0};

    (void)state;
    assert_int_equal(figures_init(&f, scenario), 0);
    out(&f, &t, "INVITE", 1000);
    in(&f, &t, 100, "INVITE", 1010);
    in(&f, &t, 401, "INVITE", 1020);
    out(&f, &t, "ACK", 1021);
    out(&f, &t, "INVITE", 1022); /* with credentials: the same attempt */
    in(&f, &t, 180, "INVITE", 1060);
    in(&f, &t, 200, "INVITE", 1200);
    in(&f, &t, 200, "INVITE", 1300); /* again */
    out(&f, &t, "BYE", 3200);
    in(&f, &t, 200, "BYE", 3207);
    assert_int_equal(count(&f, CALLS_ATTEMPTS), 1);
    assert_int_equal(count(&f, CALLS_ESTABLISHED), 1);
    assert_int_equal(f.time[CALLS_SRD]->min, 60 * NS_PER_MS);
    assert_int_equal(f.time[CALLS_SRD_INTENDED]->min, 65 * NS_PER_MS);
    assert_int_equal(f.time[CALLS_SDT]->min, 2000 * NS_PER_MS);
    assert_int_equal(f.time[CALLS_SDD]->min, 7 * NS_PER_MS);
    assert_int_equal(f.time[CALLS_SRD]->total + f.time[CALLS_SDD]->total, 2);
    assert_false(t.is_slow);
    figures_finish(&f);
}

/* Too late an answer is a failed attempt, and a refused BYE no disconnect. */
static void late_and_refused_are_failures(void **state)
{
    struct calls_figures f;
    struct call_times t = {0};

    (void)state;
    assert_int_equal(figures_init(&f, NULL), 0);
    out(&f, &t, "INVITE", 1);
    in(&f, &t, 200, "INVITE", 33000);
    out(&f, &t, "BYE", 33001);
    in(&f, &t, 481, "BYE", 33011);
    assert_int_equal(count(&f, CALLS_ESTABLISHED), 1);
    assert_int_equal(count(&f, CALLS_ATTEMPT_FAILED), 1);
    assert_int_equal(f.time[CALLS_SDD]->total, 0);
    assert_int_equal(f.time[CALLS_SDD_FAILED]->max, 10 * NS_PER_MS);
    figures_finish(&f);
}

static bool is_told(const char *key)
{
    for (size_t i = 0; figures_metrics[i] != NULL; i++) {
        if (strlen(figures_metrics[i]) == strcspn(key, ".") &&
            strncmp(key, figures_metrics[i], strcspn(key, ".")) == 0) {
            return true;
        }
    }
    return false;
}

/* What a plan may name and what comes are the same; the capacity of steps is the workload's. */
static void every_metric_is_told(const json_t *metrics)
{
    const char *key;
    json_t *value;

    json_object_foreach((json_t *)(uintptr_t)metrics, key, value)
    {
        assert_true(is_told(key));
    }
    for (size_t i = 0; figures_metrics[i] != NULL; i++) {
        char point[80];
        snprintf(point, sizeof(point), "%s.p99", figures_metrics[i]);
        if (json_object_get(metrics, figures_metrics[i]) == NULL &&
            json_object_get(metrics, point) == NULL) {
            assert_string_equal(figures_metrics[i], "design_objective_capacity_cps");
        }
    }
}

static void outcomes_are_told_apart(void **state)
{
    static const struct {
        unsigned status;
        enum calls_count count;
    } cases[] = {{302, CALLS_REDIRECTED},
                 {486, CALLS_EFFECTIVE},
                 {603, CALLS_EFFECTIVE},
                 {503, CALLS_INEFFECTIVE},
                 {408, CALLS_INEFFECTIVE}};
    struct calls_figures f;
    struct calls_figures *all[] = {&f};
    json_t *o, *m;

    (void)state;
    assert_int_equal(figures_init(&f, scenario), 0);
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        struct call_times t = {0};
        uint64_t before = count(&f, cases[i].count);
        out(&f, &t, "INVITE", 0 + 1);
        in(&f, &t, cases[i].status, "INVITE", 201);
        assert_int_equal(count(&f, cases[i].count), before + 1);
        assert_true(t.is_slow); /* 200 ms, the objective is 100 */
    }
    struct call_times good = {0};
    out(&f, &good, "INVITE", 1);
    in(&f, &good, 200, "INVITE", 2);
    assert_int_equal(f.time[CALLS_SRD_FAILED]->total, 5);
    o = figures_to_json(scenario, all, 1, 2.0);
    m = json_object_get(o, "metrics");
    /* (1 of 6 - 1 redirected), (1 + 2 of 5), (2 of 6), 6 in 2 s */
    assert_true(json_number_or(m, "session_establishment_ratio_pct", -1) == 20.0);
    assert_true(json_number_or(m, "session_establishment_effectiveness_ratio_pct", -1) == 60.0);
    assert_true(json_number_or(m, "ineffective_session_attempts_pct", -1) == 100.0 * 2 / 6);
    assert_true(json_number_or(m, "session_attempt_rate_sps", -1) == 3.0);
    assert_true(json_is_null(json_object_get(m, "rrd_ms.p99")));
    assert_true(json_number_or(m, "srd_ms.max", -1) == 1.0);
    assert_int_equal(json_array_size(json_object_get(o, "steps")), scenario_step_count(scenario));
    every_metric_is_told(m);
    figures_ended(&f, &good);
    assert_int_equal(count(&f, CALLS_ATTEMPT_FAILED), 5);
    json_decref(o);
    figures_finish(&f);
}

static void registrations_include_the_challenge(void **state)
{
    struct calls_figures f;
    struct call_times t = {0};

    (void)state;
    assert_int_equal(figures_init(&f, scenario), 0);
    out(&f, &t, "REGISTER", 10);
    in(&f, &t, 401, "REGISTER", 20);
    out(&f, &t, "REGISTER", 21);
    in(&f, &t, 200, "REGISTER", 40);
    assert_int_equal(f.time[CALLS_RRD]->min, 30 * NS_PER_MS);
    assert_int_equal(count(&f, CALLS_REGISTRATIONS), 1);
    out(&f, &t, "REGISTER", 50);
    in(&f, &t, 503, "REGISTER", 60);
    assert_int_equal(count(&f, CALLS_REGISTER_INEFFECTIVE), 1);
    assert_int_equal(count(&f, CALLS_REREGISTERED), 0);
    t.is_again = true;
    out(&f, &t, "REGISTER", 70);
    in(&f, &t, 200, "REGISTER", 80);
    assert_int_equal(count(&f, CALLS_REREGISTERED), 1);
    out(&f, &t, "REGISTER", 90); /* Timer F */
    figures_ended(&f, &t);
    assert_int_equal(count(&f, CALLS_REGISTER_INEFFECTIVE), 2);
    assert_int_equal(count(&f, CALLS_ATTEMPT_FAILED), 2);
    figures_finish(&f);
}

static void hostile_bytes_change_nothing(void **state)
{
    static const char *const bytes[] = {"SIP/2.0 ",
                                        "SIP/2.0 2x0 OK\r\nCSeq: 1 INVITE\r\n\r\n",
                                        "SIP/2.0 200 OK\r\nCSeq",
                                        "SIP/2.0 200 OK\r\nCSeq: 1 \r\n",
                                        "SIP/2.0 999 OK\r\nCSeq: 1 INVITE\r\n\r\n",
                                        "\n\n\n\n\n\n\n"};
    struct calls_figures f;
    struct call_times t = {0};

    (void)state;
    assert_int_equal(figures_init(&f, scenario), 0);
    out(&f, &t, "INVITE", 1);
    for (size_t i = 0; i < sizeof(bytes) / sizeof(bytes[0]); i++) {
        figures_received(&f, &t, bytes[i], strlen(bytes[i]), NS_PER_S, 0);
    }
    assert_false(t.has_status || t.has_outcome);
    figures_finish(&f);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(sessions_are_timed),
        cmocka_unit_test(late_and_refused_are_failures),
        cmocka_unit_test(outcomes_are_told_apart),
        cmocka_unit_test(registrations_include_the_challenge),
        cmocka_unit_test(hostile_bytes_change_nothing),
    };
    return cmocka_run_group_tests(tests, set_up, tear_down);
}
