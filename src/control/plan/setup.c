/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * setup: setups with `from:` resolved, machines merged, sweeps multiplied out. One thread.
 */
#include <stdlib.h>
#include <string.h>

#include "base/str.h"
#include "control/plan/reader.h"

static const char *const own_keys[] = {
    "from", "platform", "platform_options", "generator", "without", "loads", "sweep", NULL};
enum { OWN_KEYS = sizeof own_keys / sizeof *own_keys };

static bool is_own(const char *key)
{
    for (size_t i = 0; own_keys[i] != NULL; i++)
        if (strcmp(own_keys[i], key) == 0)
            return true;
    return false;
}

/* The group that "cpu", "cpu.2" or "cpu.weight" is about; NULL if none. */
static const struct yaml *find_group(const struct yaml *machines, const char *word)
{
    char group[64];
    str_printf(group, sizeof group, "%.*s", (int)strcspn(word, "."), word);
    return yaml_find(machines, group);
}

static int check_keys(struct reader *r, const struct yaml *setup, const struct yaml *machines)
{
    for (const struct yaml *y = setup->first; y != NULL; y = y->next) {
        if (is_own(y->key))
            continue;
        if (find_group(machines, y->key) == NULL) {
            const char **names =
                ARENA_ARRAY(r->arena, const char *, machines->count + OWN_KEYS + 1);
            size_t n = 0;
            for (const struct yaml *m = machines->first; m != NULL; m = m->next)
                names[n++] = m->key;
            for (size_t i = 0; own_keys[i] != NULL; i++)
                names[n++] = own_keys[i];
            return reader_fail_name(r, y, true, "machine or setting", names);
        }
        int k = reader_need_map(r, y, y->key);
        if (k < 0)
            return k;
    }
    return 0;
}

/* *ret: the setup with what it is from. */
static int resolve_from(struct reader *r, const struct yaml *setups, const struct yaml *setup,
                        int depth, const struct yaml **ret)
{
    int n = reader_need_map(r, setup, setup->key);
    const struct yaml *from = yaml_find(setup, "from"), *before = NULL;
    if (n < 0)
        return n;
    if (from == NULL) {
        *ret = setup;
        return 0;
    }
    n = reader_need_text(r, from, "from");
    if (n < 0)
        return n;
    const struct yaml *base = yaml_find(setups, from->text);
    if (base == NULL)
        return reader_fail_name(r, from, false, "setup", reader_keys(r, setups));
    if (depth > PLAN_FROM_MAX || base == setup)
        return reader_fail(r, from, "setup %s is from itself, or from more than %d others in turn",
                           setup->key, PLAN_FROM_MAX);
    n = resolve_from(r, setups, base, depth + 1, &before);
    if (n >= 0)
        *ret = yaml_merge(before, setup, r->arena);
    return n;
}

static int read_platform(struct reader *r, const struct yaml *setup, struct plan_setup *ret)
{
    const char *names[32] = {NULL};
    for (size_t i = 0; platform_registry[i] != NULL && i < 31; i++)
        names[i] = platform_registry[i]->name;
    const struct yaml *platform = yaml_find(setup, "platform");
    const struct yaml *options = yaml_find(setup, "platform_options");
    if (platform == NULL)
        return reader_fail_key(r, setup,
                               "setup %s: platform: is missing, such as {platform: "
                               "native}",
                               setup->key);
    int n = reader_need_text(r, platform, "platform");
    if (n < 0)
        return n;
    const struct platform_ops *ops = platform_find(platform->text);
    if (ops == NULL)
        return reader_fail_name(r, platform, false, "platform", names);
    ret->platform = ops->name;
    if (options == NULL)
        return 0;
    static const struct opt none[] = {OPT_END};
    json_t *texts = NULL;
    n = reader_need_map(r, options, "platform_options");
    if (n >= 0)
        n = reader_texts_of(r, options, ops->options != NULL ? ops->options : none, NULL, &texts);
    ret->platform_options = texts;
    return n;
}

static int read_generator(struct reader *r, const struct yaml *setup, struct plan_setup *ret)
{
    const struct plan *p = r->plan;
    const struct yaml *y = yaml_find(setup, "generator");
    const char **names = ARENA_ARRAY(r->arena, const char *, p->host_count + 1);
    int n = y != NULL ? reader_need_text(r, y, "generator") : 0;
    if (n < 0)
        return n;
    ret->generator = y == NULL ? &p->hosts[0] : NULL;
    for (size_t i = 0; i < p->host_count; i++) {
        names[i] = p->hosts[i].name;
        if (strcmp(names[i], y != NULL ? y->text : "gen") == 0)
            ret->generator = &p->hosts[i];
    }
    return ret->generator != NULL ? 0 : reader_fail_name(r, y, false, "host", names);
}

