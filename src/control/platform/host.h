/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * host: where commands of a platform run: here, or behind ssh. One thread.
 */
#ifndef VAPERF_CONTROL_PLATFORM_HOST_H
#define VAPERF_CONTROL_PLATFORM_HOST_H

#include <stdbool.h>
#include <stdint.h>

#include "base/arena.h"
#include "base/buf.h"
#include "base/err.h"

/* How long and for how many packets an interface waits before it interrupts (ethtool). */
struct coalesce {
    bool has_rx_usecs, has_rx_frames; /* said */
    uint64_t rx_usecs, rx_frames;
};

struct host {
    const char *name;         /* "sut" */
    const char *uri;          /* "local", "ssh://user@host", "ssh://user@host:2222" */
    const char *address;      /* of its own, for traffic between hosts; NULL: not said */
    const char *interface;    /* its port to networks that span hosts; NULL: not said */
    const char *node;         /* the vaperf-node there; NULL: found, or brought (place.h) */
    struct coalesce coalesce; /* of that interface */
    const char *control;      /* socket of an ssh that is connected (sshlink.h); NULL: none */
};

bool host_is_local(const struct host *h);
/* One and the same, whatever the two are called. */
bool host_is_same(const struct host *a, const struct host *b);

/* 0, or -EINVAL with what a host's URI looks like. */
int host_check_uri(const char *uri, struct err *e);

/* The words that run argv on the host: argv itself, or ssh with argv quoted. The arena's,
 * NULL-ended. NULL when the URI is wrong. */
char *const *host_words(const struct host *h, char *const argv[], struct arena *a);

/* Appends to words[*n] (room for HOST_SSH_WORDS) those that reach an ssh:// host: ssh, options, and
 * the URI last. Lent by the host. -EINVAL when it is none. */
enum { HOST_SSH_WORDS = 8 };
int host_ssh_words(const struct host *h, const char *words[], size_t *n);

/* Runs words on the host to the end; as proc_run. */
int host_run(const struct host *h, char *const argv[], const char *input, struct buf *out,
             uint64_t timeout_ns, struct err *e);

/* Runs a POSIX shell script there with $1, $2, ... = args (NULL-ended, may be NULL). 0, or -errno:
 * -EIO when its status was not 0. */
int host_sh(const struct host *h, const char *script, const char *const args[], struct buf *out,
            struct err *e);

/* Is there such a program on its PATH? */
bool host_has_program(const struct host *h, const char *name);

#endif
