/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * children: finds and ends processes by a variable of their environment. A process that has ended
 * and waits for its parent has no environment any more, so it is not found. One thread.
 */
#include "control/platform/children.h"

#include <errno.h>
#include <string.h>

#include "base/clock.h"
#include "base/str.h"

/* A function of the scripts: prints the ids, one a line. grep: -z a variable ends with NUL, -x -F
 * the whole of it, -s ignores what has gone meanwhile or is another user's. */
#define FIND                                                                   \
    "find() { grep -slazxF -- \"$1\" /proc/[0-9]*/environ | tr -cd '0-9\\n'; " \
    "return 0; }\n"

static const char find_script[] = FIND "find \"$1\"";

/* $2: rounds of 20 ms before each next step. */
static const char stop_script[] =
    FIND "wait_none() { i=0; while [ -n \"$(find \"$1\")\" ]; do\n"
         "  [ $i -lt $2 ] || return 1; i=$((i+1)); sleep 0.02; done; }\n"
         "send() { for p in $(find \"$2\"); do kill -$1 $p 2>/dev/null || :; done; }\n"
         "wait_none \"$1\" $2 && exit 0\n"
         "[ $2 -eq 0 ] || { send TERM \"$1\"; wait_none \"$1\" $2 && exit 0; }\n"
         "send KILL \"$1\"; wait_none \"$1\" 250 && exit 0\n"
         "echo \"processes $(find \"$1\" | tr '\\n' ' ') do not end\" >&2; exit 1";

const char *children_variable(char buffer[CHILDREN_VAR_MAX], const char *mark, const char *machine)
{
    if (machine == NULL)
        str_printf(buffer, CHILDREN_VAR_MAX, "VAPERF_MARK=%s", mark);
    else
        str_printf(buffer, CHILDREN_VAR_MAX, "VAPERF_MACHINE=%s/%s", mark, machine);
    return buffer;
}

int children_find(const struct host *h, const char *variable, struct buf *ret, struct err *e)
{
    const char *args[] = {variable, NULL};
    buf_clear(ret);
    int r = host_sh(h, find_script, args, ret, e);
    if (r < 0)
        return r;
    buf_join_lines(ret, ',');
    return buf_failed(ret) ? err_set(e, -ENOMEM, "out of memory") : 0;
}

int children_stop(const struct host *h, const char *variable, uint64_t timeout_ns, struct err *e)
{
    char rounds[32];
    str_printf(rounds, sizeof rounds, "%llu",
               (unsigned long long)(timeout_ns / (20 * NS_PER_MS)) % 1000);
    const char *args[] = {variable, rounds, NULL};
    return host_sh(h, stop_script, args, NULL, e);
}

char *const *children_node_words(const struct platform_env *env, const char *machine,
                                 char *const in_front[], struct arena *a)
{
    char *words[32];
    char variable[CHILDREN_VAR_MAX];
    size_t n = 0;
    words[n++] = arena_strdup(a, "env");
    words[n++] = arena_strdup(a, children_variable(variable, env->mark, NULL));
    words[n++] = arena_strdup(a, children_variable(variable, env->mark, machine));
    for (size_t i = 0; in_front != NULL && in_front[i] != NULL && n < 28; i++)
        words[n++] = in_front[i];
    words[n++] = arena_strdup(a, env->node_path);
    words[n++] = arena_strdup(a, "serve");
    words[n] = NULL;
    return host_words(env->host, words, a);
}

int children_check_addresses(const struct platform_env *env, struct err *e)
{
    const struct host *t = env->tester;
    if (t == NULL || (env->host->address != NULL && t->address != NULL))
        return 0;
    const struct host *h = env->host->address == NULL ? env->host : t;
    return err_set(e, -EINVAL,
                   "the load comes from host %s to host %s: say at which address host %s is "
                   "reached: hosts: {%s: {uri: %s, address: 192.0.2.1}}",
                   t->name, env->host->name, h->name, h->name, h->uri != NULL ? h->uri : "local");
}

const char *children_address(const struct platform_env *env)
{
    return env->tester != NULL ? env->host->address : "127.0.0.1";
}

const char *children_tester_address(const struct platform_env *env)
{
    return env->tester != NULL ? env->tester->address : "127.0.0.1";
}

int children_sweep(const struct host *h, bool dry, void (*told)(void *, const char *),
                   void *told_arg, struct err *e)
{
    struct mark dead[MARK_LIST_MAX];
    struct buf pids;
    int marks = mark_list_dead(dead, e), r = marks < 0 ? marks : 0, n = 0;
    buf_init(&pids);
    for (int i = 0; i < marks && r == 0; i++) {
        char variable[CHILDREN_VAR_MAX], text[160];
        children_variable(variable, dead[i].text, NULL);
        r = children_find(h, variable, &pids, e);
        if (r < 0 || pids.size == 0)
            continue;
        n++;
        str_printf(text, sizeof text, "processes %.100s of run %s", buf_str(&pids), dead[i].text);
        told(told_arg, text);
        if (!dry)
            r = children_stop(h, variable, 0, e);
    }
    buf_finish(&pids);
    return r < 0 ? r : n;
}
