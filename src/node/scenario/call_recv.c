/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * call_recv: which command of the scenario a message belongs to, and what becomes of one that
 * belongs to none. Thread rule: the call's.
 */
#include <limits.h>
#include <stdio.h>
#include <string.h>
#include <strings.h>

#include "base/clock.h"
#include "node/scenario/call_state.h"

static bool is_text(struct sip_text t, const char *text)
{
    return t.size == strlen(text) && memcmp(t.at, text, t.size) == 0;
}

static bool was_sent(const struct call *c, struct sip_text method)
{
    for (unsigned i = 0; i < c->s->method_count; i++) {
        if ((c->sent_methods >> i & 1) && is_text(method, c->s->methods[i])) {
            return true;
        }
    }
    return false;
}

static bool matches_words(const struct step *step, struct sip_text text)
{
    char copy[128];

    if (text.size >= sizeof(copy)) {
        return false;
    }
    memcpy(copy, text.at, text.size);
    copy[text.size] = 0;
    return regexec(step->regex, copy, 0, NULL, 0) == 0;
}

static bool matches_response(struct call *c, const struct step *step, const struct sip_message *m)
{
    char code[8];

    if (step->flags & STEP_REGEXP) {
        int n = snprintf(code, sizeof(code), "%u", m->status);

        if (!matches_words(step, (struct sip_text){code, (uint32_t)n})) {
            return false;
        }
    } else if (step->code != m->status) {
        return false;
    }
    if (step->txn >= 0) {
        uint64_t branch = call_txns(c)[step->txn].branch_hash;

        return branch != 0 && m->branch.size > 0 &&
               branch == hash_bytes(m->branch.at, m->branch.size);
    }
    return was_sent(c, m->cseq_method_text);
}

static bool matches(struct call *c, const struct step *step, const struct sip_message *m)
{
    if (step->kind != SCENARIO_RECV || m->is_request != !(step->flags & STEP_RESPONSE)) {
        return false;
    }
    if (!m->is_request) {
        return matches_response(c, step, m);
    }
    return step->flags & STEP_REGEXP ? matches_words(step, m->method_text)
                                     : is_text(m->method_text, step->method);
}

/* Forward over optional ones up to the first that is not, then backward over optional ones that
 * adjoin, and over global ones wherever they are. -1: none. */
static int find_step(struct call *c, const struct sip_message *m)
{
    const struct step *steps = c->s->steps;
    bool is_adjoining = true;

    for (unsigned i = c->step; i < c->s->step_count; i++) {
        if (matches(c, &steps[i], m)) {
            return (int)i;
        }
        if (!(steps[i].flags & STEP_OPTIONAL)) {
            break;
        }
    }
    for (unsigned i = c->step; i-- > 0;) {
        is_adjoining = is_adjoining && (steps[i].flags & STEP_OPTIONAL);
        if (((steps[i].flags & STEP_OPTIONAL) && is_adjoining) || (steps[i].flags & STEP_GLOBAL)) {
            if (matches(c, &steps[i], m)) {
                return (int)i;
            }
        }
    }
    return -1;
}

static bool stops_retrans(const struct call *c, const struct sip_message *m)
{
    const struct step *sent = &c->s->steps[c->retrans_step];

    if (c->retrans_ns == CALL_NEVER && c->giveup_ns == CALL_NEVER) {
        return false;
    }
    if (sent->flags & STEP_RESPONSE) {
        return m->is_request;
    }
    return !m->is_request && is_text(m->cseq_method_text, sent->method);
}

/* By its bytes or, loosely, by method or code and CSeq: what comes again has the same. */
static uint64_t message_hash(const struct call *c, const struct sip_message *m)
{
    char words[128];
    int n;

    if (!(c->s->options.flags & SCENARIO_RTCHECK_LOOSE)) {
        return hash_bytes(m->all.at, m->all.size);
    }
    n = snprintf(words, sizeof(words), "%u %u %.*s %.*s", m->status, m->cseq,
                 (int)(m->method_text.size < 40 ? m->method_text.size : 40),
                 m->method_text.at ? m->method_text.at : "",
                 (int)(m->cseq_method_text.size < 40 ? m->cseq_method_text.size : 40),
                 m->cseq_method_text.at ? m->cseq_method_text.at : "");
    return hash_bytes(words, (size_t)n);
}

