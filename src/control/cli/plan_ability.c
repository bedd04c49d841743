/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * plan_ability: platforms, settings, drivers, CPUs. One thread.
 */
#include "control/cli/plan_ability.h"

#include <errno.h>
#include <stdarg.h>
#include <string.h>

#include "base/str.h"
#include "control/run/run.h"

struct teller {
    const struct plan *plan;
    const json_t *describe;
    const char *node_path;
    struct plan_ability *ret;
    json_t *told;      /* the lines so far */
    json_t *described; /* {"gen": what the node of that other host says}; null: it did not */
};

static void add_line(struct teller *t, FILE *out, size_t *count, const char *line)
{
    if (json_object_get(t->told, line) != NULL)
        return;
    json_object_set_new(t->told, line, json_true());
    fprintf(out, "  %s\n", line);
    (*count)++;
}

__attribute__((format(printf, 3, 4))) static void tell(struct teller *t, struct plan_place place,
                                                       const char *format, ...)
{
    char text[ERR_TEXT_MAX], line[ERR_TEXT_MAX + ERR_FILE_MAX + 32];
    struct err e = {0};
    va_list args;
    va_start(args, format);
    vsnprintf(text, sizeof text, format, args);
    va_end(args);
    if (json_object_get(t->told, text) != NULL) /* wherever else it holds too */
        return;
    json_object_set_new(t->told, text, json_true());
    err_set(&e, -ENOTSUP, "%s", text);
    if (place.line > 0)
        err_at(&e, t->plan->path, place.line, place.column);
    err_format(&e, line, sizeof line);
    fprintf(t->ret->cannot, "  %s\n", line);
    t->ret->cannot_count++;
}

/* What a node says of a load: a mistake of the plan's writer, something that cannot be here, or
 * something worth reading. */
static void take_finding(void *arg, const struct err *what)
{
    struct teller *t = arg;
    char line[ERR_TEXT_MAX + ERR_FILE_MAX + 32];
    err_format(what, line, sizeof line);
    if (what->code == 0)
        add_line(t, t->ret->worth, &t->ret->worth_count, line);
    else if (err_exit_code(what) != EXIT_USAGE)
        add_line(t, t->ret->cannot, &t->ret->cannot_count, line);
    else if (t->ret->wrong.code == 0)
        t->ret->wrong = *what;
}

static struct host *find_host(const struct teller *t, const struct host *h)
{
    struct host *all = t->plan->hosts;
    return &all[h - all];
}

/* What the node of a host says of itself; JSON null when it cannot be asked, which is told. */
static const json_t *describe_of(struct teller *t, const struct host *h)
{
    const struct run_findings findings = {take_finding, t};
    struct err e = {0};
    json_t *answer = NULL;
    if (host_is_local(h))
        return t->describe;
    if (json_object_get(t->described, h->name) == NULL) {
        if (run_ask_loads(t->plan, find_host(t, h), t->node_path, &findings, &answer, &e) < 0)
            tell(t, (struct plan_place){0}, "%s", e.text);
        json_object_set_new(t->described, h->name, answer != NULL ? answer : json_null());
    }
    return json_object_get(t->described, h->name);
}

/* As a run's preflight does, of the host it will run on. */
static void check_driver(struct teller *t, const struct host *h, const char *kind,
                         const struct plan_driver *d)
{
    size_t i;
    const json_t *known;
    struct err why = {0};
    json_array_foreach(json_object_get(json_object_get(describe_of(t, h), "drivers"), kind), i,
                       known) if (strcmp(json_str_or(known, "name", ""), d->type) == 0 &&
                                  plan_driver_check(d, known, &why) < 0)
        tell(t, d->place, "%s %s is not possible on host %s: %s", kind, d->type, h->name, why.text);
}

static void check_machine(struct teller *t, const struct host *h, const struct platform_ops *ops,
                          struct platform *p, const struct plan_machine *m)
{
    struct setting_check checks[MACHINE_CHECKS_MAX];
    int n = p != NULL ? ops->check(p, &m->spec, checks, MACHINE_CHECKS_MAX) : 0;
    for (int i = 0; i < n && i < MACHINE_CHECKS_MAX; i++)
        if (checks[i].state == SETTING_UNSUPPORTED)
            tell(t, m->place, "machine %s: %s: platform %s cannot do it: %s", m->spec.name,
                 checks[i].setting, ops->name, checks[i].text);
    if (p == NULL || ops->own_kernel) /* the host's trouble is told, or the guest's node will say */
        return;
    if (m->appliance != NULL)
        check_driver(t, h, "appliance", m->appliance);
    if (m->neighbour != NULL)
        check_driver(t, h, "bench", m->neighbour);
}

/* The machines of a setup that are on one host. */
static void check_host(struct teller *t, const struct plan_setup *s, const struct host *h,
                       const void *options)
{
    const struct platform_ops *ops = platform_find(s->platform);
    struct platform_env env = {.host = h,
                               .mark = "000000", /* of no run: nothing is made */
                               .node_path = t->node_path,
                               .state_dir = "/nonexistent"};
    struct platform *p = NULL;
    struct err e = {0};
    bool used = false;
    for (size_t i = 0; i < s->machine_count; i++) {
        const struct plan_machine *m = &s->machines[i];
        const bool is_here = strcmp(m->host, h->name) == 0;
        used = used || is_here;
        for (size_t k = 0; k < s->load_count; k++)
            if (is_here && strcmp(s->loads[k].to, m->spec.name) == 0 &&
                !host_is_same(h, s->generator))
                env.tester = s->generator;
    }
    if (host_is_local(h)) /* elsewhere a run looks, or brings one */
        env.node_static_path = run_node_static_path(t->node_path);
    if (!used)
        return;
    if ((ops->supported != NULL && ops->supported(h, options, &e) < 0) ||
        ops->open(&p, &env, options, &e) < 0) {
        tell(t, s->place, "platform %s on host %s: %s", s->platform, h->name, e.text);
        p = NULL;
    }
    for (size_t i = 0; i < s->machine_count; i++)
        if (strcmp(s->machines[i].host, h->name) == 0)
            check_machine(t, h, ops, p, &s->machines[i]);
    if (p != NULL)
        ops->close(p);
    if (run_check_memory(s, h, &e) < 0)
        tell(t, s->place, "setup %s: %s", s->name, e.text);
}

