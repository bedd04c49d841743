/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * outside: see outside.h. A full pipe of notes (nobody reads) drops notes, never holds the bench.
 */
#include "node/bench/outside.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/str.h"

struct outside {
    int pipe[2];
    struct marker *marker; /* NULL: no clock */
    char address[64];
    bool started;   /* the present round's start is on its way */
    struct err why; /* of the first round that the clock did not time */
    uint64_t untimed;
    struct marker_round rounds[BENCH_ROUNDS_KEPT]; /* outside_ns 0: not timed */
};

int outside_create(struct outside **ret, const struct marker_given *clock, struct err *e)
{
    struct outside *o = calloc(1, sizeof *o);

    if (o == NULL) {
        return err_set(e, -ENOMEM, "no memory for timing");
    }
    if (pipe2(o->pipe, O_CLOEXEC | O_NONBLOCK) < 0) {
        const int code = -errno;
        free(o);
        return err_set(e, code, "pipe: %s", strerror(-code));
    }
    int r = clock != NULL ? marker_open(&o->marker, clock, e) : 0;
    if (r < 0) {
        outside_destroy(o);
        return r;
    }
    str_printf(o->address, sizeof o->address, "%s", clock != NULL ? clock->address : "");
    *ret = o;
    return 0;
}

void outside_destroy(struct outside *o)
{
    if (o != NULL) {
        close(o->pipe[0]);
        close(o->pipe[1]);
        marker_close(o->marker);
    }
    free(o);
}

static void put_note(struct outside *o, enum bench_mark what, uint64_t round)
{
    const struct outside_note n = {round, clock_now_ns(), what};
    (void)!write(o->pipe[1], &n, sizeof n);
}

static void end(struct outside *o, uint64_t round)
{
    struct marker_round *kept = &o->rounds[round % BENCH_ROUNDS_KEPT];
    struct err why = {0};
    int r = marker_end(o->marker, (uint32_t)round, &why);

    put_note(o, BENCH_END, round);
    if (r == 0 && !o->started) {
        r = err_set(&why, -ETIMEDOUT, "round %llu: its start could not be sent",
                    (unsigned long long)round);
    }
    if (r == 0) {
        r = marker_take(o->marker, kept, &why);
    }
    if (r < 0) {
        *kept = (struct marker_round){0};
        o->why = o->untimed++ == 0 ? why : o->why;
    }
}

/* The packet is the last thing before a round, and the first after it. */
int outside_mark(void *arg, enum bench_mark what, uint64_t round, struct err *e)
{
    struct outside *o = arg;

    (void)e;
    if (what == BENCH_START) {
        put_note(o, what, round);
        o->started = o->marker != NULL && marker_start(o->marker, (uint32_t)round, NULL) == 0;
    } else if (o->marker != NULL) {
        end(o, round);
    } else {
        put_note(o, what, round);
    }
    return 0;
}

int outside_note_fd(const struct outside *o)
{
    return o->pipe[0];
}

bool outside_next_note(struct outside *o, struct outside_note *ret)
{
    return read(o->pipe[0], ret, sizeof *ret) == (ssize_t)sizeof *ret;
}

json_t *outside_to_json(const struct outside *o, uint64_t rounds, size_t kept)
{
    if (o->marker == NULL) {
        return NULL;
    }
    json_t *durations = json_array(), *uncertainties = json_array();
    for (uint64_t i = rounds - kept; i < rounds; i++) {
        const struct marker_round *m = &o->rounds[i % BENCH_ROUNDS_KEPT];
        const bool timed = m->outside_ns > 0;
        json_array_append_new(durations, timed ? json_u64(m->outside_ns) : json_null());
        json_array_append_new(uncertainties, timed ? json_u64(m->uncertainty_ns) : json_null());
    }
    return json_pack("{s:s, s:o, s:o, s:o, s:s*}", "clock", o->address, "outside_ns", durations,
                     "uncertainty_ns", uncertainties, "untimed", json_u64(o->untimed), "why",
                     o->untimed > 0 ? o->why.text : NULL);
}
