/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * link: the loopback is always there; packet's filter by hand.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <errno.h>
#include <stdbool.h>
#include <string.h>

#include "io/link.h"
#include "io/packet.h"

static void loopback_is_found(void **state)
{
    struct link_info by_name, by_address;
    struct err e = {0};

    (void)state;
    assert_int_equal(link_find(&by_name, "lo", &e), 0);
    assert_int_equal(link_find(&by_address, "127.0.0.1", &e), 0);
    assert_int_equal(by_name.index, by_address.index);
    assert_true(by_name.mtu_bytes > 0);
    assert_int_equal(link_find(&by_name, "nowhere9", &e), -ENODEV);
    assert_non_null(strstr(e.text, "'nowhere9' is no interface here"));
    assert_non_null(strstr(e.text, "(there is "));
    assert_null(strstr(e.text, "(there is )")); /* a list, cut when there are many */
}

/* The few instructions that the filter is made of. */
static bool is_taken(const struct sock_filter *code, const uint8_t *frame)
{
    uint32_t a = 0;

    for (unsigned at = 0; at < PACKET_FILTER_MAX; at++) {
        const struct sock_filter *i = &code[at];
        if (i->code == (BPF_RET | BPF_K)) {
            return i->k != 0;
        } else if (i->code == (BPF_LD | BPF_H | BPF_ABS)) {
            a = (uint32_t)frame[i->k] << 8 | frame[i->k + 1];
        } else if (i->code == (BPF_LD | BPF_B | BPF_ABS)) {
            a = frame[i->k];
        } else if (i->code == (BPF_JMP | BPF_JEQ | BPF_K)) {
            at += a == i->k ? i->jt : i->jf;
        } else if (i->code == (BPF_JMP | BPF_JSET | BPF_K)) {
            at += (a & i->k) != 0 ? i->jt : i->jf;
        } else {
            fail_msg("an instruction of another kind");
        }
    }
    return false;
}

static void the_filter_takes_its_port_alone(void **state)
{
    struct sock_filter code[PACKET_FILTER_MAX];
    uint8_t v4[64] = {[12] = 8, [20] = 0x40, [23] = 17, [36] = 0x9c, [37] = 0x40};
    uint8_t v6[64] = {[12] = 0x86, [13] = 0xdd, [20] = 17, [56] = 0x9c, [57] = 0x40};

    (void)state;
    assert_in_range(packet_filter(code, 40000), 1, PACKET_FILTER_MAX);
    assert_true(is_taken(code, v4));
    assert_true(is_taken(code, v6));
    v4[37]++; /* another port */
    v6[20] = 6;
    assert_false(is_taken(code, v4));
    assert_false(is_taken(code, v6));
    v4[37]--;
    v4[21] = 1; /* a later fragment */
    assert_false(is_taken(code, v4));
    v4[21] = 0;
    v4[13] = 6; /* ARP */
    assert_false(is_taken(code, v4));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(loopback_is_found),
        cmocka_unit_test(the_filter_takes_its_port_alone),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