/* A message of the scenario: its actions, and where the call goes from here. */
static void take_step(struct call *c, unsigned index, const struct sip_message *m, uint64_t hash)
{
    const struct step *step = &c->s->steps[index];
    unsigned waiting_at = c->step;
    enum action_result result;
    int next;

    if (call_chance(c, step->lost)) {
        call_event(c, index, CALL_LOST);
        return;
    }
    c->was_taken = c->has_heard = true;
    call_event(c, index, CALL_RECEIVED);
    if (stops_retrans(c, m)) {
        call_stop_retrans(c);
    }
    call_learn(c, step, m);
    c->last_hash = hash;
    c->last_recv_step = index;
    if (step->txn >= 0 && m->status >= 200) {
        call_txns(c)[step->txn].final_hash = c->last_hash;
    }
    c->step = index;
    result = actions_run(c, step);
    if (result == ACTION_END) {
        return;
    }
    call_book(c, step);
    if (result == ACTION_JUMPED) {
        return;
    }
    c->step = waiting_at;
    next = call_next(c, step);
    if (next >= 0) {
        call_goto(c, (unsigned)next);
    } else if (!(step->flags & STEP_OPTIONAL)) {
        call_goto(c, index + 1);
    }
}

/* Answers to a transaction that has passed: RFC 3261 §13.2.2.4, each 2xx wants its ACK. */
static bool is_old_answer(struct call *c, const struct sip_message *m, uint64_t hash)
{
    uint64_t branch;

    if (m->is_request) {
        return false;
    }
    branch = m->branch.size > 0 ? hash_bytes(m->branch.at, m->branch.size) : 0;
    for (unsigned i = 0; i < c->s->txn_count && branch != 0; i++) {
        const struct txn_info *info = &c->s->txns[i];

        if (call_txns(c)[i].branch_hash != branch) {
            continue;
        }
        if (m->status >= 200 && info->ack_step >= 0 && call_txns(c)[i].final_hash != 0 &&
            c->is_acked) {
            call_answer_again(c, (unsigned)info->ack_step, c->invite_cseq);
        } else if (m->status >= 200 && call_txns(c)[i].final_hash != hash) {
            return false;
        }
        return true;
    }
    return m->status < 200 && m->cseq_method == SIP_INVITE && c->is_client_invite &&
           c->invite_state != INVITE_CALLING;
}

/* The label _unexp.main: the scenario has a place for what it did not foresee. */
static bool go_unexpected(struct call *c)
{
    const struct scenario *s = c->s;

    if (!s->unexp) {
        return false;
    }
    if (s->unexp_retaddr >= 0) {
        value_set_number(c, s->unexp_retaddr, c->step);
    }
    if (s->unexp_paused >= 0) {
        bool is_paused = s->steps[c->step].kind == SCENARIO_PAUSE && c->wait_ns != CALL_NEVER;

        value_set_number(c, s->unexp_paused,
                         is_paused ? (double)(c->wait_ns - c->env->start_ns) / (double)NS_PER_MS
                                   : 0);
    }
    c->was_taken = c->has_heard = true;
    call_goto(c, (unsigned)(s->unexp - s->steps));
    return true;
}

static bool is_auto_answered(const struct call *c, const struct sip_message *m)
{
    const struct scenario_options *o = &c->s->options;

    if (!m->is_request) {
        return false;
    }
    if ((o->behaviours & SCENARIO_PING_REPLY) && is_text(m->method_text, "PING")) {
        return true;
    }
    return (o->flags & SCENARIO_AUTO_ANSWER) &&
           (m->method == SIP_INFO || m->method == SIP_NOTIFY || m->method == SIP_OPTIONS ||
            m->method == SIP_UPDATE);
}

