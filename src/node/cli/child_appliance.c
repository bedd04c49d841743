/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * child_appliance: a node of its own, asked over its pipes as a controller would. The main
 * thread's.
 */
#include "node/cli/child_appliance.h"

#include <errno.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/auxv.h>
#include <unistd.h>

#include "base/arena.h"
#include "base/clock.h"
#include "base/proc.h"
#include "base/opt.h"
#include "io/addr.h"
#include "node/serve/drivers.h"
#include "node/serve/pairing.h"
#include "node/serve/params.h"
#include "rpc/rpc.h"

/* Opening may calibrate its work first. */
#define ANSWER_NS (30 * NS_PER_S)

struct child_appliance {
    struct proc proc;
    struct loop *loop;
    struct rpc_peer *peer;
};

/* Both ends speak one protocol: where the appliance has such an option, it is the load's. */
static int settle_protocol(json_t *options, const char *type, const char *protocol, struct err *e)
{
    const char *said = json_str_or(options, "protocol", NULL);
    struct driver d;
    if (protocol == NULL || drivers_find(DRIVER_APPLIANCE, type, &d, NULL) < 0 ||
        opt_find(d.options, "protocol") == NULL)
        return 0;
    if (said != NULL && strcmp(said, protocol) != 0)
        return err_set(e, -EINVAL, "appliance: protocol=%s, but the load has --protocol %s", said,
                       protocol);
    json_object_set_new(options, "protocol", json_string(protocol));
    return 0;
}

/* "media,work=20us" to the params of appliance.open. NULL with e. */
static json_t *params_of(const char *spec, const char *address, const char *protocol, struct err *e)
{
    struct arena a;
    arena_init(&a);
    char *rest = arena_strdup(&a, spec), *type = strsep(&rest, ",");
    json_t *options = json_object(), *params = NULL;
    for (char *word; (word = strsep(&rest, ",")) != NULL;) {
        char *value = strchr(word, '=');
        if (value == NULL) {
            err_set(e, -EINVAL, "appliance: '%s' is no NAME=VALUE (such as media,work=20us)", word);
            goto out;
        }
        *value = '\0';
        json_object_set_new(options, word, json_string(value + 1));
    }
    if (settle_protocol(options, type, protocol, e) < 0)
        goto out;
    params = json_pack("{s:s, s:s, s:O, s:s}", "id", "appliance", "type", type, "options", options,
                       "address", address);
    if (params == NULL)
        err_set(e, -EINVAL, "appliance: '%s' is no text in UTF-8", spec);
out:
    json_decref(options);
    arena_finish(&a);
    return params;
}

static int start(struct child_appliance *a, const json_t *params, struct err *e)
{
    char self[] = "/proc/self/exe", serve[] = "serve";
    char *const argv[] = {access(self, X_OK) == 0 ? self : (char *)getauxval(AT_EXECFN), serve,
                          NULL}; /* the second without /proc, in a bare root */
    const struct rpc_side side = {.name = "appliance"};
    int r = proc_start(&a->proc, argv, PROC_DIE_WITH_PARENT, e);
    if (r < 0)
        return r;
    if ((r = loop_create(&a->loop)) < 0)
        return err_set(e, r, "event loop: %s", strerror(-r));
    r = rpc_open(&a->peer, a->loop, a->proc.out_fd, a->proc.in_fd, &side, e);
    return r < 0 ? r : rpc_call(a->peer, "appliance.open", params, ANSWER_NS, NULL, e);
}

int child_appliance_check(const char *spec, const struct workload_shape *shape, struct err *e)
{
    json_t *params = params_of(spec, "", NULL, e);
    if (params == NULL)
        return -EINVAL;
    int r = pairing_check(shape, params, e);
    json_decref(params);
    return r;
}

int child_appliance_start(struct child_appliance **ret, const char *spec, const char *address,
                          const char *protocol, struct err *e)
{
    json_t *params = params_of(spec, address, protocol, e);
    if (params == NULL)
        return -EINVAL;
    struct child_appliance *a = calloc(1, sizeof *a);
    signal(SIGPIPE, SIG_IGN); /* the child may go first */
    int r = a != NULL ? start(a, params, e) : err_set(e, -ENOMEM, "no memory for an appliance");
    json_decref(params);
    if (r < 0) {
        child_appliance_stop(a);
        return r;
    }
    *ret = a;
    return 0;
}

/* params: its reference is taken. */
static int ask_endpoints(struct child_appliance *a, json_t *params, size_t count,
                         struct sockaddr_storage *ret, struct err *e)
{
    struct arena arena;
    json_t *result = NULL;
    int r = rpc_call(a->peer, "appliance.endpoints", params, ANSWER_NS, &result, e);
    json_decref(params);
    if (r < 0)
        return r;
    struct sockaddr_storage *list;
    size_t got;
    arena_init(&arena);
    r = params_addresses(result, "endpoints", &arena, &list, &got, e);
    if (r >= 0 && got != count)
        r = err_set(e, -EBADMSG, "appliance: %zu endpoints instead of %zu", got, count);
    if (r >= 0)
        memcpy(ret, list, count * sizeof *ret);
    arena_finish(&arena);
    json_decref(result);
    return r < 0 ? r : 0;
}

int child_appliance_endpoints(struct child_appliance *a, const struct sockaddr_storage *peers,
                              size_t count, struct sockaddr_storage *ret, struct err *e)
{
    return ask_endpoints(
        a,
        json_pack("{s:s, s:o}", "id", "appliance", "peers", params_addresses_to_json(peers, count)),
        count, ret, e);
}

int child_appliance_endpoint_pairs(struct child_appliance *a, const struct sockaddr_storage *peers,
                                   size_t count, struct sockaddr_storage *ret, struct err *e)
{
    return ask_endpoints(a,
                         json_pack("{s:s, s:o, s:b}", "id", "appliance", "peers",
                                   params_addresses_to_json(peers, count), "pairs", 1),
                         count, ret, e);
}

void child_appliance_stop(struct child_appliance *a)
{
    if (a == NULL)
        return;
    rpc_close(a->peer);
    loop_destroy(a->loop);
    proc_stop(&a->proc, 2 * NS_PER_S); /* its input ends, and so does it */
    free(a);
}
