/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * modules: kernel modules in an order in which they can be inserted, as each says in its .modinfo
 * what it needs ("depends=a,b"). One thread.
 */
#include "control/image/image_private.h"

#include <errno.h>
#include <string.h>

#include "base/buf.h"
#include "base/clock.h"
#include "base/map.h"
#include "base/proc.h"

enum { MODULES_MAX = 256, DEPTH_MAX = 32 };

struct order {
    struct arena *arena;
    struct map files; /* name -> path */
    const char **paths;
    size_t count;
};

/* A module file may have '-' where its name has '_'. */
static char *name_of(struct arena *a, const char *path, size_t size)
{
    size_t from = size;
    while (from > 0 && path[from - 1] != '/')
        from--;
    char *name = arena_strndup(a, path + from, size - from);
    name[strcspn(name, ".")] = '\0';
    for (char *c = name; *c != '\0'; c++)
        if (*c == '-')
            *c = '_';
    return name;
}

static int find_files(struct order *o, const char *tree, struct err *e)
{
    char *const argv[] = {arena_strdup(o->arena, "find"), arena_strdup(o->arena, tree),
                          arena_strdup(o->arena, "-name"), arena_strdup(o->arena, "*.ko"), NULL};
    struct buf out;
    buf_init(&out);
    int r = proc_run(argv, NULL, &out, 60 * NS_PER_S, e);
    if (r > 0)
        r = -EIO;
    for (const char *at = buf_str(&out); r == 0 && *at != '\0';) {
        const size_t size = strcspn(at, "\n");
        r = map_add(&o->files, name_of(o->arena, at, size), arena_strndup(o->arena, at, size));
        at += size + (at[size] == '\n');
    }
    buf_finish(&out);
    return r == -ENOMEM ? err_set(e, r, "no memory") : r;
}

/* "a,b" of the file, the arena's; "" when it needs nothing. */
static int read_needs(struct arena *a, const char *path, char **ret, struct err *e)
{
    static const char key[] = "\0depends=";
    struct buf b;
    buf_init(&b);
    int r = buf_load(&b, path);
    if (r < 0) {
        err_set(e, r, "%s: %s", path, strerror(-r));
    } else {
        const char *at = memmem(b.data, b.size, key, sizeof key - 1);
        *ret = arena_strdup(a, at != NULL ? at + sizeof key - 1 : "");
    }
    buf_finish(&b);
    return r < 0 ? r : 0;
}

static bool is_in(const struct order *o, const char *path)
{
    for (size_t i = 0; i < o->count; i++)
        if (o->paths[i] == path)
            return true;
    return false;
}

static int add(struct order *o, const char *name, int depth, struct err *e)
{
    char *needs = NULL;
    const char *path = map_find(&o->files, name);
    if (path == NULL)
        return err_set(e, -ENOENT, "the kernel's package has no module %s", name);
    if (is_in(o, path))
        return 0;
    if (depth == DEPTH_MAX || o->count == MODULES_MAX - 1)
        return err_set(e, -ELOOP, "module %s needs itself, or too much", name);
    int r = read_needs(o->arena, path, &needs, e);
    for (char *one; r == 0 && (one = strsep(&needs, ",")) != NULL;)
        if (*one != '\0')
            r = add(o, name_of(o->arena, one, strlen(one)), depth + 1, e);
    if (r == 0)
        o->paths[o->count++] = path;
    return r;
}

int modules_order(struct arena *a, const char *tree, const char *const *wanted,
                  const char *const **ret, struct err *e)
{
    struct order o = {.arena = a, .paths = ARENA_ARRAY(a, const char *, MODULES_MAX)};
    map_init(&o.files);
    int r = find_files(&o, tree, e);
    for (size_t i = 0; r == 0 && wanted[i] != NULL; i++)
        r = add(&o, wanted[i], 0, e);
    map_finish(&o.files);
    if (r < 0)
        return r;
    *ret = o.paths;
    return 0;
}
