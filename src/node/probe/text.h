/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * text: a kernel file kept open and read again and again into a fixed buffer, and what all parsers
 * of such texts need (those of one file each are in parse.h). One thread per file.
 */
#ifndef VAPERF_NODE_PROBE_TEXT_H
#define VAPERF_NODE_PROBE_TEXT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum { TEXT_FILE_MAX = 32768 };

struct text_file {
    int fd;     /* -1: not there */
    char *data; /* NUL-ended after a read */
    size_t size, capacity;
};

/* A file that is not open, so that closing it is right. */
void text_init(struct text_file *f);

/* -errno, and the file is as after text_init. capacity: the most that is read. */
int text_open(struct text_file *f, const char *path, size_t capacity);
/* Reads from the start; without text after a failure. 0, or -errno: -ENOENT when it is not open,
 * -ESRCH, -ENODEV and the like when what it tells of went away. */
int text_read(struct text_file *f);
void text_close(struct text_file *f); /* NULL-safe, twice-safe */

/* The number behind a key at the start of a line ("nr_throttled 12"). false: no such line. */
bool text_key(const char *text, const char *key, uint64_t *ret);
/* The next numbers of the line `at` points into; returns how many (at most `room`). */
size_t text_numbers(const char *at, uint64_t *ret, size_t room);
/* Start of the line that begins with `word` (blanks before it are passed over). NULL if none. */
const char *text_line(const char *text, const char *word);
const char *text_next_line(const char *at); /* NULL at the end */

#endif
