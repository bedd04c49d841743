/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * scenario: loading from beginning to end, and what a driver asks of a loaded one. See scenario.h
 * for the thread rule.
 */
#include "node/scenario/scenario.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/buf.h"
#include "base/clock.h"
#include "node/scenario/call_state.h"
#include "node/scenario/inject.h"
#include "node/scenario/load.h"
#include "node/scenario/shared.h"

void scenario_options_default(struct scenario_options *options)
{
    *options = (struct scenario_options){
        .service = "service",
        .auth_password = "password",
        .call_id_format = "%u-%p@%s",
        .behaviours = SCENARIO_BEHAVIOURS_ALL,
        .base_cseq = 1,
        .t2_ns = 4 * NS_PER_S,
        .max_invite_retrans = 5,
        .max_non_invite_retrans = 9,
        .dynamic_start = 10000,
        .dynamic_max = 12000,
        .dynamic_step = 4,
        .version = "vaperf",
    };
}

static void keep_text(struct scenario *s, const char **text)
{
    *text = *text ? arena_strdup(&s->arena, *text) : NULL;
}

static void keep_options(struct scenario *s, const struct scenario_options *options)
{
    struct scenario_options *o = &s->options;

    *o = *options;
    keep_text(s, &o->service);
    keep_text(s, &o->auth_user);
    keep_text(s, &o->auth_password);
    keep_text(s, &o->auth_uri);
    keep_text(s, &o->call_id_format);
    keep_text(s, &o->tdmmap);
    keep_text(s, &o->version);
    o->keys = o->sets = o->indexes = NULL;
    o->key_count = o->set_count = o->index_count = o->injection_count = 0;
    o->injections = NULL;
    atomic_store(&s->pause_ns, o->pause_ns);
}

static int load_injections(struct loader *l)
{
    const struct scenario_options *o = l->options;

    if (o->injection_count > 0) {
        int code = inject_load(o->injections, o->injection_count, &l->s->inject, l->err);

        code = code < 0 ? code : inject_check_users(l->s->inject, o->users, l->err);
        if (code < 0) {
            return code;
        }
    }
    for (size_t i = 0; i < o->index_count; i++) {
        int file = inject_find(l->s->inject, o->indexes[i].name);
        char *end;
        unsigned long field = strtoul(o->indexes[i].value, &end, 10);
        int code;

        if (file < 0) {
            return err_set(l->err, -EINVAL, "index: no injection file \"%s\" was given",
                           o->indexes[i].name);
        }
        if (end == o->indexes[i].value || *end || field > 10000) {
            return err_set(l->err, -EINVAL, "index of %s: \"%s\" is no number of a field",
                           o->indexes[i].name, o->indexes[i].value);
        }
        code = inject_add_index(l->s->inject, (unsigned)file, (unsigned)field, l->err);
        if (code < 0) {
            return code;
        }
    }
    return 0;
}

static int set_variables(struct loader *l)
{
    struct scenario *s = l->s;

    for (size_t i = 0; i < l->options->set_count; i++) {
        const struct scenario_pair *set = &l->options->sets[i];
        unsigned k;

        for (k = 0; k < s->variable_count && strcmp(s->variables[k].name, set->name) != 0; k++) {
        }
        if (k == s->variable_count || s->variables[k].scope != SCOPE_GLOBAL) {
            return err_set(l->err, -EINVAL,
                           "-set %s: the scenario declares no global variable of that name",
                           set->name);
        }
        struct value v = {.kind = VALUE_TEXT, .text = set->value, .size = strlen(set->value)};

        s->variables[k].uses++;
        if (shared_set(s->shared, 0, s->variables[k].place, &v) < 0) {
            return err_set(l->err, -ENOMEM, "no memory for a variable");
        }
    }
    return 0;
}

