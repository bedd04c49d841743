/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * inject_load: injection files from the disk into memory, and out of it. One thread.
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/buf.h"
#include "node/scenario/inject_private.h"

int inject_add_line(struct inject_file *f, const char *text, size_t size)
{
    if (f->count == f->capacity) {
        size_t capacity = f->capacity ? 2 * f->capacity : 64;
        char **lines = realloc(f->lines, capacity * sizeof(char *));

        if (!lines) {
            return -ENOMEM;
        }
        f->lines = lines;
        f->capacity = capacity;
    }
    f->lines[f->count] = strndup(text, size);
    if (!f->lines[f->count]) {
        return -ENOMEM;
    }
    f->count++;
    return 0;
}

/* "SEQUENTIAL,PRINTF=10,PRINTFOFFSET=3". */
static int parse_mode(struct inject_file *f, const char *line, size_t size, struct err *err)
{
    char copy[256], *save = NULL, *word;
    int mode = -1;

    snprintf(copy, sizeof(copy), "%.*s", (int)(size < 255 ? size : 255), line);
    f->print_multiple = 1;
    for (word = strtok_r(copy, ", \t;", &save); word; word = strtok_r(NULL, ", \t;", &save)) {
        long long n = 0;

        if (strcmp(word, "SEQUENTIAL") == 0) {
            mode = INJECT_SEQUENTIAL;
        } else if (strcmp(word, "RANDOM") == 0) {
            mode = INJECT_RANDOM;
        } else if (strcmp(word, "USER") == 0 || strcmp(word, "USERS") == 0) {
            mode = INJECT_USER;
        } else if (sscanf(word, "PRINTF=%lld", &n) == 1 && n > 0 && n <= UINT32_MAX) {
            f->print_count = (uint64_t)n;
        } else if (sscanf(word, "PRINTFOFFSET=%lld", &n) == 1) {
            f->print_offset = n;
        } else if (sscanf(word, "PRINTFMULTIPLE=%lld", &n) == 1) {
            f->print_multiple = n;
        } else {
            return err_set(err, -EBADMSG,
                           "\"%s\" in the first line of an injection file: known are SEQUENTIAL, "
                           "RANDOM, USER, PRINTF=, PRINTFOFFSET=, PRINTFMULTIPLE=",
                           word);
        }
    }
    if (mode < 0) {
        return err_set(err, -EBADMSG,
                       "the first line of an injection file must say SEQUENTIAL, RANDOM or USER");
    }
    f->mode = (enum inject_mode)mode;
    return 0;
}

static int parse_file(struct inject_file *f, const struct buf *text, struct err *err)
{
    const char *p = buf_str(text), *end = p + text->size;
    int line = 0, code = 0;
    int is_first = 1;

    while (p < end && code == 0) {
        const char *stop = memchr(p, '\n', (size_t)(end - p));
        const char *next = stop ? stop + 1 : end;
        size_t size = (size_t)((stop ? stop : end) - p);

        line++;
        size -= size > 0 && p[size - 1] == '\r';
        if (size > 0 && p[0] == '#') {
            p = next;
            continue;
        }
        if (size == 0) {
            break;
        }
        code = is_first ? parse_mode(f, p, size, err) : inject_add_line(f, p, size);
        is_first = 0;
        p = next;
    }
    if (code == 0 && is_first) {
        code = err_set(err, -EBADMSG, "an injection file begins with SEQUENTIAL, RANDOM or USER");
        line = 1;
    }
    if (code == 0 && f->count == 0) {
        code = err_set(err, -EBADMSG, "an injection file needs a line behind its first one");
    }
    if (code == -ENOMEM) {
        return err_set(err, -ENOMEM, "no memory for the lines of %s", f->name);
    }
    return code == 0 ? 0 : err_at(err, f->name, line, 1);
}

static int load_file(struct inject_file *f, const char *path, struct err *err)
{
    struct buf text;
    int code;

    pthread_mutex_init(&f->lock, NULL);
    map_init(&f->index);
    f->index_field = -1;
    f->name = strdup(path);
    buf_init(&text);
    code = f->name ? buf_load(&text, path) : -ENOMEM;
    if (code < 0) {
        err_set(err, code, "injection file %s: %s", path, strerror(-code));
    } else {
        code = parse_file(f, &text, err);
    }
    buf_finish(&text);
    return code;
}

int inject_load(const char *const *paths, size_t count, struct inject **ret, struct err *err)
{
    struct inject *in = calloc(1, sizeof(*in));
    int code = 0;

    if (!in) {
        return err_set(err, -ENOMEM, "no memory for injection files");
    }
    in->files = calloc(count ? count : 1, sizeof(*in->files));
    if (!in->files) {
        code = err_set(err, -ENOMEM, "no memory for injection files");
    }
    for (size_t i = 0; in->files && i < count && code == 0; i++) {
        in->count++;
        code = load_file(&in->files[i], paths[i], err);
    }
    if (code < 0) {
        inject_destroy(in);
        return code;
    }
    *ret = in;
    return 0;
}

void inject_destroy(struct inject *in)
{
    if (!in) {
        return;
    }
    for (unsigned i = 0; i < in->count; i++) {
        struct inject_file *f = &in->files[i];

        for (size_t k = 0; k < f->count; k++) {
            free(f->lines[k]);
        }
        free(f->lines);
        free(f->name);
        map_finish(&f->index);
        pthread_mutex_destroy(&f->lock);
    }
    free(in->files);
    free(in);
}
