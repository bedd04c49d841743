/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * timekeeper: see timekeeper.h.
 */
#include "node/timing/timekeeper.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/clock.h"
#include "io/addr.h"
#include "node/timing/icmp.h"

struct job {
    uint64_t id, start_ns;
    uint32_t round;
    bool running;
};

struct timekeeper {
    int fd;
    struct mark_ticket ticket;
    struct timekeeper_listener listener;
    struct timekeeper_counts counts;
    struct job jobs[TIMEKEEPER_JOBS_MAX]; /* the first counts.jobs; beyond: not paired, answered */
};

int timekeeper_open(struct timekeeper **ret, const char *address, const struct mark_ticket *t,
                    const struct timekeeper_listener *l, struct err *e)
{
    struct sockaddr_storage local;
    struct timekeeper *k = calloc(1, sizeof *k);

    if (k == NULL) {
        return err_set(e, -ENOMEM, "no memory for a clock");
    }
    k->ticket = *t;
    if (l != NULL) {
        k->listener = *l;
    }
    int r = icmp_parse_address(&local, address, e);
    if (r == 0) {
        r = k->fd = icmp_open(&local, NULL, e);
    }
    if (r < 0) {
        free(k);
        return err_prefix(e, "clock: ");
    }
    *ret = k;
    return 0;
}

void timekeeper_close(struct timekeeper *k)
{
    if (k != NULL) {
        close(k->fd);
    }
    free(k);
}

int timekeeper_fd(const struct timekeeper *k)
{
    return k->fd;
}

void timekeeper_get_counts(const struct timekeeper *k, struct timekeeper_counts *ret)
{
    *ret = k->counts;
}

static struct job *take_job(struct timekeeper *k, uint64_t id)
{
    for (size_t i = 0; i < k->counts.jobs; i++) {
        if (k->jobs[i].id == id) {
            return &k->jobs[i];
        }
    }
    if (k->counts.jobs == TIMEKEEPER_JOBS_MAX) {
        return NULL;
    }
    k->jobs[k->counts.jobs].id = id;
    return &k->jobs[k->counts.jobs++];
}

static void end_round(struct timekeeper *k, struct job *j, const struct mark *m,
                      const struct sockaddr_storage *from)
{
    char text[ADDR_TEXT_MAX];

    if (j == NULL || !j->running || j->round != m->round) {
        k->counts.unmatched++;
        return;
    }
    j->running = false;
    if (k->listener.timed != NULL) {
        k->listener.timed(k->listener.arg, addr_format_host(from, text, sizeof text), m->job,
                          m->round, m->received_ns - j->start_ns);
    }
}

static void note(struct timekeeper *k, const struct mark *m, const struct sockaddr_storage *from)
{
    struct job *j = m->kind == MARK_QUERY ? NULL : take_job(k, m->job);

    k->counts.queries += m->kind == MARK_QUERY;
    k->counts.starts += m->kind == MARK_START;
    k->counts.ends += m->kind == MARK_END;
    if (m->kind == MARK_START && j != NULL) {
        *j = (struct job){m->job, m->received_ns, m->round, true};
    }
    if (m->kind == MARK_END) {
        end_round(k, j, m, from);
    }
}

static void take(struct timekeeper *k, const struct icmp_message *message)
{
    struct mark m;
    uint8_t packet[MARK_PACKET];
    uint16_t identifier;
    const int r = mark_decode(&m, MARK_REQUEST, &k->ticket, message->bytes, message->size);

    if (r < 0) {
        k->counts.forged += r == -EBADMSG;
        return;
    }
    m.received_ns = message->received_ns;
    memcpy(&identifier, message->bytes + 4, sizeof identifier);
    m.sent_ns = clock_now_ns();
    mark_encode(&m, MARK_ANSWER, identifier, k->ticket.key, packet);
    k->counts.unanswered += icmp_send(k->fd, &message->from, packet, sizeof packet) < 0;
    note(k, &m, &message->from);
}

void timekeeper_serve(struct timekeeper *k)
{
    struct icmp_message message;
    while (icmp_receive(k->fd, &message) > 0) {
        take(k, &message);
    }
}
