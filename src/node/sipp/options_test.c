/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * SIPp's command lines as its users type them, and wrong ones.
 */
#include "base/test.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "node/sipp/options.h"

struct state {
    struct arena arena;
    struct sipp_options options;
    struct err e;
};

static int setup(void **ret)
{
    struct state *s = calloc(1, sizeof *s);
    assert_non_null(s);
    arena_init(&s->arena);
    *ret = s;
    return 0;
}

static int teardown(void **state)
{
    struct state *s = *state;
    arena_finish(&s->arena);
    free(s);
    return 0;
}

/* The line is cut at blanks. */
static int parse(struct state *s, const char *line)
{
    char *words[64], *rest = NULL, *copy = arena_strdup(&s->arena, line);
    int count = 0;
    for (char *w = strtok_r(copy, " ", &rest); w != NULL; w = strtok_r(NULL, " ", &rest))
        words[count++] = w;
    return sipp_options_parse(count, words, &s->arena, &s->options, &s->e);
}

static void test_defaults(void **state)
{
    struct state *s = *state;
    const struct sipp_options *o = &s->options;
    assert_int_equal(parse(s, ""), 0);
    assert_null(o->remote_host);
    assert_true(o->rate >= 10 && o->rate <= 10);
    assert_int_equal(o->rate_period_ns, NS_PER_S);
    assert_int_equal(o->transport, SIPP_UDP);
    assert_int_equal(o->sockets, SIPP_ONE);
    assert_int_equal(o->stat_period_ns, 60 * NS_PER_S);
    assert_int_equal(o->rtt_every, 200);
    assert_int_equal(o->stat_delimiter, ';');
    assert_true(o->audio_tolerance >= 1 && o->video_tolerance >= 1 && !o->notes_checks);
    assert_int_equal(o->scenario.behaviours, SCENARIO_BEHAVIOURS_ALL);
}

static void test_a_usual_line(void **state)
{
    struct state *s = *state;
    const struct sipp_options *o = &s->options;
    assert_int_equal(parse(s, "-sf a.xml -inf u.csv -inf v.csv -infindex u.csv 0 -r 33.5 -rp 2s "
                              "-l 500 -m 1000 -d 1500 -s 100 -t tn -i 127.0.0.2 -p 5070 -key a b "
                              "-trace_stat -stf x.csv -fd 5 -timeout 1:30 -nostdin 10.0.0.5:5080"),
                     0);
    assert_string_equal(o->scenario_file, "a.xml");
    assert_int_equal(o->scenario.injection_count, 2);
    assert_string_equal(o->scenario.injections[1], "v.csv");
    assert_string_equal(o->scenario.indexes[0].name, "u.csv");
    assert_string_equal(o->scenario.indexes[0].value, "0");
    assert_int_equal(o->rate_period_ns, 2 * NS_PER_S);
    assert_int_equal(o->call_limit, 500);
    assert_int_equal(o->call_count, 1000);
    assert_int_equal(o->scenario.pause_ns, 1500 * NS_PER_MS);
    assert_int_equal(o->transport, SIPP_TCP);
    assert_int_equal(o->sockets, SIPP_PER_CALL);
    assert_string_equal(o->scenario.keys[0].value, "b");
    assert_true(o->trace[SIPP_TRACE_STAT].is_on);
    assert_string_equal(o->trace[SIPP_TRACE_STAT].file, "x.csv");
    assert_int_equal(o->timeout_ns, 90 * NS_PER_S);
    assert_string_equal(o->remote_host, "10.0.0.5");
    assert_int_equal(o->remote_port, 5080);
}

static void test_remote(void **state)
{
    static const struct {
        const char *line, *host;
        unsigned port;
    } all[] = {{"example.org", "example.org", 5060},
               {"[::1]:5070", "::1", 5070},
               {"[::1]", "::1", 5060},
               {"::1", "::1", 5060},
               {"127.0.0.1:1", "127.0.0.1", 1}};
    for (size_t i = 0; i < sizeof all / sizeof all[0]; i++) {
        assert_int_equal(parse(*state, all[i].line), 0);
        assert_string_equal(((struct state *)*state)->options.remote_host, all[i].host);
        assert_int_equal(((struct state *)*state)->options.remote_port, all[i].port);
    }
}

