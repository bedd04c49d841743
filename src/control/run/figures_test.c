/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * figures_test: reports to figures, figures to verdicts.
 */
#include "control/run/figures.h"

#include <errno.h>
#include <string.h>

#include "base/test.h"

static json_t *hist_text(uint64_t from_ns, uint64_t count)
{
    struct hist *h = hist_create();
    struct buf bytes, text;
    buf_init(&bytes);
    buf_init(&text);
    for (uint64_t i = 0; i < count; i++)
        hist_record(h, from_ns + i);
    assert_int_equal(hist_encode(h, &bytes), 0);
    buf_append_base64(&text, bytes.data, bytes.size);
    json_t *value = json_string(buf_str(&text));
    buf_finish(&bytes);
    buf_finish(&text);
    hist_destroy(h);
    return value;
}

/* 1000 packets with a delay of about 1 ms, 2 % lost. */
static json_t *make_report(uint64_t count)
{
    return json_pack("{s:{s:o, s:o, s:o}, s:i, s:i, s:{s:i}, s:{s:{s:f, s:f, s:f, s:n}}, s:{s:f}}",
                     "histograms", "delay_from_intended", hist_text(1000000, count),
                     "delay_from_sent", hist_text(900000, count), "lateness", hist_text(10, 1000),
                     "sent", 1000, "received", (int)count, "counters", "rtp_lost", 20, "workload",
                     "metrics", "rtp_loss_pct", 2.0, "rtp_jitter_us", 150.0, "mos", 4.1, "r_factor",
                     "generator", "cpu_us_per_packet", 3.5);
}

static void read(struct figures *f, uint64_t count)
{
    struct err e = {0};
    json_t *report = make_report(count);
    if (figures_read(f, "rtp.2", "rtp", report, &e) < 0)
        fail_msg("%s", e.text);
    json_decref(report);
}

static double value(const struct figures *f, const char *metric)
{
    double v = -1;
    assert_int_equal(figures_find(f, metric, &v), 0);
    return v;
}

static void finds_by_plain_names(void **state)
{
    struct figures f;
    double v;
    (void)state;
    read(&f, 980);
    assert_true(value(&f, "loss") == 2.0 && value(&f, "rtp_loss_pct") == 2.0);
    assert_true(value(&f, "mos") == 4.1);
    assert_true(value(&f, "jitter") == 150e3); /* limits on times are in ns */
    assert_true(value(&f, "lost") == 20);
    assert_true(value(&f, "delay.p99") >= 1000970 && value(&f, "delay.p99") < 1002000);
    assert_true(value(&f, "delay.p99.9") >= value(&f, "delay.p99"));
    assert_true(value(&f, "delay.max") == 1000979 && value(&f, "delay.min") == 1000000);
    assert_true(value(&f, "delay_from_sent.p50") < 1000000);
    assert_true(value(&f, "lateness.max") == 1009);
    assert_int_equal(figures_find(&f, "delay.p101", &v), -ENOENT);
    assert_int_equal(figures_find(&f, "delay.often", &v), -ENOENT);
    assert_int_equal(figures_find(&f, "r_factor", &v), -ENOENT); /* null in the report: unknown */
    assert_true(json_number_or(f.metrics, "generator_cpu_us_per_packet", 0) == 3.5);
    figures_finish(&f);
}

static void unreadable_reports_are_errors(void **state)
{
    json_t *report = make_report(10);
    struct figures f;
    struct err e;
    (void)state;
    json_object_set_new(json_object_get(report, "histograms"), "lateness", json_string("AAAA"));
    assert_int_equal(figures_read(&f, "rtp", "rtp", report, &e), -EBADMSG);
    assert_non_null(strstr(e.text, "lateness"));
    json_object_del(report, "histograms");
    assert_int_equal(figures_read(&f, "rtp", "rtp", report, &e), -EBADMSG);
    json_decref(report);
}

static int check(const struct figures *f, const struct plan_limit *limit, const char *expected)
{
    const struct plan p = {.limits = limit, .limit_count = 1};
    struct buf why;
    struct err e = {0};
    buf_init(&why);
    int r = figures_check(f, 1, &p, &why, &e);
    const char *said = r < 0 ? e.text : buf_str(&why);
    if (strcmp(said, expected) != 0)
        fail_msg("'%s' instead of '%s'", said, expected);
    buf_finish(&why);
    return r;
}

