/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * store: saved texts of calls (messages that may be retransmitted, tags, variables) in chained
 * chunks of one block, so that a call costs what its texts are long and nothing is allocated from
 * the system per call: the block grows by whole slabs, and only while calls grow in number.
 * One thread per store.
 */
#ifndef VAPERF_NODE_SCENARIO_STORE_H
#define VAPERF_NODE_SCENARIO_STORE_H

#include <stddef.h>
#include <stdint.h>

enum { CALL_STORE_CHUNK_BYTES = 64, CALL_STORE_SLAB_CHUNKS = 4096 };

struct call_store;

/* `chunks` are made at once; more come by slabs up to `max_bytes`. NULL without memory. */
struct call_store *call_store_create(size_t chunks, size_t max_bytes);
void call_store_destroy(struct call_store *st); /* NULL is fine */

/* Saves a text. The handle, or 0 when it is empty or no memory is left. */
uint32_t call_store_add(struct call_store *st, const void *bytes, size_t size);
void call_store_remove(struct call_store *st, uint32_t handle); /* 0 is fine */
size_t call_store_size(const struct call_store *st, uint32_t handle);
/* Copies it to buffer, cut to `size`, without an end mark. The bytes written. */
size_t call_store_read(const struct call_store *st, uint32_t handle, void *buffer, size_t size);
/* Bytes of chunks in use now, and of all slabs. */
size_t call_store_used(const struct call_store *st);
size_t call_store_capacity(const struct call_store *st);

#endif
