/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * preflight: what can be known before anything is made: hosts answer and say what they are,
 * drivers and settings are supported, CPUs, memory and disk suffice. One thread.
 */
#include "control/run/run_private.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/statvfs.h>

#include "base/clock.h"
#include "base/str.h"
#include "control/run/loadcheck.h"
#include "control/search/ladder.h"

enum { COLUMNS_GUESS = 400, SAMPLE_BYTES = 24, TRIAL_BYTES = 1 << 20, FILE_BYTES = 8 << 20 };

/* Facts; and from another host what its node can do. */
static int ask_host(struct run *r, size_t host, json_t **ret, struct err *e)
{
    struct nodelink n = {0};
    const struct host *h = &r->plan->hosts[host];
    const struct platform_env env = place_env(r->places[host]);
    str_printf(n.name, sizeof n.name, "node of host %s", h->name);
    json_t *answer = NULL, *describe = NULL;
    int result = site_open_host_node(&n, &env, "facts", r->loop, e);
    if (result == 0)
        result = nodelink_call(&n, "facts", NULL, 30 * NS_PER_S, &answer, e);
    if (result == 0 && !host_is_local(h))
        result = nodelink_call(&n, "describe", NULL, 30 * NS_PER_S, &describe, e);
    nodelink_close(&n, NS_PER_S);
    if (result < 0) {
        json_decref(answer);
        return result;
    }
    if (describe != NULL)
        json_object_set_new(r->described, h->name, describe);
    json_t *facts = json_object_get(answer, "host");
    *ret = json_incref(facts != NULL ? facts : answer);
    json_decref(answer);
    if (!host_is_local(h))
        json_object_set_new(*ret, "node_program",
                            json_string(r->places[host]->is_brought ? "brought there for this run"
                                                                    : env.node_path));
    return 0;
}

static int gather_facts(struct run *r, struct err *e)
{
    json_t *hosts = json_object();
    r->facts = json_pack("{s:o}", "hosts", hosts);
    r->described = json_object();
    for (size_t i = 0; i < r->plan->host_count; i++) {
        json_t *facts = NULL;
        int result = ask_host(r, i, &facts, e);
        if (result < 0)
            return err_prefix(e, "host %s: ", r->plan->hosts[i].name);
        json_object_set_new(hosts, r->plan->hosts[i].name, facts);
    }
    return 0;
}

struct size { /* of a host */
    struct cpu_set online;
    uint64_t memory_bytes; /* available */
};

static int measure_host(const struct host *h, struct size *ret, struct err *e)
{
    struct buf out;
    unsigned long long kib = 0;
    char cpus[512] = "";
    buf_init(&out);
    int r = host_sh(h,
                    "cat /sys/devices/system/cpu/online; "
                    "sed -n 's/^MemAvailable: *\\([0-9]*\\).*/\\1/p' /proc/meminfo",
                    NULL, &out, e);
    if (r >= 0 && sscanf(buf_str(&out), "%511s %llu", cpus, &kib) != 2)
        r = err_set(e, -EIO, "it does not say how many CPUs and how much memory it has");
    if (r >= 0)
        r = cpu_set_parse(&ret->online, cpus, e);
    ret->memory_bytes = (uint64_t)kib * 1024;
    buf_finish(&out);
    return r < 0 ? err_prefix(e, "host %s: ", h->name) : 0;
}

static int fail_at(const struct run *r, struct plan_place place, struct err *e)
{
    return place.line > 0 ? err_at(e, r->plan->path, place.line, place.column) : e->code;
}

/* By the node of the host it will run on. In a guest of its own kernel nobody knows before it has
 * booted: then its own node says. */
static int check_driver(const struct run *r, const struct host *h, const char *kind,
                        const struct plan_driver *d, struct err *e)
{
    const json_t *there = json_object_get(r->described, h->name);
    const json_t *describe = there != NULL ? there : r->describe;
    const json_t *list = json_object_get(json_object_get(describe, "drivers"), kind);
    size_t i;
    json_t *known;
    json_array_foreach(list, i, known)
    {
        if (strcmp(json_str_or(known, "name", ""), d->type) != 0)
            continue;
        if (plan_driver_check(d, known, e) == 0)
            return 0;
        err_prefix(e, "%s %s is not possible on host %s: ", kind, d->type, h->name);
        return fail_at(r, d->place, e);
    }
    err_set(e, -EINVAL, "the node of host %s knows no %s %s", h->name, kind, d->type);
    return fail_at(r, d->place, e);
}

