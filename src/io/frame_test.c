/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * Headers as the standards draw them, back and forth; lengths that lie are refused.
 */
#include "base/test.h"

#include <arpa/inet.h>
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "io/addr.h"
#include "io/frame.h"

static const struct frame_route plain = {.from_mac = {2, 0, 0, 0, 0, 1},
                                         .to_mac = {2, 0, 0, 0, 0, 2},
                                         .vlan = FRAME_NO_VLAN,
                                         .dscp = 46};

static uint32_t write(uint8_t *data, const struct frame_route *r, const char *from, const char *to,
                      const char *text)
{
    struct sockaddr_storage f, t;
    uint32_t size = (uint32_t)strlen(text);

    assert_int_equal(addr_parse(&f, from), 0);
    assert_int_equal(addr_parse(&t, to), 0);
    memcpy(data + frame_headers_size(r, t.ss_family), text, size);
    return frame_write_udp(data, size, r, (const void *)&f, (const void *)&t);
}

static void expect(const uint8_t *data, uint32_t size, const char *from, const char *to,
                   const char *text)
{
    struct frame_udp u;
    char buffer[ADDR_TEXT_MAX];

    assert_int_equal(frame_read_udp(data, size, &u), 0);
    assert_int_equal(u.size, strlen(text));
    assert_memory_equal(u.payload, text, u.size);
    assert_string_equal(addr_format(&u.from, buffer, sizeof(buffer)), from);
    assert_string_equal(addr_format(&u.to, buffer, sizeof(buffer)), to);
}

/* The example of RFC 1071 §3. */
static void checksum_of_the_standard(void **state)
{
    static const uint8_t words[] = {0x00, 0x01, 0xf2, 0x03, 0xf4, 0xf5, 0xf6, 0xf7};
    static const uint8_t want[] = {(uint8_t)~0xdd, (uint8_t)~0xf2};
    uint16_t sum = frame_checksum_fold(frame_checksum_add(0, words, sizeof(words)));

    (void)state;
    assert_memory_equal(&sum, want, 2);
}

static void ip4(void **state)
{
    uint8_t data[256];
    uint32_t size = write(data, &plain, "10.0.0.1:4000", "10.0.0.2:5000", "hello");
    static const uint8_t link[] = {2, 0, 0, 0, 0, 2, 2, 0, 0, 0, 0, 1, 8, 0};

    (void)state;
    assert_int_equal(size, 14 + 20 + 8 + 5);
    assert_memory_equal(data, link, sizeof(link));
    assert_int_equal(data[14], 0x45);
    assert_int_equal(data[15], 46 << 2);
    assert_int_equal(data[22], 64);
    assert_int_equal(frame_checksum_fold(frame_checksum_add(0, data + 14, 20)), 0);
    expect(data, size, "10.0.0.1:4000", "10.0.0.2:5000", "hello");
    expect(data, size + 9, "10.0.0.1:4000", "10.0.0.2:5000", "hello"); /* padded by a driver */
}

/* The pseudo header of RFC 768: all of it, with what was computed, sums to nothing. */
static void udp_checksum(void **state)
{
    uint8_t data[256];
    uint32_t size = write(data, &plain, "10.0.0.1:4000", "10.0.0.2:5000", "hell");
    const uint8_t pseudo[] = {0, 17, 0, 12};
    uint64_t sum = frame_checksum_add(0, data + 26, 8);

    (void)state;
    sum = frame_checksum_add(sum, pseudo, sizeof(pseudo));
    assert_int_equal(frame_checksum_fold(frame_checksum_add(sum, data + 34, size - 34)), 0);
    data[45] ^= 1;
    assert_int_not_equal(frame_checksum_fold(frame_checksum_add(sum, data + 34, size - 34)), 0);
}

static void ip6_with_a_tag(void **state)
{
    struct frame_route tagged = plain;
    uint8_t data[256];
    uint32_t size;
    static const uint8_t tag[] = {0x81, 0, 0xa0 | 0x0f, 0xa0, 0x86, 0xdd};

    (void)state;
    tagged.vlan = 4000;
    tagged.priority = 5;
    size = write(data, &tagged, "[fd00::1]:4000", "[fd00::2]:5000", "hello");
    assert_int_equal(size, 14 + 4 + 40 + 8 + 5);
    assert_memory_equal(data + 12, tag, sizeof(tag));
    assert_int_equal(data[18], 0x60 | 46 >> 2);
    assert_int_equal(data[19], (46 & 3) << 6);
    expect(data, size, "[fd00::1]:4000", "[fd00::2]:5000", "hello");
}

