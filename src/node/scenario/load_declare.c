/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * load_declare: the elements of a scenario that are no commands: variables, labels, tables,
 * default messages and <init>. One thread.
 */
#include <ctype.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "node/scenario/load.h"

static const char *const names[] = {"send",
                                    "recv",
                                    "pause",
                                    "nop",
                                    "sendCmd",
                                    "recvCmd",
                                    "timewait",
                                    "label",
                                    "init",
                                    "Global",
                                    "User",
                                    "Reference",
                                    "ResponseTimeRepartition",
                                    "CallLengthRepartition",
                                    "DefaultMessage",
                                    NULL};

static int only_attr(struct loader *l, const struct xml_node *n, const char *name,
                     const struct xml_attr **ret)
{
    const char *const words[] = {name, NULL};
    int code = load_check_attrs(l, n, words, NULL);

    if (code < 0) {
        return code;
    }
    if (n->first) {
        return load_fail_node(l, n->first, "does not belong within <%s>", n->name);
    }
    *ret = xml_attr_get(n, name);
    return *ret ? 0 : load_fail_node(l, n, "the attribute %s is missing", name);
}

/* Variables of one scope, or referenced. The use that load_variable counts is none. */
static int declare(struct loader *l, const struct xml_node *n, int scope)
{
    struct scenario *s = l->s;
    struct action list = {0};
    const struct xml_attr *a = NULL;
    int code = only_attr(l, n, "variables", &a);

    code = code < 0 ? code : load_targets(l, n, "variables", &list);
    for (unsigned i = 0; code == 0 && i < list.target_count; i++) {
        struct variable *v = &s->variables[list.targets[i]];

        v->uses--;
        v->line = n->line;
        if (scope < 0) {
            v->is_referenced = true;
        } else if (v->scope != SCOPE_CALL && v->scope != (enum variable_scope)scope) {
            code =
                load_fail_at(l, a, "\"%s\" cannot be both a global and a user's variable", v->name);
        } else {
            v->scope = (enum variable_scope)scope;
        }
    }
    return code;
}

int load_declarations(struct loader *l, const struct xml_node *root)
{
    struct scenario *s = l->s;
    int code = 0;

    for (const struct xml_node *n = root->first; n && code == 0; n = n->next) {
        if (strcmp(n->name, "Global") == 0) {
            code = declare(l, n, SCOPE_GLOBAL);
        } else if (strcmp(n->name, "User") == 0) {
            code = declare(l, n, SCOPE_USER);
        } else if (strcmp(n->name, "Reference") == 0) {
            code = declare(l, n, -1);
        }
    }
    s->call_variables = 0;
    for (unsigned i = 0; i < s->variable_count; i++) {
        struct variable *v = &s->variables[i];

        v->place = v->scope == SCOPE_GLOBAL ? s->global_variables++
                   : v->scope == SCOPE_USER ? s->user_variables++
                                            : s->call_variables++;
    }
    return code;
}

static int read_label(struct loader *l, const struct xml_node *n)
{
    const struct xml_attr *a = NULL;
    int code = only_attr(l, n, "id", &a);

    if (code < 0 || a == NULL) {
        return code;
    }
    for (unsigned i = 0; i < l->label_count; i++) {
        if (strcmp(l->labels[i].name, a->value) == 0) {
            return load_fail_at(l, a, "the label \"%s\" is there twice", a->value);
        }
    }
    l->labels[l->label_count++] = (struct label){a->value, (int)l->s->step_count};
    return 0;
}