static int check_cpus(const struct host *h, const struct cpu_set *set, const char *what,
                      struct err *e)
{
    struct size size = {0};
    char text[128];
    int r = measure_host(h, &size, e);
    for (unsigned i = 0; r == 0 && i < CPU_MAX; i++)
        if (cpu_set_has(set, i) && !cpu_set_has(&size.online, i))
            return err_set(e, -EINVAL, "%s: there is no CPU %u on host %s, which has %s", what, i,
                           h->name, cpu_set_format(&size.online, text, sizeof text));
    return r;
}

static int check_machine(const struct run *r, const struct site *s, const struct site_machine *m,
                         struct err *e)
{
    const struct machine_spec *spec = &m->plan->spec;
    struct setting_check checks[MACHINE_CHECKS_MAX];
    char what[96];
    str_printf(what, sizeof what, "machine %s: pin", spec->name);
    int result = spec->has_pin ? check_cpus(m->host->host, &spec->pin, what, e) : 0;
    if (result < 0)
        return fail_at(r, m->plan->place, e);
    const int n = s->ops->check(m->host->platform, spec, checks, MACHINE_CHECKS_MAX);
    for (int i = 0; i < n && i < MACHINE_CHECKS_MAX; i++) {
        if (checks[i].state != SETTING_UNSUPPORTED)
            continue;
        err_set(e, -ENOTSUP, "machine %s: %s: platform %s cannot do it: %s", spec->name,
                checks[i].setting, s->ops->name, checks[i].text);
        return fail_at(r, m->plan->place, e);
    }
    if (m->plan->appliance != NULL && !s->ops->own_kernel)
        result = check_driver(r, m->host->host, "appliance", m->plan->appliance, e);
    if (result == 0 && m->plan->neighbour != NULL && !s->ops->own_kernel)
        result = check_driver(r, m->host->host, "bench", m->plan->neighbour, e);
    if (result == 0 && m->plan->bench != NULL && !s->ops->own_kernel)
        result = check_driver(r, m->host->host, "bench", m->plan->bench, e);
    return result < 0 ? err_prefix(e, "machine %s: ", spec->name) : 0;
}

static uint64_t whole_mib(uint64_t bytes)
{
    return bytes & ~UINT64_C(0xfffff);
}

int run_check_memory(const struct plan_setup *s, const struct host *h, struct err *e)
{
    const struct platform_ops *ops = platform_find(s->platform);
    struct size size = {0};
    uint64_t wanted = 0;
    char a[32], b[32];
    for (size_t i = 0; i < s->machine_count; i++) {
        const uint64_t given = s->machines[i].spec.memory_bytes;
        if (strcmp(s->machines[i].host, h->name) == 0)
            wanted += given != 0 || ops == NULL ? given : ops->memory_dflt_bytes;
    }
    int r = wanted > 0 ? measure_host(h, &size, e) : 0;
    if (r < 0 || wanted <= size.memory_bytes)
        return r;
    return err_set(e, -ENOMEM, "its machines want %s of memory, and host %s has %s free",
                   str_format_size(whole_mib(wanted), a, sizeof a), h->name,
                   str_format_size(whole_mib(size.memory_bytes), b, sizeof b));
}

static int check_load(const struct run *r, const struct plan_setup *setup,
                      const struct plan_load *l, struct err *e)
{
    int result = check_driver(r, setup->generator, "workload", &l->driver, e);
    if (result == 0 && l->called != NULL)
        result = check_driver(r, setup->generator, "appliance", l->called, e);
    return result;
}

static int check_setup(struct run *r, const struct plan_setup *setup, struct err *e)
{
    const struct site_given g = run_given(r, setup);
    struct site s;
    int result = site_init(&s, &g, e);
    if (result == 0)
        result = site_open(&s, e);
    for (size_t i = 0; i < s.machine_count && result == 0; i++)
        result = check_machine(r, &s, &s.machines[i], e);
    for (size_t i = 0; i < s.host_count && result == 0; i++)
        result = run_check_memory(setup, s.hosts[i].host, e);
    for (size_t i = 0; i < setup->load_count && result == 0; i++)
        result = check_load(r, setup, &setup->loads[i], e);
    site_finish(&s);
    struct ladder ladder;
    if (result == 0 && r->plan->search != NULL)
        result = hunt_check(r->plan, setup, &r->arena, &ladder, e);
    if (result < 0 && e != NULL && !str_starts(e->text, "setup "))
        err_prefix(e, "setup %s: ", setup->name);
    return result;
}

