/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * Tests of call: whole calls of two machines, on a clock of their own.
 */
#include "node/scenario/call.h"

#include <stdio.h>
#include <string.h>

#include "base/clock.h"
#include "base/test.h"
#include "node/scenario/pair_fixture.h"
#include "node/scenario/store.h"

static struct pair *pair_of(const char *caller, const char *called)
{
    struct pair *p = pair_create();

    assert_int_equal(pair_load(p, PAIR_CALLER, caller, NULL), 0);
    assert_int_equal(pair_load(p, PAIR_CALLED, called, NULL), 0);
    return p;
}

static void assert_good(const struct pair *p, int side)
{
    const struct pair_side *s = &p->side[side];

    if (!s->is_ended || s->cause != CALL_GOOD) {
        fprintf(stderr, "side %d: %s at step %u\n%s\n%s\n", side,
                s->is_ended ? call_cause_name(s->cause) : "runs on", call_get_step(s->call),
                buf_str(&s->log), buf_str(&s->sent));
    }
    assert_true(s->is_ended);
    assert_int_equal(s->cause, CALL_GOOD);
}

static void a_call_goes_through(void **state)
{
    struct pair *p = pair_of("uac", "uas");

    (void)state;
    pair_start(p, PAIR_CALLER, 1);
    pair_run(p, 60 * NS_PER_S);
    assert_good(p, PAIR_CALLER);
    assert_good(p, PAIR_CALLED);
    assert_int_equal(p->side[PAIR_CALLER].events[CALL_SENT], 3);
    assert_int_equal(p->side[PAIR_CALLER].events[CALL_RECEIVED], 3);
    assert_int_equal(p->side[PAIR_CALLED].events[CALL_SENT], 3);
    assert_int_equal(p->side[PAIR_CALLER].rtds, 1);
    assert_int_equal(p->side[PAIR_CALLER].events[CALL_RETRANS_SENT], 0);
    pair_destroy(p);
}

static void losses_are_mended_by_retransmissions(void **state)
{
    /* Each of the caller's three messages, and each of the called side's, once. */
    for (int side = 0; side < PAIR_SIDES; side++) {
        for (unsigned n = 0; n < 3; n++) {
            struct pair *p = pair_of("uac", "uas");

            p->side[side].drop = 1U << n;
            pair_start(p, PAIR_CALLER, 1);
            pair_run(p, 60 * NS_PER_S);
            assert_good(p, PAIR_CALLER);
            assert_good(p, PAIR_CALLED);
            pair_destroy(p);
        }
    }
    (void)state;
}

static void silence_ends_an_invite_after_its_retransmissions(void **state)
{
    struct pair *p = pair_of("uac", "uas");
    uint64_t started = p->now_ns;

    (void)state;
    p->side[PAIR_CALLER].drop = 0xffffffff;
    pair_start(p, PAIR_CALLER, 1);
    pair_run(p, 600 * NS_PER_S);
    assert_true(p->side[PAIR_CALLER].is_ended);
    assert_int_equal(p->side[PAIR_CALLER].cause, CALL_MAX_RETRANS);
    assert_int_equal(p->side[PAIR_CALLER].events[CALL_RETRANS_SENT], 5);
    /* 0.5 + 1 + 2 + 4 + 8 + 16 s */
    assert_int_equal(p->now_ns - started, 31500 * NS_PER_MS);
    assert_int_equal(p->side[PAIR_CALLER].sent_count, 6);
    pair_destroy(p);
}

static void other_requests_are_repeated_every_t2(void **state)
{
    struct pair *p = pair_of("options", "uas");
    uint64_t started = p->now_ns;

    (void)state;
    p->side[PAIR_CALLER].drop = 0xffffffff;
    pair_start(p, PAIR_CALLER, 1);
    pair_run(p, 600 * NS_PER_S);
    assert_int_equal(p->side[PAIR_CALLER].cause, CALL_MAX_RETRANS);
    assert_int_equal(p->side[PAIR_CALLER].events[CALL_RETRANS_SENT], 9);
    /* 0.5 + 1 + 2 and seven times 4 s */
    assert_int_equal(p->now_ns - started, 31500 * NS_PER_MS);
    pair_destroy(p);
}

static void nothing_is_repeated_on_a_reliable_transport(void **state)
{
    struct pair *p = pair_of("uac", "uas");

    (void)state;
    p->side[PAIR_CALLER].facts.is_reliable = true;
    p->side[PAIR_CALLER].drop = 1;
    pair_start(p, PAIR_CALLER, 1);
    assert_true(call_next_due(p->side[PAIR_CALLER].call) == CALL_NEVER);
    pair_destroy(p);
}

