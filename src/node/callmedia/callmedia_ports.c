/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * callmedia_ports: which ports a call has, for how long, and what is left of it in figures when
 * they are free again. The shard's thread.
 */
#include <errno.h>
#include <math.h>
#include <string.h>
#include <sys/epoll.h>
#include <unistd.h>

#include "base/clock.h"
#include "io/addr.h"
#include "io/udp.h"
#include "node/callmedia/callmedia_private.h"

uint16_t session_port(const struct callmedia *m, const struct session *s, int port)
{
    uint32_t block = (uint32_t)(s - m->sessions) * m->o.shards + m->o.shard;

    return (uint16_t)(m->o.first_port + block * PORTS_A_CALL + (uint32_t)port);
}

static int open_socket(struct callmedia *m, struct session *s, int port)
{
    struct epoll_event event = {.events = EPOLLIN, .data.u32 = timer_of(m, s, port)};
    struct sockaddr_storage local = m->o.local;
    struct udp_socket u;
    int result;

    if (s->fd[port] > 0) {
        return 0;
    }
    addr_set_port(&local, session_port(m, s, port));
    result = udp_open_by(&u, m->o.interface, &local, 0, UDP_TIMESTAMPS);
    if (result == 0 && epoll_ctl(m->epoll, EPOLL_CTL_ADD, u.fd, &event) < 0) {
        result = -errno;
        udp_close(&u);
    }
    if (result == 0) {
        s->fd[port] = u.fd;
    }
    return result;
}

int session_open_sockets(struct callmedia *m, struct session *s, int medium)
{
    int result = open_socket(m, s, port_of_media(medium));

    return result == 0 && m->o.setup->o->rtcp_ns > 0 ? open_socket(m, s, port_of_reports(medium))
                                                     : result;
}

static void rest(struct callmedia *m, uint32_t index)
{
    uint32_t at = (m->resting_first + m->resting_count++) % m->session_count;

    m->resting[at] = index;
}

/* A block whose port somebody else has is not tried again. */
static struct session *take_block(struct callmedia *m)
{
    while (m->resting_count > 0) {
        uint32_t index = m->resting[m->resting_first];
        struct session *s = &m->sessions[index];
        int result = session_open_sockets(m, s, MEDIUM_AUDIO);

        m->resting_first = (m->resting_first + 1) % m->session_count;
        m->resting_count--;
        if (result == 0) {
            return s;
        }
        if (result != -EADDRINUSE) {
            rest(m, index);
            return NULL;
        }
    }
    return NULL;
}

static void init_leg(struct callmedia *m, struct leg *g)
{
    uint64_t random = rand_u64(&m->rand);

    *g = (struct leg){.event_type = DEFAULT_EVENT_TYPE,
                      .voice_type = DEFAULT_TYPE,
                      .video_type = DEFAULT_VIDEO_TYPE,
                      .echoes = m->o.setup->o->mode == CALLMEDIA_ECHO};
    talker_init(&g->talker, (uint32_t)random, (uint16_t)(random >> 32 & 0x7fff),
                (uint32_t)(rand_u64(&m->rand)));
}

struct session *session_take(struct callmedia *m, uint32_t place)
{
    struct seat *seat = &m->seats[place];
    struct session *s;

    if (seat->session != SESSION_NONE) {
        return &m->sessions[seat->session];
    }
    s = seat->lacks_port ? NULL : take_block(m);
    if (s == NULL) {
        if (!seat->lacks_port && seat->counts) {
            media_count(&m->figures, MEDIA_NO_PORT, 1);
        }
        seat->lacks_port = true;
        return NULL;
    }
    seat->session = (uint32_t)(s - m->sessions);
    s->state = SESSION_LIVE;
    s->number = seat->number;
    s->counts = seat->counts;
    s->has_told_port = false;
    m->in_use++;
    for (int i = 0; i < MEDIA_KINDS; i++) {
        init_leg(m, &s->leg[i]);
        reports_begin(m, s, i);
    }
    return s;
}

void session_end(struct callmedia *m, struct session *s)
{
    s->state = SESSION_LINGERING;
    s->ended_ns = clock_now_ns();
    for (int i = 0; i < MEDIA_KINDS; i++) {
        talker_stop(&s->leg[i].talker);
        leg_note_playing(m, s, i);
        reports_end(m, s, i);
    }
    roster_set_due(&m->timers, timer_of(m, s, port_of_media(MEDIUM_AUDIO)),
                   s->ended_ns + m->o.setup->o->linger_ns);
}

