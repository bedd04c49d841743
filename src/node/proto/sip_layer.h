/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * What the drawers of the transaction layer share: sip_transaction.c (states), sip_layer.c (memory,
 * keys, timers). Not for others.
 */
#ifndef VAPERF_NODE_PROTO_SIP_LAYER_H
#define VAPERF_NODE_PROTO_SIP_LAYER_H

#include "node/proto/sip_transaction.h"

enum {
    SIP_TICK_NS = 16000000, /* timers are that coarse */
    SIP_WHEEL_SLOTS = 4096, /* 65 s; what is later comes by more than once */
    SIP_BUCKETS = 4096
};

struct sip_layer {
    struct sip_layer_options options;
    struct sip_layer_owner ops;
    void *owner;
    struct sip_layer_stats stats;
    struct sip_transaction *free; /* by next_of_key */
    uint32_t count, branches;
    uint64_t turn; /* ticks done */
    struct sip_transaction *buckets[SIP_BUCKETS];
    struct sip_transaction *wheel[SIP_WHEEL_SLOTS];
};

/* NULL: no room. In no list yet. */
struct sip_transaction *sip_layer_take(struct sip_layer *l, enum sip_transaction_kind kind,
                                       uint64_t key);
struct sip_transaction *sip_layer_find(const struct sip_layer *l, uint64_t key);
/* What it sends again; NULL: nothing. -ENOMEM. */
int sip_layer_keep(struct sip_transaction *t, const char *bytes, size_t size);
/* Puts it where its again_ns and end_ns want it. */
void sip_layer_arm(struct sip_layer *l, struct sip_transaction *t);
void sip_layer_send(struct sip_layer *l, const struct sip_transaction *t);
/* What the clock brings: in sip_transaction.c. */
void sip_transaction_due(struct sip_layer *l, struct sip_transaction *t, uint64_t now_ns);

/* 64 bits of a text and what came before: collisions are as likely as broken memory. */
uint64_t sip_key_add(uint64_t key, struct sip_text t);

#endif
