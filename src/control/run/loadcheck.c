/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * loadcheck: one question for each load at each level; the same question once. One thread.
 */
#include "control/run/loadcheck.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "base/str.h"

static const uint64_t answer_ns = 30 * NS_PER_S; /* injection files may be long */

struct talk {
    const struct loadcheck *check;
    struct nodelink *node;
    const struct host *host;
    json_t *asked; /* the questions so far, as texts, and what was told */
};

struct question {
    const char *method, *word; /* "load" in "load sip: ..." */
    const struct plan_driver *driver;
    json_t *params; /* taken */
};

json_t *loadcheck_options(const struct plan_load *l, const char *level)
{
    json_t *o = l->driver.options != NULL ? json_deep_copy(l->driver.options) : json_object();
    if (l->level_option != NULL && level != NULL)
        json_object_set_new(o, l->level_option, json_string(level));
    return o;
}

static void cut(char *at, size_t size)
{
    memmove(at, at + size, strlen(at + size) + 1);
}

/* Of the option under generator: that the text begins with; NULL: of none. */
static const struct plan_option_place *place_of_option(const struct plan *p, const char *text)
{
    const size_t size = strcspn(text, ": ");
    for (const struct plan_option_place *o = p->load_places; o != NULL && o->name != NULL; o++)
        if (strlen(o->name) == size && strncmp(o->name, text, size) == 0)
            return o;
    return NULL;
}

/* The same at several levels is told once. What a node says of "load: " is under generator:. */
static void tell(const struct talk *t, const struct question *q, struct err *what)
{
    static const char ours[] = "load: ";
    if (json_object_get(t->asked, what->text) != NULL)
        return;
    json_object_set_new(t->asked, what->text, json_true());
    struct plan_place place = q->driver->place;
    const size_t name = strlen(t->node->name);
    const bool named =
        strncmp(what->text, t->node->name, name) == 0 && str_starts(what->text + name, ": ");
    char *said = what->text + (named ? name + 2 : 0);
    const bool engine = str_starts(said, ours);
    if (engine) {
        const struct plan_option_place *o = place_of_option(t->check->plan, said + sizeof ours - 1);
        cut(said, sizeof ours - 1);
        place = o != NULL ? o->place : place;
    }
    const size_t type = strlen(q->driver->type); /* a bench says its own name */
    if (strcmp(q->method, "bench.check") == 0 && str_starts(said, q->driver->type) &&
        str_starts(said + type, ": "))
        cut(said, type + 2);
    if (named && host_is_local(t->host))
        cut(what->text, name + 2);
    if (engine)
        err_prefix(what, "generator: ");
    else
        err_prefix(what, "%s %s: ", q->word, q->driver->type);
    err_at(what, t->check->plan->path, place.line, place.column);
    t->check->findings->told(t->check->findings->arg, what);
}

static bool is_new(const struct talk *t, const struct question *q)
{
    char *text = json_dumps(q->params, JSON_COMPACT | JSON_SORT_KEYS);
    json_t *same = text != NULL ? json_object_get(t->asked, text) : NULL;
    if (text != NULL && same == NULL)
        json_object_set_new(t->asked, text, json_true());
    free(text);
    return same == NULL;
}

static int ask(const struct talk *t, const struct question *q, struct err *e)
{
    struct err why = {0};
    if (!is_new(t, q)) {
        json_decref(q->params);
        return 0;
    }
    json_t *answer = NULL, *note;
    size_t i;
    const int r = nodelink_call(t->node, q->method, q->params, answer_ns, &answer, &why);
    json_array_foreach(json_object_get(answer, "notes"), i, note)
    {
        err_set(&why, 0, "%s", json_string_value(note));
        tell(t, q, &why);
    }
    json_decref(answer);
    if (r < 0 && (t->node->lost || r == -ETIMEDOUT || r == -ECANCELED)) {
        if (e != NULL)
            *e = why;
        return r;
    }
    if (r < 0)
        tell(t, q, &why);
    return 0;
}

/* Of an appliance or a bench. */
static int ask_driver(const struct talk *t, const char *method, const char *word,
                      const struct plan_driver *d, struct err *e)
{
    const struct question q = {method, word, d,
                               json_pack("{s:s, s:O*}", "type", d->type, "options", d->options)};
    return ask(t, &q, e);
}

/* What the engine would be told, but for what only a run knows. */
static json_t *engine_options(const struct plan *p)
{
    char text[64];
    json_t *o = p->load_options != NULL ? json_deep_copy(p->load_options) : json_object();
    json_object_set_new(o, "duration",
                        json_string(str_format_duration(p->duration_ns, text, sizeof text)));
    json_object_set_new(o, "warmup",
                        json_string(str_format_duration(p->warmup_ns, text, sizeof text)));
    return o;
}

static const struct plan_machine *find_machine(const struct plan_setup *s, const char *name)
{
    for (size_t i = 0; i < s->machine_count; i++)
        if (strcmp(s->machines[i].spec.name, name) == 0)
            return &s->machines[i];
    return NULL;
}

