/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * calls: see calls.h. What happens to which call, and when. The shard's thread.
 */
#include "node/calls/calls.h"

#include <errno.h>
#include <string.h>

#include "base/clock.h"
#include "node/calls/calls_private.h"

/* ---- events ---- */

/* Every event has a time of its own: it is what the call's next timers count from, so that a
 * generator that stood still does not retransmit what it has only just sent. */
void calls_begin_event(struct calls *c, uint64_t lag_ns, uint64_t at_ns)
{
    c->now_ns = clock_now_ns();
    c->lag_ns = lag_ns;
    c->at_ns = at_ns;
    c->has_sent = false;
}

static void end_call(struct calls *c, uint32_t place)
{
    struct record *r = &c->records[place];

    call_finish(calls_machine(c, place));
    if (c->o.media.ops != NULL) {
        c->o.media.ops->end(c->o.media.media, place);
    }
    if (r->is_filed) {
        dead_calls_add(&c->dead, r->key, c->now_ns + c->o.dead_ns);
    }
    r->is_filed = false;
    if (r->user != 0) {
        users_give(&c->users, r->user, c->parts[r->part].o.user, r->is_good);
    }
    r->figures = NULL;
    c->parts[r->part].running--;
    roster_give(&c->roster, place);
    ways_release(c->transport, r->way);
}

/* A call that only waits for what may come late has nothing more to say. */
static void end_media_of_timewait(struct calls *c, uint32_t place)
{
    struct scenario_step_info step;

    scenario_get_step(c->parts[c->records[place].part].o.scenario,
                      call_get_step(calls_machine(c, place)), &step);
    if (step.kind == SCENARIO_TIMEWAIT) {
        c->o.media.ops->end(c->o.media.media, place);
    }
}

void calls_end_event(struct calls *c, uint32_t place, enum call_result result)
{
    struct record *r = &c->records[place];

    if (result == CALL_ENDED) {
        end_call(c, place);
        return;
    }
    if (c->o.media.ops != NULL) {
        end_media_of_timewait(c, place);
    }
    if (c->has_sent && c->now_ns != r->lags[0].now_ns) {
        r->lags[1 + r->next_lag] = (struct lag){c->now_ns, c->lag_ns};
        r->next_lag = (uint8_t)((r->next_lag + 1) % (LAGS - 1));
    }
    roster_set_due(&c->roster, place, call_next_due(calls_machine(c, place)));
}

static void run_timer(struct calls *c)
{
    uint32_t place = roster_next(&c->roster);
    uint64_t due = roster_next_ns(&c->roster);

    calls_begin_event(c, 0, 0);
    c->lag_ns = c->now_ns > due ? c->now_ns - due : 0;
    calls_end_event(c, place, call_on_timer(calls_machine(c, place), c->now_ns));
}

/* ---- beginning ---- */

static void count_not_begun(struct calls *c)
{
    figures_count(&c->parts[0].whole, CALLS_NOT_BEGUN);
}

uint32_t calls_take_place(struct calls *c, uint32_t part, uint32_t way,
                          const struct sockaddr_storage *peer, uint64_t intended_ns)
{
    uint32_t place = roster_take(&c->roster);
    struct record *r;

    if (place == ROSTER_NONE) {
        count_not_begun(c);
        return place;
    }
    r = &c->records[place];
    memset(r, 0, sizeof(*r));
    memcpy(&r->peer, peer, sizeof(r->peer));
    r->way = way;
    r->part = (uint8_t)part;
    c->parts[part].running++;
    r->start_ns = c->now_ns;
    r->lags[0] = (struct lag){c->now_ns, c->lag_ns};
    r->figures = parts_figures_at(c, part, intended_ns);
    if (r->figures != NULL) {
        figures_count(r->figures, CALLS_BEGUN);
    }
    return place;
}

void calls_start_machine(struct calls *c, uint32_t place, const char *id, size_t id_size)
{
    struct record *r = &c->records[place];
    struct call_start start = {.facts = calls_words(c, place),
                               .number = c->next_number,
                               .call_id = id,
                               .call_id_size = id_size,
                               .user = r->user,
                               .owner = r};
    char text[512];
    int size;

    c->next_number += c->o.number_step;
    if (c->o.media.ops != NULL) {
        c->o.media.ops->begin(c->o.media.media, place, start.number, parts_whole(c, r) != NULL);
    }
    if (id != NULL) {
        r->key = roster_key(&c->roster, id, id_size);
        roster_file(&c->roster, place, r->key);
        r->is_filed = true;
    }
    enum call_result result = call_start(calls_machine(c, place), c->parts[r->part].o.scenario,
                                         &c->env, &start, c->now_ns);
    if (id == NULL && result == CALL_RUNNING &&
        (size = call_get_id(calls_machine(c, place), text, sizeof(text))) > 0) {
        r->key = roster_key(&c->roster, text, (size_t)size);
        roster_file(&c->roster, place, r->key);
        r->is_filed = true;
    }
    calls_end_event(c, place, result);
}

/* An attempt that found no way out is one that failed. */
void calls_fail_attempt(struct calls *c, uint32_t part, uint64_t intended_ns, enum call_cause cause)
{
    struct calls_figures *f = parts_figures_at(c, part, intended_ns);

    if (f != NULL) {
        figures_count(f, CALLS_BEGUN);
        figures_count(f, CALLS_INADEQUATE);
        figures_cause(f, cause);
    }
    if (c->o.hooks.ended != NULL) {
        c->o.hooks.ended(c->o.hooks.arg, NULL, cause, 0);
    }
}