static void verdicts(void **state)
{
    const struct plan_limit loss = {"loss", LIMIT_AT_MOST, 2.0, "2%"};
    const struct plan_limit tight = {"loss", LIMIT_AT_MOST, 1.99, "1.99%"};
    const struct plan_limit mos = {"mos", LIMIT_AT_LEAST, 4.2, "4.2"};
    const struct plan_limit delay = {"delay.p99", LIMIT_AT_MOST, 900000, "900us"};
    const struct plan_limit calls = {"failed", LIMIT_AT_MOST, 0, "0"};
    const struct plan_limit request = {"srd_ms.p99", LIMIT_AT_MOST, 20e6, "20ms"};
    struct figures f;
    (void)state;
    read(&f, 980);
    json_object_set_new(f.metrics, "srd_ms.p99", json_real(20.0));
    assert_int_equal(check(&f, &request, ""), 1);
    json_object_set_new(f.metrics, "srd_ms.p99", json_real(21.0));
    assert_int_equal(check(&f, &request, "rtp.2: srd_ms.p99 is 21.0ms, at most 20ms"), 0);
    assert_int_equal(check(&f, &loss, ""), 1); /* the limit itself is kept */
    assert_int_equal(check(&f, &tight, "rtp.2: loss is 2%, at most 1.99%"), 0);
    assert_int_equal(check(&f, &mos, "rtp.2: mos is 4.1, at least 4.2"), 0);
    json_object_set_new(f.metrics, "rtp_loss_pct", json_real(2.0004));
    json_object_del(f.metrics, "loss_pct");
    assert_int_equal(check(&f, &loss, "rtp.2: loss is 2.0004%, at most 2%"), 0);
    json_object_set_new(f.metrics, "failed", json_real(12345));
    assert_int_equal(check(&f, &calls, "rtp.2: failed is 12345, at most 0"), 0);
    json_object_del(f.metrics, "failed");
    json_object_set_new(f.metrics, "srd_ms.p99", json_real(20.004));
    assert_int_equal(check(&f, &request, "rtp.2: srd_ms.p99 is 20.004ms, at most 20ms"), 0);
    assert_int_equal(check(&f, &delay, "rtp.2: delay.p99 is 1.00ms, at most 900us"), 0);
    assert_int_equal(check(&f, &calls, "limits: no load of this plan measures failed"), -ENOENT);
    figures_finish(&f);
}

/* Of a load that mixes scenarios, one of them twice. */
static void scenarios_of_a_mix_have_limits(void **state)
{
    const struct plan_limit request = {"srd_ms.p99@calls.xml", LIMIT_AT_MOST, 20e6, "20ms"};
    const struct plan_limit share = {"failed@calls.xml.2", LIMIT_AT_MOST, 1, "1%"};
    const struct plan_limit count = {"timeouts@calls.xml", LIMIT_AT_MOST, 3, "3"};
    const struct plan_limit none = {"srd_ms.p99@calls.xml.2", LIMIT_AT_MOST, 20e6, "20ms"};
    const struct plan_limit other = {"failed@register", LIMIT_AT_MOST, 0, "0"};
    struct figures f;
    struct err e = {0};
    json_t *report = make_report(980);
    (void)state;
    json_object_set_new(
        json_object_get(report, "workload"), "scenarios",
        json_pack("[{s:s, s:s, s:{s:f, s:i}, s:{s:i}}, {s:s, s:s, s:{s:n, s:i}}, {s:s, s:s, "
                  "s:{s:i}}]",
                  "name", "calls.xml", "use", "mix", "metrics", "srd_ms.p99", 21.0, "failed", 0,
                  "counts", "sip_timeouts", 3, "name", "calls.xml", "use", "mix", "metrics",
                  "srd_ms.p99", "failed", 2, "name", "register", "use", "beforehand", "metrics",
                  "failed", 0));
    assert_int_equal(figures_read(&f, "sip", "sip", report, &e), 0);
    assert_int_equal(check(&f, &request, "sip: srd_ms.p99@calls.xml is 21.0ms, at most 20ms"), 0);
    assert_int_equal(check(&f, &share, "sip: failed@calls.xml.2 is 2%, at most 1%"), 0);
    assert_int_equal(check(&f, &count, ""), 1);
    assert_int_equal(check(&f, &none, "sip: no call of the mix has a srd_ms.p99@calls.xml.2"), 0);
    assert_int_equal(check(&f, &other, "limits: no load of this plan measures failed@register"),
                     -ENOENT);
    assert_string_equal(figures_unit("srd_ms.p99@calls.xml"), "ms");
    assert_string_equal(figures_unit("failed_pct@a_ms.xml"), "%");
    figures_finish(&f);
    json_decref(report);
}

