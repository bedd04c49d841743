/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * figures: see figures.h. Here: counting, and what the messages of a call say of it (RFC 6076 §4).
 */
#include "node/calls/figures.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

/* ---- life ---- */

/* Pages of a sparse one are touched by the values that come only. */
static struct hist *make_hist(bool is_sparse)
{
    return is_sparse ? hist_create_sparse() : hist_create();
}

static int make_hists(struct hist **hists, unsigned count, bool is_sparse)
{
    for (unsigned i = 0; i < count; i++) {
        if ((hists[i] = make_hist(is_sparse)) == NULL) {
            return -ENOMEM;
        }
    }
    return 0;
}

int figures_init(struct calls_figures *f, const struct scenario *s)
{
    memset(f, 0, sizeof(*f));
    f->step_count = s != NULL ? scenario_step_count(s) : 0;
    while (s != NULL && scenario_rtd_name(s, f->rtd_count) != NULL) {
        f->rtd_count++;
    }
    while (s != NULL && scenario_counter_name(s, f->counter_count) != NULL) {
        f->counter_count++;
    }
    f->step = calloc((size_t)f->step_count * CALL_EVENT_COUNT + 1, sizeof(*f->step));
    f->counter = calloc(f->counter_count + 1u, sizeof(*f->counter));
    f->rtd_sent = calloc(f->rtd_count + 1u, sizeof(struct hist *));
    f->rtd_intended = calloc(f->rtd_count + 1u, sizeof(struct hist *));
    if (f->step == NULL || f->counter == NULL || f->rtd_sent == NULL || f->rtd_intended == NULL ||
        make_hists(f->time, CALLS_TIMES, s == NULL) < 0 ||
        make_hists(f->rtd_sent, f->rtd_count, false) < 0 ||
        make_hists(f->rtd_intended, f->rtd_count, false) < 0) {
        figures_finish(f);
        return -ENOMEM;
    }
    return 0;
}

void figures_finish(struct calls_figures *f)
{
    for (int i = 0; i < CALLS_TIMES; i++) {
        hist_destroy(f->time[i]);
    }
    for (unsigned i = 0; i < f->rtd_count; i++) {
        hist_destroy(f->rtd_sent != NULL ? f->rtd_sent[i] : NULL);
        hist_destroy(f->rtd_intended != NULL ? f->rtd_intended[i] : NULL);
    }
    free(f->step);
    free(f->counter);
    free(f->rtd_sent);
    free(f->rtd_intended);
    memset(f, 0, sizeof(*f));
}

/* Whose fault a cause is. */
static enum calls_count fault_of(enum call_cause cause)
{
    switch (cause) {
    case CALL_CANNOT_SEND:
    case CALL_COMMAND_NOT_SENT:
    case CALL_CONGESTION:
    case CALL_STOPPED:
    case CALL_ACTION_ERROR:
        return CALLS_FAULT_GENERATOR;
    case CALL_MAX_RETRANS:
    case CALL_CONNECT_FAILED:
    case CALL_CONNECTION_CLOSED:
    case CALL_RECV_TIMEOUT:
    case CALL_SEND_TIMEOUT:
    case CALL_UNANSWERED:
        return CALLS_FAULT_SILENCE;
    default:
        return CALLS_FAULT_ANSWER;
    }
}

void figures_cause(struct calls_figures *f, enum call_cause cause)
{
    figures_add(&f->cause[cause], 1);
    if (cause == CALL_GOOD) {
        figures_count(f, CALLS_SUCCESSFUL);
    } else {
        figures_count(f, CALLS_FAILED);
        figures_count(f, fault_of(cause));
    }
}

/* ---- what messages say ---- */

static bool starts(const char *bytes, size_t size, const char *word)
{
    size_t n = strlen(word);
    return size >= n && memcmp(bytes, word, n) == 0;
}

void figures_sent(struct calls_figures *f, struct call_times *t, const char *bytes, size_t size,
                  uint64_t now_ns, uint64_t lag_ns)
{
    if (starts(bytes, size, "INVITE ") && t->invite_ns == 0) {
        t->invite_ns = now_ns;
        t->lag_ns = lag_ns;
        t->is_session = true;
        figures_count(f, CALLS_ATTEMPTS);
    } else if (starts(bytes, size, "BYE ") && t->bye_ns == 0) {
        t->bye_ns = now_ns;
        if (t->answered_ns != 0) {
            hist_record(f->time[CALLS_SDT], now_ns - t->answered_ns);
        }
    } else if (starts(bytes, size, "REGISTER ") && t->register_ns == 0) {
        t->register_ns = now_ns;
        t->lag_ns = t->is_session ? t->lag_ns : lag_ns;
        t->is_session = true;
        figures_count(f, CALLS_REGISTRATIONS);
    }
}