static void take_unexpected(struct call *c, const struct sip_message *m)
{
    const struct scenario_options *o = &c->s->options;
    bool is_rejected =
        !m->is_request && m->status >= 300 && m->cseq_method == SIP_INVITE && c->is_client_invite;

    call_event(c, c->step, CALL_UNEXPECTED_MESSAGE);
    if (go_unexpected(c)) {
        return;
    }
    c->has_heard = true;
    if (m->is_request && (o->behaviours & SCENARIO_BYE) &&
        (m->method == SIP_BYE || m->method == SIP_CANCEL)) {
        call_say(c, CALL_TEXT_WARNING, "call %llu ends: unexpected %.*s",
                 (unsigned long long)c->number, (int)m->method_text.size, m->method_text.at);
        call_answer(c);
        call_end(c, CALL_UNEXPECTED);
        return;
    }
    if (!(o->behaviours & SCENARIO_ABORT_UNEXP)) {
        return;
    }
    call_say(c, CALL_TEXT_WARNING, "call %llu ends: unexpected %.*s while waiting at line %d",
             (unsigned long long)c->number, m->all.size > 60 ? 60 : (int)m->all.size, m->all.at,
             c->s->steps[c->step].line);
    call_hang_up(c, m);
    call_end(c, is_rejected ? CALL_REJECTED : CALL_UNEXPECTED);
}

static bool has_wrong_cseq(const struct call *c, const struct sip_message *m)
{
    return m->is_request && m->method == SIP_ACK && m->cseq != c->peer_cseq &&
           (c->s->options.behaviours & SCENARIO_CSEQ_CHECK) && c->peer_cseq != 0;
}

static bool came_before(struct call *c, uint64_t hash)
{
    if (c->facts->is_reliable) {
        return false;
    }
    if (hash == c->cause_hash) {
        call_event(c, c->cause_recv, CALL_RETRANS_RECEIVED);
        call_answer_again(c, c->cause_send, c->cause_cseq);
        return true;
    }
    if (hash == c->last_hash) {
        call_event(c, c->last_recv_step, CALL_RETRANS_RECEIVED);
        return true;
    }
    return false;
}

void call_take(struct call *c, const struct sip_message *m)
{
    enum scenario_step_kind kind = c->s->steps[c->step].kind;
    /* What comes again is told by it, which a connection does not need. */
    uint64_t hash = c->facts->is_reliable && c->s->txn_count == 0 ? 1 : message_hash(c, m);
    int index;

    if (came_before(c, hash)) {
        return;
    }
    if (has_wrong_cseq(c, m)) {
        call_say(c, CALL_TEXT_WARNING, "call %llu: ACK with CSeq %u, the INVITE had %u",
                 (unsigned long long)c->number, m->cseq, c->peer_cseq);
        call_event(c, c->step, CALL_IGNORED);
        return;
    }
    index = find_step(c, m);
    if (index >= 0) {
        take_step(c, (unsigned)index, m, hash);
    } else if (kind == SCENARIO_TIMEWAIT || is_old_answer(c, m, hash) ||
               (kind == SCENARIO_PAUSE && (c->s->options.flags & SCENARIO_PAUSE_MSG_IGN))) {
        call_event(c, c->step, CALL_IGNORED);
    } else if (is_auto_answered(c, m)) {
        call_event(c, c->step, CALL_AUTO_ANSWERED);
        call_answer(c);
    } else {
        take_unexpected(c, m);
    }
}

void call_take_command(struct call *c, const char *source)
{
    for (unsigned i = c->step; i < c->s->step_count; i++) {
        const struct step *step = &c->s->steps[i];

        if (step->kind == SCENARIO_RECV_CMD &&
            (!step->peer || !source[0] || strcmp(step->peer, source) == 0)) {
            int next;

            call_event(c, i, CALL_RECEIVED);
            c->step = i;
            switch (actions_run(c, step)) {
            case ACTION_END:
                return;
            case ACTION_JUMPED:
                call_book(c, step);
                return;
            case ACTION_NEXT:
            case ACTION_STOP:
                break;
            }
            call_book(c, step);
            next = call_next(c, step);
            call_goto(c, next >= 0 ? (unsigned)next : i + 1);
            return;
        }
        if (!(step->flags & STEP_OPTIONAL)) {
            break;
        }
    }
    call_event(c, c->step, CALL_UNEXPECTED_MESSAGE);
    call_hang_up(c, NULL);
    call_end(c, CALL_UNEXPECTED);
}