static void test_behaviours(void **state)
{
    struct state *s = *state;
    assert_int_equal(parse(s, "-nd"), 0);
    assert_int_equal(s->options.scenario.behaviours, 0);
    assert_int_equal(parse(s, "-default_behaviors all,-bye"), 0);
    assert_int_equal(s->options.scenario.behaviours, SCENARIO_BEHAVIOURS_ALL & ~SCENARIO_BYE);
    assert_int_equal(parse(s, "-default_behaviors none,cseq -aa -nr -rtcheck loose"), 0);
    assert_int_equal(s->options.scenario.behaviours, SCENARIO_CSEQ_CHECK);
    assert_int_equal(s->options.scenario.flags,
                     SCENARIO_AUTO_ANSWER | SCENARIO_NO_RETRANS | SCENARIO_RTCHECK_LOOSE);
}

/* Files of the receiving scenario come behind those of the other, wherever they stand. */
static void test_a_receiver(void **state)
{
    struct state *s = *state;
    const struct sipp_options *o = &s->options;
    assert_int_equal(parse(s, "-sf a.xml -rxinf r.csv -inf u.csv -rxsf r.xml -rxinf q.csv b"), 0);
    assert_string_equal(o->receiver_file, "r.xml");
    assert_null(o->receiver_builtin);
    assert_int_equal(o->scenario.injection_count, 3);
    assert_string_equal(o->scenario.injections[0], "u.csv");
    assert_string_equal(o->scenario.injections[1], "r.csv");
    assert_string_equal(o->scenario.injections[2], "q.csv");
    assert_int_equal(parse(s, "-rxsn uas b"), 0);
    assert_string_equal(o->receiver_builtin, "uas");
    assert_null(o->receiver_file);
}

/* A script that turns knobs of SIPp's own runs, and is told that they turn nothing. */
static void test_remarks(void **state)
{
    struct state *s = *state;
    const struct sipp_options *o = &s->options;
    assert_int_equal(parse(s, "-mb 2048 -random_base_ssrc -max_recv_loops 1000 -rtp_payload 0 b"),
                     0);
    assert_int_equal(o->remark_count, 2);
    assert_string_equal(o->remarks[0].name, "mb");
    assert_string_equal(o->remarks[1].name, "max_recv_loops");
    assert_string_equal(o->remarks[1].reason,
                        "a turn of the loop takes what there is, up to 256 of each kind");
    assert_int_equal(o->rtp_payload, 0);
    assert_int_equal(parse(s, "-mb"), -EINVAL);
    assert_string_equal(s->e.text, "-mb wants BYTES behind it");
}

static void test_times(void **state)
{
    static const struct {
        const char *text;
        uint64_t unit, ns;
    } all[] = {{"1500", NS_PER_MS, 1500 * NS_PER_MS},
               {"1.5s", NS_PER_MS, 1500 * NS_PER_MS},
               {"20", NS_PER_S, 20 * NS_PER_S},
               {"2m", NS_PER_S, 120 * NS_PER_S},
               {"0", NS_PER_S, 0},
               {"1:02:03", NS_PER_S, 3723 * NS_PER_S}};
    uint64_t ns;
    (void)state;
    for (size_t i = 0; i < sizeof all / sizeof all[0]; i++) {
        assert_int_equal(sipp_parse_time(all[i].text, all[i].unit, &ns), 0);
        assert_int_equal(ns, all[i].ns);
    }
    static const char *const bad[] = {"", "x", "-1", "5 parsecs", "1:", ":1", "1:2:3:4", "1e30"};
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++)
        assert_int_equal(sipp_parse_time(bad[i], NS_PER_S, &ns), -EINVAL);
}

