/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * playout: the packets of one RTP stream, held and given out in order, each at its play-out time:
 * its timestamp and a fixed distance to when the fastest packets come. Pure: every call carries the
 * time. One thread.
 */
#ifndef VAPERF_NODE_APPLIANCE_PLAYOUT_H
#define VAPERF_NODE_APPLIANCE_PLAYOUT_H

#include <stdbool.h>
#include <stdint.h>

enum { PLAYOUT_SLOTS = 32, PLAYOUT_BYTES_MAX = 1500 };

enum playout_result {
    PLAYOUT_HELD,
    PLAYOUT_LATE,      /* its time is over */
    PLAYOUT_DUPLICATE, /* it is held already */
    PLAYOUT_FULL       /* too far ahead of what is held */
};

struct playout_slot {
    uint64_t due_ns; /* 0: free */
    uint32_t size;
    uint16_t sequence;
    uint8_t bytes[PLAYOUT_BYTES_MAX];
};

struct playout {
    bool is_running;
    uint32_t ssrc, timestamp; /* timestamp: of base_ns */
    uint64_t base_ns;
    uint64_t last_due_ns; /* of what was given out; nothing before it is */
    int64_t margin_ns;    /* the largest of this round, due less arrival */
    uint32_t round;
    struct playout_slot slots[PLAYOUT_SLOTS];
};

struct playout_packet {
    const uint8_t *bytes;
    uint32_t size; /* up to PLAYOUT_BYTES_MAX */
    uint16_t sequence;
    uint32_t timestamp, ssrc, clock_hz;
};

/* hold_ns: of the fastest packets. A new SSRC, or a timestamp seconds away, begins anew. */
enum playout_result playout_add(struct playout *p, const struct playout_packet *packet,
                                uint64_t now_ns, uint64_t hold_ns);
/* When the next is due; UINT64_MAX: nothing is held. */
uint64_t playout_due(const struct playout *p);
/* The next one if it is due, lent until the next call that adds; NULL. */
const struct playout_slot *playout_take(struct playout *p, uint64_t now_ns);

#endif
