/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * loop: an epoll event loop with descriptors and timers. One thread, the one that runs it; only
 * loop_wake may be called from another thread or a signal handler.
 */
#ifndef VAPERF_IO_LOOP_H
#define VAPERF_IO_LOOP_H

#include <stdint.h>

struct loop;
struct loop_watch;
struct loop_timer;

enum loop_event { LOOP_READ = 1, LOOP_WRITE = 2, LOOP_HANGUP = 4 };

int loop_create(struct loop **ret);
void loop_destroy(struct loop *l); /* watches and timers too; NULL-safe */

/* Calls `ready` with the enum loop_event bits that hold. The descriptor stays the caller's. */
int loop_add(struct loop *l, int fd, unsigned events, void (*ready)(void *arg, unsigned events),
             void *arg, struct loop_watch **ret);
int loop_change(struct loop_watch *w, unsigned events);
void loop_remove(struct loop_watch *w); /* NULL-safe; allowed inside its own callback */

/* First at `at_ns` (CLOCK_MONOTONIC), then every `every_ns` on the same grid (0: once; a timer that
 * fired once is still removed by its owner). A late timer fires once, not once for each tick
 * missed. */
int loop_add_timer(struct loop *l, uint64_t at_ns, uint64_t every_ns, void (*fire)(void *arg),
                   void *arg, struct loop_timer **ret);
void loop_remove_timer(struct loop_timer *t); /* NULL-safe; allowed inside its own callback */

/* One turn (turns may nest: a callback may wait for an answer): waits until something is ready or
 * `until_ns`, dispatches. 0, or -EINTR after a signal. */
int loop_turn(struct loop *l, uint64_t until_ns);
/* Turns until loop_stop. */
int loop_run(struct loop *l);
void loop_stop(struct loop *l);
void loop_wake(struct loop *l);

#endif
