/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * site: makes and removes. Order: platforms, networks, machines, nodes; back in reverse. One
 * thread.
 */
#include "control/run/site.h"

#include <errno.h>
#include <string.h>

#include "base/clock.h"
#include "base/str.h"
#include "control/platform/children.h"
#include "control/run/nics.h"

const struct host *site_host_named(const struct plan *p, const char *name)
{
    for (size_t i = 0; i < p->host_count; i++)
        if (strcmp(p->hosts[i].name, name) == 0)
            return &p->hosts[i];
    return NULL;
}

static struct site_host *take_host(struct site *s, const struct host *h)
{
    for (size_t i = 0; i < s->host_count; i++)
        if (s->hosts[i].host == h)
            return &s->hosts[i];
    s->hosts[s->host_count].host = h;
    return &s->hosts[s->host_count++];
}

static int init_platform(struct site *s, const struct plan_setup *setup, struct err *e)
{
    s->ops = platform_find(setup->platform);
    if (s->ops == NULL)
        return err_set(e, -EINVAL, "setup %s: there is no platform %s", setup->name,
                       setup->platform);
    if (s->ops->options == NULL)
        return 0;
    s->options = arena_alloc(&s->arena, s->ops->options_size);
    opt_defaults(s->ops->options, s->options, s->ops->options_size);
    if (setup->platform_options == NULL)
        return 0;
    int r = opt_from_json(s->ops->options, setup->platform_options, s->options, &s->arena, e);
    return r < 0 ? err_prefix(e, "setup %s: platform %s: ", setup->name, setup->platform) : 0;
}

struct platform_env site_env(const struct site_given *g, const struct host *h)
{
    size_t i = 0;
    while (&g->plan->hosts[i] != h)
        i++;
    struct platform_env env = place_env(g->places[i]);
    env.host = h; /* by the name it has here */
    return env;
}

/* A host whose machines are loaded from another one. */
static void note_tester(struct site *s, const struct site_machine *m)
{
    if (m != NULL && !host_is_same(m->host->host, s->gen_host))
        m->host->env.tester = s->gen_host;
}

int site_init(struct site *s, const struct site_given *g, struct err *e)
{
    const struct plan *p = g->plan;
    *s = (struct site){.stops = g->stops};
    arena_init(&s->arena);
    s->hosts = ARENA_ARRAY(&s->arena, struct site_host, p->host_count + 1);
    s->machines = ARENA_ARRAY(&s->arena, struct site_machine, g->setup->machine_count + 1);
    s->gen_host = g->setup->generator;
    int r = init_platform(s, g->setup, e);
    for (size_t i = 0; i < g->setup->machine_count && r == 0; i++) {
        const struct plan_machine *m = &g->setup->machines[i];
        const struct host *h = site_host_named(p, m->host);
        if (h == NULL)
            return err_set(e, -EINVAL, "machine %s: there is no host %s", m->spec.name, m->host);
        s->machines[s->machine_count++] = (struct site_machine){.plan = m, .host = take_host(s, h)};
    }
    for (size_t i = 0; i < s->host_count; i++)
        s->hosts[i].env = site_env(g, s->hosts[i].host);
    for (size_t i = 0; i < g->setup->load_count; i++)
        note_tester(s, site_find(s, g->setup->loads[i].to));
    return r;
}

int site_open(struct site *s, struct err *e)
{
    int r = 0;
    for (size_t i = 0; i < s->host_count && r >= 0; i++) {
        struct site_host *h = &s->hosts[i];
        r = s->ops->supported != NULL ? s->ops->supported(h->host, s->options, e) : 0;
        if (r >= 0)
            r = s->ops->open(&h->platform, &h->env, s->options, e);
        if (r < 0)
            err_prefix(e, "host %s: ", h->host->name);
    }
    return r < 0 ? r : 0;
}

static bool is_linked(const struct site *s, const struct site_host *h, const char *network)
{
    for (size_t i = 0; i < s->machine_count; i++)
        for (const char *const *l = s->machines[i].plan->spec.links; *l != NULL; l++)
            if (s->machines[i].host == h && strcmp(*l, network) == 0)
                return true;
    return false;
}

