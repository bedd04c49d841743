/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * platform_talk: what the platform suite has done inside a machine. A container or process runs
 * platform_fake_node with a verb; a guest runs vaperf-node as it always does, and is asked for the
 * same by its requests. One thread; failures end the test.
 */
#ifndef VAPERF_TESTS_PLATFORM_TALK_H
#define VAPERF_TESTS_PLATFORM_TALK_H

#include "base/proc.h"
#include "control/platform/platform.h"

enum { TALK_LINE_MAX = 4096 };

/* Is a machine a guest with the real node in it? Its stream then takes one at a time. */
bool talk_is_guest(const struct platform_ops *ops);

/* Ends the test. */
void talk_fail(const struct platform_ops *ops, const char *text);

/* Starts `verb` in the machine and reads what it says first: "burning", "holding", "port N"; ""
 * for "serve", which says nothing. */
void talk_start(const struct platform_ops *ops, struct machine *m, const char *verb,
                struct proc *ret, char line[TALK_LINE_MAX]);
/* One question and its answer, both ways through the stream of "serve". */
void talk_once(const struct platform_ops *ops, struct proc *p);

#endif
