/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * bridge_set: an array. One thread.
 */
#include "control/platform/bridge_set.h"

#include <errno.h>
#include <string.h>

#include "control/platform/settings.h"

struct bridge *bridge_set_find(struct bridge_set *s, const char *name, struct err *e)
{
    for (unsigned i = 0; i < s->count; i++)
        if (strcmp(s->nets[i].name, name) == 0)
            return &s->nets[i];
    err_set(e, -ENOENT, "network %s was not made", name);
    return NULL;
}

int bridge_set_add(struct bridge_set *s, const struct platform_env *env, const char *name,
                   struct err *e)
{
    int r = settings_check_name(name, e);
    if (r < 0 || bridge_set_find(s, name, NULL) != NULL)
        return r;
    if (s->count == BRIDGE_SET_MAX)
        return err_set(e, -E2BIG, "network %s: more than %d networks", name, BRIDGE_SET_MAX);
    r = bridge_open(&s->nets[s->count], env, name, e);
    if (r == 0)
        s->count++;
    return r;
}

const char *bridge_set_tester(struct bridge_set *s, const char *name)
{
    const struct bridge *n = name != NULL ? bridge_set_find(s, name, NULL) : &s->nets[0];
    return n != NULL && n->name[0] != '\0' ? n->tester : NULL;
}

void bridge_set_finish(struct bridge_set *s)
{
    for (unsigned i = 0; i < s->count; i++)
        bridge_close(&s->nets[i]);
    s->count = 0;
}
