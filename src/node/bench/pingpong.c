/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * pingpong: one message there and back after another: what the way costs, not what it carries.
 */
#include <errno.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>

#include "base/clock.h"
#include "base/hist.h"
#include "io/addr.h"
#include "io/udp.h"
#include "node/bench/bench.h"
#include "node/bench/bulk.h"
#include "node/bench/talk.h"

enum { OVER_UDP, OVER_TCP, PATIENCE_MS = 200 };

struct pingpong_options {
    const char *peer;
    int transport;
    uint64_t count, payload_bytes;
};
struct pingpong_state {
    struct pingpong_options o;
    struct talk talk;
    struct udp_socket udp;
    struct hist *trips;
    char *out, *in;
    uint64_t lost, wrong; /* of the last round; of all */
};

#define AT(member) offsetof(struct pingpong_options, member)
static const char *const transport_words[] = {"udp", "tcp", NULL};
static const struct opt options[] = {
    {"peer", OPT_STRING, NULL,
     "ADDRESS:PORT of the far end (vaperf-node far); a plan opens one where the load comes from", 0,
     0, NULL, AT(peer), 0},
    {"transport", OPT_CHOICE, "udp", "what carries the messages", 0, 0, transport_words,
     AT(transport), 0},
    {"count", OPT_COUNT, "10000", "messages a round", 1, 1e9, NULL, AT(count), 0},
    {"payload", OPT_SIZE, "64", "of a message", 8, BULK_PAYLOAD_MAX, NULL, AT(payload_bytes), 0},
    OPT_END,
};

static int check(const void *given, struct err *e)
{
    return ((const struct pingpong_options *)given)->peer != NULL
               ? 0
               : err_set(e, -EINVAL,
                         "pingpong: peer: the far end's ADDRESS:PORT is needed (start vaperf-node "
                         "far there)");
}

static void hang_up(struct pingpong_state *s)
{
    talk_close(&s->talk);
    udp_close(&s->udp);
}

static void cleanup(void *state)
{
    struct pingpong_state *s = state;
    hang_up(s);
    hist_destroy(s->trips);
    free(s->out);
    free(s->in);
}

static int call(struct pingpong_state *s, const atomic_bool *stop, struct err *e)
{
    struct sockaddr_storage local;
    socklen_t size = sizeof local;
    int r = talk_connect(&s->talk, s->o.peer, stop, e);

    if (r < 0 || s->o.transport == OVER_TCP) {
        return r;
    }
    r = getsockname(s->talk.fd, (struct sockaddr *)&local, &size) < 0 ? -errno : 0;
    if (r == 0) {
        addr_set_port(&local, 0);
        r = udp_open(&s->udp, &local, 0, 0);
    }
    return r < 0 ? err_set(e, r, "a socket: %s", strerror(-r)) : 0;
}

static int prepare(void *state, const void *given, struct err *e)
{
    struct pingpong_state *s = state;

    *s = (struct pingpong_state){
        .o = *(const struct pingpong_options *)given, .talk = {.fd = -1}, .udp = {.fd = -1}};
    s->trips = hist_create();
    s->out = calloc(1, s->o.payload_bytes);
    s->in = calloc(1, s->o.payload_bytes);
    int r = s->trips != NULL && s->out != NULL && s->in != NULL ? call(s, NULL, e)
                                                                : err_set(e, -ENOMEM, "no memory");
    if (r < 0) {
        cleanup(s);
        return err_prefix(e, "pingpong: ");
    }
    return 0;
}

static int agree(struct pingpong_state *s, struct err *e)
{
    struct sockaddr_storage peer;
    json_t *word = NULL;
    uint64_t port = 0;
    const bool udp = s->o.transport == OVER_UDP;
    if (udp) {
        bulk_forget(s->udp.fd);
    }
    int r = talk_say(&s->talk,
                     json_pack("{s:s, s:s, s:o, s:o, s:i}", "what", "pingpong", "transport",
                               transport_words[s->o.transport], "count", json_u64(s->o.count),
                               "payload", json_u64(s->o.payload_bytes), "port",
                               udp ? addr_port(&s->udp.local) : 0),
                     e);
    if (r < 0 || !udp) {
        return r;
    }
    r = talk_hear(&s->talk, &word, e);
    if (r == 0) {
        r = json_need_u64(word, "port", &port, e);
    }
    json_decref(word);
    (void)addr_parse(&peer, s->o.peer);
    addr_set_port(&peer, (uint16_t)port);
    if (r == 0 && connect(s->udp.fd, (const struct sockaddr *)&peer, addr_size(&peer)) < 0) {
        r = talk_fail(&s->talk, -errno, e);
    }
    return r;
}

