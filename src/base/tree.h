/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * tree: a folder with all in it. Any thread.
 */
#ifndef VAPERF_BASE_TREE_H
#define VAPERF_BASE_TREE_H

/* Links are removed, not followed, and nothing that is mounted there is entered. A missing one is
 * removed. -errno of the first thing that stays. */
int tree_remove(const char *path);

#endif
