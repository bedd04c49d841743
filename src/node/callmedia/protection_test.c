/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * Two ends that agree on keys by their descriptions, and packets between them.
 */
#include "base/test.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "node/callmedia/protection.h"

enum { SIZE = 100 };
#define ONE "inline:d0RmcVZ0NlNIR1d2cUVmR0FxWjdNZTZTVGZzUmhR"
#define TWO "inline:V2RmcVZ0NlNIR1d2cUVmR0FxWjdNZTZTVGZzUmhR"
#define SHA80 "AES_CM_128_HMAC_SHA1_80 "
#define SHA32 "AES_CM_128_HMAC_SHA1_32 "

struct ends {
    struct protection *a, *b;
};

static int note(struct protection **p, enum protection_side side, const char *profile,
                const char *lines)
{
    char text[1000];
    struct sdp d;
    int size = snprintf(text, sizeof(text),
                        "v=0\r\no=- 1 1 IN IP4 192.0.2.1\r\ns=-\r\nt=0 0\r\n"
                        "m=audio 9 %s 0\r\n%s",
                        profile, lines);

    assert_int_equal(sdp_parse(&d, text, (size_t)size), 0);
    return protection_note(p, side, &d.media[0]);
}

/* a offers, b answers. The result is a's. */
static int negotiate(struct ends *e, const char *offer, const char *answer)
{
    int result = note(&e->a, PROTECTION_OWN, "RTP/SAVP", offer);

    assert_int_equal(result, 0);
    result = note(&e->b, PROTECTION_PEER, "RTP/SAVP", offer);
    if (result == 0) {
        result = note(&e->b, PROTECTION_OWN, "RTP/SAVP", answer);
        assert_int_equal(note(&e->a, PROTECTION_PEER, "RTP/SAVP", answer), result);
    }
    return result;
}

static void forget(struct ends *e)
{
    protection_destroy(e->a);
    protection_destroy(e->b);
    *e = (struct ends){NULL, NULL};
}

static void make(uint8_t *packet, uint8_t number)
{
    memset(packet, 0x55, SIZE);
    memcpy(packet, ((const uint8_t[]){0x80, 0, 0, number, 0, 0, 0, 1, 0, 0, 0, 9}), 12);
}

static void pass(struct protection *from, struct protection *to, uint8_t number)
{
    uint8_t packet[SIZE + SECURE_RTP_TRAILER_MAX], clear[SIZE];
    uint32_t size = SIZE;

    make(packet, number);
    make(clear, number);
    assert_int_equal(protection_protect(from, SECURE_RTP_MEDIA, packet, &size), 0);
    assert_true(size > SIZE);
    assert_memory_not_equal(packet + 12, clear + 12, SIZE - 12);
    assert_int_equal(protection_open(to, SECURE_RTP_MEDIA, packet, &size), 0);
    assert_int_equal(size, SIZE);
    assert_memory_equal(packet, clear, SIZE);
}

static void each_end_has_its_own_key(void **state)
{
    uint8_t packet[SIZE + SECURE_RTP_TRAILER_MAX];
    struct ends e = {NULL, NULL};
    uint32_t size = SIZE;

    (void)state;
    assert_false(protection_is_on(NULL));
    assert_int_equal(negotiate(&e, "a=crypto:1 " SHA80 ONE "|2^20\r\na=crypto:2 " SHA32 ONE "\r\n",
                               "a=crypto:2 " SHA32 TWO "\r\n"),
                     0);
    assert_true(protection_is_on(e.a) && protection_is_on(e.b));
    pass(e.a, e.b, 1);
    pass(e.b, e.a, 1);
    make(packet, 2);
    assert_int_equal(protection_protect(e.a, SECURE_RTP_MEDIA, packet, &size), 0);
    assert_true(protection_open(e.a, SECURE_RTP_MEDIA, packet, &size) < 0); /* not its own */
    /* Said again, nothing begins anew: what came before is known. */
    assert_int_equal(protection_open(e.b, SECURE_RTP_MEDIA, packet, &size), 0);
    assert_int_equal(note(&e.b, PROTECTION_PEER, "RTP/SAVP", "a=crypto:2 " SHA32 ONE "\r\n"), 0);
    size = SIZE;
    make(packet, 1);
    assert_true(protection_protect(e.a, SECURE_RTP_MEDIA, packet, &size) < 0 ||
                protection_open(e.b, SECURE_RTP_MEDIA, packet, &size) == -EEXIST);
    forget(&e);
}

