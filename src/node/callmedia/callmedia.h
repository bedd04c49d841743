/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * callmedia: the media of calls: ports, what is played, echoed and heard, and its quality. A setup
 * is what all shards share: options and files; a shard belongs to a shard of calls (calls/media.h)
 * and sends from its loop: no thread, and no allocation but where a scenario names files that
 * differ from call to call.
 *
 * Thread rule: a setup belongs to one thread while it opens and closes, and is only read between; a
 * shard belongs to its calls' thread. Figures: see media_figures.h.
 */
#ifndef VAPERF_NODE_CALLMEDIA_CALLMEDIA_H
#define VAPERF_NODE_CALLMEDIA_CALLMEDIA_H

#include "base/opt.h"
#include "node/calls/calls.h"
#include "node/callmedia/clip.h"
#include "node/callmedia/media_figures.h"

enum callmedia_mode {
    CALLMEDIA_SCENARIO, /* what its actions say */
    CALLMEDIA_ECHO,     /* every call returns what it hears */
    CALLMEDIA_STREAM,   /* every call sends, from its peer's SDP until it ends */
    CALLMEDIA_NONE      /* actions do nothing */
};

/* Of one medium of a call that sent patterns, when it is over. */
struct callmedia_verdict {
    uint64_t call;
    bool is_video, failed;
    uint32_t sent, right, wrong;
    double tolerance;
};

/* Whatever comes is compared with the pattern that is sent. A stream fails where at least that
 * share of it is wrong or did not come back, and any is. */
struct callmedia_check {
    double audio_tolerance, video_tolerance;
    void (*judged)(void *context,
                   const struct callmedia_verdict *v); /* a shard's thread; or NULL */
    void *context;
};

struct callmedia_options {
    int mode;                            /* enum callmedia_mode */
    const struct callmedia_check *check; /* lent; NULL: own packets are compared, none fails */
    const char *file;
    uint64_t ports, jitter_buffer_ns, linger_ns, rtcp_ns;
    /* Of rtp_stream that names no payload type; NULL: what the peer's SDP says. */
    const struct media_codec *stream_codec;
};
extern const char *const callmedia_modes[];

#define CALLMEDIA_OPTION(option, kind, text, about, low, high, words, owner, member)     \
    {                                                                                    \
        .name = (option), .type = (kind), .dflt = (text), .help = (about), .min = (low), \
        .max = (high), .choices = (words), .offset = offsetof(owner, member)             \
    }
/* Into an option table: the struct of the driver's options and its callmedia_options member. */
#define CALLMEDIA_OPTIONS(owner, m)                                                                \
    CALLMEDIA_OPTION("media", OPT_CHOICE, "scenario",                                              \
                     "what the scenario's actions play, or every call echoes what it hears, or "   \
                     "streams to its peer; none: actions play nothing",                            \
                     0, 0, callmedia_modes, owner, m.mode),                                        \
        CALLMEDIA_OPTION("media_file", OPT_STRING, NULL,                                           \
                         "what media: stream plays again and again: a WAVE file or G.711 "         \
                         "octets; none: a pattern",                                                \
                         0, 0, NULL, owner, m.file),                                               \
        CALLMEDIA_OPTION("media_ports", OPT_COUNT, "26000",                                        \
                         "ports from media_port on for calls with media, four each", 4, 64000,     \
                         NULL, owner, m.ports),                                                    \
        CALLMEDIA_OPTION("jitter_buffer", OPT_DURATION, "60ms",                                    \
                         "a packet that comes later than this behind the fastest is too late "     \
                         "to be heard",                                                            \
                         0, 0, NULL, owner, m.jitter_buffer_ns),                                   \
        CALLMEDIA_OPTION("media_linger", OPT_DURATION, "500ms",                                    \
                         "so long the packets of a call that ended are still taken and echoed", 0, \
                         0, NULL, owner, m.linger_ns),                                             \
        CALLMEDIA_OPTION("media_rtcp", OPT_DURATION, "0",                                          \
                         "mean time between reports of a call's end, SR and RR (RFC 3550), to "    \
                         "where the two SDPs say: the port after RTP's, that of a=rtcp, or RTP's " \
                         "own where both have a=rtcp-mux; 0: none",                                \
                         0, 0, NULL, owner, m.rtcp_ns)

struct callmedia_setup {
    const struct callmedia_options *o; /* lent */
    struct library library;            /* what is known before the first call */
    bool is_wanted;                    /* calls are to have media */
};

/* Loads what the scenarios' actions and the options name. -errno with the file or the scenario's
 * line; -ENOTSUP: an action that is not done here. Leaves nothing then. */
int callmedia_setup_open(struct callmedia_setup *ret, const struct callmedia_options *o,
                         const struct scenario *const scenarios[], size_t count, struct err *e);
void callmedia_setup_close(struct callmedia_setup *s); /* a zeroed one is fine */

struct callmedia;

/* Media for a shard of calls that is about to be opened with `calls`: its media and media_ip are
 * filled in, and lent by the shard. Ports are at media_ip, else at the address of the calls' own
 * socket; shard and shards say which part of them is this one's. *ret is NULL where no call wants
 * media. -EINVAL, -EADDRNOTAVAIL: no address that can be told to a peer; -ENOMEM; -errno. */
int callmedia_open(struct callmedia **ret, const struct callmedia_setup *setup,
                   struct calls_options *calls, uint32_t shard, uint32_t shards, struct err *e);
void callmedia_close(struct callmedia *m); /* NULL-safe; after its calls */
struct media_figures *callmedia_get_figures(struct callmedia *m);
/* After the last turn: calls that still run, or linger, are judged as if they ended now. */
void callmedia_settle(struct callmedia *m);

#endif
