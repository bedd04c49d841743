/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * Tests of what a call does with what its scenario did not foresee, and with what comes twice.
 */
#include <stdio.h>
#include <string.h>

#include "base/clock.h"
#include "base/test.h"
#include "node/scenario/pair_fixture.h"

#define FROM_US "From: vaperf <sip:vaperf@192.0.2.1:5061>;tag=4711vaperf1\r\n"
#define TO_US "To: vaperf <sip:vaperf@192.0.2.1:5061>;tag=4711vaperf1\r\n"
#define VIA "Via: SIP/2.0/UDP 192.0.2.1:5061;branch=z9hG4bK-4711-1-0\r\n"
#define ID "Call-ID: 1-4711@192.0.2.1\r\n"
#define ANSWER(line, cseq)                                                                \
    "SIP/2.0 " line "\r\n" VIA FROM_US "To: <sip:service@192.0.2.2:5062>;tag=peer\r\n" ID \
    "CSeq: " cseq "\r\nContact: <sip:there@192.0.2.8>\r\nContent-Length: 0\r\n\r\n"
#define ASK(method)                                                                            \
    method " sip:vaperf@192.0.2.1 SIP/2.0\r\nVia: SIP/2.0/UDP 192.0.2.2;branch=z9hG4bK" method \
           "\r\nFrom: <sip:service@192.0.2.2:5062>;tag=peer\r\n" TO_US ID "CSeq: 9 " method    \
           "\r\nContent-Length: 0\r\n\r\n"

/* A caller whose peer is this test: nothing that it sends arrives anywhere. */
static struct pair *caller(const char *scenario, unsigned behaviours, unsigned flags)
{
    struct pair *p = pair_create();
    struct scenario_options o;

    scenario_options_default(&o);
    o.process_id = 4711;
    o.behaviours = behaviours;
    o.flags = flags;
    o.pause_ns = 10 * NS_PER_S;
    assert_int_equal(pair_load(p, PAIR_CALLER, scenario, &o), 0);
    p->side[PAIR_CALLER].drop = 0xffffffff;
    pair_start(p, PAIR_CALLER, 1);
    buf_clear(&p->side[PAIR_CALLER].sent);
    return p;
}

static const char *sent(const struct pair *p)
{
    return buf_str(&p->side[PAIR_CALLER].sent);
}

static bool is_ended(const struct pair *p, enum call_cause cause)
{
    return p->side[PAIR_CALLER].is_ended && p->side[PAIR_CALLER].cause == cause;
}

static void a_refusal_gets_its_ack(void **state)
{
    struct pair *p = caller("uac", SCENARIO_BEHAVIOURS_ALL, 0);

    (void)state;
    pair_give(p, PAIR_CALLER, ANSWER("503 Service Unavailable", "1 INVITE"));
    assert_true(is_ended(p, CALL_REJECTED));
    assert_non_null(strstr(sent(p), "ACK sip:service@192.0.2.2:5062 SIP/2.0\r\n" VIA));
    assert_non_null(strstr(sent(p), "To: <sip:service@192.0.2.2:5062>;tag=peer\r\n"));
    assert_non_null(strstr(sent(p), "CSeq: 1 ACK\r\n"));
    pair_destroy(p);
}

static void a_ringing_call_is_cancelled(void **state)
{
    struct pair *p = caller("uac", SCENARIO_BEHAVIOURS_ALL, 0);

    (void)state;
    pair_give(p, PAIR_CALLER, ANSWER("180 Ringing", "1 INVITE"));
    pair_give(p, PAIR_CALLER, ANSWER("199 Early Dialog Terminated", "1 INVITE"));
    assert_true(is_ended(p, CALL_UNEXPECTED));
    assert_non_null(strstr(sent(p), "CANCEL sip:service@192.0.2.2:5062 SIP/2.0\r\n" VIA));
    assert_non_null(strstr(sent(p), "CSeq: 1 CANCEL\r\n"));
    pair_destroy(p);
}

static void an_answered_call_is_ended_by_bye(void **state)
{
    struct pair *p = caller("uac", SCENARIO_BEHAVIOURS_ALL, 0);

    (void)state;
    pair_give(p, PAIR_CALLER, ANSWER("200 OK", "1 INVITE"));
    assert_non_null(strstr(sent(p), "ACK sip:"));
    pair_give(p, PAIR_CALLER, ASK("REFER"));
    assert_true(is_ended(p, CALL_UNEXPECTED));
    assert_non_null(strstr(sent(p), "BYE sip:there@192.0.2.8 SIP/2.0\r\n"));
    assert_non_null(strstr(sent(p), "To: <sip:service@192.0.2.2:5062>;tag=peer\r\n"));
    assert_non_null(strstr(sent(p), "CSeq: 2 BYE\r\n"));
    assert_int_equal(p->side[PAIR_CALLER].events[CALL_UNEXPECTED_MESSAGE], 1);
    pair_destroy(p);
}