/* The method in the CSeq header, "" without one. */
static const char *cseq_method(const char *bytes, size_t size)
{
    const char *end = bytes + size, *at = bytes;

    while ((at = memchr(at, '\n', (size_t)(end - at))) != NULL && end - at > 8 && at[1] != '\r') {
        at++;
        if ((at[0] | 0x20) != 'c' || (at[1] | 0x20) != 's' || (at[3] | 0x20) != 'q') {
            continue;
        }
        at += 4;
        while (at < end - 1 &&
               (*at == ' ' || *at == ':' || *at == '\t' || (*at >= '0' && *at <= '9'))) {
            at++;
        }
        return at;
    }
    return "";
}

static uint64_t since(uint64_t from_ns, uint64_t at_ns)
{
    return at_ns > from_ns ? at_ns - from_ns : 0;
}

/* TS 186 008: a delay above its design objective is as bad as a failure. */
static void judge(struct call_times *t, uint64_t delay, const struct figures_limits *limits)
{
    t->is_slow =
        t->is_slow || (limits->objective_ns > 0 && delay + t->lag_ns > limits->objective_ns);
}

/* RFC 7501 §3.4.4 */
static void count_attempt(struct calls_figures *f, unsigned status, uint64_t delay,
                          const struct figures_limits *limits)
{
    if (status >= 300 || (limits->threshold_ns > 0 && delay > limits->threshold_ns)) {
        figures_count(f, CALLS_ATTEMPT_FAILED);
    }
}

/* RFC 6076 §4.3: until the first status that is not 100; §4.6 to §4.9 at the final one. */
static void take_invite_status(struct calls_figures *f, struct call_times *t, unsigned status,
                               uint64_t at_ns, const struct figures_limits *limits)
{
    uint64_t delay = since(t->invite_ns, at_ns);

    if (t->invite_ns == 0 || status == 100 || t->has_outcome || status == 401 || status == 402 ||
        status == 407) {
        return;
    }
    if (!t->has_status) {
        t->has_status = true;
        judge(t, delay, limits);
        hist_record(f->time[status < 300 ? CALLS_SRD : CALLS_SRD_FAILED], delay);
        if (status < 300) {
            hist_record(f->time[CALLS_SRD_INTENDED], delay + t->lag_ns);
        }
    }
    if (status < 200) {
        return;
    }
    t->has_outcome = true;
    count_attempt(f, status, delay, limits);
    if (status < 300) {
        t->answered_ns = at_ns;
        figures_count(f, CALLS_ESTABLISHED);
    } else if (status < 400) {
        figures_count(f, CALLS_REDIRECTED);
    } else if (status == 480 || status == 486 || status == 600 || status == 603) {
        figures_count(f, CALLS_EFFECTIVE);
    } else if (status == 408 || status == 500 || status == 503 || status == 504) {
        figures_count(f, CALLS_INEFFECTIVE);
    }
}

static void take_register_status(struct calls_figures *f, struct call_times *t, unsigned status,
                                 uint64_t at_ns, const struct figures_limits *limits)
{
    uint64_t delay = since(t->register_ns, at_ns);

    if (t->register_ns == 0 || status < 200 || status == 401 || status == 402 || status == 407) {
        return;
    }
    judge(t, delay, limits);
    count_attempt(f, status, delay, limits);
    if (status < 300) {
        hist_record(f->time[CALLS_RRD], delay);
        figures_count(f, CALLS_REGISTERED);
        if (t->is_again) {
            figures_count(f, CALLS_REREGISTERED);
        }
    } else if (status >= 400) {
        figures_count(f, CALLS_REGISTER_INEFFECTIVE);
    }
    t->register_ns = 0;
}

void figures_received(struct calls_figures *f, struct call_times *t, const char *bytes, size_t size,
                      uint64_t at_ns, const struct figures_limits *limits)
{
    const char *method;
    unsigned status;

    if (!starts(bytes, size, "SIP/2.0 ") || size < 16) {
        return;
    }
    status = (unsigned)(bytes[8] - '0') * 100 + (unsigned)(bytes[9] - '0') * 10 +
             (unsigned)(bytes[10] - '0');
    if (status < 100 || status > 699) {
        return;
    }
    method = cseq_method(bytes, size);
    if (*method == 'I') {
        take_invite_status(f, t, status, at_ns, limits);
    } else if (*method == 'B' && t->bye_ns != 0 && status >= 200 && status != 401 &&
               status != 407) {
        hist_record(f->time[status < 300 ? CALLS_SDD : CALLS_SDD_FAILED], since(t->bye_ns, at_ns));
        t->bye_ns = 0;
    } else if (*method == 'R') {
        take_register_status(f, t, status, at_ns, limits);
    }
}

void figures_ended(struct calls_figures *f, struct call_times *t)
{
    if ((t->invite_ns != 0 && !t->has_outcome) || t->register_ns != 0) {
        figures_count(f, CALLS_ATTEMPT_FAILED);
    }
    if (t->register_ns != 0) { /* RFC 6076 §4.2: Timer F */
        figures_count(f, CALLS_REGISTER_INEFFECTIVE);
        t->register_ns = 0;
    }
}
