/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * native: every machine is a process on the host itself, the way a server runs without any
 * virtualization. Pin and vcpus are CPU affinity; weight, cap and memory need a cgroup, which a
 * machine has only when one of them is set: without, it is an ordinary process of the host. All
 * share the host's loopback, or (network: own) each has interfaces of its own, in a network
 * namespace, and nothing else apart. One thread.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/str.h"
#include "control/platform/cgroup.h"
#include "control/platform/children.h"
#include "control/platform/netns_links.h"
#include "control/platform/settings.h"

enum { NETWORK_SHARED, NETWORK_OWN };

struct native_options {
    int network;
};

static const char *const networks[] = {"shared", "own", NULL};
static const struct opt native_opts[] = {
    {"network", OPT_CHOICE, "shared",
     "shared: all on the loopback; own: each machine has interfaces of its own, on the plan's "
     "networks",
     0, 0, networks, offsetof(struct native_options, network), 0},
    OPT_END,
};

struct platform {
    struct platform_env env; /* texts lent by the caller until close */
    struct settings_scale scale;
    bool has_nets;
    struct bridge_set nets;
};

struct machine {
    struct platform *platform;
    struct arena arena;
    const char *name, *group; /* "vaperf-a1b2c3-media", also of its network namespace */
    struct netns_links links;
    bool has_group, stopped;
    char *const *words;
};

static bool has_own_network(const void *options)
{
    return options != NULL && ((const struct native_options *)options)->network == NETWORK_OWN;
}

static bool shares_network(const void *options)
{
    return !has_own_network(options);
}

static int native_supported(const struct host *h, const void *options, struct err *e)
{
    int r = host_check_uri(h->uri, e);
    if (r < 0)
        return r;
    if (!host_has_program(h, "taskset"))
        return err_set(e, -ENOTSUP, "platform native needs taskset on host %s: install util-linux",
                       h->name);
    if (has_own_network(options) && !host_has_program(h, "ip"))
        return err_set(e, -ENOTSUP, "network: own needs ip on host %s: install iproute2", h->name);
    return 0;
}

static int native_open(struct platform **ret, const struct platform_env *env, const void *options,
                       struct err *e)
{
    const bool own = has_own_network(options);
    int r = own ? bridge_check(env, e) : children_check_addresses(env, e);
    if (r < 0)
        return err_prefix(e, "platform native: ");
    struct platform *p = calloc(1, sizeof *p);
    if (p == NULL)
        return err_set(e, -ENOMEM, "platform native: out of memory");
    p->env = *env;
    p->has_nets = own;
    r = settings_scale_load(env->host, &p->scale, e);
    if (r == 0 && own && !p->scale.is_root)
        r = err_set(e, -EPERM, "platform native: network: own needs root");
    if (r < 0) {
        free(p);
        return r;
    }
    *ret = p;
    return 0;
}

static int native_check(struct platform *p, const struct machine_spec *spec,
                        struct setting_check *ret, size_t room)
{
    return settings_check(&p->scale, SETTINGS_BY_AFFINITY, spec, ret, room);
}

static int native_network(struct platform *p, const char *name, struct err *e)
{
    int r = settings_check_name(name, e);
    return r == 0 && p->has_nets ? bridge_set_add(&p->nets, &p->env, name, e) : r;
}

/* Moves itself into the cgroup ($1: files, colon-separated), then becomes the node. */
static char join_script[] =
    "IFS=:; for f in $1; do [ ! -e $f ] || echo $$ >$f; done; shift; exec \"$@\"";

static char *const *make_words(struct machine *m, const struct settings *s)
{
    char text[4096];
    char *in_front[16];
    size_t n = 0;
    if (m->links.netns != NULL) {
        in_front[n++] = arena_strdup(&m->arena, "ip");
        in_front[n++] = arena_strdup(&m->arena, "netns");
        in_front[n++] = arena_strdup(&m->arena, "exec");
        in_front[n++] = arena_strdup(&m->arena, m->links.netns);
    }
    if (m->has_group) {
        in_front[n++] = arena_strdup(&m->arena, "sh");
        in_front[n++] = arena_strdup(&m->arena, "-ec");
        in_front[n++] = join_script;
        in_front[n++] = arena_strdup(&m->arena, "vaperf");
        in_front[n++] = arena_strdup(
            &m->arena, cgroup_procs_files(m->platform->scale.layout, m->group, text, sizeof text));
    }
    if (s->has_cpus) {
        in_front[n++] = arena_strdup(&m->arena, "taskset");
        in_front[n++] = arena_strdup(&m->arena, "-c");
        in_front[n++] = arena_strdup(&m->arena, cpu_set_format(&s->cpus, text, sizeof text));
    }
    in_front[n] = NULL;
    return children_node_words(&m->platform->env, m->name, in_front, &m->arena);
}

