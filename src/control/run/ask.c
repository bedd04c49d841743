/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * ask: a host's node is asked, without a run. About a plan's loads here that makes nothing; behind
 * ssh it needs a folder there for as long as it takes. One thread.
 */
#include <string.h>

#include "base/clock.h"
#include "base/str.h"
#include "control/platform/place.h"
#include "control/run/loadcheck.h"
#include "control/run/run.h"
#include "control/run/site.h"
#include "version.h"

struct asked {
    struct host *host;
    struct place_given given;
    const char *method;            /* NULL: none */
    const struct loadcheck *check; /* NULL: nothing of loads */
    json_t *answer;                /* to the method */
};

static int talk(struct asked *a, const struct place *p, struct err *e)
{
    struct nodelink link = {.loop = NULL};
    const struct platform_env env = place_env(p);
    struct loop *loop = NULL;
    str_printf(link.name, sizeof link.name, "host %s", a->host->name);
    int r = loop_create(&loop);
    if (r < 0)
        return err_set(e, r, "no event loop: %s", strerror(-r));
    r = site_open_host_node(&link, &env, "question", loop, e);
    if (r >= 0 && a->method != NULL)
        r = nodelink_call(&link, a->method, NULL, 30 * NS_PER_S, &a->answer, e);
    if (r >= 0 && a->check != NULL)
        r = loadcheck_host(a->check, &link, a->host, e);
    nodelink_close(&link, NS_PER_S);
    loop_destroy(loop);
    return r;
}

static int ask_without_mark(struct asked *a, struct err *e)
{
    const struct mark none = {.text = "000000", .dir = "/nonexistent"}; /* of no run */
    struct place place = {.is_open = false};
    int r = place_open(&place, a->host, &none, &a->given, e);
    if (r >= 0)
        r = talk(a, &place, e);
    place_close(&place, NULL);
    return r;
}

static int ask_with_mark(struct asked *a, struct err *e)
{
    struct place place = {.is_open = false};
    struct mark mark;
    int r = mark_create(&mark, e);
    if (r < 0)
        return r;
    r = place_open(&place, a->host, &mark, &a->given, e);
    if (r >= 0)
        r = talk(a, &place, e);
    const int closed = place_close(&place, r < 0 ? NULL : e);
    if (closed == 0)
        mark_release(&mark);
    return r == 0 ? closed : r;
}

static int ask(struct asked *a, const char *node_path, json_t **ret, struct err *e)
{
    a->given = (struct place_given){.node_path = node_path,
                                    .node_static_path = run_node_static_path(node_path),
                                    .version = VAPERF_VERSION};
    const int r = host_is_local(a->host) ? ask_without_mark(a, e) : ask_with_mark(a, e);
    if (r == 0 && ret != NULL)
        *ret = json_incref(a->answer);
    json_decref(a->answer);
    if (r < 0 && (e == NULL || !str_starts(e->text, "host ")))
        err_prefix(e, "host %s: ", a->host->name);
    return r;
}

int run_ask_node(struct host *h, const char *method, json_t **ret, struct err *e)
{
    struct asked a = {.host = h, .method = method};
    return ask(&a, run_node_path(), ret, e);
}

int run_ask_loads(const struct plan *p, struct host *h, const char *node_path,
                  const struct run_findings *f, json_t **ret_describe, struct err *e)
{
    const struct loadcheck check = {.plan = p, .findings = f};
    struct asked a = {
        .host = h, .method = ret_describe != NULL ? "describe" : NULL, .check = &check};
    if (a.method == NULL && !loadcheck_concerns(&check, h))
        return 0;
    return ask(&a, node_path, ret_describe, e);
}
