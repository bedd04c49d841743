/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * tree: from the bottom up. Any thread.
 */
#include "base/tree.h"

#include <errno.h>
#include <ftw.h>
#include <stdio.h>

enum { OPEN_FOLDERS = 32 };

static int remove_entry(const char *path, const struct stat *st, int kind, struct FTW *where)
{
    (void)st;
    (void)kind;
    (void)where;
    return remove(path) < 0 && errno != ENOENT ? -1 : 0;
}

int tree_remove(const char *path)
{
    const int flags = FTW_DEPTH | FTW_PHYS | FTW_MOUNT;
    if (nftw(path, remove_entry, OPEN_FOLDERS, flags) < 0 && errno != ENOENT)
        return -errno;
    return 0;
}
