/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * cmd_sip_notes: what happens to calls is counted, and written where the traces say. The thread of
 * the shard that it happens in.
 */
#include <limits.h>
#include <signal.h>
#include <spawn.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/str.h"
#include "node/cli/cmd_sip.h"

/* ---- what is said ---- */

void cmd_sip_notes_say(struct sip_run *r, const char *format, ...)
{
    struct buf text;
    va_list args;
    buf_init(&text);
    va_start(args, format);
    buf_vprintf(&text, format, args);
    va_end(args);
    pthread_mutex_lock(&r->lock);
    str_printf(r->notes.said, sizeof r->notes.said, "%s", buf_str(&text));
    pthread_mutex_unlock(&r->lock);
    sipp_traces_line(&r->notes.traces, SIPP_TRACE_ERR, clock_real_ns(), buf_str(&text));
    buf_finish(&text);
}

static void hear_message(void *arg, enum calls_direction direction, const struct sockaddr *peer,
                         const char *bytes, size_t size)
{
    static const char *const words[] = {"UDP", "TCP", "TLS"};
    struct sip_shard *shard = arg;
    struct sip_run *r = shard->run;
    struct sipp_traces *t = &r->notes.traces;
    const char *id;
    (void)peer;
    if (direction == CALLS_IN) {
        shard->message = bytes;
        shard->message_size = size;
    }
    if (!sipp_traces_is_on(t, SIPP_TRACE_MSG) && !sipp_traces_is_on(t, SIPP_TRACE_SHORTMSG))
        return;
    struct sipp_traced m = {.transport = words[r->options.transport],
                            .is_sent = direction == CALLS_OUT,
                            .real_ns = clock_real_ns(),
                            .bytes = bytes,
                            .size = size};
    m.call_id_size = call_key(bytes, size, SCENARIO_CALLID_SLASH_IGN, &id);
    m.call_id = id;
    sipp_traces_message(t, &m);
}

static void hear_text(void *arg, const struct call *c, enum call_text kind, const char *text)
{
    struct sip_shard *shard = arg;
    struct sip_run *r = shard->run;
    (void)c;
    if (kind == CALL_TEXT_LOG) {
        if (sipp_traces_is_on(&r->notes.traces, SIPP_TRACE_LOGS)) {
            sipp_traces_text(&r->notes.traces, SIPP_TRACE_LOGS, text, strlen(text), false);
            sipp_traces_text(&r->notes.traces, SIPP_TRACE_LOGS, "\n", 1, true);
        }
        return;
    }
    const bool is_fatal = kind == CALL_TEXT_ERROR;
    sipp_stats_count(&shard->stats, is_fatal ? SIPP_FATAL_ERRORS : SIPP_WARNINGS, 1);
    cmd_sip_notes_say(r, "%s", text);
    if (is_fatal)
        cmd_sip_end(r, SIP_NOW, SIP_EXIT_FATAL);
}

/* <exec command>: a shell of its own that nobody waits for (SIGCHLD is ignored while calls run). */
static void run_command(struct sip_run *r, const char *text)
{
    char *argv[] = {(char *)"sh", (char *)"-c", (char *)(uintptr_t)text, NULL};
    posix_spawnattr_t how;
    sigset_t none, all;
    pid_t pid;
    sigemptyset(&none);
    sigfillset(&all);
    posix_spawnattr_init(&how);
    posix_spawnattr_setflags(&how, POSIX_SPAWN_SETSIGMASK | POSIX_SPAWN_SETSIGDEF);
    posix_spawnattr_setsigmask(&how, &none);
    posix_spawnattr_setsigdefault(&how, &all);
    const int result = posix_spawnp(&pid, "sh", NULL, &how, argv, environ);
    posix_spawnattr_destroy(&how);
    if (result != 0)
        cmd_sip_notes_say(r, "exec command=\"%.100s\": %s", text, strerror(result));
}

static void hear_control(void *arg, enum call_control what, const char *text)
{
    struct sip_shard *shard = arg;
    struct sip_run *r = shard->run;
    if (what == CALL_RUN_COMMAND)
        run_command(r, text);
    else if (what == CALL_STOP_NOW)
        cmd_sip_end(r, SIP_NOW, SIP_EXIT_INTERNAL);
    else
        cmd_sip_end(r, SIP_SOFT, -1);
}

/* ---- what happens to calls ---- */

/* Steps, response times and counters are those of the scenario. */
static bool is_main(const struct sip_run *r, const struct call *c)
{
    return call_get_scenario(c) == r->scenario;
}

/* Calls that come to a client by -rxsf count too; strays, of -oocsf, do not. */
static bool is_counted(const struct sip_run *r, const struct call *c)
{
    return call_get_scenario(c) != r->outside;
}

static void hear_rtd(void *arg, const struct call *c, unsigned rtd, uint64_t ns)
{
    struct sip_shard *shard = arg;
    struct sip_run *r = shard->run;
    struct sip_notes *n = &r->notes;
    if (!is_main(r, c))
        return;
    sipp_stats_rtd(&shard->stats, rtd, ns);
    if (!sipp_traces_is_on(&n->traces, SIPP_TRACE_RTT))
        return;
    pthread_mutex_lock(&r->lock);
    sipp_csv_rtt_row(&n->csv, clock_now_ns() - n->start_ns, ns, scenario_rtd_name(r->scenario, rtd),
                     &n->rtt);
    if (++n->rtt_rows >= r->options.rtt_every) {
        sipp_traces_text(&n->traces, SIPP_TRACE_RTT, buf_str(&n->rtt), n->rtt.size, true);
        buf_clear(&n->rtt);
        n->rtt_rows = 0;
    }
    pthread_mutex_unlock(&r->lock);
}

