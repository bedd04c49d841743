/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * rtp_fixture: what the tests of the rtp workload share: 20 streams on the load engine, over real
 * loopback sockets, against a relay thread that loses, doubles or changes exactly what the test
 * says.
 */
#ifndef VAPERF_NODE_WORKLOAD_RTP_FIXTURE_H
#define VAPERF_NODE_WORKLOAD_RTP_FIXTURE_H

#include "base/test.h"

#include <pthread.h>

#include "base/clock.h"
#include "io/two_sides.h"
#include "io/udp.h"
#include "node/workload/rtp.h"

extern const struct workload_ops workload_rtp;
extern const struct workload_ops *rtp_fixture_ops; /* what is run: workload_rtp */

enum { STREAMS = 20, USUAL_PACKETS = 100 };
#define USUAL_PTIME_NS (2 * NS_PER_MS)
#define USUAL_NS (USUAL_PACKETS * USUAL_PTIME_NS)

struct relay {
    struct udp_socket socket, next; /* next: of reports, is_paired */
    struct sockaddr_storage to;
    bool is_paired;
    uint64_t reports, media_at_next; /* what came there, and what has no business there */
    pthread_t thread;
    atomic_bool stop;
    unsigned lose_from, lose_to; /* of each stream's packets, counted modulo 50 */
    unsigned stop_after;         /* packets of stream 0; 0: never */
    bool twice;
    bool mangle;                   /* the payload, as a transcoder would */
    bool other_ssrc;               /* its own in place of ours */
    bool keep_rtcp;                /* which has no place among the counted */
    const char *at, *from;         /* where it and the streams are; NULL: 127.0.0.1 */
    const char *transport;         /* of the streams; NULL: sockets */
    const struct two_sides *sides; /* it is on the right side, they on the left one; NULL: here */
    _Atomic uint64_t handled, passed_on; /* what came, and what left for it */
    uint64_t markers;
    uint64_t seen, lost;
    struct {
        uint32_t ssrc;
        unsigned count;
    } streams[STREAMS];
};

/* STREAMS streams of USUAL_PTIME_NS, packets of 172 octets. */
struct rtp_options rtp_fixture_options(void);
/* Runs them through the relay, until all that it passed on is back; the report is the caller's. */
json_t *rtp_fixture_run(struct relay *r, const struct rtp_options *o, uint64_t warmup_ns,
                        uint64_t duration_ns);
/* The usual ones, USUAL_PACKETS of each. */
json_t *rtp_fixture_run_usual(struct relay *r, uint64_t warmup_ns);

/* Of a report. */
uint64_t counter(const json_t *report, const char *name);
double metric(const json_t *report, const char *name); /* NAN: none */
double delay(const json_t *report, const char *which, const char *point);

#endif
