/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * files: what the bench files keeps, and its pieces of work (files_work.c). Times are of the last
 * round; 0: that was not asked for. For files.c and files_work.c alone; the runner's thread.
 */
#ifndef VAPERF_NODE_BENCH_FILES_H
#define VAPERF_NODE_BENCH_FILES_H

#include <limits.h>
#include <stdatomic.h>
#include <stdbool.h>

#include "base/err.h"
#include "base/rand.h"

enum { FILES_ALL, FILES_SMALL, FILES_SEQUENTIAL, FILES_RANDOM, FILES_PLACES };
enum { FILES_CACHE_DROP, FILES_CACHE_KEEP };
enum { FILES_PLACE_COUNT = 3 }; /* beginning, middle, end */

struct files_options {
    const char *folder;
    int work, cache;
    uint64_t count, file_bytes, size_bytes, block_bytes, operations;
    bool direct;
};

struct files_state {
    struct files_options o;
    char folder[PATH_MAX]; /* of the small files; "": not made */
    int fd;                /* the larger file, without a name */
    bool in_memory;
    struct rand_state rand;
    char *block, *small;
    uint64_t small_left; /* so many small files may be there */
    uint64_t checked, wrong;
    uint64_t create_ns, read_small_ns, delete_ns;
    uint64_t write_ns, rewrite_ns, read_ns;
    uint64_t random_read_ns, random_write_ns;
    uint64_t place_ns[FILES_PLACE_COUNT];
};

int files_small(struct files_state *s, const atomic_bool *stop, struct err *e);
int files_fill(struct files_state *s, const atomic_bool *stop, struct err *e); /* and syncs */
int files_sequential(struct files_state *s, const atomic_bool *stop, struct err *e);
int files_random(struct files_state *s, const atomic_bool *stop, struct err *e);
/* Reads and rewrites blocks in the first, middle and last hundredth (at least a block). */
int files_places(struct files_state *s, const atomic_bool *stop, struct err *e);
/* Removes the small files that a broken-off round left. */
void files_small_remove(struct files_state *s);

#endif
