/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * action: what <action> does: numbers, files, addresses, media. Texts and regular expressions are
 * in action_text. Thread rule: the call's.
 */
#include <errno.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "node/scenario/action_text.h"
#include "node/scenario/inject.h"

enum { HALF = CALL_MESSAGE_MAX / 2 };

/* The n-th text of an action, NUL-ended, in its half of the scratch. */
static const char *text_of(struct call *c, const struct action *a, int n)
{
    char *buffer = call_scratch(c, SCRATCH_OUT) + n * (HALF / 2);

    render_text(c, a->texts[n], buffer, HALF / 2);
    return buffer;
}

static double operand(struct call *c, const struct action *a)
{
    return a->flags & ACTION_HAS_VALUE ? a->value : value_get_number(c, a->variable);
}

static enum action_result calculate(struct call *c, const struct action *a)
{
    double now = value_get_number(c, a->targets[0]), by = operand(c, a);

    switch (a->kind) {
    case ACTION_ADD:
        by = now + by;
        break;
    case ACTION_SUBTRACT:
        by = now - by;
        break;
    case ACTION_MULTIPLY:
        by = now * by;
        break;
    case ACTION_DIVIDE:
        if (by == 0) {
            call_say(c, CALL_TEXT_WARNING, "divide: division by zero, the variable stays");
            return ACTION_NEXT;
        }
        by = now / by;
        break;
    default:
        break;
    }
    value_set_number(c, a->targets[0], by);
    return ACTION_NEXT;
}

static bool compare(enum compare how, double x, double y)
{
    switch (how) {
    case COMPARE_EQ:
        return x == y;
    case COMPARE_NE:
        return x != y;
    case COMPARE_GT:
        return x > y;
    case COMPARE_LT:
        return x < y;
    case COMPARE_GE:
        return x >= y;
    case COMPARE_LE:
        break;
    }
    return x <= y;
}

/* The call is marked and goes on, as in SIPp; what <init> checks fails at once. */
static enum action_result fail_check(struct call *c, enum call_cause cause)
{
    if (c->is_init) {
        call_end(c, cause);
        return ACTION_END;
    }
    c->failed_check = (uint8_t)cause;
    c->failed_step = (uint16_t)(c->step < UINT16_MAX ? c->step : UINT16_MAX);
    return ACTION_STOP;
}

enum action_result action_check(struct call *c, const struct action *a, bool is_true,
                                enum call_cause when_false, enum call_cause when_true)
{
    if ((a->flags & ACTION_CHECK_IT) && !is_true) {
        return fail_check(c, when_false);
    }
    if ((a->flags & ACTION_CHECK_INVERSE) && is_true) {
        return fail_check(c, when_true);
    }
    return ACTION_NEXT;
}

static enum action_result test(struct call *c, const struct action *a)
{
    double right = a->flags & ACTION_HAS_VALUE ? a->value : value_get_number(c, a->variable2);
    bool is_true = compare(a->compare, value_get_number(c, a->variable), right);

    for (unsigned i = 0; i < a->target_count; i++) {
        value_set_bool(c, a->targets[i], is_true);
    }
    return action_check(c, a, is_true, CALL_TEST_FALSE, CALL_TEST_TRUE);
}

static enum action_result gettimeofday_action(struct call *c, const struct action *a)
{
    uint64_t real = c->now_ns + c->env->real_offset_ns;
    uint64_t seconds = real / NS_PER_S, us = real % NS_PER_S / NS_PER_US;

    value_set_number(c, a->targets[0], (double)seconds);
    value_set_number(c, a->targets[1], (double)us);
    return ACTION_NEXT;
}

static enum action_result jump(struct call *c, const struct action *a)
{
    double to = operand(c, a);

    if (!(to >= 0 && to <= c->s->step_count) || c->is_init) {
        call_say(c, CALL_TEXT_ERROR, "jump to %g: the scenario has commands 0 to %u", to,
                 c->s->step_count - 1);
        call_end(c, CALL_ACTION_ERROR);
        return ACTION_END;
    }
    call_goto(c, (unsigned)to);
    return ACTION_JUMPED;
}

static enum action_result files(struct call *c, const struct action *a)
{
    struct inject *in = c->s->inject;
    int code = 0;

    if (a->kind == ACTION_LOOKUP) {
        value_set_number(c, a->targets[0], inject_lookup(in, (unsigned)a->file, text_of(c, a, 0)));
        return ACTION_NEXT;
    }
    if (a->kind == ACTION_INSERT) {
        code = inject_insert(in, (unsigned)a->file, text_of(c, a, 0));
    } else {
        code = inject_replace(in, (unsigned)a->file, (unsigned)strtoul(text_of(c, a, 1), NULL, 10),
                              text_of(c, a, 0));
    }
    if (code < 0) {
        call_say(c, CALL_TEXT_WARNING, "%s: %s",
                 a->kind == ACTION_INSERT ? "insert" : "replace: no such line", strerror(-code));
    }
    return ACTION_NEXT;
}

static enum action_result set_destination(struct call *c, const struct action *a)
{
    const char *host = text_of(c, a, 0), *port = text_of(c, a, 1), *protocol = text_of(c, a, 2);
    unsigned long number = strtoul(port, NULL, 10);
    int code = number > 0 && number < 65536 ? -ENOTSUP : -EINVAL;

