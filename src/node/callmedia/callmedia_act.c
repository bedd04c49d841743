/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * callmedia_act: what calls ask of their media: where their peer is (SDP), what is to be played,
 * paused, echoed. The shard's thread.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "base/str.h"
#include "io/addr.h"
#include "node/callmedia/callmedia_private.h"

void leg_note_playing(struct callmedia *m, struct session *s, int medium)
{
    struct leg *g = &s->leg[medium];
    bool is_playing = talker_is_busy(&g->talker);

    if (is_playing != g->is_playing) {
        g->is_playing = is_playing;
        session_count(m, s, is_playing ? MEDIA_BEGUN : MEDIA_ENDED, 1);
    }
    if (s->state == SESSION_LIVE) {
        roster_set_due(&m->timers, timer_of(m, s, port_of_media(medium)), g->talker.next_ns);
    }
}

/* ---- the peer's SDP ---- */

static bool is_text(struct sip_text t, const char *text)
{
    return t.size == strlen(text) && memcmp(t.at, text, t.size) == 0;
}

static bool is_rtp(const struct sdp_media *d)
{
    static const char *const profiles[] = {"RTP/AVP", "RTP/AVPF", "RTP/SAVP", "RTP/SAVPF"};

    for (size_t i = 0; i < sizeof(profiles) / sizeof(profiles[0]); i++) {
        if (is_text(d->protocol, profiles[i])) {
            return true;
        }
    }
    return false;
}

static void read_types(struct leg *g, const struct sdp_media *d)
{
    g->types[0] = g->types[1] = 0;
    g->has_voice_type = false;
    for (size_t i = 0; i < d->format_count; i++) {
        const struct sdp_format *f = &d->formats[i];
        unsigned type = f->payload_type & 127u;

        g->types[type / 64] |= UINT64_C(1) << type % 64;
        if (is_text(f->name, "telephone-event")) {
            g->event_type = (uint8_t)type;
        } else if (is_text(f->name, "H264")) {
            g->video_type = (uint8_t)type;
        } else if (!g->has_voice_type && (type == 0 || type == 8)) {
            g->has_voice_type = true;
            g->voice_type = (uint8_t)type;
        }
    }
}

static int read_address(const struct callmedia *m, union peer_address *ret, struct sip_text text,
                        unsigned port)
{
    struct sockaddr_storage a;
    char host[ADDR_TEXT_MAX];

    if (text.size == 0 || text.size >= sizeof(host)) {
        return -EBADMSG;
    }
    memcpy(host, text.at, text.size);
    host[text.size] = '\0';
    if (addr_parse(&a, host) < 0 || a.ss_family != m->o.local.ss_family || addr_port(&a) != 0) {
        return -EBADMSG;
    }
    addr_set_port(&a, (uint16_t)port);
    memcpy(ret, &a, sizeof(*ret));
    return 0;
}

/* Reports go to the port after the media's, or where a=rtcp says (RFC 3605). */
static int read_peer(const struct callmedia *m, struct leg *g, const struct sdp_media *d)
{
    const struct sip_text apart = d->rtcp.text.size > 0 ? d->rtcp.text : d->connection.text;
    const unsigned next = d->port < UINT16_MAX ? d->port + 1u : 0;
    int result = read_address(m, &g->peer, d->connection.text, d->port);

    if (result < 0) {
        return result;
    }
    g->is_held = d->direction == SDP_SENDONLY || d->direction == SDP_INACTIVE ||
                 is_text(d->connection.text, "0.0.0.0");
    g->peer_has_mux = d->rtcp_mux;
    return read_address(m, &g->reports_to, apart, d->rtcp_port > 0 ? d->rtcp_port : next);
}

/* 1: the peer takes this medium. */
static int read_media(const struct callmedia *m, struct session *s, const struct sdp_media *d)
{
    bool is_image = is_text(d->type, "image"), is_video = is_text(d->type, "video");
    struct leg *g = &s->leg[is_video ? MEDIUM_VIDEO : MEDIUM_AUDIO];

    if (!is_image && !is_video && !is_text(d->type, "audio")) {
        return 0;
    }
    if (d->port == 0 || (!is_image && !is_rtp(d)) ||
        protection_note(&g->protection, PROTECTION_PEER, d) < 0) {
        g->is_held = true;
        return 0;
    }
    read_types(g, d);
    return read_peer(m, g, d) < 0 ? -EBADMSG : 1;
}

void media_describe(void *media, uint32_t place, const char *bytes, size_t size)
{
    struct callmedia *m = media;
    struct session *s;
    int result = sdp_parse(&m->sdp, bytes, size), taken = 0;

    if (m->o.setup->o->mode == CALLMEDIA_NONE || (s = session_take(m, place)) == NULL) {
        return;
    }
    for (size_t i = 0; result >= 0 && i < m->sdp.media_count; i++) {
        result = read_media(m, s, &m->sdp.media[i]);
        taken += result > 0;
    }
    if (result < 0) {
        session_count(m, s, MEDIA_BAD_SDP, 1);
    } else if (taken == 0) {
        session_count(m, s, MEDIA_REFUSED, 1);
    }
    media_start_stream(m, s);
}

