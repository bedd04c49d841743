/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * workload: the contract between the load engine and a protocol's traffic.
 *
 * The engine owns time, threads, sockets, batches and histograms. A workload says what packet is
 * due in a slot and what a received packet means. It never paces, never sleeps, never allocates
 * after open, and never reads the clock: every call carries the time.
 *
 * Order of calls: check → prepare (once) → open (once a shard) → { send | receive | expire }* →
 * drain_done? polling → judge → summary → close (each shard) → finish (once).
 * Thread rule: check, prepare, judge, summary, finish on the owner's thread while no worker runs;
 * the others on the shard's worker only, but `counters`, which any thread may call at any time.
 * Ownership: option structs and endpoints are lent until finish. A failed prepare or open leaves
 * nothing behind.
 */
#ifndef VAPERF_NODE_LOAD_WORKLOAD_H
#define VAPERF_NODE_LOAD_WORKLOAD_H

#include <netinet/in.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/socket.h>

#include "base/err.h"
#include "base/hist.h"
#include "base/json.h"
#include "base/opt.h"
#include "io/link.h"
#include "io/udp.h"
#include "rpc/sample.h"

struct schedule_level;

enum { WORKLOAD_PACKET_MAX = 2048 };

/* How intended times are made (schedule.h has the processes behind it). */
enum workload_arrivals {
    WORKLOAD_PERIODIC, /* slots × period with a phase each: streams */
    WORKLOAD_OPEN      /* one arrival process of a rate: calls, dialogues, requests */
};

enum workload_phase { PHASE_EVEN, PHASE_RANDOM, PHASE_TOGETHER };

struct workload_shape {
    enum workload_arrivals arrivals;
    uint32_t slots;         /* PERIODIC: number of streams, at most; OPEN: most attempts at once */
    uint64_t period_ns;     /* PERIODIC */
    uint64_t phase_grid_ns; /* PERIODIC: one phase in each such span; 0: exactly even */
    int phase;              /* PERIODIC: enum workload_phase */
    double rate_per_s;      /* OPEN, and PERIODIC's total, for checks of achieved load */
    uint32_t endpoints;     /* how many addresses of the appliance it wants */
    uint64_t attempt_ns;    /* OPEN: so long may an attempt last by itself, whatever the answer
                               takes; 0: it does not */
    bool attempt_is_least;  /* none that succeeds is shorter */
    bool is_bridged;        /* frames: they go straight to our other port, through what bridges */
    bool frames; /* its packets are whole Ethernet frames: they leave by the interface of the load's
                    `bind` and come back at that of its `back` */
    bool is_paired;           /* each worker has an even port and the next one, and so has each
                                 endpoint, whose address names the even one (RFC 3550 clause 11) */
    bool is_stamped;          /* packets are known again by what they carry: who answers must leave
                                 that as it is */
    uint32_t packets_at_once; /* send always has room for so many, up to 32; 0: one */
};

/* One packet to go. The engine lends `data` (WORKLOAD_PACKET_MAX bytes); the workload fills it. */
struct workload_packet {
    uint8_t *data;
    uint32_t size;
    socklen_t to_size;
    const struct sockaddr *to; /* IPv4 or IPv6, of a frame the interface (packet(7)); lent and
                                  unchanged until the shard closes */
    uint64_t intended_ns;      /* the engine's: leave it */
    /* Where the engine writes the actual send time, ns, big endian, 8 bytes, just before the
     * packet leaves; 0: nowhere. Offset into data. */
    uint32_t sent_stamp_at;
    /* Where the engine writes the same time for the workload itself, in host order; NULL: nowhere.
     * Until the packet left (it may be tried again); must stay valid until the shard closes. */
    uint64_t *sent_ns;
    bool by_next; /* of a load with pairs of ports: it leaves by the second one */
    bool beside;  /* it is none of what is offered (a report on it), so neither due nor sent: like
                     what comes without a receipt */
};

/* What a received packet was; the engine records delays into its own histograms from this. */
struct workload_receipt {
    uint64_t intended_ns; /* 0: no delay is recorded (not ours, duplicate) */
    uint64_t sent_ns;
    uint64_t at_ns; /* when it came; the engine fills it in but for what env->receipt is given */
    bool at_next;   /* the engine says so before: it came to the second port of a pair */
};

/* What a turn of a workload with transports of its own wants of the next one. */
struct workload_turn {
    uint64_t next_ns;       /* at the latest, though nothing came; UINT64_MAX: never */
    uint64_t not_before_ns; /* what comes or is due until then is taken together; 0: at once */
};

/* What a workload with transports of its own lost. Totals since it opened. */
struct workload_losses {
    uint64_t send_failures; /* packets that the kernel had no room for */
    uint64_t drops;         /* packets that came and were thrown away, but on env->socket */
};

/* How a load ended, for who judges it. */
struct workload_end {
    uint64_t at_ns;    /* from then on nothing was read */
    uint64_t drain_ns; /* as the options say */
    bool cut_short;    /* somebody stopped it */
    bool is_short;     /* less was sent than the limit of what is valid */
};

/* Fixed names, for summaries and live counters; values come from `counters`, in this order. */
struct workload_counter {
    const char *name; /* "rtp_sent", "rtp_lost" */
    const char *unit;
};

/* Where frames leave and come back. */
struct workload_ports {
    struct link_info out, back;
    uint8_t next_hop[LINK_MAC_SIZE]; /* who gets them first */
};

