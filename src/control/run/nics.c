/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * nics: see nics.h.
 */
#include "control/run/nics.h"

#include "base/clock.h"
#include "base/str.h"

static const uint64_t call_ns = 5 * NS_PER_S;

static int apply(struct nodelink *n, const char *interface, const struct coalesce *want,
                 json_t **ret_before, struct err *e)
{
    json_t *params = json_pack("{s:s}", "interface", interface), *answer = NULL;
    if (want->has_rx_usecs)
        json_object_set_new(params, "rx_usecs", json_u64(want->rx_usecs));
    if (want->has_rx_frames)
        json_object_set_new(params, "rx_frames", json_u64(want->rx_frames));
    int r = nodelink_call(n, "netdev.coalesce", params, call_ns, &answer, e);
    if (r == 0 && ret_before != NULL)
        *ret_before = json_incref(json_object_get(answer, "before"));
    json_decref(answer);
    return r;
}

static int apply_inside(struct site_machine *m, struct err *e)
{
    const struct machine_spec *spec = &m->plan->spec;
    char interface[16];
    int r = 0;
    if (!spec->coalesce.has_rx_usecs && !spec->coalesce.has_rx_frames)
        return 0;
    for (unsigned i = 0; r == 0 && i < MACHINE_LINKS_MAX && spec->links[i] != NULL; i++) {
        str_printf(interface, sizeof interface, "eth%u", i);
        r = apply(&m->node, interface, &spec->coalesce, NULL, e);
    }
    return r < 0 ? err_prefix(e, "machine %s: ", spec->name) : 0;
}

static int apply_host(struct site_host *h, struct err *e)
{
    const struct host *p = h->host;
    if (!p->coalesce.has_rx_usecs && !p->coalesce.has_rx_frames)
        return 0;
    int r = apply(&h->node, p->interface, &p->coalesce, &h->coalesce_before, e);
    return r < 0 ? err_prefix(e, "host %s: ", p->name) : 0;
}

int nics_apply(struct site *s, struct err *e)
{
    int r = 0;
    for (size_t i = 0; i < s->machine_count && r == 0; i++)
        r = apply_inside(&s->machines[i], e);
    for (size_t i = 0; i < s->host_count && r == 0; i++)
        r = apply_host(&s->hosts[i], e);
    return r;
}

void nics_restore(struct site *s)
{
    for (size_t i = 0; i < s->host_count; i++) {
        struct site_host *h = &s->hosts[i];
        const json_t *before = h->coalesce_before;
        const struct coalesce was = {.has_rx_usecs = json_object_get(before, "rx_usecs") != NULL,
                                     .has_rx_frames = json_object_get(before, "rx_frames") != NULL,
                                     .rx_usecs = json_u64_or(before, "rx_usecs", 0),
                                     .rx_frames = json_u64_or(before, "rx_frames", 0)};
        if (before != NULL && h->node.peer != NULL && !h->node.lost)
            apply(&h->node, h->host->interface, &was, NULL, NULL);
        json_decref(h->coalesce_before);
        h->coalesce_before = NULL;
    }
}