static int read_without(struct reader *r, const struct yaml *setup, const struct yaml *machines,
                        const char *const **ret)
{
    static const char *const none[] = {NULL};
    const struct yaml *without = yaml_find(setup, "without");
    *ret = none;
    if (without == NULL || (without->kind == YAML_LIST && without->count == 0))
        return 0;
    int n = reader_texts(r, without, "without", ret);
    const struct yaml *y = without->kind == YAML_LIST ? without->first : without;
    for (size_t i = 0; n >= 0 && (*ret)[i] != NULL; i++, y = y->next)
        if (yaml_find(machines, (*ret)[i]) == NULL)
            n = reader_fail_name(r, y, false, "machine", reader_keys(r, machines));
    return n;
}

static bool is_among(const char *word, const char *const *names)
{
    for (; *names != NULL; names++)
        if (strcmp(*names, word) == 0)
            return true;
    return false;
}

static int read_machines(struct reader *r, const struct yaml *setup, const struct yaml *machines,
                         struct plan_setup *ret)
{
    const char *const *without;
    int n = read_without(r, setup, machines, &without);
    struct plan_machine *all = r->machines;
    memset(all, 0, PLAN_MACHINES_MAX * sizeof *all);
    for (const struct yaml *y = machines->first; y != NULL && n >= 0; y = y->next) {
        if (is_among(y->key, without))
            continue;
        struct yaml *group =
            arena_dup(r->arena, yaml_merge(y, yaml_find(setup, y->key), r->arena), sizeof *group);
        group->key = y->key;
        n = machine_read(r, group, setup, all, &ret->machine_count);
    }
    if (n >= 0 && ret->machine_count == 0)
        n = reader_fail_key(r, setup, "setup %s has no machine", setup->key);
    ret->machines = arena_dup(r->arena, all, ret->machine_count * sizeof *all);
    return n;
}

static int read_setup(struct reader *r, const struct yaml *setup, const char *name)
{
    struct plan_setup *ret = (struct plan_setup *)&r->plan->setups[r->plan->setup_count];
    const struct yaml *machines = yaml_find(r->root, "machines");
    const struct yaml *loads = yaml_find(setup, "loads");
    *ret = (struct plan_setup){.name = name, .place = {setup->key_line, setup->key_column}};
    int n = check_keys(r, setup, machines);
    if (n >= 0)
        n = read_platform(r, setup, ret);
    if (n >= 0)
        n = read_generator(r, setup, ret);
    if (n >= 0)
        n = read_machines(r, setup, machines, ret);
    if (n >= 0)
        n = loads_read(r, loads != NULL ? loads : yaml_find(r->root, "loads"), ret);
    if (n >= 0)
        r->plan->setup_count++;
    return n;
}

/* media.weight, cpu.2.cap, media.appliance.work as {media: {weight: value}}. */
static const struct yaml *wrap_path(struct reader *r, const char *path, const struct yaml *value)
{
    char *words = arena_strdup(r->arena, path);
    char *dot = strchr(words, '.');
    if (dot == NULL)
        return yaml_wrap(words, value, r->arena);
    if (dot[1] >= '0' && dot[1] <= '9' && strchr(dot + 1, '.') != NULL)
        dot = strchr(dot + 1, '.');
    *dot = '\0';
    const struct yaml *inner = value;
    char *rest = dot + 1, *last;
    while ((last = strrchr(rest, '.')) != NULL) {
        inner = yaml_wrap(last + 1, inner, r->arena);
        *last = '\0';
    }
    inner = yaml_wrap(rest, inner, r->arena);
    return yaml_wrap(words, inner, r->arena);
}

static int check_sweep(struct reader *r, const struct yaml *sweep)
{
    const struct yaml *machines = yaml_find(r->root, "machines");
    int n = reader_need_map(r, sweep, "sweep");
    if (n < 0)
        return n;
    for (const struct yaml *y = sweep->first; y != NULL; y = y->next) {
        const char *const *texts;
        const struct yaml *group = find_group(machines, y->key);
        if (group == NULL || strchr(y->key, '.') == NULL)
            return reader_fail_key(r, y,
                                   "'%s' is no setting of a machine: media.weight or "
                                   "media.appliance.work, where media is a machine (there "
                                   "is %s)",
                                   y->key, machines->first->key);
        n = reader_texts(r, y, y->key, &texts);
        if (n < 0)
            return n;
    }
    return 0;
}

