/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * qemu: every machine is a guest of QEMU, driven by libvirt: a tap in a bridge per network,
 * scheduler parameters and pinning by libvirt's control groups, the node inside behind a
 * virtio-serial port that never touches the network under test. One thread.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/str.h"
#include "control/platform/children.h"
#include "control/platform/qemu_private.h"
#include "control/platform/qemu_scratch.h"

static int qemu_supported(const struct host *h, const void *options, struct err *e)
{
    return qemu_host_supported(h, options, e);
}

static int qemu_open(struct platform **ret, const struct platform_env *env, const void *options,
                     struct err *e)
{
    int r = qemu_options_check(options, e);
    if (r == 0)
        r = bridge_check(env, e);
    if (r < 0)
        return err_prefix(e, "platform qemu: ");
    struct platform *p = calloc(1, sizeof *p);
    if (p == NULL)
        return err_set(e, -ENOMEM, "platform qemu: out of memory");
    p->env = *env;
    p->options = *(const struct qemu_options *)options;
    arena_init(&p->arena);
    r = qemu_options_accel(env->host, &p->options, &p->type, e);
    if (r == 0)
        r = settings_scale_load(env->host, &p->scale, e);
    if (r < 0) {
        arena_finish(&p->arena);
        free(p);
        return err_prefix(e, "platform qemu: ");
    }
    *ret = p;
    return 0;
}

static int qemu_check(struct platform *p, const struct machine_spec *spec,
                      struct setting_check *ret, size_t room)
{
    const enum qemu_cap cap_on = (enum qemu_cap)p->options.cap;
    int n = qemu_settings_check(&p->scale, cap_on, spec, ret, room);
    return n + qemu_options_describe(p->env.host, &p->options, p->type, ret + n, room - (size_t)n);
}

static int qemu_network(struct platform *p, const char *name, struct err *e)
{
    struct bridge *net;
    int r = bridge_set_add(&p->nets, &p->env, name, e);
    if (r < 0 || p->options.tester == NULL)
        return r;
    net = bridge_set_find(&p->nets, name, e);
    return net != NULL ? bridge_add_tester(net, p->options.tester, e) : -ENOENT;
}

/* The record of which libvirt has our guests comes before the first of them. */
static int connect_once(struct platform *p, struct err *e)
{
    static const struct host here = {.name = "local", .uri = "local"};
    const char *record = p->env.record_dir != NULL ? p->env.record_dir : p->env.state_dir;
    const char *args[] = {record, p->options.uri, NULL};
    if (p->virt != NULL && (p->kernel != NULL || p->options.disk != NULL))
        return 0;
    int r =
        host_sh(&here, "mkdir -p \"$1/qemu\"; printf %s \"$2\" >\"$1/qemu/uri\"", args, NULL, e);
    if (r == 0 && p->virt == NULL)
        r = qemu_connect(p->env.host, &p->options, &p->virt, e);
    if (r == 0)
        r = virt_check_type(p->virt, p->type, e);
    return r == 0 ? qemu_find_image(p, e) : r;
}

static int reserve_links(struct machine *m, const struct machine_spec *spec, struct err *e)
{
    int r = 0;
    for (size_t i = 0; r == 0 && i < MACHINE_LINKS_MAX && spec->links[i] != NULL; i++) {
        struct bridge *net = bridge_set_find(&m->platform->nets, spec->links[i], e);
        if (net == NULL)
            return -ENOENT;
        r = bridge_reserve(net, &m->links[i], e);
        if (r == 0)
            m->nets[m->link_count++] = net;
    }
    return r;
}

static const char files_script[] =
    "mkdir -p \"${1%/*}\"; mkdir \"$1\"; [ -n \"$2\" ] || exit 0\n"
    "[ \"$3\" != iso ] || { ln -s \"$(readlink -f \"$2\")\" \"$1/disk.iso\"; exit 0; }\n"
    "o=$(qemu-img create -q -f qcow2 -F \"$3\" -b \"$(readlink -f \"$2\")\" \"$1/disk.qcow2\" "
    "2>&1) || { printf '%s\\n' \"disk $2: $o\" | head -n 1 >&2; exit 1; }";

static int make_files(struct machine *m, struct err *e)
{
    const struct qemu_options *o = &m->platform->options;
    const char *args[] = {m->dir, o->disk != NULL ? o->disk : "",
                          qemu_choice("disk_format", o->disk_format), NULL};
    int r = host_sh(m->platform->env.host, files_script, args, NULL, e);
    m->has_dir = true;
    if (r == 0 && o->scratch_bytes > 0)
        r = qemu_scratch_create(m->platform->env.host, o, m->dir, m->scratch, e);
    return r;
}

