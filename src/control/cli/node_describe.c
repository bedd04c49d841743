/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * node_describe: runs the node program once. One thread.
 */
#include "control/cli/node_describe.h"

#include <errno.h>

#include "base/buf.h"
#include "base/clock.h"
#include "base/proc.h"
#include "control/run/run.h"

int node_describe(const char *path, json_t **ret, struct err *e)
{
    if (path == NULL)
        path = run_node_path();
    char *words[] = {(char *)(uintptr_t)path, (char *)(uintptr_t) "describe", NULL};
    struct buf out;
    buf_init(&out);
    int r = proc_run(words, NULL, &out, 10 * NS_PER_S, e);
    if (r == -ENOENT)
        err_set(e, r, "there is no node program %s: install it beside vaperf, or give --node PATH",
                path);
    if (r > 0)
        r = -EIO; /* proc_run said what */
    if (r == 0) {
        json_t *answer = json_parse(buf_str(&out), out.size, e);
        if (answer != NULL)
            *ret = answer;
        else
            r = err_prefix(e, "%s describe: ", path);
    }
    buf_finish(&out);
    return r;
}