static void an_unexpected_bye_is_answered(void **state)
{
    struct pair *p = caller("uac", SCENARIO_BEHAVIOURS_ALL, 0);

    (void)state;
    pair_give(p, PAIR_CALLER, ANSWER("200 OK", "1 INVITE"));
    buf_clear(&p->side[PAIR_CALLER].sent);
    pair_give(p, PAIR_CALLER, ASK("BYE"));
    assert_true(is_ended(p, CALL_UNEXPECTED));
    assert_non_null(strstr(sent(p), "SIP/2.0 200 OK\r\nVia: SIP/2.0/UDP 192.0.2.2;branch"));
    assert_non_null(strstr(sent(p), "CSeq: 9 BYE\r\n"));
    assert_null(strstr(sent(p), "BYE sip:"));
    pair_destroy(p);
}

static void without_default_behaviours_the_call_goes_on(void **state)
{
    struct pair *p = caller("uac", 0, 0);

    (void)state;
    pair_give(p, PAIR_CALLER, ASK("REFER"));
    pair_give(p, PAIR_CALLER, ANSWER("503 Service Unavailable", "1 INVITE"));
    assert_false(p->side[PAIR_CALLER].is_ended);
    assert_string_equal(sent(p), "");
    assert_int_equal(p->side[PAIR_CALLER].events[CALL_UNEXPECTED_MESSAGE], 2);
    pair_give(p, PAIR_CALLER, ANSWER("200 OK", "1 INVITE"));
    assert_non_null(strstr(sent(p), "ACK sip:"));
    pair_destroy(p);
}

static void some_requests_are_answered_beside_the_scenario(void **state)
{
    static const char *const asks[] = {ASK("INFO"), ASK("NOTIFY"), ASK("OPTIONS"), ASK("UPDATE"),
                                       ASK("PING")};
    struct pair *p = caller("uac", SCENARIO_BEHAVIOURS_ALL, SCENARIO_AUTO_ANSWER);

    (void)state;
    for (size_t i = 0; i < 5; i++) {
        pair_give(p, PAIR_CALLER, asks[i]);
        assert_false(p->side[PAIR_CALLER].is_ended);
    }
    assert_int_equal(p->side[PAIR_CALLER].events[CALL_AUTO_ANSWERED], 5);
    assert_non_null(strstr(sent(p), "CSeq: 9 UPDATE\r\n"));
    pair_destroy(p);
    p = caller("uac", SCENARIO_BEHAVIOURS_ALL, 0);
    pair_give(p, PAIR_CALLER, ASK("PING"));
    assert_false(p->side[PAIR_CALLER].is_ended);
    pair_give(p, PAIR_CALLER, ASK("INFO"));
    assert_true(is_ended(p, CALL_UNEXPECTED));
    pair_destroy(p);
}

static void a_repeated_answer_gets_the_ack_again(void **state)
{
    struct pair *p = caller("uac", SCENARIO_BEHAVIOURS_ALL, 0);
    const struct pair_side *s = &p->side[PAIR_CALLER];

    (void)state;
    pair_give(p, PAIR_CALLER, ANSWER("200 OK", "1 INVITE"));
    pair_run(p, 11 * NS_PER_S); /* BYE is out, and CSeq is 2 */
    buf_clear(&p->side[PAIR_CALLER].sent);
    pair_give(p, PAIR_CALLER, ANSWER("200 OK", "1 INVITE"));
    assert_non_null(strstr(sent(p), "CSeq: 1 ACK\r\n"));
    assert_null(strstr(sent(p), "BYE"));
    assert_int_equal(s->events[CALL_RETRANS_RECEIVED], 1);
    /* One provisional that was under way for long. */
    pair_give(p, PAIR_CALLER, ANSWER("180 Ringing", "1 INVITE"));
    assert_false(s->is_ended);
    assert_int_equal(s->events[CALL_IGNORED], 1);
    pair_destroy(p);
}

