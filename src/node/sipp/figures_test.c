/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * What is counted, and the files and screens made of it, against the columns that SIPp 3.6 writes
 * for a scenario of the same steps.
 */
#include "base/test.h"

#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "node/sipp/csv.h"
#include "node/sipp/screen.h"

static const char text[] =
    "<scenario name=\"t\">"
    "<send retrans=\"500\" start_rtd=\"1\"><![CDATA[INVITE sip:[service]@[remote_ip] SIP/2.0\n"
    "Call-ID: [call_id]\nCSeq: 1 INVITE\n]]></send>"
    "<recv response=\"100\" optional=\"true\"/>"
    "<recv response=\"200\" rtd=\"1\" counter=\"good\"/>"
    "<pause/>"
    "<ResponseTimeRepartition value=\"10, 20\"/><CallLengthRepartition value=\"100\"/>"
    "</scenario>";

struct state {
    struct scenario *scenario;
    struct sipp_stats total, period;
};

static int setup(void **ret)
{
    struct state *s = calloc(1, sizeof *s);
    struct scenario_options o;
    struct err e;
    assert_non_null(s);
    scenario_options_default(&o);
    if (scenario_load_text("t", text, sizeof text - 1, &o, &s->scenario, &e) < 0)
        fail_msg("%s", e.text);
    assert_int_equal(sipp_stats_init(&s->total, s->scenario), 0);
    assert_int_equal(sipp_stats_init(&s->period, s->scenario), 0);
    *ret = s;
    return 0;
}

static int teardown(void **state)
{
    struct state *s = *state;
    sipp_stats_finish(&s->total);
    sipp_stats_finish(&s->period);
    scenario_destroy(s->scenario);
    free(s);
    return 0;
}

/* Three calls: two good ones of 4 and 12 ms, and one without an answer. */
static void play(struct sipp_stats *s)
{
    sipp_stats_count(s, SIPP_OUTGOING, 3);
    for (int i = 0; i < 3; i++)
        sipp_stats_event(s, 0, CALL_SENT);
    for (int i = 0; i < 2; i++) {
        sipp_stats_event(s, 2, CALL_RECEIVED);
        sipp_stats_rtd(s, 0, (i == 0 ? 4 : 12) * NS_PER_MS);
        sipp_stats_counter(s, 0);
        sipp_stats_ended(s, CALL_GOOD, (i == 0 ? 4 : 112) * NS_PER_MS);
    }
    sipp_stats_event(s, 0, CALL_RETRANS_SENT);
    sipp_stats_event(s, 0, CALL_TIMEOUT);
    sipp_stats_ended(s, CALL_MAX_RETRANS, 5000 * NS_PER_MS);
}

static void test_stats(void **state)
{
    struct state *s = *state;
    struct sipp_times t;
    play(&s->total);
    assert_int_equal(sipp_stats_get(&s->total, SIPP_SUCCESSFUL), 2);
    assert_int_equal(sipp_stats_get(&s->total, SIPP_FAILED), 1);
    assert_int_equal(sipp_stats_get(&s->total, SIPP_FAILED_MAX_RETRANS), 1);
    assert_int_equal(sipp_stats_get(&s->total, SIPP_RETRANSMISSIONS), 1);
    assert_int_equal(sipp_stats_get_counter(&s->total, 0), 2);
    t = sipp_stats_times(&s->total, 0);
    assert_int_equal(t.number, 2);
    assert_int_equal((int)t.mean_us, 8000);
    assert_int_equal((int)t.deviation_us, 4000);
    assert_int_equal(t.border_count, 2);
    assert_int_equal(t.buckets[0], 1);
    assert_int_equal(t.buckets[1], 1);
    assert_int_equal(t.buckets[2], 0);
    t = sipp_stats_times(&s->total, s->total.rtds);
    assert_int_equal(t.buckets[0], 1);
    assert_int_equal(t.buckets[1], 2);
}

/* A period is what came since the state before. */
static void test_periods(void **state)
{
    struct state *s = *state;
    struct sipp_stats earlier;
    assert_int_equal(sipp_stats_init(&earlier, s->scenario), 0);
    play(&s->total);
    sipp_stats_copy(&earlier, &s->total);
    play(&s->total);
    sipp_stats_copy(&s->period, &s->total);
    sipp_stats_subtract(&s->period, &earlier);
    assert_int_equal(sipp_stats_get(&s->total, SIPP_OUTGOING), 6);
    assert_int_equal(sipp_stats_get(&s->period, SIPP_OUTGOING), 3);
    assert_int_equal((int)sipp_stats_times(&s->period, 0).mean_us, 8000);
    sipp_stats_finish(&earlier);
}

static unsigned count_char(const char *s, char c)
{
    unsigned n = 0;
    for (; *s != '\0'; s++)
        n += *s == c;
    return n;
}

