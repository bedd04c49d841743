/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * registry: every bench, one line each.
 */
#include <string.h>

#include "node/bench/bench.h"

/* A new one is a line here. */
#define BENCH_LIST(X) \
    X(command)        \
    X(dirty)          \
    X(files)          \
    X(masr)           \
    X(null)           \
    X(pi)             \
    X(pingpong)       \
    X(switch)         \
    X(syscall)        \
    X(tcp)            \
    X(timer)          \
    X(udp)            \
    X(zfg)

#define DECLARE(name) extern const struct bench_ops bench_##name;
BENCH_LIST(DECLARE)

#define REFER(name) &bench_##name,
const struct bench_ops *const bench_registry[] = {BENCH_LIST(REFER) NULL};

const struct bench_ops *bench_find(const char *name)
{
    for (size_t i = 0; bench_registry[i] != NULL; i++) {
        if (strcmp(bench_registry[i]->name, name) == 0) {
            return bench_registry[i];
        }
    }
    return NULL;
}
