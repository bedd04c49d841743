/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * place_list: the places of a run: hosts of the plan that are one and the same share one. One
 * thread.
 */
#include "control/run/run_private.h"

#include "version.h"

int places_open(struct run *r, struct err *e)
{
    const struct plan *p = r->plan;
    const struct place_given g = {.node_path = r->node_path,
                                  .node_static_path = r->node_static_path,
                                  .version = VAPERF_VERSION};
    int result = 0;
    r->place_list = ARENA_ARRAY(&r->arena, struct place, p->host_count + 1);
    r->places = ARENA_ARRAY(&r->arena, struct place *, p->host_count + 1);
    for (size_t i = 0; i < p->host_count && result == 0; i++) {
        for (size_t k = 0; k < i && r->places[i] == NULL; k++)
            if (host_is_same(&p->hosts[k], &p->hosts[i]))
                r->places[i] = r->places[k];
        if (r->places[i] != NULL) {
            p->hosts[i].control = r->places[i]->host->control;
            continue;
        }
        r->places[i] = &r->place_list[i];
        result = place_open(r->places[i], &p->hosts[i], &r->mark, &g, e);
    }
    return result;
}

int places_close(struct run *r)
{
    int result = 0;
    for (size_t i = 0; r->places != NULL && i < r->plan->host_count; i++) {
        struct err e = {0};
        if (place_close(&r->place_list[i], &e) == 0)
            continue;
        result = e.code;
        run_note(r, "%s: what this run has there stays until it answers: vaperf clean", e.text);
    }
    return result;
}
