/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "base/test.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/clock.h"
#include "node/pcap/capture.h"

enum { ETHERNET = 1, RAW = 101, COOKED = 113 };

static char path[] = "/tmp/vaperf-capture-XXXXXX";
static FILE *file;

static void put32(uint32_t value)
{
    assert_int_equal(fwrite(&value, 4, 1, file), 1);
}

static void begin_file(uint32_t link)
{
    memcpy(path + sizeof(path) - 7, "XXXXXX", 6);
    file = fdopen(mkstemp(path), "w");
    assert_non_null(file);
    put32(0xa1b2c3d4);
    put32(4 << 16 | 2);
    put32(0);
    put32(0);
    put32(65535);
    put32(link);
}

/* `cut` bytes of it are missing in the file. */
static void put_packet(uint64_t at_us, const void *link, size_t link_size, const uint8_t *ip,
                       size_t size, size_t cut)
{
    put32((uint32_t)(at_us / 1000000));
    put32((uint32_t)(at_us % 1000000));
    put32((uint32_t)(link_size + size - cut));
    put32((uint32_t)(link_size + size));
    (void)fwrite(link, 1, link_size, file);
    (void)fwrite(ip, 1, size - cut, file);
}

static int end_file(struct capture *ret)
{
    struct err e = {0};
    int result;

    (void)fclose(file);
    result = capture_load(ret, path, &e);
    (void)unlink(path);
    assert_true(result == 0 || strstr(e.text, path) != NULL);
    return result;
}

/* Ports 4000 to 4002, three octets. */
static const uint8_t ip4[31] = {0x45, 0,    0, 31, 0, 0, 0,   0,   64, 17,   0,
                                0,    1,    2, 3,  4, 5, 6,   7,   8,  0x0f, 0xa0,
                                0x0f, 0xa2, 0, 11, 0, 0, 'a', 'b', 'c'};
static const uint8_t ether[14] = {[12] = 8, [13] = 0};
static const uint8_t vlan[18] = {[12] = 0x81, [13] = 0, [16] = 8, [17] = 0};

static void datagrams_come_with_their_times(void **state)
{
    struct capture c;

    (void)state;
    begin_file(ETHERNET);
    put_packet(5000000, ether, sizeof(ether), ip4, sizeof(ip4), 0);
    put_packet(5020000, vlan, sizeof(vlan), ip4, sizeof(ip4), 0);
    put_packet(5010000, ether, sizeof(ether), ip4, sizeof(ip4), 0); /* a clock stepped back */
    assert_int_equal(end_file(&c), 0);
    assert_int_equal(c.count, 3);
    assert_int_equal(c.datagrams[1].after_ns, 20 * NS_PER_MS);
    assert_int_equal(c.datagrams[2].after_ns, 20 * NS_PER_MS);
    assert_int_equal(c.datagrams[2].source_port, 4000);
    assert_int_equal(c.datagrams[2].port, 4002);
    assert_int_equal(c.datagrams[2].size, 3);
    assert_memory_equal(c.bytes + c.datagrams[2].at, "abc", 3);
    capture_finish(&c);
}

static void other_links_are_known(void **state)
{
    static const uint8_t cooked[16] = {[14] = 8, [15] = 0};
    uint8_t ip6[48 + 2] = {
        0x60, [5] = 10, [6] = 17, [40] = 1, [42] = 2, [45] = 10, [48] = 'x', 'y'};
    struct capture c;

    (void)state;
    begin_file(COOKED);
    put_packet(1, cooked, sizeof(cooked), ip4, sizeof(ip4), 0);
    assert_int_equal(end_file(&c), 0);
    assert_int_equal(c.count, 1);
    capture_finish(&c);
    begin_file(RAW);
    put_packet(1, "", 0, ip6, sizeof(ip6), 0);
    assert_int_equal(end_file(&c), 0);
    assert_int_equal(c.datagrams[0].source_port, 256);
    assert_int_equal(c.datagrams[0].size, 2);
    capture_finish(&c);
}

/* Every packet of these is left out, and the one good one is played. */
static void what_is_no_whole_datagram_is_left_out(void **state)
{
    static const size_t at[] = {0, 0, 3, 6, 9, 25, 25};
    static const uint8_t value[] = {0x65, 0x44, 40, 0x20, 6, 4, 200};
    struct capture c;

    (void)state;
    begin_file(ETHERNET);
    for (size_t i = 0; i < sizeof(at) / sizeof(at[0]); i++) {
        uint8_t bad[sizeof(ip4)];
        memcpy(bad, ip4, sizeof(bad));
        bad[at[i]] = value[i];
        put_packet(i, ether, sizeof(ether), bad, sizeof(bad), 0);
    }
    for (size_t cut = 1; cut <= sizeof(ip4); cut++) {
        put_packet(cut, ether, sizeof(ether), ip4, sizeof(ip4), cut);
    }
    put_packet(99, ether, sizeof(ether), ip4, sizeof(ip4), 0);
    assert_int_equal(end_file(&c), 0);
    assert_int_equal(c.count, 1);
    assert_int_equal(c.left_out, sizeof(at) / sizeof(at[0]) + sizeof(ip4));
    capture_finish(&c);
}

static void bad_files_are_refused_by_name(void **state)
{
    struct capture c;
    struct err e = {0};

    (void)state;
    begin_file(ETHERNET);
    assert_int_equal(end_file(&c), -EBADMSG); /* empty */
    begin_file(ETHERNET);
    put_packet(1, ether, sizeof(ether), ip4, sizeof(ip4), 0);
    put32(1); /* half a header */
    assert_int_equal(end_file(&c), -EBADMSG);
    assert_int_equal(capture_load(&c, "/nowhere.pcap", &e), -ENOENT);
    assert_non_null(strstr(e.text, "/nowhere.pcap"));
    assert_int_equal(capture_load(&c, "src/node/pcap/capture.h", &e), -EBADMSG);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(datagrams_come_with_their_times),
        cmocka_unit_test(other_links_are_known),
        cmocka_unit_test(what_is_no_whole_datagram_is_left_out),
        cmocka_unit_test(bad_files_are_refused_by_name),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
