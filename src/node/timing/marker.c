/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * marker: see marker.h. The clock's kernel echoes every request too; such echoes are requests, not
 * answers, and drop out at decoding.
 */
#include "node/timing/marker.h"

#include <errno.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/str.h"
#include "io/addr.h"
#include "node/timing/icmp.h"

enum { FIRST_QUESTIONS = 5, TRIES = 5 };
static const uint64_t question_ns = 200 * NS_PER_MS;

struct marker {
    int fd;
    char address[ADDR_TEXT_MAX];
    struct sockaddr_storage peer;
    struct mark_ticket ticket;
    uint64_t job, timeout_ns, forged;
    uint64_t start_cost_ns; /* from before the start was sent until the round could begin */
    uint32_t sequence, start_sequence, end_sequence, round;
    uint16_t identifier;
    struct marker_offset offset;
};

static int send_mark(struct marker *m, enum mark_kind kind, uint32_t round, struct err *e)
{
    struct mark mark = {.kind = kind,
                        .session = m->ticket.session,
                        .job = m->job,
                        .round = round,
                        .sequence = ++m->sequence};
    uint8_t packet[MARK_PACKET];

    mark.machine_ns = clock_now_ns();
    mark_encode(&mark, MARK_REQUEST, m->identifier, m->ticket.key, packet);
    const int r = icmp_send(m->fd, &m->peer, packet, sizeof packet);
    if (r < 0) {
        return err_set(e, r, "the clock at %s cannot be reached: %s", m->address, strerror(-r));
    }
    return 0;
}

/* The next answer of this job into *ret. 0, or -EAGAIN when until_ns comes first. */
static int next_answer(struct marker *m, uint64_t until_ns, struct mark *ret, uint64_t *ret_trip_ns)
{
    struct icmp_message message;

    for (;;) {
        const int r = icmp_receive(m->fd, &message);
        if (r > 0) {
            const int d = mark_decode(ret, MARK_ANSWER, &m->ticket, message.bytes, message.size);
            m->forged += d == -EBADMSG;
            if (d < 0 || ret->job != m->job || message.received_ns < ret->machine_ns) {
                continue;
            }
            const uint64_t trip = message.received_ns - ret->machine_ns;
            const uint64_t there = ret->sent_ns - ret->received_ns; /* what the clock took */
            *ret_trip_ns = trip > there ? trip - there : 0;
            return 0;
        }
        const uint64_t now = clock_now_ns();
        if (r < 0 || now >= until_ns) {
            return -EAGAIN;
        }
        struct pollfd p = {.fd = m->fd, .events = POLLIN};
        (void)poll(&p, 1, (int)((until_ns - now) / NS_PER_MS) + 1);
    }
}

static int ask_once(struct marker *m, struct marker_offset *best, struct err *e)
{
    struct mark a;
    uint64_t trip;
    int r = send_mark(m, MARK_QUERY, 0, e);
    const uint32_t asked = m->sequence;

    if (r < 0) {
        return r;
    }
    const uint64_t until = clock_now_ns() + question_ns;
    do {
        r = next_answer(m, until, &a, &trip);
    } while (r == 0 && (a.kind != MARK_QUERY || a.sequence != asked));
    if (r < 0) {
        return err_set(e, -ETIMEDOUT, "the clock at %s is silent, or has another ticket",
                       m->address);
    }
    if (trip < best->round_trip_ns) {
        best->round_trip_ns = trip;
        best->offset_ns = (int64_t)(a.received_ns - a.machine_ns - trip / 2);
    }
    return 0;
}

int marker_ask(struct marker *m, int rounds, struct marker_offset *ret, struct err *e)
{
    struct marker_offset best = {0, UINT64_MAX};
    int lost = 0;

    for (int i = 0; i < rounds; i++) {
        const int r = ask_once(m, &best, e);
        if (r < 0 && (r != -ETIMEDOUT || ++lost == TRIES)) {
            return r;
        }
    }
    if (best.round_trip_ns == UINT64_MAX) {
        return err_set(
            e, -ETIMEDOUT,
            "the clock at %s is silent, or has another ticket: %d echo requests, no answer",
            m->address, rounds);
    }
    *ret = best;
    return 0;
}

int marker_open(struct marker **ret, const struct marker_given *g, struct err *e)
{
    struct marker *m = calloc(1, sizeof *m);

    if (m == NULL) {
        return err_set(e, -ENOMEM, "no memory for marks");
    }
    str_printf(m->address, sizeof m->address, "%s", g->address);
    m->ticket = g->ticket;
    m->job = mark_job(g->job);
    m->timeout_ns = g->timeout_ns > 0 ? g->timeout_ns : NS_PER_S;
    m->identifier = (uint16_t)(m->job ^ m->ticket.session);
    m->fd = -1;
    int r = icmp_parse_address(&m->peer, g->address, e);
    if (r < 0) {
        err_prefix(e, "clock: ");
    } else if ((r = m->fd = icmp_open(NULL, &m->peer, e)) >= 0) {
        r = marker_ask(m, FIRST_QUESTIONS, &m->offset, e);
    }
    if (r < 0) {
        marker_close(m);
        return r;
    }
    *ret = m;
    return 0;
}

void marker_close(struct marker *m)
{
    if (m != NULL && m->fd >= 0) {
        close(m->fd);
    }
    free(m);
}

void marker_get_offset(const struct marker *m, struct marker_offset *ret)
{
    *ret = m->offset;
}

uint64_t marker_forged(const struct marker *m)
{
    return m->forged;
}

int marker_start(struct marker *m, uint32_t round, struct err *e)
{
    const uint64_t before = clock_now_ns();
    int r = send_mark(m, MARK_START, round, e);
    m->start_sequence = m->sequence;
    m->start_cost_ns = clock_now_ns() - before;
    return r;
}

int marker_end(struct marker *m, uint32_t round, struct err *e)
{
    int r = send_mark(m, MARK_END, round, e);
    m->end_sequence = m->sequence;
    m->round = round;
    return r;
}

int marker_take(struct marker *m, struct marker_round *ret, struct err *e)
{
    const uint64_t until = clock_now_ns() + m->timeout_ns;
    bool has_start = false, has_end = false;
    struct mark a, start = {0}, end = {0};
    uint64_t trip, longer = 0;

    while (!(has_start && has_end)) {
        if (next_answer(m, until, &a, &trip) < 0) {
            return err_set(e, -ETIMEDOUT, "round %u: the clock at %s did not answer the %s in time",
                           m->round, m->address, has_start ? "end" : "start");
        }
        if (a.kind == MARK_START && a.sequence == m->start_sequence) {
            has_start = true;
            start = a;
        } else if (a.kind == MARK_END && a.sequence == m->end_sequence) {
            has_end = true;
            end = a;
        } else {
            continue;
        }
        longer = trip > longer ? trip : longer;
    }
    *ret =
        (struct marker_round){end.received_ns - start.received_ns, longer / 2 + m->start_cost_ns};
    return 0;
}