static int check_name(struct machine *m, struct err *e)
{
    struct domain *other = NULL;
    int r = domain_find(m->platform->virt, m->id, &other, e);
    if (r < 0)
        return r == -ENOENT ? 0 : qemu_explain(m->platform, r, e);
    domain_free(other);
    return err_set(e, -EEXIST,
                   "libvirt %s has a guest %s already, which is let be: undefine it, or give the "
                   "machine another name",
                   m->platform->options.uri, m->id);
}

static int make_xml(struct machine *m, struct err *e)
{
    struct buf xml;
    buf_init(&xml);
    int r = qemu_xml(m, &xml, e);
    if (r == 0)
        m->xml = arena_strdup(&m->arena, buf_str(&xml));
    buf_finish(&xml);
    return r;
}

/* The bridge to the port carries the run's mark, not the machine's: that is QEMU's alone. */
static char *const *make_words(struct machine *m)
{
    const struct platform_env *env = &m->platform->env;
    char mark[CHILDREN_VAR_MAX];
    children_variable(mark, env->mark, NULL);
    const char *words[] = {"env", mark, env->node_path, "bridge", m->socket, NULL};
    return host_words(env->host, (char *const *)(void *)words, &m->arena);
}

static struct machine *new_machine(struct platform *p, const char *name)
{
    struct machine *m = calloc(1, sizeof *m);
    if (m == NULL)
        return NULL;
    m->platform = p;
    arena_init(&m->arena);
    m->name = arena_strdup(&m->arena, name);
    m->id = arena_printf(&m->arena, "vaperf-%s-%s", p->env.mark, name);
    m->dir = arena_printf(&m->arena, "%s/qemu/%s", p->env.state_dir, name);
    m->console = arena_printf(&m->arena, "%s/console", m->dir);
    m->socket = arena_printf(&m->arena, "%s/agent", m->dir);
    m->scratch = arena_printf(&m->arena, "%s/%s.disk", p->options.scratch_folder, m->id);
    m->words = make_words(m);
    return m;
}

static void qemu_destroy(struct machine *m);

static int qemu_create(struct platform *p, const struct machine_spec *spec, struct machine **ret,
                       struct err *e)
{
    struct qemu_settings s;
    int r = settings_check_name(spec->name, e);
    if (r == 0)
        r = qemu_settings_resolve(&p->scale, (enum qemu_cap)p->options.cap, spec, &s, e);
    if (r == 0)
        r = connect_once(p, e);
    struct machine *m = r == 0 ? new_machine(p, spec->name) : NULL;
    if (r == 0 && m == NULL)
        r = err_set(e, -ENOMEM, "out of memory");
    if (m == NULL) {
        err_prefix(e, "machine %s: ", spec->name);
        return r;
    }
    m->settings = s;
    r = m->words != NULL ? reserve_links(m, spec, e) : err_set(e, -EINVAL, "no such host");
    if (r == 0)
        r = make_files(m, e);
    if (r == 0)
        r = check_name(m, e);
    if (r == 0)
        r = make_xml(m, e);
    if (r < 0) {
        qemu_destroy(m);
        err_prefix(e, "machine %s: ", spec->name);
        return r;
    }
    *ret = m;
    return 0;
}

/* A libvirt that has gone cannot be asked to: then QEMU is a process of this run. */
static int end_guest(struct machine *m, struct err *e)
{
    char variable[CHILDREN_VAR_MAX];
    if (!m->is_started || (m->domain != NULL && domain_destroy(m->domain, NULL) == 0))
        return 0;
    children_variable(variable, m->platform->env.mark, m->name);
    return children_stop(m->platform->env.host, variable, 0, e);
}

static int qemu_start(struct machine *m, struct err *e)
{
    m->is_started = true; /* as far as anybody can know */
    int r = qemu_explain(m->platform, domain_start(m->platform->virt, m->xml, &m->domain, e), e);
    if (r < 0) {
        end_guest(m, NULL);
        err_prefix(e, "machine %s: start: ", m->name);
    }
    return r;
}

static int qemu_ready(struct machine *m, struct err *e)
{
    int r = qemu_wait_ready(m, e);
    if (r < 0) {
        end_guest(m, NULL);
        err_prefix(e, "machine %s: start: ", m->name);
    }
    return r;
}

