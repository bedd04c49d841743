/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * callmedia_reports: when a call's RTCP leaves and where to, and what comes. What it says is
 * reporter's. The shard's thread.
 */
#include "base/clock.h"
#include "node/callmedia/callmedia_private.h"

/* Between half and one and a half of the mean (RFC 3550 §6.3.1), so that calls do not report
 * together. */
static uint64_t interval(struct callmedia *m)
{
    return (uint64_t)((0.5 + rand_double(&m->rand)) * (double)m->o.setup->o->rtcp_ns);
}

static void set_timer(struct callmedia *m, const struct session *s, int medium, uint64_t due_ns)
{
    roster_set_due(&m->timers, timer_of(m, s, port_of_reports(medium)), due_ns);
}

void reports_begin(struct callmedia *m, struct session *s, int medium)
{
    if (m->o.setup->o->rtcp_ns > 0) {
        set_timer(m, s, medium, clock_now_ns() + interval(m) / 2);
    }
}

/* 0.0.0.0 is a peer on hold (RFC 3264 §8.4); port 0 is none. */
static bool can_be_sent_to(const union peer_address *a)
{
    if (a->any.sa_family == AF_INET) {
        return a->v4.sin_addr.s_addr != 0 && a->v4.sin_port != 0;
    }
    return a->any.sa_family == AF_INET6 && a->v6.sin6_port != 0;
}

static void send_report(struct callmedia *m, struct session *s, int medium, enum reporter_why why)
{
    struct leg *g = &s->leg[medium];
    const bool is_mux = g->offers_mux && g->peer_has_mux; /* RFC 5761 §5.1.1 */
    const union peer_address *to = is_mux ? &g->peer : &g->reports_to;
    const int fd = s->fd[is_mux ? port_of_media(medium) : port_of_reports(medium)];
    const struct reporter_env env = {clock_now_ns(), m->real_offset_ns, m->ip};
    uint8_t bytes[REPORTER_SIZE_MAX + SECURE_RTP_TRAILER_MAX];
    size_t size;

    if (fd <= 0 || !can_be_sent_to(to)) {
        return;
    }
    size = reporter_write(&g->reporter, &g->talker, &g->listener, &env, why, bytes);
    if (size > 0 && leg_protect(g, SECURE_RTP_CONTROL, bytes, &size) < 0) {
        session_count(m, s, MEDIA_NO_KEY, 1);
    } else if (size > 0) {
        ssize_t sent =
            sendto(fd, bytes, size, MSG_DONTWAIT | MSG_NOSIGNAL, &to->any, peer_address_size(to));
        session_count(m, s, sent < 0 ? MEDIA_SEND_REFUSED : MEDIA_RTCP_SENT, 1);
    }
}

void reports_run_timer(struct callmedia *m, struct session *s, int medium)
{
    send_report(m, s, medium, REPORTER_REGULAR);
    set_timer(m, s, medium, clock_now_ns() + interval(m));
}

void reports_end(struct callmedia *m, struct session *s, int medium)
{
    if (m->o.setup->o->rtcp_ns > 0) {
        send_report(m, s, medium, REPORTER_BYE);
        set_timer(m, s, medium, ROSTER_NEVER);
    }
}

void reports_take(struct callmedia *m, struct session *s, int medium, const uint8_t *bytes,
                  size_t size, uint64_t at_ns)
{
    struct leg *g = &s->leg[medium];

    session_count(m, s, MEDIA_RTCP, 1);
    if (m->o.setup->o->rtcp_ns > 0 &&
        reporter_take(&g->reporter, g->talker.ssrc, bytes, size, at_ns) < 0) {
        session_count(m, s, MEDIA_RTCP_MALFORMED, 1);
    }
}
