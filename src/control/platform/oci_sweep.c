/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * oci_sweep: goes by the records of dead runs (mark.h): containers by their bundle folders,
 * interfaces, namespaces and cgroups by the mark in their names. Should a runtime fail to remove
 * its container, the cgroup still ends every process in it. One thread.
 */
#include "control/platform/oci_sweep.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/str.h"
#include "control/platform/cgroup.h"
#include "control/platform/mark.h"
#include "control/platform/oci_bundle.h"
#include "control/platform/bridge.h"
#include "control/platform/oci_runtime.h"

struct sweep {
    const struct host *host;
    const struct mark *mark;
    bool dry;
    void (*told)(void *, const char *);
    void *told_arg;
    struct err *err;
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

/* Calls `each` for each line of `list`, which is emptied, until one fails. */
static int for_each_line(struct sweep *s, struct buf *list,
                         int (*each)(struct sweep *s, const char *line))
{
    char *rest = NULL, *text = buf_take(list);
    int r = 0;
    for (char *line = text != NULL ? strtok_r(text, "\n", &rest) : NULL; line != NULL && r == 0;
         line = strtok_r(NULL, "\n", &rest))
        r = each(s, line);
    free(text);
    return r;
}

/* The line: "NAME RUNTIME". */
static int remove_container(struct sweep *s, const char *line)
{
    char name[64], dir[MARK_PATH_MAX], root[MARK_PATH_MAX + 16], id[128];
    const char *blank = strchr(line, ' ');
    if (blank == NULL)
        return 0;
    str_printf(name, sizeof name, "%.*s", (int)(blank - line), line);
    str_printf(id, sizeof id, "vaperf-%s-%s", s->mark->text, name);
    str_printf(root, sizeof root, "%s/oci/.root", mark_dir_on(s->mark, s->host, dir));
    struct oci_runtime rt = {.host = s->host, .program = blank + 1, .root = root};
    if (tell(s, "container", id))
        oci_runtime_delete(&rt, id, NULL); /* what it leaves goes with the cgroup and the folder */
    return 0;
}

static int remove_link(struct sweep *s, const char *name)
{
    return tell(s, "interface", name) ? bridge_port_remove(s->host, name, s->err) : 0;
}

static int remove_netns(struct sweep *s, const char *name)
{
    return tell(s, "network namespace", name) ? bridge_netns_remove(s->host, name, s->err) : 0;
}

static int remove_group(struct sweep *s, const char *name)
{
    if (strchr(name + strlen("vaperf-"), '-') != NULL)
        return 0; /* vaperf-MARK-NAME is platform native's */
    return tell(s, "cgroup", name) ? cgroup_remove(s->host, name, s->err) : 0;
}

static const char bundles_script[] =
    "for d in \"$1\"/oci/*; do [ ! -s $d/runtime ] || echo \"${d##*/} $(cat $d/runtime)\"; done";

static int sweep_containers(struct sweep *s, struct buf *list)
{
    char dir[MARK_PATH_MAX];
    const char *args[] = {mark_dir_on(s->mark, s->host, dir), NULL};
    int r = host_sh(s->host, bundles_script, args, list, s->err);
    return r < 0 ? r : for_each_line(s, list, remove_container);
}

static int sweep_networks(struct sweep *s, struct buf *list)
{
    struct buf namespaces;
    buf_init(&namespaces);
    int r = bridge_list(s->host, s->mark->text, list, &namespaces, s->err);
    if (r == 0)
        r = for_each_line(s, &namespaces, remove_netns);
    if (r == 0)
        r = for_each_line(s, list, remove_link);
    buf_finish(&namespaces);
    return r;
}

static int sweep_one(struct sweep *s)
{
    struct buf list;
    char base[MARK_PATH_MAX], dir[MARK_PATH_MAX + 16];
    buf_init(&list);
    int r = sweep_containers(s, &list);
    if (r == 0)
        r = cgroup_list(s->host, s->mark->text, &list, s->err);
    if (r == 0)
        r = for_each_line(s, &list, remove_group);
    if (r == 0)
        r = sweep_networks(s, &list);
    str_printf(dir, sizeof dir, "%s/oci/", mark_dir_on(s->mark, s->host, base));
    if (r == 0 && !s->dry)
        r = oci_bundle_remove(s->host, dir, s->err);
    buf_finish(&list);
    return r;
}

int oci_sweep(const struct host *h, const void *options, bool dry,
              void (*told)(void *, const char *), void *told_arg, struct err *e)
{
    struct mark dead[MARK_LIST_MAX];
    (void)options; /* each bundle says which runtime made it */
    int n = mark_list_dead(dead, e), all = 0;
    for (int i = 0; i < n; i++) {
        struct sweep s = {
            .host = h, .mark = &dead[i], .dry = dry, .told = told, .told_arg = told_arg, .err = e};
        int r = sweep_one(&s);
        if (r < 0)
            return err_prefix(e, "run %s: ", dead[i].text);
        all += s.count;
    }
    return n < 0 ? n : all;
}