/* RFC 768 and RFC 8200 §8.1: the pseudo header and all behind it sum to nothing. */
static void expect_checksum(const uint8_t *ip, uint32_t size, size_t addresses_at)
{
    const uint8_t pseudo[] = {0, 17, (uint8_t)(size >> 8), (uint8_t)size};
    const size_t addresses = addresses_at == 8 ? 32 : 8;
    uint64_t sum = frame_checksum_add(0, ip + addresses_at, addresses);

    sum = frame_checksum_add(sum, pseudo, sizeof(pseudo));
    sum = frame_checksum_add(sum, ip + addresses_at + addresses, size);
    assert_int_equal(frame_checksum_fold(sum), 0);
}

static void prepare(struct frame_template *t, const struct frame_route *r, const char *from,
                    const char *to, uint32_t size)
{
    struct sockaddr_storage f, g;

    assert_int_equal(addr_parse(&f, from), 0);
    assert_int_equal(addr_parse(&g, to), 0);
    frame_prepare_udp(t, size, r, (const void *)&f, (const void *)&g);
}

/* One template for frames with other ports and payloads, copied or in place. */
static void many_of_a_kind(void **state)
{
    struct frame_template t;
    uint8_t data[256], same[256];
    uint32_t size;

    (void)state;
    prepare(&t, &plain, "10.0.0.1:1", "10.0.0.2:2", 5);
    size = frame_write_like(data, &t, htons(4000), htons(5000), "hello");
    expect(data, size, "10.0.0.1:4000", "10.0.0.2:5000", "hello");
    expect_checksum(data + 14, 8 + 5, 12);
    size = frame_write_like(data, &t, htons(4002), htons(65535), "world");
    expect(data, size, "10.0.0.1:4002", "10.0.0.2:65535", "world");
    expect_checksum(data + 14, 8 + 5, 12);

    memset(same, 0xee, sizeof(same));
    memcpy(same + t.headers_size, "world", 5);
    assert_int_equal(frame_write_like(same, &t, htons(4002), htons(65535), same + t.headers_size),
                     size);
    assert_memory_equal(same, data, size);
    assert_int_equal(same[size], 0xee);
}

static void many_of_a_kind_with_ip6_and_a_tag(void **state)
{
    struct frame_route tagged = plain;
    struct frame_template t;
    uint8_t data[256];
    uint32_t size;

    (void)state;
    tagged.vlan = 4000;
    prepare(&t, &tagged, "[fd00::1]:1", "[fd00::2]:2", 7);
    for (uint32_t port = 1; port < 65536; port = 3 * port + 1) {
        char to[ADDR_TEXT_MAX];
        snprintf(to, sizeof(to), "[fd00::2]:%u", port);
        size = frame_write_like(data, &t, htons(4000), htons((uint16_t)port), "goodbye");
        expect(data, size, "[fd00::1]:4000", to, "goodbye");
        expect_checksum(data + 18, 8 + 7, 8);
    }
}

static void lengths_that_lie(void **state)
{
    uint8_t data[256], bad[256];
    uint32_t size = write(data, &plain, "10.0.0.1:4000", "10.0.0.2:5000", "hello");
    struct frame_udp u;

    (void)state;
    for (uint32_t n = 0; n < size; n++) {
        assert_int_equal(frame_read_udp(data, n, &u), -EBADMSG);
    }
    for (unsigned at = 14; at < 34; at++) { /* any changed octet of the IP header is seen */
        memcpy(bad, data, sizeof(bad));
        bad[at] ^= 0x10;
        assert_true(frame_read_udp(bad, size, &u) < 0);
    }
    memcpy(bad, data, sizeof(bad));
    bad[39] = 200; /* UDP's own */
    assert_int_equal(frame_read_udp(bad, size, &u), -EBADMSG);
    bad[39] = 7;
    assert_int_equal(frame_read_udp(bad, size, &u), -EBADMSG);
    memcpy(bad, data, sizeof(bad));
    bad[13] = 6; /* ARP */
    assert_int_equal(frame_read_udp(bad, size, &u), -EPROTONOSUPPORT);
    size = write(data, &plain, "[fd00::1]:4000", "[fd00::2]:5000", "hello");
    for (uint32_t n = 0; n < size; n++) {
        assert_int_equal(frame_read_udp(data, n, &u), -EBADMSG);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(checksum_of_the_standard),
        cmocka_unit_test(ip4),
        cmocka_unit_test(udp_checksum),
        cmocka_unit_test(ip6_with_a_tag),
        cmocka_unit_test(many_of_a_kind),
        cmocka_unit_test(many_of_a_kind_with_ip6_and_a_tag),
        cmocka_unit_test(lengths_that_lie),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
