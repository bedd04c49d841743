/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "node/proto/sip_auth.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "base/test.h"

static struct sip_text text(const char *t)
{
    return (struct sip_text){t, (uint32_t)strlen(t)};
}

static struct sip_digest parse(const char *value)
{
    struct sip_digest d;
    assert_int_equal(sip_digest_parse(&d, text(value)), 0);
    return d;
}

static void assert_text(struct sip_text t, const char *want)
{
    if (!sip_text_is(t, want)) {
        fail_msg("'%.*s' is not '%s'", (int)t.size, t.at, want);
    }
}

/* RFC 7616 §3.9.1, and the example of RFC 2617 §3.5. */
static void responses_are_those_of_the_standard(void **state)
{
    static const struct {
        const char *challenge, *password, *cnonce, *response;
    } all[] = {
        {"Digest realm=\"testrealm@host.com\", qop=\"auth,auth-int\", "
         "nonce=\"dcd98b7102dd2f0e8b11d0f600bfb0c093\", "
         "opaque=\"5ccc069c403ebaf9f0171e9517f40e41\"",
         "Circle Of Life", "0a4f113b", "6629fae49393a05397450978507c4ef1"},
        {"Digest realm=\"http-auth@example.org\", qop=\"auth, auth-int\", algorithm=MD5, "
         "nonce=\"7ypf/xlj9XXwfDPEoM4URrv/xwf94BcCAzFZH4GiTo0v\"",
         "Circle of Life", "f2/wE4q74E6zIJEtWaHKaf5wv/H5QzzpXusqGemxURZJ",
         "8ca523f5e9506fed4657c9700eebdbec"},
        {"Digest realm=\"http-auth@example.org\", qop=\"auth, auth-int\", algorithm=SHA-256, "
         "nonce=\"7ypf/xlj9XXwfDPEoM4URrv/xwf94BcCAzFZH4GiTo0v\"",
         "Circle of Life", "f2/wE4q74E6zIJEtWaHKaf5wv/H5QzzpXusqGemxURZJ",
         "753927fa0e85d155564e2e272a28d1802ca10daf4496794697cf8db5856cb6c1"},
    };
    struct sip_auth_request r = {text("GET"), text("/dir/index.html"), {NULL, 0}, 1, NULL};

    (void)state;
    for (size_t i = 0; i < sizeof(all) / sizeof(*all); i++) {
        struct sip_auth_user u = {text("Mufasa"), text(all[i].password), NULL};
        struct sip_digest c = parse(all[i].challenge), answer;
        char value[1024];
        r.cnonce = all[i].cnonce;
        assert_true(sip_auth_answer(&c, &u, &r, value, sizeof(value)) > 0);
        answer = parse(value);
        assert_text(answer.response, all[i].response);
        assert_text(answer.qop, "auth");
        assert_text(answer.nc, "00000001");
        assert_true(sip_text_equals(answer.opaque, c.opaque));
    }
}

static const char *const qops[] = {NULL, "auth", "auth-int", "auth-int,auth"};

/* What one side writes the other accepts, and nothing else. */
static void both_sides_agree(void **state)
{
    static const struct milenage_key aka = {{1, 2, 3}, {4, 5, 6}};
    static const uint8_t rand[16] = {7}, sqn[6] = {8}, amf[2] = {0x80, 0};
    const struct sip_auth_user right = {text("alice"), text("secret"), &aka};
    const struct milenage_key other_card = {{9}, {9}};
    const struct sip_auth_user wrong = {text("alice"), text("other"), &other_card};
    const struct sip_auth_request r = {text("INVITE"), text("sip:b@h"), text("body"), 26, "cn"};
    const struct sip_auth_request other = {text("BYE"), text("sip:b@h"), text("body"), 26, "cn"};
    const struct sip_auth_request body = {text("INVITE"), text("sip:b@h"), text("Body"), 26, "cn"};

    (void)state;
    for (enum sip_auth_algorithm a = SIP_AUTH_MD5; a <= SIP_AUTH_AKAV1_MD5; a++) {
        for (size_t q = 0; q < sizeof(qops) / sizeof(*qops); q++) {
            char nonce[SIP_AUTH_NONCE_MAX] = "n", offered[256], value[512];
            struct sip_digest c;
            if (a == SIP_AUTH_AKAV1_MD5) {
                sip_auth_make_aka_nonce(&aka, rand, sqn, amf, nonce);
            }
            assert_true(sip_auth_challenge(&(struct sip_auth_offer){a, "r", nonce, qops[q], false},
                                           offered, sizeof(offered)) > 0);
            c = parse(offered);
            assert_int_equal(sip_auth_algorithm(&c), a);
            assert_true(sip_auth_answer(&c, &right, &r, value, sizeof(value)) > 0);
            c = parse(value);
            assert_int_equal(sip_auth_verify(&c, &right, &r), 0);
            assert_int_equal(sip_auth_verify(&c, &wrong, &r), -EACCES);
            assert_int_equal(sip_auth_verify(&c, &right, &other), -EACCES);
            assert_int_equal(sip_auth_verify(&c, &right, &body), q == 2 ? -EACCES : 0);
        }
    }
}