static void silence_is_no_success(void **state)
{
    const struct plan_limit delay = {"delay.p99", LIMIT_AT_MOST, 20e6, "20ms"};
    const struct plan_limit request = {"srd_ms.p99", LIMIT_AT_MOST, 20e6, "20ms"};
    const struct plan_limit mos = {"mos", LIMIT_AT_LEAST, 4.2, "4.2"};
    struct figures f;
    (void)state;
    read(&f, 0);
    assert_int_equal(check(&f, &request, "rtp.2: nothing came through"), 0);
    assert_null(json_object_get(f.metrics, "delay_from_intended_p50_ns"));
    assert_int_equal(check(&f, &delay, "rtp.2: nothing came through"), 0);
    json_object_del(f.metrics, "mos"); /* as of a workload that heard nothing */
    assert_int_equal(check(&f, &mos, "rtp.2: nothing came through"), 0);
    figures_finish(&f);
}

/* And why calls failed is said: the cause of most of them. */
static void silence_of_calls_has_a_cause(void **state)
{
    const struct plan_limit delay = {"delay.p99", LIMIT_AT_MOST, 20e6, "20ms"};
    const struct plan_limit failed = {"failed", LIMIT_AT_MOST, 0, "0"};
    json_t *report = make_report(0), *workload = json_object_get(report, "workload");
    struct figures f;
    struct err e = {0};
    (void)state;
    json_object_set_new(workload, "causes", json_pack("{s:i, s:i}", "slow", 2, "rejected", 40));
    json_object_set_new(workload, "failures",
                        json_pack("[{s:s, s:s}, {s:s, s:s, s:s}]", "cause", "slow", "text", "never",
                                  "cause", "rejected", "text", "404 came", "hint", "say who"));
    assert_int_equal(figures_read(&f, "rtp.2", "rtp", report, &e), 0);
    json_decref(report);
    assert_int_equal(check(&f, &delay, "rtp.2: nothing came through (rejected: 404 came; say who)"),
                     0);
    json_object_set_new(f.metrics, "failed", json_real(42));
    assert_int_equal(
        check(&f, &failed, "rtp.2: failed is 42, at most 0 (rejected: 404 came; say who)"), 0);
    figures_finish(&f);
}

/* Two limits on delays that there are none of: it is said once, and of each load. */
static void silence_is_said_once(void **state)
{
    const struct plan_limit limits[] = {{"delay.p99", LIMIT_AT_MOST, 20e6, "20ms"},
                                        {"srd_ms.p99", LIMIT_AT_MOST, 20e6, "20ms"}};
    const struct plan p = {.limits = limits, .limit_count = 2};
    struct figures f[2];
    struct buf why;
    (void)state;
    read(&f[0], 0);
    read(&f[1], 0);
    f[1].entity = "rtp";
    buf_init(&why);
    assert_int_equal(figures_check(f, 2, &p, &why, NULL), 0);
    assert_string_equal(buf_str(&why), "rtp.2: nothing came through; rtp: nothing came through");
    buf_finish(&why);
    figures_finish(&f[0]);
    figures_finish(&f[1]);
}

static void units_follow_names(void **state)
{
    (void)state;
    assert_string_equal(figures_unit("rtp_jitter_us"), "us");
    assert_string_equal(figures_unit("loss_pct"), "%");
    assert_string_equal(figures_unit("delay_from_sent_p99_ns"), "ns");
    assert_string_equal(figures_unit("offered_per_s"), "1/s");
    assert_string_equal(figures_unit("mos"), "1");
    assert_string_equal(figures_unit("srd_ms.p99"), "ms");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(finds_by_plain_names),
        cmocka_unit_test(unreadable_reports_are_errors),
        cmocka_unit_test(verdicts),
        cmocka_unit_test(scenarios_of_a_mix_have_limits),
        cmocka_unit_test(silence_is_no_success),
        cmocka_unit_test(silence_of_calls_has_a_cause),
        cmocka_unit_test(silence_is_said_once),
        cmocka_unit_test(units_follow_names),
    };
    return cmocka_run_group_tests_name("figures", tests, NULL, NULL);
}
