/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * place: by small scripts over host.h. The folder is below /var/tmp because /run is often mounted
 * noexec, and a program must run from it. One thread.
 */
#include "control/platform/place.h"

#include <errno.h>
#include <string.h>
#include <sys/utsname.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/proc.h"
#include "base/str.h"
#include "control/platform/children.h"

#define BRING_TIMEOUT_NS (120 * NS_PER_S)

/* $1 the folder, $2 the node wanted or "". Says, a line each: the machine, the node, the static
 * one, the node's version. */
static const char look_script[] =
    "umask 077; mkdir \"$1\"; uname -m\n"
    "if [ -n \"$2\" ]; then n=$2; s=${2%/*}/vaperf-node-static; [ -x \"$s\" ] || s=\n"
    "else n=$(command -v vaperf-node || :); s=$(command -v vaperf-node-static || :); fi\n"
    "echo \"$n\"; echo \"$s\"; [ -z \"$n\" ] || \"$n\" --version 2>&1 | head -n 1";

static const char bring_here_script[] = "f=$1; shift; exec \"$@\" <\"$f\"";
static const char bring_there_script[] =
    "umask 077; cat >\"$1\"; chmod 700 \"$1\"; \"$1\" --version >/dev/null";

/* What look_script says. */
struct found {
    char machine[32], node[MARK_PATH_MAX], node_static[MARK_PATH_MAX], version[64];
};

static const char *take_line(const char *text, char *buffer, size_t size)
{
    const size_t n = strcspn(text, "\n");
    str_printf(buffer, size, "%.*s", (int)n, text);
    return text[n] == '\n' ? text + n + 1 : text + n;
}

static int look(const struct place *p, struct found *ret, struct err *e)
{
    const char *args[] = {p->dir, p->host->node != NULL ? p->host->node : "", NULL};
    struct buf out;
    buf_init(&out);
    int r = host_sh(p->host, look_script, args, &out, e);
    const char *at = buf_str(&out);
    at = take_line(at, ret->machine, sizeof ret->machine);
    at = take_line(at, ret->node, sizeof ret->node);
    at = take_line(at, ret->node_static, sizeof ret->node_static);
    take_line(at, ret->version, sizeof ret->version);
    buf_finish(&out);
    return r;
}

static int check_machine(const struct place *p, const struct found *f, const char *version,
                         struct err *e)
{
    struct utsname here;
    if (uname(&here) == 0 && strcmp(here.machine, f->machine) != 0)
        return err_set(e, -ENOTSUP,
                       "it is a %s, this host a %s, so our node cannot be brought: install "
                       "vaperf-node %s there",
                       f->machine, here.machine, version);
    (void)p;
    return 0;
}

/* Our static node, by the stdin of a shell there. */
static int bring(struct place *p, const char *program, struct err *e)
{
    const char *path = arena_printf(&p->arena, "%s/vaperf-node", p->dir);
    const char *there[] = {"sh", "-euc", bring_there_script, "vaperf", path, NULL};
    char *const *words = host_words(p->host, (char *const *)(void *)there, &p->arena);
    if (words == NULL)
        return err_set(e, -ENOMEM, "out of memory");
    size_t n = 0;
    while (words[n] != NULL)
        n++;
    const char *here[] = {"sh", "-euc", bring_here_script, "vaperf", program};
    const size_t own = sizeof here / sizeof *here;
    const char **line = ARENA_ARRAY(&p->arena, const char *, own + n + 1);
    memcpy(line, here, sizeof here);
    memcpy(line + own, words, n * sizeof *line);
    struct err said = {0};
    int r = proc_run((char *const *)(void *)line, NULL, NULL, BRING_TIMEOUT_NS, &said);
    if (r != 0) {
        const char *why = strstr(said.text, "exit status ");
        return err_set(e, -EIO, "our node could not be brought there: %s: install vaperf-node",
                       why != NULL ? why : said.text);
    }
    p->node_path = p->node_static_path = path;
    p->is_brought = true;
    return 0;
}

