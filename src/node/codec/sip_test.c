/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "node/codec/sip.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/test.h"
#include "node/codec/sip_lex.h"
#include "node/codec/sip_value.h"
#include "node/codec/sip_write.h"

static const char invite[] =
    "INVITE sip:bob@example.org;user=phone SIP/2.0\r\n"
    "Via: SIP/2.0/UDP 192.0.2.1:5070;branch=z9hG4bK1;rport, SIP/2.0/TCP [2001:db8::1]\r\n"
    "v: SIP / 2.0 / TLS a.example.com ;branch=z9hG4bKx\r\n"
    "f: \"A, <b> \\\" c\" <sip:alice@example.com>;tag=ft\r\n"
    "t: <sip:bob@example.org>\r\n"
    "i: id@192.0.2.1\r\n"
    "CSeq: 7\r\n INVITE\r\n"
    "Max-Forwards: 70\r\n"
    "m: <sip:alice@192.0.2.1:5070;transport=tcp>;expires=60, \"X\" <sip:x@y>\r\n"
    "Contact: sip:z@y;q=0.5\r\n"
    "X-Own: 1,\r\n\t2\r\n"
    "l: 4\r\n"
    "\r\n"
    "bodyrest";

static struct sip_text text(const char *t)
{
    return (struct sip_text){t, (uint32_t)strlen(t)};
}

static void assert_text(struct sip_text t, const char *want)
{
    if (!sip_text_is(t, want)) {
        fail_msg("'%.*s' is not '%s'", (int)t.size, t.at, want);
    }
}

static void a_request_is_read(void **state)
{
    struct sip_message m;

    (void)state;
    assert_int_equal(sip_parse(&m, invite, sizeof(invite) - 1), 0);
    assert_int_equal(sip_check(&m, NULL), 0);
    assert_true(m.is_request);
    assert_int_equal(m.method, SIP_INVITE);
    assert_text(m.uri, "sip:bob@example.org;user=phone");
    assert_text(m.call_id, "id@192.0.2.1");
    assert_text(m.branch, "z9hG4bK1");
    assert_text(m.from_tag, "ft");
    assert_int_equal(m.to_tag.size, 0);
    assert_int_equal(m.cseq, 7);
    assert_int_equal(m.cseq_method, SIP_INVITE);
    assert_int_equal(m.max_forwards, 70);
    assert_int_equal(m.content_length, 4);
    assert_text(m.body, "body");
    assert_int_equal(m.all.size, sizeof(invite) - 5);
    assert_text(sip_header_text(sip_find_name(&m, "x-own", NULL)), "1,\r\n\t2");
    assert_null(sip_find_name(&m, "x-none", NULL));
}

static void lists_cross_headers(void **state)
{
    static const char *const contacts[] = {"<sip:alice@192.0.2.1:5070;transport=tcp>;expires=60",
                                           "\"X\" <sip:x@y>", "sip:z@y;q=0.5"};
    struct sip_message m;
    struct sip_list l = {0};
    struct sip_text item;
    struct sip_address a;
    size_t n = 0;

    (void)state;
    assert_int_equal(sip_parse(&m, invite, sizeof(invite) - 1), 0);
    while (sip_each(&m, SIP_H_CONTACT, &l, &item) == 1) {
        assert_text(item, contacts[n++]);
    }
    assert_int_equal(n, 3);
    assert_int_equal(sip_address_parse(&a, text(contacts[0])), 0);
    assert_text(a.uri, "sip:alice@192.0.2.1:5070;transport=tcp");
    assert_int_equal(sip_param(a.params, "Expires", &item), 1);
    assert_text(item, "60");
    assert_int_equal(sip_param(a.params, "q", &item), 0);
    assert_int_equal(sip_address_parse(&a, text(contacts[2])), 0);
    assert_text(a.uri, "sip:z@y");
    assert_text(a.params, ";q=0.5");
    assert_int_equal(sip_address_parse(&a, sip_value(&m, SIP_H_FROM)), 0);
    assert_text(a.display, "A, <b> \\\" c");
}

static void vias_are_read(void **state)
{
    struct sip_message m;
    struct sip_list l = {0};
    struct sip_text item;
    struct sip_via v;

    (void)state;
    assert_int_equal(sip_parse(&m, invite, sizeof(invite) - 1), 0);
    assert_int_equal(sip_each(&m, SIP_H_VIA, &l, &item), 1);
    assert_int_equal(sip_via_parse(&v, item), 0);
    assert_text(v.transport, "UDP");
    assert_text(v.host, "192.0.2.1");
    assert_int_equal(v.port, 5070);
    assert_true(v.has_rport);
    assert_int_equal(sip_each(&m, SIP_H_VIA, &l, &item), 1);
    assert_int_equal(sip_via_parse(&v, item), 0);
    assert_text(v.host, "2001:db8::1");
    assert_true(v.is_ipv6);
    assert_int_equal(v.branch.size, 0);
    assert_int_equal(sip_each(&m, SIP_H_VIA, &l, &item), 1);
    assert_int_equal(sip_via_parse(&v, item), 0);
    assert_text(v.transport, "TLS");
    assert_text(v.branch, "z9hG4bKx");
    assert_int_equal(sip_each(&m, SIP_H_VIA, &l, &item), 0);
}

