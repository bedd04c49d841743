/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * shared: one lock around everything; calls come here only for what they share.
 */
#include "node/scenario/shared.h"

#include <errno.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "base/buf.h"
#include "base/map.h"

enum { MAP_PARTS = 4, CIRCUITS_MAX = 1 << 20 };

struct slot {
    enum value_kind kind;
    double number;
    char *text;
    size_t size;
};

struct shared {
    pthread_mutex_t lock;
    struct slot *slots; /* globals first, then each user's */
    unsigned globals, users, user_variables;
    unsigned low[MAP_PARTS], count[MAP_PARTS]; /* of the TDM map */
    unsigned char *taken;
    unsigned circuits, next_circuit;
    uint64_t next_id;
    struct map files; /* path -> struct buf */
};

static int parse_map(struct shared *sh, const char *map, struct err *err)
{
    const char *p = map;
    uint64_t circuits = 1;

    for (int i = 0; i < MAP_PARTS; i++) {
        unsigned low = 0, high = 0;
        int n = 0;

        if (sscanf(p, "{%u-%u}%n", &low, &high, &n) != 2 || n == 0) {
            n = 0;
            if (sscanf(p, "{%u}%n", &low, &n) == 1) {
                high = low;
            }
        }
        if (n == 0 || high < low) {
            return err_set(err, -EINVAL, "\"%s\" is no TDM map: write {0-3}{99}{5-8}{1-31}", map);
        }
        sh->low[i] = low;
        sh->count[i] = high - low + 1;
        circuits *= sh->count[i];
        if (circuits > CIRCUITS_MAX) {
            return err_set(err, -EINVAL, "the TDM map \"%s\" has more than %d circuits", map,
                           CIRCUITS_MAX);
        }
        p += n;
    }
    sh->circuits = (unsigned)circuits;
    sh->taken = calloc(sh->circuits, 1);
    return sh->taken ? 0 : err_set(err, -ENOMEM, "no memory for the TDM map");
}

int shared_create(unsigned globals, unsigned users, unsigned user_variables, const char *map,
                  uint64_t dynamic_start, struct shared **ret, struct err *err)
{
    struct shared *sh = calloc(1, sizeof(*sh));
    int code = 0;

    if (!sh) {
        return err_set(err, -ENOMEM, "no memory for a scenario");
    }
    pthread_mutex_init(&sh->lock, NULL);
    map_init(&sh->files);
    sh->globals = globals;
    sh->users = users ? users : 1;
    sh->user_variables = user_variables;
    sh->next_id = dynamic_start;
    sh->slots = calloc(globals + (size_t)sh->users * user_variables + 1, sizeof(struct slot));
    if (!sh->slots) {
        code = err_set(err, -ENOMEM, "no memory for the variables of %u users", users);
    } else if (map) {
        code = parse_map(sh, map, err);
    }
    if (code < 0) {
        shared_destroy(sh);
        return code;
    }
    *ret = sh;
    return 0;
}

void shared_destroy(struct shared *sh)
{
    if (!sh) {
        return;
    }
    for (size_t i = 0; sh->slots && i < sh->globals + (size_t)sh->users * sh->user_variables; i++) {
        free(sh->slots[i].text);
    }
    for (size_t i = 0; i < sh->files.count; i++) {
        buf_finish(sh->files.entries[i].value);
        free(sh->files.entries[i].value);
    }
    map_finish(&sh->files);
    free(sh->slots);
    free(sh->taken);
    pthread_mutex_destroy(&sh->lock);
    free(sh);
}

static struct slot *slot_at(const struct shared *sh, unsigned user, unsigned place)
{
    if (user == 0) {
        return &sh->slots[place];
    }
    return &sh->slots[sh->globals + (size_t)((user - 1) % sh->users) * sh->user_variables + place];
}

void shared_get(struct shared *sh, unsigned user, unsigned place, struct value *ret, char *buffer,
                size_t size)
{
    const struct slot *s = slot_at(sh, user, place);

    pthread_mutex_lock(&sh->lock);
    ret->kind = s->kind;
    ret->number = s->number;
    ret->text = buffer;
    ret->size = s->size < size ? s->size : size;
    if (ret->size > 0) {
        memcpy(buffer, s->text, ret->size);
    }
    pthread_mutex_unlock(&sh->lock);
}

int shared_set(struct shared *sh, unsigned user, unsigned place, const struct value *v)
{
    struct slot *s = slot_at(sh, user, place);
    int code = 0;

    pthread_mutex_lock(&sh->lock);
    free(s->text);
    *s = (struct slot){.kind = v->kind, .number = v->number};
    if (v->kind == VALUE_TEXT && v->size > 0) {
        s->text = malloc(v->size);
        if (s->text) {
            memcpy(s->text, v->text, v->size);
            s->size = v->size;
        } else {
            code = -ENOMEM;
        }
    }
    pthread_mutex_unlock(&sh->lock);
    return code;
}

int shared_take_circuit(struct shared *sh)
{
    int circuit = -ENOSPC;

    pthread_mutex_lock(&sh->lock);
    for (unsigned i = 0; i < sh->circuits; i++) {
        unsigned k = (sh->next_circuit + i) % sh->circuits;

        if (!sh->taken[k]) {
            sh->taken[k] = 1;
            sh->next_circuit = k + 1;
            circuit = (int)k;
            break;
        }
    }
    pthread_mutex_unlock(&sh->lock);
    return circuit;
}

void shared_give_circuit(struct shared *sh, int circuit)
{
    pthread_mutex_lock(&sh->lock);
    if (circuit >= 0 && (unsigned)circuit < sh->circuits) {
        sh->taken[circuit] = 0;
    }
    pthread_mutex_unlock(&sh->lock);
}

void shared_format_circuit(const struct shared *sh, int circuit, char *buffer, size_t size)
{
    unsigned part[MAP_PARTS], rest = circuit < 0 ? 0 : (unsigned)circuit;

    for (int i = MAP_PARTS - 1; i >= 0; i--) {
        unsigned count = sh->count[i] ? sh->count[i] : 1;

        part[i] = sh->low[i] + rest % count;
        rest /= count;
    }
    snprintf(buffer, size, "%u.%u.%u/%u", part[0], part[1], part[2], part[3]);
}

uint64_t shared_next_id(struct shared *sh, uint64_t start, uint64_t max, uint64_t step)
{
    uint64_t id;

    pthread_mutex_lock(&sh->lock);
    id = sh->next_id;
    sh->next_id = max - id < step ? start : id + step;
    pthread_mutex_unlock(&sh->lock);
    return id;
}

/* Nothing that a read could wait for. */
static bool is_file(const char *path)
{
    struct stat st;

    return stat(path, &st) == 0 && S_ISREG(st.st_mode);
}

int shared_get_file(struct shared *sh, const char *path, const char **ret, size_t *ret_size)
{
    struct buf *b;
    int code = 0;

    pthread_mutex_lock(&sh->lock);
    b = map_find(&sh->files, path);
    if (!b) {
        b = malloc(sizeof(*b));
        code = b ? 0 : -ENOMEM;
        if (b) {
            buf_init(b);
            code = is_file(path) ? buf_load(b, path) : -ENOENT;
            code = code < 0 ? code : map_add(&sh->files, path, b);
        }
        if (code < 0 && b) {
            buf_finish(b);
            free(b);
        }
    }
    if (code == 0) {
        *ret = buf_str(b);
        *ret_size = b->size;
    }
    pthread_mutex_unlock(&sh->lock);
    return code < 0 ? code : 0;
}
