/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * proc: fork, exec and the end of child processes. proc_run is in proc_run.c. One thread per
 * struct proc; between fork and exec only async-signal-safe calls, since other threads may run.
 * PROC_DIE_WITH_PARENT (and PROC_END_WITH_PARENT) follows the thread that started the child.
 */
#include "base/proc.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/clock.h"

#ifndef CLOSE_RANGE_CLOEXEC
#define CLOSE_RANGE_CLOEXEC 4U
#endif

enum { CHILD_IN, PARENT_IN, PARENT_OUT, CHILD_OUT, PARENT_ERR, CHILD_ERR, PARENT_SAY, CHILD_SAY };
enum { FD_COUNT = 8 };

static void close_fd(int *fd)
{
    if (*fd > STDERR_FILENO) /* a zeroed struct proc owns none */
        close(*fd);
    *fd = -1;
}

static void close_all(int fds[FD_COUNT])
{
    for (int i = 0; i < FD_COUNT; i++)
        close_fd(&fds[i]);
}

/* A pipe with both ends above 2, whatever of 0, 1 and 2 the program has closed. */
static int open_pipe(int *ret_read, int *ret_write)
{
    int ends[2];
    if (pipe2(ends, O_CLOEXEC) < 0)
        return -errno;
    for (int i = 0; i < 2; i++) {
        if (ends[i] > STDERR_FILENO)
            continue;
        int moved = fcntl(ends[i], F_DUPFD_CLOEXEC, STDERR_FILENO + 1);
        int r = -errno;
        close(ends[i]);
        ends[i] = moved;
        if (moved < 0) {
            close(ends[1 - i]);
            return r;
        }
    }
    *ret_read = ends[0];
    *ret_write = ends[1];
    return 0;
}

static int open_pipes(int fds[FD_COUNT], unsigned flags)
{
    for (int i = 0; i < FD_COUNT; i++)
        fds[i] = -1;
    for (int i = 0; i < FD_COUNT; i += 2) {
        if (i == PARENT_ERR && (flags & PROC_PIPE_ERR) == 0)
            continue;
        int r = open_pipe(&fds[i], &fds[i + 1]);
        if (r < 0) {
            close_all(fds);
            return r;
        }
    }
    return 0;
}

/* In the child: every descriptor above 2 goes at exec. */
static void mark_others_cloexec(void)
{
    if (syscall(SYS_close_range, 3U, ~0U, CLOSE_RANGE_CLOEXEC) == 0)
        return;
    struct rlimit limit = {.rlim_cur = 1024};
    getrlimit(RLIMIT_NOFILE, &limit);
    int end = limit.rlim_cur > 65536 ? 65536 : (int)limit.rlim_cur;
    for (int fd = 3; fd < end; fd++)
        fcntl(fd, F_SETFD, FD_CLOEXEC);
}

static void reset_signals(void)
{
    for (int i = 1; i < NSIG; i++)
        signal(i, SIG_DFL);
    sigset_t none;
    sigemptyset(&none);
    sigprocmask(SIG_SETMASK, &none, NULL);
}

__attribute__((noreturn)) static void run_child(const int fds[FD_COUNT], char *const argv[],
                                                unsigned flags, pid_t parent)
{
    setpgid(0, 0);
    if ((flags & (PROC_DIE_WITH_PARENT | PROC_END_WITH_PARENT)) != 0) {
        prctl(PR_SET_PDEATHSIG, (flags & PROC_END_WITH_PARENT) != 0 ? SIGTERM : SIGKILL);
        if (getppid() != parent) /* it died before the prctl */
            _exit(127);
    }
    reset_signals();
    int error = 0;
    if (dup2(fds[CHILD_IN], STDIN_FILENO) < 0 || dup2(fds[CHILD_OUT], STDOUT_FILENO) < 0 ||
        (fds[CHILD_ERR] >= 0 && dup2(fds[CHILD_ERR], STDERR_FILENO) < 0)) {
        error = errno;
    } else {
        mark_others_cloexec();
        execvp(argv[0], argv);
        error = errno;
    }
    ssize_t done = write(fds[CHILD_SAY], &error, sizeof error);
    (void)done;
    _exit(127);
}

/* The errno of a failed exec, or 0 when the pipe was closed by a good one. */
static int read_exec_error(int fd)
{
    int error = 0;
    ssize_t n;
    do
        n = read(fd, &error, sizeof error);
    while (n < 0 && errno == EINTR);
    return n == (ssize_t)sizeof error ? error : 0;
}

static int wait_pid(pid_t pid, int *ret_status)
{
    while (waitpid(pid, ret_status, 0) < 0)
        if (errno != EINTR)
            return -errno;
    return 0;
}

