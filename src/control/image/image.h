/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * image: what a guest boots: a kernel of Debian, and an initramfs that is the static vaperf-node
 * (its /init, see src/node/guest), kernel modules, and the Debian packages that were asked for.
 * Images are kept in a cache folder by their content: the kernel's version, the bytes of the node,
 * the versions of the packages. An image, once made, is never changed. Nothing is installed on this
 * host, and no root is needed.
 *
 * Thread rule: any thread, and any number of processes at once; making takes the cache's lock.
 */
#ifndef VAPERF_CONTROL_IMAGE_IMAGE_H
#define VAPERF_CONTROL_IMAGE_IMAGE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/arena.h"
#include "base/err.h"

enum { IMAGE_ID_MAX = 20, IMAGE_PATH_MAX = 1024, IMAGE_VERSION_MAX = 128 };

enum image_flag {
    IMAGE_UPDATE = 1, /* ask Debian for newer versions, though an image that fits is kept */
};

enum image_kernel {
    IMAGE_KERNEL_CLOUD,  /* for virtual machines: small and soon ready, knows virtio only */
    IMAGE_KERNEL_GENERIC /* for any machine: knows other interfaces too, as e1000 and e1000e */
};

struct image_want {
    const char *node;            /* path of the static vaperf-node */
    const char *const *packages; /* names, NULL-ended, in any order; NULL: none */
    const char *cache;           /* folder; NULL: image_cache_folder() */
    unsigned flags;              /* enum image_flag */
    enum image_kernel kernel;
};

struct image {
    char id[IMAGE_ID_MAX]; /* of the content, hexadecimal */
    char kernel[IMAGE_PATH_MAX], initrd[IMAGE_PATH_MAX];
    char kernel_version[IMAGE_VERSION_MAX]; /* of the Debian package */
    uint64_t bytes;                         /* kernel and initrd */
    uint64_t made_real_ns;
};

/* What every guest's kernel is told; the platform adds, parted by blanks,
 * `vaperf.net=MAC,ADDRESS/PREFIX[,GATEWAY]` for each NIC and `vaperf.hostname=NAME`. */
extern const char image_command_line[];
/* Names of enum image_kernel, NULL-ended. */
extern const char *const image_kernel_names[];
/* The name of the virtio-serial port the node in the guest listens on. */
extern const char image_port_name[];

/* The image that fits, from the cache, or made now: some seconds, and the network, when kernel or
 * packages are not kept yet. tell (may be NULL) gets a line at each step of the making. Failures:
 * -EINVAL a name of a package that is none, or that Debian does not have; -ENOENT no such node, or
 * no apt here; -ENOEXEC a node that is not static; -EIO, -ENETUNREACH, -ENOSPC and others while
 * making; err_exit_code() fits them. */
int image_ensure(const struct image_want *want, struct image *ret,
                 void (*tell)(void *arg, const char *what), void *arg, struct err *e);

/* An image in the cache, for people. The texts are the arena's. */
struct image_entry {
    struct image image;
    enum image_kernel kernel;
    const char *node_hash;       /* SHA-256 of the node inside */
    const char *const *packages; /* as asked for, NULL-ended */
    const char *const *versions; /* every package inside, "name=version", NULL-ended */
};

/* All of the cache, newest first. How many, or -errno. cache NULL: the default. */
int image_list(const char *cache, struct arena *a, const struct image_entry **ret, struct err *e);
/* By its id or the beginning of it. -ENOENT, or -EINVAL when several begin so. */
int image_remove(const char *cache, const char *id, struct err *e);
/* The whole cache: images, kernels, packages. Returns how many images there were. */
int image_remove_all(const char *cache, struct err *e);

/* $XDG_CACHE_HOME/vaperf, ~/.cache/vaperf, or /var/cache/vaperf for root. The arena's. */
const char *image_cache_folder(struct arena *a);

#endif