static void a_waiting_call_is_small(void **state)
{
    struct pair *p = pair_create();
    struct scenario_options o;
    size_t calling, held, answered;

    (void)state;
    scenario_options_default(&o);
    o.pause_ns = 3600 * NS_PER_S;
    assert_int_equal(pair_load(p, PAIR_CALLER, "uac", &o), 0);
    assert_int_equal(pair_load(p, PAIR_CALLED, "uas", &o), 0);
    pair_start(p, PAIR_CALLER, 123456);
    calling = pair_call_bytes(p, PAIR_CALLER);
    pair_run(p, 10 * NS_PER_S);
    held = pair_call_bytes(p, PAIR_CALLER);
    answered = pair_call_bytes(p, PAIR_CALLED);
    printf("bytes a call: state %zu; uac while calling %zu, while held %zu; uas while held %zu\n",
           scenario_call_size(p->side[PAIR_CALLER].scenario), calling, held, answered);
    assert_in_range(calling, 300, 1023);
    assert_in_range(held, 200, 640);
    assert_in_range(answered, 200, 1023);
    pair_destroy(p);
}

static void a_finished_call_gives_everything_back(void **state)
{
    struct pair *p = pair_of("regexp", "uas");

    (void)state;
    pair_start(p, PAIR_CALLER, 1);
    pair_run(p, 60 * NS_PER_S);
    assert_good(p, PAIR_CALLER);
    for (int i = 0; i < PAIR_SIDES; i++) {
        call_finish(p->side[i].call);
        assert_int_equal(call_store_used(p->side[i].env.store), 0);
    }
    pair_destroy(p);
}

static void failing_to_send_ends_the_call(void **state)
{
    struct pair *p = pair_of("uac", "uas");

    (void)state;
    p->side[PAIR_CALLER].send_code = -5;
    pair_start(p, PAIR_CALLER, 1);
    assert_true(p->side[PAIR_CALLER].is_ended);
    assert_int_equal(p->side[PAIR_CALLER].cause, CALL_CANNOT_SEND);
    assert_true(call_next_due(p->side[PAIR_CALLER].call) == CALL_NEVER);
    pair_destroy(p);
}

static void losses_can_be_asked_for(void **state)
{
    struct pair *p = pair_create();
    struct scenario_options o;

    (void)state;
    scenario_options_default(&o);
    o.lost_pct = 100;
    assert_int_equal(pair_load(p, PAIR_CALLER, "uac", &o), 0);
    pair_start(p, PAIR_CALLER, 1);
    assert_int_equal(p->side[PAIR_CALLER].sent_count, 0);
    assert_int_equal(p->side[PAIR_CALLER].events[CALL_LOST], 1);
    assert_true(call_next_due(p->side[PAIR_CALLER].call) == p->now_ns + 500 * NS_PER_MS);
    pair_destroy(p);
}

/* Every byte of a message: the form of lines, of lengths and of what has no value. */
static void a_message_is_written_to_the_byte(void **state)
{
    static const char text[] =
        "<scenario><nop><action><assign assign_to=\"n\" value=\"2\"/></action></nop>"
        "<send><![CDATA[\n\n   MESSAGE sip:[service]@[remote_ip]:[remote_port] SIP/2.0  \n"
        "\tVia: SIP/2.0/[transport] [local_ip]:[local_port];branch=[branch]\n"
        "   [last_Record-Route:]\n   X-Half: a[last_Via:]b\n   [routes]\n"
        "   To: <sip:b>[peer_tag_param]\n   CSeq: [cseq] MESSAGE\n   X-N: [$n] \\x5b[call_id]]\n"
        "   Content-Length: [len]\n\n   one\n\n     two [fill variable=n text=z]  \n\n\n"
        "]]></send><pause/></scenario>";
    struct pair *p = pair_create();

    (void)state;
    assert_int_equal(pair_load_text(p, PAIR_CALLER, text, NULL), 0);
    pair_start(p, PAIR_CALLER, 12);
    assert_string_equal(buf_str(&p->side[PAIR_CALLER].sent),
                        "MESSAGE sip:service@192.0.2.2:5062 SIP/2.0\r\n"
                        "Via: SIP/2.0/UDP 192.0.2.1:5061;branch=z9hG4bK-4711-12-1\r\n"
                        "X-Half: ab\r\nTo: <sip:b>\r\nCSeq: 1 MESSAGE\r\n"
                        "X-N: 2.000000 [12-4711@192.0.2.1]\r\nContent-Length:    15\r\n\r\n"
                        "one\r\n\r\ntwo zz\r\n----\n");
    pair_destroy(p);
}

