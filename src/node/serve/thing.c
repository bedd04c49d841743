/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * thing: the node's list of what it was asked to open. The loop's thread.
 */
#include "node/serve/thing.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/str.h"

static struct thing *find_id(struct node *n, const char *id)
{
    struct thing *t = n->things;
    while (t != NULL && strcmp(t->id, id) != 0)
        t = t->next;
    return t;
}

struct thing *thing_create(struct node *n, const struct thing_kind *kind, const json_t *params,
                           struct err *e)
{
    const char *id;
    if (json_need_str(params, "id", &id, e) < 0)
        return NULL;
    if (id[0] == '\0' || strlen(id) >= THING_ID_MAX) {
        err_set(e, -EINVAL, "id '%.80s': 1 to %d characters are wanted", id, THING_ID_MAX - 1);
        return NULL;
    }
    const struct thing *other = find_id(n, id);
    if (other != NULL) {
        err_set(e, -EEXIST, "id %s is in use by %s %s", id,
                strchr("aeiou", other->kind->name[0]) != NULL ? "an" : "a", other->kind->name);
        return NULL;
    }
    struct thing *t = calloc(1, kind->size);
    if (t == NULL) {
        err_set(e, -ENOMEM, "no memory for %s %s", kind->name, id);
        return NULL;
    }
    t->node = n;
    t->kind = kind;
    str_printf(t->id, sizeof t->id, "%s", id);
    arena_init(&t->arena);
    return t;
}

void thing_add(struct thing *t)
{
    t->next = t->node->things;
    t->node->things = t;
}

void thing_discard(struct thing *t)
{
    arena_finish(&t->arena);
    free(t);
}

struct thing *thing_find(struct node *n, const struct thing_kind *kind, const json_t *params,
                         struct err *e)
{
    const char *id;
    if (json_need_str(params, "id", &id, e) < 0)
        return NULL;
    struct thing *t = find_id(n, id);
    if (t != NULL && t->kind == kind)
        return t;
    if (t != NULL)
        err_set(e, -ENOENT, "%s is no %s but %s %s", id, kind->name,
                strchr("aeiou", t->kind->name[0]) != NULL ? "an" : "a", t->kind->name);
    else
        err_set(e, -ENOENT, "there is no %s %.80s", kind->name, id);
    return NULL;
}

void thing_close(struct thing *t)
{
    struct thing **at = &t->node->things;
    while (*at != t)
        at = &(*at)->next;
    *at = t->next;
    t->kind->close(t);
    thing_discard(t);
}
