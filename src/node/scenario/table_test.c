/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * Tests of the language: every file of tests/scenarios in a whole call against another one, in
 * memory. A row says what each side must end with and what must stand in its messages or texts.
 */
#include <dirent.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "base/test.h"
#include "node/scenario/pair_fixture.h"

static const char folder[] = "tests/scenarios/";

struct row {
    const char *caller, *called; /* files without .xml; called may be a built-in one */
    enum call_cause cause;       /* of the caller; the called side ends well when it is good */
    const char *sent[3];         /* in the messages of either side */
    const char *log[3];          /* in the texts of either side */
};

static const struct row rows[] = {
    {"plain", "plain_called", CALL_GOOD, {"a=rtpmap:0"}, {0}},
    {"keywords_address",
     "uas",
     CALL_GOOD,
     {"X-Local: 192.0.2.1 4 5061 5063 5060\r\n", "X-Remote: 192.0.2.2 peer.example 5062 UDP\r\n",
      "X-Server: 192.0.2.9\r\n"},
     {0}},
    {"keywords_call",
     "uas",
     CALL_GOOD,
     {"X-Call: 7 7-4711@192.0.2.1 10000 4711 service\r\n", "X-Message: 0 2 z9hG4bK-4711-7--1 0\r\n",
      "X-Who: -1 1 vaperf\r\n"},
     {0}},
    {"keywords_time",
     "uas",
     CALL_GOOD,
     {"Date: Tue, 14 Nov 2023 22:13:2", ".000000\t1700000"},
     {0}},
    {"plain",
     "keywords_last",
     CALL_GOOD,
     {"X-Number: 1 2\r\nX-Uri: sip:service@192.0.2.2:5062\r\nX-Peer: x;tag=4711-7\r\n",
      "\r\n\r\nINVITE sip:"},
     {0}},
    {"media_ports",
     "uas",
     CALL_GOOD,
     {"m=audio 6000 RTP/AVP 0\r\nm=video 6002", "m=audio 6000 RTP/AVP 8\r\nm=video 6002"},
     {0}},
    {"fill", "uas", CALL_GOOD, {"X-Few: XXXXX\r\n", "X-Fill: abcdefgabcdefg"}, {0}},
    {"escapes",
     "uas",
     CALL_GOOD,
     {"X-Bracket: [not a keyword]\r\n", "X-Text: a <b> & \"c\"\r\n"},
     {"t is a <b> & \"c\""}},
    {"arithmetic", "uas", CALL_GOOD, {0}, {"x is 2.000000", "true false true true false true"}},
    {"test_fails", "uas", CALL_TEST_FALSE, {"CSeq: 2 BYE"}, {0}},
    {"strings", "uas", CALL_GOOD, {0}, {"number 3.250000", "order 0.000000, other -1.000000"}},
    {"urlencode", "uas", CALL_GOOD, {0}, {"encoded a%20b%2Fc", "decoded a b/c"}},
    {"trim", "uas", CALL_GOOD, {0}, {"contact is <sip:"}},
    {"scopes", "uas", CALL_GOOD, {0}, {"g is from init, total 1.000000"}},
    {"ereg_message", "uas", CALL_GOOD, {"X-Seen: CSeq: 1 INVITE\r\n"}, {"log: 1 INVITE\n"}},
    {"ereg_header", "uas", CALL_GOOD, {0}, {"log: UDP INVITE SIP/2.0/UDP"}},
    {"ereg_body", "uas", CALL_GOOD, {0}, {"m=audio 6000 6000"}},
    {"ereg_variable", "uas", CALL_GOOD, {0}, {"tag=4711called1 4711called1"}},
    {"ereg_fails", "uas", CALL_REGEXP_NO_HEADER, {"CSeq: 1 ACK", "CSeq: 2 BYE"}, {0}},
    {"optional_next", "plain_called", CALL_GOOD, {0}, {0}},
    {"optional_next", "busy_called", CALL_GOOD, {"SIP/2.0 486", "CSeq: 1 ACK"}, {0}},
    {"global_optional", "unexpected_called", CALL_GOOD, {"INFO sip:", "CSeq: 2 INFO"}, {0}},
    {"loop", "loop_called", CALL_GOOD, {"CSeq: 3 OPTIONS"}, {"round 3.000000"}},
    {"chance", "uas", CALL_GOOD, {0}, {"first", "second"}},
    {"condexec", "uas", CALL_GOOD, {0}, {"log: runs\n", "runs too"}},
    {"pauses", "uas", CALL_GOOD, {0}, {0}},
    {"samples", "uas", CALL_GOOD, {0}, {"log: 5.000000 "}},
    {"response_times", "uas", CALL_GOOD, {0}, {0}},
    {"timeout_label", "timeout_called", CALL_GOOD, {"MESSAGE sip:"}, {"log: late"}},
    {"transactions", "uas", CALL_GOOD, {0}, {0}},
    {"cancel", "cancel_called", CALL_GOOD, {"SIP/2.0 487", "CANCEL sip:"}, {0}},
    {"redirect", "redirect_called", CALL_GOOD, {"SIP/2.0 302", "CSeq: 2 INVITE"}, {0}},
    {"authentication",
     "authentication_called",
     CALL_GOOD,
     {"Authorization: Digest username=\"joe\", realm=\"example.org\", nonce=\"1badbee5\""},
     {"valid true"}},
    {"authentication_field",
     "proxy_challenge_called",
     CALL_GOOD,
     {"Proxy-Authorization: Digest username=\"anna\""},
     {"valid true"}},
    {"authentication_body",
     "authentication_body_called",
     CALL_GOOD,
     {"qop=auth-int, nc=00000001", "Content-Length:    12\r\n\r\nwords of 7\r\n"},
     {"valid true"}},
    {"fields", "uas", CALL_GOOD, {"X-User: anna red\r\nX-Other: berta red\r\n"}, {0}},
    {"lookup",
     "uas",
     CALL_GOOD,
     {"X-User: blue black\r\n"},
     {"berta at 1.000000, carl at 2.000000"}},
    {"file", "uas", CALL_GOOD, {"s=from a file\r\n"}, {0}},
    {"routes",
     "routes_called",
     CALL_GOOD,
     {"BYE sip:192.0.2.2:5062;transport=UDP SIP/2.0",
      "Route: <sip:p1.example.org;lr>, <sip:p2.example.org;lr>\r\n"},
     {0}},
    {"plain", "regexp_match", CALL_GOOD, {0}, {0}},
    {"plain", "timewait", CALL_GOOD, {0}, {0}},
    {"media_play",
     "uas",
     CALL_GOOD,
     {0},
     {"media 4: tests/scenarios/tone.wav,2,8", "media 3: 123#", "media 0: tests/"}},
    {"media_caller",
     "uas",
     CALL_GOOD,
     {0},
     {"media 4: tests/scenarios/tone.wav,-1", "media 3: 1#", "media 0: tests/"}},
    {"plain", "media_echo", CALL_GOOD, {0}, {"media 5: 1", "media 5: 0"}},
    {"exec", "uas", CALL_STOPPED, {0}, {"control 2: true 7"}},
    {"stop", "uas", CALL_GOOD, {0}, {"control 1:"}},
    {"setdest", "uas", CALL_GOOD, {0}, {"setdest 192.0.2.2 5062 UDP"}},
    {"closecon", "uas", CALL_GOOD, {0}, {0}},
    {"jump", "uas", CALL_GOOD, {0}, {"log: here"}},
    {"unexpected",
     "unexpected_called",
     CALL_GOOD,
     {"INFO sip:", "CSeq: 2 INFO"},
     {"log: back to 6."}},
    {"reinvite", "reinvite_called", CALL_GOOD, {"a=sendonly"}, {0}},
    {"prack", "prack_called", CALL_GOOD, {"RAck: 1 1 INVITE"}, {0}},
    {"subscribe", "subscribe_called", CALL_GOOD, {"NOTIFY sip:"}, {0}},
    {"lost", "loop_called", CALL_GOOD, {0}, {0}},
    {"tdmmap", "uas", CALL_GOOD, {"X-Circuit: 0.99.5/1\r\n"}, {0}},
    {"default_message", "plain_called", CALL_RECV_TIMEOUT, {"X-Mine: yes"}, {0}},
    {"twin_first", "twin_second", CALL_GOOD, {0}, {"log: hello yourself"}},
};
enum { ROWS = sizeof(rows) / sizeof(rows[0]) };

