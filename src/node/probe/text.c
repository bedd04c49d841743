/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * text: see text.h.
 */
#include "node/probe/text.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/* A file of records gives at most a page a read, cut between records, and no record is nearly this
 * long: a shorter read is the last. */
enum { LAST_READ_BELOW = 2048 };

void text_init(struct text_file *f)
{
    *f = (struct text_file){.fd = -1};
}

int text_open(struct text_file *f, const char *path, size_t capacity)
{
    int result;

    text_init(f);
    f->capacity = capacity;
    f->fd = open(path, O_RDONLY | O_CLOEXEC);
    if (f->fd < 0) {
        return -errno;
    }
    f->data = malloc(capacity + 1);
    result = f->data == NULL ? -ENOMEM : text_read(f);
    if (result < 0) {
        text_close(f);
    }
    return result;
}

int text_read(struct text_file *f)
{
    ssize_t n;

    if (f->fd < 0) {
        return -ENOENT;
    }
    f->size = 0;
    f->data[0] = '\0';
    while (f->size < f->capacity &&
           (n = pread(f->fd, f->data + f->size, f->capacity - f->size, (off_t)f->size)) != 0) {
        if (n < 0) {
            int result = -errno;
            f->size = 0;
            f->data[0] = '\0';
            return result;
        }
        f->size += (size_t)n;
        if (n < LAST_READ_BELOW) {
            break;
        }
    }
    f->data[f->size] = '\0';
    return 0;
}

void text_close(struct text_file *f)
{
    if (f == NULL) {
        return;
    }
    if (f->fd >= 0) {
        close(f->fd);
    }
    free(f->data);
    text_init(f);
}

const char *text_next_line(const char *at)
{
    at = strchr(at, '\n');
    return at != NULL && at[1] != '\0' ? at + 1 : NULL;
}

const char *text_line(const char *text, const char *word)
{
    size_t size = strlen(word);

    for (const char *at = text; at != NULL; at = text_next_line(at)) {
        const char *start = at + strspn(at, " \t");
        if (strncmp(start, word, size) == 0) {
            return start;
        }
    }
    return NULL;
}

size_t text_numbers(const char *at, uint64_t *ret, size_t room)
{
    size_t n = 0;

    while (n < room && *at != '\0' && *at != '\n') {
        if (*at >= '0' && *at <= '9') {
            char *end;
            ret[n++] = strtoull(at, &end, 10);
            at = end;
        } else {
            at++;
        }
    }
    return n;
}

bool text_key(const char *text, const char *key, uint64_t *ret)
{
    size_t size = strlen(key);

    for (const char *at = text; at != NULL; at = text_next_line(at)) {
        if (strncmp(at, key, size) == 0 &&
            (at[size] == ' ' || at[size] == ':' || at[size] == '\t')) {
            return text_numbers(at + size, ret, 1) == 1;
        }
    }
    return false;
}
