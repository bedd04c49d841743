/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * rows: samples on a timer. The loop's thread.
 */
#include "node/serve/rows.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "base/str.h"
#include "rpc/sample.h"

/* Later than this a row is worth a word. */
enum { LATE_NS = 100 * 1000 * 1000 };

void rows_send_values(struct thing *t, uint64_t at_ns, const double *values, size_t count)
{
    const struct sample_row row = {.at_ns = at_ns, .values = values, .count = count};
    json_t *params = sample_row_to_json(t->id, &row);
    int r = params != NULL ? rpc_notify(t->node->peer, "sample", params) : -ENOMEM;
    json_decref(params);
    if (r < 0 && r != -EPIPE && !t->node->ended) {
        /* A hole in what was measured must not pass for a measurement: the node ends instead. */
        err_set(&t->node->why, r, "%s: a row could not be sent: %s", t->id, strerror(-r));
        t->node->ended = true;
        loop_wake(t->node->loop);
    }
}

void rows_send(struct rows *r)
{
    const uint64_t now = clock_now_ns();
    r->read(r->thing, now, r->values, r->count);
    rows_send_values(r->thing, now, r->values, r->count);
}

/* A node that was held up (stopped, starved) says so: the row's interval is not what it should be.
 */
static void tell_late(const struct rows *r, uint64_t late_ns)
{
    char late[32], text[THING_ID_MAX + 64];
    str_format_short_duration(late_ns, late, sizeof late);
    str_printf(text, sizeof text, "%s: a row is %s late: the node was held up", r->thing->id, late);
    json_t *params = json_pack("{s:s, s:s}", "level", "warning", "text", text);
    rpc_notify(r->thing->node->peer, "log", params);
    json_decref(params);
}

static void fire(void *arg)
{
    struct rows *r = arg;
    const uint64_t now = clock_now_ns();
    const uint64_t late_ns = now - r->due_ns;
    if (late_ns > LATE_NS)
        tell_late(r, late_ns);
    r->due_ns += (late_ns / r->interval_ns + 1) * r->interval_ns;
    rows_send(r);
}

int rows_start(struct rows *r, struct thing *t, uint64_t from_ns, uint64_t interval_ns)
{
    rows_stop(r);
    r->thing = t;
    r->interval_ns = interval_ns;
    r->due_ns = from_ns + interval_ns;
    r->values = calloc(r->count + 1, sizeof *r->values);
    if (r->values == NULL)
        return -ENOMEM;
    int result = loop_add_timer(t->node->loop, r->due_ns, interval_ns, fire, r, &r->timer);
    if (result < 0)
        rows_stop(r);
    return result;
}

/* The next of the grid, though not the next half interval: a rate over less says little. */
static uint64_t first_of_grid(uint64_t from_ns, uint64_t interval_ns, uint64_t now)
{
    if (now >= from_ns)
        return from_ns + ((now - from_ns) / interval_ns + 1) * interval_ns;
    const uint64_t first = from_ns - (from_ns - now) / interval_ns * interval_ns;
    return first < from_ns && first - now < interval_ns / 2 ? first + interval_ns : first;
}

static void fire_last(void *arg)
{
    rows_send(arg);
}

int rows_align(struct rows *r, uint64_t from_ns, uint64_t to_ns)
{
    const uint64_t now = clock_now_ns();
    struct loop_timer *timer;
    r->due_ns = first_of_grid(from_ns, r->interval_ns, now);
    int result = loop_add_timer(r->thing->node->loop, r->due_ns, r->interval_ns, fire, r, &timer);
    if (result < 0)
        return result;
    loop_remove_timer(r->timer);
    r->timer = timer;
    loop_remove_timer(r->last_timer);
    r->last_timer = NULL;
    if (now >= from_ns)
        rows_send(r);
    if (to_ns <= now || to_ns <= from_ns || (to_ns - from_ns) % r->interval_ns == 0)
        return 0;
    return loop_add_timer(r->thing->node->loop, to_ns, 0, fire_last, r, &r->last_timer);
}

void rows_stop(struct rows *r)
{
    loop_remove_timer(r->timer);
    loop_remove_timer(r->last_timer);
    free(r->values);
    r->timer = r->last_timer = NULL;
    r->values = NULL;
}