static int check_generator(const struct run *r, const struct host *h, struct err *e)
{
    struct cpu_set set;
    const char *cpus = json_str_or(r->plan->load_options, "cpus", NULL);
    if (cpus == NULL)
        return 0;
    int result = cpu_set_parse(&set, cpus, e);
    if (result == 0)
        result = check_cpus(h, &set, "generator: cpus", e);
    return result < 0 ? err_at(e, r->plan->path, 0, 0) : 0;
}

/* What the file may grow to: rows of a good many columns, and histograms. */
static uint64_t guess_bytes(const struct run *r)
{
    const struct plan *p = r->plan;
    const uint64_t rows = (p->warmup_ns + p->duration_ns) / run_interval_ns(p) + 4;
    const uint64_t trials = p->trials * (p->case_count > 0 ? p->case_count : 1);
    return FILE_BYTES + trials * (TRIAL_BYTES + rows * COLUMNS_GUESS * SAMPLE_BYTES);
}

static int check_disk(const struct run *r, struct err *e)
{
    char dir[4096], a[32], b[32];
    struct statvfs v;
    const char *slash = strrchr(r->file, '/');
    str_printf(dir, sizeof dir, "%.*s", slash == NULL ? 1 : (int)(slash - r->file + 1),
               slash == NULL ? "." : r->file);
    if (statvfs(dir, &v) < 0) {
        const int cause = errno;
        return err_set(e, -cause, "%s: %s", dir, strerror(cause));
    }
    const uint64_t free_bytes = (uint64_t)v.f_bavail * v.f_frsize, wanted = guess_bytes(r);
    if (free_bytes >= wanted)
        return 0;
    return err_set(e, -ENOSPC, "%s: this study may need %s, and %s are free there", r->file,
                   str_format_size(whole_mib(wanted), a, sizeof a),
                   str_format_size(free_bytes & ~UINT64_C(0xfff), b, sizeof b));
}

/* ---- what loads and their files are like ---- */

struct first { /* finding that ends the run; the others are told */
    struct run *run;
    struct err wrong;
};

static void keep_first(void *arg, const struct err *what)
{
    struct first *f = arg;
    char text[ERR_TEXT_MAX + ERR_FILE_MAX + 32];
    if (what->code == 0)
        run_note(f->run, "%s", err_format(what, text, sizeof text));
    else if (f->wrong.code == 0)
        f->wrong = *what;
}

static bool wants(void *arg, const struct plan_setup *s)
{
    return run_wants(arg, s);
}

static int check_loads_of(struct run *r, const struct loadcheck *c, size_t host, struct err *e)
{
    const struct host *h = &r->plan->hosts[host];
    const struct platform_env env = place_env(r->places[host]);
    struct nodelink n = {0};
    str_printf(n.name, sizeof n.name, "host %s", h->name);
    int result = site_open_host_node(&n, &env, "loads", r->loop, e);
    if (result == 0)
        result = loadcheck_host(c, &n, h, e);
    nodelink_close(&n, NS_PER_S);
    return result;
}

static int check_loads(struct run *r, struct err *e)
{
    struct first first = {.run = r};
    const struct run_findings findings = {keep_first, &first};
    const struct loadcheck c = {r->plan, &findings, wants, r};
    int result = 0;
    for (size_t i = 0; i < r->plan->host_count && result == 0; i++)
        if (loadcheck_concerns(&c, &r->plan->hosts[i]))
            result = check_loads_of(r, &c, i, e);
    if (result < 0 || first.wrong.code == 0)
        return result;
    if (e != NULL)
        *e = first.wrong;
    return first.wrong.code;
}

int preflight(struct run *r, struct err *e)
{
    int result = gather_facts(r, e);
    for (size_t i = 0; i < r->plan->setup_count && result == 0; i++)
        if (run_wants(r, &r->plan->setups[i]))
            result = check_setup(r, &r->plan->setups[i], e);
    for (size_t i = 0; i < r->plan->setup_count && result == 0; i++)
        if (run_wants(r, &r->plan->setups[i]))
            result = check_generator(r, r->plan->setups[i].generator, e);
    if (result == 0)
        result = check_loads(r, e);
    if (result == 0)
        result = check_disk(r, e);
    if (result == 0 && r->job.calibrate == NULL && r->job.calibration_file != NULL)
        calibrate_compare(r);
    return result;
}
