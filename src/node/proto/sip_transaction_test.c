/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "node/proto/sip_transaction.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "base/test.h"
#include "node/codec/sip_write.h"

#define MS UINT64_C(1000000)

/* Who owns the layer in these tests: remembers what he is told. */
struct owner {
    struct sip_layer *layer;
    uint64_t now_ns;
    unsigned sent, timed_out, ended;
    char last[4096];
    size_t last_size;
};

static void on_send(void *arg, const struct sip_hop *to, const char *bytes, size_t size)
{
    struct owner *o = arg;
    (void)to;
    o->sent++;
    memcpy(o->last, bytes, size);
    o->last_size = size;
}

static void on_timed_out(void *arg, struct sip_transaction *t)
{
    (void)t;
    ((struct owner *)arg)->timed_out++;
}

static void on_ended(void *arg, struct sip_transaction *t)
{
    (void)t;
    ((struct owner *)arg)->ended++;
}

static void set_up(struct owner *o)
{
    static const struct sip_layer_owner ops = {on_send, on_timed_out, on_ended};
    const struct sip_layer_options options = {.t1_ns = 500 * MS,
                                              .t2_ns = 4000 * MS,
                                              .t4_ns = 5000 * MS,
                                              .timer_c_ns = 200000 * MS,
                                              .transactions_max = 10};

    *o = (struct owner){.now_ns = 7777777 * MS};
    assert_int_equal(sip_layer_create(&o->layer, &options, &ops, o), 0);
    sip_layer_tick(o->layer, o->now_ns);
}

/* Time passes in steps of 10 ms. */
static void pass(struct owner *o, uint64_t ms)
{
    for (uint64_t i = 0; i < ms; i += 10) {
        o->now_ns += 10 * MS;
        sip_layer_tick(o->layer, o->now_ns);
    }
}

static const struct sip_hop udp;
static const struct sip_hop tcp = {.connection = 1};

static void parse(struct sip_message *m, const char *bytes, size_t size)
{
    assert_int_equal(sip_parse(m, bytes, size), 0);
    assert_int_equal(sip_check(m, NULL), 0);
}

/* A request as it comes from a client, in memory that stays until the next one. */
static void make_request(struct sip_message *m, const char *method, const char *branch)
{
    static char bytes[1024];
    int size =
        snprintf(bytes, sizeof(bytes),
                 "%s sip:b@h SIP/2.0\r\nVia: SIP/2.0/UDP 192.0.2.1;branch=%s\r\n"
                 "From: <sip:a@h>;tag=1\r\nTo: <sip:b@h>\r\nCall-ID: c\r\nCSeq: 4 %s\r\n\r\n",
                 method, branch, method);
    parse(m, bytes, (size_t)size);
}

static int ask(struct owner *o, const char *method, const char *branch, const struct sip_hop *hop,
               struct sip_transaction **ret)
{
    struct sip_message m;
    make_request(&m, method, branch);
    return sip_layer_request(o->layer, &m, hop, o->now_ns, ret);
}

static void answer(struct owner *o, struct sip_transaction *t, unsigned status)
{
    assert_int_equal(sip_server_answer(o->layer, t, status, "answer", 6, o->now_ns), 0);
}

/* An INVITE of ours, sent. */
static struct sip_transaction *call(struct owner *o, const char *method, const struct sip_hop *hop)
{
    char branch[SIP_BRANCH_MAX], bytes[1024];
    struct sip_transaction *t = sip_client_create(
        o->layer, sip_method_of((struct sip_text){method, (uint32_t)strlen(method)}), hop, branch);
    int size = snprintf(bytes, sizeof(bytes),
                        "%s sip:b@h SIP/2.0\r\nVia: SIP/2.0/UDP 192.0.2.9;branch=%s\r\n"
                        "Via: SIP/2.0/UDP 192.0.2.1;branch=z9hG4bKx\r\nRoute: <sip:r;lr>\r\n"
                        "From: <sip:a@h>;tag=1\r\nTo: <sip:b@h>\r\nCall-ID: c\r\nCSeq: 4 %s\r\n"
                        "Content-Length: 4\r\n\r\nbody",
                        method, branch, method);

    assert_non_null(t);
    assert_int_equal(sip_client_start(o->layer, t, bytes, (size_t)size, o->now_ns), 0);
    return t;
}

/* A response to what was sent as `request`. */
static int hear(struct owner *o, const char *request, size_t size, unsigned status)
{
    static char bytes[2048];
    struct sip_message m, r;
    struct sip_writer w;
    struct sip_transaction *t = NULL;
    int written;

    parse(&m, request, size);
    sip_write_init(&w, bytes, sizeof(bytes));
    sip_write_response(&w, &m, status, NULL, "theirs");
    written = sip_write_end(&w, NULL, 0);
    assert_true(written > 0);
    parse(&r, bytes, (size_t)written);
    return sip_layer_response(o->layer, &r, o->now_ns, &t);
}

