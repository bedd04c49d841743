/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * pattern_check: see pattern_check.h.
 */
#include "node/callmedia/pattern_check.h"

/* So long packets of what was played before may still be under way. */
enum { UNDER_WAY_MAX = 1024 };

void pattern_check_note_sent(struct pattern_check *c, const struct clip *clip, uint32_t number)
{
    if (clip != c->clip) {
        c->before = c->clip;
        c->clip = clip;
        c->first = number;
    } else if (number - c->first > UNDER_WAY_MAX) {
        c->before = c->clip; /* numbers of 16 bits come round */
    }
    c->sent += clip != NULL && clip->is_pattern;
}

static bool is_pattern(const struct clip *c)
{
    return c != NULL && c->is_pattern;
}

static bool is_of(const struct clip *c, const struct rtp_packet *p)
{
    if (!is_pattern(c) || p->payload_size != c->codec->payload_bytes) {
        return false;
    }
    for (size_t i = 0; i < p->payload_size; i++) {
        if (p->payload[i] != c->payload.octets[0]) {
            return false;
        }
    }
    return true;
}

static enum pattern_result note(struct pattern_check *c, bool is_right)
{
    c->right += is_right;
    c->wrong += !is_right;
    return is_right ? PATTERN_RIGHT : PATTERN_WRONG;
}

enum pattern_result pattern_check_own(struct pattern_check *c, const struct rtp_packet *p,
                                      uint16_t first_sequence)
{
    const uint16_t first = (uint16_t)(first_sequence + c->first);
    const struct clip *clip = (int16_t)(p->header.sequence - first) >= 0 ? c->clip : c->before;

    return is_pattern(clip) ? note(c, is_of(clip, p)) : PATTERN_NOT_COMPARED;
}

enum pattern_result pattern_check_other(struct pattern_check *c, const struct rtp_packet *p)
{
    return is_pattern(c->clip) ? note(c, is_of(c->clip, p) || is_of(c->before, p))
                               : PATTERN_NOT_COMPARED;
}

double pattern_check_share(const struct pattern_check *c)
{
    return c->sent > c->right ? (double)(c->sent - c->right) / c->sent : 0;
}

bool pattern_check_fails(const struct pattern_check *c, double tolerance)
{
    const double share = pattern_check_share(c);

    return share > 0 && share >= tolerance;
}