static void test_wrong(void **state)
{
    static const struct {
        const char *line, *said;
    } all[] = {
        {"-trace_stats", "there is no option -trace_stats (did you mean -trace_stat?)"},
        {"-xyzzyq", "there is no option -xyzzyq (-h lists them)"},
        {"-r", "-r wants CALLS behind it"},
        {"-r many", "-r many: a number is wanted"},
        {"-m 1.5", "-m 1.5: a whole number is wanted"},
        {"-p 70000", "-p 70000: a port from 1 to 65535 is wanted"},
        {"-t s1", "-t s1: SCTP is not among the transports: u1 un ui t1 tn l1 ln are"},
        {"-t ti", "-t ti: u1 un ui t1 tn l1 ln are the transports"},
        {"-heartbeat 5", "-heartbeat: SCTP is not among the transports: u1 un ui t1 tn l1 ln are"},
        {"-key a", "-key wants NAME TEXT behind it"},
        {"-fd 5 parsecs -fd x", "-fd x: a time is wanted: 5 (seconds), 500ms, 2m, 1:30"},
        {"a b", "b: there is a remote host already, a"},
        {"a:99999", "a:99999: a port from 1 to 65535 is wanted"},
        {"-sf a -sn uac", "-sf and -sn: one of the two"},
        {"-rxsf a -rxsn uas", "-rxsf and -rxsn: one of the two"},
        {"-t ui", "-t ui wants -inf and -ip_field, which name the addresses"},
        {"-default_behaviors all,nice",
         "-default_behaviors nice: all none bye abortunexp pingreply cseq are known"},
        {"-stat_delimiter ab", "-stat_delimiter ab: one character is wanted"},
        {"-rtcheck half", "-rtcheck half: full or loose are known"},
        {"-reconnect_close maybe",
         "-reconnect_close maybe: a lost connection ends its calls: true is known"},
        {"-max_rtp_port 6002", "-max_rtp_port 6002: a call has four ports from 6000 on"},
        {"-3pcc a -master b", "-3pcc, -master and -slave: one of the three"},
        {"-ringbuffer_files 10001", "-ringbuffer_files 10001: 10000 are the most"},
        {"-threads 65", "-threads 65: 1 to 64"},
        {"-threads 2 -master a -slave_cfg b", "-threads 2: a twin of 3PCC talks with one thread"},
        {"-threads 2 -t ui -inf a -ip_field 0",
         "-threads 2: with -t ui an address has one socket, of one thread"},
        {"-threads 3 -l 2", "-threads 3 wants -l of as many calls at least, not 2"},
        {"-threads 3 -users 2", "-threads 3 wants as many -users at least, not 2"},
        {"-slave b", "-master or -slave and -slave_cfg belong together"},
    };
    struct state *s = *state;
    for (size_t i = 0; i < sizeof all / sizeof all[0]; i++) {
        assert_int_equal(parse(s, all[i].line), -EINVAL);
        assert_string_equal(s->e.text, all[i].said);
    }
}

/* Each option is taken, with a word for each it wants, or refused with a reason. */
static void test_every_option(void **state)
{
    struct state *s = *state;
    struct sipp_option_help h;
    unsigned i = 0;
    for (; sipp_options_help(i, &h) == 0; i++) {
        char *words[4] = {arena_printf(&s->arena, "-%s", h.name), (char *)"1", (char *)"1"};
        if (strcmp(h.name, "t") == 0)
            words[1] = (char *)"u1";
        else if (strcmp(h.name, "default_behaviors") == 0)
            words[1] = (char *)"all";
        else if (strcmp(h.name, "rtcheck") == 0)
            words[1] = (char *)"full";
        else if (strcmp(h.name, "reconnect_close") == 0)
            words[1] = (char *)"true";
        else if (strcmp(h.name, "max_rtp_port") == 0)
            words[1] = (char *)"65535";
        if (strcmp(h.name, "master") == 0 || strncmp(h.name, "slave", 5) == 0)
            continue; /* each wants another one: test_wrong has them */
        const int count = h.words == NULL ? 1 : strchr(h.words, ' ') != NULL ? 3 : 2;
        const int r = sipp_options_parse(count, words, &s->arena, &s->options, &s->e);
        assert_int_equal(r, h.is_taken ? 0 : -EINVAL);
    }
    assert_true(i > 120);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(test_defaults, setup, teardown),
        cmocka_unit_test_setup_teardown(test_a_usual_line, setup, teardown),
        cmocka_unit_test_setup_teardown(test_remote, setup, teardown),
        cmocka_unit_test_setup_teardown(test_behaviours, setup, teardown),
        cmocka_unit_test_setup_teardown(test_a_receiver, setup, teardown),
        cmocka_unit_test_setup_teardown(test_remarks, setup, teardown),
        cmocka_unit_test(test_times),
        cmocka_unit_test_setup_teardown(test_wrong, setup, teardown),
        cmocka_unit_test_setup_teardown(test_every_option, setup, teardown),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
