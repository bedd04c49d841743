/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * What the drawers of the kamailio appliance share: kamailio.c (the appliance), kamailio_config.c
 * (the configuration that is written for it), kamailio_rpc.c (its JSON-RPC), kamailio_counters.c.
 * The loop's thread.
 */
#ifndef VAPERF_NODE_APPLIANCE_KAMAILIO_H
#define VAPERF_NODE_APPLIANCE_KAMAILIO_H

#include <sys/socket.h>

#include "base/err.h"
#include "base/json.h"
#include "base/proc.h"
#include "base/proc_log.h"
#include "node/appliance/rtpengine_server.h"
#include "rpc/sample.h"

enum kamailio_mode { KAMAILIO_PLAIN, KAMAILIO_DIGEST, KAMAILIO_RTPENGINE };

struct kamailio_options {
    const char *program, *modules, *next_hop, *realm, *password;
    const char *rtpengine; /* ADDRESS:PORT of one that runs; NULL: one is started beside it */
    struct rtpengine_words media;
    uint64_t base_port, children, memory_bytes, buffer_bytes, t1_ms;
    int mode;
};

struct kamailio_rpc {
    int fd; /* -1: closed */
};

enum { KAMAILIO_HOPS_MAX = 1024, KAMAILIO_FOLDER_MAX = 64 };
struct kamailio {
    struct proc server;
    struct proc_log *log; /* what it says; NULL: none */
    bool has_server;
    char folder[KAMAILIO_FOLDER_MAX]; /* "": none */
    struct kamailio_rpc rpc;
    struct sockaddr_storage local, hops[KAMAILIO_HOPS_MAX];
    size_t hop_count;
    bool has_own_hop; /* the options', which stays the only one */
    struct rtpengine_server media;
    bool has_media;
};

/* Files in its folder. */
#define KAMAILIO_CONFIG "kamailio.cfg"
#define KAMAILIO_HOPS "hops"
#define KAMAILIO_SOCKET "rpc"

/* Writes the configuration; where: ADDRESS:PORT that it listens on; media: of the rtpengine's ng
 * protocol, in that mode. */
int kamailio_write_config(const struct kamailio_options *o, const char *folder, const char *where,
                          const char *media, struct err *e);
/* The next hops, one a line; it reads them when it starts and when it is told to. */
int kamailio_write_hops(const char *folder, const struct sockaddr_storage *hops, size_t count,
                        struct err *e);

/* -errno. */
int kamailio_rpc_open(struct kamailio_rpc *r);
void kamailio_rpc_close(struct kamailio_rpc *r);
/* Asks it and waits for the answer; param: as JSON, or NULL. A new reference to its result. NULL
 * with the error. */
json_t *kamailio_rpc_call(struct kamailio_rpc *r, const char *folder, const char *method,
                          const char *param, struct err *e);

/* Its statistics under our names; with an rtpengine of its own, that one's too. */
size_t kamailio_columns(const void *state, struct sample_column *ret, size_t room);
void kamailio_stats(void *state, double *ret_values, size_t count);

#endif
