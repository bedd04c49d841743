/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * trace_ring: what a trace leaves behind when its file begins anew (-ringbuffer_size): so many
 * files
 * (-ringbuffer_files), named by the second they were begun, as SIPp names them. Its owner's thread.
 */
#ifndef VAPERF_NODE_SIPP_TRACE_RING_H
#define VAPERF_NODE_SIPP_TRACE_RING_H

#include <stdint.h>

/* A file that was put aside: its name is made of these. */
struct sipp_aside {
    uint64_t begun_s;
    unsigned number; /* of those begun in that second, from 0 */
};

struct sipp_ring {
    struct sipp_aside *aside; /* the oldest first; made by the first one */
    unsigned count;
};

void sipp_ring_finish(struct sipp_ring *r); /* a zeroed one is fine; files stay */
/* `file`, which is closed, becomes STEM_SECONDS.log, or STEM_SECONDS.N.log; the oldest is removed
 * when `most` are there. 0; -errno. */
int sipp_ring_put(struct sipp_ring *r, unsigned most, const char *file, const char *stem,
                  uint64_t begun_s);

#endif
