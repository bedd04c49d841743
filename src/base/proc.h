/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * proc: child processes: with pipes to talk to, or run to the end with their output captured.
 * A child gets its own process group, default signals and no descriptors but the three given.
 * One thread per struct proc.
 */
#ifndef VAPERF_BASE_PROC_H
#define VAPERF_BASE_PROC_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

#include "base/buf.h"
#include "base/err.h"

struct proc {
    pid_t pid;                 /* 0: none */
    int in_fd, out_fd, err_fd; /* our ends: we write in_fd; -1: not piped */
};

enum proc_flag {
    PROC_PIPE_ERR = 1, /* stderr piped too (else inherited) */
    PROC_DIE_WITH_PARENT = 2,
    PROC_END_WITH_PARENT = 4 /* the same by SIGTERM: one that has children of its own to end */
};

/* argv NULL-ended, found on PATH. Failure to exec is reported here, with the name. Who writes in_fd
 * ignores SIGPIPE. */
int proc_start(struct proc *p, char *const argv[], unsigned flags, struct err *e);
/* Closes the pipes, waits up to timeout_ns, then SIGTERM to its group, waits as long again, then
 * SIGKILL. What it left in its group is killed too. Returns the exit status (128+signal), -errno;
 * 0 when p is NULL or empty. */
int proc_stop(struct proc *p, uint64_t timeout_ns);
/* Closes the pipes and waits for its own end, however long; its group is let be. */
int proc_finish(struct proc *p);
/* Exit status if it has ended, -EAGAIN while it runs, -ECHILD when p is empty. */
int proc_poll(struct proc *p);
/* Has it ended? Takes nothing: proc_poll or proc_stop still gives the status. */
bool proc_has_exited(const struct proc *p);
/* A descriptor that becomes readable at its end (the caller closes it), -errno. */
int proc_exit_fd(const struct proc *p);

/* Runs to the end (timeout_ns 0: however long). Output (may be NULL) and error text are captured;
 * non-zero exit sets err: the command and the last line it said. Returns the exit status >= 0, or
 * -errno: -ETIMEDOUT when it had to be killed. */
int proc_run(char *const argv[], const char *input, struct buf *out, uint64_t timeout_ns,
             struct err *e);

#endif
