/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * value: variables of a call, of its user and of all. A number reads as a text and a text as a
 * number, as SIPp's do. Thread rule: the call's.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "node/scenario/call_state.h"
#include "node/scenario/store.h"

static void cell_get(struct call *c, unsigned place, struct value *ret, char *buffer, size_t size)
{
    const struct cell *cell = &call_cells(c)[place];

    *ret = (struct value){.kind = cell->kind, .text = buffer};
    if (cell->kind == VALUE_TEXT) {
        ret->size = call_store_read(c->env->store, cell->u.text, buffer, size);
    } else {
        ret->number = cell->u.number;
    }
}

void value_get(struct call *c, int variable, struct value *ret, char *buffer, size_t size)
{
    const struct variable *v = &c->s->variables[variable];

    if (v->scope == SCOPE_CALL) {
        cell_get(c, v->place, ret, buffer, size);
    } else {
        shared_get(c->s->shared,
                   v->scope == SCOPE_GLOBAL ? 0
                   : c->user                ? c->user
                                            : 1,
                   v->place, ret, buffer, size);
    }
}

/* What test="", condexec="" and the like ask: a bool that is true, or any other value. */
bool value_is_set(struct call *c, int variable)
{
    struct value v;
    char unused[1];

    value_get(c, variable, &v, unused, 0);
    return v.kind == VALUE_BOOL ? v.number != 0 : v.kind == VALUE_NUMBER || v.kind == VALUE_TEXT;
}

double value_get_number(struct call *c, int variable)
{
    struct value v;
    char text[128];

    value_get(c, variable, &v, text, sizeof(text) - 1);
    if (v.kind == VALUE_TEXT) {
        text[v.size] = 0;
        return strtod(text, NULL);
    }
    return v.number;
}

size_t value_get_text(struct call *c, int variable, char *buffer, size_t size)
{
    struct value v;
    int n = 0;

    value_get(c, variable, &v, buffer, size);
    switch (v.kind) {
    case VALUE_TEXT:
        return v.size;
    case VALUE_NUMBER:
        n = snprintf(buffer, size, "%lf", v.number);
        break;
    case VALUE_BOOL:
        n = snprintf(buffer, size, "%s", v.number != 0 ? "true" : "false");
        break;
    case VALUE_NONE:
    case VALUE_NO_MATCH:
        break;
    }
    return n < 0 ? 0 : (size_t)n < size ? (size_t)n : size - 1;
}

void value_set(struct call *c, int variable, const struct value *v)
{
    const struct variable *var = &c->s->variables[variable];
    struct cell *cell;

    if (var->scope != SCOPE_CALL) {
        shared_set(c->s->shared,
                   var->scope == SCOPE_GLOBAL ? 0
                   : c->user                  ? c->user
                                              : 1,
                   var->place, v);
        return;
    }
    cell = &call_cells(c)[var->place];
    if (cell->kind == VALUE_TEXT) {
        call_store_remove(c->env->store, cell->u.text);
    }
    cell->kind = v->kind;
    if (v->kind == VALUE_TEXT) {
        cell->u.text = call_store_add(c->env->store, v->text, v->size);
    } else {
        cell->u.number = v->number;
    }
}

void value_set_number(struct call *c, int variable, double number)
{
    value_set(c, variable, &(struct value){.kind = VALUE_NUMBER, .number = number});
}

void value_set_bool(struct call *c, int variable, bool is_true)
{
    value_set(c, variable, &(struct value){.kind = VALUE_BOOL, .number = is_true});
}

void value_set_text(struct call *c, int variable, const char *text, size_t size)
{
    value_set(c, variable, &(struct value){.kind = VALUE_TEXT, .text = text, .size = size});
}
