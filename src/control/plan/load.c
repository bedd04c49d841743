/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * load: what traffic goes to which machine of a setup, and its levels. One thread.
 */
#include <string.h>

#include "control/plan/reader.h"

static int find_machine(struct reader *r, const struct yaml *to, const struct plan_setup *setup,
                        struct plan_load *ret)
{
    const char **names = ARENA_ARRAY(r->arena, const char *, setup->machine_count + 1);
    for (size_t i = 0; i < setup->machine_count; i++) {
        const struct plan_machine *m = &setup->machines[i];
        names[i] = m->spec.name;
        if (strcmp(names[i], to->text) != 0)
            continue;
        if (m->appliance == NULL)
            return reader_fail(r, to, "machine %s has no appliance that a load could go to",
                               to->text);
        if (m->spec.links[0] == NULL)
            return reader_fail(r, to, "machine %s has no link that a load could go over", to->text);
        ret->to = m->spec.name;
        ret->network = m->spec.links[0];
        ret->back = m->spec.links[1] != NULL ? m->spec.links[1] : ret->network;
        return 0;
    }
    char where[80];
    snprintf(where, sizeof where, " in setup %s", setup->name);
    return reader_fail_name_in(r, to, false, "machine", where, names);
}

/* The one option that is a list becomes the levels; *rest is the load without it. */
static int take_levels(struct reader *r, const struct yaml *load, struct plan_load *ret,
                       const struct yaml **rest, const struct yaml **ret_list)
{
    *rest = load;
    *ret_list = NULL;
    for (const struct yaml *y = load->first; y != NULL; y = y->next) {
        if (y->kind != YAML_LIST || strcmp(y->key, "called") == 0)
            continue;
        if (*ret_list != NULL)
            return reader_fail_key(r, y,
                                   "one option of a load is a list of levels, and %s is it "
                                   "already",
                                   ret->level_option);
        int n = reader_texts(r, y, y->key, &ret->levels);
        if (n < 0)
            return n;
        *ret_list = y;
        ret->level_option = y->key;
        *rest = yaml_without(load, y->key, r->arena);
    }
    return 0;
}

static int check_levels(struct reader *r, const struct yaml *list, const struct opt *table)
{
    if (list == NULL || table == NULL)
        return 0;
    const struct opt *o = opt_find(table, list->key);
    if (o == NULL) {
        int n = driver_check_place(r, list);
        if (n < 0)
            return n;
        const char *near = opt_nearest(table, list->key);
        return reader_fail_key(r, list, "there is no option '%s'%s%s%s", list->key,
                               near != NULL ? " (did you mean " : "", near != NULL ? near : "",
                               near != NULL ? "?)" : "");
    }
    for (const struct yaml *y = list->first; y != NULL; y = y->next) {
        if (opt_check_text(o, y->text, r->e) < 0)
            return reader_at(r, y);
        for (const struct yaml *b = list->first; b != y; b = b->next)
            if (strcmp(b->text, y->text) == 0)
                return reader_fail(r, y, "level %s stands twice", y->text);
    }
    return 0;
}

/* A load that does not vary has the one level that its driver's table marks: of several the one
 * that is written, else the first. */
static void set_single_level(struct reader *r, const struct yaml *load, const struct opt *table,
                             struct plan_load *ret)
{
    const char **levels = ARENA_ARRAY(r->arena, const char *, 2);
    ret->levels = levels;
    for (const struct opt *o = table; o != NULL && o->name != NULL; o++) {
        if ((o->flags & OPT_LEVEL) == 0)
            continue;
        const struct yaml *written = yaml_find(load, o->name);
        if (written == NULL && ret->level_option != NULL)
            continue;
        ret->level_option = o->name;
        levels[0] = written != NULL ? written->text : o->dflt;
        if (written != NULL)
            return;
    }
}