static int choose_node(struct place *p, const struct place_given *g, struct err *e)
{
    struct found f = {.version = ""};
    char wanted[64];
    int r = look(p, &f, e);
    if (r < 0)
        return r;
    str_printf(wanted, sizeof wanted, "vaperf-node %s", g->version);
    const bool fits = strcmp(f.version, wanted) == 0;
    if (p->host->node != NULL && !fits)
        return err_set(e, -ENOENT, "%s there is not %s: it says '%s'", p->host->node, wanted,
                       f.version);
    if (fits && (f.node_static[0] != '\0' || p->host->node != NULL)) {
        p->node_path = arena_strdup(&p->arena, f.node);
        p->node_static_path =
            f.node_static[0] != '\0' ? arena_strdup(&p->arena, f.node_static) : NULL;
        return 0;
    }
    r = check_machine(p, &f, g->version, e);
    return r < 0 ? r : bring(p, g->node_static_path, e);
}

static int open_there(struct place *p, const struct place_given *g, struct err *e)
{
    int r = mark_add_host(p->mark, p->host->uri, e);
    if (r == 0)
        r = sshlink_open(&p->link, p->host, p->mark->dir, e);
    if (r < 0)
        return r;
    p->host->control = p->link.control;
    mark_dir_on(p->mark, p->host, p->dir);
    return choose_node(p, g, e);
}

int place_open(struct place *ret, struct host *h, const struct mark *m, const struct place_given *g,
               struct err *e)
{
    *ret = (struct place){.host = h, .mark = m, .is_open = true};
    arena_init(&ret->arena);
    if (host_is_local(h)) {
        if (h->node != NULL && access(h->node, X_OK) < 0)
            return err_set(e, -ENOENT, "host %s: there is no node program %s", h->name, h->node);
        mark_dir_on(m, h, ret->dir);
        ret->node_path = h->node != NULL ? h->node : g->node_path;
        ret->node_static_path = g->node_static_path;
        return 0;
    }
    int r = open_there(ret, g, e);
    if (r < 0) {
        place_close(ret, NULL);
        err_prefix(e, "host %s: ", h->name);
    }
    return r;
}

struct platform_env place_env(const struct place *p)
{
    return (struct platform_env){.host = p->host,
                                 .mark = p->mark->text,
                                 .node_path = p->node_path,
                                 .node_static_path = p->node_static_path,
                                 .state_dir = p->dir,
                                 .record_dir = p->mark->dir};
}

static const char remove_script[] = "rm -rf --one-file-system -- \"$1\"";

int place_close(struct place *p, struct err *e)
{
    int r = 0;
    if (p == NULL || !p->is_open)
        return 0;
    p->is_open = false;
    if (p->link.control[0] != '\0') {
        char variable[CHILDREN_VAR_MAX];
        const char *args[] = {p->dir, NULL};
        r = children_stop(p->host, children_variable(variable, p->mark->text, NULL), 0, e);
        if (r == 0)
            r = host_sh(p->host, remove_script, args, NULL, e);
        if (r < 0)
            err_prefix(e, "host %s: ", p->host->name);
        p->host->control = NULL;
        sshlink_close(&p->link);
    }
    arena_finish(&p->arena);
    return r;
}

int place_sweep(const struct host *h, const struct mark *m, bool dry,
                void (*told)(void *, const char *), void *told_arg, struct err *e)
{
    char dir[MARK_PATH_MAX], text[MARK_PATH_MAX + 16];
    const char *args[] = {mark_dir_on(m, h, dir), NULL};
    struct buf out;
    buf_init(&out);
    int r = host_sh(h, "[ ! -d \"$1\" ] || echo yes", args, &out, e);
    const bool is_there = out.size > 0;
    buf_finish(&out);
    if (r < 0 || !is_there)
        return r;
    str_printf(text, sizeof text, "folder %s", dir);
    told(told_arg, text);
    r = dry ? 0 : host_sh(h, remove_script, args, NULL, e);
    return r < 0 ? r : 1;
}
