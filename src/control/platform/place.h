/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * place: what a run has on one host: a folder, the node program, and the way there. Here: the run's
 * record (mark.h) and the programs beside this one. Behind ssh: a folder of the mark's name, and
 * the node that is installed there, or else our static one, brought for this run. One thread.
 */
#ifndef VAPERF_CONTROL_PLATFORM_PLACE_H
#define VAPERF_CONTROL_PLATFORM_PLACE_H

#include "base/arena.h"
#include "control/platform/mark.h"
#include "control/platform/platform.h"
#include "control/platform/sshlink.h"

struct place_given {                          /* lent until place_close */
    const char *node_path, *node_static_path; /* here */
    const char *version;                      /* of ours: a node there must have the same */
};

struct place {
    struct host *host;
    const struct mark *mark;
    struct arena arena;
    struct sshlink link;
    char dir[MARK_PATH_MAX];
    const char *node_path, *node_static_path; /* there; the second may be NULL */
    bool is_open, is_brought;
};

/* Notes the host in the record, connects, makes the folder. h->control is set until place_close.
 * A failure leaves nothing. */
int place_open(struct place *ret, struct host *h, const struct mark *m, const struct place_given *g,
               struct err *e);
/* What platforms need of it. */
struct platform_env place_env(const struct place *p);
/* Ends what is left of the run there, and removes the folder. Zeroed and twice are fine. -errno
 * when that could not be done: then the record must stay, so that a sweep finds it. */
int place_close(struct place *p, struct err *e);

/* The folder of a dead run on a host behind ssh: tells of it, removes it. Returns 0 or 1. */
int place_sweep(const struct host *h, const struct mark *m, bool dry,
                void (*told)(void *, const char *), void *told_arg, struct err *e);

#endif
