/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * host: one way to run a command, whether the host is this one or behind ssh. Platforms do their
 * work on files by small shell scripts through it, so that both ways are the same code. Not for
 * conversations: those start host_words themselves. One thread.
 */
#include "control/platform/host.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "base/clock.h"
#include "base/proc.h"
#include "base/str.h"

#define SCRIPT_TIMEOUT_NS (60 * NS_PER_S)
enum { SCRIPT_ARGS_MAX = 60, SSH_FAILED = 255 };

bool host_is_local(const struct host *h)
{
    return h->uri == NULL || strcmp(h->uri, "local") == 0;
}

bool host_is_same(const struct host *a, const struct host *b)
{
    if (host_is_local(a) || host_is_local(b))
        return host_is_local(a) && host_is_local(b);
    return strcmp(a->uri, b->uri) == 0;
}

/* user@host[:port] behind ssh://; NULL when it is none. A leading '-' would be an option of ssh. */
static const char *ssh_target(const char *uri)
{
    if (!str_starts(uri, "ssh://"))
        return NULL;
    const char *target = uri + strlen("ssh://");
    if (*target == '\0' || *target == '-' || strchr(target, '/') != NULL)
        return NULL;
    return target;
}

int host_check_uri(const char *uri, struct err *e)
{
    if (uri == NULL || strcmp(uri, "local") == 0 || ssh_target(uri) != NULL)
        return 0;
    return err_set(e, -EINVAL, "'%s' is not a host: local or ssh://[user@]host[:port]", uri);
}

static size_t count_words(char *const argv[])
{
    size_t n = 0;
    while (argv[n] != NULL)
        n++;
    return n;
}

/* ssh hands one line to the login shell there: each word in single quotes. */
static char *quote_words(char *const argv[], struct arena *a)
{
    struct buf line;
    buf_init(&line);
    for (size_t i = 0; argv[i] != NULL; i++) {
        buf_append_str(&line, i > 0 ? " '" : "'");
        for (const char *c = argv[i]; *c != '\0'; c++) {
            if (*c == '\'')
                buf_append_str(&line, "'\\''");
            else
                buf_append(&line, c, 1);
        }
        buf_append_str(&line, "'");
    }
    char *text = buf_failed(&line) ? NULL : arena_strdup(a, buf_str(&line));
    buf_finish(&line);
    return text;
}

int host_ssh_words(const struct host *h, const char *words[], size_t *n)
{
    if (ssh_target(h->uri) == NULL)
        return -EINVAL;
    words[(*n)++] = "ssh";
    words[(*n)++] = "-oBatchMode=yes"; /* never asks: a run has no one to answer */
    words[(*n)++] = "-oConnectTimeout=10";
    words[(*n)++] = "-oLogLevel=ERROR";
    words[(*n)++] = "-T";
    words[(*n)++] = h->uri; /* OpenSSH knows the form, since 7.7 */
    return 0;
}

static char *const *ssh_words(const struct host *h, char *const argv[], struct arena *a)
{
    const char *words[HOST_SSH_WORDS + 8] = {NULL};
    size_t n = 0;
    char *line = quote_words(argv, a);
    if (line == NULL || host_ssh_words(h, words, &n) < 0)
        return NULL;
    if (h->control != NULL) {
        const char *target = words[--n];
        words[n++] = "-oControlMaster=no";
        words[n++] = "-S";
        words[n++] = h->control;
        words[n++] = target;
    }
    words[n++] = "--";
    words[n++] = line;
    char **ret = ARENA_ARRAY(a, char *, n + 1);
    for (size_t i = 0; i < n; i++)
        ret[i] = arena_strdup(a, words[i]);
    return ret;
}

char *const *host_words(const struct host *h, char *const argv[], struct arena *a)
{
    if (!host_is_local(h))
        return ssh_words(h, argv, a);
    size_t n = count_words(argv);
    char **words = ARENA_ARRAY(a, char *, n + 1);
    for (size_t i = 0; i < n; i++)
        words[i] = arena_strdup(a, argv[i]);
    return words;
}

int host_run(const struct host *h, char *const argv[], const char *input, struct buf *out,
             uint64_t timeout_ns, struct err *e)
{
    if (host_is_local(h))
        return proc_run(argv, input, out, timeout_ns, e);
    int r = host_check_uri(h->uri, e);
    if (r < 0)
        return r;
    struct arena a;
    arena_init(&a);
    char *const *words = host_words(h, argv, &a);
    r = words != NULL ? proc_run(words, input, out, timeout_ns, e)
                      : err_set(e, -ENOMEM, "host %s: out of memory", h->name);
    arena_finish(&a);
    if (r != 0)
        err_prefix(e, "host %s: ", h->name);
    return r;
}

/* "sh -euc SCRIPT...: exit status 1: what it said" → what it said. */
static int keep_last_words(const struct err *said, int status, struct err *e)
{
    const char *at = strstr(said->text, "exit status "), *words = NULL;
    for (; at != NULL; at = strstr(at + 1, "exit status "))
        words = strstr(at, ": ");
    if (words != NULL)
        return err_set(e, -EIO, "%s", words + 2);
    if (status == SSH_FAILED && strstr(said->text, "ssh ") != NULL)
        return err_set(e, -EHOSTUNREACH, "it cannot be reached any more");
    return err_set(e, -EIO, "a command on the host ended with status %d", status);
}

int host_sh(const struct host *h, const char *script, const char *const args[], struct buf *out,
            struct err *e)
{
    const char *words[SCRIPT_ARGS_MAX + 5] = {"sh", "-euc", script, "vaperf"};
    size_t n = 4;
    for (size_t i = 0; args != NULL && args[i] != NULL; i++) {
        if (i >= SCRIPT_ARGS_MAX)
            return err_set(e, -E2BIG, "a script of a platform got too many arguments");
        words[n++] = args[i];
    }
    struct buf unused;
    struct err said;
    buf_init(&unused);
    err_clear(&said);
    int r = host_run(h, (char *const *)(void *)words, NULL, out != NULL ? out : &unused,
                     SCRIPT_TIMEOUT_NS, &said);
    buf_finish(&unused);
    if (r > 0)
        return keep_last_words(&said, r, e);
    return r < 0 ? err_set(e, r, "%s", said.text) : 0;
}

bool host_has_program(const struct host *h, const char *name)
{
    const char *args[] = {name, NULL};
    return host_sh(h, "command -v \"$1\"", args, NULL, NULL) == 0;
}
