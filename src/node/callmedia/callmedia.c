/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * callmedia: see callmedia.h. Setups, and the life of a shard.
 */
#include "node/callmedia/callmedia.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/resource.h>
#include <unistd.h>

#include "base/clock.h"
#include "io/addr.h"
#include "node/callmedia/callmedia_private.h"
#include "node/calls/setup.h"

const char *const callmedia_modes[] = {"scenario", "echo", "stream", "none", NULL};

/* ---- what all shards have ---- */

static int add_stream(struct callmedia_setup *s, const char *text, struct err *e)
{
    struct library *l = &s->library;
    struct stream_words w;
    int result = stream_words_parse(&w, text);

    if (result != 0) {
        return result < 0 ? err_set(e, result,
                                    "rtp_stream=\"%s\": PCMU, PCMA, G722, G729 or iLBC "
                                    "are sent, by number or name, and H264 by vpattern",
                                    text)
                          : 0;
    }
    if (w.is_video) {
        return library_add_clip(l, w.path, media_codec_find("H264", 4), e);
    }
    w.codec = w.codec != NULL ? w.codec : s->o->stream_codec;
    if (w.codec != NULL) {
        return library_add_clip(l, w.path, w.codec, e);
    }
    /* The peer's SDP says which of the two. */
    result = library_add_clip(l, w.path, media_codec_of_type(0), e);
    return result < 0 ? result : library_add_clip(l, w.path, media_codec_of_type(8), e);
}

static int add_action(struct callmedia_setup *s, const struct scenario_media *a, struct err *e)
{
    if (a->text == NULL) {
        return 0; /* known when the call is there */
    }
    switch ((enum call_media)a->kind) {
    case CALL_RTP_STREAM:
        return add_stream(s, a->text, e);
    case CALL_PLAY_PCAP_AUDIO:
    case CALL_PLAY_PCAP_VIDEO:
    case CALL_PLAY_PCAP_IMAGE:
        return library_add_recording(&s->library, a->text, e);
    case CALL_PLAY_DTMF:
        return strlen(a->text) > TALKER_DIGITS_MAX
                   ? err_set(e, -E2BIG, "play_dtmf=\"%s\": at most %d digits", a->text,
                             TALKER_DIGITS_MAX)
                   : rtp_dtmf_check(a->text, e);
    case CALL_RTP_ECHO:
        break;
    }
    return 0;
}

static int add_actions(struct callmedia_setup *s, const struct scenario *scenario, struct err *e)
{
    struct scenario_media a;
    struct err inner = {0};

    for (unsigned i = 0; scenario_get_media(scenario, i, &a); i++) {
        int result = add_action(s, &a, &inner);
        if (result < 0) {
            return err_set(e, result, "%s:%d: %s", a.file, a.line, inner.text);
        }
    }
    return 0;
}

/* What media: stream plays, as the peer's SDP wants it. */
static int add_own_stream(struct callmedia_setup *s, struct err *e)
{
    const char *path = s->o->file != NULL ? s->o->file : "pattern 1";
    int result = library_add_clip(&s->library, path, media_codec_of_type(0), e);

    return result < 0 ? result : library_add_clip(&s->library, path, media_codec_of_type(8), e);
}

int callmedia_setup_open(struct callmedia_setup *ret, const struct callmedia_options *o,
                         const struct scenario *const scenarios[], size_t count, struct err *e)
{
    struct callmedia_setup setup = {.o = o, .is_wanted = o->mode != CALLMEDIA_SCENARIO};
    int result = 0;

    if (o->file != NULL && o->mode != CALLMEDIA_STREAM) {
        return err_set(e, -EINVAL, "media_file goes with media: stream");
    }
    if (o->mode == CALLMEDIA_STREAM) {
        result = add_own_stream(&setup, e);
    }
    for (size_t i = 0; i < count && result == 0; i++) {
        setup.is_wanted |= scenario_has_media(scenarios[i]);
        result = scenario_has_crypto(scenarios[i]) ? secure_rtp_supported(e) : 0;
        if (result < 0) {
            break;
        }
        result = o->mode == CALLMEDIA_SCENARIO ? add_actions(&setup, scenarios[i], e) : 0;
    }
    if (result < 0) {
        callmedia_setup_close(&setup);
        return setup_no_file(result, e);
    }
    *ret = setup;
    return 0;
}