static void uris_are_read(void **state)
{
    static const char *const wrong[] = {"",         "sip",       "sip:",        "sip:@h",
                                        "sip:a@",   "sip:a b@h", "sip:h:99999", "sip:h:x",
                                        "sip:[::1", "<sip:h>",   "sip:h;;a",    "sip:h;=1",
                                        "1ip:h",    "sip:a@h>",  "sip::p@h"};
    struct sip_uri u;

    (void)state;
    assert_int_equal(
        sip_uri_parse(&u, text("sips:al%40ice;x:pw@[2001:db8::2]:5062;lr;a=b?h=v&i=w")), 0);
    assert_true(u.is_secure);
    assert_text(u.user, "al%40ice;x");
    assert_text(u.password, "pw");
    assert_text(u.host, "2001:db8::2");
    assert_int_equal(u.port, 5062);
    assert_text(u.params, ";lr;a=b");
    assert_text(u.headers, "h=v&i=w");
    assert_int_equal(sip_uri_parse(&u, text("tel:+1;phone-context=x")), 0);
    assert_text(u.user, "+1");
    for (size_t i = 0; i < sizeof(wrong) / sizeof(*wrong); i++) {
        if (sip_uri_parse(&u, text(wrong[i])) != -EBADMSG) {
            fail_msg("'%s' is taken for a URI", wrong[i]);
        }
    }
}

static void digest_fields_are_read(void **state)
{
    struct sip_digest d;

    (void)state;
    assert_int_equal(sip_digest_parse(&d, text("Digest realm=\"a,b\", nonce=\"n\\\"o\" ,\r\n "
                                               "qop=\"auth,auth-int\",algorithm=MD5, x=y")),
                     0);
    assert_text(d.scheme, "Digest");
    assert_text(d.realm, "a,b");
    assert_text(d.nonce, "n\\\"o");
    assert_text(d.qop, "auth,auth-int");
    assert_text(d.algorithm, "MD5");
    assert_null(d.opaque.at);
    assert_int_equal(sip_digest_parse(&d, text("Digest realm=\"a")), -EBADMSG);
    assert_int_equal(sip_digest_parse(&d, text("Digest realm")), -EBADMSG);
    assert_int_equal(sip_digest_parse(&d, text("Digest")), -EBADMSG);
}

static void a_response_takes_what_it_must(void **state)
{
    struct sip_message m, r;
    struct sip_writer w;
    char bytes[2048];
    int size;

    (void)state;
    assert_int_equal(sip_parse(&m, invite, sizeof(invite) - 1), 0);
    sip_write_init(&w, bytes, sizeof(bytes));
    sip_write_response(&w, &m, 180, NULL, "tt");
    sip_write_headerf(&w, SIP_H_CONTACT, "<sip:%s:%u>", "192.0.2.9", 5060U);
    size = sip_write_end(&w, "xyz", 3);
    assert_true(size > 0);
    assert_int_equal(sip_parse(&r, bytes, (size_t)size), 0);
    assert_int_equal(sip_check(&r, NULL), 0);
    assert_int_equal(r.status, 180);
    assert_text(r.reason, "Ringing");
    assert_text(r.to_tag, "tt");
    assert_text(r.branch, "z9hG4bK1");
    assert_int_equal(r.cseq_method, SIP_INVITE);
    assert_text(r.body, "xyz");
    for (size_t room = 0; room < (size_t)size; room++) {
        char *exact = malloc(room + 1);
        sip_write_init(&w, exact, room);
        sip_write_response(&w, &m, 180, NULL, "tt");
        sip_write_headerf(&w, SIP_H_CONTACT, "<sip:%s:%u>", "192.0.2.9", 5060U);
        assert_int_equal(sip_write_end(&w, "xyz", 3), -ENOBUFS);
        free(exact);
    }
}

static void a_length_is_put_in(void **state)
{
    char field[] = "    x";

    (void)state;
    assert_int_equal(sip_patch_length(field, 4, 132), 0);
    assert_string_equal(field, " 132x");
    assert_int_equal(sip_patch_length(field, 2, 132), -ERANGE);
}

/* Whatever the pieces, the same messages come out. */
static void a_stream_is_cut(void **state)
{
    static const char one[] = "\r\n\r\nBYE sip:a SIP/2.0\r\nl: 3\r\n\r\nabc";
    static const char two[] = "SIP/2.0 200 OK\nContent-Length :\n 0\n\n";
    char all[sizeof(one) + sizeof(two)];
    const size_t total = sizeof(one) + sizeof(two) - 2;

    (void)state;
    memcpy(all, one, sizeof(one));
    memcpy(all + sizeof(one) - 1, two, sizeof(two));
    for (size_t step = 1; step <= total; step++) {
        struct sip_framer f = {0};
        size_t at = 0, have = 0, found = 0;
        while (have < total) {
            size_t skip;
            int size;
            have = have + step < total ? have + step : total;
            while ((size = sip_frame(&f, all + at, have - at, 1000, &skip)) > 0) {
                at += skip;
                assert_true(strncmp(all + at, found == 0 ? "BYE" : "SIP", 3) == 0);
                at += (size_t)size;
                found++;
            }
            at += skip;
            assert_int_equal(size, 0);
        }
        assert_int_equal(found, 2);
        assert_int_equal(at, total);
    }
}