/* There and back over UDP; an answer to an earlier, lost message is passed over. */
static int trip_udp(struct pingpong_state *s, struct err *e)
{
    if (send(s->udp.fd, s->out, s->o.payload_bytes, 0) < 0 && errno != ECONNREFUSED) {
        return talk_fail(&s->talk, -errno, e);
    }
    const uint64_t until = clock_now_ns() + PATIENCE_MS * NS_PER_MS;
    while (clock_now_ns() < until) {
        struct pollfd p = {.fd = s->udp.fd, .events = POLLIN};
        const ssize_t n = recv(s->udp.fd, s->in, s->o.payload_bytes, MSG_DONTWAIT);
        if (n == (ssize_t)s->o.payload_bytes && memcmp(s->in, s->out, sizeof(uint64_t)) == 0) {
            return 1;
        }
        if (n < 0) {
            (void)poll(&p, 1, PATIENCE_MS);
        }
    }
    s->lost++;
    return 0;
}

static int trip_tcp(struct pingpong_state *s, struct err *e)
{
    int r = talk_send(&s->talk, s->out, s->o.payload_bytes, e);
    if (r == 0) {
        r = talk_receive(&s->talk, s->in, s->o.payload_bytes, e);
    }
    s->wrong += r == 0 && memcmp(s->in, s->out, sizeof(uint64_t)) != 0;
    return r < 0 ? r : 1;
}

static int trips(struct pingpong_state *s, const atomic_bool *stop, struct err *e)
{
    for (uint64_t i = 0; i < s->o.count; i++) {
        const uint64_t start = clock_now_ns();
        memcpy(s->out, &i, sizeof i);
        const int r = s->o.transport == OVER_UDP ? trip_udp(s, e) : trip_tcp(s, e);
        if (r < 0 || atomic_load_explicit(stop, memory_order_relaxed)) {
            return r < 0 ? r : -ECANCELED;
        }
        if (r > 0) {
            hist_record(s->trips, clock_now_ns() - start);
        }
        if (s->lost > 20 && s->trips->total == 0) {
            return talk_fail(&s->talk, -ETIMEDOUT, e);
        }
    }
    return 0;
}

static int run(void *state, unsigned round, const atomic_bool *stop, struct err *e)
{
    struct pingpong_state *s = state;

    (void)round;
    int r = s->talk.fd < 0 ? call(s, stop, e) : 0;
    s->talk.stop = stop;
    hist_reset(s->trips);
    s->lost = 0;
    if (r == 0) {
        r = agree(s, e);
    }
    if (r == 0) {
        r = trips(s, stop, e);
    }
    if (r == 0 && s->o.transport == OVER_UDP) {
        r = talk_say(&s->talk, json_pack("{s:b}", "done", 1), e);
    }
    if (r < 0) { /* whatever is on its way belongs to no round */
        hang_up(s);
    }
    return r < 0 && r != -ECANCELED ? err_prefix(e, "pingpong: ") : r;
}

static int verify(void *state, struct err *e)
{
    const struct pingpong_state *s = state;
    if (s->wrong > 0) {
        return err_set(e, -EBADMSG, "pingpong: %llu messages came back changed",
                       (unsigned long long)s->wrong);
    }
    return s->trips->total > 0 ? 0 : err_set(e, -EBADMSG, "pingpong: no message came back");
}

static json_t *figures(void *state)
{
    const struct pingpong_state *s = state;
    const struct hist *h = s->trips;
    return json_pack("{s:f, s:f, s:f, s:f, s:f, s:f}", "trip_min_us", (double)h->min / 1e3,
                     "trip_mean_us", hist_mean(h) / 1e3, "trip_p50_us",
                     (double)hist_percentile(h, 50) / 1e3, "trip_p99_us",
                     (double)hist_percentile(h, 99) / 1e3, "trip_max_us", (double)h->max / 1e3,
                     "lost_pct", 100.0 * (double)s->lost / (double)s->o.count);
}

extern const struct bench_ops bench_pingpong;
const struct bench_ops bench_pingpong = {
    .name = "pingpong",
    .summary = "one message there and back after another: latency",
    .options = options,
    .options_size = sizeof(struct pingpong_options),
    .state_size = sizeof(struct pingpong_state),
    .check = check,
    .prepare = prepare,
    .run = run,
    .verify = verify,
    .figures = figures,
    .cleanup = cleanup,
};
