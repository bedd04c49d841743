/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * yaml: a text as a small tree in which everything knows its line and column. Anchors, aliases and
 * tags are refused: a plan has `from:`. The tree is the arena's. One thread an arena.
 */
#ifndef VAPERF_CONTROL_PLAN_YAML_H
#define VAPERF_CONTROL_PLAN_YAML_H

#include <stdbool.h>
#include <stddef.h>

#include "base/arena.h"
#include "base/err.h"

enum yaml_kind { YAML_TEXT, YAML_LIST, YAML_MAP };

struct yaml {
    enum yaml_kind kind;
    int line, column;          /* where the value begins, 1-based */
    int key_line, key_column;  /* of the key, in a map; else those of the value */
    const char *key;           /* in a map; else NULL */
    const char *text;          /* YAML_TEXT: as written, "" for nothing; else NULL */
    struct yaml *first, *next; /* children; the next of the same parent */
    size_t count;              /* children */
};

/* -EBADMSG with the position in `path`. */
int yaml_parse(const struct yaml **ret, const char *path, const char *text, struct arena *a,
               struct err *e);

const struct yaml *yaml_find(const struct yaml *map, const char *key); /* NULL if none */

/* base with what over says: maps are merged member by member, all else is replaced. A map in which
 * both have a `type` that differs is replaced too. Both stay as they are. */
const struct yaml *yaml_merge(const struct yaml *base, const struct yaml *over, struct arena *a);

/* A copy of map without a member. */
const struct yaml *yaml_without(const struct yaml *map, const char *key, struct arena *a);

/* A map {key: value} at the place of `value`, which is copied. */
const struct yaml *yaml_wrap(const char *key, const struct yaml *value, struct arena *a);

#endif
