/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * rand: seeded, repeatable random numbers (xoshiro256**, seeded by splitmix64). One thread per
 * state.
 */
#ifndef VAPERF_BASE_RAND_H
#define VAPERF_BASE_RAND_H

#include <stddef.h>
#include <stdint.h>

struct rand_state {
    uint64_t s[4];
};

void rand_init(struct rand_state *r, uint64_t seed);
/* Seed from any text: "enterprise telephony". */
void rand_init_text(struct rand_state *r, const char *text);
uint64_t rand_u64(struct rand_state *r);
uint64_t rand_below(struct rand_state *r, uint64_t limit); /* 0..limit-1, unbiased */
double rand_double(struct rand_state *r);                  /* [0,1) */
double rand_exponential(struct rand_state *r, double mean);
void rand_shuffle(struct rand_state *r, void *items, size_t count, size_t size); /* Fisher-Yates */

#endif