static int load_elements(struct loader *l, const struct xml_node *root)
{
    struct scenario *s = l->s;

    for (const struct xml_node *n = root->first; n; n = n->next) {
        int code;

        l->step = &s->steps[s->step_count];
        l->step_index = (int)s->step_count;
        code = load_step(l, n);
        if (code == 0) {
            s->step_count++;
        } else if (code == -ENOENT) {
            code = load_declaration(l, n);
        }
        if (code < 0) {
            return code;
        }
    }
    return s->step_count > 0 ? 0 : load_fail_node(l, root, "a scenario without any command");
}

static int load_root(struct loader *l, const struct xml_node *root)
{
    static const char *const words[] = {"name", NULL};
    struct scenario *s = l->s;
    const char *name;
    int code;

    if (strcmp(root->name, "scenario") != 0) {
        return load_fail_node(l, root, "a SIPp scenario begins with <scenario name=\"\">");
    }
    code = load_check_attrs(l, root, words, NULL);
    name = xml_attr_find(root, "name");
    s->name = name ? name : "";
    for (const struct xml_node *n = root->first; n; n = n->next) {
        l->step_max++;
    }
    s->steps = ARENA_ARRAY(&s->arena, struct step, l->step_max + 1);
    l->nexts = ARENA_ARRAY(&s->arena, const struct xml_attr *, l->step_max + 1);
    l->ontimeouts = ARENA_ARRAY(&s->arena, const struct xml_attr *, l->step_max + 1);
    l->labels = ARENA_ARRAY(&s->arena, struct label, l->step_max + 1);
    code = code < 0 ? code : load_declarations(l, root);
    code = code < 0 ? code : load_injections(l);
    code = code < 0
               ? code
               : shared_create(s->global_variables, l->options->users, s->user_variables,
                               l->options->tdmmap, l->options->dynamic_start, &s->shared, l->err);
    code = code < 0 ? code : set_variables(l);
    code = code < 0 ? code : load_elements(l, root);
    return code < 0 ? code : load_check(l);
}

int scenario_load_text(const char *name, const char *text, size_t size,
                       const struct scenario_options *options, struct scenario **ret,
                       struct err *err)
{
    struct scenario *s = calloc(1, sizeof(*s));
    struct loader l = {.s = s, .options = options, .err = err};
    struct xml_node *root = NULL;
    int code;

    if (!s) {
        return err_set(err, -ENOMEM, "no memory for a scenario");
    }
    arena_init(&s->arena);
    s->file = arena_strdup(&s->arena, name);
    keep_options(s, options);
    code = xml_parse(name, text, size, &s->arena, &root, err);
    code = code < 0 ? code : load_root(&l, root);
    if (code < 0) {
        scenario_destroy(s);
        return code;
    }
    s->call_size = call_state_size(s);
    *ret = s;
    return 0;
}

int scenario_load(const char *path, const struct scenario_options *options, struct scenario **ret,
                  struct err *err)
{
    size_t size;
    const char *builtin = scenario_builtin_text(path, &size);
    struct buf text;
    int code;

    if (builtin) {
        return scenario_load_text(path, builtin, size, options, ret, err);
    }
    buf_init(&text);
    code = buf_load(&text, path);
    if (code < 0) {
        err_set(err, code, "scenario %s: %s", path, strerror(-code));
    } else {
        code = scenario_load_text(path, buf_str(&text), text.size, options, ret, err);
    }
    buf_finish(&text);
    return code;
}

static void free_regexes(struct step *steps, unsigned count)
{
    for (unsigned i = 0; i < count; i++) {
        if (steps[i].regex) {
            regfree(steps[i].regex);
        }
        /* One more than were read: the one that was refused. */
        for (size_t k = 0; steps[i].actions && k <= steps[i].action_count; k++) {
            if (steps[i].actions[k].regex) {
                regfree(steps[i].actions[k].regex);
            }
        }
    }
}

void scenario_destroy(struct scenario *s)
{
    if (!s) {
        return;
    }
    free_regexes(s->steps, s->steps ? s->step_count + 1 : 0);
    free_regexes(s->init, s->init ? s->init_count + 1 : 0);
    inject_destroy(s->inject);
    shared_destroy(s->shared);
    arena_finish(&s->arena);
    free(s);
}