static void built_in_scenarios_pair_up(void **state)
{
    static const char *const pairs[][2] = {
        {"uac", "uas"},
        {"uac_media", "uas"},
        {"regexp", "uas"},
        {"branchc", "branchs"},
    };

    (void)state;
    for (size_t i = 0; i < sizeof(pairs) / sizeof(pairs[0]); i++) {
        struct pair *p = pair_of(pairs[i][0], pairs[i][1]);

        pair_start(p, PAIR_CALLER, 1);
        pair_run(p, 60 * NS_PER_S);
        assert_good(p, PAIR_CALLER);
        assert_good(p, PAIR_CALLED);
        pair_destroy(p);
    }
}

/* Each side is told of the other's session description, once; what a scenario plays is known
 * before. */
static void descriptions_and_media_are_told(void **state)
{
    struct pair *p = pair_of("uac_media", "tests/scenarios/media_echo.xml");
    struct scenario_media m;

    (void)state;
    assert_true(scenario_get_media(p->side[PAIR_CALLER].scenario, 0, &m));
    assert_int_equal(m.kind, CALL_RTP_STREAM);
    assert_string_equal(m.text, "apattern,1");
    assert_true(scenario_get_media(p->side[PAIR_CALLER].scenario, 2, &m));
    assert_int_equal(m.kind, CALL_PLAY_DTMF);
    assert_false(scenario_get_media(p->side[PAIR_CALLER].scenario, 3, &m));
    pair_start(p, PAIR_CALLER, 1);
    pair_run(p, 60 * NS_PER_S);
    assert_good(p, PAIR_CALLER);
    assert_int_equal(p->side[PAIR_CALLER].descriptions, 1);
    assert_int_equal(p->side[PAIR_CALLED].descriptions, 1);
    assert_non_null(strstr(buf_str(&p->side[PAIR_CALLED].log), "description v=0\nmedia 5: 1"));
    pair_destroy(p);
}

static void controllers_exchange_their_offers(void **state)
{
    struct pair *p = pair_of("3pcc-C-A", "3pcc-C-B");

    (void)state;
    p->side[PAIR_CALLER].drop = p->side[PAIR_CALLED].drop = 0xffffffff;
    pair_start(p, PAIR_CALLER, 1);
    pair_start(p, PAIR_CALLED, 1);
    /* Their peers are not here: nothing that is sent arrives, only commands do. */
    pair_give(
        p, PAIR_CALLER,
        "SIP/2.0 200 OK\r\nVia: SIP/2.0/UDP 192.0.2.1:5061;branch=z9hG4bK-4711-1-0\r\n"
        "From: <sip:a@x>;tag=1\r\nTo: <sip:b@x>;tag=2\r\nCall-ID: 1-4711@192.0.2.1\r\n"
        "CSeq: 1 INVITE\r\nContact: <sip:b@x>\r\nContent-Length: 15\r\n\r\nv=0\r\no=offer A\r\n");
    pair_run(p, NS_PER_S);
    assert_non_null(strstr(buf_str(&p->side[PAIR_CALLED].sent), "INVITE sip:"));
    assert_non_null(strstr(buf_str(&p->side[PAIR_CALLED].sent), "o=offer A"));
    assert_int_equal(p->side[PAIR_CALLER].commands, 1);
    pair_destroy(p);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_call_goes_through),
        cmocka_unit_test(losses_are_mended_by_retransmissions),
        cmocka_unit_test(silence_ends_an_invite_after_its_retransmissions),
        cmocka_unit_test(other_requests_are_repeated_every_t2),
        cmocka_unit_test(nothing_is_repeated_on_a_reliable_transport),
        cmocka_unit_test(a_waiting_call_is_small),
        cmocka_unit_test(a_finished_call_gives_everything_back),
        cmocka_unit_test(failing_to_send_ends_the_call),
        cmocka_unit_test(losses_can_be_asked_for),
        cmocka_unit_test(a_message_is_written_to_the_byte),
        cmocka_unit_test(built_in_scenarios_pair_up),
        cmocka_unit_test(descriptions_and_media_are_told),
        cmocka_unit_test(controllers_exchange_their_offers),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
