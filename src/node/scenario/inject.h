/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * inject: injection files: lines of fields separated by ';' that calls put into their messages.
 * The first line says SEQUENTIAL, RANDOM or USER, and may say PRINTF=n,PRINTFOFFSET=n,
 * PRINTFMULTIPLE=n: then the file counts as n lines, and %d within a field is the line's number.
 * Lines with '#' are comments, an empty line ends the file.
 *
 * Loading belongs to one thread; everything behind it is guarded and may be called by any.
 */
#ifndef VAPERF_NODE_SCENARIO_INJECT_H
#define VAPERF_NODE_SCENARIO_INJECT_H

#include <stddef.h>
#include <stdint.h>

#include "base/err.h"
#include "base/rand.h"
#include "node/scenario/scenario.h"

struct inject;

/* -EBADMSG with the file's position, -errno when it cannot be read. */
int inject_load(const char *const *paths, size_t count, struct inject **ret, struct err *err);
void inject_destroy(struct inject *in); /* NULL is fine */
/* Every file that says USER has a line for each of so many users. -EINVAL names the one that has
 * not. */
int inject_check_users(const struct inject *in, unsigned users, struct err *err);
/* Makes lookup by field `field` possible. -EINVAL when the file has no such field. */
int inject_add_index(struct inject *in, unsigned file, unsigned field, struct err *err);

unsigned inject_file_count(const struct inject *in); /* 0 for NULL */
const char *inject_file_name(const struct inject *in, unsigned file);
/* By path, or by its last part. -1: none. */
int inject_find(const struct inject *in, const char *name);
unsigned inject_field_count(const struct inject *in, unsigned file); /* of the first line */
int inject_has_index(const struct inject *in, unsigned file);

/* The line for a new call, counted from 0; `user` is counted from 1. */
unsigned inject_pick(struct inject *in, unsigned file, unsigned user, struct rand_state *rand);
/* Copies a field, cut to size, without an end mark. The length, or -ENOENT. */
int inject_get_field(struct inject *in, unsigned file, unsigned line, unsigned field, char *buffer,
                     size_t size);
/* The line whose indexed field is `key`, or -1. */
int inject_lookup(struct inject *in, unsigned file, const char *key);
int inject_insert(struct inject *in, unsigned file, const char *line);
int inject_replace(struct inject *in, unsigned file, unsigned number, const char *line);

#endif