/* ---- and ours ---- */

/* Is there anything to be learned from it? */
static bool is_to_be_read(const struct callmedia *m, const struct session *s, const char *bytes,
                          size_t size)
{
    return m->o.setup->o->rtcp_ns > 0 || s->leg[MEDIUM_AUDIO].protection != NULL ||
           s->leg[MEDIUM_VIDEO].protection != NULL || memmem(bytes, size, "RTP/SAVP", 8) != NULL;
}

void media_told(void *media, uint32_t place, const char *bytes, size_t size)
{
    struct callmedia *m = media;
    const uint32_t session = m->seats[place].session;

    struct session *s;

    if (session == SESSION_NONE) {
        return;
    }
    s = &m->sessions[session];
    if (!is_to_be_read(m, s, bytes, size) || sdp_parse(&m->sdp, bytes, size) < 0) {
        return;
    }
    for (size_t i = 0; i < m->sdp.media_count; i++) {
        const struct sdp_media *d = &m->sdp.media[i];
        if (is_text(d->type, "audio") || is_text(d->type, "video")) {
            struct leg *g = &s->leg[is_text(d->type, "video") ? MEDIUM_VIDEO : MEDIUM_AUDIO];
            g->offers_mux = d->rtcp_mux;
            /* What has no key is counted when it is to be sent. */
            (void)protection_note(&g->protection, PROTECTION_OWN, d);
        }
    }
}

int leg_protect(struct leg *g, enum secure_rtp_kind kind, uint8_t *bytes, size_t *size)
{
    uint32_t n = (uint32_t)*size;
    int result = 0;

    if (protection_is_on(g->protection)) {
        result = protection_protect(g->protection, kind, bytes, &n);
        *size = n;
    }
    return result;
}

/* ---- playing ---- */

/* Type and name behind what is played; NULL: neither. */
static int parse_codec(struct stream_words *w, const char *text)
{
    const char *comma;

    if (text == NULL) {
        return 0;
    }
    w->type = (int)strtol(text, NULL, 10);
    comma = strchr(text, ',');
    if (comma != NULL) {
        w->codec = media_codec_find(comma + 1, strlen(comma + 1));
    } else {
        w->codec =
            w->is_video ? media_codec_find("H264", 4) : media_codec_of_type((unsigned)w->type);
    }
    return w->type < 0 || w->type > 127 || w->codec == NULL || w->codec->is_video != w->is_video
               ? -EINVAL
               : 0;
}

static const char *behind_comma(const char *text)
{
    const char *comma = text != NULL ? strchr(text, ',') : NULL;

    return comma != NULL ? comma + 1 : NULL;
}

int stream_words_parse(struct stream_words *ret, const char *text)
{
    static const char *const words[] = {
        "pause",          "resume", "pauseapattern", "resumeapattern", "pausevpattern",
        "resumevpattern", NULL};
    const bool is_video = strncmp(text, "vpattern,", 9) == 0;
    const bool is_pattern = is_video || strncmp(text, "apattern,", 9) == 0;
    const char *more;
    size_t size;

    for (int i = 0; words[i] != NULL; i++) {
        if (strcmp(text, words[i]) == 0) {
            return 1;
        }
    }
    *ret = (struct stream_words){.rounds = is_pattern ? -1 : 1, .type = -1, .is_video = is_video};
    text += is_pattern ? 9 : 0;
    size = strcspn(text, ",");
    if (size == 0 || size >= sizeof(ret->path) - 9) {
        return -EINVAL;
    }
    str_printf(ret->path, sizeof(ret->path), "%s%.*s", is_pattern ? "pattern " : "", (int)size,
               text);
    more = behind_comma(text);
    if (!is_pattern && more != NULL) {
        ret->rounds = (int32_t)strtol(more, NULL, 10);
        more = behind_comma(more);
    }
    return ret->rounds < -1 || ret->rounds == 0 ? -EINVAL : parse_codec(ret, more);
}

static const struct clip *get_clip(struct callmedia *m, const char *path,
                                   const struct media_codec *codec)
{
    const struct clip *c = library_find_clip(&m->o.setup->library, path, codec);

    if (c == NULL && library_add_clip(&m->late, path, codec, NULL) == 0) {
        c = library_find_clip(&m->late, path, codec);
    }
    return c;
}

