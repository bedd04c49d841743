/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * registry: the platforms there are, and the clean-up over all of them. A new platform is a line
 * here. One thread.
 */
#include <errno.h>
#include <string.h>
#include <unistd.h>

#include "base/arena.h"
#include "base/str.h"
#include "control/platform/children.h"
#include "control/platform/mark.h"
#include "control/platform/place.h"
#include "control/platform/platform.h"
#include "control/platform/stray.h"

enum { SWEEP_HOSTS_MAX = 64 };

/* A new one is a line here. */
#define PLATFORM_LIST(X) \
    X(null)              \
    X(native)            \
    X(oci)               \
    X(qemu)

#define DECLARE(name) extern const struct platform_ops platform_##name;
PLATFORM_LIST(DECLARE)

#define REFER(name) &platform_##name,
const struct platform_ops *const platform_registry[] = {PLATFORM_LIST(REFER) NULL};

const struct platform_ops *platform_find(const char *name)
{
    for (size_t i = 0; platform_registry[i] != NULL; i++)
        if (strcmp(platform_registry[i]->name, name) == 0)
            return platform_registry[i];
    return NULL;
}

static int sweep_records(bool dry, void (*told)(void *, const char *), void *told_arg,
                         struct err *e)
{
    struct mark dead[MARK_LIST_MAX];
    int n = mark_list_dead(dead, e), r = 0;
    for (int i = 0; i < n && r == 0; i++) {
        char text[MARK_PATH_MAX + 32];
        str_printf(text, sizeof text, "record %s", dead[i].dir);
        told(told_arg, text);
        if (!dry)
            r = mark_remove_dead(&dead[i], e);
    }
    return r < 0 ? r : n;
}

static int sweep_platform(const struct platform_ops *ops, const struct host *h, bool dry,
                          void (*told)(void *, const char *), void *told_arg, struct err *e)
{
    struct arena a;
    arena_init(&a);
    void *options = arena_alloc(&a, ops->options_size + 1);
    if (ops->options != NULL)
        opt_defaults(ops->options, options, ops->options_size);
    int r = ops->sweep(h, options, dry, told, told_arg, e);
    if (r < 0)
        err_prefix(e, "platform %s: ", ops->name);
    arena_finish(&a);
    return r;
}

static int sweep_folders(const struct host *h, bool dry, void (*told)(void *, const char *),
                         void *told_arg, struct err *e)
{
    struct mark dead[MARK_LIST_MAX];
    int n = host_is_local(h) ? 0 : mark_list_dead(dead, e), all = 0;
    for (int i = 0; i < n; i++) {
        int r = place_sweep(h, &dead[i], dry, told, told_arg, e);
        if (r < 0)
            return r;
        all += r;
    }
    return n < 0 ? n : all;
}

static int sweep_there(const struct host *h, bool dry, void (*told)(void *, const char *),
                       void *told_arg, struct err *e)
{
    int all = children_sweep(h, dry, told, told_arg, e); /* of every platform */
    for (size_t i = 0; all >= 0 && platform_registry[i] != NULL; i++) {
        int r = sweep_platform(platform_registry[i], h, dry, told, told_arg, e);
        if (r < 0)
            return r;
        all += r;
    }
    int r = all < 0 ? all : sweep_folders(h, dry, told, told_arg, e);
    return r < 0 ? r : all + r;
}

int platform_sweep_host(const struct host *h, bool dry, void (*told)(void *, const char *),
                        void *told_arg, struct err *e)
{
    char root[MARK_PATH_MAX];
    struct sshlink link = {.control = ""};
    struct host there = *h;
    if (host_is_local(h) || access(mark_root(root), F_OK) < 0) /* no records, nothing to sweep */
        return sweep_there(h, dry, told, told_arg, e);
    int r = sshlink_open(&link, h, root, e);
    if (r < 0)
        return r;
    there.control = link.control;
    r = sweep_there(&there, dry, told, told_arg, e);
    sshlink_close(&link);
    return r;
}

/* The hosts that dead runs noted, each once, NULL-ended: of the arena. */
static int list_hosts(const char *ret[SWEEP_HOSTS_MAX + 1], struct arena *a, struct err *e)
{
    struct mark dead[MARK_LIST_MAX];
    struct buf uris;
    size_t count = 0;
    int n = mark_list_dead(dead, e), r = n < 0 ? n : 0;
    buf_init(&uris);
    for (int i = 0; i < n && r == 0; i++) {
        r = mark_list_hosts(&dead[i], &uris, e);
        char *rest = NULL, *text = r == 0 ? arena_strdup(a, buf_str(&uris)) : NULL;
        for (char *uri = text != NULL ? strtok_r(text, "\n", &rest) : NULL; uri != NULL;
             uri = strtok_r(NULL, "\n", &rest)) {
            size_t k = 0;
            while (k < count && strcmp(ret[k], uri) != 0)
                k++;
            if (k == count && count < SWEEP_HOSTS_MAX && host_check_uri(uri, NULL) == 0)
                ret[count++] = uri;
        }
    }
    ret[count] = NULL;
    buf_finish(&uris);
    return r;
}

int platform_sweep_strays(bool dry, void (*told)(void *, const char *), void *told_arg,
                          struct err *e)
{
    return stray_sweep(dry, told, told_arg, e);
}

int platform_sweep(bool dry, void (*told)(void *, const char *), void *told_arg, struct err *e)
{
    static const struct host here = {.name = "local", .uri = "local"};
    const char *uris[SWEEP_HOSTS_MAX + 1];
    struct err lost = {0};
    struct arena a;
    arena_init(&a);
    int all = list_hosts(uris, &a, e);
    for (size_t i = 0; all >= 0 && uris[i] != NULL; i++) {
        const struct host there = {.name = uris[i], .uri = uris[i]};
        int r = platform_sweep_host(&there, dry, told, told_arg, &lost);
        all += r < 0 ? 0 : r;
    }
    int r = all < 0 ? all : platform_sweep_host(&here, dry, told, told_arg, e);
    if (r >= 0) {
        all += r;
        r = lost.code == 0 ? sweep_records(dry, told, told_arg, e) : lost.code;
        if (lost.code != 0 && e != NULL)
            *e = lost;
        if (lost.code != 0)
            err_prefix(e, "what is on another host stays, and the record of it: ");
    }
    arena_finish(&a);
    return r < 0 ? r : all + r;
}
