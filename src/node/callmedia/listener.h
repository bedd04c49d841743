/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * listener: what one end of a call hears of one medium: its own packets that an echo returned, or
 * the stream of its peer. The first packet says which. Pure: times are given. One thread.
 *
 * Of what returns, all is known: what was sent, when, and so the delay there and back. Of the
 * peer's stream it is known what came: the numbers between the first and the last that came are
 * what was sent (RFC 3550 Appendix A.3), and the delay is not known, only how it varies.
 */
#ifndef VAPERF_NODE_CALLMEDIA_LISTENER_H
#define VAPERF_NODE_CALLMEDIA_LISTENER_H

#include "node/callmedia/clip.h"
#include "node/codec/rtp.h"
#include "stat/rtp_quality.h"

enum listener_hears { HEARS_NOTHING, HEARS_OWN, HEARS_PEER };

struct listener {
    struct rtp_stream stream;
    struct rtp_totals before;            /* of streams of the peer that ended: it began another */
    uint8_t hears;                       /* enum listener_hears */
    uint32_t ssrc, other;                /* of the peer; one that came once */
    uint32_t number;                     /* of its highest packet, with the wraps */
    uint16_t sequence, jump_to;          /* of the same; the one that would follow a jump */
    uint64_t first_ns, last_ns;          /* when the first came, and the last */
    uint64_t base_ns;                    /* delays are differences to a packet of this time */
    uint32_t base_timestamp;             /* and timestamp */
    const struct media_codec *codec;     /* of the first sound; NULL: none of the table */
    uint32_t sent_at[RTP_STREAM_WINDOW]; /* of the own last ones, 1,024 ns */
    uint32_t digit_timestamp;
    bool has_digit;
};

struct listener_rules {
    uint32_t own_ssrc; /* these two: of the talker */
    uint16_t first_sequence;
    uint8_t event_type;              /* payload type of digits */
    const struct media_codec *other; /* of types that RFC 3551 does not give; NULL: not known */
    uint64_t playout_ns;             /* so long the play-out waits for a packet */
};

/* The talker sent its packet of that number, one after another from 0. */
void listener_note_sent(struct listener *l, uint32_t number, uint64_t now_ns);

enum listener_took {
    TOOK_FIRST_COPY,
    TOOK_DUPLICATE,
    TOOK_TOO_LATE,
    TOOK_OTHER_SOURCE /* of an SSRC that is not the stream's: not counted in it */
};
/* Hostile numbers are survived. */
enum listener_took listener_take(struct listener *l, const struct rtp_packet *p,
                                 const struct listener_rules *r, uint64_t at_ns);
/* An event packet of the peer, or our own one back: true when it is the first end of a digit. */
bool listener_take_digit(struct listener *l, const struct rtp_packet *p);

/* Of the peer's stream, from its first packet on (RFC 3550 Appendix A.3): how many there should be,
 * and its highest number, with the wraps above the 16 bits. */
uint32_t listener_expected(const struct listener *l);
uint32_t listener_highest(const struct listener *l);

/* The end: what has not come is lost. All of it together; after that nothing more is taken. */
struct rtp_totals listener_close(struct listener *l, const struct rtp_voice *v);

#endif
