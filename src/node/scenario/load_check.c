/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * load_check: what only the whole scenario shows: labels, response times, transactions, variables
 * used once, who begins, and at which waits a received message must be kept. One thread.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/str.h"
#include "node/scenario/load.h"

/* `"a", "b"`: those that there are, as many as go into the text. */
static const char *list_labels(const struct loader *l, char *text, size_t size)
{
    size_t used = 0;

    for (unsigned i = 0; i < l->label_count && used < size; i++) {
        used +=
            str_printf(text + used, size - used, "%s\"%s\"", i > 0 ? ", " : "", l->labels[i].name);
    }
    return text;
}

static int find_label(struct loader *l, const struct xml_attr *a, int *ret)
{
    const char *labels[64] = {NULL};
    char known[160] = "";

    for (unsigned i = 0; a && i < l->label_count; i++) {
        if (strcmp(l->labels[i].name, a->value) == 0) {
            *ret = l->labels[i].step;
            return 0;
        }
        if (i < 63) {
            labels[i] = l->labels[i].name;
        }
    }
    if (a) {
        return labels[0] ? load_fail_at(l, a,
                                        "%s=\"%s\": there is no such label; the nearest is \"%s\", "
                                        "known are %s",
                                        a->name, a->value, load_nearest(a->value, labels),
                                        list_labels(l, known, sizeof(known)))
                         : load_fail_at(l, a,
                                        "%s=\"%s\": there is no such label, nor any other: "
                                        "<label id=\"%s\"/> would be one",
                                        a->name, a->value, a->value);
    }
    return 0;
}

static int check_labels(struct loader *l)
{
    struct scenario *s = l->s;

    for (unsigned i = 0; i < s->step_count; i++) {
        int code = find_label(l, l->nexts[i], &s->steps[i].next);

        code = code < 0 ? code : find_label(l, l->ontimeouts[i], &s->steps[i].ontimeout);
        if (code < 0) {
            return code;
        }
    }
    for (unsigned i = 0; i < l->label_count; i++) {
        if (strcmp(l->labels[i].name, "_unexp.main") == 0 &&
            (unsigned)l->labels[i].step < s->step_count) {
            s->unexp = &s->steps[l->labels[i].step];
        }
    }
    return 0;
}

static int check_rtds(struct loader *l)
{
    struct scenario *s = l->s;

    for (unsigned k = 0; k < s->rtd_count; k++) {
        const struct step *started = NULL;
        bool is_stopped = false;

        for (unsigned i = 0; i < s->step_count; i++) {
            started = s->steps[i].start_rtd == (int)k && !started ? &s->steps[i] : started;
            is_stopped = is_stopped || s->steps[i].rtd == (int)k;
        }
        if (started && !is_stopped) {
            return load_fail(l, started->line, 1,
                             "start_rtd=\"%s\" is never stopped: no command has rtd=\"%s\"",
                             s->rtds[k], s->rtds[k]);
        }
    }
    return 0;
}

static int check_txns(struct loader *l)
{
    for (unsigned i = 0; i < l->s->txn_count; i++) {
        const struct txn_info *t = &l->s->txns[i];
        const char *missing = !t->is_started                ? "start_txn"
                              : !t->has_response            ? "response_txn"
                              : t->is_invite && !t->has_ack ? "ack_txn"
                                                            : NULL;

        if (missing) {
            return load_fail(l, t->line, 1, "transaction \"%s\": no command has %s=\"%s\"", t->name,
                             missing, t->name);
        }
        if (t->has_ack && !t->is_invite) {
            return load_fail(l, t->line, 1, "transaction \"%s\": only an INVITE has an ACK",
                             t->name);
        }
    }
    return 0;
}

static int check_variables(struct loader *l)
{
    struct scenario *s = l->s;

    s->unexp_retaddr = s->unexp_paused = -1;
    for (unsigned i = 0; i < s->variable_count; i++) {
        const struct variable *v = &s->variables[i];
        bool is_special = strncmp(v->name, "_unexp.", 7) == 0;

        if (strcmp(v->name, "_unexp.retaddr") == 0) {
            s->unexp_retaddr = (int)i;
        } else if (strcmp(v->name, "_unexp.pausedaddr") == 0) {
            s->unexp_paused = (int)i;
        }
        if (v->uses < 2 && !v->is_referenced && !is_special) {
            return load_fail(l, v->line, 1,
                             "variable \"%s\" is used %s; when that is meant, declare "
                             "<Reference variables=\"%s\"/>",
                             v->name, v->uses ? "once only" : "nowhere", v->name);
        }
    }
    return 0;
}

