/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * figures: what one shard of calls counts and times, and the figures of RFC 6076 made of it. Only
 * calls whose intended time lies in the measured window count, but for what belongs to no call.
 * One writer; any thread reads counters, and histograms by snapshot.
 */
#ifndef VAPERF_NODE_CALLS_FIGURES_H
#define VAPERF_NODE_CALLS_FIGURES_H

#include <stdatomic.h>
#include <stdbool.h>

#include "base/hist.h"
#include "base/json.h"
#include "node/calls/failure.h"
#include "node/scenario/call.h"

enum calls_direction { CALLS_IN, CALLS_OUT };

/* id, name, unit. All of calls that count, and messages of no call while they count.
 * not_begun: no room for another call, the generator's limit; incoming: of those begun, by a
 * message; by_answer: the peer answered what it should not; by_silence: it or the network did not
 * answer; malformed: no Call-ID; send_refused: the kernel had no room; declined: 480 486 600 603;
 * ineffective: 408 500 503 504; inadequate: failed, or slower than the objective (TS 186 008);
 * attempts_failed: refused or not answered within the threshold (RFC 7501 §3.4.4), sessions and
 * registrations; reregistrations: of users who were registered. */
#define CALLS_COUNT_LIST(X)                                                         \
    X(CALLS_BEGUN, "sip_calls", "calls")                                            \
    X(CALLS_SUCCESSFUL, "sip_successful", "calls")                                  \
    X(CALLS_FAILED, "sip_failed", "calls")                                          \
    X(CALLS_NOT_BEGUN, "sip_not_begun", "calls")                                    \
    X(CALLS_INCOMING, "sip_incoming", "calls")                                      \
    X(CALLS_FAULT_GENERATOR, "sip_failed_by_generator", "calls")                    \
    X(CALLS_FAULT_ANSWER, "sip_failed_by_answer", "calls")                          \
    X(CALLS_FAULT_SILENCE, "sip_failed_by_silence", "calls")                        \
    X(CALLS_MESSAGES_SENT, "sip_messages_sent", "messages")                         \
    X(CALLS_MESSAGES_RECEIVED, "sip_messages_received", "messages")                 \
    X(CALLS_RETRANS_SENT, "sip_retransmissions_sent", "messages")                   \
    X(CALLS_RETRANS_RECEIVED, "sip_retransmissions_received", "messages")           \
    X(CALLS_TIMEOUTS, "sip_timeouts", "messages")                                   \
    X(CALLS_UNEXPECTED, "sip_unexpected", "messages")                               \
    X(CALLS_OUT_OF_CALL, "sip_out_of_call", "messages")                             \
    X(CALLS_DEAD_CALL, "sip_dead_call", "messages")                                 \
    X(CALLS_AUTO_ANSWERED, "sip_auto_answered", "messages")                         \
    X(CALLS_MALFORMED, "sip_malformed", "messages")                                 \
    X(CALLS_SEND_REFUSED, "sip_send_refused", "messages")                           \
    X(CALLS_ATTEMPTS, "sip_session_attempts", "sessions")                           \
    X(CALLS_ESTABLISHED, "sip_sessions_established", "sessions")                    \
    X(CALLS_REDIRECTED, "sip_sessions_redirected", "sessions")                      \
    X(CALLS_EFFECTIVE, "sip_sessions_declined", "sessions")                         \
    X(CALLS_INEFFECTIVE, "sip_sessions_ineffective", "sessions")                    \
    X(CALLS_REGISTRATIONS, "sip_registration_attempts", "registrations")            \
    X(CALLS_REGISTERED, "sip_registrations", "registrations")                       \
    X(CALLS_REGISTER_INEFFECTIVE, "sip_registrations_ineffective", "registrations") \
    X(CALLS_INADEQUATE, "sip_inadequate", "calls")                                  \
    X(CALLS_ATTEMPT_FAILED, "sip_attempts_failed", "attempts")                      \
    X(CALLS_REREGISTERED, "sip_reregistrations", "registrations")

#define CALLS_COUNT_ID(id, name, unit) id,
enum calls_count { CALLS_COUNT_LIST(CALLS_COUNT_ID) CALLS_COUNTS };

