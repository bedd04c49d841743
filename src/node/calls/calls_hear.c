/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * calls_hear: whose is a message, a command of a twin or an end of a connection that came. The
 * shard's thread.
 */
#include <errno.h>
#include <string.h>

#include "node/calls/calls_private.h"

static void deliver(struct calls *c, uint32_t place, uint32_t way, const char *bytes, size_t size)
{
    struct record *r = &c->records[place];

    if (way != r->way) { /* the peer's later connection, or another socket of ours */
        ways_hold(c->transport, way);
        ways_release(c->transport, r->way);
        r->way = way;
        r->is_gone = false;
    }
    if (r->figures != NULL) {
        figures_count(r->figures, CALLS_MESSAGES_RECEIVED);
        figures_received(r->figures, &r->times, bytes, size, c->at_ns, &c->limits[r->part]);
    }
    c->heard = bytes;
    c->heard_size = size;
    calls_end_event(c, place, call_on_message(calls_machine(c, place), bytes, size, c->now_ns));
    c->heard = NULL;
}

/* A message of no call. */
static void count_stray(struct calls *c, uint64_t at_ns, enum calls_count what)
{
    if (at_ns >= c->from_ns && at_ns < c->to_ns) {
        figures_count(&c->parts[0].whole, what);
    }
}

/* A request that begins a call. */
static void take_new_call(struct calls *c, uint32_t part, uint32_t way,
                          const struct sockaddr_storage *from, const char *bytes, size_t size)
{
    const char *id;
    size_t id_size = call_key(bytes, size, c->o.scenario_flags, &id);
    uint64_t key = roster_key(&c->roster, id, id_size);
    uint32_t place = calls_take_place(c, part, way, from, c->at_ns);

    if (place == ROSTER_NONE) {
        return;
    }
    if (c->records[place].figures != NULL) {
        figures_count(c->records[place].figures, CALLS_INCOMING);
    }
    ways_hold(c->transport, way);
    calls_start_machine(c, place, id, id_size);
    if (c->records[place].is_filed && c->records[place].key == key) {
        deliver(c, place, way, bytes, size);
    }
}

/* A call that a twin's command began, where nobody said where calls go, is with who speaks first.
 */
static void learn_peer(struct calls *c, uint32_t place, const struct sockaddr_storage *from)
{
    struct record *r = &c->records[place];

    if (r->peer.any.sa_family == AF_UNSPEC) {
        memcpy(&r->peer, from, addr_size(from));
        call_set_facts(calls_machine(c, place), calls_words(c, place));
    }
}

void calls_take_message(void *arg, uint32_t way, const struct sockaddr_storage *from,
                        const char *bytes, size_t size, uint64_t at_ns)
{
    struct calls *c = arg;
    const char *id;
    size_t id_size = call_key(bytes, size, c->o.scenario_flags, &id);
    uint64_t key;
    uint32_t place;
    int part;

    c->messages++;
    if (c->o.hooks.message != NULL) {
        c->o.hooks.message(c->o.hooks.arg, CALLS_IN, (const struct sockaddr *)from, bytes, size);
    }
    if (id_size == 0) {
        count_stray(c, at_ns, CALLS_MALFORMED);
        return;
    }
    calls_begin_event(c, 0, at_ns);
    c->lag_ns = c->now_ns > at_ns ? c->now_ns - at_ns : 0;
    key = roster_key(&c->roster, id, id_size);
    place = roster_find(&c->roster, key);
    if (place != ROSTER_NONE) {
        learn_peer(c, place, from);
        deliver(c, place, way, bytes, size);
    } else if (dead_calls_has(&c->dead, key, c->now_ns)) {
        count_stray(c, at_ns, CALLS_DEAD_CALL);
    } else if (c->refuses || (part = parts_find_answer(c, bytes, size)) < 0) {
        count_stray(c, at_ns, CALLS_OUT_OF_CALL);
    } else {
        take_new_call(c, (uint32_t)part, way, from, bytes, size);
    }
}

/* ---- 3PCC ---- */

/* The first thing it does is to wait for a command. */
static bool is_begun_by_command(const struct scenario *s)
{
    for (unsigned i = 0; i < scenario_step_count(s); i++) {
        struct scenario_step_info step;

        scenario_get_step(s, i, &step);
        if (step.kind != SCENARIO_PAUSE && step.kind != SCENARIO_NOP) {
            return step.kind == SCENARIO_RECV_CMD;
        }
    }
    return false;
}

static uint32_t begin_by_command(struct calls *c, const char *id, size_t id_size)
{
    int64_t way = ways_take(c->transport, c->next_number - 1, c->now_ns);
    uint32_t place = ROSTER_NONE;

    if (way < 0) {
        calls_fail_attempt(c, 0, c->now_ns,
                           way == -ENOBUFS ? CALL_CONGESTION : CALL_CONNECT_FAILED);
    } else if ((place = calls_take_place(c, 0, (uint32_t)way, &c->o.remote, c->now_ns)) ==
               ROSTER_NONE) {
        ways_release(c->transport, (uint32_t)way);
    } else {
        calls_start_machine(c, place, id, id_size);
    }
    return place;
}

void calls_take_command(void *arg, const char *source, const char *bytes, size_t size)
{
    static const char header[] = "Call-ID:";
    struct calls *c = arg;
    const char *id = strcasestr(bytes, header);
    uint32_t place;
    uint64_t key;
    size_t id_size;

    calls_begin_event(c, 0, 0);
    if (id == NULL) {
        count_stray(c, c->now_ns, CALLS_MALFORMED);
        return;
    }
    id += sizeof(header) - 1;
    id += strspn(id, " \t");
    id_size = strcspn(id, " \t\r\n");
    key = roster_key(&c->roster, id, id_size);
    place = roster_find(&c->roster, key);
    if (place == ROSTER_NONE && !c->refuses && strstr(bytes, "Internal-cmd:") == NULL &&
        is_begun_by_command(c->o.scenario)) {
        place = begin_by_command(c, id, id_size);
    }
    if (place == ROSTER_NONE || !c->records[place].is_filed || c->records[place].key != key) {
        count_stray(c, c->now_ns, CALLS_OUT_OF_CALL);
        return;
    }
    calls_end_event(c, place,
                    call_on_command(calls_machine(c, place), source, bytes, size, c->now_ns));
}

/* A call that only waits for what may come late has all it wanted. */
static enum call_cause why_closed(struct calls *c, uint32_t place, bool was_open)
{
    struct scenario_step_info step;

    scenario_get_step(c->parts[c->records[place].part].o.scenario,
                      call_get_step(calls_machine(c, place)), &step);
    if (step.kind == SCENARIO_TIMEWAIT) {
        return CALL_GOOD;
    }
    return was_open ? CALL_CONNECTION_CLOSED : CALL_CONNECT_FAILED;
}

void calls_way_closed(void *arg, uint32_t way, int reason, bool was_open)
{
    struct calls *c = arg;

    (void)reason;
    for (uint32_t i = 0; i < c->roster.fresh && ways_holders(c->transport, way) > 1; i++) {
        if (c->records[i].is_filed && c->records[i].way == way) {
            c->records[i].is_gone = true;
            calls_begin_event(c, 0, 0);
            calls_end_event(c, i,
                            call_abort(calls_machine(c, i), why_closed(c, i, was_open), c->now_ns));
        }
    }
}