static int check_order(struct loader *l)
{
    struct scenario *s = l->s;
    bool is_decided = false;

    for (unsigned i = 0; i < s->step_count; i++) {
        const struct step *step = &s->steps[i];

        if (step->kind == SCENARIO_TIMEWAIT && i + 1 != s->step_count) {
            return load_fail(l, step->line, 1, "<timewait> must be the last command");
        }
        if (is_decided || step->kind == SCENARIO_PAUSE || step->kind == SCENARIO_NOP) {
            continue;
        }
        is_decided = true;
        s->role = step->kind == SCENARIO_SEND || step->kind == SCENARIO_SEND_CMD ? SCENARIO_CLIENT
                                                                                 : SCENARIO_SERVER;
    }
    return 0;
}

static bool uses_last(const struct template *t)
{
    for (size_t i = 0; t && i < t->count; i++) {
        const struct piece *p = &t->pieces[i];

        if (p->kind == PIECE_LAST_HEADER || p->kind == PIECE_LAST_MESSAGE ||
            p->kind == PIECE_LAST_REQUEST_URI || p->kind == PIECE_LAST_CSEQ_NUMBER) {
            return true;
        }
        for (size_t k = 0; p->params && k < (p->kind == PIECE_AUTHENTICATION ? 5U : 1U); k++) {
            if (uses_last(p->params[k])) {
                return true;
            }
        }
    }
    return false;
}

static bool step_uses_last(const struct step *step)
{
    if (uses_last(step->message)) {
        return true;
    }
    for (size_t i = 0; i < step->action_count; i++) {
        const struct action *a = &step->actions[i];

        if ((a->kind == ACTION_EREG && a->search != SEARCH_VAR) || a->kind == ACTION_VERIFYAUTH ||
            a->kind == ACTION_JUMP) {
            return true;
        }
        for (int k = 0; k < ACTION_TEXTS; k++) {
            if (uses_last(a->texts[k])) {
                return true;
            }
        }
    }
    return false;
}

/* From `from` on, is the last message asked for before another one has come? */
static bool reaches_use(const struct scenario *s, int from, bool *seen)
{
    while (from >= 0 && (unsigned)from < s->step_count && !seen[from]) {
        const struct step *step = &s->steps[from];

        seen[from] = true;
        if (step->kind == SCENARIO_RECV) {
            if (step->ontimeout >= 0 && reaches_use(s, step->ontimeout, seen)) {
                return true;
            }
            if (!(step->flags & STEP_OPTIONAL)) {
                return false;
            }
        } else if (step_uses_last(step)) {
            return true;
        }
        if (step->next >= 0 && reaches_use(s, step->next, seen)) {
            return true;
        }
        from++;
    }
    return false;
}

/* A default behaviour of a server after a timeout makes its BYE from the last request. */
static bool abort_wants_last(const struct scenario *s, const struct step *step)
{
    return s->role == SCENARIO_SERVER && (s->options.behaviours & SCENARIO_BYE) &&
           step->kind == SCENARIO_RECV && (step->timeout_ns || s->options.recv_timeout_ns);
}

static int mark_kept(struct loader *l)
{
    struct scenario *s = l->s;
    bool *seen = calloc(s->step_count + 1, sizeof(bool));

    if (!seen) {
        return err_set(l->err, -ENOMEM, "no memory for a scenario");
    }
    for (unsigned i = 0; i < s->step_count; i++) {
        struct step *step = &s->steps[i];
        bool is_kept;

        memset(seen, 0, (s->step_count + 1) * sizeof(bool));
        if (step->kind == SCENARIO_RECV) {
            is_kept = abort_wants_last(s, step) ||
                      (step->ontimeout >= 0 && reaches_use(s, step->ontimeout, seen));
        } else {
            is_kept = reaches_use(s, (int)i, seen);
        }
        step->flags |= is_kept ? STEP_KEEP : 0U;
    }
    free(seen);
    return 0;
}

int load_check(struct loader *l)
{
    int code = check_labels(l);

    code = code < 0 ? code : check_order(l);
    code = code < 0 ? code : check_rtds(l);
    code = code < 0 ? code : check_txns(l);
    code = code < 0 ? code : check_variables(l);
    return code < 0 ? code : mark_kept(l);
}