static void a_stream_has_limits(void **state)
{
    static const char none[] = "BYE sip:a SIP/2.0\r\nl: x\r\n\r\n";
    static const char large[] = "BYE sip:a SIP/2.0\r\nl: 3000\r\n\r\n";
    struct sip_framer f = {0};
    size_t skip;

    (void)state;
    assert_int_equal(sip_frame(&f, none, sizeof(none) - 1, 1000, &skip), -EBADMSG);
    f = (struct sip_framer){0};
    assert_int_equal(sip_frame(&f, large, sizeof(large) - 1, 1000, &skip), -EMSGSIZE);
    f = (struct sip_framer){0};
    assert_int_equal(sip_frame(&f, large, 20, 10, &skip), -EMSGSIZE);
}

static void faults_are_named(void **state)
{
    static const struct {
        const char *line, *reason;
        int status;
    } all[] = {{"CSeq: 1 BYE", "Bad CSeq", 400},
               {"Max-Forwards: -1", "Bad Max-Forwards", 400},
               {"To: \"x <sip:a>", "Bad To", 400},
               {"Via: nonsense", "Bad Via", 400},
               {"no header", "Bad Header Line", 400}};
    char bytes[512];

    (void)state;
    for (size_t i = 0; i < sizeof(all) / sizeof(*all); i++) {
        struct sip_message m;
        const char *reason = NULL;
        int size = snprintf(
            bytes, sizeof(bytes), "%s\r\n%s\r\n%s%s%sFrom: <sip:a>;tag=1\r\nCall-ID: x\r\n\r\n",
            "OPTIONS sip:a SIP/2.0", all[i].line, i == 0 ? "" : "CSeq: 1 OPTIONS\r\n",
            i == 2 ? "" : "To: <sip:a>\r\n", i == 3 ? "" : "Via: SIP/2.0/UDP h\r\n");
        assert_int_equal(sip_parse(&m, bytes, (size_t)size), 0);
        assert_int_equal(sip_check(&m, &reason), all[i].status);
        assert_string_equal(reason, all[i].reason);
    }
}

/* Every beginning of a message is refused or safe; nothing behind its end is read. */
static void every_beginning_is_safe(void **state)
{
    (void)state;
    for (size_t size = 0; size < sizeof(invite); size++) {
        char *exact = malloc(size + 1);
        struct sip_message m;
        memcpy(exact, invite, size);
        if (sip_parse(&m, exact, size) == 0) {
            assert_true(m.body.at + m.body.size <= exact + size);
        }
        free(exact);
    }
}

static bool is_one_of(int c, const char *set)
{
    return c != 0 && strchr(set, c) != NULL;
}

/* The table of classes against what the grammar says. */
static void bytes_have_their_classes(void **state)
{
    (void)state;
    for (int c = 0; c < 256; c++) {
        bool is_digit = c >= '0' && c <= '9';
        bool is_alpha = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
        bool is_word = is_digit || is_alpha, is_blank = is_one_of(c, " \t\r\n");

        assert_int_equal(lex_is((char)c, LEX_BLANK), is_blank);
        assert_int_equal(lex_is((char)c, LEX_DIGIT), is_digit);
        assert_int_equal(lex_is((char)c, LEX_ALPHA), is_alpha);
        assert_int_equal(lex_is((char)c, LEX_TOKEN), is_word || is_one_of(c, "-.!%*_+`'~"));
        assert_int_equal(lex_is((char)c, LEX_HOST), is_word || is_one_of(c, "-._"));
        assert_int_equal(lex_is((char)c, LEX_URI), c > ' ' && c < 0x7f && !is_one_of(c, "<>\""));
        assert_int_equal(lex_is((char)c, LEX_PARAM_VALUE), !is_blank && !is_one_of(c, ";?,\"<>"));
        assert_int_equal(lex_is((char)c, LEX_PARAM_NAME), !is_blank && !is_one_of(c, "=;\""));
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_request_is_read),       cmocka_unit_test(lists_cross_headers),
        cmocka_unit_test(vias_are_read),           cmocka_unit_test(uris_are_read),
        cmocka_unit_test(digest_fields_are_read),  cmocka_unit_test(a_response_takes_what_it_must),
        cmocka_unit_test(a_length_is_put_in),      cmocka_unit_test(a_stream_is_cut),
        cmocka_unit_test(a_stream_has_limits),     cmocka_unit_test(faults_are_named),
        cmocka_unit_test(every_beginning_is_safe), cmocka_unit_test(bytes_have_their_classes),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
