/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * The transaction layer's memory: transactions by key, and a wheel of timers by time. Freed
 * transactions are kept for the next ones.
 */
#include "node/proto/sip_layer.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

int sip_layer_create(struct sip_layer **ret, const struct sip_layer_options *o,
                     const struct sip_layer_owner *ops, void *owner)
{
    struct sip_layer *l = calloc(1, sizeof(*l));

    if (l == NULL) {
        return -ENOMEM;
    }
    l->options = *o;
    l->ops = *ops;
    l->owner = owner;
    *ret = l;
    return 0;
}

void sip_layer_destroy(struct sip_layer *l)
{
    struct sip_transaction *t, *next;

    if (l == NULL) {
        return;
    }
    for (size_t i = 0; i < SIP_BUCKETS; i++) {
        for (t = l->buckets[i]; t != NULL; t = next) {
            next = t->next_of_key;
            free(t->bytes);
            free(t);
        }
    }
    for (t = l->free; t != NULL; t = next) {
        next = t->next_of_key;
        free(t);
    }
    free(l);
}

const struct sip_layer_stats *sip_layer_stats(const struct sip_layer *l)
{
    return &l->stats;
}

uint32_t sip_layer_count(const struct sip_layer *l)
{
    return l->count;
}

uint64_t sip_key_add(uint64_t key, struct sip_text t)
{
    const uint64_t factor = UINT64_C(0x9e3779b97f4a7c15);
    const char *at = t.at;
    uint64_t word = 0;
    size_t left = t.size;

    for (; left >= 8; left -= 8, at += 8) {
        memcpy(&word, at, 8);
        key = (key ^ word) * factor;
        key ^= key >> 29;
    }
    word = left;
    if (left > 0) {
        memcpy(&word, at, left);
    }
    key = (key ^ word ^ (uint64_t)t.size << 56) * factor;
    return key ^ key >> 32;
}

static struct sip_transaction **bucket(struct sip_layer *l, uint64_t key)
{
    return &l->buckets[key % SIP_BUCKETS];
}

struct sip_transaction *sip_layer_take(struct sip_layer *l, enum sip_transaction_kind kind,
                                       uint64_t key)
{
    struct sip_transaction *t = l->free, **head = bucket(l, key);

    if (l->count >= l->options.transactions_max) {
        return NULL;
    }
    if (t != NULL) {
        l->free = t->next_of_key;
    } else {
        t = malloc(sizeof(*t));
        if (t == NULL) {
            return NULL;
        }
    }
    *t = (struct sip_transaction){.kind = kind, .key = key, .next_of_key = *head};
    *head = t;
    l->count++;
    l->stats.created++;
    return t;
}

struct sip_transaction *sip_layer_find(const struct sip_layer *l, uint64_t key)
{
    struct sip_transaction *t = l->buckets[key % SIP_BUCKETS];

    while (t != NULL && t->key != key) {
        t = t->next_of_key;
    }
    return t;
}

int sip_layer_keep(struct sip_transaction *t, const char *bytes, size_t size)
{
    char *copy = NULL;

    if (bytes != NULL) {
        copy = malloc(size + 1);
        if (copy == NULL) {
            return -ENOMEM;
        }
        memcpy(copy, bytes, size);
    }
    free(t->bytes);
    t->bytes = copy;
    t->size = (uint32_t)size;
    return 0;
}

static void disarm(struct sip_transaction *t)
{
    if (t->link_due != NULL) {
        *t->link_due = t->next_due;
        if (t->next_due != NULL) {
            t->next_due->link_due = t->link_due;
        }
        t->link_due = NULL;
        t->next_due = NULL;
    }
}

void sip_layer_arm(struct sip_layer *l, struct sip_transaction *t)
{
    uint64_t turn, due = t->again_ns;
    struct sip_transaction **head;

    if (due == 0 || (t->end_ns > 0 && t->end_ns < due)) {
        due = t->end_ns;
    }
    if (due == t->due_ns && t->link_due != NULL) {
        return;
    }
    disarm(t);
    t->due_ns = due;
    if (due == 0) {
        return;
    }
    turn = due / SIP_TICK_NS + 1; /* not before its time */
    turn = turn > l->turn ? turn : l->turn + 1;
    if (turn - l->turn >= SIP_WHEEL_SLOTS) {
        turn = l->turn + SIP_WHEEL_SLOTS - 1;
    }
    head = &l->wheel[turn % SIP_WHEEL_SLOTS];
    t->next_due = *head;
    t->link_due = head;
    if (*head != NULL) {
        (*head)->link_due = &t->next_due;
    }
    *head = t;
}

void sip_layer_send(struct sip_layer *l, const struct sip_transaction *t)
{
    if (t->bytes != NULL) {
        l->ops.send(l->owner, &t->hop, t->bytes, t->size);
    }
}

void sip_transaction_end(struct sip_layer *l, struct sip_transaction *t)
{
    struct sip_transaction **at = bucket(l, t->key);

    l->ops.ended(l->owner, t);
    disarm(t);
    while (*at != t) {
        at = &(*at)->next_of_key;
    }
    *at = t->next_of_key;
    free(t->bytes);
    t->bytes = NULL;
    t->next_of_key = l->free;
    l->free = t;
    l->count--;
}

static void turn_slot(struct sip_layer *l, uint64_t now_ns)
{
    struct sip_transaction **slot = &l->wheel[l->turn % SIP_WHEEL_SLOTS];

    /* Whoever stays is armed again in a later slot, so this one empties. */
    while (*slot != NULL) {
        struct sip_transaction *t = *slot;
        disarm(t);
        if (t->due_ns <= now_ns) {
            sip_transaction_due(l, t, now_ns);
        } else {
            sip_layer_arm(l, t);
        }
    }
}

void sip_layer_tick(struct sip_layer *l, uint64_t now_ns)
{
    uint64_t until = now_ns / SIP_TICK_NS;

    if (l->count == 0) {
        l->turn = until;
        return;
    }
    if (until - l->turn > SIP_WHEEL_SLOTS && until > l->turn) {
        l->turn = until - SIP_WHEEL_SLOTS; /* each slot once is enough */
    }
    while (l->turn < until) {
        l->turn++;
        turn_slot(l, now_ns);
    }
}