/* Who calls: a registered user, or one who is to be; 0: all are busy. */
static uint32_t take_user(struct calls *c, uint32_t part)
{
    enum users_pool pool =
        c->parts[part].o.user == USERS_REGISTER ? USERS_UNREGISTERED : USERS_REGISTERED;
    return users_take(&c->users, pool, &c->rand);
}

static int begin_user(struct calls *c, uint32_t part, uint32_t user, uint64_t intended_ns)
{
    int64_t way = ways_take(c->transport, c->next_number - 1, c->now_ns);
    uint32_t place;

    if (way < 0 && user != 0) {
        users_give(&c->users, user, USERS_STAY, false);
    }
    if (way == -EMFILE || way == -ENFILE) {
        count_not_begun(c);
        return 0;
    }
    if (way < 0) {
        calls_fail_attempt(c, part, intended_ns,
                           way == -ENOBUFS ? CALL_CONGESTION : CALL_CONNECT_FAILED);
        return 1;
    }
    c->has_begun = true;
    place = calls_take_place(c, part, (uint32_t)way, &c->o.remote, intended_ns);
    c->records[place].user = user;
    c->records[place].times.is_again = user != 0 && users_is_registered(&c->users, user);
    calls_start_machine(c, place, NULL, 0);
    return 1;
}

int calls_begin_part(struct calls *c, uint32_t part, uint64_t intended_ns, uint64_t now_ns)
{
    uint32_t user = 0;

    calls_begin_event(c, 0, 0);
    c->lag_ns = now_ns > intended_ns ? now_ns - intended_ns : 0;
    if (c->roster.used >= c->roster.limit) {
        count_not_begun(c);
        return 0;
    }
    if (c->users.count > 0 && (user = take_user(c, part)) == 0) {
        c->without_user += parts_figures_at(c, part, intended_ns) != NULL ? 1 : 0;
        count_not_begun(c);
        return 0;
    }
    return begin_user(c, part, user, intended_ns);
}

int calls_begin(struct calls *c, uint64_t intended_ns, uint64_t now_ns)
{
    return calls_begin_part(c, parts_choose(c), intended_ns, now_ns);
}

/* ---- what comes ---- */

int calls_turn(struct calls *c, int64_t real_offset_ns)
{
    uint64_t now = clock_now_ns();
    uint64_t before = c->messages;
    unsigned fired = 0;
    int more;

    c->env.real_offset_ns = (uint64_t)real_offset_ns;
    more = ways_turn(c->transport, now, real_offset_ns);
    while (roster_next_ns(&c->roster) <= now && fired < TURN_TIMERS_MAX) {
        run_timer(c);
        fired++;
    }
    if (c->twin != NULL) {
        twin_turn(c->twin);
    }
    ways_flush(c->transport);
    c->was_busy = fired > 0 || before != c->messages || c->has_begun;
    c->has_begun = false;
    if (c->o.media.ops != NULL) {
        more |= c->o.media.ops->turn(c->o.media.media, clock_now_ns(), real_offset_ns);
        c->was_busy |= c->o.media.ops->was_busy(c->o.media.media);
    }
    return more != 0 || fired == TURN_TIMERS_MAX;
}

void calls_abort_all(struct calls *c, enum call_cause cause)
{
    for (uint32_t i = 0; i < c->roster.fresh; i++) {
        if (c->records[i].is_filed) {
            calls_begin_event(c, 0, 0);
            calls_end_event(c, i, call_abort(calls_machine(c, i), cause, c->now_ns));
        }
    }
    ways_flush(c->transport);
}

/* ---- life ---- */

void calls_window(struct calls *c, uint64_t from_ns, uint64_t to_ns)
{
    c->from_ns = from_ns;
    c->to_ns = to_ns;
}

void calls_start_levels(struct calls *c, uint64_t start_ns)
{
    c->levels_from_ns = start_ns;
}

bool calls_was_busy(const struct calls *c)
{
    return c->was_busy;
}

uint64_t calls_next_ns(const struct calls *c)
{
    uint64_t calls = roster_next_ns(&c->roster);
    uint64_t media = c->o.media.ops != NULL ? c->o.media.ops->next_ns(c->o.media.media) : calls;

    return calls < media ? calls : media;
}

int calls_fd(const struct calls *c)
{
    return c->wait_fd >= 0 ? c->wait_fd : ways_fd(c->transport);
}

uint32_t calls_running(const struct calls *c)
{
    return c->roster.used;
}

uint32_t calls_running_of(const struct calls *c, uint32_t part)
{
    return c->parts[part].running;
}

bool calls_is_idle(const struct calls *c)
{
    return c->roster.used == 0 &&
           (c->o.media.ops == NULL || c->o.media.ops->is_idle(c->o.media.media));
}

void calls_refuse(struct calls *c)
{
    c->refuses = true;
}

const struct sockaddr_storage *calls_local(const struct calls *c)
{
    bool is_stream_server =
        c->o.transport.kind != WAYS_UDP && (c->o.transport.flags & WAYS_SERVER) != 0;
    return ways_local(c->transport, is_stream_server ? WAYS_NO_WAY : 0);
}

struct calls_figures *calls_get_figures(struct calls *c)
{
    return &c->parts[0].whole;
}

const struct twin *calls_get_twin(const struct calls *c)
{
    return c->twin;
}

const struct users *calls_get_users(const struct calls *c)
{
    return &c->users;
}

const struct ways *calls_get_ways(const struct calls *c)
{
    return c->transport;
}

size_t calls_bytes_per_call(const struct calls *c)
{
    size_t roster = 5 * sizeof(uint32_t) + 2 * sizeof(uint64_t);
    return c->machine_size + sizeof(struct record) + roster +
           (c->is_shared_words ? 0 : sizeof(struct words));
}

size_t calls_store_bytes(const struct calls *c)
{
    return call_store_capacity(c->env.store);
}