/* The code of the response that was not expected, for -trace_error_codes. */
static void note_code(struct sip_shard *s)
{
    struct sip_notes *n = &s->run->notes;
    if (s->message == NULL || s->message_size <= 12 || memcmp(s->message, "SIP/2.0 ", 8) != 0)
        return;
    pthread_mutex_lock(&s->run->lock);
    if (n->code_count < SIP_CODES_MAX)
        n->codes[n->code_count++] = (unsigned)strtoul(s->message + 8, NULL, 10);
    pthread_mutex_unlock(&s->run->lock);
}

static void note_unexpected(struct sip_shard *shard, const struct call *c, unsigned step)
{
    const struct scenario *scenario = call_get_scenario(c);
    struct scenario_step_info info = {.text = ""};
    char id[256];
    const int size = call_get_id((struct call *)(uintptr_t)c, id, sizeof id);
    if (step < scenario_step_count(scenario))
        scenario_get_step(scenario, step, &info);
    sipp_stats_count(&shard->stats, SIPP_WARNINGS, 1);
    note_code(shard);
    cmd_sip_notes_say(shard->run,
                      "unexpected message for Call-Id '%.*s': while expecting '%s' (index %d, line "
                      "%d), received '%.*s'",
                      size > 0 ? size : 0, id, info.text,
                      step < scenario_step_count(scenario) ? (int)step : -1, info.line,
                      shard->message != NULL ? (int)shard->message_size : 0, shard->message);
}

static void hear_event(void *arg, const struct call *c, unsigned step, enum call_event event)
{
    struct sip_shard *shard = arg;
    struct sip_run *r = shard->run;
    if (!is_counted(r, c))
        return;
    sipp_stats_event(&shard->stats, is_main(r, c) ? step : UINT_MAX, event);
    if (r->notes.calldebug.buckets != NULL) {
        pthread_mutex_lock(&r->lock);
        sipp_calldebug_event(&r->notes.calldebug, call_get_scenario(c), call_get_number(c), step,
                             event, clock_real_ns());
        pthread_mutex_unlock(&r->lock);
    }
    if (event == CALL_UNEXPECTED_MESSAGE)
        note_unexpected(shard, c, step);
}

static void hear_counter(void *arg, const struct call *c, unsigned counter)
{
    struct sip_shard *shard = arg;
    struct sip_run *r = shard->run;
    if (is_main(r, c))
        sipp_stats_counter(&shard->stats, counter);
}

static void note_debug(struct sip_run *r, const struct call *c, enum call_cause cause)
{
    struct buf text;
    buf_init(&text);
    if (cause != CALL_GOOD) {
        buf_append_str(&text, "-------------------------------------------------------------\n");
        sipp_csv_time(r->options.is_rfc3339, clock_real_ns(), &text);
        buf_printf(&text, "\tcall %llu failed: %s\n", (unsigned long long)call_get_number(c),
                   call_cause_name(cause));
    }
    pthread_mutex_lock(&r->lock);
    sipp_calldebug_end(&r->notes.calldebug, call_get_number(c), cause != CALL_GOOD ? &text : NULL);
    pthread_mutex_unlock(&r->lock);
    if (text.size > 0)
        sipp_traces_text(&r->notes.traces, SIPP_TRACE_CALLDEBUG, buf_str(&text), text.size, true);
    buf_finish(&text);
}

static void hear_end(void *arg, const struct call *c, enum call_cause cause, uint64_t length_ns)
{
    struct sip_shard *shard = arg;
    struct sip_run *r = shard->run;
    char id[256];
    if (c != NULL && !is_counted(r, c))
        return;
    sipp_stats_ended(&shard->stats, cause, length_ns);
    if (c != NULL && r->notes.calldebug.buckets != NULL)
        note_debug(r, c, cause);
    if (cause == CALL_GOOD || cause == CALL_UNEXPECTED || cause == CALL_REJECTED)
        return;
    const int size = c != NULL ? call_get_id((struct call *)(uintptr_t)c, id, sizeof id) : 0;
    sipp_stats_count(&shard->stats, SIPP_WARNINGS, 1);
    if (size > 0)
        cmd_sip_notes_say(r, "Call-Id: %.*s, %s at index %u: the call failed", size, id,
                          call_cause_name(cause), call_get_step(c));
    else
        cmd_sip_notes_say(r, "a call could not begin: %s", call_cause_name(cause));
}

void cmd_sip_notes_hook(struct sip_shard *s, struct calls_hooks *ret)
{
    *ret = (struct calls_hooks){.arg = s,
                                .message = hear_message,
                                .text = hear_text,
                                .control = hear_control,
                                .rtd = hear_rtd,
                                .event = hear_event,
                                .counter = hear_counter,
                                .ended = hear_end};
}
