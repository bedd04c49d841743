/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * rand: xoshiro256** 1.0 (Blackman, Vigna; public domain algorithm), the same numbers for the same
 * seed on every machine. Not for secrets. One thread per state.
 */
#include "base/rand.h"

#include <math.h>

__extension__ typedef unsigned __int128 u128;

static uint64_t splitmix64(uint64_t *x)
{
    uint64_t z = *x += UINT64_C(0x9e3779b97f4a7c15);
    z = (z ^ z >> 30) * UINT64_C(0xbf58476d1ce4e5b9);
    z = (z ^ z >> 27) * UINT64_C(0x94d049bb133111eb);
    return z ^ z >> 31;
}

void rand_init(struct rand_state *r, uint64_t seed)
{
    for (int i = 0; i < 4; i++)
        r->s[i] = splitmix64(&seed);
}

void rand_init_text(struct rand_state *r, const char *text)
{
    uint64_t hash = UINT64_C(0xcbf29ce484222325); /* FNV-1a */
    for (; *text != '\0'; text++)
        hash = (hash ^ (unsigned char)*text) * UINT64_C(0x100000001b3);
    rand_init(r, hash);
}

static uint64_t rotate_left(uint64_t x, unsigned by)
{
    return x << by | x >> (64 - by);
}

uint64_t rand_u64(struct rand_state *r)
{
    uint64_t *s = r->s;
    uint64_t result = rotate_left(s[1] * 5, 7) * 9;
    uint64_t t = s[1] << 17;
    s[2] ^= s[0];
    s[3] ^= s[1];
    s[1] ^= s[2];
    s[0] ^= s[3];
    s[2] ^= t;
    s[3] = rotate_left(s[3], 45);
    return result;
}

/* Lemire's multiplication with rejection: every outcome equally likely. */
uint64_t rand_below(struct rand_state *r, uint64_t limit)
{
    if (limit == 0)
        return 0;
    uint64_t threshold = (0 - limit) % limit;
    u128 product;
    do
        product = (u128)rand_u64(r) * limit;
    while ((uint64_t)product < threshold);
    return (uint64_t)(product >> 64);
}

double rand_double(struct rand_state *r)
{
    return (double)(rand_u64(r) >> 11) * 0x1p-53;
}

double rand_exponential(struct rand_state *r, double mean)
{
    return -mean * log1p(-rand_double(r));
}

static void swap_bytes(unsigned char *a, unsigned char *b, size_t size)
{
    for (size_t i = 0; i < size; i++) {
        unsigned char t = a[i];
        a[i] = b[i];
        b[i] = t;
    }
}

void rand_shuffle(struct rand_state *r, void *items, size_t count, size_t size)
{
    unsigned char *at = items;
    for (size_t i = count; i > 1; i--) {
        size_t j = (size_t)rand_below(r, i);
        if (j != i - 1)
            swap_bytes(at + (i - 1) * size, at + j * size, size);
    }
}
