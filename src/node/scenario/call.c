/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * call: the life of one call, from one wait to the next. See call.h for the thread rule.
 */
#include "node/scenario/call.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "base/clock.h"
#include "node/scenario/call_state.h"
#include "node/scenario/inject.h"

enum { STEPS_AT_ONCE = 20000 }; /* between two waits; more: the call goes on at its next timer */

bool call_chance(struct call *c, double probability)
{
    return probability > 0 && (probability >= 1 || rand_double(c->env->rand) < probability);
}

void call_end(struct call *c, enum call_cause cause)
{
    if (!c->is_ended) {
        c->is_ended = true;
        c->cause = cause == CALL_GOOD ? c->failed_check : (uint8_t)cause;
        if (cause == CALL_GOOD && c->failed_check != CALL_GOOD) {
            c->step = c->failed_step;
        }
    }
}

void call_goto(struct call *c, unsigned step)
{
    c->step = step;
    c->is_waiting = false;
    c->wait_ns = CALL_NEVER;
}

int call_next(struct call *c, const struct step *step)
{
    if (step->next < 0 || (step->test >= 0 && !value_is_set(c, step->test)) ||
        (step->chance < 1 && !call_chance(c, step->chance))) {
        return -1;
    }
    return step->next;
}

void call_book(struct call *c, const struct step *step)
{
    uint64_t *rtds = call_rtds(c);
    const struct call_ops *ops = c->env->ops;

    if (step->counter >= 0 && ops->counter) {
        ops->counter(c->env->driver, c, (unsigned)step->counter);
    }
    if (step->rtd >= 0 && rtds[step->rtd] != CALL_NEVER) {
        if (ops->rtd) {
            ops->rtd(c->env->driver, c, (unsigned)step->rtd, rtds[step->rtd], c->now_ns);
        }
        if (!(step->flags & STEP_REPEAT_RTD)) {
            rtds[step->rtd] = CALL_NEVER;
        }
    }
    if (step->start_rtd >= 0) {
        rtds[step->start_rtd] = c->now_ns;
    }
}

static void leave(struct call *c, const struct step *step)
{
    int next;

    call_book(c, step);
    next = call_next(c, step);
    call_goto(c, next >= 0 ? (unsigned)next : c->step + 1);
}

static uint64_t pause_length(struct call *c, const struct step *step)
{
    double ms;

    if (!(step->flags & STEP_HAS_PAUSE)) {
        return atomic_load_explicit(&((struct scenario *)(uintptr_t)c->s)->pause_ns,
                                    memory_order_relaxed);
    }
    ms = step->pause_variable >= 0 ? value_get_number(c, step->pause_variable)
                                   : distribution_sample(&step->pause, c->env->rand);
    if (!(ms > 0)) {
        return 0;
    }
    return ms > 1e12 ? (uint64_t)1e18 : (uint64_t)(ms * (double)NS_PER_MS);
}

/* True: it is over. */
static bool run_pause(struct call *c, const struct step *step)
{
    if (!c->is_waiting) {
        c->is_waiting = true;
        c->wait_ns =
            c->restore_ns != CALL_NEVER ? c->restore_ns : c->now_ns + pause_length(c, step);
        c->restore_ns = CALL_NEVER;
    }
    if (c->now_ns < c->wait_ns) {
        return false;
    }
    if (step->kind == SCENARIO_TIMEWAIT) {
        call_book(c, step);
        call_end(c, CALL_GOOD);
    } else {
        leave(c, step);
    }
    return true;
}

/* The step whose timeout counts: the first that has one, up to the one that must come. */
static const struct step *waiting_step(const struct call *c)
{
    for (unsigned i = c->step; i < c->s->step_count; i++) {
        const struct step *step = &c->s->steps[i];

        if (step->timeout_ns > 0 || !(step->flags & STEP_OPTIONAL)) {
            return step;
        }
    }
    return &c->s->steps[c->step];
}

