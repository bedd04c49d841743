/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * milenage: the authentication functions of 3GPP TS 35.206, with its default constants. Pure, any
 * thread. Names are the standard's.
 */
#ifndef VAPERF_NODE_PROTO_MILENAGE_H
#define VAPERF_NODE_PROTO_MILENAGE_H

#include <stdint.h>

struct milenage_key {
    uint8_t k[16], opc[16];
};

struct milenage_answer {
    uint8_t res[8]; /* f2 */
    uint8_t ck[16]; /* f3 */
    uint8_t ik[16]; /* f4 */
    uint8_t ak[6];  /* f5 */
};

/* OPc of an operator's OP and a subscriber's K (§4.1). */
void milenage_opc(const uint8_t k[16], const uint8_t op[16], uint8_t ret_opc[16]);
/* f1: the network's MAC-A. */
void milenage_f1(const struct milenage_key *key, const uint8_t rand[16], const uint8_t sqn[6],
                 const uint8_t amf[2], uint8_t ret_mac[8]);
void milenage_f2345(const struct milenage_key *key, const uint8_t rand[16],
                    struct milenage_answer *ret);
/* AUTN = (SQN xor AK) AMF MAC-A (TS 33.102 §6.3.2), for who challenges. */
void milenage_autn(const struct milenage_key *key, const uint8_t rand[16], const uint8_t sqn[6],
                   const uint8_t amf[2], uint8_t ret_autn[16]);
/* Is AUTN made by who knows the key? 0 with the answer and the SQN; -EACCES. */
int milenage_check(const struct milenage_key *key, const uint8_t rand[16], const uint8_t autn[16],
                   struct milenage_answer *ret, uint8_t ret_sqn[6]);

#endif
