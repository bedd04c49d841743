/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * cpio: writes the archive a kernel unpacks as its first file system (format "newc": hexadecimal
 * headers, everything padded to 4 bytes). Everything belongs to root and has the time 0, so that
 * the same content is the same bytes, and no root is needed. One thread.
 */
#ifndef VAPERF_CONTROL_IMAGE_CPIO_H
#define VAPERF_CONTROL_IMAGE_CPIO_H

#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#include "base/err.h"

struct cpio {
    FILE *out;
    const char *path; /* lent */
    uint32_t entries;
    int failed; /* -errno of the first write that failed */
};

/* Names have no leading '/'; what they stand in comes first. A failure to write is told by
 * cpio_close alone, so a writer checks once. */
int cpio_open(struct cpio *c, const char *path, struct err *e);
void cpio_add_folder(struct cpio *c, const char *name, unsigned mode);
void cpio_add_text(struct cpio *c, const char *name, unsigned mode, const void *text, size_t size);
void cpio_add_link(struct cpio *c, const char *name, const char *target);
void cpio_add_device(struct cpio *c, const char *name, unsigned mode, unsigned major,
                     unsigned minor);
/* A file of this host. -errno when it cannot be read, or is 4 GiB or more. */
int cpio_add_file(struct cpio *c, const char *name, unsigned mode, const char *source,
                  struct err *e);
/* All below a folder of this host, in the order of names; devices, sockets and pipes are left out.
 * Nothing above `mode 07777` is kept of the source. */
int cpio_add_tree(struct cpio *c, const char *source, struct err *e);
/* Ends the archive and writes it to disk. NULL-safe, once. The file stays also after a failure. */
int cpio_close(struct cpio *c, struct err *e);

#endif