enum calls_time {
    CALLS_SRD,          /* session request delay, from the actual send, of successes */
    CALLS_SRD_INTENDED, /* the same from the intended time */
    CALLS_SRD_FAILED,   /* of failures */
    CALLS_SDD,
    CALLS_SDD_FAILED, /* the BYE was refused */
    CALLS_SDT,
    CALLS_RRD,
    CALLS_LENGTH, /* of a successful call */
    CALLS_TIMES
};

struct calls_figures {
    _Atomic uint64_t count[CALLS_COUNTS];
    _Atomic uint64_t cause[CALL_CAUSE_COUNT];
    struct failure failure[CALL_CAUSE_COUNT]; /* an example of each cause */
    struct hist *time[CALLS_TIMES];
    unsigned step_count, rtd_count, counter_count;
    _Atomic uint64_t *step;    /* of each step CALL_EVENT_COUNT */
    _Atomic uint64_t *counter; /* of the scenario's own counters */
    struct hist **rtd_sent, **rtd_intended;
};

/* s NULL: counts, causes and times alone. -ENOMEM */
int figures_init(struct calls_figures *f, const struct scenario *s);
void figures_finish(struct calls_figures *f);

static inline void figures_add(_Atomic uint64_t *counter, uint64_t by)
{
    /* One writer: no locked instruction needed. */
    atomic_store_explicit(counter, atomic_load_explicit(counter, memory_order_relaxed) + by,
                          memory_order_relaxed);
}
static inline void figures_count(struct calls_figures *f, enum calls_count c)
{
    figures_add(&f->count[c], 1);
}
void figures_cause(struct calls_figures *f, enum call_cause cause);

/* The figures of all shards together: {"metrics": {"failed", "srd_ms": {...},
 * "session_establishment_ratio_pct", ...}, "causes", "failures": one of each cause and
 * scenario, see failure.h, "faults", "steps", "response_times", "histograms"}. window_s: how long
 * the measured part was, for rates. */
json_t *figures_to_json(const struct scenario *s, struct calls_figures *const all[], size_t count,
                        double window_s);
/* The same of several scenarios: "metrics", "causes", "failures", "faults" and "histograms" alone.
 */
json_t *figures_sum_to_json(struct calls_figures *const all[], size_t count, double window_s);
/* Every name that "metrics" has, NULL-ended; times without their point: "srd_ms". */
#define FIGURES_METRICS                                                                          \
    "srd_ms", "srd_intended_ms", "srd_failed_ms", "sdd_ms", "sdd_failed_ms", "sdt_ms", "rrd_ms", \
        "call_length_ms", "failed", "failed_pct", "successful", "unfinished", "ihsa_pct",        \
        "calls_per_s", "retransmitted_pct", "session_establishment_ratio_pct",                   \
        "session_establishment_effectiveness_ratio_pct", "ineffective_session_attempts_pct",     \
        "session_completion_ratio_pct", "ineffective_registration_attempts_pct",                 \
        "session_attempt_rate_sps", "session_establishment_rate_sps", "registration_rate_rps",   \
        "reregistration_rate_rps", "attempts_failed_pct", "design_objective_capacity_cps"
extern const char *const figures_metrics[];

/* What RFC 6076 wants to know of one call: zeroed when it begins. */
struct call_times {
    uint64_t invite_ns, answered_ns, bye_ns, register_ns; /* 0: not yet */
    uint64_t lag_ns; /* how late the first INVITE or REGISTER went out */
    bool has_status, has_outcome, is_slow;
    bool is_session; /* an INVITE or REGISTER was sent: its delay is what the objective means */
    bool is_again;   /* the user was registered when it began */
};

/* What a call is judged by: 0 is no limit. */
struct figures_limits {
    uint64_t objective_ns, threshold_ns; /* from the intended time; from the actual send */
};
/* A message of a call that counts went out or came. What is no SIP changes nothing. */
void figures_sent(struct calls_figures *f, struct call_times *t, const char *bytes, size_t size,
                  uint64_t now_ns, uint64_t lag_ns);
void figures_received(struct calls_figures *f, struct call_times *t, const char *bytes, size_t size,
                      uint64_t at_ns, const struct figures_limits *limits);
/* The call is over: what had no final answer has failed. */
void figures_ended(struct calls_figures *f, struct call_times *t);

#endif
