/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * rtp_fixture: see rtp_fixture.h.
 */
#include "node/workload/rtp_fixture.h"

#include <math.h>
#include <poll.h>
#include <string.h>

#include "io/addr.h"
#include "node/codec/rtp.h"
#include "node/codec/wire.h"
#include "node/load/load.h"

const struct workload_ops *rtp_fixture_ops = &workload_rtp;

/* How many packets of its stream came before this one. */
static unsigned place_of(struct relay *r, const uint8_t *bytes, unsigned *ret_stream)
{
    uint32_t ssrc = wire_get32(bytes + 8);
    unsigned i = 0;

    while (i < STREAMS - 1 && r->streams[i].count > 0 && r->streams[i].ssrc != ssrc) {
        i++;
    }
    r->streams[i].ssrc = ssrc;
    *ret_stream = i;
    return r->streams[i].count++;
}

static bool is_to_be_lost(struct relay *r, const uint8_t *bytes)
{
    unsigned stream, place = place_of(r, bytes, &stream);

    if (r->stop_after > 0 && stream == 0 && place >= r->stop_after) {
        return true;
    }
    return place % 50 >= r->lose_from && place % 50 < r->lose_to;
}

static ssize_t change(const struct relay *r, uint8_t *bytes, ssize_t size)
{
    if (r->other_ssrc) {
        wire_put32(bytes + 8, ~wire_get32(bytes + 8));
    }
    if (!r->mangle) {
        return size;
    }
    memset(bytes + RTP_HEADER_SIZE, 0x5a, (size_t)size - RTP_HEADER_SIZE);
    bytes[1] = 18;
    return RTP_HEADER_SIZE + 20;
}

static void relay_one(struct relay *r, uint8_t *bytes, ssize_t size)
{
    bool is_report = rtp_is_rtcp(bytes, (size_t)size);

    r->seen++;
    r->reports += is_report;
    r->markers += !is_report && (bytes[1] & 0x80) != 0;
    if (!(r->keep_rtcp && is_report) && is_to_be_lost(r, bytes)) {
        r->lost++;
        return;
    }
    size = change(r, bytes, size);
    for (int copy = 0; copy <= r->twice; copy++) {
        atomic_fetch_add(&r->passed_on, 1);
        (void)sendto(r->socket.fd, bytes, (size_t)size, 0, (struct sockaddr *)&r->to,
                     addr_size(&r->to));
    }
}

/* On a port of their own: nothing is lost there. */
static void relay_reports(struct relay *r, uint8_t *bytes, size_t room)
{
    struct sockaddr_storage to = r->to;
    ssize_t size;

    addr_set_port(&to, (uint16_t)(addr_port(&to) + 1));
    while ((size = recv(r->next.fd, bytes, room, 0)) > 0) {
        r->reports++;
        r->media_at_next += !rtp_is_rtcp(bytes, (size_t)size);
        atomic_fetch_add(&r->passed_on, 1);
        (void)sendto(r->next.fd, bytes, (size_t)size, 0, (struct sockaddr *)&to, addr_size(&to));
        atomic_fetch_add(&r->handled, 1);
    }
}

static void *run_relay(void *arg)
{
    struct relay *r = arg;
    uint8_t bytes[2048];

    while (!atomic_load(&r->stop)) {
        struct pollfd p[2] = {{.fd = r->socket.fd, .events = POLLIN},
                              {.fd = r->next.fd, .events = POLLIN}};
        ssize_t size;
        (void)poll(p, r->is_paired ? 2 : 1, 20);
        while ((size = recv(r->socket.fd, bytes, sizeof(bytes), 0)) > 0) {
            relay_one(r, bytes, size);
            atomic_fetch_add(&r->handled, 1);
        }
        if (r->is_paired) {
            relay_reports(r, bytes, sizeof(bytes));
        }
    }
    return NULL;
}

struct rtp_options rtp_fixture_options(void)
{
    struct rtp_options o;

    opt_defaults(workload_rtp.options, &o, sizeof(o));
    o.streams = STREAMS;
    o.ptime_ns = USUAL_PTIME_NS;
    o.payload_bytes = 172;
    return o;
}