void media_start_stream(struct callmedia *m, struct session *s)
{
    const struct callmedia_options *o = m->o.setup->o;
    struct leg *g = &s->leg[MEDIUM_AUDIO];
    const struct clip *c;

    if (o->mode != CALLMEDIA_STREAM || !s->has_told_port || s->state != SESSION_LIVE ||
        g->peer.any.sa_family == AF_UNSPEC || talker_is_busy(&g->talker)) {
        return;
    }
    if (!g->has_voice_type) {
        session_count(m, s, MEDIA_REFUSED, 1);
        return;
    }
    c = get_clip(m, o->file != NULL ? o->file : "pattern 1", media_codec_of_type(g->voice_type));
    if (c != NULL) {
        talker_play(&g->talker, c, g->voice_type, -1, clock_now_ns());
        leg_note_playing(m, s, MEDIUM_AUDIO);
    }
}

/* SIPp's pause and resume are of all that a call plays. */
static void pause_stream(struct callmedia *m, struct session *s, const char *text)
{
    const bool is_one = strstr(text, "pattern") != NULL;
    const int named = strstr(text, "vpattern") != NULL ? MEDIUM_VIDEO : MEDIUM_AUDIO;

    for (int i = 0; i < MEDIA_KINDS; i++) {
        if (is_one && i != named) {
            continue;
        }
        if (text[0] == 'p') {
            talker_pause(&s->leg[i].talker);
        } else {
            talker_resume(&s->leg[i].talker, clock_now_ns());
        }
        leg_note_playing(m, s, i);
    }
}

static int play_stream(struct callmedia *m, struct session *s, struct leg *g, const char *text)
{
    struct stream_words w;
    const struct clip *c;
    int result = stream_words_parse(&w, text);

    if (result == 1) {
        pause_stream(m, s, text);
        return 0;
    }
    if (result < 0) {
        return result;
    }
    if (w.codec == NULL) {
        const struct media_codec *wanted = m->o.setup->o->stream_codec;

        wanted = wanted != NULL ? wanted : media_codec_of_type(g->voice_type);
        w.codec = w.is_video ? m->video : wanted;
        w.type = w.is_video ? g->video_type : w.codec->payload_type;
    }
    c = get_clip(m, w.path, w.codec);
    if (c == NULL) {
        return -ENOENT;
    }
    talker_play(&g->talker, c, (uint8_t)w.type, w.rounds, clock_now_ns());
    return 0;
}

static int play_recording(struct callmedia *m, struct leg *g, const char *path)
{
    const struct recording *r = library_find_recording(&m->o.setup->library, path);
    int result = 0;

    if (r == NULL && (r = library_find_recording(&m->late, path)) == NULL) {
        result = library_add_recording(&m->late, path, NULL);
        r = library_find_recording(&m->late, path);
    }
    if (r != NULL) {
        talker_play_recording(&g->talker, r, clock_now_ns());
    }
    return result;
}

/* "startaudio,0,PCMU/8000", "stop,video", "1" or "0" of the action rtp_echo. */
static void set_echo(struct session *s, const char *text)
{
    bool is_video = strstr(text, "video") != NULL, is_audio = strstr(text, "audio") != NULL;
    bool on = strncmp(text, "stop", 4) != 0 && (is_video || is_audio || strtod(text, NULL) != 0);

    if (is_audio || !is_video) {
        s->leg[MEDIUM_AUDIO].echoes = on;
    }
    if (is_video || !is_audio) {
        s->leg[MEDIUM_VIDEO].echoes = on;
    }
}

static int act(struct callmedia *m, struct session *s, struct leg *g, enum call_media kind,
               const char *text)
{
    switch (kind) {
    case CALL_RTP_STREAM:
        return play_stream(m, s, g, text);
    case CALL_PLAY_PCAP_AUDIO:
    case CALL_PLAY_PCAP_VIDEO:
    case CALL_PLAY_PCAP_IMAGE:
        return play_recording(m, g, text);
    case CALL_PLAY_DTMF:
        return talker_dial(&g->talker, text, g->event_type, clock_now_ns());
    case CALL_RTP_ECHO:
        set_echo(s, text);
        break;
    }
    return 0;
}

static bool is_of_video(const char *stream)
{
    return strncmp(stream, "vpattern,", 9) == 0 || strcmp(stream, "pausevpattern") == 0 ||
           strcmp(stream, "resumevpattern") == 0;
}

int media_act(void *media, uint32_t place, enum call_media kind, const char *text)
{
    struct callmedia *m = media;
    bool is_video = kind == CALL_PLAY_PCAP_VIDEO || (kind == CALL_RTP_STREAM && is_of_video(text));
    int medium = is_video ? MEDIUM_VIDEO : MEDIUM_AUDIO, result;
    struct session *s;

    if (m->o.setup->o->mode != CALLMEDIA_SCENARIO) {
        return 0;
    }
    if ((s = session_take(m, place)) == NULL) {
        return 0; /* counted: the call goes on without */
    }
    result = session_open_sockets(m, s, medium);
    if (result == 0) {
        result = act(m, s, &s->leg[medium], kind, text);
        leg_note_playing(m, s, medium);
    }
    return result;
}
