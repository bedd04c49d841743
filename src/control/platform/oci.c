/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * oci: every machine is a container of an OCI runtime, driven by its command line: own network
 * namespace with a veth pair into a bridge per network, cgroup /vaperf-MARK/NAME, a root filesystem
 * that holds the static node, and a system's /usr and /etc where the plan names one. The node is
 * `exec`ed in it with plain pipes. One thread.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/str.h"
#include "control/platform/cgroup.h"
#include "control/platform/children.h"
#include "control/platform/netns_links.h"
#include "control/platform/oci_bundle.h"
#include "control/platform/oci_runtime.h"
#include "control/platform/oci_sweep.h"

struct oci_options {
    const char *runtime, *root, *scratch, *capabilities;
};

static const struct opt oci_opts[] = {
    {.name = "runtime",
     .type = OPT_STRING,
     .dflt = "runc",
     .help = "the runtime's command: runc, crun, runsc, kata-runtime, or a path",
     .offset = offsetof(struct oci_options, runtime)},
    {.name = "root",
     .type = OPT_STRING,
     .help = "a system whose /usr and /etc containers see, read-only, for products that run in "
             "them: / is this host's; none: they hold nothing but the node",
     .offset = offsetof(struct oci_options, root)},
    {.name = "scratch",
     .type = OPT_STRING,
     .help = "a folder on a disk of the host: in it each container gets an empty one of its own as "
             "/var/tmp, which goes with it; none: a container has memory alone",
     .offset = offsetof(struct oci_options, scratch)},
    {.name = "capabilities",
     .type = OPT_STRING,
     .help = "what a container may besides the usual, for products that need it: "
             "chown,setuid,setgid,sys_admin and so on, of capabilities(7)",
     .offset = offsetof(struct oci_options, capabilities)},
    OPT_END,
};

struct platform {
    struct platform_env env; /* texts lent by the caller until close */
    struct arena arena;
    struct settings_scale scale;
    struct oci_runtime runtime;
    const char *root, *scratch, *more; /* or NULL */
    struct bridge_set nets;
};

struct machine {
    struct platform *platform;
    struct arena arena;
    const char *name, *id, *bundle, *group; /* "media", "vaperf-M-media", path, "vaperf-M/media" */
    struct netns_links links;
    bool has_container, has_bundle, stopped;
    char *const *words;
};

static int oci_supported(const struct host *h, const void *options, struct err *e)
{
    const struct oci_options *o = options;
    return oci_runtime_supported(h, o->runtime, e);
}

static int check_node(const struct platform_env *env, struct err *e)
{
    const char *args[] = {env->node_static_path, NULL};
    if (env->node_static_path == NULL && !host_is_local(env->host))
        return 0; /* a plan is checked, and nothing brought there yet */
    if (env->node_static_path != NULL && host_sh(env->host, "[ -x \"$1\" ]", args, NULL, NULL) == 0)
        return 0;
    return err_set(e, -ENOTSUP,
                   "platform oci: no static node on host %s (%s): containers hold nothing else; "
                   "install vaperf-node-static",
                   env->host->name, env->node_static_path != NULL ? env->node_static_path : "-");
}

/* With merged /usr: what is beside it in its root are links into it. */
static int check_root(const struct platform_env *env, const char *root, struct err *e)
{
    const char *args[] = {root, NULL};
    if (root == NULL ||
        (root[0] == '/' &&
         host_sh(env->host, "[ -d \"$1/usr\" ] && [ -h \"$1/lib\" ]", args, NULL, NULL) == 0))
        return 0;
    return err_set(e, -EINVAL,
                   "platform oci: root: '%s' on host %s is no system with a merged /usr (such as "
                   "/, or what debootstrap makes)",
                   root, env->host->name);
}