static int read_borders(struct loader *l, const struct xml_node *n, unsigned **ret, size_t *ret_n)
{
    const struct xml_attr *a = NULL;
    size_t count = 0;
    int code = only_attr(l, n, "value", &a);

    if (code < 0 || a == NULL) {
        return code;
    }
    *ret = ARENA_ARRAY(&l->s->arena, unsigned, strlen(a->value) + 1);
    for (const char *p = a->value; *p;) {
        char *end;
        unsigned long border;

        p += strspn(p, ", \t\r\n");
        if (!*p) {
            break;
        }
        border = strtoul(p, &end, 10);
        if (end == p || (*end && !strchr(", \t\r\n", *end)) || border > 1000000000 ||
            (count > 0 && border <= (*ret)[count - 1])) {
            return load_fail_at(l, a, "value=\"%s\": rising numbers of ms, as in \"10, 20, 50\"",
                                a->value);
        }
        (*ret)[count++] = (unsigned)border;
        p = end;
    }
    *ret_n = count;
    return 0;
}

static int read_default(struct loader *l, const struct xml_node *n)
{
    static const char *const ids[DEFAULT_COUNT + 1] = {[DEFAULT_BYE] = "bye",
                                                       [DEFAULT_ACK] = "ack",
                                                       [DEFAULT_CANCEL] = "cancel",
                                                       [DEFAULT_OK] = "200",
                                                       [DEFAULT_3PCC_ABORT] = "3pcc_abort"};
    const struct xml_attr *a = NULL;
    size_t blank = strspn(n->text, " \t\r\n");
    int lines = 0, code = only_attr(l, n, "id", &a);

    for (size_t i = 0; i < blank; i++) {
        lines += n->text[i] == '\n';
    }
    for (int i = 0; code == 0 && a != NULL && i < DEFAULT_COUNT; i++) {
        if (strcmp(ids[i], a->value) == 0) {
            if (!n->text[blank]) {
                return load_fail_node(l, n, "the message is missing: write it within CDATA");
            }
            l->step_index = -1;
            return load_template(l, n->text, n->text_size, n->text_line - lines, 1, LOAD_MESSAGE,
                                 &l->s->defaults[i]);
        }
    }
    return code < 0 || a == NULL
               ? code
               : load_fail_at(l, a, "id=\"%s\": bye, ack, cancel, 200 or 3pcc_abort", a->value);
}

static int read_init(struct loader *l, const struct xml_node *n)
{
    struct scenario *s = l->s;
    unsigned count = 0;
    int code = load_check_attrs(l, n, (const char *const[]){NULL}, NULL);

    if (s->init) {
        return load_fail_node(l, n, "a scenario has one <init>");
    }
    for (const struct xml_node *c = n->first; c; c = c->next) {
        count++;
    }
    s->init = ARENA_ARRAY(&s->arena, struct step, count + 1);
    for (const struct xml_node *c = n->first; c && code == 0; c = c->next) {
        if (strcmp(c->name, "label") == 0) {
            continue;
        }
        if (strcmp(c->name, "nop") != 0) {
            return load_fail_node(l, c, "within <init> stand nop and label");
        }
        if (xml_attr_get(c, "next") || xml_attr_get(c, "ontimeout")) {
            return load_fail_node(l, c, "within <init> there is no next and no ontimeout");
        }
        l->step = &s->init[s->init_count];
        l->step_index = -1;
        code = load_step(l, c);
        s->init_count += code == 0;
    }
    return code;
}

int load_declaration(struct loader *l, const struct xml_node *n)
{
    struct scenario *s = l->s;

    if (strcmp(n->name, "label") == 0) {
        return read_label(l, n);
    }
    if (strcmp(n->name, "init") == 0) {
        return read_init(l, n);
    }
    if (strcmp(n->name, "ResponseTimeRepartition") == 0) {
        return read_borders(l, n, &s->response_ms, &s->response_count);
    }
    if (strcmp(n->name, "CallLengthRepartition") == 0) {
        return read_borders(l, n, &s->length_ms, &s->length_count);
    }
    if (strcmp(n->name, "DefaultMessage") == 0) {
        return read_default(l, n);
    }
    if (strcmp(n->name, "Global") == 0 || strcmp(n->name, "User") == 0 ||
        strcmp(n->name, "Reference") == 0) {
        return 0;
    }
    return load_fail_node(l, n, "no such element; the nearest is <%s>",
                          load_nearest(n->name, names));
}