static int make_networks(struct site *s, const struct plan *p, struct err *e)
{
    for (size_t i = 0; i < s->host_count; i++) {
        struct site_host *h = &s->hosts[i];
        for (const char *const *n = p->networks; n != NULL && *n != NULL; n++) {
            int r = is_linked(s, h, *n) ? s->ops->network(h->platform, *n, e) : 0;
            if (r < 0)
                return err_prefix(e, "host %s: network %s: ", h->host->name, *n);
        }
    }
    return 0;
}

int site_open_host_node(struct nodelink *n, const struct platform_env *env, const char *word,
                        struct loop *l, struct err *e)
{
    struct arena a;
    arena_init(&a);
    char *const *words = children_node_words(env, word, NULL, &a);
    int r = words != NULL
                ? nodelink_open(n, l, words, e)
                : err_set(e, -EINVAL, "host %s: '%s' is no host", env->host->name, env->host->uri);
    arena_finish(&a);
    return r;
}

static void name_node(struct nodelink *n, const struct site_given *g, const char *what,
                      const char *name)
{
    str_printf(n->name, sizeof n->name, "%s %s", what, name);
    n->notice = g->notice;
    n->arg = g->arg;
}

static int name_error(const struct site_machine *m, int r, struct err *e)
{
    char named[64];
    str_printf(named, sizeof named, "machine %s: ", m->plan->spec.name);
    return e != NULL && !str_starts(e->text, named) ? err_prefix(e, "%s", named) : r;
}

static int start_machine(struct site *s, struct site_machine *m, struct err *e)
{
    int r = s->ops->create(m->host->platform, &m->plan->spec, &m->machine, e);
    if (r >= 0)
        r = s->ops->start(m->machine, e);
    return r < 0 ? name_error(m, r, e) : 0;
}

static int talk_to_machine(struct site *s, struct site_machine *m, const struct site_given *g,
                           struct err *e)
{
    int r = s->ops->ready != NULL ? s->ops->ready(m->machine, e) : 0;
    if (r < 0)
        return name_error(m, r, e);
    if (s->ops->stream(m->machine) == NULL)
        return 0; /* a black box */
    name_node(&m->node, g, "node of machine", m->plan->spec.name);
    r = nodelink_open(&m->node, g->loop, s->ops->stream(m->machine), e);
    return r < 0 ? r : nodelink_sync(&m->node, e);
}

/* Only a bench asks for a clock; the generator's host has a node that can be one. */
static int build_clock_node(struct site *s, const struct site_given *g, struct err *e)
{
    const struct host *h = g->plan->clock_host;
    bool has_bench = false;
    for (size_t i = 0; i < s->machine_count; i++)
        has_bench = has_bench || s->machines[i].plan->bench != NULL;
    if (h == NULL || h == s->gen_host || !has_bench)
        return 0;
    const struct platform_env env = site_env(g, h);
    name_node(&s->clock, g, "clock on host", h->name);
    int r = site_open_host_node(&s->clock, &env, "clock", g->loop, e);
    return r < 0 ? r : nodelink_sync(&s->clock, e);
}

static int build_host_nodes(struct site *s, const struct site_given *g, struct err *e)
{
    int r = 0;
    for (size_t i = 0; i < s->host_count && r >= 0; i++) {
        struct site_host *h = &s->hosts[i];
        name_node(&h->node, g, "node of host", h->host->name);
        r = site_open_host_node(&h->node, &h->env, "probes", g->loop, e);
        if (r >= 0)
            r = nodelink_sync(&h->node, e);
    }
    if (r < 0)
        return r;
    const struct platform_env env = site_env(g, s->gen_host);
    name_node(&s->generator, g, "generator on host", s->gen_host->name);
    r = site_open_host_node(&s->generator, &env, "generator", g->loop, e);
    if (r >= 0)
        r = nodelink_sync(&s->generator, e);
    return r < 0 ? r : build_clock_node(s, g, e);
}

