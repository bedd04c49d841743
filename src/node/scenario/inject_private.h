/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * What reading injection files (inject_load) and using them (inject) share. Only for these two.
 */
#ifndef VAPERF_NODE_SCENARIO_INJECT_PRIVATE_H
#define VAPERF_NODE_SCENARIO_INJECT_PRIVATE_H

#include <pthread.h>
#include <stdatomic.h>

#include "base/map.h"
#include "node/scenario/inject.h"

enum inject_mode { INJECT_SEQUENTIAL, INJECT_RANDOM, INJECT_USER };

struct inject_file {
    char *name;
    enum inject_mode mode;
    uint64_t print_count; /* 0: no PRINTF */
    int64_t print_offset, print_multiple;
    char **lines;
    size_t count, capacity;
    int index_field;  /* -1: none */
    struct map index; /* field's text -> line + 1 */
    atomic_uint next;
    pthread_mutex_t lock;
};

struct inject {
    struct inject_file *files;
    unsigned count;
};

/* A copy of the line behind the last one. -ENOMEM. The caller holds the lock, or is alone. */
int inject_add_line(struct inject_file *f, const char *text, size_t size);

#endif
