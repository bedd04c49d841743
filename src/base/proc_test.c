/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "base/proc.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/test.h"

static char *const cat_argv[] = {(char[]){"cat"}, NULL};

/* argv of `sh -c script`. */
#define SH(script)                                             \
    (char *const[])                                            \
    {                                                          \
        (char[]){"sh"}, (char[]){"-c"}, (char[]){script}, NULL \
    }

static void read_line(int fd, char *line, size_t size)
{
    size_t n = 0;
    while (n + 1 < size && read(fd, line + n, 1) == 1 && line[n] != '\n')
        n++;
    line[n] = '\0';
}

static void test_talk_and_stop(void **state)
{
    (void)state;
    struct proc p;
    struct err e = {0};
    char line[16];
    assert_int_equal(proc_start(&p, cat_argv, 0, &e), 0);
    assert_true(p.pid > 0 && p.in_fd > 2 && p.out_fd > 2);
    assert_int_equal(p.err_fd, -1);
    assert_int_equal(proc_poll(&p), -EAGAIN);
    assert_int_equal(write(p.in_fd, "hello\n", 6), 6);
    read_line(p.out_fd, line, sizeof line);
    assert_string_equal(line, "hello");
    assert_int_equal(getpgid(p.pid), p.pid);
    assert_int_equal(proc_stop(&p, 10 * NS_PER_S), 0); /* its input ends, so it does */
    assert_int_equal(p.pid, 0);
    assert_int_equal(proc_stop(&p, 0), 0);
    assert_int_equal(proc_poll(&p), -ECHILD);
}

static void test_empty(void **state)
{
    (void)state;
    struct proc zero = {0}, none = {.in_fd = -1, .out_fd = -1, .err_fd = -1};
    assert_int_equal(proc_stop(NULL, 0), 0);
    assert_int_equal(proc_stop(&zero, 0), 0);
    assert_int_equal(proc_stop(&none, 0), 0);
    assert_int_equal(proc_poll(NULL), -ECHILD);
    assert_int_equal(proc_finish(&none), -ECHILD);
    assert_true(fcntl(STDIN_FILENO, F_GETFD) >= 0); /* not taken for a pipe of the zeroed one */
}

static void test_exec_failure(void **state)
{
    (void)state;
    struct proc p;
    struct err e = {0};
    char *const missing[] = {(char[]){"no-such-program"}, NULL};
    assert_int_equal(proc_start(&p, missing, 0, &e), -ENOENT);
    assert_string_equal(e.text,
                        "start no-such-program: no such program (not installed, or not on PATH)");
    assert_int_equal(p.pid, 0);
    assert_int_equal(proc_stop(&p, 0), 0);
    char *const directory[] = {(char[]){"/"}, NULL};
    assert_int_equal(proc_start(&p, directory, 0, &e), -EACCES);
    assert_int_equal(waitpid(-1, NULL, WNOHANG), -1); /* nothing left to reap */
    assert_int_equal(errno, ECHILD);
}

static void test_stop_escalates(void **state)
{
    (void)state;
    struct proc p;
    char line[16];
    assert_int_equal(proc_start(&p, SH("exec sleep 1000"), 0, NULL), 0);
    assert_int_equal(proc_stop(&p, 0), 128 + SIGTERM);

    assert_int_equal(
        proc_start(&p, SH("trap '' TERM; echo ready; while :; do sleep 1; done"), 0, NULL), 0);
    read_line(p.out_fd, line, sizeof line);
    assert_string_equal(line, "ready");
    assert_int_equal(proc_stop(&p, NS_PER_MS), 128 + SIGKILL);
}

static void test_stop_takes_the_group(void **state)
{
    (void)state;
    struct proc p;
    char line[16];
    prctl(PR_SET_CHILD_SUBREAPER, 1);
    assert_int_equal(proc_start(&p, SH("sleep 1000 & echo $!; read x"), 0, NULL), 0);
    read_line(p.out_fd, line, sizeof line);
    pid_t grandchild = (pid_t)atoi(line);
    assert_true(grandchild > 0);
    proc_stop(&p, 10 * NS_PER_S);
    int status = 0;
    assert_int_equal(waitpid(grandchild, &status, 0), grandchild);
    assert_true(WIFSIGNALED(status) && WTERMSIG(status) == SIGKILL);
    prctl(PR_SET_CHILD_SUBREAPER, 0);
}