static void native_destroy(struct machine *m);

static int native_create(struct platform *p, const struct machine_spec *spec, struct machine **ret,
                         struct err *e)
{
    struct settings s = {0};
    int r = settings_check_name(spec->name, e);
    if (r == 0)
        r = settings_resolve(&p->scale, spec, &s, e);
    if (r < 0)
        return r;
    struct machine *m = calloc(1, sizeof *m);
    if (m == NULL)
        return err_set(e, -ENOMEM, "machine %s: out of memory", spec->name);
    m->platform = p;
    arena_init(&m->arena);
    m->name = arena_strdup(&m->arena, spec->name);
    m->group = arena_printf(&m->arena, "vaperf-%s-%s", p->env.mark, spec->name);
    if (settings_need_cgroup(spec)) {
        r = cgroup_create(p->env.host, p->scale.layout, m->group, &s, e);
        m->has_group = r == 0;
    }
    if (r == 0 && p->has_nets)
        r = netns_links_open(&m->links, p->env.host, &p->nets, spec, m->group, e);
    m->words = r == 0 ? make_words(m, &s) : NULL;
    if (r == 0 && m->words == NULL)
        r = err_set(e, -EINVAL, "its host cannot be reached");
    if (r < 0) {
        native_destroy(m);
        return err_prefix(e, "machine %s: ", spec->name);
    }
    *ret = m;
    return 0;
}

static int native_start(struct machine *m, struct err *e)
{
    (void)e; /* the process is who runs the stream */
    m->stopped = false;
    return 0;
}

static char *const *native_stream(struct machine *m)
{
    return m->words;
}

static const char *native_address(struct machine *m, const char *network)
{
    return m->platform->has_nets ? netns_links_address(&m->links, network)
                                 : children_address(&m->platform->env);
}

static const char *native_tester_address(struct platform *p, const char *network)
{
    return p->has_nets ? bridge_set_tester(&p->nets, network) : children_tester_address(&p->env);
}

static int find_pids(struct machine *m, struct buf *ret, struct err *e)
{
    char variable[CHILDREN_VAR_MAX];
    children_variable(variable, m->platform->env.mark, m->name);
    return children_find(m->platform->env.host, variable, ret, e);
}

static const char affinity_script[] =
    "for p in $(echo \"$2\" | tr ',' ' '); do taskset -acp \"$1\" \"$p\" >/dev/null; done";

/* All threads of what runs; and what is started later, by new words. */
static int tune_cpus(struct machine *m, const struct settings *s, const char *pids, struct err *e)
{
    char cpus[4096];
    const struct cpu_set *set = s->has_cpus ? &s->cpus : &m->platform->scale.cpus;
    const char *args[] = {cpu_set_format(set, cpus, sizeof cpus), pids, NULL};
    return host_sh(m->platform->env.host, affinity_script, args, NULL, e);
}

static int tune_group(struct machine *m, const struct machine_spec *spec, const struct settings *s,
                      const char *pids, struct err *e)
{
    const struct host *h = m->platform->env.host;
    enum cgroup_layout layout = m->platform->scale.layout;
    if (m->has_group)
        return cgroup_set(h, layout, m->group, s, e);
    if (!settings_need_cgroup(spec))
        return 0;
    int r = cgroup_create(h, layout, m->group, s, e);
    m->has_group = r == 0;
    return r < 0 ? r : cgroup_add_pids(h, layout, m->group, pids, e);
}

