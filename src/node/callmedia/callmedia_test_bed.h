/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * callmedia_test_bed: an end of calls, for tests: two of them are turned by one thread.
 */
#ifndef VAPERF_NODE_CALLMEDIA_CALLMEDIA_TEST_BED_H
#define VAPERF_NODE_CALLMEDIA_CALLMEDIA_TEST_BED_H

#include "base/clock.h"
#include "base/test.h"
#include "node/callmedia/callmedia.h"

struct end {
    struct callmedia_options o;
    struct callmedia_setup setup;
    struct calls_options calls;
    struct callmedia *media;
};

static inline void close_end(struct end *e)
{
    callmedia_close(e->media);
    callmedia_setup_close(&e->setup);
}

static inline void turn(struct end *e)
{
    (void)e->calls.media.ops->turn(e->media, clock_now_ns(), clock_real_offset_ns(3, NULL));
}

static inline uint64_t count(const struct end *e, enum media_count c)
{
    return callmedia_get_figures(e->media)->count[c];
}

/* Turns both until the first counted so much. */
static inline void run(struct end *a, struct end *b, enum media_count c, uint64_t least)
{
    uint64_t until = clock_now_ns() + 20 * NS_PER_S;

    while (count(a, c) < least && clock_now_ns() < until) {
        turn(a);
        if (b != NULL) {
            turn(b);
        }
        (void)clock_sleep_until(clock_now_ns() + NS_PER_MS);
    }
    assert_true(count(a, c) >= least);
}

#endif