static void a_new_request_is_new_once(void **state)
{
    struct owner o;
    struct sip_transaction *t, *again;

    (void)state;
    set_up(&o);
    assert_int_equal(ask(&o, "OPTIONS", "z9hG4bK1", &udp, &t), SIP_NEW);
    assert_int_equal(ask(&o, "OPTIONS", "z9hG4bK1", &udp, &again), SIP_AGAIN);
    assert_ptr_equal(again, t);
    assert_int_equal(o.sent, 0); /* nothing was answered yet */
    answer(&o, t, 200);
    assert_int_equal(ask(&o, "OPTIONS", "z9hG4bK1", &udp, &again), SIP_AGAIN);
    assert_int_equal(o.sent, 2);
    assert_int_equal(ask(&o, "OPTIONS", "z9hG4bK2", &udp, &again), SIP_NEW);
    assert_int_equal(ask(&o, "BYE", "z9hG4bK1", &udp, &again), SIP_NEW);
    pass(&o, 32100); /* timer J */
    assert_int_equal(o.ended, 1);
    assert_int_equal(ask(&o, "OPTIONS", "z9hG4bK1", &udp, &t), SIP_NEW);
    assert_int_equal(sip_layer_stats(o.layer)->requests_again, 2);
    sip_layer_destroy(o.layer);
}

static void a_refused_invite_waits_for_its_ack(void **state)
{
    struct owner o;
    struct sip_transaction *t, *u;

    (void)state;
    set_up(&o);
    assert_int_equal(ask(&o, "INVITE", "z9hG4bK1", &udp, &t), SIP_NEW);
    answer(&o, t, 100);
    assert_int_equal(ask(&o, "INVITE", "z9hG4bK1", &udp, &u), SIP_AGAIN);
    assert_int_equal(o.sent, 2);
    answer(&o, t, 486);
    assert_int_equal(sip_server_answer(o.layer, t, 200, "x", 1, o.now_ns), -EALREADY);
    pass(&o, 3600); /* timer G: 0.5, 1.5, 3.5 s */
    assert_int_equal(o.sent, 3 + 3);
    assert_int_equal(ask(&o, "ACK", "z9hG4bK1", &udp, &u), SIP_ACKED);
    pass(&o, 4800);
    assert_int_equal(o.ended, 0);
    pass(&o, 400); /* timer I */
    assert_int_equal(o.ended, 1);
    assert_int_equal(o.sent, 6);
    assert_int_equal(ask(&o, "ACK", "z9hG4bK1", &udp, &u), SIP_STRAY);
    sip_layer_destroy(o.layer);
}

static void an_accepted_invite_absorbs_and_lets_acks_pass(void **state)
{
    struct owner o;
    struct sip_transaction *t, *u;

    (void)state;
    set_up(&o);
    assert_int_equal(ask(&o, "INVITE", "z9hG4bK1", &udp, &t), SIP_NEW);
    answer(&o, t, 200);
    assert_int_equal(ask(&o, "INVITE", "z9hG4bK1", &udp, &u), SIP_AGAIN);
    assert_int_equal(o.sent, 1);
    answer(&o, t, 200); /* it came again from downstream */
    assert_int_equal(o.sent, 2);
    assert_int_equal(ask(&o, "ACK", "z9hG4bK2", &udp, &u), SIP_STRAY);
    assert_int_equal(ask(&o, "ACK", "z9hG4bK1", &udp, &u), SIP_STRAY);
    pass(&o, 32100);
    assert_int_equal(o.ended, 1);
    sip_layer_destroy(o.layer);
}

static void a_server_of_its_own_sends_200_until_the_ack(void **state)
{
    struct owner o;
    struct sip_transaction *t;

    (void)state;
    set_up(&o);
    assert_int_equal(ask(&o, "INVITE", "z9hG4bK1", &tcp, &t), SIP_NEW);
    assert_int_equal(sip_server_accept(o.layer, t, "200", 3, o.now_ns), 0);
    pass(&o, 1600);
    assert_int_equal(o.sent, 3);
    sip_server_confirm(o.layer, t);
    pass(&o, 5000);
    assert_int_equal(o.sent, 3);
    sip_layer_destroy(o.layer);
}

static void an_invite_is_sent_again_and_given_up(void **state)
{
    struct owner o;

    (void)state;
    set_up(&o);
    call(&o, "INVITE", &udp);
    pass(&o, 31900); /* timer A: 0.5 1.5 3.5 7.5 15.5 31.5 s */
    assert_int_equal(o.sent, 7);
    assert_int_equal(o.timed_out, 0);
    pass(&o, 200);
    assert_int_equal(o.timed_out, 1);
    assert_int_equal(o.ended, 1);
    call(&o, "INVITE", &tcp);
    pass(&o, 32100);
    assert_int_equal(o.sent, 8);
    assert_int_equal(o.timed_out, 2);
    call(&o, "BYE", &udp);
    pass(&o, 31900); /* timer E: 0.5 1.5 3.5 7.5 and every 4 s */
    assert_int_equal(o.sent, 9 + 10);
    sip_layer_destroy(o.layer);
}

