/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * milenage: TS 35.206 §4.1. Each output is AES of the challenge, turned by r bits and marked with
 * the constant c, with OPc added before and after.
 */
#include "node/proto/milenage.h"

#include <errno.h>
#include <string.h>

#include "node/proto/digest.h"

static void add(uint8_t *to, const uint8_t *by, size_t size)
{
    for (size_t i = 0; i < size; i++) {
        to[i] ^= by[i];
    }
}

/* TEMP = E[RAND xor OPc] */
static void make_temp(const struct milenage_key *key, const uint8_t rand[16], uint8_t ret[16])
{
    memcpy(ret, rand, 16);
    add(ret, key->opc, 16);
    digest_aes128(key->k, ret, ret);
}

/* E[rot(value xor OPc, r) xor c xor extra] xor OPc; r is a multiple of 8 in all of them. */
static void output(const struct milenage_key *key, const uint8_t value[16], unsigned r_bytes,
                   uint8_t c, const uint8_t *extra, uint8_t ret[16])
{
    uint8_t turned[16];

    for (unsigned i = 0; i < 16; i++) {
        unsigned from = (i + r_bytes) % 16;
        turned[i] = value[from] ^ key->opc[from];
    }
    turned[15] ^= c;
    if (extra != NULL) {
        add(turned, extra, 16);
    }
    digest_aes128(key->k, turned, ret);
    add(ret, key->opc, 16);
}

void milenage_opc(const uint8_t k[16], const uint8_t op[16], uint8_t ret_opc[16])
{
    digest_aes128(k, op, ret_opc);
    add(ret_opc, op, 16);
}

void milenage_f1(const struct milenage_key *key, const uint8_t rand[16], const uint8_t sqn[6],
                 const uint8_t amf[2], uint8_t ret_mac[8])
{
    uint8_t temp[16], in1[16], out[16];

    make_temp(key, rand, temp);
    memcpy(in1, sqn, 6);
    memcpy(in1 + 6, amf, 2);
    memcpy(in1 + 8, in1, 8);
    output(key, in1, 8, 0, temp, out); /* c1 = 0, r1 = 64 */
    memcpy(ret_mac, out, 8);
}

void milenage_f2345(const struct milenage_key *key, const uint8_t rand[16],
                    struct milenage_answer *ret)
{
    uint8_t temp[16], out[16];

    make_temp(key, rand, temp);
    output(key, temp, 0, 1, NULL, out); /* c2 = 1, r2 = 0 */
    memcpy(ret->ak, out, 6);
    memcpy(ret->res, out + 8, 8);
    output(key, temp, 4, 2, NULL, ret->ck); /* c3 = 2, r3 = 32 */
    output(key, temp, 8, 4, NULL, ret->ik); /* c4 = 4, r4 = 64 */
}

void milenage_autn(const struct milenage_key *key, const uint8_t rand[16], const uint8_t sqn[6],
                   const uint8_t amf[2], uint8_t ret_autn[16])
{
    struct milenage_answer a;

    milenage_f2345(key, rand, &a);
    memcpy(ret_autn, sqn, 6);
    add(ret_autn, a.ak, 6);
    memcpy(ret_autn + 6, amf, 2);
    milenage_f1(key, rand, sqn, amf, ret_autn + 8);
}

int milenage_check(const struct milenage_key *key, const uint8_t rand[16], const uint8_t autn[16],
                   struct milenage_answer *ret, uint8_t ret_sqn[6])
{
    struct milenage_answer a;
    uint8_t sqn[6], mac[8];

    milenage_f2345(key, rand, &a);
    memcpy(sqn, autn, 6);
    add(sqn, a.ak, 6);
    milenage_f1(key, rand, sqn, autn + 6, mac);
    if (memcmp(mac, autn + 8, 8) != 0) {
        return -EACCES;
    }
    *ret = a;
    memcpy(ret_sqn, sqn, 6);
    return 0;
}
