/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * callmedia_io: packets of media in and out: what came is echoed and heard, what is due is sent.
 * The shard's thread.
 */
#include <errno.h>
#include <string.h>
#include <sys/epoll.h>

#include "base/clock.h"
#include "io/udp.h"
#include "node/callmedia/callmedia_private.h"

/* ---- in ---- */

static void echo(struct callmedia *m, struct session *s, int medium, int i, size_t size)
{
    const struct msghdr *h = &m->messages[i].msg_hdr;
    struct leg *g = &s->leg[medium];
    const uint8_t *bytes = m->bytes[i];
    uint8_t again[PACKET_MAX];

    g->has_echoed = true;
    if (protection_is_on(g->protection)) { /* under our own key; what is heard stays clear */
        size = size < CLEAR_MAX ? size : CLEAR_MAX;
        memcpy(again, bytes, size);
        bytes = again;
        if (leg_protect(g, SECURE_RTP_MEDIA, again, &size) < 0) {
            session_count(m, s, MEDIA_NO_KEY, 1);
            return;
        }
    }
    if (sendto(s->fd[port_of_media(medium)], bytes, size, MSG_DONTWAIT | MSG_NOSIGNAL,
               (const struct sockaddr *)&m->from[i], h->msg_namelen) < 0) {
        session_count(m, s, MEDIA_SEND_REFUSED, 1);
    } else {
        session_count(m, s, MEDIA_ECHOED, 1);
    }
}

static void count_taken(struct callmedia *m, struct session *s, const struct leg *g,
                        enum listener_took took)
{
    static const enum media_count counts[] = {[TOOK_FIRST_COPY] = MEDIA_RECEIVED,
                                              [TOOK_DUPLICATE] = MEDIA_DUPLICATES,
                                              [TOOK_TOO_LATE] = MEDIA_TOO_LATE,
                                              [TOOK_OTHER_SOURCE] = MEDIA_OTHER_SOURCE};

    session_count(m, s, counts[took], 1);
    if (took == TOOK_FIRST_COPY && g->listener.hears == HEARS_OWN) {
        session_count(m, s, MEDIA_RETURNED, 1);
    }
}

static void compare(struct callmedia *m, struct session *s, struct leg *g,
                    const struct rtp_packet *p)
{
    enum pattern_result result = PATTERN_NOT_COMPARED;

    if (g->listener.hears == HEARS_OWN) {
        result = pattern_check_own(&g->check, p, g->talker.first_sequence);
    } else if (m->o.setup->o->check != NULL) {
        result = pattern_check_other(&g->check, p);
    }
    session_count(m, s, MEDIA_COMPARED, result != PATTERN_NOT_COMPARED);
    session_count(m, s, MEDIA_WRONG, result == PATTERN_WRONG);
}

static void hear(struct callmedia *m, struct session *s, int medium, const uint8_t *bytes,
                 size_t size, uint64_t at_ns)
{
    struct leg *g = &s->leg[medium];
    const struct listener_rules rules = {.own_ssrc = g->talker.ssrc,
                                         .first_sequence = g->talker.first_sequence,
                                         .event_type = g->event_type,
                                         .other = medium == MEDIUM_VIDEO ? m->video : NULL,
                                         .playout_ns = m->o.setup->o->jitter_buffer_ns};
    enum listener_took took;
    unsigned type;
    struct rtp_packet p;

    if (rtp_is_rtcp(bytes, size)) {
        reports_take(m, s, medium, bytes, size, at_ns);
        return;
    }
    if (rtp_decode(&p, bytes, size) < 0) {
        session_count(m, s, MEDIA_MALFORMED, 1);
        return;
    }
    type = p.header.payload_type;
    if (p.header.ssrc != g->talker.ssrc && (g->types[0] | g->types[1]) != 0 &&
        (g->types[type / 64] >> type % 64 & 1) == 0) {
        session_count(m, s, MEDIA_OTHER_TYPE, 1);
    }
    took = listener_take(&g->listener, &p, &rules, at_ns);
    count_taken(m, s, g, took);
    if (took == TOOK_FIRST_COPY && type != g->event_type) {
        compare(m, s, g, &p);
    }
    if (type == g->event_type && listener_take_digit(&g->listener, &p)) {
        session_count(m, s, MEDIA_DIGITS_RECEIVED, 1);
    }
}

/* An echo that reports itself does not return reports. */
static bool is_to_be_echoed(const struct callmedia *m, const struct leg *g, int i)
{
    return g->echoes && (m->messages[i].msg_hdr.msg_flags & MSG_TRUNC) == 0 &&
           !(m->o.setup->o->rtcp_ns > 0 && rtp_is_rtcp(m->bytes[i], m->messages[i].msg_len));
}

/* In the clear, in place; false: it is not authentic. A copy of one that came stays as it is: its
 * header tells. */
static bool open_packet(struct callmedia *m, struct session *s, int port, int i, size_t *size)
{
    const int medium = port / 2;
    struct protection *p = s->leg[medium].protection;
    const bool is_report = port == port_of_reports(medium) || rtp_is_rtcp(m->bytes[i], *size);
    uint32_t n = (uint32_t)*size;
    int result;

    if (!protection_is_on(p)) {
        return true;
    }
    result = protection_open(p, is_report ? SECURE_RTP_CONTROL : SECURE_RTP_MEDIA, m->bytes[i], &n);
    *size = n;
    return result == 0 || (!is_report && (result == -EEXIST || result == -ESTALE));
}

