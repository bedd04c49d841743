/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * cgroup: by small shell scripts on the host, since a host may be behind ssh. Of v1 only the
 * controllers that carry a setting are used: cpu, cpuacct (to read), memory. One thread.
 */
#include "control/platform/cgroup.h"

#include <errno.h>
#include <string.h>

#include "base/str.h"

/* $1 layout, $2 name, $3 weight, $4 quota us or -1, $5 period us, $6 memory bytes or -1.
 * v1 checks quota against period at each write: the old quota goes first. */
#define WRITE                                                                    \
    "c=/sys/fs/cgroup\n"                                                         \
    "put() { [ -e \"$2\" ] || { echo \"$2: no such control\" >&2; exit 1; }; "   \
    "echo \"$1\" >\"$2\"; }\n"                                                   \
    "if [ $1 = v1 ]; then\n"                                                     \
    "  put $3 $c/cpu/$2/cpu.shares\n"                                            \
    "  put -1 $c/cpu/$2/cpu.cfs_quota_us\n"                                      \
    "  put $5 $c/cpu/$2/cpu.cfs_period_us\n"                                     \
    "  put $4 $c/cpu/$2/cpu.cfs_quota_us\n"                                      \
    "  if [ -d $c/memory/$2 ]; then put $6 $c/memory/$2/memory.limit_in_bytes\n" \
    "  elif [ $6 != -1 ]; then echo 'no memory controller' >&2; exit 1; fi\n"    \
    "else\n"                                                                     \
    "  put $3 $c/$2/cpu.weight\n"                                                \
    "  q=$4; [ $4 != -1 ] || q=max\n"                                            \
    "  put \"$q $5\" $c/$2/cpu.max\n"                                            \
    "  m=$6; [ $6 != -1 ] || m=max\n"                                            \
    "  if [ -e $c/$2/memory.max ]; then put $m $c/$2/memory.max\n"               \
    "  elif [ $6 != -1 ]; then echo 'no memory controller' >&2; exit 1; fi\n"    \
    "fi\n"

static const char set_script[] = WRITE;

static const char create_script[] =
    "c=/sys/fs/cgroup\n"
    "if [ $1 = v1 ]; then\n"
    "  mkdir $c/cpu/$2\n"
    "  mkdir -p $c/cpuacct/$2\n" /* the same folder where both are mounted together */
    "  [ ! -d $c/memory ] || mkdir $c/memory/$2\n"
    "else\n"
    "  for k in cpu memory; do echo +$k >$c/cgroup.subtree_control 2>/dev/null || :; done\n"
    "  mkdir $c/$2\n"
    "fi\n" WRITE;

/* Where no v2 tree is mounted, crun makes plain folders in its place: numbers in plain files are
 * nobody's processes. */
static const char remove_script[] =
    "for d in /sys/fs/cgroup/$1 /sys/fs/cgroup/*/$1; do\n"
    "  [ -d $d ] || continue\n"
    "  case $(stat -f -c %T $d) in cgroup*) ;; *) rm -rf --one-file-system $d; continue;; esac\n"
    "  i=0\n"
    "  while :; do\n"
    "    find $d -depth -type d -exec rmdir {} + 2>/dev/null || :\n"
    "    [ -d $d ] || break\n"
    "    [ $i -lt 500 ] || { echo \"$d: cannot be removed\" >&2; exit 1; }\n"
    "    for p in $(find $d -name cgroup.procs -exec cat {} + 2>/dev/null); do\n"
    "      [ $p = 0 ] || kill -KILL $p 2>/dev/null || :\n"
    "    done\n"
    "    i=$((i+1)); sleep 0.01\n"
    "  done\n"
    "done";

static const char list_script[] = "for d in /sys/fs/cgroup/vaperf-$1 /sys/fs/cgroup/vaperf-$1-* "
                                  "/sys/fs/cgroup/*/vaperf-$1 /sys/fs/cgroup/*/vaperf-$1-*; do\n"
                                  "  [ ! -d $d ] || echo ${d##*/}\n"
                                  "done | sort -u";

static const char pids_script[] =
    "d=/sys/fs/cgroup/$2; [ $1 = v2 ] || d=/sys/fs/cgroup/cpu/$2\n"
    "find $d -name cgroup.procs -exec cat {} + | sort -un | tr '\\n' ',' | sed 's/,$//'";