static int qemu_alive(struct platform *p, struct err *e)
{
    return p->virt == NULL ? 0 : qemu_check_alive(p, e);
}

static char *const *qemu_stream(struct machine *m)
{
    return m->platform->options.agent ? m->words : NULL;
}

static const char *qemu_address(struct machine *m, const char *network)
{
    for (size_t i = 0; i < m->link_count; i++)
        if (network == NULL || strcmp(m->nets[i]->name, network) == 0)
            return m->links[i].address;
    return NULL;
}

static const char *qemu_tester_address(struct platform *p, const char *network)
{
    return bridge_set_tester(&p->nets, network);
}

static int qemu_tune(struct machine *m, const struct machine_spec *spec, struct err *e)
{
    struct platform *p = m->platform;
    struct qemu_settings s;
    struct machine_spec live = *spec; /* what is not said of these stays as it is */
    if (live.vcpus == 0)
        live.vcpus = m->settings.vcpus;
    if (live.memory_bytes == 0)
        live.memory_bytes = m->settings.memory_bytes;
    int r = qemu_settings_resolve(&p->scale, (enum qemu_cap)p->options.cap, &live, &s, e);
    if (r == 0 && (s.vcpus != m->settings.vcpus || s.memory_bytes != m->settings.memory_bytes))
        r = err_set(e, -ENOTSUP, "VCPUs and memory of a guest stay as long as it runs");
    if (r == 0)
        r = qemu_explain(p, qemu_settings_tune(&p->scale, &s, m->domain, e), e);
    if (r < 0)
        err_prefix(e, "machine %s: tune: ", m->name);
    return r;
}

/* At once: what a guest of ours has on its disk is discarded anyway, and its node has been told. */
static int qemu_stop(struct machine *m, uint64_t timeout_ns, struct err *e)
{
    (void)timeout_ns;
    int r = end_guest(m, e);
    if (r < 0)
        err_prefix(e, "machine %s: stop: ", m->name);
    return r;
}

static void qemu_destroy(struct machine *m)
{
    if (m == NULL)
        return;
    const struct host *h = m->platform->env.host;
    const char *args[] = {m->dir, NULL};
    end_guest(m, NULL);
    domain_free(m->domain);
    for (size_t i = 0; i < m->link_count; i++)
        bridge_detach(m->nets[i], &m->links[i]);
    if (m->has_dir && m->platform->options.scratch_bytes > 0)
        qemu_scratch_remove(h, m->dir, NULL);
    if (m->has_dir)
        host_sh(h, "rm -rf --one-file-system -- \"$1\"", args, NULL, NULL);
    arena_finish(&m->arena);
    free(m);
}

/* The folder goes with the last machine: another platform of this run may have some. */
static const char close_script[] = "for d in \"$1\"/qemu/*/; do [ ! -d \"$d\" ] || exit 0; done; "
                                   "rm -rf --one-file-system -- \"$1/qemu\"";

static void qemu_close(struct platform *p)
{
    if (p == NULL)
        return;
    const char *args[] = {p->env.state_dir, NULL};
    bridge_set_finish(&p->nets);
    if (p->virt != NULL) {
        const bool is_left = qemu_is_embedded(&p->options) || !virt_is_alive(p->virt);
        virt_close(p->virt);
        if (is_left)
            qemu_remove_groups(p->env.host, p->env.mark, NULL);
    }
    host_sh(p->env.host, close_script, args, NULL, NULL);
    arena_finish(&p->arena);
    free(p);
}

const struct platform_ops platform_qemu = {
    .name = "qemu",
    .summary = "guests of QEMU, by KVM or emulation, driven by libvirt",
    .own_kernel = true,
    .options = qemu_options_table,
    .options_size = sizeof(struct qemu_options),
    .memory_dflt_bytes = QEMU_MEMORY_DFLT_BYTES,
    .supported = qemu_supported,
    .open = qemu_open,
    .check = qemu_check,
    .network = qemu_network,
    .create = qemu_create,
    .start = qemu_start,
    .ready = qemu_ready,
    .alive = qemu_alive,
    .console = qemu_console,
    .stream = qemu_stream,
    .address = qemu_address,
    .tester_address = qemu_tester_address,
    .tune = qemu_tune,
    .targets = qemu_targets,
    .vmm_columns = qemu_vmm_columns,
    .vmm_missing = qemu_vmm_missing,
    .vmm_sample = qemu_vmm_sample,
    .stop = qemu_stop,
    .destroy = qemu_destroy,
    .close = qemu_close,
    .sweep = qemu_sweep,
};
