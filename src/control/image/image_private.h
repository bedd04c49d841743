/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * image_private: what the drawers of this room share. Not for others.
 *
 * The cache folder:
 *   images/ID/{kernel,initrd,image.json}    finished images; what begins with a dot is not finished
 *   kernels/KIND/VERSION/{vmlinuz,modules/} taken out of Debian's package
 *   debs/                                   packages for guests
 *   apt/                                    apt's lists, apart from this host's
 *   lock                                    held by who makes or removes
 */
#ifndef VAPERF_CONTROL_IMAGE_IMAGE_PRIVATE_H
#define VAPERF_CONTROL_IMAGE_IMAGE_PRIVATE_H

#include "base/arena.h"
#include "base/err.h"
#include "control/image/image.h"

/* One making. Everything in it is the arena's. */
struct making {
    struct arena arena;
    const char *cache, *node, *node_hash;
    const char *const *packages; /* sorted, no name twice, NULL-ended */
    const char *const *versions; /* "name=version" of all that goes in, NULL-ended */
    const char *kernel_folder, *kernel_version;
    unsigned flags;
    enum image_kernel kernel;
    void (*tell)(void *arg, const char *what);
    void *arg;
};

__attribute__((format(printf, 2, 3))) void making_tell(const struct making *m, const char *format,
                                                       ...);

/* cache: folders, and what is kept. */
int cache_make_folder(const char *path, struct err *e); /* with those above it */
/* A descriptor that holds the lock until it is closed. Waits. */
int cache_lock(const char *cache, struct err *e);
/* The newest image with this node and these packages. 1: found. */
int cache_find(struct making *m, struct image *ret, struct err *e);
/* Writes image.json into an unfinished image. */
int cache_describe(const struct making *m, const struct image *image, const char *folder,
                   struct err *e);

/* debian: apt and dpkg-deb, into the cache. */
struct debian_package {
    const char *name, *version, *architecture;
};
/* Fresh lists: fetched when there are none, when they are a day old, or with IMAGE_UPDATE. */
int debian_refresh(struct making *m, struct err *e);
/* names (NULL-ended) and all they depend on, in the order they would be installed. How many. */
int debian_resolve(struct making *m, const char *const *names, struct debian_package **ret,
                   struct err *e);
/* Each into debs/, unless it is there. */
int debian_fetch(struct making *m, const struct debian_package *p, int count, struct err *e);
int debian_unpack(struct making *m, const struct debian_package *p, const char *folder,
                  struct err *e);
/* The package file itself is not needed any more. */
void debian_forget(struct making *m, const struct debian_package *p);
/* Is this the name of a package? (Debian Policy 5.6.7) */
bool debian_is_name(const char *name);

/* kernel: the newest in the cache, or Debian's; fills kernel_folder and kernel_version. */
int kernel_ensure(struct making *m, struct err *e);

/* modules: wanted ones (NULL-ended) and what they need, each behind what it needs; files below
 * tree. NULL-ended paths, the arena's. */
int modules_order(struct arena *a, const char *tree, const char *const *wanted,
                  const char *const **ret, struct err *e);

/* SHA-256 in hexadecimal: of a file, or (file NULL) of a text. The arena's. */
int hash_of(struct arena *a, const char *file, const char *text, const char **ret, struct err *e);

#endif
