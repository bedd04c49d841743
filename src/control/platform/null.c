/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * null: every machine is a node on this host with no setting applied, so that every plan runs
 * anywhere, without root, in a test. What it measures says nothing about virtualization; check says
 * so of each setting. One thread.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/str.h"
#include "control/platform/children.h"
#include "control/platform/settings.h"

struct platform {
    struct platform_env env; /* texts lent by the caller until close */
};

struct machine {
    struct platform *platform;
    struct arena arena;
    const char *name;
    char *const *words;
    bool stopped;
};

static bool null_on_loopback(const void *options)
{
    (void)options;
    return true;
}

static int null_supported(const struct host *h, const void *options, struct err *e)
{
    (void)options;
    return host_check_uri(h->uri, e);
}

static int null_open(struct platform **ret, const struct platform_env *env, const void *options,
                     struct err *e)
{
    (void)options;
    int r = children_check_addresses(env, e);
    if (r < 0)
        return err_prefix(e, "platform null: ");
    struct platform *p = calloc(1, sizeof *p);
    if (p == NULL)
        return err_set(e, -ENOMEM, "platform null: out of memory");
    p->env = *env;
    *ret = p;
    return 0;
}

static int null_check(struct platform *p, const struct machine_spec *spec,
                      struct setting_check *ret, size_t room)
{
    static const char *const names[] = {"vcpus", "pin", "weight", "cap", "memory", "coalesce"};
    (void)p;
    (void)spec;
    size_t n = 0;
    for (; n < sizeof names / sizeof *names && n < room; n++) {
        ret[n] = (struct setting_check){.setting = names[n], .state = SETTING_DEFAULT};
        str_printf(ret[n].text, sizeof ret[n].text, "ignored by platform null");
    }
    return (int)n;
}

static int null_network(struct platform *p, const char *name, struct err *e)
{
    (void)p;
    return settings_check_name(name, e);
}

static int null_create(struct platform *p, const struct machine_spec *spec, struct machine **ret,
                       struct err *e)
{
    int r = settings_check_name(spec->name, e);
    if (r < 0)
        return r;
    struct machine *m = calloc(1, sizeof *m);
    if (m == NULL)
        return err_set(e, -ENOMEM, "machine %s: out of memory", spec->name);
    m->platform = p;
    arena_init(&m->arena);
    m->name = arena_strdup(&m->arena, spec->name);
    m->words = children_node_words(&p->env, m->name, NULL, &m->arena);
    if (m->words == NULL) {
        arena_finish(&m->arena);
        free(m);
        return err_set(e, -EINVAL, "machine %s: its host cannot be reached", spec->name);
    }
    *ret = m;
    return 0;
}

static int null_start(struct machine *m, struct err *e)
{
    (void)e;
    m->stopped = false;
    return 0;
}

static char *const *null_stream(struct machine *m)
{
    return m->words;
}

static const char *null_address(struct machine *m, const char *network)
{
    (void)network;
    return children_address(&m->platform->env);
}

static const char *null_tester_address(struct platform *p, const char *network)
{
    (void)network;
    return children_tester_address(&p->env);
}

static int null_tune(struct machine *m, const struct machine_spec *spec, struct err *e)
{
    (void)m;
    (void)spec;
    (void)e;
    return 0;
}

static json_t *null_targets(struct machine *m)
{
    (void)m;
    return json_array();
}

static int null_stop(struct machine *m, uint64_t timeout_ns, struct err *e)
{
    char variable[CHILDREN_VAR_MAX];
    if (m->stopped)
        return 0;
    children_variable(variable, m->platform->env.mark, m->name);
    int r = children_stop(m->platform->env.host, variable, timeout_ns, e);
    m->stopped = r == 0;
    return r;
}

static void null_destroy(struct machine *m)
{
    if (m == NULL)
        return;
    null_stop(m, 0, NULL);
    arena_finish(&m->arena);
    free(m);
}

static void null_close(struct platform *p)
{
    free(p);
}

static int null_sweep(const struct host *h, const void *options, bool dry,
                      void (*told)(void *, const char *), void *told_arg, struct err *e)
{
    (void)h;
    (void)options;
    (void)dry;
    (void)told;
    (void)told_arg;
    (void)e;
    return 0; /* there is nothing but processes */
}

const struct platform_ops platform_null = {
    .name = "null",
    .summary = "nodes on this host with no setting applied, for trying a plan",
    .host_files = true,
    .on_loopback = null_on_loopback,
    .supported = null_supported,
    .open = null_open,
    .check = null_check,
    .network = null_network,
    .create = null_create,
    .start = null_start,
    .stream = null_stream,
    .address = null_address,
    .tester_address = null_tester_address,
    .tune = null_tune,
    .targets = null_targets,
    .stop = null_stop,
    .destroy = null_destroy,
    .close = null_close,
    .sweep = null_sweep,
};
