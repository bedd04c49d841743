/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * scenario_info: what screens, CSV files and drivers ask of a loaded scenario, and its <init>.
 * Any thread; call_run_init belongs to the thread of its env.
 */
#include <errno.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "node/scenario/call_state.h"
#include "node/scenario/inject.h"

const char *scenario_name(const struct scenario *s)
{
    return s->name;
}

enum scenario_role scenario_role(const struct scenario *s)
{
    return s->role;
}

bool scenario_begins_with(const struct scenario *s, const char *method, size_t size)
{
    char word[64];

    if (size == 0 || size >= sizeof(word)) {
        return false;
    }
    memcpy(word, method, size);
    word[size] = '\0';
    for (unsigned i = 0; i < s->step_count; i++) {
        const struct step *step = &s->steps[i];

        if (step->kind == SCENARIO_PAUSE || step->kind == SCENARIO_NOP) {
            continue;
        }
        if (step->kind != SCENARIO_RECV) {
            return false;
        }
        if (!(step->flags & STEP_RESPONSE) &&
            (step->flags & STEP_REGEXP ? regexec(step->regex, word, 0, NULL, 0) == 0
                                       : strcmp(step->method, word) == 0)) {
            return true;
        }
        if (!(step->flags & STEP_OPTIONAL)) {
            return false;
        }
    }
    return false;
}

size_t scenario_call_size(const struct scenario *s)
{
    return s->call_size;
}

bool scenario_has_init(const struct scenario *s)
{
    return s->init_count > 0;
}

bool scenario_has_media(const struct scenario *s)
{
    return s->has_media;
}

bool scenario_has_crypto(const struct scenario *s)
{
    return s->has_crypto;
}

static const char *fixed_text(const struct template *t)
{
    if (t->count == 0) {
        return "";
    }
    return t->count == 1 && t->pieces[0].kind == PIECE_TEXT ? t->pieces[0].text : NULL;
}

bool scenario_get_media(const struct scenario *s, unsigned i, struct scenario_media *ret)
{
    for (unsigned n = 0; n < s->step_count; n++) {
        const struct step *step = &s->steps[n];

        for (size_t k = 0; k < step->action_count; k++) {
            const struct action *a = &step->actions[k];

            if ((a->kind == ACTION_EXEC_MEDIA || a->kind == ACTION_RTP_ECHO) && i-- == 0) {
                *ret = (struct scenario_media){a->media, fixed_text(a->texts[0]), s->file, a->line};
                return true;
            }
        }
    }
    return false;
}

bool scenario_has_twin(const struct scenario *s)
{
    return s->has_twin;
}

bool scenario_commands_first(const struct scenario *s)
{
    for (unsigned i = 0; i < s->step_count; i++) {
        if (s->steps[i].kind == SCENARIO_SEND_CMD || s->steps[i].kind == SCENARIO_RECV_CMD) {
            return s->steps[i].kind == SCENARIO_SEND_CMD;
        }
    }
    return false;
}

void scenario_set_pause(struct scenario *s, uint64_t pause_ns)
{
    atomic_store_explicit(&s->pause_ns, pause_ns, memory_order_relaxed);
}

unsigned scenario_step_count(const struct scenario *s)
{
    return s->step_count;
}

void scenario_get_step(const struct scenario *s, unsigned i, struct scenario_step_info *ret)
{
    const struct step *step = &s->steps[i];
    bool is_fixed = step->kind == SCENARIO_PAUSE || step->kind == SCENARIO_TIMEWAIT;

    *ret = (struct scenario_step_info){
        .kind = step->kind,
        .text = step->method ? step->method : "",
        .display = step->display,
        .line = step->line,
        .is_hidden = step->flags & STEP_HIDE,
        .is_optional = step->flags & STEP_OPTIONAL,
        .has_retrans = step->retrans_ns > 0,
        .has_timeout = step->timeout_ns > 0,
        .has_length = step->flags & STEP_HAS_PAUSE,
        .ignores_sdp = step->flags & STEP_IGNORE_SDP,
        .start_rtd = step->start_rtd,
        .rtd = step->rtd,
    };
    if (is_fixed && !(step->flags & STEP_HAS_PAUSE)) {
        ret->pause_ns = atomic_load(&((struct scenario *)(uintptr_t)s)->pause_ns);
    } else if (is_fixed && step->pause_variable < 0 && step->pause.kind == DIST_FIXED) {
        ret->pause_ns = (uint64_t)(step->pause.p[0] * (double)NS_PER_MS);
    }
}

