/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * What pi and its test share: how digits are hashed, and the hashes of some sizes. Pure.
 */
#ifndef VAPERF_NODE_BENCH_PI_H
#define VAPERF_NODE_BENCH_PI_H

#include <stddef.h>
#include <stdint.h>

/* FNV-1a, 64 bits, of the digits' characters. */
uint64_t pi_hash(const char *digits, size_t count);

/* {digits, hash}: 2^10 to 2^22 digits, by Chudnovsky's series. */
#define PI_KNOWN_HASHES                                                                   \
    {1 << 10, UINT64_C(0x37e4f90cdb268aa8)}, {1 << 12, UINT64_C(0x2ea58bcb7075a989)},     \
        {1 << 14, UINT64_C(0x07f619d4057a3d5f)}, {1 << 16, UINT64_C(0x8d4d74655155baad)}, \
        {1 << 18, UINT64_C(0x889ab7ae594e7609)}, {1 << 20, UINT64_C(0xf36ada6466e6f107)}, \
        {1 << 22, UINT64_C(0x0e956f6caa08eff1)},

#endif