static bool is_beside(const struct plan *p, const struct plan_setup *s,
                      const struct plan_machine *m)
{
    for (size_t i = 0; i < p->host_count; i++)
        if (strcmp(p->hosts[i].name, m->host) == 0)
            return host_is_same(&p->hosts[i], s->generator);
    return false;
}

/* Do both ends of a load meet on the generator's loopback? */
static bool is_on_loopback(const struct plan *p, const struct plan_setup *s,
                           const struct plan_machine *m)
{
    const struct platform_ops *ops = platform_find(s->platform);
    struct arena a;
    if (ops == NULL || ops->on_loopback == NULL || !is_beside(p, s, m))
        return false;
    arena_init(&a);
    void *options = arena_alloc(&a, ops->options_size + 1);
    if (ops->options != NULL)
        opt_defaults(ops->options, options, ops->options_size);
    const bool on = (ops->options == NULL || s->platform_options == NULL ||
                     opt_from_json(ops->options, s->platform_options, options, &a, NULL) == 0) &&
                    ops->on_loopback(options);
    arena_finish(&a);
    return on;
}

/* Of the machine that a load goes to; JSON null: nothing in it answers. New reference. */
static json_t *who_answers(const struct plan_machine *m, bool loopback)
{
    size_t links = 0;
    if (m == NULL || m->appliance == NULL)
        return json_null();
    while (!loopback && m->spec.links[links] != NULL)
        links++;
    return json_pack("{s:s, s:O*, s:o}", "type", m->appliance->type, "options",
                     m->appliance->options, "links", json_u64(links));
}

static int ask_load(const struct talk *t, const struct plan_setup *s, const struct plan_load *l,
                    struct err *e)
{
    static const char *const unsaid[] = {NULL, NULL};
    const struct plan_machine *m = find_machine(s, l->to);
    const bool loopback = m != NULL && is_on_loopback(t->check->plan, s, m);
    const bool has_levels = l->levels != NULL && l->levels[0] != NULL;
    const char *const *levels = has_levels ? l->levels : unsaid;
    int r = 0;
    size_t i = 0;
    do {
        const struct question q = {"load.check", "load", &l->driver,
                                   json_pack("{s:s, s:o, s:o, s:o, s:b}", "type", l->driver.type,
                                             "options", loadcheck_options(l, levels[i]), "load",
                                             engine_options(t->check->plan), "appliance",
                                             who_answers(m, loopback), "loopback", (int)loopback)};
        r = ask(t, &q, e);
    } while (r == 0 && levels[i] != NULL && levels[++i] != NULL);
    return r == 0 && l->called != NULL ? ask_driver(t, "appliance.check", "called", l->called, e)
                                       : r;
}

static bool sees_files(const struct plan_setup *s, const struct plan_machine *m,
                       const struct host *h)
{
    const struct platform_ops *ops = platform_find(s->platform);
    return ops != NULL && ops->host_files && strcmp(m->host, h->name) == 0;
}

static bool has_driver(const struct plan_machine *m)
{
    return m->appliance != NULL || m->bench != NULL || m->neighbour != NULL;
}

/* What runs in a machine that sees the host's files. */
static int ask_machine(const struct talk *t, const struct plan_machine *m, struct err *e)
{
    int r = 0;
    if (m->appliance != NULL)
        r = ask_driver(t, "appliance.check", "appliance", m->appliance, e);
    if (r == 0 && m->bench != NULL)
        r = ask_driver(t, "bench.check", "bench", m->bench, e);
    if (r == 0 && m->neighbour != NULL)
        r = ask_driver(t, "bench.check", "neighbour", m->neighbour, e);
    return r;
}

static bool is_wanted(const struct loadcheck *c, const struct plan_setup *s)
{
    return c->wants == NULL || c->wants(c->arg, s);
}

bool loadcheck_concerns(const struct loadcheck *c, const struct host *h)
{
    for (size_t i = 0; i < c->plan->setup_count; i++) {
        const struct plan_setup *s = &c->plan->setups[i];
        if (!is_wanted(c, s))
            continue;
        if (s->load_count > 0 && s->generator == h)
            return true;
        for (size_t k = 0; k < s->machine_count; k++)
            if (sees_files(s, &s->machines[k], h) && has_driver(&s->machines[k]))
                return true;
    }
    return false;
}

static int ask_setup(const struct talk *t, const struct plan_setup *s, struct err *e)
{
    int r = 0;
    for (size_t i = 0; i < s->load_count && s->generator == t->host && r == 0; i++)
        r = ask_load(t, s, &s->loads[i], e);
    for (size_t i = 0; i < s->machine_count && r == 0; i++)
        if (sees_files(s, &s->machines[i], t->host))
            r = ask_machine(t, &s->machines[i], e);
    return r;
}

int loadcheck_host(const struct loadcheck *c, struct nodelink *n, const struct host *h,
                   struct err *e)
{
    const struct talk t = {c, n, h, json_object()};
    int r = 0;
    for (size_t i = 0; i < c->plan->setup_count && r == 0; i++)
        if (is_wanted(c, &c->plan->setups[i]))
            r = ask_setup(&t, &c->plan->setups[i], e);
    json_decref(t.asked);
    return r;
}
