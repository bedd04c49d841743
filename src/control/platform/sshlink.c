/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * sshlink: OpenSSH's connection sharing (ControlMaster) with the master as a child of ours, not in
 * the background. One thread.
 */
#include "control/platform/sshlink.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/str.h"

#define CONNECT_NS (20 * NS_PER_S)

/* Of this process, so of its mark: a name for each. */
static unsigned link_count;

static const struct remedy {
    const char *said, *remedy;
} remedies[] = {
    {"REMOTE HOST IDENTIFICATION", "its host key has changed: find out why, then ssh-keygen -R"},
    {"Host key verification", "its host key is not known here: connect once by hand with ssh, and "
                              "compare the fingerprint"},
    {"Permission denied", "it takes none of our keys: ssh-copy-id, or a key in ssh-agent; a "
                          "password cannot be asked for"},
    {"Could not resolve", "no such host name"},
    {"Connection refused", "no ssh server listens there"},
    {NULL, NULL},
};

static void read_said(int fd, char *text, size_t size)
{
    size_t used = 0;
    ssize_t n;
    fcntl(fd, F_SETFL, O_NONBLOCK);
    while (used + 1 < size && (n = read(fd, text + used, size - 1 - used)) > 0)
        used += (size_t)n;
    text[used] = '\0';
}

/* What ssh said, its last line, with what it means. */
static int explain(const struct host *h, char *said, struct err *e)
{
    const struct remedy *r = remedies;
    while (r->said != NULL && strstr(said, r->said) == NULL)
        r++;
    size_t end = strlen(said);
    while (end > 0 && strchr(" \r\n", said[end - 1]) != NULL)
        said[--end] = '\0';
    const char *line = strrchr(said, '\n');
    line = line != NULL ? line + 1 : said;
    if (*line == '\0')
        line = "ssh could not connect, and says no reason";
    return err_set(e, -EHOSTUNREACH, "%s does not let us in: %s%s%s", h->uri, line,
                   r->said != NULL ? ": " : "", r->said != NULL ? r->remedy : "");
}

static int start_master(struct sshlink *l, const struct host *h, struct err *e)
{
    const char *words[HOST_SSH_WORDS + 16] = {NULL};
    size_t n = 0;
    int r = host_ssh_words(h, words, &n);
    if (r < 0) {
        r = host_check_uri(h->uri, e);
    } else {
        const char *target = words[--n];
        /* A host that has gone is noticed within six seconds. */
        static const char *const more[] = {
            "-M", "-N", "-oServerAliveInterval=2", "-oServerAliveCountMax=3", "-oControlPersist=no",
            "-S"};
        for (size_t i = 0; i < sizeof more / sizeof *more; i++)
            words[n++] = more[i];
        words[n++] = l->control;
        words[n++] = target;
        r = proc_start(&l->master, (char *const *)(void *)words,
                       PROC_PIPE_ERR | PROC_DIE_WITH_PARENT, e);
    }
    return r;
}

int sshlink_open(struct sshlink *ret, const struct host *h, const char *dir, struct err *e)
{
    struct sshlink l = {.control = ""};
    char said[2048];
    /* ssh makes it under a longer name first. */
    if (str_printf(l.control, sizeof l.control, "%s/ssh.%u", dir, link_count++) + 20 >
        sizeof l.control)
        return err_set(e, -ENAMETOOLONG, "run directory %s: too long a name for a socket", dir);
    int r = start_master(&l, h, e);
    if (r < 0)
        return r == -ENOENT ? err_set(e, r, "there is no ssh here: apt install openssh-client") : r;
    const uint64_t deadline = clock_now_ns() + CONNECT_NS;
    while (access(l.control, F_OK) < 0 && !proc_has_exited(&l.master) && clock_now_ns() < deadline)
        clock_sleep_until(clock_now_ns() + 5 * NS_PER_MS);
    if (access(l.control, F_OK) < 0) {
        read_said(l.master.err_fd, said, sizeof said);
        proc_stop(&l.master, 0);
        return explain(h, said, e);
    }
    *ret = l;
    return 0;
}

void sshlink_close(struct sshlink *l)
{
    if (l == NULL || l->control[0] == '\0')
        return;
    proc_stop(&l->master, 0);
    unlink(l->control);
    l->control[0] = '\0';
}