static int oci_open(struct platform **ret, const struct platform_env *env, const void *options,
                    struct err *e)
{
    const struct oci_options *o = options;
    int r = check_node(env, e);
    if (r == 0 && o->scratch != NULL && o->scratch[0] != '/')
        r = err_set(e, -EINVAL, "platform oci: scratch: '%s' does not begin with /", o->scratch);
    if (r == 0)
        r = check_root(env, o->root, e);
    if (r == 0 && oci_check_capabilities(o->capabilities, e) < 0)
        r = err_prefix(e, "platform oci: capabilities: ");
    if (r == 0)
        r = bridge_check(env, e);
    if (r < 0)
        return r;
    struct platform *p = calloc(1, sizeof *p);
    if (p == NULL)
        return err_set(e, -ENOMEM, "platform oci: out of memory");
    p->env = *env;
    arena_init(&p->arena);
    p->root = o->root != NULL ? arena_strdup(&p->arena, o->root) : NULL;
    p->more = o->capabilities != NULL ? arena_strdup(&p->arena, o->capabilities) : NULL;
    p->scratch = o->scratch != NULL ? arena_strdup(&p->arena, o->scratch) : NULL;
    p->runtime = (struct oci_runtime){
        .host = env->host,
        .program = arena_strdup(&p->arena, o->runtime),
        .node = env->node_path,
        .root = arena_printf(&p->arena, "%s/oci/.root", env->state_dir),
    };
    r = settings_scale_load(env->host, &p->scale, e);
    if (r < 0) {
        arena_finish(&p->arena);
        free(p);
        return r;
    }
    *ret = p;
    return 0;
}

static int oci_check(struct platform *p, const struct machine_spec *spec, struct setting_check *ret,
                     size_t room)
{
    return settings_check(&p->scale, SETTINGS_BY_CPUSET, spec, ret, room);
}

static int oci_network(struct platform *p, const char *name, struct err *e)
{
    return bridge_set_add(&p->nets, &p->env, name, e);
}

static int make_container(struct machine *m, const struct settings *s, struct err *e)
{
    struct platform *p = m->platform;
    struct oci_bundle b = {
        .dir = m->bundle,
        .mark = p->env.mark,
        .name = m->name,
        .node = p->env.node_static_path,
        .scratch =
            p->scratch != NULL ? arena_printf(&m->arena, "%s/%s.scratch", p->scratch, m->id) : NULL,
        .root = p->root,
        .netns = m->id,
        .layout = p->scale.layout,
        .settings = s,
        .runtime = p->runtime.program,
        .more = p->more,
    };
    int r = oci_bundle_create(p->env.host, &b, e);
    if (r < 0)
        return r;
    m->has_bundle = true;
    m->has_container = true; /* also half of one must be deleted */
    return oci_runtime_create(&p->runtime, m->id, m->bundle, e);
}

static char *const *make_words(struct machine *m)
{
    struct platform *p = m->platform;
    char mark[CHILDREN_VAR_MAX], machine[CHILDREN_VAR_MAX];
    children_variable(mark, p->env.mark, NULL);
    children_variable(machine, p->env.mark, m->name);
    const char *words[] = {"env",
                           mark,
                           machine,
                           p->runtime.program,
                           "--root",
                           p->runtime.root,
                           "exec",
                           m->id,
                           "/vaperf-node",
                           "serve",
                           NULL};
    return host_words(p->env.host, (char *const *)(void *)words, &m->arena);
}

static void oci_destroy(struct machine *m);

static int oci_create(struct platform *p, const struct machine_spec *spec, struct machine **ret,
                      struct err *e)
{
    struct settings s = {0};
    int r = settings_check_name(spec->name, e);
    if (r == 0)
        r = settings_resolve(&p->scale, spec, &s, e);
    if (r < 0)
        return err_prefix(e, "machine %s: ", spec->name);
    struct machine *m = calloc(1, sizeof *m);
    if (m == NULL)
        return err_set(e, -ENOMEM, "machine %s: out of memory", spec->name);
    m->platform = p;
    arena_init(&m->arena);
    m->name = arena_strdup(&m->arena, spec->name);
    m->id = arena_printf(&m->arena, "vaperf-%s-%s", p->env.mark, spec->name);
    m->group = arena_printf(&m->arena, "vaperf-%s/%s", p->env.mark, spec->name);
    m->bundle = arena_printf(&m->arena, "%s/oci/%s", p->env.state_dir, spec->name);
    m->words = make_words(m);
    r = m->words != NULL ? netns_links_open(&m->links, p->env.host, &p->nets, spec, m->id, e)
                         : err_set(e, -EINVAL, "no such host");
    if (r == 0)
        r = make_container(m, &s, e);
    if (r < 0) {
        oci_destroy(m);
        return err_prefix(e, "machine %s: ", spec->name);
    }
    *ret = m;
    return 0;
}