static const char *path_of(const char *name, char *buffer, size_t size)
{
    size_t unused;

    if (scenario_builtin_text(name, &unused)) {
        return name;
    }
    snprintf(buffer, size, "%s%s.xml", folder, name);
    return buffer;
}

static void load_side(struct pair *p, int side, const char *name)
{
    static const char *const files[] = {"tests/scenarios/users.csv"};
    static const struct scenario_pair index = {"users.csv", "0"};
    struct scenario_options o;
    char path[256];

    scenario_options_default(&o);
    o.process_id = 4711;
    o.injections = files;
    o.injection_count = 1;
    o.indexes = &index;
    o.index_count = 1;
    o.tdmmap = "{0-3}{99}{5-8}{1-31}";
    assert_int_equal(pair_load(p, side, path_of(name, path, sizeof(path)), &o), 0);
    if (scenario_has_init(p->side[side].scenario)) {
        struct err err;

        assert_int_equal(call_run_init(p->side[side].scenario, &p->side[side].env, p->now_ns, &err),
                         0);
    }
}

static void expect(const struct pair *p, const char *text, size_t offset, const struct row *row)
{
    const struct buf *a = (const struct buf *)(const void *)((const char *)&p->side[0] + offset);
    const struct buf *b = (const struct buf *)(const void *)((const char *)&p->side[1] + offset);

    if (!text || strstr(buf_str(a), text) || strstr(buf_str(b), text)) {
        return;
    }
    fprintf(stderr, "%s and %s: no \"%s\" in\n%s\n-- nor in\n%s\n", row->caller, row->called, text,
            buf_str(a), buf_str(b));
    fail();
}