static void wait_for_message(struct call *c)
{
    const struct step *step;
    uint64_t timeout;

    if (c->is_waiting) {
        return;
    }
    step = waiting_step(c);
    timeout = step->timeout_ns ? step->timeout_ns : c->s->options.recv_timeout_ns;
    c->is_waiting = true;
    c->wait_ns = timeout ? c->now_ns + timeout : CALL_NEVER;
}

/* False: the call waits here. */
static bool run_step(struct call *c, const struct step *step)
{
    enum action_result result;

    switch (step->kind) {
    case SCENARIO_SEND:
        if (call_send_step(c, c->step)) {
            leave(c, step);
        }
        return true;
    case SCENARIO_SEND_CMD:
        if (call_send_command(c, step)) {
            leave(c, step);
        }
        return true;
    case SCENARIO_NOP:
        result = actions_run(c, step);
        if (result == ACTION_NEXT) {
            leave(c, step);
        } else if (result == ACTION_JUMPED) {
            call_book(c, step);
        }
        return true;
    case SCENARIO_PAUSE:
    case SCENARIO_TIMEWAIT:
        return run_pause(c, step);
    case SCENARIO_RECV:
    case SCENARIO_RECV_CMD:
        break;
    }
    wait_for_message(c);
    return false;
}

static void run(struct call *c)
{
    for (int left = STEPS_AT_ONCE; !c->is_ended; left--) {
        const struct step *step = &c->s->steps[c->step];

        if (c->step >= c->s->step_count) {
            call_end(c, CALL_GOOD);
            return;
        }
        if (left == 0) {
            c->wait_ns = c->now_ns;
            return;
        }
        if (!c->is_waiting && step->condexec >= 0 &&
            value_is_set(c, step->condexec) == !!(step->flags & STEP_CONDEXEC_INVERSE)) {
            call_goto(c, c->step + 1);
        } else if (!run_step(c, step)) {
            return;
        }
    }
}

/* The message at hand is the driver's: it is copied when it may be asked for after this wait. */
static void keep_last(struct call *c)
{
    const struct sip_message *m = c->last;

    bool is_kept = !c->is_ended && (c->s->steps[c->step].flags & STEP_KEEP);

    if (is_kept && c->was_taken && m) {
        call_keep(c, &c->last_recv, m->all.at, m->all.size);
    } else if (c->last_recv && (!is_kept || c->was_taken)) {
        call_keep(c, &c->last_recv, "", 0);
    }
    c->was_taken = false;
    c->last = NULL;
    c->command = NULL;
}

static enum call_result end_turn(struct call *c)
{
    keep_last(c);
    if (!c->is_ended) {
        return CALL_RUNNING;
    }
    c->wait_ns = c->retrans_ns = c->giveup_ns = CALL_NEVER;
    c->env->ops->ended(c->env->driver, c, (enum call_cause)c->cause, c->now_ns);
    return CALL_ENDED;
}

void call_init(struct call *c, const struct scenario *s, struct call_env *env,
               const struct call_start *start, uint64_t now_ns)
{
    assert(env->scratch_size >= CALL_SCRATCH_BYTES);
    memset((void *)c, 0, s->call_size);
    c->s = s;
    c->env = env;
    c->facts = start->facts;
    c->owner = start->owner;
    c->number = start->number;
    c->user = start->user;
    c->started_ns = c->now_ns = now_ns;
    c->wait_ns = c->retrans_ns = c->giveup_ns = c->restore_ns = CALL_NEVER;
    c->invite_step = c->circuit = -1;
    c->cseq = s->options.base_cseq - 1;
    for (unsigned i = 0; i < s->rtd_count; i++) {
        call_rtds(c)[i] = now_ns;
    }
    for (unsigned i = 0; i < inject_file_count(s->inject); i++) {
        call_lines(c)[i] = inject_pick(s->inject, i, start->user, env->rand);
    }
    if (start->call_id) {
        call_keep(c, &c->call_id, start->call_id, start->call_id_size);
    }
}

