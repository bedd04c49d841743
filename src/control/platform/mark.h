/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * mark: six letters that every thing a run makes carries in its name, and the record of who owns
 * them. A run's record is the folder mark_root()/MARK; in it `owner` (process id, its start time
 * and the boot), and what platforms keep (struct platform_env's state_dir). A record whose owner is
 * dead belongs to a killed run: platform_sweep removes what carries its mark, then the record.
 * Things with a mark that has no record here are someone else's, or strays (stray.h). Any thread;
 * records of the controller's host only.
 */
#ifndef VAPERF_CONTROL_PLATFORM_MARK_H
#define VAPERF_CONTROL_PLATFORM_MARK_H

#include <stdbool.h>

#include "base/buf.h"
#include "base/err.h"
#include "control/platform/host.h"

enum { MARK_SIZE = 7, MARK_PATH_MAX = 192, MARK_LIST_MAX = 256 };

struct mark {
    char text[MARK_SIZE];    /* "a1b2c3"; "" when released */
    char dir[MARK_PATH_MAX]; /* its folder: what platforms keep of the run goes here */
    int announced_fd;        /* of mark_create: a socket named after it, until its release */
};

/* /run/vaperf for root; else $XDG_RUNTIME_DIR/vaperf, or /tmp/vaperf-UID. $VAPERF_RUN_DIR goes
 * before all (tests). Returns `buffer`. */
const char *mark_root(char buffer[MARK_PATH_MAX]);

/* A new mark owned by this process. Before anything that carries it is made. */
int mark_create(struct mark *ret, struct err *e);
/* Removes the record; after everything that carries the mark is gone. NULL and twice are fine. */
void mark_release(struct mark *m);

/* Its folder on a host: `dir` here, one named after the mark on a host behind ssh. Returns
 * `buffer`.
 */
const char *mark_dir_on(const struct mark *m, const struct host *h, char buffer[MARK_PATH_MAX]);
/* Notes in the record that the run may leave things on that host. Before it does. */
int mark_add_host(const struct mark *m, const char *uri, struct err *e);
/* Those that were noted, one a line; replaces what is in `ret`. */
int mark_list_hosts(const struct mark *m, struct buf *ret, struct err *e);

bool mark_is_valid(const char *text);
/* There is a record and its owner lives (other users' processes count as alive). */
bool mark_is_alive(const char *text);

/* Somebody who lives announces this mark, wherever his records are: mark_create binds an abstract
 * unix socket, @vaperf-MARK, which ends with the process. Looked for in every network namespace
 * that processes we see are in. */
bool mark_is_announced(const char *text);

/* Marks with a record whose owner is dead. Returns how many (at most MARK_LIST_MAX), -errno. */
int mark_list_dead(struct mark ret[MARK_LIST_MAX], struct err *e);
/* Removes the record of a dead one, with what is left in it. */
int mark_remove_dead(const struct mark *m, struct err *e);

#endif