static void check_setup(struct teller *t, const struct plan_setup *s)
{
    const struct platform_ops *ops = platform_find(s->platform);
    struct arena arena;
    struct err e = {0};
    void *options = NULL;
    arena_init(&arena);
    int r = 0;
    if (ops->options != NULL) {
        options = arena_alloc(&arena, ops->options_size);
        opt_defaults(ops->options, options, ops->options_size);
        if (s->platform_options != NULL)
            r = opt_from_json(ops->options, s->platform_options, options, &arena, &e);
    }
    if (r < 0)
        tell(t, s->place, "platform %s: %s", s->platform, e.text);
    for (size_t i = 0; i < t->plan->host_count && r >= 0; i++)
        check_host(t, s, &t->plan->hosts[i], options);
    for (size_t i = 0; i < s->load_count; i++) {
        check_driver(t, s->generator, "workload", &s->loads[i].driver);
        if (s->loads[i].called != NULL)
            check_driver(t, s->generator, "appliance", s->loads[i].called);
    }
    arena_finish(&arena);
}

static void check_generator(struct teller *t, const struct host *h)
{
    const char *cpus = json_str_or(t->plan->load_options, "cpus", NULL);
    struct cpu_set wanted, allowed;
    char text[128];
    if (cpus == NULL || !host_is_local(h) || cpu_set_parse(&wanted, cpus, NULL) < 0 ||
        cpu_set_allowed(&allowed) < 0)
        return;
    for (unsigned i = 0; i < CPU_MAX; i++)
        if (cpu_set_has(&wanted, i) && !cpu_set_has(&allowed, i))
            tell(t, (struct plan_place){0}, "generator: there is no CPU %u here; there is %s", i,
                 cpu_set_format(&allowed, text, sizeof text));
}

static bool is_local(const struct plan *p, const char *host)
{
    for (size_t i = 0; i < p->host_count; i++)
        if (strcmp(p->hosts[i].name, host) == 0)
            return host_is_local(&p->hosts[i]);
    return false;
}

/* Who sends and who answers on one CPU: worth a word, since both then measure each other. */
static void check_pins(struct teller *t, const struct plan_setup *s)
{
    const char *cpus = json_str_or(t->plan->load_options, "cpus", NULL);
    struct cpu_set sends;
    char text[128], line[ERR_TEXT_MAX + ERR_FILE_MAX + 32];
    struct err e = {0};
    if (cpus == NULL || s->load_count == 0 || cpu_set_parse(&sends, cpus, NULL) < 0)
        return;
    for (size_t i = 0; i < s->machine_count; i++) {
        const struct plan_machine *m = &s->machines[i];
        struct cpu_set both = {0};
        const bool is_here = strcmp(m->host, s->generator->name) == 0 ||
                             (host_is_local(s->generator) && is_local(t->plan, m->host));
        for (unsigned c = 0; c < CPU_MAX; c++)
            if (m->spec.has_pin && cpu_set_has(&m->spec.pin, c) && cpu_set_has(&sends, c))
                cpu_set_add(&both, c);
        if (!is_here || cpu_set_count(&both) == 0)
            continue;
        err_set(&e, 0,
                "machine %s and the generator are both pinned to CPU %s: what one takes the "
                "other lacks, and delays are of both",
                m->spec.name, cpu_set_format(&both, text, sizeof text));
        err_at(&e, t->plan->path, m->place.line, m->place.column);
        err_format(&e, line, sizeof line);
        add_line(t, t->ret->worth, &t->ret->worth_count, line);
    }
}

/* Loads that come from this host. */
static void check_loads_here(struct teller *t)
{
    const struct run_findings findings = {take_finding, t};
    struct err e = {0};
    for (size_t i = 0; i < t->plan->host_count; i++)
        if (host_is_local(&t->plan->hosts[i]) &&
            run_ask_loads(t->plan, &t->plan->hosts[i], t->node_path, &findings, NULL, &e) < 0)
            tell(t, (struct plan_place){0}, "%s", e.text);
}

void plan_ability_check(struct plan_ability *ret, const struct plan *p, const json_t *describe,
                        const char *node_path)
{
    struct teller t = {.plan = p,
                       .describe = describe,
                       .node_path = node_path,
                       .ret = ret,
                       .told = json_object(),
                       .described = json_object()};
    ret->cannot_count = ret->worth_count = 0;
    ret->wrong = (struct err){0};
    for (size_t i = 0; i < p->setup_count; i++)
        check_setup(&t, &p->setups[i]);
    for (size_t i = 0; i < p->setup_count; i++)
        check_generator(&t, p->setups[i].generator);
    for (size_t i = 0; i < p->setup_count; i++)
        check_pins(&t, &p->setups[i]);
    check_loads_here(&t);
    json_decref(t.told);
    json_decref(t.described);
}
