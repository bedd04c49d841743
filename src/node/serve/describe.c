/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * describe: answers that need no state. Any thread.
 */
#include "node/serve/describe.h"

#include <dirent.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/buf.h"
#include "base/clock.h"
#include "node/load/load.h"
#include "node/serve/drivers.h"
#include "version.h"

json_t *describe_node(const json_t *commands)
{
    return json_pack("{s:s, s:s, s:i, s:o, s:o, s:O*}", "program", "vaperf-node", "version",
                     VAPERF_VERSION, "protocol", NODE_PROTOCOL, "drivers", drivers_to_json(),
                     "load_options", opt_table_to_json(load_options_table), "commands", commands);
}

json_t *describe_clock(void)
{
    const uint64_t monotonic_ns = clock_now_ns();
    const int64_t offset_ns = clock_real_offset_ns(8, NULL);
    return json_pack("{s:o, s:o}", "monotonic_ns", json_u64(monotonic_ns), "realtime_ns",
                     json_u64(monotonic_ns + (uint64_t)offset_ns));
}

static json_t *thread_ids(void)
{
    json_t *tids = json_array();
    DIR *dir = opendir("/proc/self/task");
    for (const struct dirent *entry; dir != NULL && (entry = readdir(dir)) != NULL;)
        if (entry->d_name[0] != '.')
            json_array_append_new(tids, json_integer(strtoll(entry->d_name, NULL, 10)));
    if (dir != NULL)
        closedir(dir);
    return tids;
}

/* The path below /sys/fs/cgroup (version 2), or that of the v1 cpu controller; "" when unknown. */
static json_t *cgroup_path(void)
{
    struct buf text;
    char *rest = NULL;
    json_t *path = NULL;
    buf_init(&text);
    if (buf_load(&text, "/proc/self/cgroup") < 0 || text.size == 0)
        goto out;
    for (char *line = strtok_r(text.data, "\n", &rest); line != NULL;
         line = strtok_r(NULL, "\n", &rest)) {
        char *controllers = strchr(line, ':');
        char *at = controllers != NULL ? strchr(controllers + 1, ':') : NULL;
        if (at == NULL)
            continue;
        *at = '\0';
        const bool is_cpu = strncmp(controllers, ":cpu", 4) == 0 && controllers[4] != 's';
        if (is_cpu || (path == NULL && controllers[1] == '\0')) {
            json_decref(path);
            path = json_string(at + 1);
        }
    }
out:
    buf_finish(&text);
    return path != NULL ? path : json_string("");
}

json_t *describe_identity(void)
{
    char hostname[256] = "";
    gethostname(hostname, sizeof hostname - 1);
    return json_pack("{s:i, s:o, s:o, s:s}", "pid", (int)getpid(), "tids", thread_ids(), "cgroup",
                     cgroup_path(), "hostname", hostname);
}
