/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * call_send: messages out, and out again. Thread rule: the call's.
 */
#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "node/scenario/call_state.h"
#include "node/scenario/store.h"

/* Of whole messages, to know one that comes again; eight bytes a step. */
uint64_t hash_bytes(const void *bytes, size_t size)
{
    const unsigned char *p = bytes;
    uint64_t h = size * UINT64_C(0x9e3779b97f4a7c15), word;

    for (; size >= sizeof(word); size -= sizeof(word), p += sizeof(word)) {
        memcpy(&word, p, sizeof(word));
        h = (h ^ word) * UINT64_C(0xff51afd7ed558ccd);
        h ^= h >> 32;
    }
    word = 0;
    memcpy(&word, p, size);
    h = (h ^ word) * UINT64_C(0xc4ceb9fe1a85ec53);
    h ^= h >> 29;
    return h ? h : 1;
}

void call_event(struct call *c, unsigned step, enum call_event event)
{
    if (c->env->ops->event) {
        c->env->ops->event(c->env->driver, c, step, event);
    }
}

void call_say(struct call *c, enum call_text kind, const char *format, ...)
{
    char text[512];
    va_list args;

    if (!c->env->ops->text) {
        return;
    }
    va_start(args, format);
    vsnprintf(text, sizeof(text), format, args);
    va_end(args);
    c->env->ops->text(c->env->driver, c, kind, text);
}

bool call_send_bytes(struct call *c, const char *bytes, size_t size, unsigned flags)
{
    if (c->env->ops->send(c->env->driver, c, bytes, size, flags) < 0) {
        call_end(c, CALL_CANNOT_SEND);
        return false;
    }
    return true;
}

/* The branch of the topmost Via of a message of ours. */
static uint64_t sent_branch(const char *bytes, size_t size)
{
    const char *at = memmem(bytes, size, "branch=", 7);
    size_t n = 0;

    if (!at) {
        return 0;
    }
    at += 7;
    while (at + n < bytes + size && !strchr(";,\r\n \t", at[n])) {
        n++;
    }
    return hash_bytes(at, n);
}

static void note_request(struct call *c, const struct step *step, unsigned index)
{
    if (step->flags & STEP_INVITE) {
        c->invite_step = (int)index;
        c->invite_cseq = c->cseq;
        c->is_client_invite = true;
        c->is_acked = false;
        c->invite_state = INVITE_CALLING;
    } else if (step->flags & STEP_ACK) {
        c->is_acked = true;
    } else if (strcmp(step->method, "BYE") == 0) {
        c->invite_state = INVITE_OVER;
    }
    if (!(step->flags & STEP_START_TXN)) {
        c->sent_methods |= 1U << step->method_bit;
    }
}

/* A line of it, where CSeq alone has such an end. */
static bool answers_invite(const char *bytes, size_t size)
{
    static const char word[] = " INVITE\r";
    const size_t n = sizeof(word) - 1;
    const char *end = bytes + size, *at = bytes;

    while ((at = memchr(at, '\n', (size_t)(end - at))) != NULL) {
        if ((size_t)(at - bytes) >= n && memcmp(at - n, word, n) == 0) {
            return true;
        }
        at++;
    }
    return false;
}

static void note_response(struct call *c, const struct step *step, const char *bytes, size_t size)
{
    if (step->code >= 200 && !c->is_client_invite && c->invite_state == INVITE_CALLING &&
        answers_invite(bytes, size)) {
        c->invite_state = step->code < 300 ? INVITE_ANSWERED : INVITE_OVER;
    }
}

/* A message that comes again asks for what was said first after it. */
static void note_cause(struct call *c, unsigned index)
{
    if (c->last_hash != 0) {
        c->cause_hash = c->last_hash;
        c->cause_recv = c->last_recv_step;
        c->cause_send = index;
        c->cause_cseq = c->cseq;
        c->last_hash = 0;
    }
}

static void start_timers(struct call *c, const struct step *step, unsigned index, const char *bytes,
                         size_t size)
{
    uint64_t timeout = step->timeout_ns ? step->timeout_ns : c->s->options.send_timeout_ns;

    if (step->retrans_ns > 0 && !c->facts->is_reliable &&
        !(c->s->options.flags & SCENARIO_NO_RETRANS)) {
        call_keep(c, &c->last_sent, bytes, size);
        c->delay_ns = step->retrans_ns;
        c->retrans_ns = c->now_ns + c->delay_ns;
        c->retrans_count = 0;
        c->retrans_step = index;
    }
    if (timeout > 0 && !(step->flags & STEP_ACK)) {
        c->giveup_ns = c->now_ns + timeout;
        c->retrans_step = index;
    }
}