/* One setup for every combination of the sweep's values from `dimension` on. */
static int multiply(struct reader *r, const struct yaml *setup, const char *name,
                    const struct yaml *dimension)
{
    if (r->plan->setup_count >= PLAN_CASES_MAX)
        return reader_fail_key(r, setup, "more than %d setups", PLAN_CASES_MAX);
    if (dimension == NULL)
        return read_setup(r, setup, name);
    const bool alone = dimension->kind == YAML_TEXT;
    for (const struct yaml *v = alone ? dimension : dimension->first; v != NULL; v = v->next) {
        const char *full = arena_printf(r->arena, "%s %s=%s", name, dimension->key, v->text);
        const struct yaml *with = yaml_merge(setup, wrap_path(r, dimension->key, v), r->arena);
        int n = multiply(r, with, full, dimension->next);
        if (n < 0)
            return n;
        if (alone)
            break;
    }
    return 0;
}

/* How many setups the sweep makes of one. */
static size_t count_combinations(const struct yaml *sweep)
{
    size_t n = 1;
    for (const struct yaml *y = sweep != NULL ? sweep->first : NULL; y != NULL; y = y->next)
        n *= y->kind == YAML_LIST && n < PLAN_CASES_MAX ? y->count : 1;
    return n;
}

static int read_all(struct reader *r, const struct yaml *setups, const struct yaml **resolved)
{
    const struct yaml *common = yaml_find(r->root, "sweep");
    size_t count = 0, i = 0;
    int n = common != NULL ? check_sweep(r, common) : 0;
    for (const struct yaml *y = setups->first; y != NULL && n >= 0; y = y->next, i++) {
        n = reader_check_name(r, y, "setup");
        if (n >= 0)
            n = resolve_from(r, setups, y, 0, &resolved[i]);
        const struct yaml *own = n >= 0 ? yaml_find(resolved[i], "sweep") : NULL;
        if (own != NULL)
            n = check_sweep(r, own);
        count += count_combinations(own != NULL ? own : common);
    }
    if (n < 0)
        return n;
    if (count > PLAN_CASES_MAX)
        return reader_fail_key(r, setups, "the sweep makes more than %d setups", PLAN_CASES_MAX);
    r->plan->setups = ARENA_ARRAY(r->arena, struct plan_setup, count);
    i = 0;
    for (const struct yaml *y = setups->first; y != NULL && n >= 0; y = y->next, i++) {
        const struct yaml *own = yaml_find(resolved[i], "sweep");
        const struct yaml *sweep = own != NULL ? own : common;
        n = multiply(r, resolved[i], y->key, sweep != NULL ? sweep->first : NULL);
    }
    return n;
}

static int check_machine_names(struct reader *r, const struct yaml *machines)
{
    for (const struct yaml *y = machines->first; y != NULL; y = y->next) {
        int n = reader_check_name(r, y, "machine");
        if (n < 0)
            return n;
        if (is_own(y->key))
            return reader_fail_key(r, y, "a machine cannot be named '%s', a word of setups",
                                   y->key);
    }
    return 0;
}

int setups_read(struct reader *r)
{
    const struct yaml *machines = yaml_find(r->root, "machines");
    const struct yaml *setups = yaml_find(r->root, "setups");
    if (machines == NULL || machines->kind != YAML_MAP || machines->count == 0)
        return reader_fail(r, machines != NULL ? machines : r->root,
                           "machines: is a map of at least one: media: {appliance: {type: media}}");
    if (setups == NULL || setups->kind != YAML_MAP || setups->count == 0)
        return reader_fail(r, setups != NULL ? setups : r->root,
                           "setups: is a map of at least one: N: {platform: native}");
    int n = check_machine_names(r, machines);
    r->machines = ARENA_ARRAY(r->arena, struct plan_machine, PLAN_MACHINES_MAX);
    const struct yaml **resolved = ARENA_ARRAY(r->arena, const struct yaml *, setups->count);
    return n >= 0 ? read_all(r, setups, resolved) : n;
}
