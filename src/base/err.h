/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * err: what went wrong, in words a person can act on.
 *
 * Functions return int: >= 0 good, negative errno bad. On the control side and at set-up time the
 * last parameter is a caller-owned `struct err *` (on the stack, never allocates, may be NULL).
 * Nobody prints and returns; only programs print. Thread rule: one thread per struct err.
 */
#ifndef VAPERF_BASE_ERR_H
#define VAPERF_BASE_ERR_H

#include <stddef.h>

enum { ERR_TEXT_MAX = 768, ERR_FILE_MAX = 256 };

struct err {
    int code;                /* negative errno, 0 when nothing is set */
    char text[ERR_TEXT_MAX]; /* one sentence: what, and what would be right */
    char file[ERR_FILE_MAX]; /* plan or input file, "" when there is none */
    int line, column;        /* 1-based, 0 when unknown */
};

/* Exit codes of both programs (documented in the manual). */
enum exit_code {
    EXIT_GOOD = 0,
    EXIT_LIMITS = 1,      /* measured, and the plan's limits failed */
    EXIT_USAGE = 2,       /* usage or plan wrong */
    EXIT_ENVIRONMENT = 3, /* this machine cannot do it */
    EXIT_VOID = 5,        /* only void trials */
    EXIT_INTERRUPTED = 130
};

/* Sets code and text, forgets the position. Returns `code`, so that failing is one line. `e` may be
 * NULL. */
int err_set(struct err *e, int code, const char *format, ...) __attribute__((format(printf, 3, 4)));

/* Puts words in front of the text ("case D/800: machine media: start: "). Returns the code; without
 * an `e` -EIO, so that passing NULL never turns a failure into success. */
int err_prefix(struct err *e, const char *format, ...) __attribute__((format(printf, 2, 3)));

/* Adds the position in an input file. Returns as err_prefix does. */
int err_at(struct err *e, const char *file, int line, int column);

void err_clear(struct err *e);

/* The whole message: "file:line:column: text" or "text". Returns `buffer`. */
const char *err_format(const struct err *e, char *buffer, size_t size);

/* The exit code that fits an error: EINVAL, EBADMSG and ENOENT of an input file (err_at was given
 * its name) are usage (2), the rest environment (3). */
enum exit_code err_exit_code(const struct err *e);

#endif
