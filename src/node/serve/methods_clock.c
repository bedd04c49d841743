/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * methods_clock: the time-measuring machine by request: opened at an address of a link, it gives
 * the ticket that machines show. The loop's thread; the kernel stamps what comes.
 */
#include "node/serve/methods.h"

#include <errno.h>
#include <string.h>

#include "node/serve/thing.h"
#include "node/timing/timekeeper.h"

struct clock_thing {
    struct thing thing;
    struct timekeeper *keeper;
    struct loop_watch *watch;
};

static void close_clock(struct thing *t)
{
    struct clock_thing *c = (struct clock_thing *)t;
    loop_remove(c->watch);
    timekeeper_close(c->keeper);
}

static const struct thing_kind clock_kind = {"clock", sizeof(struct clock_thing), close_clock};

static void serve(void *arg, unsigned events)
{
    (void)events;
    timekeeper_serve(((struct clock_thing *)arg)->keeper);
}

static int open_clock(struct clock_thing *c, const json_t *params, json_t **ret_result,
                      struct err *e)
{
    const char *address;
    struct mark_ticket ticket;
    char text[MARK_TICKET_MAX];
    int r = json_need_str(params, "address", &address, e);
    if (r == 0 && (r = mark_draw(&ticket)) < 0)
        err_set(e, r, "%s: no random numbers for a key", c->thing.id);
    if (r == 0)
        r = timekeeper_open(&c->keeper, address, &ticket, NULL, e);
    if (r < 0)
        return r;
    r = loop_add(c->thing.node->loop, timekeeper_fd(c->keeper), LOOP_READ, serve, c, &c->watch);
    if (r < 0) {
        timekeeper_close(c->keeper);
        return err_set(e, r, "%s: watch: %s", c->thing.id, strerror(-r));
    }
    mark_format_ticket(&ticket, text);
    *ret_result = json_pack("{s:s, s:s}", "address", address, "ticket", text);
    return 0;
}

METHOD(method_clock_open)
{
    (void)request;
    struct clock_thing *c = (struct clock_thing *)thing_create(arg, &clock_kind, params, e);
    if (c == NULL)
        return e->code;
    int r = open_clock(c, params, ret_result, e);
    if (r < 0) {
        thing_discard(&c->thing);
        return r;
    }
    thing_add(&c->thing);
    return 0;
}

METHOD(method_clock_close)
{
    struct timekeeper_counts n;
    (void)request;
    struct clock_thing *c = (struct clock_thing *)thing_find(arg, &clock_kind, params, e);
    if (c == NULL)
        return e->code;
    timekeeper_get_counts(c->keeper, &n);
    *ret_result = json_pack("{s:o, s:o, s:o, s:o, s:o, s:o, s:o}", "queries", json_u64(n.queries),
                            "starts", json_u64(n.starts), "ends", json_u64(n.ends), "forged",
                            json_u64(n.forged), "unmatched", json_u64(n.unmatched), "unanswered",
                            json_u64(n.unanswered), "jobs", json_u64(n.jobs));
    thing_close(&c->thing);
    return 0;
}
