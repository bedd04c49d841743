/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * rtp_match: see rtp_match.h.
 */
#include "node/workload/rtp_match.h"

#include <errno.h>
#include <stdlib.h>

enum { LEARN_ROUNDS = 16 /* looks at all streams, for each stream there is */ };
#define ODD UINT32_C(0x9e3779b1)
#define ODD_INVERSE UINT32_C(0x0e8b2f51) /* ODD times it is 1, modulo 2^32 */

struct rtp_learned {
    uint32_t ssrc, i; /* i: from 1; 0: free */
};

uint32_t rtp_ssrc(uint32_t key, uint32_t slot, enum rtp_side side)
{
    return ((slot << 1 | (uint32_t)side) * ODD) ^ key;
}

uint32_t rtp_ssrc_slot(uint32_t key, uint32_t ssrc, enum rtp_side *ret_side)
{
    uint32_t index = (ssrc ^ key) * ODD_INVERSE;

    *ret_side = (enum rtp_side)(index & 1);
    return index >> 1;
}

static uint32_t scramble(uint32_t v)
{
    v = (v ^ v >> 16) * UINT32_C(0x85ebca6b);
    return v ^ v >> 13;
}

uint16_t rtp_first_sequence(uint32_t ssrc)
{
    return (uint16_t)scramble(ssrc);
}

uint32_t rtp_first_timestamp(uint32_t ssrc)
{
    return scramble(ssrc + ODD);
}

static uint32_t power_of_two(uint32_t at_least)
{
    uint32_t v = 1;
    while (v < at_least) {
        v *= 2;
    }
    return v;
}

int rtp_match_open(struct rtp_match *m, uint32_t first_slot, uint32_t slots, uint32_t depth,
                   uint32_t key)
{
    *m = (struct rtp_match){.slots = slots,
                            .depth = power_of_two(depth),
                            .learned_size = power_of_two(2 * slots + 2),
                            .budget = (uint64_t)slots * slots * LEARN_ROUNDS,
                            .key = key,
                            .first_slot = first_slot};
    m->ring = calloc((size_t)slots * m->depth + 1, sizeof(*m->ring));
    m->learned = calloc(m->learned_size, sizeof(*m->learned));
    if (m->ring == NULL || m->learned == NULL) {
        rtp_match_close(m);
        return -ENOMEM;
    }
    return 0;
}

struct rtp_sent *rtp_match_note(struct rtp_match *m, uint32_t i, uint32_t number)
{
    return &m->ring[(size_t)i * m->depth + (number & (m->depth - 1))];
}

const struct rtp_sent *rtp_match_find(const struct rtp_match *m, uint32_t i, uint32_t last_number,
                                      uint16_t sequence, uint32_t timestamp)
{
    uint32_t ssrc = rtp_ssrc(m->key, m->first_slot + i, RTP_SENDER);
    uint16_t last = (uint16_t)(rtp_first_sequence(ssrc) + last_number);
    uint32_t number = last_number - (uint16_t)(last - sequence);
    const struct rtp_sent *s = &m->ring[(size_t)i * m->depth + (number & (m->depth - 1))];

    return s->intended_ns != 0 && s->number == number && s->timestamp == timestamp ? s : NULL;
}

static struct rtp_learned *place_of(const struct rtp_match *m, uint32_t ssrc)
{
    uint32_t at = scramble(ssrc) & (m->learned_size - 1);

    while (m->learned[at].i != 0 && m->learned[at].ssrc != ssrc) {
        at = (at + 1) & (m->learned_size - 1);
    }
    return &m->learned[at];
}

uint32_t rtp_match_learned(const struct rtp_match *m, uint32_t ssrc)
{
    return place_of(m, ssrc)->i - 1;
}

uint32_t rtp_match_learn(struct rtp_match *m, uint32_t ssrc, uint16_t sequence, uint32_t timestamp,
                         uint32_t (*last_number)(const void *arg, uint32_t i), const void *arg)
{
    if (m->budget < m->slots || m->learned_count >= m->learned_size / 2) {
        return UINT32_MAX;
    }
    m->budget -= m->slots;
    for (uint32_t i = 0; i < m->slots; i++) {
        if (rtp_match_find(m, i, last_number(arg, i), sequence, timestamp) != NULL) {
            *place_of(m, ssrc) = (struct rtp_learned){ssrc, i + 1};
            m->learned_count++;
            return i;
        }
    }
    return UINT32_MAX;
}

void rtp_match_close(struct rtp_match *m)
{
    free(m->ring);
    free(m->learned);
    m->ring = NULL;
    m->learned = NULL;
}