void callmedia_setup_close(struct callmedia_setup *s)
{
    library_finish(&s->library);
    *s = (struct callmedia_setup){0};
}

/* ---- a shard ---- */

static bool is_nobody(const struct sockaddr_storage *a)
{
    static const struct in6_addr any = IN6ADDR_ANY_INIT;

    if (a->ss_family == AF_INET) {
        return ((const struct sockaddr_in *)(const void *)a)->sin_addr.s_addr == 0;
    }
    return memcmp(&((const struct sockaddr_in6 *)(const void *)a)->sin6_addr, &any, sizeof(any)) ==
           0;
}

/* As many sockets as calls can want; what is not allowed is met by the call that lacks it. */
static void allow_files(void)
{
    struct rlimit limit;

    if (getrlimit(RLIMIT_NOFILE, &limit) == 0 && limit.rlim_cur < limit.rlim_max) {
        limit.rlim_cur = limit.rlim_max;
        (void)setrlimit(RLIMIT_NOFILE, &limit);
    }
}

static void init_batch(struct callmedia *m)
{
    for (int i = 0; i < READ_BATCH; i++) {
        m->parts[i] = (struct iovec){m->bytes[i], PACKET_MAX};
        m->messages[i].msg_hdr =
            (struct msghdr){.msg_name = &m->from[i], .msg_iov = &m->parts[i], .msg_iovlen = 1};
    }
}

static int open_memory(struct callmedia *m)
{
    uint32_t blocks = (uint32_t)(m->o.setup->o->ports / PORTS_A_CALL);
    uint32_t room = (65536u - m->o.first_port) / PORTS_A_CALL;

    blocks = blocks < room ? blocks : room;
    m->session_count = blocks / m->o.shards + (m->o.shard < blocks % m->o.shards);
    m->seats = calloc(m->o.calls, sizeof(*m->seats));
    m->sessions = calloc((size_t)m->session_count + 1, sizeof(*m->sessions));
    m->resting = calloc((size_t)m->session_count + 1, sizeof(*m->resting));
    if (m->seats == NULL || m->sessions == NULL || m->resting == NULL ||
        media_figures_init(&m->figures) < 0 ||
        roster_init(&m->timers, m->session_count * PORTS_A_CALL + 1, m->o.seed) < 0) {
        return -ENOMEM;
    }
    for (uint32_t i = 0; i < m->session_count; i++) {
        m->resting[m->resting_count++] = i;
    }
    for (uint32_t i = 0; i < m->session_count * PORTS_A_CALL; i++) {
        (void)roster_take(&m->timers);
    }
    return 0;
}

void callmedia_close(struct callmedia *m)
{
    if (m == NULL) {
        return;
    }
    for (uint32_t i = 0; m->sessions != NULL && i < m->session_count; i++) {
        for (int k = 0; k < PORTS_A_CALL; k++) {
            if (m->sessions[i].fd[k] > 0) {
                (void)close(m->sessions[i].fd[k]);
            }
        }
        for (int k = 0; k < MEDIA_KINDS; k++) {
            protection_destroy(m->sessions[i].leg[k].protection);
        }
    }
    if (m->epoll >= 0) {
        (void)close(m->epoll);
    }
    library_finish(&m->late);
    media_figures_finish(&m->figures);
    roster_finish(&m->timers);
    free(m->seats);
    free(m->sessions);
    free(m->resting);
    free(m);
}

struct media_figures *callmedia_get_figures(struct callmedia *m)
{
    return &m->figures;
}

void callmedia_settle(struct callmedia *m)
{
    media_read_waiting(m);
    for (uint32_t i = 0; i < m->session_count; i++) {
        struct session *s = &m->sessions[i];

        if (s->state == SESSION_LIVE) {
            session_end(m, s);
        }
        if (s->state == SESSION_LINGERING) {
            session_close(m, s);
        }
    }
}

/* ---- for its calls ---- */

static void begin(void *media, uint32_t place, uint64_t number, bool counts)
{
    struct callmedia *m = media;

    m->seats[place] = (struct seat){number, SESSION_NONE, counts, false};
}