/* Nothing leads a call around a step. */
static bool is_straight(const struct step *step)
{
    for (size_t i = 0; i < step->action_count; i++) {
        if (step->actions[i].kind == ACTION_JUMP) {
            return false;
        }
    }
    return step->next < 0 && step->condexec < 0;
}

uint64_t scenario_lasts_ns(const struct scenario *s, bool *ret_is_least)
{
    double ms = 0, pause;
    uint64_t said = 0;

    *ret_is_least = true;
    for (unsigned i = 0; i < s->step_count; i++) {
        const struct step *step = &s->steps[i];

        *ret_is_least &= is_straight(step);
        if (step->kind != SCENARIO_PAUSE) {
            continue;
        }
        if (!(step->flags & STEP_HAS_PAUSE)) {
            said += atomic_load(&((struct scenario *)(uintptr_t)s)->pause_ns);
            continue;
        }
        pause = step->pause_variable < 0 ? distribution_p99(&step->pause) : 0;
        *ret_is_least &= step->pause_variable < 0 && step->pause.kind == DIST_FIXED;
        ms += isfinite(pause) && pause > 0 ? pause : 0;
    }
    return said + (ms < 1e12 ? (uint64_t)(ms * (double)NS_PER_MS) : 0);
}

const char *scenario_rtd_name(const struct scenario *s, unsigned i)
{
    return i < s->rtd_count ? s->rtds[i] : NULL;
}

const char *scenario_counter_name(const struct scenario *s, unsigned i)
{
    return i < s->counter_count ? s->counters[i] : NULL;
}

size_t scenario_response_borders(const struct scenario *s, const unsigned **ret_ms)
{
    *ret_ms = s->response_ms;
    return s->response_count;
}

size_t scenario_length_borders(const struct scenario *s, const unsigned **ret_ms)
{
    *ret_ms = s->length_ms;
    return s->length_count;
}

int scenario_injection_field(const struct scenario *s, unsigned line, unsigned field, char *buffer,
                             size_t size)
{
    int n = inject_file_count(s->inject) > 0 && size > 0
                ? inject_get_field(s->inject, 0, line, field, buffer, size - 1)
                : -ENOENT;

    if (n >= 0) {
        buffer[n] = 0;
    }
    return n;
}

int call_run_init(const struct scenario *s, struct call_env *env, uint64_t now_ns, struct err *err)
{
    static const struct call_facts nowhere = {.remote_ip = "",
                                              .remote_host = "",
                                              .remote_port = "0",
                                              .local_ip = "",
                                              .local_ip_type = "4",
                                              .local_port = "0",
                                              .server_ip = "",
                                              .media_ip = "",
                                              .media_ip_type = "4",
                                              .transport = "UDP"};
    struct call *c = aligned_alloc(16, s->call_size);
    int code = 0;

    if (!c) {
        return err_set(err, -ENOMEM, "no memory for <init>");
    }
    call_init(c, s, env, &(struct call_start){.facts = &nowhere}, now_ns);
    c->is_init = true;
    for (unsigned i = 0; i < s->init_count && code == 0; i++) {
        const struct step *step = &s->init[i];

        if (step->condexec >= 0 &&
            value_is_set(c, step->condexec) == !!(step->flags & STEP_CONDEXEC_INVERSE)) {
            continue;
        }
        if (actions_run(c, step) == ACTION_END) {
            err_set(err, -EINVAL, "<init>: %s", call_cause_name((enum call_cause)c->cause));
            code = err_at(err, s->file, step->line, 1);
        }
    }
    call_finish(c);
    free(c);
    return code;
}
