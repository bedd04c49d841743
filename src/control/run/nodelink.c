/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * nodelink: a node behind two pipes. The loop's thread.
 */
#include "control/run/nodelink.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>

#include "base/clock.h"
#include "base/str.h"

enum { CLOCK_ROUNDS = 9, SSH_LOST = 255 }; /* the status of an ssh that cannot go on */

static void on_notice(void *arg, const char *method, const json_t *params)
{
    struct nodelink *n = arg;
    if (n->notice != NULL)
        n->notice(n->arg, n, method, params);
}

static void on_lost(void *arg, const struct err *why)
{
    struct nodelink *n = arg;
    n->lost = true;
    n->why = *why;
    loop_wake(n->loop);
}

int nodelink_open(struct nodelink *n, struct loop *l, char *const *words, struct err *e)
{
    n->loop = l;
    n->by_ssh = strcmp(words[0], "ssh") == 0;
    int r = proc_start(&n->proc, words, 0, e);
    if (r < 0)
        return err_prefix(e, "%s: ", n->name);
    const struct rpc_side side = {.name = n->name, .notice = on_notice, .lost = on_lost, .arg = n};
    r = rpc_open(&n->peer, l, n->proc.out_fd, n->proc.in_fd, &side, e);
    if (r < 0)
        proc_stop(&n->proc, 0);
    return r;
}

int nodelink_call(struct nodelink *n, const char *method, json_t *params, uint64_t timeout_ns,
                  json_t **ret, struct err *e)
{
    struct err own = {0};
    int r;
    if (n->peer == NULL)
        r = err_set(&own, -ENOTCONN, "%s: it does not run", n->name);
    else
        r = rpc_call(n->peer, method, params, timeout_ns, ret, &own);
    json_decref(params);
    if (r < 0 && e != NULL) {
        *e = own;
        if (strncmp(own.text, n->name, strlen(n->name)) != 0)
            err_prefix(e, "%s: ", n->name);
    }
    return r;
}

int nodelink_sync(struct nodelink *n, struct err *e)
{
    uint64_t best = UINT64_MAX;
    int64_t offset = 0, real_offset = 0;
    for (int i = 0; i < CLOCK_ROUNDS; i++) {
        json_t *answer = NULL;
        uint64_t there = 0, real_there = 0;
        const uint64_t before = clock_now_ns();
        int r = nodelink_call(n, "clock", NULL, 5 * NS_PER_S, &answer, e);
        const uint64_t after = clock_now_ns();
        if (r == 0)
            r = json_need_u64(answer, "monotonic_ns", &there, e);
        if (r == 0)
            r = json_need_u64(answer, "realtime_ns", &real_there, e);
        json_decref(answer);
        if (r < 0)
            return r;
        if (after - before < best) {
            best = after - before;
            offset = (int64_t)(before + best / 2 - there);
            real_offset = (int64_t)(before + best / 2 - real_there) + clock_real_offset_ns(3, NULL);
            n->clock_read_ns = before;
        }
    }
    /* One kernel, one clock: what is left of the offset is the way there and back. */
    const uint64_t size = (uint64_t)(offset < 0 ? -offset : offset);
    n->mono_offset_ns = size <= best ? 0 : offset;
    n->real_offset_ns = real_offset;
    n->clock_round_ns = best;
    return 0;
}

uint64_t nodelink_real_ns(const struct nodelink *n, uint64_t node_ns)
{
    const int64_t here = (int64_t)node_ns + n->mono_offset_ns;
    return (uint64_t)(here + clock_real_offset_ns(3, NULL));
}

void nodelink_say_end(const struct nodelink *n, char *buffer, size_t size)
{
    siginfo_t info = {0};
    buffer[0] = '\0';
    /* Its pipe is closed a moment before the process is gone. */
    for (int i = 0; i < 50 && !proc_has_exited(&n->proc); i++)
        clock_sleep_until(clock_now_ns() + 2 * NS_PER_MS);
    if (n->proc.pid <= 0 ||
        waitid(P_PID, (id_t)n->proc.pid, &info, WEXITED | WNOHANG | WNOWAIT) < 0 ||
        info.si_pid == 0)
        return;
    if (info.si_code == CLD_EXITED && info.si_status == SSH_LOST && n->by_ssh)
        str_printf(buffer, size, "the connection to its host broke off");
    else if (info.si_code == CLD_EXITED)
        str_printf(buffer, size, "it ended with status %d", info.si_status);
    else
        str_printf(buffer, size, "it was killed by signal %d", info.si_status);
}

void nodelink_close(struct nodelink *n, uint64_t timeout_ns)
{
    if (n == NULL || n->peer == NULL)
        return;
    rpc_close(n->peer);
    n->peer = NULL;
    proc_stop(&n->proc, timeout_ns);
}
