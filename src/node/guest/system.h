/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * system: what an operating system does before its first program: file systems, modules, name,
 * network. Only for process 1 of a guest; it tells on stderr, the console, what goes wrong, and
 * goes on: a guest that can still answer can still say more.
 */
#ifndef VAPERF_NODE_GUEST_SYSTEM_H
#define VAPERF_NODE_GUEST_SYSTEM_H

#include <stdbool.h>

void system_set_up(void);
/* The first line of a file of /sys is this text. */
bool system_says(const char *path, const char *text);

#endif
