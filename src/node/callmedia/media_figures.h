/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * media_figures: what the media of one shard of calls counts, and the quality of each call that
 * ended, kept as distributions over calls. Only calls that count are in it, but for what belongs to
 * no call. One writer; any thread reads counters, and histograms by snapshot; `totals` and `worst`
 * belong to the writer.
 */
#ifndef VAPERF_NODE_CALLMEDIA_MEDIA_FIGURES_H
#define VAPERF_NODE_CALLMEDIA_MEDIA_FIGURES_H

#include <stdatomic.h>

#include "base/hist.h"
#include "base/json.h"
#include "stat/rtp_quality.h"

/* id, name, unit. begun, ended: something was played; lost: of what returned or what the peer
 * sent, known when a call ended; silent: nothing came though we sent or echoed; stopped: it came,
 * and for a second before the call's end it did not; check: what came was compared with a pattern
 * that was sent, failed: too much of one was wrong or did not come; discarded: too late for the
 * play-out; other_source: an SSRC that is not the stream's; other_type: a payload type that the
 * peer's SDP does not have; stray: to a port of no call; not_authentic: SRTP that does not open;
 * no_key: SRTP is wanted, and none was agreed. */
#define MEDIA_COUNT_LIST(X)                                     \
    X(MEDIA_BEGUN, "media_begun", "streams")                    \
    X(MEDIA_ENDED, "media_ended", "streams")                    \
    X(MEDIA_SENT, "media_sent", "packets")                      \
    X(MEDIA_ECHOED, "media_echoed", "packets")                  \
    X(MEDIA_RECEIVED, "media_received", "packets")              \
    X(MEDIA_RETURNED, "media_returned", "packets")              \
    X(MEDIA_LOST, "media_lost", "packets")                      \
    X(MEDIA_DISCARDED, "media_discarded", "packets")            \
    X(MEDIA_DUPLICATES, "media_duplicates", "packets")          \
    X(MEDIA_REORDERED, "media_reordered", "packets")            \
    X(MEDIA_TOO_LATE, "media_too_late", "packets")              \
    X(MEDIA_SILENT, "media_silent", "calls")                    \
    X(MEDIA_STOPPED, "media_stopped", "calls")                  \
    X(MEDIA_COMPARED, "media_check_compared", "packets")        \
    X(MEDIA_WRONG, "media_check_wrong", "packets")              \
    X(MEDIA_CHECK_FAILED, "media_check_failed", "streams")      \
    X(MEDIA_DIGITS_SENT, "media_digits_sent", "digits")         \
    X(MEDIA_DIGITS_RECEIVED, "media_digits_received", "digits") \
    X(MEDIA_DATAGRAMS_SENT, "media_datagrams_sent", "packets")  \
    X(MEDIA_MALFORMED, "media_malformed", "packets")            \
    X(MEDIA_OTHER_SOURCE, "media_other_source", "packets")      \
    X(MEDIA_OTHER_TYPE, "media_other_type", "packets")          \
    X(MEDIA_STRAY, "media_stray", "packets")                    \
    X(MEDIA_RTCP, "media_rtcp_received", "packets")             \
    X(MEDIA_RTCP_SENT, "media_rtcp_sent", "packets")            \
    X(MEDIA_RTCP_MALFORMED, "media_rtcp_malformed", "packets")  \
    X(MEDIA_NOT_AUTHENTIC, "media_not_authentic", "packets")    \
    X(MEDIA_NO_KEY, "media_no_key", "packets")                  \
    X(MEDIA_BAD_SDP, "media_bad_sdp", "messages")               \
    X(MEDIA_REFUSED, "media_refused_by_peer", "calls")          \
    X(MEDIA_NO_PEER, "media_nowhere_to_send", "packets")        \
    X(MEDIA_NO_PORT, "media_no_port", "calls")                  \
    X(MEDIA_SEND_REFUSED, "media_send_refused", "packets")      \
    X(MEDIA_DROPPED, "media_receive_drops", "packets")

#define MEDIA_COUNT_ID(id, name, unit) id,
enum media_count { MEDIA_COUNT_LIST(MEDIA_COUNT_ID) MEDIA_COUNTS };

/* One value a call; units of a histogram are ns, so that those of the others are scaled. */
enum media_dist {
    MEDIA_MOS,      /* × 10^6 */
    MEDIA_R,        /* × 10^6 */
    MEDIA_LOSS,     /* percent × 10^6 */
    MEDIA_JITTER,   /* ns */
    MEDIA_DELAY,    /* ns, mean of the call, there and back */
    MEDIA_LATENESS, /* ns, of each packet that was sent */
    MEDIA_RTT,      /* ns, mean of the call's round trips, by its reports */
    MEDIA_FAR_LOSS, /* percent × 10^6 of what we sent, as the peer's last report says */
    MEDIA_DISTS
};
enum { MEDIA_WORST = 10 };

struct media_call {
    uint64_t number;
    double mos, loss_pct, jitter_us, delay_us; /* NAN: not known */
    double rtt_us, far_loss_pct;               /* by RTCP; NAN: not known */
    uint64_t received, lost;
};

struct media_figures {
    _Atomic uint64_t count[MEDIA_COUNTS];
    struct hist *dist[MEDIA_DISTS];
    struct rtp_totals totals;
    uint64_t calls;                       /* that have figures */
    struct media_call worst[MEDIA_WORST]; /* by MOS, then loss; the worst first */
    unsigned worst_count;
};

int media_figures_init(struct media_figures *f); /* -ENOMEM */
void media_figures_finish(struct media_figures *f);

static inline void media_count(struct media_figures *f, enum media_count c, uint64_t by)
{
    /* One writer: no locked instruction needed. */
    atomic_store_explicit(&f->count[c],
                          atomic_load_explicit(&f->count[c], memory_order_relaxed) + by,
                          memory_order_relaxed);
}

/* A call with quality figures ended; of a peer's stream delay_us is NAN. */
void media_figures_add(struct media_figures *f, const struct media_call *call, double r,
                       const struct rtp_totals *t);

/* What RTCP said of a call that ended; NAN: nothing. */
void media_figures_add_far(struct media_figures *f, double rtt_us, double far_loss_pct);

/* {"calls", "longest_burst", "worst": [...]} of all shards, after their last turn; and into
 * `metrics` "media_lost_pct", "media_mos.p5" and so on. */
#define MEDIA_METRICS                                                              \
    "media_mos", "media_r", "media_loss_pct", "media_jitter_ms", "media_delay_ms", \
        "media_lateness_ms", "media_rtt_ms", "media_far_loss_pct", "media_lost_pct"
json_t *media_figures_to_json(struct media_figures *const all[], size_t count, json_t *metrics);

#endif
