/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * pattern_check: compares what comes back of one medium of a call with the patterns that were sent.
 * Pure. One thread.
 */
#ifndef VAPERF_NODE_CALLMEDIA_PATTERN_CHECK_H
#define VAPERF_NODE_CALLMEDIA_PATTERN_CHECK_H

#include "node/callmedia/clip.h"
#include "node/codec/rtp.h"

struct pattern_check {
    const struct clip *clip, *before; /* lent: of the last packet, and until `first`; or NULL */
    uint32_t first;                   /* number of the first packet of clip */
    uint32_t sent, right, wrong;      /* sent: of patterns */
};

/* A packet left; clip: of what it was made, NULL: of no clip. */
void pattern_check_note_sent(struct pattern_check *c, const struct clip *clip, uint32_t number);

enum pattern_result { PATTERN_NOT_COMPARED, PATTERN_RIGHT, PATTERN_WRONG };
/* One of our own came back; first_sequence: of number 0. */
enum pattern_result pattern_check_own(struct pattern_check *c, const struct rtp_packet *p,
                                      uint16_t first_sequence);
/* One came of another source: who sends packets on under an SSRC and numbers of its own. */
enum pattern_result pattern_check_other(struct pattern_check *c, const struct rtp_packet *p);

/* What is wrong or did not come, of all that was sent: 0 to 1; nothing sent: 0. */
double pattern_check_share(const struct pattern_check *c);
/* As SIPp: from the tolerance on; but nothing wrong never fails. */
bool pattern_check_fails(const struct pattern_check *c, double tolerance);

#endif