/* Told by what takes seconds before the load begins: how far it is ("users registered", 3, 40).
 * Cheap. -EINTR: the user wants it to end. */
struct workload_wait {
    void *arg;
    int (*look)(void *arg, const char *what, uint64_t done, uint64_t wanted);
};

/* What a shard gets to know when it opens. */
struct workload_shard_env {
    uint32_t shard, shards;
    uint32_t first_slot, slots;    /* its part of the workload's slots */
    struct sockaddr_storage local; /* where its packets come from and answers arrive */
    socklen_t local_size;
    uint64_t seed;
    const struct workload_ports *ports; /* of frames, until the shard closes; else NULL. Their UDP
                                           port must be local's: by it they are found */
    /* For workloads that have `turn`; all lent until close. */
    struct udp_socket *socket;          /* the one bound to `local`: theirs to read and write */
    const int64_t *real_offset_ns;      /* realtime - monotonic; changes between turns */
    const struct schedule_level *level; /* how the load runs over time; offsets count from start */
    const uint64_t *start_ns;           /* set when `window` is called */
    void *engine;
    void (*receipt)(void *engine, const struct workload_receipt *r); /* a delay, inside turn */
    bool segmentation;                /* like packets may go as one that the kernel cuts */
    const struct workload_wait *wait; /* inside open only; look may be NULL: nobody waits */
};

struct workload_ops {
    const char *name;    /* "rtp" */
    const char *summary; /* one line for lists */
    const char *unit;    /* what is offered, for people: "call"; NULL: "packet" */
    const struct opt *options;
    size_t options_size;
    size_t state_size;                       /* private state of the whole workload */
    size_t shard_size;                       /* private state of a shard */
    const struct workload_counter *counters; /* ended by a NULL name */
    /* Every name that summarize's metrics can have, NULL-ended: what a plan's limits may name
     * beside the counters. One that ends in _ms may stand for points of it (srd_ms.p99). Optional:
     * then no name is known to be wrong before the load has run. */
    const char *const *metrics;

    /* 0, or -ENOTSUP with the reason in e. Optional. */
    int (*supported)(struct err *e);
    /* An option of which this node knows nothing but the default: -ENOTSUP with the reason. Asked
     * for each option of the table, so that a plan is refused before it runs. Optional. */
    int (*option_supported)(const char *option, struct err *e);
    /* Options make sense together; fills the shape. */
    int (*check)(const void *options, struct workload_shape *ret, struct err *e);
    /* Templates and tables; endpoints[count] are the appliance's addresses (shape.endpoints of
     * them). */
    int (*prepare)(void *state, const void *options, const struct sockaddr_storage *endpoints,
                   size_t count, struct err *e);
    int (*open)(void *shard, void *state, const struct workload_shard_env *env, struct err *e);
    /* A slot is due. Fills up to `room` packets (usually one); returns how many, 0 if none. */
    int (*send)(void *shard, uint32_t slot, uint64_t intended_ns, struct workload_packet *packets,
                uint32_t room);
    /* A packet came in. at_ns: kernel receive time on CLOCK_MONOTONIC. Hostile bytes are counted,
     * not believed. */
    void (*receive)(void *shard, const uint8_t *bytes, uint32_t size, uint64_t at_ns,
                    struct workload_receipt *ret);
    /* Own timers (retransmissions, hold times): may fill packets; returns how many and sets when
     * it wants to be called next (UINT64_MAX: never). Optional. */
    int (*expire)(void *shard, uint64_t now_ns, struct workload_packet *packets, uint32_t room,
                  uint64_t *ret_next_ns);
    /* A workload with transports of its own (connections, a socket a call) has these three. The
     * engine then neither reads nor writes: `send` gets no packets and returns 1 when it began the
     * attempt, 0 when it could not; `receive` and `expire` are not called.
     * turn: reads, runs timers and writes, up to a bound, without blocking. 1: again at once, there
     * is more; 0. */
    int (*turn)(void *shard, uint64_t now_ns, struct workload_turn *ret);
    /* A descriptor that is readable when turn has something to do. */
    int (*wait_fd)(const void *shard);
    void (*losses)(const void *shard, struct workload_losses *ret);
    /* From here on what the shard counts is the measurement (end of warm-up): packets with an
     * intended time before `from_ns` never count, whenever they arrive. Called before the first
     * send. */
    void (*window)(void *shard, uint64_t from_ns, uint64_t to_ns);
    /* Nothing is in flight any more: draining may stop early. Optional. */
    int (*is_drained)(const void *shard);
    /* Current counters of a shard, relaxed reads, in the order of ops->counters. */
    void (*read_counters)(const void *shard, uint64_t *ret);
    /* After all workers stopped, before summarize and once: counts for good what is open, and adds
     * to `reasons` a sentence for each that makes the trial void. Optional. */
    void (*judge)(void *state, void *const shards[], uint32_t count, const struct workload_end *end,
                  json_t *reasons);
    /* After all workers stopped: everything else worth reporting, merged over shards:
     * {"metrics": {"rtp_jitter_us": 12.3, ...}, "per_stream": {...}, "histograms": {"name":
     * base64}}. */
    json_t *(*summarize)(void *state, void *const shards[], uint32_t count);
    void (*close)(void *shard);
    void (*finish)(void *state);
};

/* registry.c: NULL-ended; find returns NULL. */
extern const struct workload_ops *const workload_registry[];
const struct workload_ops *workload_find(const char *name);

#endif