static void test_stat_file(void **state)
{
    static const char from[] =
        "StartTime;LastResetTime;CurrentTime;ElapsedTime(P);ElapsedTime(C);TargetRate;CallRate(P);"
        "CallRate(C);IncomingCall(P);IncomingCall(C);OutgoingCall(P);OutgoingCall(C);"
        "TotalCallCreated;CurrentCall;SuccessfulCall(P);SuccessfulCall(C);FailedCall(P);"
        "FailedCall(C);FailedCannotSendMessage(P);FailedCannotSendMessage(C);";
    static const char to[] =
        "WatchdogMinor(P);WatchdogMinor(C);ResponseTime1(P);ResponseTime1(C);ResponseTime1StDev(P);"
        "ResponseTime1StDev(C);CallLength(P);CallLength(C);CallLengthStDev(P);CallLengthStDev(C);"
        "good(P);good(C);ResponseTimeRepartition1;ResponseTimeRepartition1_<10;"
        "ResponseTimeRepartition1_<20;ResponseTimeRepartition1_>=20;CallLengthRepartition;"
        "CallLengthRepartition_<100;CallLengthRepartition_>=100;\n";
    static const char row_end[] =
        "00:00:00:008000;00:00:00:008000;00:00:00:004000;00:00:00:004000;00:00:01:705333;"
        "00:00:01:705333;00:00:02:330098;00:00:02:330098;2;2;;1;1;0;;1;2;\n";
    const struct sipp_csv c = {.delimiter = ';'};
    const struct sipp_moment m = {1000 * NS_PER_S, 1000 * NS_PER_S, 1002 * NS_PER_S, 10, 4};
    struct state *s = *state;
    struct buf head, row;
    play(&s->total);
    sipp_stats_copy(&s->period, &s->total);
    buf_init(&head);
    buf_init(&row);
    sipp_csv_stat_header(&c, &s->total, &head);
    sipp_csv_stat_row(&c, &m, &s->total, &s->period, &row);
    assert_int_equal(strncmp(buf_str(&head), from, strlen(from)), 0);
    assert_string_equal(buf_str(&head) + head.size - strlen(to), to);
    assert_int_equal(count_char(buf_str(&head), ';'), count_char(buf_str(&row), ';'));
    assert_non_null(strstr(buf_str(&row), ";00:00:02;00:00:02;10;1.5;1.5;0;0;3;3;3;4;2;2;1;1;0;"));
    assert_string_equal(buf_str(&row) + row.size - strlen(row_end), row_end);
    buf_finish(&head);
    buf_finish(&row);
}

static void test_counts_and_rtt_files(void **state)
{
    const struct sipp_csv c = {.delimiter = ';'};
    const struct sipp_moment m = {1000 * NS_PER_S, 1000 * NS_PER_S, 1002 * NS_PER_S, 10, 4};
    struct state *s = *state;
    struct buf b;
    play(&s->total);
    buf_init(&b);
    sipp_csv_counts_header(&c, &s->total, &b);
    assert_string_equal(
        buf_str(&b), "CurrentTime;ElapsedTime;0_INVITE_Sent;0_INVITE_Retrans;0_INVITE_Timeout;"
                     "1_100_Recv;1_100_Retrans;1_100_Timeout;1_100_Unexp;2_200_Recv;"
                     "2_200_Retrans;2_200_Timeout;2_200_Unexp;3_Pause_Sessions;3_Pause_Unexp;\n");
    buf_clear(&b);
    sipp_csv_counts_row(&c, &m, &s->total, &b);
    assert_non_null(strstr(buf_str(&b), ";00:00:02:000000;3;1;1;0;0;0;0;2;0;0;0;0;0;\n"));
    buf_clear(&b);
    sipp_csv_rtt_header(&c, &b);
    sipp_csv_rtt_row(&c, 104001 * NS_PER_US, 3 * NS_PER_MS, "1", &b);
    assert_string_equal(buf_str(&b), "Date_ms;response_time_ms;rtd_no\n104.001;3;1\n");
    buf_finish(&b);
}

static void test_screens(void **state)
{
    struct state *s = *state;
    struct sipp_view v = {.moment = {1000 * NS_PER_S, 1001 * NS_PER_S, 1002 * NS_PER_S, 10, 4},
                          .remote = "127.0.0.1:5060(UDP)",
                          .local_port = 5061,
                          .rate = 10,
                          .rate_period_s = 1,
                          .call_limit = 30,
                          .message = "Test"};
    struct buf b;
    play(&s->total);
    buf_init(&b);
    sipp_screen(1, &v, &s->total, &s->period, &b);
    assert_non_null(strstr(buf_str(&b), "      INVITE ---------->  B-RTD1  3         1         1"));
    assert_non_null(strstr(buf_str(&b), "         200 <----------  E-RTD1  2         0         0"));
    buf_clear(&b);
    sipp_screen(2, &v, &s->total, &s->period, &b);
    assert_non_null(strstr(buf_str(&b), "  Successful call        |        0                  | "
                                        "       2\n"));
    assert_non_null(strstr(buf_str(&b), "FailedMaxUDPRetrans"));
    buf_clear(&b);
    sipp_screen(3, &v, &s->total, &s->period, &b);
    assert_non_null(strstr(buf_str(&b), "            10 ms <= n <         20 ms :          1\n"));
    buf_finish(&b);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(test_stats, setup, teardown),
        cmocka_unit_test_setup_teardown(test_periods, setup, teardown),
        cmocka_unit_test_setup_teardown(test_stat_file, setup, teardown),
        cmocka_unit_test_setup_teardown(test_counts_and_rtt_files, setup, teardown),
        cmocka_unit_test_setup_teardown(test_screens, setup, teardown),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