static void without_a_key_nothing_passes(void **state)
{
    static const char *const useless[] = {
        "", "a=crypto:1 F8_128_HMAC_SHA1_80 " ONE "\r\n", "a=crypto:1 " SHA80 "inline:c2hvcnQ=\r\n",
        "a=crypto:1 " SHA80 ONE "|2^20|1:4\r\n", "a=crypto:1 " SHA80 ONE " UNENCRYPTED_SRTP\r\n"};
    uint8_t packet[SIZE + SECURE_RTP_TRAILER_MAX];
    struct ends e = {NULL, NULL};
    uint32_t size = SIZE;

    (void)state;
    for (size_t i = 0; i < sizeof(useless) / sizeof(useless[0]); i++) {
        assert_int_equal(negotiate(&e, useless[i], "a=crypto:1 " SHA80 TWO "\r\n"), -ENOKEY);
        forget(&e);
    }
    assert_int_equal(negotiate(&e, "a=crypto:1 " SHA80 ONE "\r\n", "a=crypto:2 " SHA80 TWO "\r\n"),
                     -ENOKEY);
    make(packet, 1);
    assert_int_equal(protection_protect(e.a, SECURE_RTP_MEDIA, packet, &size), -ENOKEY);
    assert_int_equal(protection_open(e.a, SECURE_RTP_MEDIA, packet, &size), -ENOKEY);
    /* Who offers protection does not go without. */
    assert_int_equal(note(&e.a, PROTECTION_PEER, "RTP/AVP", ""), -ENOKEY);
    assert_true(protection_is_on(e.a));
    assert_int_equal(note(&e.a, PROTECTION_OWN, "RTP/AVP", ""), 0);
    assert_false(protection_is_on(e.a));
    forget(&e);
}

static void words_make_a_line(void **state)
{
    struct ends e = {NULL, NULL};
    struct rand_state random;
    char tag[8], suite[40], key[PROTECTION_KEY_TEXT_MAX], again[PROTECTION_KEY_TEXT_MAX], line[200];

    (void)state;
    rand_init(&random, 7);
    assert_int_equal(protection_word("cryptotag2audio", random, tag, sizeof(tag)), 1);
    assert_true(protection_word("cryptosuiteaescm128sha1322audio", random, suite, sizeof(suite)) >
                0);
    assert_int_equal(protection_word("cryptokeyparams2audio", random, key, sizeof(key)), 40);
    assert_int_equal(protection_word("cryptokeyparams2audio", random, again, sizeof(again)), 40);
    assert_string_equal(key, again);
    assert_int_equal(protection_word("cryptosuitenullsha1801audio", random, key, sizeof(key)),
                     -ENOTSUP);
    snprintf(line, sizeof(line), "a=crypto:%s %s inline:%s\r\n", tag, suite, again);
    assert_string_equal(suite, "AES_CM_128_HMAC_SHA1_32");
    assert_int_equal(negotiate(&e, line, "a=crypto:2 " SHA32 TWO "\r\n"), 0);
    pass(e.a, e.b, 1);
    forget(&e);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(each_end_has_its_own_key),
        cmocka_unit_test(without_a_key_nothing_passes),
        cmocka_unit_test(words_make_a_line),
    };
    struct err e = {0};

    return secure_rtp_supported(&e) < 0 ? 77 : cmocka_run_group_tests(tests, NULL, NULL);
}