static void open_relay(struct relay *r)
{
    struct sockaddr_storage any;

    assert_int_equal(addr_parse(&any, r->at != NULL ? r->at : "127.0.0.1"), 0);
    if (r->sides != NULL) {
        two_sides_enter(r->sides, RIGHT);
    }
    r->next.fd = -1;
    assert_int_equal(r->is_paired ? udp_open_pair(&r->socket, &r->next, &any, 4 << 20, 0)
                                  : udp_open(&r->socket, &any, 4 << 20, 0),
                     0);
    if (r->sides != NULL) {
        two_sides_enter(r->sides, LEFT);
    }
}

/* What the one worker gave to be sent, and what came back to it. */
static struct {
    struct relay *relay;
    uint64_t sent, heard;
} watched;

static int send_counted(void *shard, uint32_t slot, uint64_t intended_ns,
                        struct workload_packet *packets, uint32_t room)
{
    const int n = rtp_fixture_ops->send(shard, slot, intended_ns, packets, room);

    watched.sent += n > 0 ? (uint64_t)n : 0;
    return n;
}

static void receive_counted(void *shard, const uint8_t *bytes, uint32_t size, uint64_t at_ns,
                            struct workload_receipt *ret)
{
    watched.heard++;
    rtp_fixture_ops->receive(shard, bytes, size, at_ns, ret);
}

/* The drain of a load waits for what it misses. Here nobody waits for what the relay lost, and
 * everybody for the rest, reports too, however long that takes. */
static int is_all_back(const void *shard)
{
    (void)shard;
    return atomic_load(&watched.relay->handled) >= watched.sent &&
           watched.heard >= atomic_load(&watched.relay->passed_on);
}

static struct workload_ops watching;

static void watch_relay(struct relay *r)
{
    assert_null(rtp_fixture_ops->expire); /* or it would send what is not counted */
    watched.relay = r;
    watched.sent = watched.heard = 0;
    watching = *rtp_fixture_ops;
    watching.send = send_counted;
    watching.receive = receive_counted;
    watching.is_drained = is_all_back;
}

/* In words when it cannot be. */
static void expect_good(int result, const struct err *e)
{
    if (result < 0) {
        fail_msg("%s", e->text);
    }
}

json_t *rtp_fixture_run(struct relay *r, const struct rtp_options *o, uint64_t warmup_ns,
                        uint64_t duration_ns)
{
    struct load_options lo;
    struct sockaddr_storage peers[STREAMS], ends[STREAMS];
    struct load *l;
    struct err e = {0};
    json_t *report;

    opt_defaults(load_options_table, &lo, sizeof(lo));
    lo.duration_ns = duration_ns;
    lo.warmup_ns = warmup_ns;
    lo.drain_ns = 20 * NS_PER_S;      /* at most: see is_all_back */
    lo.scheduling = LOAD_SCHED_OTHER; /* other tests want to run meanwhile */
    lo.bind = r->from != NULL ? r->from : lo.bind;
    lo.transport = r->transport != NULL ? r->transport : lo.transport;
    open_relay(r);
    watch_relay(r);
    expect_good(load_create(&l, &watching, o, &lo, &e), &e);
    assert_int_equal(load_peers(l, peers, STREAMS), 0);
    r->to = peers[0];
    for (int i = 0; i < STREAMS; i++) {
        ends[i] = r->socket.local;
    }
    assert_int_equal(pthread_create(&r->thread, NULL, run_relay, r), 0);
    expect_good(load_connect(l, ends, STREAMS, &e), &e);
    assert_int_equal(load_start(l, 0, &e), 0);
    load_join(l);
    assert_int_equal(load_phase(l), LOAD_DONE);
    atomic_store(&r->stop, true);
    pthread_join(r->thread, NULL);
    report = load_report_json(l);
    load_destroy(l);
    udp_close(&r->socket);
    udp_close(&r->next);
    return report;
}

json_t *rtp_fixture_run_usual(struct relay *r, uint64_t warmup_ns)
{
    struct rtp_options o = rtp_fixture_options();
    return rtp_fixture_run(r, &o, warmup_ns, USUAL_NS);
}

uint64_t counter(const json_t *report, const char *name)
{
    const json_t *c = json_object_get(json_object_get(report, "counters"), name);
    assert_non_null(c);
    return (uint64_t)json_integer_value(c);
}

double metric(const json_t *report, const char *name)
{
    const json_t *w = json_object_get(report, "workload");
    const json_t *m = json_object_get(json_object_get(w, "metrics"), name);
    return json_is_number(m) ? json_number_value(m) : NAN;
}

double delay(const json_t *report, const char *which, const char *point)
{
    return json_number_value(json_object_get(json_object_get(report, which), point));
}
