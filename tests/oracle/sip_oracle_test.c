/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * The SIP codec against libosip2: random messages, made of well formed parts in odd shapes, are
 * read alike by both; what our writer answers is read by libosip2 as we meant it.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <osipparser2/osip_parser.h>

#include "base/rand.h"
#include "base/test.h"
#include "node/codec/sip.h"
#include "node/codec/sip_value.h"
#include "node/codec/sip_write.h"

enum { MESSAGES = 3000 };

static struct rand_state rng;

static const char *pick(const char *const *of)
{
    size_t n = 0;
    while (of[n] != NULL) {
        n++;
    }
    return of[rand_below(&rng, n)];
}

#define PICK(...) pick((const char *const[]){__VA_ARGS__, NULL})

static void put(char *to, const char *format, ...) __attribute__((format(printf, 2, 3)));
static void put(char *to, const char *format, ...)
{
    size_t size = strlen(to);
    va_list args;
    va_start(args, format);
    (void)vsnprintf(to + size, 8192 - size, format, args);
    va_end(args);
}

static void put_address(char *to, bool has_tag)
{
    put(to, "%s%s%s%s",
        PICK("<sip:alice@example.com>", "\"A, B\" <sip:a@192.0.2.1:5061;transport=tcp>",
             "Bob Smith <sips:bob@example.org>", "sip:carol@example.net",
             "\"q\\\"uote\" <sip:d@[2001:db8::1]:5060>", "<tel:+358401234567>"),
        PICK("", ";x=y", " ;flag"), has_tag ? PICK(";tag=", " ; tag=", ";TAG=") : "",
        has_tag ? PICK("abc", "1.2-3", "z~9") : "");
}

static void put_vias(char *to)
{
    size_t n = 1 + rand_below(&rng, 3);

    for (size_t i = 0; i < n; i++) {
        put(to, "%s SIP/2.0/%s %s;branch=z9hG4bK%u%s\r\n", PICK("Via:", "v:", "VIA :", "via:\t"),
            PICK("UDP", "TCP", "TLS"),
            PICK("192.0.2.1", "h.example.com:5070", "[2001:db8::2]:5080"),
            (unsigned)rand_below(&rng, 100000),
            PICK("", ";rport", ";received=192.0.2.7", ";rport=99;received=192.0.2.7"));
    }
}

static void put_request(char *to)
{
    const char *method = PICK("INVITE", "BYE", "OPTIONS", "REGISTER", "SUBSCRIBE", "XYZZY");
    const char *body = PICK("", "v=0\r\n", "some body text");

    put(to, "%s %s SIP/2.0\r\n", method,
        PICK("sip:bob@example.org", "sip:192.0.2.5:5060;lr", "sips:x:pw@h.example.com;a=b?c=d"));
    put_vias(to);
    put(to, "%s ", PICK("From:", "f:", "FROM:"));
    put_address(to, true);
    put(to, "\r\n%s ", PICK("To:", "t:", "to  :"));
    put_address(to, rand_below(&rng, 2) > 0);
    put(to, "\r\n%s %s\r\nCSeq: %u%s%s\r\n", PICK("Call-ID:", "i:", "call-id:"),
        PICK("a@192.0.2.1", "0f3c-55", "x.y@host.example.com"), (unsigned)rand_below(&rng, 1000000),
        PICK(" ", "  ", "\r\n "), method);
    if (rand_below(&rng, 2) > 0) {
        put(to, "%s <sip:c@192.0.2.8>;expires=30, <sip:d@192.0.2.9>\r\n", PICK("Contact:", "m:"));
    }
    put(to, "Max-Forwards: %u\r\nX-Other: %s\r\n%s %zu\r\n\r\n%s", (unsigned)rand_below(&rng, 71),
        PICK("1", "a,\r\n b", ""), PICK("Content-Length:", "l:"), strlen(body), body);
}

static void assert_same(struct sip_text ours, const char *theirs, const char *what)
{
    if (theirs == NULL ? ours.size > 0 : !sip_text_is(ours, theirs)) {
        fail_msg("%s: we read '%.*s', libosip2 '%s'", what, (int)ours.size, ours.at,
                 theirs != NULL ? theirs : "nothing");
    }
}

static const char *tag_of(osip_from_t *from)
{
    static char name[] = "tag"; /* libosip2 wants it writable */
    osip_generic_param_t *tag = NULL;
    (void)osip_from_param_get_byname(from, name, &tag);
    return tag != NULL ? tag->gvalue : NULL;
}

static size_t contacts_of(const struct sip_message *m)
{
    struct sip_list l = {0};
    struct sip_text item;
    size_t n = 0;

    while (sip_each(m, SIP_H_CONTACT, &l, &item) == 1) {
        n++;
    }
    return n;
}

static void assert_read_alike(const char *bytes, size_t size)
{
    static char branch_name[] = "branch";
    struct sip_message m;
    osip_message_t *o;
    osip_via_t *via;
    osip_generic_param_t *branch = NULL;
    osip_content_length_t *length;
    char *text = NULL;

    assert_int_equal(sip_parse(&m, bytes, size), 0);
    assert_int_equal(sip_check(&m, NULL), 0);
    assert_int_equal(osip_message_init(&o), 0);
    if (osip_message_parse(o, bytes, size) != 0) {
        fail_msg("libosip2 does not read: %.*s", (int)size, bytes);
    }
    if (m.is_request) {
        assert_same(m.method_text, o->sip_method, "method");
        assert_int_equal(osip_uri_to_str(o->req_uri, &text), 0);
        assert_same(m.uri, text, "Request-URI");
        osip_free(text);
    } else {
        assert_int_equal(m.status, o->status_code);
        assert_same(m.reason, o->reason_phrase, "reason");
    }
    assert_same(m.from_tag, tag_of(o->from), "From tag");
    assert_same(m.to_tag, tag_of((osip_from_t *)o->to), "To tag");
    assert_int_equal(osip_call_id_to_str(o->call_id, &text), 0);
    assert_same(m.call_id, text, "Call-ID");
    osip_free(text);
    assert_int_equal(m.cseq, strtoul(o->cseq->number, NULL, 10));
    assert_same(m.cseq_method_text, o->cseq->method, "CSeq method");
    assert_int_equal(osip_message_get_via(o, 0, &via), 0);
    assert_true(osip_via_param_get_byname(via, branch_name, &branch) == 0);
    assert_same(m.branch, branch->gvalue, "branch");
    length = osip_message_get_content_length(o);
    assert_int_equal(m.content_length, length != NULL ? atol(length->value) : -1);
    assert_int_equal(contacts_of(&m), osip_list_size(&o->contacts));
    osip_message_free(o);
}

static void random_messages_are_read_alike(void **state)
{
    (void)state;
    rand_init(&rng, 5);
    for (size_t i = 0; i < MESSAGES; i++) {
        char bytes[8192] = "", answer[8192];
        struct sip_message m;
        struct sip_writer w;
        int size;

        put_request(bytes);
        assert_read_alike(bytes, strlen(bytes));
        assert_int_equal(sip_parse(&m, bytes, strlen(bytes)), 0);
        sip_write_init(&w, answer, sizeof(answer));
        sip_write_response(&w, &m, i % 2 == 0 ? 180 : 486, NULL, "ours");
        sip_write_header(&w, SIP_H_CONTACT, "<sip:us@192.0.2.3>");
        size = sip_write_end(&w, "body", 4);
        assert_true(size > 0);
        assert_read_alike(answer, (size_t)size);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(random_messages_are_read_alike),
    };
    parser_init();
    return cmocka_run_group_tests(tests, NULL, NULL);
}