    if (code == -ENOTSUP && c->env->ops->setdest) {
        code = c->env->ops->setdest(c->env->driver, c, host, (unsigned)number, protocol);
    }
    if (code < 0) {
        call_say(c, CALL_TEXT_ERROR, "setdest %s port %s protocol %s: %s", host, port, protocol,
                 strerror(-code));
        call_end(c, CALL_ACTION_ERROR);
        return ACTION_END;
    }
    return ACTION_NEXT;
}

static enum action_result media(struct call *c, const struct action *a)
{
    const char *text = text_of(c, a, 0);
    int code = c->env->ops->media
                   ? c->env->ops->media(c->env->driver, c, (enum call_media)a->media, text)
                   : 0;

    if (code < 0) {
        call_say(c, CALL_TEXT_ERROR, "media \"%s\": %s", text, strerror(-code));
        call_end(c, CALL_ACTION_ERROR);
        return ACTION_END;
    }
    return ACTION_NEXT;
}

static void control(struct call *c, enum call_control what, const char *text)
{
    if (c->env->ops->control) {
        c->env->ops->control(c->env->driver, c, what, text);
    }
}

static enum action_result say(struct call *c, const struct action *a)
{
    static const enum call_text kinds[] = {[ACTION_LOG] = CALL_TEXT_LOG,
                                           [ACTION_WARNING] = CALL_TEXT_WARNING,
                                           [ACTION_ERROR] = CALL_TEXT_ERROR};

    if (c->env->ops->text) {
        c->env->ops->text(c->env->driver, c, kinds[a->kind], text_of(c, a, 0));
    }
    if (a->kind == ACTION_ERROR) {
        control(c, CALL_STOP_NOW, "");
        call_end(c, CALL_ACTION_ERROR);
        return ACTION_END;
    }
    return ACTION_NEXT;
}

static enum action_result execute(struct call *c, const struct action *a)
{
    switch (a->kind) {
    case ACTION_EXEC_COMMAND:
        control(c, CALL_RUN_COMMAND, text_of(c, a, 0));
        break;
    case ACTION_EXEC_STOP_NOW:
        control(c, CALL_STOP_NOW, "");
        break;
    case ACTION_EXEC_STOP_GRACEFULLY:
        control(c, CALL_STOP_GRACEFULLY, "");
        break;
    case ACTION_EXEC_STOP_CALL:
        call_end(c, CALL_STOPPED);
        return ACTION_END;
    case ACTION_CLOSECON:
        if (c->env->ops->closecon) {
            c->env->ops->closecon(c->env->driver, c);
        }
        break;
    default:
        break;
    }
    return ACTION_NEXT;
}

static enum action_result restore_pause(struct call *c, const struct action *a)
{
    double ms = operand(c, a);

    c->restore_ns = ms > 0 ? c->env->start_ns + (uint64_t)(ms * (double)NS_PER_MS) : CALL_NEVER;
    return ACTION_NEXT;
}

static enum action_result run_one(struct call *c, const struct action *a)
{
    switch (a->kind) {
    case ACTION_EREG:
    case ACTION_ASSIGNSTR:
    case ACTION_TODOUBLE:
    case ACTION_STRCMP:
    case ACTION_TRIM:
    case ACTION_URLENCODE:
    case ACTION_URLDECODE:
        return action_run_text(c, a);
    case ACTION_LOG:
    case ACTION_WARNING:
    case ACTION_ERROR:
        return say(c, a);
    case ACTION_ASSIGN:
    case ACTION_ADD:
    case ACTION_SUBTRACT:
    case ACTION_MULTIPLY:
    case ACTION_DIVIDE:
        return calculate(c, a);
    case ACTION_SAMPLE:
        value_set_number(c, a->targets[0], distribution_sample(&a->sample, c->env->rand));
        return ACTION_NEXT;
    case ACTION_TEST:
        return test(c, a);
    case ACTION_GETTIMEOFDAY:
        return gettimeofday_action(c, a);
    case ACTION_INDEX:
        value_set_number(c, a->targets[0], c->step);
        return ACTION_NEXT;
    case ACTION_JUMP:
        return jump(c, a);
    case ACTION_PAUSERESTORE:
        return restore_pause(c, a);
    case ACTION_LOOKUP:
    case ACTION_INSERT:
    case ACTION_REPLACE:
        return files(c, a);
    case ACTION_VERIFYAUTH:
        value_set_bool(c, a->targets[0], auth_verify(c, text_of(c, a, 0), text_of(c, a, 1)) == 0);
        return ACTION_NEXT;
    case ACTION_SETDEST:
        return set_destination(c, a);
    case ACTION_RTP_ECHO:
    case ACTION_EXEC_MEDIA:
        return media(c, a);
    case ACTION_CLOSECON:
    case ACTION_EXEC_COMMAND:
    case ACTION_EXEC_STOP_NOW:
    case ACTION_EXEC_STOP_GRACEFULLY:
    case ACTION_EXEC_STOP_CALL:
        return execute(c, a);
    }
    return ACTION_NEXT;
}

/* All of them, up to a check that fails; a jump takes effect behind the last one. */
enum action_result actions_run(struct call *c, const struct step *step)
{
    enum action_result all = ACTION_NEXT;

    for (size_t i = 0; i < step->action_count; i++) {
        enum action_result one = run_one(c, &step->actions[i]);

        if (one == ACTION_END) {
            return ACTION_END;
        }
        if (one == ACTION_STOP) {
            break;
        }
        if (one == ACTION_JUMPED) {
            all = ACTION_JUMPED;
        }
    }
    return all;
}
