/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * What the drawers of the workload sip share.
 */
#ifndef VAPERF_NODE_WORKLOAD_SIP_PRIVATE_H
#define VAPERF_NODE_WORKLOAD_SIP_PRIVATE_H

#include "node/calls/setup.h"
#include "node/callmedia/callmedia.h"
#include "node/load/workload.h"

struct sip_options {
    double rate_per_s, erlang, bhca; /* one of them; telephone.h */
    double register_rate_per_s, registered_pct, design_objective_pct;
    uint64_t hold_ns, limit, objective_ns, users, transient_ns, threshold_ns;
    int sharing;
    const char *sources, *mix, *register_scenario, *answers, *strays;
    struct setup_options setup;
    struct callmedia_options media;
};
extern const struct opt sip_options_table[];
/* The options with what follows from them: a scenario, a rate from telephone terms,
 * and a pause. */
int sip_options_settle(const struct sip_options *given, struct sip_options *ret, struct err *e);
extern const char *const sip_sharings[]; /* enum ways_sharing */

/* The scenarios of a load: loaded, and what each is for. Names are lent by the options. */
struct sip_parts {
    struct setup setup; /* the first one, and TLS */
    struct callmedia_setup media;
    struct setup_options setup_options; /* with the first one's name and the users */
    struct calls_part part[CALLS_PARTS_MAX];
    char name[CALLS_PARTS_MAX][128];
    uint32_t count;
    int beforehand; /* which registers the users, -1: none */
    enum users_pool pool;
};
/* Loads everything and checks that it makes sense together. Nothing is left after -errno. */
int sip_parts_open(struct sip_parts *ret, const struct sip_options *o, struct err *e);
void sip_parts_close(struct sip_parts *p); /* a zeroed one is fine */

struct sip_state {
    const struct sip_options *options; /* &own */
    struct sip_options own;            /* settled */
    struct sip_parts parts;
    struct sockaddr_storage remote;
    struct sockaddr_storage *sources;
    uint32_t source_count;
    const struct schedule_level *level; /* lent by the engine */
    uint64_t start_ns, from_ns, to_ns;
};

struct sip_shard {
    struct calls *calls;
    struct callmedia *media; /* NULL: calls have none */
    struct sip_state *state;
    struct workload_shard_env env;
};

/* sip_before.c: registers the shard's users, as many as the options say, and waits for all of
 * them. -EHOSTUNREACH with the cause when one cannot be, -EINTR when env's wait says so. */
int sip_register_users(struct sip_shard *shard, struct err *e);
/* sip_hold.c: with hold given, the pauses of calls follow it; -EINVAL says which do not. */
int sip_check_hold(const struct sip_parts *p, const struct sip_options *o, struct err *e);
/* sip_media.c: a counter of the shard's media, 0 where there is none. */
uint64_t sip_read_media(const struct sip_shard *shard, enum media_count c);
/* Puts the media of all shards into a report. */
void sip_report_media(json_t *report, void *const shards[], uint32_t count);
/* sip_judge.c: struct workload_ops has what it is for. */
void sip_judge(void *given, void *const shards[], uint32_t count, const struct workload_end *end,
               json_t *reasons);
/* sip_report.c */
json_t *sip_summarize(void *given, void *const shards[], uint32_t count);

#endif