static void check_row(const struct row *row)
{
    struct pair *p = pair_create();
    const struct pair_side *a = &p->side[PAIR_CALLER], *b = &p->side[PAIR_CALLED];

    load_side(p, PAIR_CALLER, row->caller);
    load_side(p, PAIR_CALLED, row->called);
    pair_start(p, PAIR_CALLER, 7);
    if (scenario_has_twin(b->scenario)) {
        pair_start(p, PAIR_CALLED, 7);
    }
    pair_run(p, 120 * NS_PER_S);
    if (!a->is_ended || a->cause != row->cause ||
        (row->cause == CALL_GOOD && (!b->is_ended || b->cause != CALL_GOOD))) {
        fprintf(stderr, "%s: %s at %u; %s: %s at %u\n%s%s%s\n-- other side\n%s\n", row->caller,
                a->is_ended ? call_cause_name(a->cause) : "runs on", call_get_step(a->call),
                row->called, b->is_ended ? call_cause_name(b->cause) : "runs on",
                b->call ? call_get_step(b->call) : 0, buf_str(&a->log), buf_str(&b->log),
                buf_str(&a->sent), buf_str(&b->sent));
        fail();
    }
    for (int i = 0; i < 3; i++) {
        expect(p, row->sent[i], offsetof(struct pair_side, sent), row);
        expect(p, row->log[i], offsetof(struct pair_side, log), row);
    }
    pair_destroy(p);
}

static void every_row_ends_as_it_should(void **state)
{
    (void)state;
    for (size_t i = 0; i < ROWS; i++) {
        check_row(&rows[i]);
    }
}

static bool is_in_a_row(const char *name)
{
    for (size_t i = 0; i < ROWS; i++) {
        if (strcmp(rows[i].caller, name) == 0 || strcmp(rows[i].called, name) == 0) {
            return true;
        }
    }
    return false;
}

static void every_file_is_in_a_row(void **state)
{
    DIR *dir = opendir(folder);
    struct dirent *e;
    unsigned count = 0;

    (void)state;
    assert_non_null(dir);
    while ((e = readdir(dir)) != NULL) {
        char name[256];
        char *end;

        snprintf(name, sizeof(name), "%s", e->d_name);
        end = strstr(name, ".xml");
        if (!end) {
            continue;
        }
        *end = 0;
        count++;
        if (!is_in_a_row(name)) {
            fprintf(stderr, "%s is in no row\n", name);
            fail();
        }
    }
    closedir(dir);
    assert_true(count >= 40);
}

static void responses_and_counters_are_told(void **state)
{
    struct pair *p = pair_create();
    const struct pair_side *a = &p->side[PAIR_CALLER];
    const unsigned *borders;

    (void)state;
    load_side(p, PAIR_CALLER, "response_times");
    load_side(p, PAIR_CALLED, "uas");
    pair_start(p, PAIR_CALLER, 1);
    pair_run(p, 10 * NS_PER_S);
    assert_int_equal(a->rtds, 4);
    assert_int_equal(a->counters, 2);
    assert_string_equal(scenario_rtd_name(a->scenario, 0), "invite");
    assert_string_equal(scenario_rtd_name(a->scenario, 2), "1");
    assert_null(scenario_rtd_name(a->scenario, 3));
    assert_string_equal(scenario_counter_name(a->scenario, 1), "answered");
    assert_int_equal(scenario_response_borders(a->scenario, &borders), 3);
    assert_int_equal(borders[2], 50);
    assert_int_equal(scenario_length_borders(a->scenario, &borders), 2);
    pair_destroy(p);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_row_ends_as_it_should),
        cmocka_unit_test(every_file_is_in_a_row),
        cmocka_unit_test(responses_and_counters_are_told),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
