/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * driver: {type: media, threads: 2} against what a node describes of its drivers. One thread.
 */
#include <errno.h>
#include <string.h>

#include "control/plan/reader.h"

/* Set by the plan for every load, so not by `generator:`. */
static const char *const plans_own[] = {"duration", "warmup", "seed", "bind", "via", "back", NULL};

static const json_t *find_described(const json_t *list, const char *name)
{
    size_t i;
    const json_t *item;
    json_array_foreach(list, i,
                       item) if (strcmp(json_str_or(item, "name", ""), name) == 0) return item;
    return NULL;
}

static const char *const *described_names(struct reader *r, const json_t *list)
{
    const char **names = ARENA_ARRAY(r->arena, const char *, json_array_size(list) + 1);
    size_t i;
    const json_t *item;
    json_array_foreach(list, i, item) names[i] = json_str_or(item, "name", "");
    return names;
}

/* The option table of a driver; NULL when there is no description. */
static int find_table(struct reader *r, const struct yaml *type, const char *kind,
                      const struct opt **ret)
{
    *ret = NULL;
    if (r->describe == NULL)
        return 0;
    const json_t *list = json_object_get(json_object_get(r->describe, "drivers"), kind);
    const json_t *driver = find_described(list, type->text);
    if (driver == NULL)
        return reader_fail_name(r, type, false, kind, described_names(r, list));
    *ret = opt_table_from_json(json_object_get(driver, "options"), r->arena, r->e);
    if (*ret == NULL)
        return err_prefix(r->e, "the node's %s %s: ", kind, type->text);
    return 0;
}

static bool is_default(const json_t *known, const char *option, const char *value)
{
    const json_t *o = find_described(json_object_get(known, "options"), option);
    return strcmp(json_str_or(o, "default", ""), value) == 0;
}

int plan_driver_check(const struct plan_driver *d, const json_t *known, struct err *e)
{
    const char *option;
    json_t *reason;
    if (!json_bool_or(known, "supported", true))
        return err_set(e, -ENOTSUP, "%s", json_str_or(known, "reason", "the node gives no reason"));
    json_object_foreach(json_object_get(known, "lacks"), option, reason)
    {
        const char *value = json_str_or(d->options, option, NULL);
        if (value != NULL && !is_default(known, option, value))
            return err_set(e, -ENOTSUP, "%s", json_string_value(reason));
    }
    return 0;
}

const json_t *driver_metrics(const struct reader *r, const char *workload)
{
    const json_t *list = json_object_get(json_object_get(r->describe, "drivers"), "workload");
    return json_object_get(find_described(list, workload), "metrics");
}

int driver_check_place(struct reader *r, const struct yaml *y)
{
    const struct opt *table;
    int n = driver_load_options(r, &table);
    if (n < 0 || table == NULL || opt_find(table, y->key) == NULL)
        return n;
    return reader_fail_key(r, y,
                           "'%s' is no option of a load, but of what sends all of them: "
                           "generator: {%s: %s}",
                           y->key, y->key, y->kind == YAML_TEXT ? y->text : "...");
}

/* What the load's own table does not have. */
static int check_places(struct reader *r, const struct yaml *load, const struct opt *table,
                        const char *const *others)
{
    int n = 0;
    for (const struct yaml *y = load->first; y != NULL && n >= 0; y = y->next) {
        bool known = table == NULL || opt_find(table, y->key) != NULL;
        for (size_t i = 0; others != NULL && others[i] != NULL; i++)
            known = known || strcmp(others[i], y->key) == 0;
        if (!known)
            n = driver_check_place(r, y);
    }
    return n;
}

int driver_read(struct reader *r, const struct yaml *y, const char *kind, const char *const *others,
                struct plan_driver *ret, const struct opt **ret_table)
{
    const struct yaml *type = yaml_find(y, "type");
    const struct opt *table = NULL;
    json_t *options = NULL;
    if (y->kind != YAML_MAP || type == NULL)
        return reader_fail(r, y, "the %s needs its type: {type: name, option: value}", kind);
    int n = reader_need_text(r, type, "type");
    if (n >= 0)
        n = find_table(r, type, kind, &table);
    if (n >= 0 && strcmp(kind, "workload") == 0)
        n = check_places(r, y, table, others);
    if (n >= 0)
        n = reader_texts_of(r, y, table, others, &options);
    if (n < 0)
        return n;
    *ret =
        (struct plan_driver){.type = type->text, .options = options, .place = reader_place(type)};
    if (ret_table != NULL)
        *ret_table = table;
    return 0;
}

int driver_load_options(struct reader *r, const struct opt **ret)
{
    *ret = NULL;
    if (r->describe == NULL)
        return 0;
    const struct opt *all =
        opt_table_from_json(json_object_get(r->describe, "load_options"), r->arena, r->e);
    if (all == NULL)
        return err_prefix(r->e, "the node's load options: ");
    size_t count = 0, kept = 0;
    while (all[count].name != NULL)
        count++;
    struct opt *table = ARENA_ARRAY(r->arena, struct opt, count + 1);
    for (size_t i = 0; i < count; i++) {
        bool own = false;
        for (size_t k = 0; plans_own[k] != NULL; k++)
            own = own || strcmp(plans_own[k], all[i].name) == 0;
        if (!own)
            table[kept++] = all[i];
    }
    *ret = table;
    return 0;
}
