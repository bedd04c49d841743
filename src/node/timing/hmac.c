/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * hmac: see hmac.h. Section numbers are those of FIPS 180-4.
 */
#include "node/timing/hmac.h"

#include <endian.h>
#include <string.h>

enum { ROUNDS = 64 };

struct sha256 {
    uint32_t h[8];
    uint64_t size;
    uint8_t block[HMAC_BLOCK];
};

/* §4.2.2: the first 32 bits of the fractional parts of the cube roots of the first 64 primes. */
static const uint32_t k[ROUNDS] = {
    0x428a2f98, 0x71374491, 0xb5c0fbcf, 0xe9b5dba5, 0x3956c25b, 0x59f111f1, 0x923f82a4, 0xab1c5ed5,
    0xd807aa98, 0x12835b01, 0x243185be, 0x550c7dc3, 0x72be5d74, 0x80deb1fe, 0x9bdc06a7, 0xc19bf174,
    0xe49b69c1, 0xefbe4786, 0x0fc19dc6, 0x240ca1cc, 0x2de92c6f, 0x4a7484aa, 0x5cb0a9dc, 0x76f988da,
    0x983e5152, 0xa831c66d, 0xb00327c8, 0xbf597fc7, 0xc6e00bf3, 0xd5a79147, 0x06ca6351, 0x14292967,
    0x27b70a85, 0x2e1b2138, 0x4d2c6dfc, 0x53380d13, 0x650a7354, 0x766a0abb, 0x81c2c92e, 0x92722c85,
    0xa2bfe8a1, 0xa81a664b, 0xc24b8b70, 0xc76c51a3, 0xd192e819, 0xd6990624, 0xf40e3585, 0x106aa070,
    0x19a4c116, 0x1e376c08, 0x2748774c, 0x34b0bcb5, 0x391c0cb3, 0x4ed8aa4a, 0x5b9cca4f, 0x682e6ff3,
    0x748f82ee, 0x78a5636f, 0x84c87814, 0x8cc70208, 0x90befffa, 0xa4506ceb, 0xbef9a3f7, 0xc67178f2,
};

static uint32_t turn(uint32_t x, unsigned n)
{
    return x >> n | x << (32 - n);
}

/* §6.2.2 steps 1: the message schedule. */
static void schedule(uint32_t w[ROUNDS], const uint8_t block[HMAC_BLOCK])
{
    for (int i = 0; i < 16; i++) {
        memcpy(&w[i], block + i * 4, 4);
        w[i] = be32toh(w[i]);
    }
    for (int i = 16; i < ROUNDS; i++) {
        const uint32_t a = w[i - 15], b = w[i - 2];
        w[i] = (turn(b, 17) ^ turn(b, 19) ^ b >> 10) + w[i - 7] +
               (turn(a, 7) ^ turn(a, 18) ^ a >> 3) + w[i - 16];
    }
}

/* §6.2.2 steps 2 to 4. v is a to h. */
static void take_block(struct sha256 *s, const uint8_t block[HMAC_BLOCK])
{
    uint32_t w[ROUNDS], v[8];

    schedule(w, block);
    memcpy(v, s->h, sizeof v);
    for (int i = 0; i < ROUNDS; i++) {
        const uint32_t a = v[0], e = v[4];
        const uint32_t t1 = v[7] + (turn(e, 6) ^ turn(e, 11) ^ turn(e, 25)) +
                            ((e & v[5]) ^ (~e & v[6])) + k[i] + w[i];
        const uint32_t t2 =
            (turn(a, 2) ^ turn(a, 13) ^ turn(a, 22)) + ((a & v[1]) ^ (a & v[2]) ^ (v[1] & v[2]));
        memmove(v + 1, v, 7 * sizeof *v);
        v[4] += t1;
        v[0] = t1 + t2;
    }
    for (int i = 0; i < 8; i++) {
        s->h[i] += v[i];
    }
}

static void begin(struct sha256 *s)
{
    /* §5.3.3 */
    *s = (struct sha256){.h = {0x6a09e667, 0xbb67ae85, 0x3c6ef372, 0xa54ff53a, 0x510e527f,
                               0x9b05688c, 0x1f83d9ab, 0x5be0cd19}};
}

static void take(struct sha256 *s, const void *bytes, size_t size)
{
    const uint8_t *at = bytes;

    while (size > 0) {
        const size_t have = s->size % HMAC_BLOCK;
        const size_t n = size < HMAC_BLOCK - have ? size : HMAC_BLOCK - have;
        memcpy(s->block + have, at, n);
        s->size += n;
        at += n;
        size -= n;
        if (have + n == HMAC_BLOCK) {
            take_block(s, s->block);
        }
    }
}

/* §5.1.1: a one bit, zeros, the length in bits. */
static void end(struct sha256 *s, uint8_t ret[HMAC_SIZE])
{
    static const uint8_t zeros[HMAC_BLOCK] = {0}, one = 0x80;
    const uint64_t bits = htobe64(s->size * 8);

    take(s, &one, 1);
    take(s, zeros, (HMAC_BLOCK + 56 - s->size % HMAC_BLOCK) % HMAC_BLOCK);
    take(s, &bits, sizeof bits);
    for (int i = 0; i < 8; i++) {
        const uint32_t word = htobe32(s->h[i]);
        memcpy(ret + i * 4, &word, 4);
    }
}

void hmac_sha256(const void *key, size_t key_size, const void *bytes, size_t size,
                 uint8_t ret[HMAC_SIZE])
{
    uint8_t inner[HMAC_BLOCK] = {0}, outer[HMAC_BLOCK], digest[HMAC_SIZE];
    struct sha256 s;

    if (key_size > HMAC_BLOCK) {
        begin(&s);
        take(&s, key, key_size);
        end(&s, inner);
    } else {
        memcpy(inner, key, key_size);
    }
    for (int i = 0; i < HMAC_BLOCK; i++) {
        outer[i] = inner[i] ^ 0x5c;
        inner[i] ^= 0x36;
    }
    begin(&s);
    take(&s, inner, sizeof inner);
    take(&s, bytes, size);
    end(&s, digest);
    begin(&s);
    take(&s, outer, sizeof outer);
    take(&s, digest, sizeof digest);
    end(&s, ret);
}
