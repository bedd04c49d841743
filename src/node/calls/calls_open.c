/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * calls_open: opening and closing a shard: what its scenarios need, its memory, its sockets.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/mman.h>
#include <unistd.h>

#include "base/clock.h"
#include "node/calls/calls_private.h"

static int check_scenario(const struct calls_options *o, const struct scenario *s, struct err *e)
{
    if (scenario_has_media(s) && o->media.ops == NULL) {
        return err_set(e, -ENOTSUP, "scenario %s plays or echoes media, which is not sent here",
                       scenario_name(s));
    }
    if (scenario_has_twin(s) && o->twin == NULL) {
        return err_set(e, -ENOTSUP, "scenario %s talks with a 3PCC twin, which is not done here",
                       scenario_name(s));
    }
    return 0;
}

static int check_scenarios(const struct calls_options *o, struct err *e)
{
    int result = check_scenario(o, o->scenario, e);

    for (uint32_t i = 1; o->parts != NULL && i < o->part_count && result == 0; i++) {
        result = check_scenario(o, o->parts[i].scenario, e);
    }
    return result;
}

/* <init> runs once, whatever the number of shards. */
static int run_inits(struct calls *c, struct err *e)
{
    int result = 0;

    for (uint32_t i = 0; c->o.first_number == 1 && i < c->part_count && result == 0; i++) {
        if (scenario_has_init(c->parts[i].o.scenario)) {
            result = call_run_init(c->parts[i].o.scenario, &c->env, clock_now_ns(), e);
        }
    }
    return result;
}

/* Untouched pages cost nothing: a high limit is free until it is used. */
static int open_memory(struct calls *c)
{
    size_t size = (size_t)c->o.limit * c->machine_size;
    void *memory = mmap(NULL, size, PROT_READ | PROT_WRITE,
                        MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);

    if (memory == MAP_FAILED) {
        return -ENOMEM;
    }
    c->machines = memory;
    c->records = calloc(c->o.limit, sizeof(*c->records));
    c->words = calloc(c->is_shared_words ? 1 : c->o.limit, sizeof(*c->words));
    c->env.scratch = malloc(CALL_SCRATCH_BYTES);
    c->env.scratch_size = CALL_SCRATCH_BYTES;
    c->env.store =
        call_store_create(CALL_STORE_SLAB_CHUNKS, (size_t)c->o.limit * STORE_PER_CALL + (1u << 20));
    return c->records == NULL || c->words == NULL || c->env.scratch == NULL ||
                   c->env.store == NULL || roster_init(&c->roster, c->o.limit, c->o.seed) < 0 ||
                   dead_calls_init(&c->dead, DEAD_KEPT) < 0 ||
                   (c->o.users > 0 &&
                    users_init(&c->users, c->o.first_user, c->o.users, c->o.users_pool) < 0) ||
                   parts_open(c) < 0
               ? -ENOMEM
               : 0;
}

static int wait_on(struct calls *c, int fd)
{
    struct epoll_event event = {.events = EPOLLIN};
    return epoll_ctl(c->wait_fd, EPOLL_CTL_ADD, fd, &event) < 0 ? -errno : 0;
}

/* One descriptor for the sockets of calls and those of media and twins. */
static int open_waiting(struct calls *c)
{
    int result;

    if (c->o.media.ops == NULL && c->twin == NULL) {
        return 0;
    }
    if ((c->wait_fd = epoll_create1(EPOLL_CLOEXEC)) < 0) {
        return -errno;
    }
    result = wait_on(c, ways_fd(c->transport));
    if (result == 0 && c->o.media.ops != NULL) {
        result = wait_on(c, c->o.media.ops->fd(c->o.media.media));
    }
    return result == 0 && c->twin != NULL ? wait_on(c, twin_fd(c->twin)) : result;
}

static int open_sockets(struct calls *c, struct err *e)
{
    static const struct ways_events events = {calls_take_message, calls_way_closed};
    static const struct twin_events commands = {calls_take_command};
    int result;

    if (c->o.remote.ss_family != AF_UNSPEC) {
        c->o.transport.remote = c->o.via.ss_family != AF_UNSPEC ? &c->o.via : &c->o.remote;
    }
    result = ways_open(&c->transport, &c->o.transport, &events, c, e);
    if (result == 0 && c->o.twin != NULL) {
        result = twin_open(&c->twin, c->o.twin, &commands, c, e);
    }
    if (result == 0 && (result = open_waiting(c)) < 0) {
        err_set(e, result, "cannot wait for what comes: %s", strerror(-result));
    }
    return result;
}

int calls_open(struct calls **ret, const struct calls_options *o, struct err *e)
{
    struct calls *c = NULL;
    int result = check_scenarios(o, e);

    if (result < 0) {
        return result;
    }
    if ((c = calloc(1, sizeof(*c))) == NULL) {
        return err_set(e, -ENOMEM, "no memory for calls");
    }
    c->o = *o;
    c->wait_fd = -1;
    parts_take(c);
    c->is_shared_words = o->transport.kind == WAYS_UDP && o->transport.sharing == WAYS_ONE &&
                         (o->transport.flags & WAYS_SERVER) == 0 && !parts_has_answers(c);
    c->next_number = o->first_number;
    c->to_ns = UINT64_MAX;
    rand_init(&c->rand, o->seed);
    c->env.ops = &calls_call_ops;
    c->env.driver = c;
    c->env.rand = &c->rand;
    c->env.start_ns = clock_now_ns();
    if (open_memory(c) < 0) {
        result = err_set(e, -ENOMEM, "no memory for %u calls", o->limit);
    } else {
        result = open_sockets(c, e);
    }
    result = result == 0 ? run_inits(c, e) : result;
    if (result < 0) {
        calls_close(c);
        return result;
    }
    *ret = c;
    return 0;
}

void calls_close(struct calls *c)
{
    if (c == NULL) {
        return;
    }
    for (uint32_t i = 0; c->records != NULL && i < c->roster.fresh; i++) {
        if (c->records[i].is_filed) {
            call_finish(calls_machine(c, i));
        }
    }
    ways_close(c->transport);
    twin_close(c->twin);
    if (c->wait_fd >= 0) {
        (void)close(c->wait_fd);
    }
    parts_close(c);
    users_finish(&c->users);
    roster_finish(&c->roster);
    dead_calls_finish(&c->dead);
    call_store_destroy(c->env.store);
    if (c->machines != NULL) {
        (void)munmap(c->machines, (size_t)c->o.limit * c->machine_size);
    }
    free(c->env.scratch);
    free(c->records);
    free(c->words);
    free(c);
}

/* ---- asking ---- */