static int oci_start(struct machine *m, struct err *e)
{
    int r = oci_runtime_start(&m->platform->runtime, m->id, e);
    return r < 0 ? err_prefix(e, "machine %s: start: ", m->name) : 0;
}

static char *const *oci_stream(struct machine *m)
{
    return m->words;
}

static const char *oci_address(struct machine *m, const char *network)
{
    return netns_links_address(&m->links, network);
}

static const char *oci_tester_address(struct platform *p, const char *network)
{
    return bridge_set_tester(&p->nets, network);
}

/* The runtime hears of it first (one with a machine of its own must), then the cgroup gets the same
 * exactly: `update` cannot take a cap away in every runtime, and has its own idea of cpu.weight. */
static int oci_tune(struct machine *m, const struct machine_spec *spec, struct err *e)
{
    struct platform *p = m->platform;
    struct settings s = {0};
    int r = settings_resolve(&p->scale, spec, &s, e);
    if (r == 0) {
        json_t *all = oci_resources(&s, p->scale.layout, OCI_RESOURCES_LIVE, &p->scale.cpus);
        r = oci_runtime_update(&p->runtime, m->id, all, e);
        json_decref(all);
    }
    if (r == 0)
        r = cgroup_set(p->env.host, p->scale.layout, m->group, &s, e);
    return r < 0 ? err_prefix(e, "machine %s: tune: ", m->name) : 0;
}

static json_t *oci_targets(struct machine *m)
{
    struct platform *p = m->platform;
    json_t *all = json_array();
    struct buf pids;
    buf_init(&pids);
    json_array_append_new(all, json_pack("{s:s, s:s, s:{s:s+}}", "type", "cgroup", "entity",
                                         m->name, "options", "path", "/", m->group));
    netns_links_add_targets(&m->links, m->name, all);
    if (cgroup_pids(p->env.host, p->scale.layout, m->group, &pids, NULL) == 0 && pids.size > 0)
        json_array_append_new(all, json_pack("{s:s, s:s, s:{s:s}}", "type", "process", "entity",
                                             m->name, "options", "pids", buf_str(&pids)));
    buf_finish(&pids);
    return all;
}

static int oci_stop(struct machine *m, uint64_t timeout_ns, struct err *e)
{
    if (m->stopped)
        return 0;
    int r = oci_runtime_stop(&m->platform->runtime, m->id, m->bundle, timeout_ns, e);
    m->stopped = r == 0;
    return r < 0 ? err_prefix(e, "machine %s: stop: ", m->name) : 0;
}

static void oci_destroy(struct machine *m)
{
    if (m == NULL)
        return;
    struct platform *p = m->platform;
    if (m->has_container) {
        oci_runtime_delete(&p->runtime, m->id, NULL);
        cgroup_remove(p->env.host, m->group, NULL);
    }
    netns_links_close(&m->links);
    if (m->has_bundle)
        oci_bundle_remove(p->env.host, m->bundle, NULL);
    arena_finish(&m->arena);
    free(m);
}

/* The runtime's state goes with the last bundle: another platform of this run may have some. */
static const char close_script[] = "for d in \"$1\"/oci/*; do [ ! -e \"$d\" ] || exit 0; done; "
                                   "rm -rf --one-file-system -- \"$1/oci\"";

static void oci_close(struct platform *p)
{
    if (p == NULL)
        return;
    bridge_set_finish(&p->nets);
    cgroup_remove_empty(p->env.host, arena_printf(&p->arena, "vaperf-%s", p->env.mark));
    const char *args[] = {p->env.state_dir, NULL};
    host_sh(p->env.host, close_script, args, NULL, NULL);
    arena_finish(&p->arena);
    free(p);
}

const struct platform_ops platform_oci = {
    .name = "oci",
    .summary = "containers of an OCI runtime (runc, crun, runsc, kata-runtime)",
    .options = oci_opts,
    .options_size = sizeof(struct oci_options),
    .supported = oci_supported,
    .open = oci_open,
    .check = oci_check,
    .network = oci_network,
    .create = oci_create,
    .start = oci_start,
    .stream = oci_stream,
    .address = oci_address,
    .tester_address = oci_tester_address,
    .tune = oci_tune,
    .targets = oci_targets,
    .stop = oci_stop,
    .destroy = oci_destroy,
    .close = oci_close,
    .sweep = oci_sweep,
};
