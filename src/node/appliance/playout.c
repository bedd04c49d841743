/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * playout: see playout.h. The distance is kept over rounds of packets: the clocks of two machines
 * drift, and the first packet may not have been a fast one. Pure.
 */
#include "node/appliance/playout.h"

#include <string.h>

enum { ROUND_PACKETS = 256 };
#define JUMP_NS INT64_C(2000000000) /* a timestamp further away is another stream's */

static void begin(struct playout *p, const struct playout_packet *packet, uint64_t due_ns)
{
    p->is_running = true;
    p->ssrc = packet->ssrc;
    p->timestamp = packet->timestamp;
    p->base_ns = due_ns;
    p->last_due_ns = 0;
    p->round = 0;
    p->margin_ns = INT64_MIN;
}

static int64_t after_base_ns(const struct playout *p, const struct playout_packet *packet)
{
    return (int64_t)(int32_t)(packet->timestamp - p->timestamp) * 1000000000 /
           (int64_t)packet->clock_hz;
}

/* The fastest packet of a round is held for exactly hold_ns from the next round on. The base moves
 * along, so that differences of timestamps stay small. */
static void follow(struct playout *p, const struct playout_packet *packet, uint64_t due_ns,
                   int64_t margin_ns, uint64_t hold_ns)
{
    p->margin_ns = margin_ns > p->margin_ns ? margin_ns : p->margin_ns;
    if (++p->round < ROUND_PACKETS) {
        return;
    }
    p->timestamp = packet->timestamp;
    p->base_ns = (uint64_t)((int64_t)due_ns + (int64_t)hold_ns - p->margin_ns);
    p->round = 0;
    p->margin_ns = INT64_MIN;
}

enum playout_result playout_add(struct playout *p, const struct playout_packet *packet,
                                uint64_t now_ns, uint64_t hold_ns)
{
    struct playout_slot *slot = &p->slots[packet->sequence % PLAYOUT_SLOTS];
    int64_t after, margin;
    uint64_t due;

    after = p->is_running ? after_base_ns(p, packet) : 0;
    margin = (int64_t)(p->base_ns - now_ns) + after;
    if (!p->is_running || packet->ssrc != p->ssrc || margin > JUMP_NS || margin < -JUMP_NS) {
        begin(p, packet, now_ns + hold_ns);
        after = 0;
        margin = (int64_t)hold_ns;
    }
    due = (uint64_t)((int64_t)p->base_ns + after);
    follow(p, packet, due, margin, hold_ns);
    if (due < now_ns || due < p->last_due_ns) {
        return PLAYOUT_LATE;
    }
    if (slot->due_ns != 0) {
        return slot->sequence == packet->sequence ? PLAYOUT_DUPLICATE : PLAYOUT_FULL;
    }
    slot->due_ns = due;
    slot->size = packet->size;
    slot->sequence = packet->sequence;
    memcpy(slot->bytes, packet->bytes, packet->size);
    return PLAYOUT_HELD;
}

static struct playout_slot *first_slot(struct playout *p)
{
    struct playout_slot *first = NULL;

    for (int i = 0; i < PLAYOUT_SLOTS; i++) {
        struct playout_slot *s = &p->slots[i];
        if (s->due_ns == 0) {
            continue;
        }
        if (first == NULL || s->due_ns < first->due_ns ||
            (s->due_ns == first->due_ns && (int16_t)(s->sequence - first->sequence) < 0)) {
            first = s;
        }
    }
    return first;
}

uint64_t playout_due(const struct playout *p)
{
    uint64_t due = UINT64_MAX;

    for (int i = 0; i < PLAYOUT_SLOTS; i++) {
        if (p->slots[i].due_ns != 0 && p->slots[i].due_ns < due) {
            due = p->slots[i].due_ns;
        }
    }
    return due;
}

const struct playout_slot *playout_take(struct playout *p, uint64_t now_ns)
{
    struct playout_slot *s = first_slot(p);

    if (s == NULL || s->due_ns > now_ns) {
        return NULL;
    }
    p->last_due_ns = s->due_ns;
    s->due_ns = 0;
    return s;
}
