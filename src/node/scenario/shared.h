/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * shared: what the calls of one scenario have in common and change: global and user variables,
 * circuits of the TDM map, files named by [file name=]. Guarded inside; any thread.
 */
#ifndef VAPERF_NODE_SCENARIO_SHARED_H
#define VAPERF_NODE_SCENARIO_SHARED_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/err.h"

struct shared;

enum value_kind { VALUE_NONE, VALUE_NUMBER, VALUE_TEXT, VALUE_BOOL, VALUE_NO_MATCH };

/* A variable's value as it travels; `text` is lent, or points into the caller's buffer. */
struct value {
    enum value_kind kind;
    double number; /* of VALUE_BOOL 0 or 1 */
    const char *text;
    size_t size;
};

/* `map` is a TDM map, "{0-3}{99}{5-8}{1-31}", or NULL. -EINVAL when it is none. */
int shared_create(unsigned globals, unsigned users, unsigned user_variables, const char *map,
                  uint64_t dynamic_start, struct shared **ret, struct err *err);
void shared_destroy(struct shared *sh); /* NULL is fine */

/* Place `place` of user `user` (from 1), or of the globals for user 0. A user without a place has
 * the first one. get copies a text into buffer. */
void shared_get(struct shared *sh, unsigned user, unsigned place, struct value *ret, char *buffer,
                size_t size);
int shared_set(struct shared *sh, unsigned user, unsigned place, const struct value *v);

/* A free circuit, or -ENOSPC; and its words, "0.99.8/11". */
int shared_take_circuit(struct shared *sh);
void shared_give_circuit(struct shared *sh, int circuit);
void shared_format_circuit(const struct shared *sh, int circuit, char *buffer, size_t size);

/* The next [dynamic_id]: from `start` by `step`, beginning anew above `max`. */
uint64_t shared_next_id(struct shared *sh, uint64_t start, uint64_t max, uint64_t step);

/* The bytes of a file, read on first asking and kept. Lent. -errno. */
int shared_get_file(struct shared *sh, const char *path, const char **ret, size_t *ret_size);

#endif