static void what_cannot_be_answered_is_said(void **state)
{
    const struct sip_auth_user u = {text("a"), text("p"), NULL};
    const struct sip_auth_user quote = {text("a\"b"), text("p"), NULL};
    const struct sip_auth_request r = {text("INVITE"), text("sip:b@h"), {NULL, 0}, 1, "c"};
    const struct milenage_key card = {{1}, {1}};
    const struct sip_auth_user with_card = {text("a"), text("p"), &card};
    struct sip_digest c;
    char value[512];

    (void)state;
    c = parse("NTLM realm=\"r\", nonce=\"n\"");
    assert_int_equal(sip_auth_answer(&c, &u, &r, value, sizeof(value)), -ENOTSUP);
    c = parse("Digest realm=\"r\", nonce=\"n\", algorithm=SHA-1");
    assert_int_equal(sip_auth_answer(&c, &u, &r, value, sizeof(value)), -ENOTSUP);
    c = parse("Digest realm=\"r\", nonce=\"n\", qop=\"other\"");
    assert_int_equal(sip_auth_answer(&c, &u, &r, value, sizeof(value)), -ENOTSUP);
    c = parse("Digest realm=\"r\"");
    assert_int_equal(sip_auth_answer(&c, &u, &r, value, sizeof(value)), -EBADMSG);
    c = parse("Digest realm=\"r\", nonce=\"bm9uY2U=\", algorithm=AKAv1-MD5");
    assert_int_equal(sip_auth_answer(&c, &u, &r, value, sizeof(value)), -ENOTSUP);
    assert_int_equal(sip_auth_answer(&c, &with_card, &r, value, sizeof(value)), -EBADMSG);
    c = parse("Digest realm=\"r\", nonce=\"n\"");
    assert_int_equal(sip_auth_answer(&c, &quote, &r, value, sizeof(value)), -EINVAL);
    assert_int_equal(sip_auth_answer(&c, &u, &r, value, 50), -ENOBUFS);
    c = parse("Digest username=\"a\", realm=\"r\", nonce=\"n\"");
    assert_int_equal(sip_auth_verify(&c, &u, &r), -EBADMSG);
}

static void nonces_age(void **state)
{
    const uint8_t secret[SIP_AUTH_SECRET_SIZE] = {1}, other[SIP_AUTH_SECRET_SIZE] = {2};
    char nonce[SIP_AUTH_NONCE_MAX];

    (void)state;
    sip_auth_make_nonce(secret, 1000, nonce);
    assert_int_equal(sip_auth_nonce_age_s(secret, text(nonce), 1000), 0);
    assert_int_equal(sip_auth_nonce_age_s(secret, text(nonce), 1060), 60);
    assert_int_equal(sip_auth_nonce_age_s(secret, text(nonce), 999), -EACCES);
    assert_int_equal(sip_auth_nonce_age_s(other, text(nonce), 1000), -EACCES);
    assert_int_equal(sip_auth_nonce_age_s(secret, text("short"), 1000), -EACCES);
    nonce[14] = 'f';
    assert_int_equal(sip_auth_nonce_age_s(secret, text(nonce), UINT64_C(1) << 40), -EACCES);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(responses_are_those_of_the_standard),
        cmocka_unit_test(both_sides_agree),
        cmocka_unit_test(what_cannot_be_answered_is_said),
        cmocka_unit_test(nonces_age),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