static bool write_step(struct call *c, unsigned index, char *bytes, int *ret_size)
{
    int n = render(c, c->s->steps[index].message, (int)index, bytes, CALL_MESSAGE_MAX);

    if (n < 0) {
        if (n == -EMSGSIZE) {
            call_say(c, CALL_TEXT_ERROR, "line %d: the message is longer than %d bytes",
                     c->s->steps[index].line, CALL_MESSAGE_MAX);
        }
        call_end(c, CALL_ACTION_ERROR);
        return false;
    }
    *ret_size = n;
    return true;
}

bool call_send_step(struct call *c, unsigned index)
{
    const struct step *step = &c->s->steps[index];
    char *bytes = call_scratch(c, SCRATCH_OUT);
    bool is_request = !(step->flags & STEP_RESPONSE);
    int n;

    if (is_request && !(step->flags & (STEP_ACK | STEP_CANCEL))) {
        c->cseq++;
    }
    if (!write_step(c, index, bytes, &n)) {
        return false;
    }
    if (call_chance(c, step->lost)) {
        call_event(c, index, CALL_LOST);
    } else if (!call_send_bytes(c, bytes, (size_t)n, is_request ? CALL_SEND_REQUEST : 0)) {
        return false;
    }
    call_event(c, index, CALL_SENT);
    if (is_request) {
        note_request(c, step, index);
    } else {
        note_response(c, step, bytes, (size_t)n);
    }
    if (step->flags & STEP_START_TXN) {
        call_txns(c)[step->txn] = (struct txn){.branch_hash = sent_branch(bytes, (size_t)n)};
    }
    note_cause(c, index);
    start_timers(c, step, index, bytes, (size_t)n);
    return true;
}

void call_answer_again(struct call *c, unsigned index, unsigned cseq)
{
    char *bytes = call_scratch(c, SCRATCH_OUT);
    unsigned now = c->cseq;
    int n;

    c->cseq = cseq;
    if (write_step(c, index, bytes, &n) &&
        call_send_bytes(c, bytes, (size_t)n, CALL_SEND_RETRANS)) {
        call_event(c, index, CALL_RETRANS_SENT);
    }
    c->cseq = now;
}

void call_stop_retrans(struct call *c)
{
    c->retrans_ns = c->giveup_ns = CALL_NEVER;
    call_store_remove(c->env->store, c->last_sent);
    c->last_sent = 0;
}

/* RFC 3261 §17.1.1.2 and §17.1.2.2: the delay doubles, without a limit for INVITE alone. */
void call_retransmit(struct call *c)
{
    const struct step *step = &c->s->steps[c->retrans_step];
    const struct scenario_options *o = &c->s->options;
    bool is_invite = step->flags & STEP_INVITE;
    unsigned most = is_invite ? o->max_invite_retrans : o->max_non_invite_retrans;
    char *bytes = call_scratch(c, SCRATCH_OUT);
    size_t n;

    if (c->retrans_count >= most) {
        call_event(c, c->retrans_step, CALL_TIMEOUT);
        if (step->ontimeout >= 0) {
            call_stop_retrans(c);
            call_goto(c, (unsigned)step->ontimeout);
            return;
        }
        call_hang_up(c, NULL);
        call_end(c, CALL_MAX_RETRANS);
        return;
    }
    c->retrans_count++;
    n = call_store_read(c->env->store, c->last_sent, bytes, CALL_MESSAGE_MAX);
    if (call_chance(c, step->lost)) {
        call_event(c, c->retrans_step, CALL_LOST);
    } else if (n > 0 &&
               !call_send_bytes(c, bytes, n,
                                CALL_SEND_RETRANS |
                                    (step->flags & STEP_RESPONSE ? 0U : CALL_SEND_REQUEST))) {
        return;
    }
    call_event(c, c->retrans_step, CALL_RETRANS_SENT);
    c->delay_ns *= 2;
    if (!is_invite && c->delay_ns > o->t2_ns) {
        c->delay_ns = o->t2_ns;
    }
    c->retrans_ns = c->now_ns + c->delay_ns;
}

bool call_send_command(struct call *c, const struct step *step)
{
    char *bytes = call_scratch(c, SCRATCH_OUT);
    int n;

    if (!write_step(c, c->step, bytes, &n)) {
        return false;
    }
    if (c->env->ops->command(c->env->driver, c, step->peer ? step->peer : "", bytes, (size_t)n) <
        0) {
        call_end(c, CALL_COMMAND_NOT_SENT);
        return false;
    }
    call_event(c, c->step, CALL_SENT);
    return true;
}
