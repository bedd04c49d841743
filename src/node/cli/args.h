/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * args: a command line after several option tables at once: the command's own, those every load
 * has, the driver's. Each part gets its own options struct. One thread.
 */
#ifndef VAPERF_NODE_CLI_ARGS_H
#define VAPERF_NODE_CLI_ARGS_H

#include <stddef.h>

#include "base/arena.h"
#include "base/err.h"
#include "base/opt.h"
#include "node/cli/command.h"

enum { ARGS_PARTS_MAX = 4 };

struct args_part {
    const struct opt *table; /* NULL: none */
    size_t size;             /* of its options struct */
    void *options;           /* the arena's. NULL before: defaults; else what is there is kept
                                where no word changes it */
};

/* The words from argv[0] on, up to the first that is no option: how many were used (>= 0),
 * -ECANCELED for --help, -EINVAL. */
int args_parse_some(struct args_part *parts, size_t count, int argc, char *const argv[],
                    struct arena *a, struct err *e);
/* All of them: a word that is no option is -EINVAL. 0, -ECANCELED, -EINVAL. */
int args_parse(struct args_part *parts, size_t count, int argc, char *const argv[], struct arena *a,
               struct err *e);

/* A command without a driver: its own options, into a struct of so many bytes, then what it does
 * with them: run's result. */
int args_run(const struct command *c, size_t options_size,
             int (*run)(const void *options, struct err *e), int argc, char *const argv[],
             struct err *e);

/* The tables behind one another, offsets into one block (size in ret_size); for tests of clashes
 * too. Lives in the arena. */
struct opt *args_join(const struct args_part *parts, size_t count, struct arena *a,
                      size_t *ret_offsets, size_t *ret_size);

/* The first word of a command line names a driver of the command's kind. -EINVAL with the names
 * there are, -ENOTSUP with the reason, -ECANCELED for --help instead of it. */
int args_take_type(const struct command *c, int argc, char *const argv[], struct driver *ret,
                   struct err *e);
/* For commands without words and options of their own. 0, -ECANCELED, -EINVAL. */
int args_take_nothing(const struct command *c, int argc, char *const argv[], struct err *e);

#endif
