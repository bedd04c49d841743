/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * proc_log: what a child process says, kept in memory of bounded size: its beginning and its end,
 * whatever it says between. A thread of the log's own reads it, so that the child never waits.
 */
#ifndef VAPERF_BASE_PROC_LOG_H
#define VAPERF_BASE_PROC_LOG_H

#include "base/buf.h"
#include "base/err.h"
#include "base/proc.h"

enum { PROC_LOG_FIRST_BYTES = 4096, PROC_LOG_LAST_BYTES = 12288 };

struct proc_log;

/* Takes out_fd and err_fd of a child that was started with PROC_PIPE_ERR: in p they are -1 then.
 * -errno; then p still owns them. */
int proc_log_open(struct proc_log **ret, struct proc *p, struct err *e);
/* Appends what was kept, both outputs in the order they came; where some was left out, a line in
 * brackets says how many bytes. Any thread. NULL: nothing. */
void proc_log_text(struct proc_log *l, struct buf *ret);
/* The same, and it is forgotten: the next text begins with what is said from now on. */
void proc_log_take(struct proc_log *l, struct buf *ret);
/* Its last line that is not empty, behind ": ", without its end; "" when there is none. Returns
 * ret. */
const char *proc_log_last_line(struct proc_log *l, char *ret, size_t room);
/* After the child's end: reads what is still there. Then text and last line are all that was said.
 * Fine while it runs, NULL, and twice. */
void proc_log_end(struct proc_log *l);
/* proc_log_end, and its memory. */
void proc_log_close(struct proc_log *l);

#endif