static void end(void *media, uint32_t place)
{
    struct callmedia *m = media;

    if (m->seats[place].session != SESSION_NONE) {
        session_end(m, &m->sessions[m->seats[place].session]);
        m->seats[place].session = SESSION_NONE;
    }
}

static unsigned port(void *media, uint32_t place, enum call_port kind)
{
    struct callmedia *m = media;
    int medium = kind == CALL_PORT_RTPSTREAM_VIDEO ? MEDIUM_VIDEO : MEDIUM_AUDIO;
    struct session *s;

    if (m->o.setup->o->mode == CALLMEDIA_NONE) {
        return m->o.first_port + (unsigned)medium * 2;
    }
    s = session_take(m, place);
    if (s == NULL || session_open_sockets(m, s, medium) < 0) {
        return 0;
    }
    s->has_told_port = true;
    media_start_stream(m, s);
    return session_port(m, s, port_of_media(medium));
}

/* The same key each time a call asks, for what it says again. */
static int crypto(void *media, uint32_t place, const char *word, char *text, size_t size)
{
    const struct callmedia *m = media;
    struct rand_state random;
    uint64_t seed = m->key_seed ^ m->seats[place].number * UINT64_C(0x9e3779b97f4a7c15);

    for (const char *c = word; *c != '\0'; c++) {
        seed = (seed ^ (uint8_t)*c) * UINT64_C(0x100000001b3);
    }
    rand_init(&random, seed);
    return protection_word(word, random, text, size);
}

static uint64_t next_ns(const void *media)
{
    return roster_next_ns(&((const struct callmedia *)media)->timers);
}

static bool was_busy(const void *media)
{
    return ((const struct callmedia *)media)->was_busy;
}

static int wait_fd(const void *media)
{
    return ((const struct callmedia *)media)->epoll;
}

static bool is_idle(const void *media)
{
    return ((const struct callmedia *)media)->in_use == 0;
}

static const struct calls_media_ops ops = {
    .begin = begin,
    .end = end,
    .port = port,
    .description = media_describe,
    .told = media_told,
    .crypto = crypto,
    .act = media_act,
    .turn = media_turn,
    .next_ns = next_ns,
    .was_busy = was_busy,
    .fd = wait_fd,
    .is_idle = is_idle,
};

/* ---- opening ---- */

static int choose_address(struct sockaddr_storage *ret, const struct calls_options *calls,
                          struct err *e)
{
    *ret = calls->transport.local;
    if (calls->media_ip != NULL && addr_parse(ret, calls->media_ip) < 0) {
        return err_set(e, -EINVAL, "media_ip: '%s' is no address (e.g. 127.0.0.1)",
                       calls->media_ip);
    }
    if (is_nobody(ret)) {
        return err_set(e, -EADDRNOTAVAIL,
                       "media_ip: calls with media need an address that peers can send to");
    }
    return 0;
}

static int open_parts(struct callmedia *m)
{
    m->epoll = epoll_create1(EPOLL_CLOEXEC);
    rand_init(&m->rand, m->o.seed ^ clock_real_ns()); /* SSRCs: two ends must not agree */
    m->key_seed = rand_u64(&m->rand);
    m->video = media_codec_find("H264", 4);
    init_batch(m);
    allow_files();
    return m->epoll < 0 ? -errno : open_memory(m);
}

int callmedia_open(struct callmedia **ret, const struct callmedia_setup *setup,
                   struct calls_options *calls, uint32_t shard, uint32_t shards, struct err *e)
{
    struct callmedia_shard o = {
        setup,        {0},         (uint16_t)calls->media_port, shard, shards,
        calls->limit, calls->seed, calls->transport.interface};
    struct callmedia *m;
    int result;

    *ret = NULL;
    if (!setup->is_wanted) {
        return 0;
    }
    if ((result = choose_address(&o.local, calls, e)) < 0) {
        return result;
    }
    if ((m = calloc(1, sizeof(*m))) == NULL) {
        return err_set(e, -ENOMEM, "no memory for media");
    }
    m->o = o;
    if ((result = open_parts(m)) < 0) {
        callmedia_close(m);
        return err_set(e, result, "media of calls: %s", strerror(-result));
    }
    calls->media = (struct calls_media){&ops, m};
    calls->media_ip = addr_format_host(&o.local, m->ip, sizeof(m->ip));
    *ret = m;
    return 0;
}
