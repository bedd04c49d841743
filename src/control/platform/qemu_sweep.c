/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * qemu_sweep: guests of dead runs, by their records (mark.h). QEMU's processes of an embedded
 * libvirt carry the mark in their environment, so they end with the other processes of their run;
 * a daemon's guests are asked of the daemon that the record names, and are ours only with our mark
 * in their metadata. A daemon of this host that is not there has none: guests that outlived it are
 * processes too. Bridges go with those of platform oci. One thread.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/str.h"
#include "control/platform/mark.h"
#include "control/platform/qemu_private.h"
#include "control/platform/qemu_scratch.h"

static const struct host here = {.name = "local", .uri = "local"};

struct sweep {
    const struct mark *mark;
    bool dry;
    void (*told)(void *, const char *);
    void *told_arg;
    struct arena arena;
    const char *names[256]; /* of guests to end */
    int count;
};

static bool tell(struct sweep *s, const char *kind, const char *name)
{
    char text[192];
    str_printf(text, sizeof text, "%s %s", kind, name);
    s->told(s->told_arg, text);
    s->count++;
    return !s->dry;
}

struct found {
    struct sweep *sweep;
    size_t count;
};

static void note_guest(void *arg, const char *name, const char *mark)
{
    struct found *f = arg;
    const size_t room = sizeof f->sweep->names / sizeof *f->sweep->names;
    if (strcmp(mark, f->sweep->mark->text) == 0 && f->count < room)
        f->sweep->names[f->count++] = arena_strdup(&f->sweep->arena, name);
}

static int end_guest(struct virt *v, const char *name, struct err *e)
{
    struct domain *d = NULL;
    int r = domain_find(v, name, &d, e);
    if (r == 0)
        r = domain_destroy(d, e);
    domain_free(d);
    return r == -ENOENT ? 0 : r;
}

/* As qemu:///system or qemu+unix:///system, and not qemu+ssh://host/system. */
static bool is_of_this_host(const char *uri)
{
    const char *at = strstr(uri, "://");
    return at != NULL && at[3] == '/';
}

static int sweep_daemon(struct sweep *s, const char *uri, struct err *e)
{
    struct virt *v = NULL;
    struct found found = {.sweep = s};
    int r = virt_open(&v, uri, e);
    if (r < 0 && is_of_this_host(uri))
        return 0;
    if (r == 0)
        r = domain_each(v, note_guest, &found, e);
    for (size_t i = 0; i < found.count && r >= 0; i++)
        if (tell(s, "guest", s->names[i]))
            r = end_guest(v, s->names[i], e);
    virt_close(v);
    return r < 0 ? r : 0;
}

static const char list_script[] =
    "find /sys/fs/cgroup -type d -name \"qemu-*-vaperf-$1-*\" | head -n 1";
static const char remove_script[] =
    "find /sys/fs/cgroup -depth -type d -path \"*/qemu-*-vaperf-$1-*\" -exec rmdir {} +\n"
    "rmdir /sys/fs/cgroup/machine /sys/fs/cgroup/*/machine 2>/dev/null || :";

int qemu_remove_groups(const struct host *h, const char *mark, struct err *e)
{
    const char *args[] = {mark, NULL};
    return host_sh(h, remove_script, args, NULL, e);
}

static int sweep_groups(struct sweep *s, const struct host *h, struct err *e)
{
    const char *args[] = {s->mark->text, NULL};
    struct buf out;
    buf_init(&out);
    int r = host_sh(h, list_script, args, &out, e);
    if (r == 0 && out.size > 0 && tell(s, "control groups of guests of run", s->mark->text))
        r = qemu_remove_groups(h, s->mark->text, e);
    buf_finish(&out);
    return r;
}

/* After the guests: their disks, which are in a folder of the plan's. */
static int sweep_scratch(struct sweep *s, const struct host *h, struct err *e)
{
    char dir[MARK_PATH_MAX];
    struct buf out;
    buf_init(&out);
    int r = qemu_scratch_list(h, mark_dir_on(s->mark, h, dir), &out, e);
    char *rest = out.data;
    for (char *line; r == 0 && rest != NULL && (line = strsep(&rest, "\n")) != NULL;)
        if (*line != '\0' && tell(s, "disk of guest", strrchr(line, '/') + 1))
            r = qemu_scratch_remove(h, line, e);
    buf_finish(&out);
    return r;
}

static int sweep_one(struct sweep *s, const struct host *h, struct err *e)
{
    static const char script[] = "f=$1/qemu/uri; [ ! -s \"$f\" ] || cat \"$f\"";
    const char *args[] = {s->mark->dir, NULL};
    struct buf uri;
    buf_init(&uri);
    int r = host_sh(&here, script, args, &uri, e);
    if (r == 0 && uri.size > 0 && strcmp(buf_str(&uri), "embedded") != 0)
        r = sweep_daemon(s, buf_str(&uri), e);
    if (r == 0 && uri.size > 0)
        r = sweep_groups(s, h, e);
    if (r == 0)
        r = sweep_scratch(s, h, e);
    buf_finish(&uri);
    return r;
}

int qemu_sweep(const struct host *h, const void *options, bool dry,
               void (*told)(void *, const char *), void *told_arg, struct err *e)
{
    struct mark dead[MARK_LIST_MAX];
    (void)options; /* the record says which libvirt it was */
    int n = mark_list_dead(dead, e), all = 0;
    for (int i = 0; i < n; i++) {
        struct sweep s = {.mark = &dead[i], .dry = dry, .told = told, .told_arg = told_arg};
        arena_init(&s.arena);
        int r = sweep_one(&s, h, e);
        arena_finish(&s.arena);
        if (r < 0)
            return err_prefix(e, "run %s: ", dead[i].text);
        all += s.count;
    }
    return n < 0 ? n : all;
}
