/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * The figures are 3GPP TS 35.208 §4, test set 1.
 */
#include "node/proto/milenage.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "base/test.h"

static void from_hex(const char *text, uint8_t *ret)
{
    unsigned v;
    for (size_t i = 0; sscanf(text + 2 * i, "%2x", &v) == 1; i++) {
        ret[i] = (uint8_t)v;
    }
}

static void assert_hex(const uint8_t *bytes, size_t size, const char *want)
{
    uint8_t right[16];
    from_hex(want, right);
    assert_memory_equal(bytes, right, size);
}

static void the_outputs_are_those_of_the_standard(void **state)
{
    struct milenage_key key;
    struct milenage_answer a;
    uint8_t op[16], rand[16], sqn[6], amf[2], mac[8], autn[16], again[6];

    (void)state;
    from_hex("465b5ce8b199b49faa5f0a2ee238a6bc", key.k);
    from_hex("cdc202d5123e20f62b6d676ac72cb318", op);
    from_hex("23553cbe9637a89d218ae64dae47bf35", rand);
    from_hex("ff9bb4d0b607", sqn);
    from_hex("b9b9", amf);
    milenage_opc(key.k, op, key.opc);
    assert_hex(key.opc, 16, "cd63cb71954a9f4e48a5994e37a02baf");
    milenage_f1(&key, rand, sqn, amf, mac);
    assert_hex(mac, 8, "4a9ffac354dfafb3");
    milenage_f2345(&key, rand, &a);
    assert_hex(a.res, 8, "a54211d5e3ba50bf");
    assert_hex(a.ck, 16, "b40ba9a3c58b2a05bbf0d987b21bf8cb");
    assert_hex(a.ik, 16, "f769bcd751044604127672711c6d3441");
    assert_hex(a.ak, 6, "aa689c648370");
    milenage_autn(&key, rand, sqn, amf, autn);
    memset(&a, 0, sizeof(a));
    assert_int_equal(milenage_check(&key, rand, autn, &a, again), 0);
    assert_memory_equal(again, sqn, 6);
    assert_hex(a.res, 8, "a54211d5e3ba50bf");
    autn[9] ^= 1;
    assert_int_equal(milenage_check(&key, rand, autn, &a, again), -EACCES);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_outputs_are_those_of_the_standard),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
