/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * inject: the lines of injection files in memory. One lock per file; a call takes it only while it
 * copies a field. Not for the plan's own data.
 */
#include "node/scenario/inject.h"

#include <ctype.h>
#include <errno.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "node/scenario/inject_private.h"

/* The text of a field within a line; NULL when the line has fewer. */
static const char *field_of(const char *line, unsigned field, size_t *ret_size)
{
    for (; field > 0; field--) {
        line = strchr(line, ';');
        if (!line) {
            return NULL;
        }
        line++;
    }
    *ret_size = strcspn(line, ";");
    return line;
}

static int index_line(struct inject_file *f, size_t line)
{
    size_t size;
    const char *text;
    char *key;
    int code;

    if (f->index_field < 0) {
        return 0;
    }
    text = field_of(f->lines[line], (unsigned)f->index_field, &size);
    if (!text) {
        return 0;
    }
    key = strndup(text, size);
    if (!key) {
        return -ENOMEM;
    }
    code = map_add(&f->index, key, (void *)(uintptr_t)(line + 1)); // NOLINT: a number
    free(key);
    return code;
}

int inject_add_index(struct inject *in, unsigned file, unsigned field, struct err *err)
{
    struct inject_file *f = &in->files[file];

    if (field >= inject_field_count(in, file)) {
        return err_set(err, -EINVAL, "index of %s by field %u: its first line has %u fields",
                       f->name, field, inject_field_count(in, file));
    }
    f->index_field = (int)field;
    for (size_t i = 0; i < f->count; i++) {
        if (index_line(f, i) < 0) {
            return err_set(err, -ENOMEM, "no memory for the index of %s", f->name);
        }
    }
    return 0;
}

unsigned inject_file_count(const struct inject *in)
{
    return in ? in->count : 0;
}

const char *inject_file_name(const struct inject *in, unsigned file)
{
    return in->files[file].name;
}

int inject_find(const struct inject *in, const char *name)
{
    for (unsigned i = 0; i < inject_file_count(in); i++) {
        if (strcmp(in->files[i].name, name) == 0) {
            return (int)i;
        }
    }
    for (unsigned i = 0; i < inject_file_count(in); i++) {
        const char *last = strrchr(in->files[i].name, '/');

        if (last && strcmp(last + 1, name) == 0) {
            return (int)i;
        }
    }
    return -1;
}

unsigned inject_field_count(const struct inject *in, unsigned file)
{
    unsigned count = 1;

    for (const char *p = in->files[file].lines[0]; *p; p++) {
        count += *p == ';';
    }
    return count;
}

int inject_check_users(const struct inject *in, unsigned users, struct err *err)
{
    for (unsigned i = 0; i < in->count; i++) {
        const struct inject_file *f = &in->files[i];
        uint64_t count = f->print_count ? f->print_count : f->count;

        if (f->mode == INJECT_USER && users > count) {
            err_set(err, -EINVAL,
                    "%llu lines for %u users: a file that says USER has one for each (or says "
                    "PRINTF=%u)",
                    (unsigned long long)count, users, users);
            err_at(err, f->name, 1, 1);
            return -EINVAL;
        }
    }
    return 0;
}

int inject_has_index(const struct inject *in, unsigned file)
{
    return in->files[file].index_field >= 0;
}

unsigned inject_pick(struct inject *in, unsigned file, unsigned user, struct rand_state *rand)
{
    struct inject_file *f = &in->files[file];
    uint64_t count;

    pthread_mutex_lock(&f->lock);
    count = f->print_count ? f->print_count : f->count;
    pthread_mutex_unlock(&f->lock);
    switch (f->mode) {
    case INJECT_RANDOM:
        return (unsigned)rand_below(rand, count);
    case INJECT_USER:
        return user > 0 ? (unsigned)((user - 1) % count) : 0;
    case INJECT_SEQUENTIAL:
        break;
    }
    return (unsigned)(atomic_fetch_add(&f->next, 1) % count);
}

/* Copies with %d, %03d, %x, %X replaced by the number, and %% by %. */
static size_t print_field(const char *text, size_t size, int64_t number, char *out, size_t room)
{
    size_t n = 0;

    for (size_t i = 0; i < size && n < room; i++) {
        size_t k = i + 1;
        char spec[16] = "%", word[64];
        int length;

        if (text[i] != '%') {
            out[n++] = text[i];
            continue;
        }
        while (k < size && k - i < 8 && isdigit((unsigned char)text[k])) {
            k++;
        }
        if (k < size && text[k] == '%' && k == i + 1) {
            out[n++] = '%';
            i = k;
            continue;
        }
        if (k == size || !strchr("diuxX", text[k]) || atoi(text + i + 1) > 40) {
            out[n++] = '%';
            continue;
        }
        snprintf(spec, sizeof(spec), "%%%.*sll%c", (int)(k - i - 1), text + i + 1, text[k]);
#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Wformat-nonliteral"
        length = snprintf(word, sizeof(word), spec, (long long)number);
#pragma GCC diagnostic pop
        for (int w = 0; w < length && n < room; w++) {
            out[n++] = word[w];
        }
        i = k;
    }
    return n;
}

int inject_get_field(struct inject *in, unsigned file, unsigned line, unsigned field, char *buffer,
                     size_t size)
{
    struct inject_file *f = &in->files[file];
    const char *text;
    size_t length = 0;
    int ret = -ENOENT;

    pthread_mutex_lock(&f->lock);
    if (line < (f->print_count ? f->print_count : f->count)) {
        text = field_of(f->lines[line % f->count], field, &length);
        if (text && f->print_count) {
            int64_t number = f->print_offset + (int64_t)line * f->print_multiple;

            ret = (int)print_field(text, length, number, buffer, size);
        } else if (text) {
            ret = (int)(length < size ? length : size);
            memcpy(buffer, text, (size_t)ret);
        }
    }
    pthread_mutex_unlock(&f->lock);
    return ret;
}

int inject_lookup(struct inject *in, unsigned file, const char *key)
{
    struct inject_file *f = &in->files[file];
    uintptr_t found;

    pthread_mutex_lock(&f->lock);
    found = (uintptr_t)map_find(&f->index, key);
    pthread_mutex_unlock(&f->lock);
    return (int)found - 1;
}

int inject_insert(struct inject *in, unsigned file, const char *line)
{
    struct inject_file *f = &in->files[file];
    int code;

    pthread_mutex_lock(&f->lock);
    code = inject_add_line(f, line, strlen(line));
    if (code == 0) {
        code = index_line(f, f->count - 1);
    }
    pthread_mutex_unlock(&f->lock);
    return code;
}

int inject_replace(struct inject *in, unsigned file, unsigned number, const char *line)
{
    struct inject_file *f = &in->files[file];
    char *copy = strdup(line);
    int code = copy ? 0 : -ENOMEM;

    pthread_mutex_lock(&f->lock);
    if (code == 0 && number >= f->count) {
        code = -ENOENT;
    }
    if (code == 0) {
        size_t size;
        const char *old =
            field_of(f->lines[number], f->index_field < 0 ? 0 : (unsigned)f->index_field, &size);
        char *key = old ? strndup(old, size) : NULL;

        if (key && f->index_field >= 0 && map_find(&f->index, key)) {
            code = map_add(&f->index, key, NULL);
        }
        free(key);
        free(f->lines[number]);
        f->lines[number] = copy;
        copy = NULL;
        code = code < 0 ? code : index_line(f, number);
    }
    pthread_mutex_unlock(&f->lock);
    free(copy);
    return code;
}