static void a_repeated_request_gets_the_answer_again(void **state)
{
    static const char invite[] =
        "INVITE sip:b@192.0.2.2 SIP/2.0\r\nVia: SIP/2.0/UDP 192.0.2.1;branch=z9hG4bKx\r\n"
        "From: <sip:a@192.0.2.1>;tag=a\r\nTo: <sip:b@192.0.2.2>\r\nCall-ID: z\r\n"
        "CSeq: 4 INVITE\r\nContact: <sip:a@192.0.2.1>\r\nContent-Length: 0\r\n\r\n";
    static const char wrong_ack[] =
        "ACK sip:b@192.0.2.2 SIP/2.0\r\nVia: SIP/2.0/UDP 192.0.2.1;branch=z9hG4bKy\r\n"
        "From: <sip:a@192.0.2.1>;tag=a\r\nTo: <sip:b@192.0.2.2>;tag=4711vaperf1\r\nCall-ID: z\r\n"
        "CSeq: 5 ACK\r\nContent-Length: 0\r\n\r\n";
    struct pair *p = pair_create();
    const struct pair_side *s = &p->side[PAIR_CALLED];

    (void)state;
    assert_int_equal(pair_load(p, PAIR_CALLED, "uas", NULL), 0);
    p->side[PAIR_CALLED].drop = 0xffffffff;
    pair_give(p, PAIR_CALLED, invite);
    assert_int_equal(s->sent_count, 2);
    buf_clear(&p->side[PAIR_CALLED].sent);
    pair_give(p, PAIR_CALLED, invite);
    assert_int_equal(s->sent_count, 3);
    assert_non_null(strstr(buf_str(&s->sent), "SIP/2.0 180 Ringing\r\nVia: SIP/2.0/UDP 192.0.2.1;"
                                              "branch=z9hG4bKx\r\n"));
    pair_give(p, PAIR_CALLED, wrong_ack);
    assert_int_equal(s->events[CALL_IGNORED], 1);
    /* No ACK at all: BYE, in the dialogue of the answer. */
    buf_clear(&p->side[PAIR_CALLED].sent);
    pair_run(p, 100 * NS_PER_S);
    assert_true(s->is_ended && s->cause == CALL_MAX_RETRANS);
    assert_non_null(strstr(buf_str(&s->sent), "BYE sip:a@192.0.2.1 SIP/2.0\r\n"));
    assert_non_null(strstr(buf_str(&s->sent), "To: <sip:a@192.0.2.1>;tag=a\r\nCall-ID: z\r\n"));
    pair_destroy(p);
}

static void bytes_that_are_no_message_change_nothing(void **state)
{
    static const char *const junk[] = {"", "\r\n\r\n", "GET / HTTP/1.0\r\n\r\n", "SIP/2.0", "\0\1"};
    struct pair *p = caller("uac", SCENARIO_BEHAVIOURS_ALL, 0);

    (void)state;
    for (size_t i = 0; i < sizeof(junk) / sizeof(junk[0]); i++) {
        pair_give(p, PAIR_CALLER, junk[i]);
    }
    assert_false(p->side[PAIR_CALLER].is_ended);
    assert_string_equal(sent(p), "");
    pair_destroy(p);
}

static void a_call_id_is_found_behind_its_prefix(void **state)
{
    static const char text[] = "BYE sip:a SIP/2.0\r\nX-Call-ID: no\r\nCALL-ID : a///b@c \r\n\r\n";
    static const char compact[] = "SIP/2.0 200 OK\ni:x\n\n";
    const char *key = NULL;

    (void)state;
    assert_int_equal(call_key(text, sizeof(text) - 1, 0, &key), 3);
    assert_memory_equal(key, "b@c", 3);
    assert_int_equal(call_key(text, sizeof(text) - 1, SCENARIO_CALLID_SLASH_IGN, &key), 7);
    assert_int_equal(call_key(compact, sizeof(compact) - 1, 0, &key), 1);
    assert_int_equal(call_key("BYE x\r\ni: 1\r\n\r\n", 15, 0, &key), 0);
    assert_int_equal(call_key(text, 30, 0, &key), 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_refusal_gets_its_ack),
        cmocka_unit_test(a_ringing_call_is_cancelled),
        cmocka_unit_test(an_answered_call_is_ended_by_bye),
        cmocka_unit_test(an_unexpected_bye_is_answered),
        cmocka_unit_test(without_default_behaviours_the_call_goes_on),
        cmocka_unit_test(some_requests_are_answered_beside_the_scenario),
        cmocka_unit_test(a_repeated_answer_gets_the_ack_again),
        cmocka_unit_test(a_repeated_request_gets_the_answer_again),
        cmocka_unit_test(bytes_that_are_no_message_change_nothing),
        cmocka_unit_test(a_call_id_is_found_behind_its_prefix),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