static void an_answered_invite_acks_what_is_not_2xx(void **state)
{
    struct owner o;
    char invite[1024];
    size_t size;
    struct sip_message ack;

    (void)state;
    set_up(&o);
    call(&o, "INVITE", &udp);
    size = o.last_size;
    memcpy(invite, o.last, size);
    assert_int_equal(hear(&o, invite, size, 180), SIP_NEW);
    pass(&o, 40000); /* it rings: nothing more is sent */
    assert_int_equal(o.sent, 1);
    assert_int_equal(hear(&o, invite, size, 486), SIP_NEW);
    assert_int_equal(o.sent, 2);
    parse(&ack, o.last, o.last_size);
    assert_int_equal(ack.method, SIP_ACK);
    assert_int_equal(ack.cseq, 4);
    assert_true(sip_text_is(ack.to_tag, "theirs"));
    assert_int_equal(sip_find(&ack, SIP_H_VIA)->next, 0);
    assert_non_null(sip_find(&ack, SIP_H_ROUTE));
    assert_int_equal(ack.body.size, 0);
    assert_int_equal(hear(&o, invite, size, 486), SIP_AGAIN);
    assert_int_equal(o.sent, 3);
    pass(&o, 32100); /* timer D */
    assert_int_equal(o.ended, 1);
    assert_int_equal(hear(&o, invite, size, 486), SIP_STRAY);
    sip_layer_destroy(o.layer);
}

static void every_2xx_is_the_owners(void **state)
{
    struct owner o;
    char invite[1024];
    size_t size;

    (void)state;
    set_up(&o);
    call(&o, "INVITE", &udp);
    size = o.last_size;
    memcpy(invite, o.last, size);
    assert_int_equal(hear(&o, invite, size, 200), SIP_NEW);
    assert_int_equal(hear(&o, invite, size, 200), SIP_NEW);
    assert_int_equal(o.sent, 1);
    pass(&o, 32100);
    assert_int_equal(o.ended, 1);
    sip_layer_destroy(o.layer);
}

static void a_cancel_has_a_transaction_of_its_own(void **state)
{
    struct owner o;
    struct sip_transaction *t, *u, *c;
    struct sip_message cancel;
    char invite[1024];
    size_t size;

    (void)state;
    set_up(&o);
    c = call(&o, "INVITE", &udp);
    size = o.last_size;
    memcpy(invite, o.last, size);
    assert_int_equal(sip_client_cancel(o.layer, c, o.now_ns), -EAGAIN);
    assert_int_equal(hear(&o, invite, size, 180), SIP_NEW);
    assert_int_equal(sip_client_cancel(o.layer, c, o.now_ns), 0);
    parse(&cancel, o.last, o.last_size);
    assert_int_equal(cancel.method, SIP_CANCEL);
    assert_int_equal(hear(&o, o.last, o.last_size, 200), SIP_NEW);
    assert_int_equal(hear(&o, invite, size, 487), SIP_NEW);

    assert_int_equal(ask(&o, "INVITE", "z9hG4bK1", &udp, &t), SIP_NEW);
    make_request(&cancel, "CANCEL", "z9hG4bK1");
    assert_int_equal(sip_layer_request(o.layer, &cancel, &udp, o.now_ns, &u), SIP_NEW);
    assert_ptr_equal(sip_layer_cancelled(o.layer, &cancel), t);
    make_request(&cancel, "CANCEL", "z9hG4bK2");
    assert_null(sip_layer_cancelled(o.layer, &cancel));
    sip_layer_destroy(o.layer);
}

static void there_is_a_most(void **state)
{
    struct owner o;
    struct sip_transaction *t;
    char branch[32];

    (void)state;
    set_up(&o);
    for (int i = 0; i < 10; i++) {
        (void)snprintf(branch, sizeof(branch), "z9hG4bK%d", i);
        assert_int_equal(ask(&o, "OPTIONS", branch, &tcp, &t), SIP_NEW);
        answer(&o, t, 200);
    }
    assert_int_equal(ask(&o, "OPTIONS", "z9hG4bKx", &tcp, &t), -ENOBUFS);
    pass(&o, 50); /* over connections nothing is absorbed */
    assert_int_equal(o.ended, 10);
    assert_int_equal(ask(&o, "OPTIONS", "z9hG4bKx", &tcp, &t), SIP_NEW);
    sip_layer_destroy(o.layer);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_new_request_is_new_once),
        cmocka_unit_test(a_refused_invite_waits_for_its_ack),
        cmocka_unit_test(an_accepted_invite_absorbs_and_lets_acks_pass),
        cmocka_unit_test(a_server_of_its_own_sends_200_until_the_ack),
        cmocka_unit_test(an_invite_is_sent_again_and_given_up),
        cmocka_unit_test(an_answered_invite_acks_what_is_not_2xx),
        cmocka_unit_test(every_2xx_is_the_owners),
        cmocka_unit_test(a_cancel_has_a_transaction_of_its_own),
        cmocka_unit_test(there_is_a_most),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
