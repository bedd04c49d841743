/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * stray: marks are read off the names, those that are somebody's are left out, and what carries
 * the others is removed as a sweep of a dead run does: what runs first, then where it ran. One
 * thread.
 */
#include "control/platform/stray.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "base/str.h"
#include "control/platform/bridge.h"
#include "control/platform/cgroup.h"
#include "control/platform/mark.h"

static const struct host here = {.name = "local", .uri = "local"};

struct stray {
    bool dry;
    void (*told)(void *, const char *);
    void *told_arg;
    struct err *err;
    int count;
};

/* Six letters of each name; the same mark more than once. */
static const char marks_script[] =
    "m='[a-z0-9][a-z0-9][a-z0-9][a-z0-9][a-z0-9][a-z0-9]'\n"
    "c=/sys/fs/cgroup\n"
    "for d in /sys/class/net/vp$m[bv]*; do [ ! -e $d ] || echo ${d##*/vp}; done | cut -c1-6\n"
    "for d in /run/netns/vaperf-$m-*; do [ ! -e $d ] || echo ${d##*/vaperf-}; done | cut -c1-6\n"
    "for d in $c/vaperf-$m $c/vaperf-$m-* $c/*/vaperf-$m $c/*/vaperf-$m-*; do\n"
    "  [ ! -d $d ] || echo ${d##*/vaperf-}; done | cut -c1-6";

/* A record here, also one that is being made; a folder of a run that another host controls. */
static bool is_recorded(const char *mark)
{
    char root[MARK_PATH_MAX], path[MARK_PATH_MAX + 32];
    struct stat st;
    mark_root(root);
    for (int i = 0; i < 2; i++) {
        str_printf(path, sizeof path, i == 0 ? "%s/%s" : "%s/.%s", root, mark);
        if (lstat(path, &st) == 0)
            return true;
    }
    str_printf(path, sizeof path, "/var/tmp/vaperf-%s", mark);
    return lstat(path, &st) == 0;
}

static bool is_stray(const char *mark)
{
    return mark_is_valid(mark) && !is_recorded(mark) && !mark_is_announced(mark);
}

static int remove_group(const char *name, struct err *e)
{
    return cgroup_remove(&here, name, e);
}

static int remove_netns(const char *name, struct err *e)
{
    return bridge_netns_remove(&here, name, e);
}

static int remove_link(const char *name, struct err *e)
{
    return bridge_port_remove(&here, name, e);
}

/* Takes the lines out of `list`. */
static int remove_all(struct stray *s, const char *kind, struct buf *list,
                      int (*remove)(const char *, struct err *))
{
    char *rest = NULL, *text = buf_take(list), said[192];
    int r = 0;
    for (char *name = text != NULL ? strtok_r(text, "\n", &rest) : NULL; name != NULL && r == 0;
         name = strtok_r(NULL, "\n", &rest)) {
        r = s->dry ? 0 : remove(name, s->err);
        str_printf(said, sizeof said, "%s %s", kind, name);
        if (r == 0) {
            s->told(s->told_arg, said);
            s->count++;
        }
    }
    free(text);
    return r;
}

static int remove_mark(struct stray *s, const char *mark)
{
    struct buf links, other;
    buf_init(&links);
    buf_init(&other);
    int r = cgroup_list(&here, mark, &other, s->err);
    if (r == 0)
        r = remove_all(s, "cgroup", &other, remove_group);
    if (r == 0)
        r = bridge_list(&here, mark, &links, &other, s->err);
    if (r == 0)
        r = remove_all(s, "network namespace", &other, remove_netns);
    if (r == 0)
        r = remove_all(s, "interface", &links, remove_link);
    buf_finish(&links);
    buf_finish(&other);
    return r;
}

static int compare(const void *a, const void *b)
{
    return strcmp(*(char *const *)a, *(char *const *)b);
}

/* The marks of `text`, its lines, sorted. Returns how many. */
static size_t split(char *text, char *ret[MARK_LIST_MAX])
{
    char *rest = NULL;
    size_t n = 0;
    for (char *line = strtok_r(text, "\n", &rest); line != NULL && n < MARK_LIST_MAX;
         line = strtok_r(NULL, "\n", &rest))
        ret[n++] = line;
    qsort(ret, n, sizeof *ret, compare);
    return n;
}

int stray_sweep(bool dry, void (*told)(void *, const char *), void *told_arg, struct err *e)
{
    struct stray s = {.dry = dry, .told = told, .told_arg = told_arg, .err = e};
    char *marks[MARK_LIST_MAX], *text;
    struct buf list;
    buf_init(&list);
    int r = host_sh(&here, marks_script, (const char *[]){NULL}, &list, e);
    text = buf_take(&list);
    size_t n = r == 0 && text != NULL ? split(text, marks) : 0;
    for (size_t i = 0; i < n && r == 0; i++)
        if ((i == 0 || strcmp(marks[i], marks[i - 1]) != 0) && is_stray(marks[i]))
            r = remove_mark(&s, marks[i]);
    free(text);
    return r < 0 ? r : s.count;
}
