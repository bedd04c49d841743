/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * proc_run: a command from start to end with its output captured. It blocks; any thread.
 */
#include "base/proc.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/str.h"

struct run {
    struct proc proc;
    int exit_fd; /* pidfd, -1 without */
    const char *input;
    size_t input_size;
    struct buf *out, *said; /* stdout may be NULL: thrown away */
    uint64_t deadline_ns;
};

/* write() without the SIGPIPE that a child which does not read would earn us. */
static ssize_t write_quietly(int fd, const char *bytes, size_t size)
{
    sigset_t pipe_only, before, pending;
    sigemptyset(&pipe_only);
    sigaddset(&pipe_only, SIGPIPE);
    sigpending(&pending);
    pthread_sigmask(SIG_BLOCK, &pipe_only, &before);
    ssize_t n = write(fd, bytes, size);
    int error = errno;
    if (n < 0 && error == EPIPE && !sigismember(&pending, SIGPIPE)) {
        const struct timespec now = {0};
        while (sigtimedwait(&pipe_only, NULL, &now) < 0 && errno == EINTR)
            continue;
    }
    pthread_sigmask(SIG_SETMASK, &before, NULL);
    errno = error;
    return n;
}

static bool is_passing(int error)
{
    return error == EINTR || error == EAGAIN;
}

static void close_end(int *fd)
{
    close(*fd);
    *fd = -1;
}

static void feed(struct run *run)
{
    ssize_t n = 0;
    if (run->input_size > 0)
        n = write_quietly(run->proc.in_fd, run->input, run->input_size);
    if (n > 0) {
        run->input += n;
        run->input_size -= (size_t)n;
    }
    if (run->input_size == 0 || (n < 0 && !is_passing(errno)))
        close_end(&run->proc.in_fd);
}

/* Everything there is to read now. */
static void drain(int *fd, struct buf *to)
{
    char bytes[4096];
    ssize_t n;
    while ((n = read(*fd, bytes, sizeof bytes)) > 0)
        if (to != NULL)
            buf_append(to, bytes, (size_t)n);
    if (n == 0 || !is_passing(errno))
        close_end(fd);
}

static void set_nonblocking(int fd)
{
    fcntl(fd, F_SETFL, fcntl(fd, F_GETFL) | O_NONBLOCK);
}

/* Talks until the child has ended; what its own children keep open is not waited for. */
static int converse(struct run *run)
{
    struct proc *p = &run->proc;
    for (bool ended = false; !ended;) {
        uint64_t now = clock_now_ns();
        if (now >= run->deadline_ns)
            return -ETIMEDOUT;
        struct pollfd fds[4] = {{.fd = p->in_fd, .events = POLLOUT},
                                {.fd = p->out_fd, .events = POLLIN},
                                {.fd = p->err_fd, .events = POLLIN},
                                {.fd = run->exit_fd, .events = POLLIN}};
        uint64_t wait_ms = (run->deadline_ns - now) / NS_PER_MS + 1;
        uint64_t limit = run->exit_fd < 0 ? 5 : 60000;
        if (poll(fds, 4, (int)(wait_ms < limit ? wait_ms : limit)) < 0 && errno != EINTR)
            return -errno;
        ended = proc_has_exited(p); /* before the reading, so that nothing said is missed */
        if (fds[0].revents != 0)
            feed(run);
        if (p->out_fd >= 0)
            drain(&p->out_fd, run->out);
        if (p->err_fd >= 0)
            drain(&p->err_fd, run->said);
    }
    return 0;
}

static void format_command(char *const argv[], char *buffer, size_t size)
{
    size_t used = 0;
    for (int i = 0; argv[i] != NULL; i++)
        used += str_printf(buffer + used, size - used, "%s%s", i > 0 ? " " : "", argv[i]);
}

/* The last line with something in it; its length in *ret_size. */
static const char *last_line(const struct buf *b, int *ret_size)
{
    const char *text = buf_str(b);
    size_t end = b->size;
    while (end > 0 && strchr(" \t\r\n", text[end - 1]) != NULL)
        end--;
    size_t start = end;
    while (start > 0 && text[start - 1] != '\n')
        start--;
    *ret_size = end - start < 400 ? (int)(end - start) : 400;
    return text + start;
}

static int judge(struct run *run, int status, char *const argv[], struct err *e)
{
    if (buf_failed(run->said) || (run->out != NULL && buf_failed(run->out)))
        return err_set(e, -ENOMEM, "%s: out of memory for its output", argv[0]);
    if (status <= 0)
        return status;
    char command[200];
    format_command(argv, command, sizeof command);
    int size;
    const char *line = last_line(run->said, &size);
    if (size == 0 && run->out != NULL)
        line = last_line(run->out, &size);
    err_set(e, -EIO, "%s: %s %d%s%.*s", command, status > 128 ? "ended by signal" : "exit status",
            status > 128 ? status - 128 : status, size > 0 ? ": " : "", size, line);
    return status;
}

int proc_run(char *const argv[], const char *input, struct buf *out, uint64_t timeout_ns,
             struct err *e)
{
    struct buf said;
    struct run run = {.input = input, .out = out, .said = &said};
    run.input_size = input != NULL ? strlen(input) : 0;
    int r = proc_start(&run.proc, argv, PROC_PIPE_ERR | PROC_DIE_WITH_PARENT, e);
    if (r < 0)
        return r;
    buf_init(&said);
    uint64_t now = clock_now_ns();
    run.deadline_ns =
        timeout_ns == 0 || timeout_ns > UINT64_MAX - now ? UINT64_MAX : now + timeout_ns;
    run.exit_fd = proc_exit_fd(&run.proc);
    set_nonblocking(run.proc.in_fd);
    set_nonblocking(run.proc.out_fd);
    set_nonblocking(run.proc.err_fd);
    r = converse(&run);
    if (run.exit_fd >= 0)
        close(run.exit_fd);
    if (r < 0) {
        char command[200], within[32];
        format_command(argv, command, sizeof command);
        proc_stop(&run.proc, 0);
        err_set(e, r, "%s: %s %s", command, r == -ETIMEDOUT ? "not done within" : strerror(-r),
                r == -ETIMEDOUT ? str_format_duration(timeout_ns, within, sizeof within) : "");
    } else {
        r = judge(&run, proc_finish(&run.proc), argv, e);
    }
    buf_finish(&said);
    return r;
}