static void test_exit_is_seen(void **state)
{
    (void)state;
    struct proc p;
    assert_int_equal(proc_start(&p, SH("read x; exit 7"), PROC_PIPE_ERR, NULL), 0);
    assert_true(p.err_fd > 2);
    assert_false(proc_has_exited(&p));
    int fd = proc_exit_fd(&p);
    assert_true(fd >= 0);
    assert_int_equal(write(p.in_fd, "\n", 1), 1);
    struct pollfd wait = {.fd = fd, .events = POLLIN};
    assert_int_equal(poll(&wait, 1, 10000), 1);
    close(fd);
    assert_true(proc_has_exited(&p));
    assert_int_equal(proc_poll(&p), 7);
    assert_int_equal(proc_stop(&p, 0), 0);

    assert_int_equal(proc_start(&p, SH("exit 3"), 0, NULL), 0);
    assert_int_equal(proc_finish(&p), 3);
    assert_int_equal(proc_start(&p, SH("kill -9 $$"), 0, NULL), 0);
    assert_int_equal(proc_finish(&p), 137);
}

/* No descriptor, no ignored and no blocked signal of ours reaches the child. */
static void test_child_inherits_nothing(void **state)
{
    (void)state;
    int leak = open("/dev/null", O_RDONLY); /* without O_CLOEXEC */
    assert_true(leak > 2);
    sigset_t term, before;
    sigemptyset(&term);
    sigaddset(&term, SIGTERM);
    sigprocmask(SIG_BLOCK, &term, &before);
    signal(SIGPIPE, SIG_IGN);
    struct buf out;
    buf_init(&out);
    int r = proc_run(SH("cd /proc/self/fd; echo *; grep -E 'Sig(Blk|Ign)' /proc/self/status"), NULL,
                     &out, 0, NULL);
    signal(SIGPIPE, SIG_DFL);
    sigprocmask(SIG_SETMASK, &before, NULL);
    close(leak);
    assert_int_equal(r, 0);
    /* /proc/self is the shell's; 3 is the directory being listed */
    assert_true(strncmp(buf_str(&out), "0 1 2 3\n", 8) == 0 ||
                strncmp(buf_str(&out), "0 1 2\n", 6) == 0);
    /* Signals 32 and 33 are the C library's own; what they are is inherited and not ours to set. */
    assert_non_null(strstr(buf_str(&out), "SigBlk:\t0000000000000000\n"));
    const char *ignored = strstr(buf_str(&out), "SigIgn:\t");
    assert_non_null(ignored);
    assert_true((strtoull(ignored + 8, NULL, 16) & ~UINT64_C(0x180000000)) == 0);
    buf_finish(&out);
}

/* The signal that ends a child of a child which ends. */
static int orphan_signal(unsigned flags)
{
    int ends[2];
    assert_int_equal(pipe(ends), 0);
    prctl(PR_SET_CHILD_SUBREAPER, 1);
    pid_t middle = fork();
    if (middle == 0) {
        struct proc p;
        proc_start(&p, SH("exec sleep 1000"), flags, NULL);
        ssize_t done = write(ends[1], &p.pid, sizeof p.pid);
        _exit(done == sizeof p.pid ? 0 : 1);
    }
    pid_t grandchild = 0;
    assert_int_equal(read(ends[0], &grandchild, sizeof grandchild), sizeof grandchild);
    int status = 0;
    assert_int_equal(waitpid(middle, &status, 0), middle);
    assert_int_equal(waitpid(grandchild, &status, 0), grandchild);
    prctl(PR_SET_CHILD_SUBREAPER, 0);
    close(ends[0]);
    close(ends[1]);
    return WIFSIGNALED(status) ? WTERMSIG(status) : 0;
}

static void test_die_with_parent(void **state)
{
    (void)state;
    assert_int_equal(orphan_signal(PROC_DIE_WITH_PARENT), SIGKILL);
    assert_int_equal(orphan_signal(PROC_END_WITH_PARENT), SIGTERM);
}

static void test_run_output(void **state)
{
    (void)state;
    struct buf out;
    struct err e = {0};
    buf_init(&out);
    assert_int_equal(proc_run(SH("echo hi; echo loud >&2"), NULL, &out, 0, &e), 0);
    assert_string_equal(buf_str(&out), "hi\n");
    assert_int_equal(e.code, 0);
    assert_int_equal(proc_run(SH("echo thrown away"), NULL, NULL, 0, &e), 0);

    assert_int_equal(proc_run(SH("echo one >&2; echo 'no such cgroup' >&2; echo >&2; exit 4"), NULL,
                              &out, 0, &e),
                     4);
    assert_int_equal(e.code, -EIO);
    assert_string_equal(e.text, "sh -c echo one >&2; echo 'no such cgroup' >&2; echo >&2; exit 4: "
                                "exit status 4: no such cgroup");
    buf_clear(&out);
    assert_int_equal(proc_run(SH("echo on stdout; exit 1"), NULL, &out, 0, &e), 1);
    assert_string_equal(e.text, "sh -c echo on stdout; exit 1: exit status 1: on stdout");
    assert_int_equal(proc_run(SH("kill -15 $$"), NULL, NULL, 0, &e), 143);
    assert_string_equal(e.text, "sh -c kill -15 $$: ended by signal 15");
    buf_finish(&out);
}

