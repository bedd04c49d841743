/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * trace_ring: see the header.
 */
#include "node/sipp/trace_ring.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/str.h"

enum { NAME_MAX_BYTES = 320 };

static void name_of(const struct sipp_aside *a, const char *stem, char *ret, size_t size)
{
    if (a->number > 0)
        str_printf(ret, size, "%s_%llu.%u.log", stem, (unsigned long long)a->begun_s, a->number);
    else
        str_printf(ret, size, "%s_%llu.log", stem, (unsigned long long)a->begun_s);
}

void sipp_ring_finish(struct sipp_ring *r)
{
    free(r->aside);
    *r = (struct sipp_ring){0};
}

static void remove_oldest(struct sipp_ring *r, const char *stem)
{
    char name[NAME_MAX_BYTES];
    name_of(&r->aside[0], stem, name, sizeof name);
    (void)unlink(name); /* somebody may have taken it away */
    r->count--;
    memmove(&r->aside[0], &r->aside[1], r->count * sizeof r->aside[0]);
}

int sipp_ring_put(struct sipp_ring *r, unsigned most, const char *file, const char *stem,
                  uint64_t begun_s)
{
    struct sipp_aside next = {.begun_s = begun_s};
    char name[NAME_MAX_BYTES];
    if (r->aside == NULL && (r->aside = calloc(most, sizeof *r->aside)) == NULL)
        return -ENOMEM;
    if (r->count > 0 && r->aside[r->count - 1].begun_s == begun_s)
        next.number = r->aside[r->count - 1].number + 1;
    if (r->count == most)
        remove_oldest(r, stem);
    name_of(&next, stem, name, sizeof name);
    r->aside[r->count++] = next;
    return rename(file, name) < 0 ? -errno : 0;
}