/* Who is called: {type: sip-uas, ...}, at the generator's side. */
static int read_called(struct reader *r, const struct yaml *load, struct plan_load *ret)
{
    static const char *const ours[] = {"type", NULL};
    const struct yaml *called = yaml_find(load, "called");
    struct plan_driver *driver;
    int n;
    if (called == NULL)
        return 0;
    driver = ARENA_NEW(r->arena, struct plan_driver);
    n = driver_read(r, called, "appliance", ours, driver, NULL);
    if (n >= 0)
        ret->called = driver;
    return n;
}

static int read_load(struct reader *r, const struct yaml *y, const struct plan_setup *setup,
                     struct plan_load *ret)
{
    static const char *const ours[] = {"type", "to", "called", NULL};
    const struct yaml *to = yaml_find(y, "to"), *rest, *list;
    const struct opt *table;
    if (y->kind != YAML_MAP || to == NULL)
        return reader_fail(r, y, "a load needs type and to: {type: rtp, to: media}");
    int n = reader_need_text(r, to, "to");
    if (n >= 0)
        n = take_levels(r, y, ret, &rest, &list);
    if (n >= 0)
        n = driver_read(r, rest, "workload", ours, &ret->driver, &table);
    if (n >= 0)
        n = check_levels(r, list, table);
    if (n >= 0)
        n = read_called(r, y, ret);
    if (n >= 0)
        n = find_machine(r, to, setup, ret);
    if (n >= 0 && list == NULL)
        set_single_level(r, y, table, ret);
    return n;
}

static size_t count_levels(const struct plan_load *load)
{
    size_t n = 0;
    while (load->levels[n] != NULL)
        n++;
    return n;
}

size_t loads_level_count(const struct plan_setup *setup)
{
    size_t most = 1;
    for (size_t i = 0; i < setup->load_count; i++)
        if (count_levels(&setup->loads[i]) > most)
            most = count_levels(&setup->loads[i]);
    return most;
}

static bool has_bench(const struct plan_setup *setup)
{
    for (size_t i = 0; i < setup->machine_count; i++)
        if (setup->machines[i].bench != NULL)
            return true;
    return false;
}

static bool has_neighbour(const struct plan_setup *setup)
{
    for (size_t i = 0; i < setup->machine_count; i++)
        if (setup->machines[i].neighbour != NULL)
            return true;
    return false;
}

/* A setup without a load has a bench that is timed, or, when it says loads: [], a neighbour alone.
 */
int loads_read(struct reader *r, const struct yaml *list, struct plan_setup *setup)
{
    const bool empty = list != NULL && list->kind == YAML_LIST && list->count == 0;
    const bool timed = has_bench(setup);
    if ((list == NULL || empty) && timed)
        return 0;
    const bool alone = empty && has_neighbour(setup);
    if (!alone && (list == NULL || empty || list->kind != YAML_LIST))
        return reader_fail(r, list != NULL ? list : r->root,
                           "loads: is a list of at least one: [{type: rtp, to: media}]; only a "
                           "setup with a bench or a neighbour in one of its machines needs none");
    if (r->plan->duration_ns == 0)
        return reader_fail(r, r->root,
                           "duration: is missing: how long a trial is measured, such "
                           "as duration: 60s");
    if (alone)
        return 0;
    struct plan_load *loads = ARENA_ARRAY(r->arena, struct plan_load, list->count);
    setup->loads = loads;
    for (const struct yaml *y = list->first; y != NULL; y = y->next) {
        int n = read_load(r, y, setup, &loads[setup->load_count++]);
        if (n < 0)
            return n;
    }
    const size_t levels = loads_level_count(setup);
    const struct yaml *y = list->first;
    for (size_t i = 0; y != NULL && i < setup->load_count; i++, y = y->next) {
        size_t own = count_levels(&loads[i]);
        if (own > 1 && own != levels)
            return reader_fail(r, y,
                               "this load has %zu levels and another has %zu: they go in "
                               "step, so each has as many or one",
                               own, levels);
    }
    return 0;
}