static const char add_script[] = "c=/sys/fs/cgroup\n"
                                 "for p in $(echo $3 | tr ',' ' '); do\n"
                                 "  if [ $1 = v2 ]; then echo $p >$c/$2/cgroup.procs\n"
                                 "  else for k in cpu cpuacct memory; do\n"
                                 "    [ ! -d $c/$k/$2 ] || echo $p >$c/$k/$2/cgroup.procs\n"
                                 "  done; fi\n"
                                 "done";

static const char *layout_name(enum cgroup_layout layout)
{
    return layout == CGROUP_V2 ? "v2" : "v1";
}

static int write_settings(const struct host *h, const char *script, enum cgroup_layout layout,
                          const char *name, const struct settings *s, struct err *e)
{
    char weight[24], quota[24], period[24], memory[24];
    uint64_t w = s->weight != 0 ? s->weight : settings_default_weight(layout);
    str_printf(weight, sizeof weight, "%llu", (unsigned long long)w);
    str_printf(quota, sizeof quota, "%lld", s->quota_us != 0 ? (long long)s->quota_us : -1);
    str_printf(period, sizeof period, "%llu",
               s->period_us != 0 ? (unsigned long long)s->period_us : 100000);
    str_printf(memory, sizeof memory, "%lld",
               s->memory_bytes != 0 ? (long long)s->memory_bytes : -1);
    const char *args[] = {layout_name(layout), name, weight, quota, period, memory, NULL};
    struct err why;
    err_clear(&why);
    int r = host_sh(h, script, args, NULL, &why);
    return r < 0 ? err_set(e, r, "cgroup %s: %s", name, why.text) : 0;
}

int cgroup_create(const struct host *h, enum cgroup_layout layout, const char *name,
                  const struct settings *s, struct err *e)
{
    int r = write_settings(h, create_script, layout, name, s, e);
    if (r < 0)
        cgroup_remove(h, name, NULL);
    return r;
}

int cgroup_set(const struct host *h, enum cgroup_layout layout, const char *name,
               const struct settings *s, struct err *e)
{
    return write_settings(h, set_script, layout, name, s, e);
}

int cgroup_add_pids(const struct host *h, enum cgroup_layout layout, const char *name,
                    const char *pids, struct err *e)
{
    const char *args[] = {layout_name(layout), name, pids, NULL};
    return *pids == '\0' ? 0 : host_sh(h, add_script, args, NULL, e);
}

int cgroup_remove(const struct host *h, const char *name, struct err *e)
{
    const char *args[] = {name, NULL};
    if (!str_starts(name, "vaperf-")) /* never the root of the tree, never another's */
        return err_set(e, -EINVAL, "cgroup %s is not ours", name);
    return host_sh(h, remove_script, args, NULL, e);
}

void cgroup_remove_empty(const struct host *h, const char *name)
{
    const char *args[] = {name, NULL};
    if (str_starts(name, "vaperf-"))
        host_sh(h, "rmdir /sys/fs/cgroup/$1 /sys/fs/cgroup/*/$1 2>/dev/null || :", args, NULL,
                NULL);
}

int cgroup_list(const struct host *h, const char *mark, struct buf *ret, struct err *e)
{
    const char *args[] = {mark, NULL};
    buf_clear(ret);
    return host_sh(h, list_script, args, ret, e);
}

int cgroup_pids(const struct host *h, enum cgroup_layout layout, const char *name, struct buf *ret,
                struct err *e)
{
    const char *args[] = {layout_name(layout), name, NULL};
    buf_clear(ret);
    return host_sh(h, pids_script, args, ret, e);
}

const char *cgroup_procs_files(enum cgroup_layout layout, const char *name, char *buffer,
                               size_t size)
{
    if (layout == CGROUP_V2)
        str_printf(buffer, size, "/sys/fs/cgroup/%s/cgroup.procs", name);
    else
        str_printf(buffer, size,
                   "/sys/fs/cgroup/cpu/%s/cgroup.procs:/sys/fs/cgroup/cpuacct/%s/cgroup.procs:"
                   "/sys/fs/cgroup/memory/%s/cgroup.procs",
                   name, name, name);
    return buffer;
}