/* ---- what is left of it ---- */

static void count_drops(struct callmedia *m, struct session *s, int port)
{
    struct udp_socket u = {.fd = s->fd[port]};
    int64_t drops = s->fd[port] > 0 ? udp_drops(&u) : 0;

    if (drops > 0 && (uint64_t)drops > s->drops[port]) {
        media_count(&m->figures, MEDIA_DROPPED, (uint64_t)drops - s->drops[port]);
        s->drops[port] = (uint64_t)drops;
    }
}

static void count_stream(struct callmedia *m, struct session *s, const struct leg *g,
                         const struct rtp_totals *t)
{
    const struct listener *l = &g->listener;

    session_count(m, s, MEDIA_LOST, t->lost);
    session_count(m, s, MEDIA_DISCARDED, t->discarded);
    session_count(m, s, MEDIA_REORDERED, l->stream.reordered);
    if (s->ended_ns > l->last_ns && s->ended_ns - l->last_ns >= NS_PER_S) {
        session_count(m, s, MEDIA_STOPPED, 1);
    }
}

static double far_loss_pct(const struct leg *g)
{
    return reporter_far_loss_pct(&g->reporter, g->talker.first_sequence);
}

static void judge(struct callmedia *m, struct session *s, struct leg *g)
{
    struct listener *l = &g->listener;
    const struct media_codec *c = l->codec;
    const struct rtp_voice voice = {.emodel = c != NULL ? c->emodel : NULL,
                                    .look_ahead_ms = c != NULL ? c->look_ahead_ms : 0,
                                    .ptime_ns = c != NULL ? c->ptime_ns : 20 * NS_PER_MS,
                                    .jitter_buffer_ns = m->o.setup->o->jitter_buffer_ns,
                                    .packets_per_ptime = 1};
    struct rtp_totals t = listener_close(l, &voice);
    double unit_us = 1e6 / (c != NULL ? c->clock_hz : 8000);
    struct media_call call = {.number = s->number,
                              .rtt_us = reporter_rtt_us(&g->reporter),
                              .far_loss_pct = far_loss_pct(g)};
    struct rtp_quality q;

    rtp_quality_of(&q, &t, &voice);
    call.mos = q.mos;
    call.loss_pct = q.loss_pct;
    call.jitter_us = l->stream.received > 1 ? l->stream.jitter_units * unit_us : (double)NAN;
    call.delay_us = l->hears == HEARS_OWN ? q.delay_mean_us : (double)NAN;
    call.received = t.received;
    call.lost = t.lost;
    count_stream(m, s, g, &t);
    if (s->counts) {
        media_figures_add(&m->figures, &call, q.r, &t);
    }
}

static void judge_patterns(struct callmedia *m, struct session *s, int medium)
{
    const struct callmedia_check *check = m->o.setup->o->check;
    const struct pattern_check *c = &s->leg[medium].check;
    struct callmedia_verdict v = {.call = s->number,
                                  .is_video = medium == MEDIUM_VIDEO,
                                  .sent = c->sent,
                                  .right = c->right,
                                  .wrong = c->wrong};

    if (check == NULL || c->sent == 0) {
        return;
    }
    v.tolerance = v.is_video ? check->video_tolerance : check->audio_tolerance;
    v.failed = pattern_check_fails(c, v.tolerance);
    session_count(m, s, MEDIA_CHECK_FAILED, v.failed);
    if (check->judged != NULL) {
        check->judged(check->context, &v);
    }
}

void session_close(struct callmedia *m, struct session *s)
{
    for (int i = 0; i < MEDIA_KINDS; i++) {
        struct leg *g = &s->leg[i];
        const int port = port_of_media(i);

        if (s->counts) {
            media_figures_add_far(&m->figures, reporter_rtt_us(&g->reporter), far_loss_pct(g));
        }
        if (g->listener.hears != HEARS_NOTHING) {
            judge(m, s, g);
        } else if (g->talker.number > 0 || (g->echoes && s->fd[port] > 0 && i == MEDIUM_AUDIO)) {
            session_count(m, s, MEDIA_SILENT, 1);
        }
        judge_patterns(m, s, i);
        roster_set_due(&m->timers, timer_of(m, s, port), ROSTER_NEVER);
        protection_destroy(g->protection);
        g->protection = NULL;
    }
    for (int i = 0; i < PORTS_A_CALL; i++) {
        count_drops(m, s, i);
    }
    s->state = SESSION_FREE;
    m->in_use--;
    rest(m, (uint32_t)(s - m->sessions));
}