static pid_t fork_child(const int fds[FD_COUNT], char *const argv[], unsigned flags)
{
    /* No handler of ours may run in the child before its signals are reset. */
    sigset_t all, before;
    sigfillset(&all);
    pthread_sigmask(SIG_SETMASK, &all, &before);
    pid_t parent = getpid(), pid = fork();
    if (pid == 0)
        run_child(fds, argv, flags, parent);
    int error = errno;
    pthread_sigmask(SIG_SETMASK, &before, NULL);
    errno = error;
    return pid;
}

int proc_start(struct proc *p, char *const argv[], unsigned flags, struct err *e)
{
    int fds[FD_COUNT];
    *p = (struct proc){.in_fd = -1, .out_fd = -1, .err_fd = -1};
    int r = open_pipes(fds, flags);
    if (r < 0)
        return err_set(e, r, "start %s: pipe: %s", argv[0], strerror(-r));
    pid_t pid = fork_child(fds, argv, flags);
    if (pid < 0) {
        r = err_set(e, -errno, "start %s: fork: %s", argv[0], strerror(errno));
        close_all(fds);
        return r;
    }
    setpgid(pid, pid); /* both sides do, so that it is true for both at once */
    close_fd(&fds[CHILD_IN]);
    close_fd(&fds[CHILD_OUT]);
    close_fd(&fds[CHILD_ERR]);
    close_fd(&fds[CHILD_SAY]);
    int error = read_exec_error(fds[PARENT_SAY]);
    close_fd(&fds[PARENT_SAY]);
    if (error != 0) {
        close_all(fds);
        int status;
        wait_pid(pid, &status);
        return err_set(e, -error, "start %s: %s", argv[0],
                       error == ENOENT ? "no such program (not installed, or not on PATH)"
                                       : strerror(error));
    }
    *p = (struct proc){
        .pid = pid, .in_fd = fds[PARENT_IN], .out_fd = fds[PARENT_OUT], .err_fd = fds[PARENT_ERR]};
    return 0;
}

static int exit_status(int status)
{
    return WIFSIGNALED(status) ? 128 + WTERMSIG(status) : WEXITSTATUS(status);
}

int proc_poll(struct proc *p)
{
    if (p == NULL || p->pid <= 0)
        return -ECHILD;
    int status;
    pid_t pid = waitpid(p->pid, &status, WNOHANG);
    if (pid == 0 || (pid < 0 && errno == EINTR))
        return -EAGAIN;
    if (pid < 0)
        return -errno;
    p->pid = 0;
    return exit_status(status);
}

int proc_exit_fd(const struct proc *p)
{
    long fd = syscall(SYS_pidfd_open, p->pid, 0);
    return fd < 0 ? -errno : (int)fd;
}

bool proc_has_exited(const struct proc *p)
{
    siginfo_t info = {0};
    int r = waitid(P_PID, (id_t)p->pid, &info, WEXITED | WNOHANG | WNOWAIT);
    return r == 0 ? info.si_pid != 0 : errno != EINTR;
}

/* Waits without reaping, so that the process group cannot become another's meanwhile. */
static bool wait_exit(const struct proc *p, int exit_fd, uint64_t timeout_ns)
{
    uint64_t now = clock_now_ns();
    uint64_t deadline = timeout_ns > UINT64_MAX - now ? UINT64_MAX : now + timeout_ns;
    while (!proc_has_exited(p)) {
        now = clock_now_ns();
        if (now >= deadline)
            return false;
        /* Without a pidfd (an old kernel) there is nothing to wait for but time. */
        uint64_t step_ms = (deadline - now) / NS_PER_MS + 1, limit = exit_fd < 0 ? 2 : 60000;
        struct pollfd fd = {.fd = exit_fd, .events = POLLIN};
        poll(&fd, 1, (int)(step_ms < limit ? step_ms : limit));
    }
    return true;
}

int proc_stop(struct proc *p, uint64_t timeout_ns)
{
    if (p == NULL)
        return 0;
    close_fd(&p->in_fd);
    close_fd(&p->out_fd);
    close_fd(&p->err_fd);
    if (p->pid <= 0)
        return 0;
    int exit_fd = proc_exit_fd(p), status = 0;
    if (!wait_exit(p, exit_fd, timeout_ns)) {
        kill(-p->pid, SIGTERM);
        if (!wait_exit(p, exit_fd, timeout_ns))
            kill(-p->pid, SIGKILL);
        wait_exit(p, exit_fd, UINT64_MAX);
    }
    kill(-p->pid, SIGKILL); /* what it left running in its group */
    close_fd(&exit_fd);
    int r = wait_pid(p->pid, &status);
    p->pid = 0;
    return r < 0 ? r : exit_status(status);
}

int proc_finish(struct proc *p)
{
    close_fd(&p->in_fd);
    close_fd(&p->out_fd);
    close_fd(&p->err_fd);
    if (p->pid <= 0)
        return -ECHILD;
    int status = 0, r = wait_pid(p->pid, &status);
    p->pid = 0;
    return r < 0 ? r : exit_status(status);
}
