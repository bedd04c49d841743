/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * job: what is to be run: the plan against what the node here describes, and whether a file that is
 * resumed holds the same study. One thread.
 */
#include "control/run/run_private.h"

#include <errno.h>
#include <limits.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/str.h"

/* A program beside this one, or the bare name, which is then looked for on PATH. */
static const char *beside(const char *name, char *buffer, size_t size)
{
    char self[PATH_MAX];
    ssize_t n = readlink("/proc/self/exe", self, sizeof self - 1);
    if (n > 0) {
        self[n] = '\0';
        char *slash = strrchr(self, '/');
        *slash = '\0';
        str_printf(buffer, size, "%s/%s", self, name);
        if (access(buffer, X_OK) == 0)
            return buffer;
    }
    str_printf(buffer, size, "%s", name);
    return buffer;
}

const char *run_node_path(void)
{
    static char path[PATH_MAX + 32];
    const char *set = getenv("VAPERF_NODE");
    return set != NULL && *set != '\0' ? set : beside("vaperf-node", path, sizeof path);
}

const char *run_node_static_path(const char *node_path)
{
    static char path[PATH_MAX + 32];
    const char *set = getenv("VAPERF_NODE_STATIC");
    if (set != NULL && *set != '\0')
        return set;
    const char *slash = strrchr(node_path, '/');
    if (slash != NULL) {
        str_printf(path, sizeof path, "%.*s/vaperf-node-static", (int)(slash - node_path),
                   node_path);
        if (access(path, X_OK) == 0)
            return path;
    }
    return beside("vaperf-node-static", path, sizeof path);
}

static int describe(struct run *r, struct err *e)
{
    struct nodelink n = {.name = "node"};
    char *words[] = {arena_strdup(&r->arena, r->node_path), arena_strdup(&r->arena, "serve"), NULL};
    int result = nodelink_open(&n, r->loop, words, e);
    if (result == 0)
        result = nodelink_call(&n, "describe", NULL, 10 * NS_PER_S, &r->describe, e);
    nodelink_close(&n, NS_PER_S);
    if (result == -ENOENT)
        return err_set(e, -ENOENT,
                       "there is no node program %s: install it beside vaperf, or give --node PATH",
                       r->node_path);
    return result;
}

/* The plan's name makes it a fault of usage, not of the environment. */
__attribute__((format(printf, 3, 4))) static int fail_usage(const struct run *r, struct err *e,
                                                            const char *format, ...)
{
    char text[ERR_TEXT_MAX];
    va_list args;
    va_start(args, format);
    vsnprintf(text, sizeof text, format, args);
    va_end(args);
    err_set(e, -EINVAL, "%s", text);
    return err_at(e, r->job.plan_path, 0, 0);
}

static int check_setups(const struct run *r, struct err *e)
{
    for (const char *const *name = r->job.setups; name != NULL && *name != NULL; name++) {
        bool found = false;
        for (size_t i = 0; i < r->plan->setup_count; i++)
            found = found || strcmp(r->plan->setups[i].name, *name) == 0;
        if (!found)
            return fail_usage(r, e, "there is no setup %s", *name);
    }
    return 0;
}

bool run_wants(const struct run *r, const struct plan_setup *s)
{
    const char *const *name = r->job.setups;
    if (name == NULL || *name == NULL)
        return true;
    for (; *name != NULL; name++)
        if (strcmp(s->name, *name) == 0)
            return true;
    return false;
}

int job_load(struct run *r, struct err *e)
{
    r->node_path = r->job.node_path != NULL ? r->job.node_path : run_node_path();
    r->node_static_path = run_node_static_path(r->node_path);
    int result = describe(r, e);
    if (result == 0)
        result = r->job.calibrate != NULL
                     ? calibrate_load(r, e)
                     : plan_load_file(&r->plan, r->job.plan_path, r->describe, e);
    if (result == 0)
        result = check_setups(r, e);
    if (result == 0 && r->job.calibrate != NULL)
        result = calibrate_rewrite(r, e);
    if (result < 0)
        return result;
    if (r->job.trials != 0)
        r->plan->trials = r->job.trials;
    if (r->job.duration_ns != 0)
        r->plan->duration_ns = r->job.duration_ns;
    r->file =
        r->job.file != NULL ? r->job.file : arena_printf(&r->arena, "%s.vaperf", r->plan->study);
    return 0;
}

/* The first line in which two texts differ, 1-based. */
static int differing_line(const char *a, const char *b, const char **ret_a, const char **ret_b)
{
    int line = 1;
    for (;;) {
        const size_t n = strcspn(a, "\n"), m = strcspn(b, "\n");
        if (n != m || memcmp(a, b, n) != 0 || a[n] != b[m]) {
            *ret_a = a;
            *ret_b = b;
            return line;
        }
        if (a[n] == '\0')
            return 0;
        a += n + 1;
        b += n + 1;
        line++;
    }
}

static int check_text(const struct run *r, const char *stored, struct err *e)
{
    const char *then = NULL, *now = NULL;
    int line = differing_line(stored, r->plan->text, &then, &now);
    if (line == 0)
        return 0;
    err_set(e, -EINVAL,
            "%s was made with another plan: this line was '%.*s' and is '%.*s' now; give the same "
            "plan, or start anew without --resume",
            r->file, (int)strcspn(then, "\n"), then, (int)strcspn(now, "\n"), now);
    return err_at(e, r->job.plan_path, line, 1);
}

/* Options of the first run hold on; others would mix two measurements in one file. */
static int check_options(struct run *r, const json_t *plan, struct err *e)
{
    const json_t *then = json_object_get(plan, "run");
    const uint64_t duration_ns = json_u64_or(then, "duration_ns", r->plan->duration_ns);
    char text[64];
    if (r->job.duration_ns != 0 && r->job.duration_ns != duration_ns)
        return fail_usage(r, e,
                          "the file was measured with a duration of %s and cannot be resumed "
                          "with another one",
                          str_format_duration(duration_ns, text, sizeof text));
    r->plan->duration_ns = duration_ns;
    if (r->job.trials == 0)
        r->plan->trials = json_u64_or(then, "trials", r->plan->trials);
    return 0;
}

int job_check_resume(struct run *r, struct err *e)
{
    struct store_study study;
    int result = store_get_study(r->store, &r->arena, &study, e);
    if (result == 0)
        result = check_text(r, study.plan_text, e);
    if (result == 0)
        result = check_options(r, study.plan, e);
    return result;
}