enum call_result call_start(void *memory, const struct scenario *s, struct call_env *env,
                            const struct call_start *start, uint64_t now_ns)
{
    struct call *c = memory;

    call_init(c, s, env, start, now_ns);
    run(c);
    return end_turn(c);
}

enum call_result call_on_sip(struct call *c, const struct sip_message *m, uint64_t now_ns)
{
    if (c->is_ended) {
        return CALL_ENDED;
    }
    c->now_ns = now_ns;
    c->last = m;
    call_take(c, m);
    run(c);
    return end_turn(c);
}

enum call_result call_on_message(struct call *c, const void *bytes, size_t size, uint64_t now_ns)
{
    struct sip_message m;

    if (c->is_ended || sip_parse(&m, bytes, size) < 0) {
        return c->is_ended ? CALL_ENDED : CALL_RUNNING;
    }
    return call_on_sip(c, &m, now_ns);
}

/* The twin gave up: a line "Internal-cmd: abort_call". */
static bool is_abort(const char *bytes, size_t size)
{
    static const char word[] = "internal-cmd: abort_call";

    for (size_t i = 0; i + sizeof(word) - 1 <= size; i++) {
        if (strncasecmp(bytes + i, word, sizeof(word) - 1) == 0) {
            return true;
        }
    }
    return false;
}

enum call_result call_on_command(struct call *c, const char *source, const void *bytes, size_t size,
                                 uint64_t now_ns)
{
    if (c->is_ended) {
        return CALL_ENDED;
    }
    if (is_abort(bytes, size)) {
        return call_abort(c, CALL_UNEXPECTED, now_ns);
    }
    c->now_ns = now_ns;
    c->command = bytes;
    c->command_size = size;
    call_take_command(c, source);
    c->command = NULL;
    run(c);
    return end_turn(c);
}

static void time_out(struct call *c)
{
    const struct step *step = waiting_step(c);

    call_event(c, c->step, CALL_TIMEOUT);
    if (step->ontimeout >= 0) {
        call_stop_retrans(c);
        call_goto(c, (unsigned)step->ontimeout);
        return;
    }
    call_hang_up(c, NULL);
    call_end(c, CALL_RECV_TIMEOUT);
}

static void give_up(struct call *c)
{
    const struct step *sent = &c->s->steps[c->retrans_step];

    call_event(c, c->retrans_step, CALL_TIMEOUT);
    call_stop_retrans(c);
    if (sent->ontimeout >= 0) {
        call_goto(c, (unsigned)sent->ontimeout);
        return;
    }
    call_hang_up(c, NULL);
    call_end(c, CALL_SEND_TIMEOUT);
}

enum call_result call_on_timer(struct call *c, uint64_t now_ns)
{
    if (c->is_ended) {
        return CALL_ENDED;
    }
    c->now_ns = now_ns;
    if (now_ns >= c->giveup_ns) {
        give_up(c);
    } else if (now_ns >= c->retrans_ns) {
        call_retransmit(c);
    }
    if (!c->is_ended && now_ns >= c->wait_ns && c->is_waiting &&
        (c->s->steps[c->step].kind == SCENARIO_RECV ||
         c->s->steps[c->step].kind == SCENARIO_RECV_CMD)) {
        time_out(c);
    }
    run(c);
    return end_turn(c);
}

enum call_result call_abort(struct call *c, enum call_cause cause, uint64_t now_ns)
{
    if (c->is_ended) {
        return CALL_ENDED;
    }
    c->now_ns = now_ns;
    if (cause != CALL_CONNECT_FAILED && cause != CALL_CONNECTION_CLOSED && cause != CALL_GOOD) {
        call_hang_up(c, NULL);
    }
    call_end(c, cause);
    return end_turn(c);
}