static void take(struct callmedia *m, struct session *s, int port, int i, int64_t real_offset_ns)
{
    const int medium = port / 2;
    size_t size = m->messages[i].msg_len;
    uint64_t real = udp_received_real_ns(&m->messages[i].msg_hdr);
    uint64_t at = real != 0 ? (uint64_t)((int64_t)real - real_offset_ns) : m->now_ns;

    if (s->state == SESSION_FREE) {
        media_count(&m->figures, MEDIA_STRAY, 1);
        return;
    }
    if (!open_packet(m, s, port, i, &size)) {
        session_count(m, s, MEDIA_NOT_AUTHENTIC, 1);
        return;
    }
    if (port == port_of_reports(medium)) {
        reports_take(m, s, medium, m->bytes[i], size, at);
        return;
    }
    if (is_to_be_echoed(m, &s->leg[medium], i)) {
        echo(m, s, medium, i, size);
    }
    hear(m, s, medium, m->bytes[i], size, at);
}

/* What waits at one port; true: there may be more. */
static bool read_port(struct callmedia *m, struct session *s, int port, int64_t real_offset_ns)
{
    int n;

    for (int i = 0; i < READ_BATCH; i++) {
        m->messages[i].msg_hdr.msg_namelen = sizeof(m->from[i]);
        m->messages[i].msg_hdr.msg_control = m->control[i];
        m->messages[i].msg_hdr.msg_controllen = sizeof(m->control[i]);
    }
    n = recvmmsg(s->fd[port], m->messages, READ_BATCH, MSG_DONTWAIT, NULL);
    for (int i = 0; i < n; i++) {
        take(m, s, port, i, real_offset_ns);
    }
    m->was_busy |= n > 0;
    return n == READ_BATCH;
}

static bool read_ports(struct callmedia *m, int64_t real_offset_ns)
{
    struct epoll_event ready[READY_MAX];
    int n = epoll_wait(m->epoll, ready, READY_MAX, 0);
    bool more = n == READY_MAX;

    for (int i = 0; i < n; i++) {
        struct session *s = &m->sessions[ready[i].data.u32 / PORTS_A_CALL];
        more |= read_port(m, s, (int)(ready[i].data.u32 % PORTS_A_CALL), real_offset_ns);
    }
    return more;
}

void media_read_waiting(struct callmedia *m)
{
    while (read_ports(m, m->real_offset_ns)) {
    }
}

/* ---- out ---- */

static void send_packet(struct callmedia *m, struct session *s, int medium, enum talker_made made,
                        uint8_t *bytes, size_t size, uint64_t due_ns)
{
    struct leg *g = &s->leg[medium];
    const size_t clear_size = size;
    bool is_numbered = made != TALKER_DATAGRAM;
    uint64_t now = clock_now_ns();
    enum media_count what;

    if (g->peer.any.sa_family == AF_UNSPEC || g->is_held) {
        what = MEDIA_NO_PEER;
    } else if (leg_protect(g, SECURE_RTP_MEDIA, bytes, &size) < 0) {
        what = MEDIA_NO_KEY;
    } else {
        what = sendto(s->fd[port_of_media(medium)], bytes, size, MSG_DONTWAIT | MSG_NOSIGNAL,
                      &g->peer.any, peer_address_size(&g->peer)) < 0
                   ? MEDIA_SEND_REFUSED
               : is_numbered ? MEDIA_SENT
                             : MEDIA_DATAGRAMS_SENT;
    }
    session_count(m, s, what, 1);
    if (what == MEDIA_SENT) {
        listener_note_sent(&g->listener, g->talker.number - 1, now);
        if ((bytes[1] & 127) != g->event_type) {
            pattern_check_note_sent(&g->check, g->talker.said, g->talker.number - 1);
        }
        g->reporter.octets += (uint32_t)(clear_size - RTP_HEADER_SIZE);
        session_count(m, s, MEDIA_DIGITS_SENT, made == TALKER_DIGIT);
        if (s->counts) {
            hist_record(m->figures.dist[MEDIA_LATENESS], now > due_ns ? now - due_ns : 0);
        }
    } else if (is_numbered && !(what == MEDIA_SEND_REFUSED && protection_is_on(g->protection))) {
        g->talker.number--; /* nobody can miss it; no number is protected twice (RFC 3711 §9.1) */
    }
}

static void run_media_timer(struct callmedia *m, struct session *s, int medium)
{
    struct leg *g = &s->leg[medium];
    uint64_t due = g->talker.next_ns;
    uint8_t bytes[PACKET_MAX];
    size_t size = 0;
    enum talker_made made;

    if (s->state == SESSION_LINGERING) {
        session_close(m, s);
        return;
    }
    made = talker_make(&g->talker, bytes, CLEAR_MAX, &size);
    if (made != TALKER_NOTHING) {
        send_packet(m, s, medium, made, bytes, size, due);
    }
    leg_note_playing(m, s, medium);
}

static void run_timer(struct callmedia *m, uint32_t timer)
{
    struct session *s = &m->sessions[timer / PORTS_A_CALL];
    const int port = (int)(timer % PORTS_A_CALL), medium = port / 2;

    if (port == port_of_reports(medium)) {
        reports_run_timer(m, s, medium);
    } else {
        run_media_timer(m, s, medium);
    }
}

int media_turn(void *media, uint64_t now_ns, int64_t real_offset_ns)
{
    struct callmedia *m = media;
    unsigned sent = 0;
    bool more;

    m->now_ns = now_ns;
    m->real_offset_ns = real_offset_ns;
    m->was_busy = false;
    more = read_ports(m, real_offset_ns);
    while (roster_next_ns(&m->timers) <= now_ns && sent < TURN_PACKETS_MAX) {
        run_timer(m, roster_next(&m->timers));
        sent++;
    }
    m->was_busy |= sent > 0;
    return more || sent == TURN_PACKETS_MAX;
}