static int native_tune(struct machine *m, const struct machine_spec *spec, struct err *e)
{
    struct settings s = {0};
    struct buf pids;
    int r = settings_resolve(&m->platform->scale, spec, &s, e);
    if (r < 0)
        return err_prefix(e, "machine %s: ", m->name);
    buf_init(&pids);
    r = find_pids(m, &pids, e);
    if (r == 0)
        r = tune_cpus(m, &s, buf_str(&pids), e);
    if (r == 0)
        r = tune_group(m, spec, &s, buf_str(&pids), e);
    buf_finish(&pids);
    if (r < 0)
        return err_prefix(e, "machine %s: ", m->name);
    m->words = make_words(m, &s);
    return 0;
}

static json_t *native_targets(struct machine *m)
{
    json_t *all = json_array();
    struct buf pids;
    buf_init(&pids);
    if (find_pids(m, &pids, NULL) == 0 && pids.size > 0)
        json_array_append_new(all, json_pack("{s:s, s:s, s:{s:s}}", "type", "process", "entity",
                                             m->name, "options", "pids", buf_str(&pids)));
    if (m->has_group)
        json_array_append_new(all, json_pack("{s:s, s:s, s:{s:s+}}", "type", "cgroup", "entity",
                                             m->name, "options", "path", "/", m->group));
    netns_links_add_targets(&m->links, m->name, all);
    buf_finish(&pids);
    return all;
}

static int native_stop(struct machine *m, uint64_t timeout_ns, struct err *e)
{
    char variable[CHILDREN_VAR_MAX];
    if (m->stopped)
        return 0;
    children_variable(variable, m->platform->env.mark, m->name);
    int r = children_stop(m->platform->env.host, variable, timeout_ns, e);
    m->stopped = r == 0;
    return r < 0 ? err_prefix(e, "machine %s: ", m->name) : 0;
}

static void native_destroy(struct machine *m)
{
    if (m == NULL)
        return;
    native_stop(m, 0, NULL);
    if (m->has_group)
        cgroup_remove(m->platform->env.host, m->group, NULL);
    netns_links_close(&m->links);
    arena_finish(&m->arena);
    free(m);
}

static void native_close(struct platform *p)
{
    if (p != NULL)
        bridge_set_finish(&p->nets);
    free(p);
}

static int sweep_groups(const struct host *h, const struct mark *m, bool dry,
                        void (*told)(void *, const char *), void *told_arg, struct err *e)
{
    struct buf names;
    int n = 0, r = 0;
    buf_init(&names);
    r = cgroup_list(h, m->text, &names, e);
    char *rest = NULL, *list = r == 0 ? buf_take(&names) : NULL;
    for (char *name = list != NULL ? strtok_r(list, "\n", &rest) : NULL; name != NULL && r == 0;
         name = strtok_r(NULL, "\n", &rest)) {
        char text[128];
        if (strchr(name + strlen("vaperf-"), '-') == NULL)
            continue; /* vaperf-MARK is a container platform's */
        str_printf(text, sizeof text, "cgroup %s", name);
        told(told_arg, text);
        n++;
        if (!dry)
            r = cgroup_remove(h, name, e);
    }
    free(list);
    buf_finish(&names);
    return r < 0 ? r : n;
}

static int native_sweep(const struct host *h, const void *options, bool dry,
                        void (*told)(void *, const char *), void *told_arg, struct err *e)
{
    struct mark dead[MARK_LIST_MAX];
    (void)options;
    int all = 0, marks = mark_list_dead(dead, e);
    for (int i = 0; i < marks; i++) {
        int n = sweep_groups(h, &dead[i], dry, told, told_arg, e);
        if (n < 0)
            return n;
        all += n;
    }
    return marks < 0 ? marks : all;
}

const struct platform_ops platform_native = {
    .name = "native",
    .summary = "processes on the host itself, without virtualization",
    .host_files = true,
    .on_loopback = shares_network,
    .options = native_opts,
    .options_size = sizeof(struct native_options),
    .supported = native_supported,
    .open = native_open,
    .check = native_check,
    .network = native_network,
    .create = native_create,
    .start = native_start,
    .stream = native_stream,
    .address = native_address,
    .tester_address = native_tester_address,
    .tune = native_tune,
    .targets = native_targets,
    .stop = native_stop,
    .destroy = native_destroy,
    .close = native_close,
    .sweep = native_sweep,
};
