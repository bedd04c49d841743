/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * What the drawers of callmedia share: the shard, and what it keeps of each call.
 */
#ifndef VAPERF_NODE_CALLMEDIA_CALLMEDIA_PRIVATE_H
#define VAPERF_NODE_CALLMEDIA_CALLMEDIA_PRIVATE_H

#include <netinet/in.h>

#include "base/rand.h"
#include "io/addr.h"
#include "node/callmedia/callmedia.h"
#include "node/callmedia/listener.h"
#include "node/callmedia/pattern_check.h"
#include "node/callmedia/protection.h"
#include "node/callmedia/reporter.h"
#include "node/callmedia/talker.h"
#include "node/calls/roster.h"
#include "node/codec/sdp.h"

/* Ports of a call: audio, its RTCP, video, its RTCP. */
enum { MEDIUM_AUDIO, MEDIUM_VIDEO, MEDIA_KINDS, PORTS_A_CALL = 4 };
/* Of a medium, among those four: its packets and their timer; its reports and theirs. */
static inline int port_of_media(int medium)
{
    return 2 * medium;
}
static inline int port_of_reports(int medium)
{
    return 2 * medium + 1;
}

union peer_address {
    struct sockaddr any; /* family AF_UNSPEC: not known */
    struct sockaddr_in v4;
    struct sockaddr_in6 v6;
};

static inline socklen_t peer_address_size(const union peer_address *a)
{
    return a->any.sa_family == AF_INET ? sizeof(a->v4) : sizeof(a->v6);
}

enum { SESSION_NONE = UINT32_MAX };
enum { PACKET_MAX = 2048, CLEAR_MAX = PACKET_MAX - SECURE_RTP_TRAILER_MAX };
enum { READ_BATCH = 8, READY_MAX = 128, TURN_PACKETS_MAX = 1024 };
enum { DEFAULT_TYPE = 8, DEFAULT_VIDEO_TYPE = 96, DEFAULT_EVENT_TYPE = 101 };

/* One medium of a call. */
struct leg {
    union peer_address peer, reports_to; /* reports_to: unless they go with the media */
    uint64_t types[2];                   /* payload types of the peer's SDP, a bit each */
    /* Of its SDP: digits; the first of PCMU and PCMA; H264. */
    uint8_t event_type, voice_type, video_type;
    bool has_voice_type, is_held, echoes, has_echoed;
    bool is_playing;               /* counted as begun */
    bool offers_mux, peer_has_mux; /* a=rtcp-mux, in what was told to the peer and by it */
    struct talker talker;
    struct listener listener;
    struct pattern_check check;
    struct reporter reporter;
    struct protection *protection; /* NULL: no description spoke of SRTP */
};

enum session_state { SESSION_FREE, SESSION_LIVE, SESSION_LINGERING };

/* A block of ports, and the call that has it. Its first use opens the sockets, which stay: what
 * comes late for one call is not taken for another's while the block rests. */
struct session {
    int fd[PORTS_A_CALL];         /* 0: not open */
    uint64_t drops[PORTS_A_CALL]; /* of the kernel, that were counted */
    uint64_t number, ended_ns;
    uint8_t state; /* enum session_state */
    bool counts, has_told_port;
    struct leg leg[MEDIA_KINDS];
};

/* Of a call of the shard, by its place. */
struct seat {
    uint64_t number;
    uint32_t session;
    bool counts, lacks_port;
};

struct callmedia_shard {
    const struct callmedia_setup *setup; /* lent */
    struct sockaddr_storage local;       /* the address of all its ports */
    uint16_t first_port;                 /* of all shards */
    uint32_t shard, shards;
    uint32_t calls; /* places of the shard of calls */
    uint64_t seed;
    const char *interface; /* its sockets are bound to it; NULL: to none */
};

struct callmedia {
    struct callmedia_shard o;
    char ip[ADDR_TEXT_MAX]; /* as it is told */
    struct library late;    /* what calls named as they ran */
    struct media_figures figures;
    struct rand_state rand;
    uint64_t key_seed;               /* of SRTP */
    const struct media_codec *video; /* how video is taken whose type says nothing */
    struct seat *seats;
    struct session *sessions;
    uint32_t session_count, in_use; /* in_use: live or lingering */
    uint32_t *resting;              /* a ring: the one that rests longest is taken first */
    uint32_t resting_first, resting_count;
    struct roster timers; /* places: session × PORTS_A_CALL + port of media or of reports */
    int epoll;
    bool was_busy;
    uint64_t now_ns;
    int64_t real_offset_ns; /* of the last turn */
    struct sdp sdp;         /* scratch */
    struct mmsghdr messages[READ_BATCH];
    struct iovec parts[READ_BATCH];
    struct sockaddr_storage from[READ_BATCH];
    uint8_t bytes[READ_BATCH][PACKET_MAX];
    uint8_t control[READ_BATCH][64] __attribute__((aligned(16)));
};

static inline uint32_t timer_of(const struct callmedia *m, const struct session *s, int port)
{
    return (uint32_t)(s - m->sessions) * PORTS_A_CALL + (uint32_t)port;
}

static inline void session_count(struct callmedia *m, const struct session *s, enum media_count c,
                                 uint64_t by)
{
    if (s->counts) {
        media_count(&m->figures, c, by);
    }
}

/* callmedia_ports.c: the session of a call, NULL: no port is left (counted once a call). */
struct session *session_take(struct callmedia *m, uint32_t place);
int session_open_sockets(struct callmedia *m, struct session *s, int medium); /* reports' too */
uint16_t session_port(const struct callmedia *m, const struct session *s, int port);
void session_end(struct callmedia *m, struct session *s);   /* stops; lingers */
void session_close(struct callmedia *m, struct session *s); /* its figures; rests */

/* callmedia_act.c: what its calls ask. */
int media_act(void *media, uint32_t place, enum call_media kind, const char *text);
void media_describe(void *media, uint32_t place, const char *bytes, size_t size);
void media_told(void *media, uint32_t place, const char *bytes, size_t size);
/* media: stream, once it is known where to and where from. */
void media_start_stream(struct callmedia *m, struct session *s);
/* Counts a beginning or an end, and asks for a turn when something is due. */
void leg_note_playing(struct callmedia *m, struct session *s, int medium);

/* callmedia_act.c: protects in place where that is agreed. -errno: it must not leave. */
int leg_protect(struct leg *g, enum secure_rtp_kind kind, uint8_t *bytes, size_t *size);

/* callmedia_reports.c: RTCP, where it is wanted. */
void reports_begin(struct callmedia *m, struct session *s, int medium);
void reports_end(struct callmedia *m, struct session *s, int medium); /* says goodbye */
void reports_run_timer(struct callmedia *m, struct session *s, int medium);
void reports_take(struct callmedia *m, struct session *s, int medium, const uint8_t *bytes,
                  size_t size, uint64_t at_ns);

/* callmedia_io.c */
int media_turn(void *media, uint64_t now_ns, int64_t real_offset_ns);
void media_read_waiting(struct callmedia *m); /* what had come when the last turn was over */

/* An action's "file,rounds,type,name" in its parts. */
struct stream_words {
    char path[1024];
    int32_t rounds;
    int type;                        /* -1: not given */
    const struct media_codec *codec; /* of the name, else of the type; NULL: neither is given */
    bool is_video;
};
/* 0; 1: it is another word (pause ...); -EINVAL. */
int stream_words_parse(struct stream_words *ret, const char *text);

#endif