int site_build(struct site *s, const struct site_given *g, struct err *e)
{
    int r = make_networks(s, g->plan, e);
    for (size_t i = 0; i < s->machine_count && r >= 0; i++)
        r = start_machine(s, &s->machines[i], e);
    for (size_t i = 0; i < s->machine_count && r >= 0; i++)
        r = talk_to_machine(s, &s->machines[i], g, e);
    if (r >= 0)
        r = build_host_nodes(s, g, e);
    return r < 0 ? r : nics_apply(s, e);
}

/* Asked anew each time: the second interruption may come while the first is being obeyed. */
static uint64_t patience_ns(const struct site *s)
{
    return s->stops != NULL && atomic_load(s->stops) > 1 ? 0 : 2 * NS_PER_S;
}

void site_remove(struct site *s)
{
    nics_restore(s);
    nodelink_close(&s->clock, patience_ns(s));
    nodelink_close(&s->generator, patience_ns(s));
    for (size_t i = 0; i < s->host_count; i++)
        nodelink_close(&s->hosts[i].node, patience_ns(s));
    for (size_t i = 0; i < s->machine_count; i++)
        nodelink_close(&s->machines[i].node, patience_ns(s));
    for (size_t i = s->machine_count; i-- > 0;) {
        struct site_machine *m = &s->machines[i];
        if (m->machine == NULL)
            continue;
        s->ops->stop(m->machine, patience_ns(s), NULL);
    }
    /* Those that take their time to be gone take it side by side. */
    for (size_t i = s->machine_count; i-- > 0;) {
        if (s->machines[i].machine != NULL)
            s->ops->destroy(s->machines[i].machine);
        s->machines[i].machine = NULL;
    }
    for (size_t i = 0; i < s->host_count; i++) {
        if (s->hosts[i].platform != NULL)
            s->ops->close(s->hosts[i].platform);
        s->hosts[i].platform = NULL;
    }
}

void site_finish(struct site *s)
{
    site_remove(s);
    arena_finish(&s->arena);
}

struct site_machine *site_find(struct site *s, const char *name)
{
    for (size_t i = 0; i < s->machine_count; i++)
        if (strcmp(s->machines[i].plan->spec.name, name) == 0)
            return &s->machines[i];
    return NULL;
}

void site_each_node(struct site *s, void (*each)(void *arg, struct nodelink *n), void *arg)
{
    if (s->generator.peer != NULL)
        each(arg, &s->generator);
    if (s->clock.peer != NULL)
        each(arg, &s->clock);
    for (size_t i = 0; i < s->host_count; i++)
        if (s->hosts[i].node.peer != NULL)
            each(arg, &s->hosts[i].node);
    for (size_t i = 0; i < s->machine_count; i++)
        if (s->machines[i].node.peer != NULL)
            each(arg, &s->machines[i].node);
}

static void note_lost(void *arg, struct nodelink *n)
{
    const struct nodelink **found = arg;
    if (n->lost && *found == NULL)
        *found = n;
}

const struct nodelink *site_find_lost(struct site *s)
{
    const struct nodelink *found = NULL;
    site_each_node(s, note_lost, &found);
    return found;
}

int site_check_alive(struct site *s, struct err *e)
{
    int r = 0;
    for (size_t i = 0; i < s->host_count && r == 0; i++)
        if (s->hosts[i].platform != NULL && s->ops->alive != NULL)
            r = s->ops->alive(s->hosts[i].platform, e);
    return r;
}

void site_say_console(struct site *s, const struct nodelink *n, char *buffer, size_t size)
{
    struct buf words;
    buf_init(&words);
    buffer[0] = '\0';
    for (size_t i = 0; i < s->machine_count; i++)
        if (&s->machines[i].node == n && s->machines[i].machine != NULL &&
            s->ops->console != NULL && s->ops->console(s->machines[i].machine, &words, NULL) == 0)
            str_printf(buffer, size, "; the last words on its console: %s",
                       buf_str(&words) + (words.size > size / 2 ? words.size - size / 2 : 0));
    buf_finish(&words);
}