static void test_run_input(void **state)
{
    (void)state;
    enum { SIZE = 1 << 20 };
    char *big = malloc(SIZE + 1);
    assert_non_null(big);
    for (int i = 0; i < SIZE; i++)
        big[i] = (char)('a' + i % 26);
    big[SIZE] = '\0';
    struct buf out;
    buf_init(&out);
    assert_int_equal(proc_run(cat_argv, big, &out, 0, NULL), 0);
    assert_int_equal(out.size, SIZE);
    assert_memory_equal(out.data, big, SIZE);
    /* A child that does not read must not earn us a SIGPIPE. */
    assert_int_equal(proc_run(SH("exec <&-; exit 5"), big, &out, 0, NULL), 5);
    buf_finish(&out);
    free(big);
}

static void test_run_timeout(void **state)
{
    (void)state;
    struct err e = {0};
    uint64_t start = clock_now_ns();
    assert_int_equal(proc_run(SH("sleep 1000; true"), NULL, NULL, 20 * NS_PER_MS, &e), -ETIMEDOUT);
    assert_true(clock_now_ns() - start < 100 * NS_PER_S);
    assert_string_equal(e.text, "sh -c sleep 1000; true: not done within 20ms");
    assert_int_equal(e.code, -ETIMEDOUT);
}

/* A command that leaves a daemon with its output still open has ended all the same. */
static void test_run_does_not_wait_for_daemons(void **state)
{
    (void)state;
    struct buf out;
    buf_init(&out);
    prctl(PR_SET_CHILD_SUBREAPER, 1);
    assert_int_equal(proc_run(SH("sleep 1000 & echo $!"), NULL, &out, 100 * NS_PER_S, NULL), 0);
    pid_t daemon_pid = (pid_t)atoi(buf_str(&out));
    assert_true(daemon_pid > 0);
    assert_int_equal(kill(daemon_pid, SIGKILL), 0);
    assert_int_equal(waitpid(daemon_pid, NULL, 0), daemon_pid);
    prctl(PR_SET_CHILD_SUBREAPER, 0);
    buf_finish(&out);
}

static void test_run_failures(void **state)
{
    (void)state;
    struct err e = {0};
    char *const missing[] = {(char[]){"no-such-program"}, NULL};
    assert_int_equal(proc_run(missing, NULL, NULL, 0, &e), -ENOENT);
    struct buf out;
    buf_init(&out);
    test_alloc_fail_at(0);
    int r = proc_run(SH("echo x"), NULL, &out, 0, &e);
    test_alloc_restore();
    assert_int_equal(r, -ENOMEM);
    buf_finish(&out);
}

/* A program whose 0, 1 and 2 are closed: pipes get those numbers and must be moved. */
static void test_closed_standard_descriptors(void **state)
{
    (void)state;
    pid_t pid = fork();
    if (pid == 0) {
        close(0);
        close(1);
        close(2);
        struct buf out;
        buf_init(&out);
        int r = proc_run(SH("cat; echo err >&2"), "in", &out, 0, NULL);
        _exit(r == 0 && strcmp(buf_str(&out), "in") == 0 ? 0 : 1);
    }
    int status = -1;
    assert_int_equal(waitpid(pid, &status, 0), pid);
    assert_int_equal(status, 0);
}

static int count_fds(void)
{
    int n = 0;
    for (int fd = 0; fd < 256; fd++)
        n += fcntl(fd, F_GETFD) >= 0;
    return n;
}

static int fds_before;

static int remember_fds(void **state)
{
    (void)state;
    fds_before = count_fds();
    return 0;
}

static int check_fds(void **state)
{
    (void)state;
    return count_fds() == fds_before ? 0 : -1;
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, remember_fds, check_fds)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(test_talk_and_stop),
        TEST(test_empty),
        TEST(test_exec_failure),
        TEST(test_stop_escalates),
        TEST(test_stop_takes_the_group),
        TEST(test_exit_is_seen),
        TEST(test_child_inherits_nothing),
        TEST(test_die_with_parent),
        TEST(test_run_output),
        TEST(test_run_input),
        TEST(test_run_timeout),
        TEST(test_run_does_not_wait_for_daemons),
        TEST(test_run_failures),
        TEST(test_closed_standard_descriptors),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
