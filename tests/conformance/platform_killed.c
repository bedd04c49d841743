/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * platform_killed: a run that is killed with a busy machine, and the sweep after it. One thread.
 */
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/str.h"
#include "platform_bed.h"

static void count_told(void *arg, const char *text)
{
    (void)text;
    ++*(int *)arg;
}

/* A run that makes a machine, keeps it busy when it is told to, and then is killed: a program of
 * its own, since libvirt does not live on in a fork. */
int killed_run(const char *platform, int with_test)
{
    bed_ops = platform_find(platform);
    struct bed b;
    struct proc node, stubborn; /* one ends with its input, one does not */
    char byte;
    bed_open(&b);
    struct machine_spec spec = bed_weighted(&b);
    struct machine *m = bed_bring_up(&b, &spec);
    if (read(with_test, &byte, 1) != 1)
        return 1;
    bed_burn(m, &node);
    if (!talk_is_guest(bed_ops))
        bed_hear(m, "hold", "holding", &stubborn);
    if (write(with_test, b.mark.text, MARK_SIZE) == MARK_SIZE)
        pause();
    return 1;
}

static struct {
    pid_t child;
    int talk;
} killed = {.talk = -1};

void killed_start(void)
{
    int ends[2];
    char fd[16];
    assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM, 0, ends), 0);
    killed.child = fork();
    assert_true(killed.child >= 0);
    if (killed.child == 0) {
        close(ends[1]);
        str_printf(fd, sizeof fd, "%d", ends[0]);
        execl("/proc/self/exe", "platform", bed_ops->name, fd, (char *)NULL);
        _exit(1);
    }
    close(ends[0]);
    killed.talk = ends[1];
}

static void kill_it(void)
{
    kill(killed.child, SIGKILL);
    assert_int_equal(waitpid(killed.child, NULL, 0), killed.child);
    killed.child = 0;
    close(killed.talk);
}

void killed_finish(void)
{
    int told = 0;
    if (killed.child <= 0)
        return;
    kill_it();
    platform_sweep(false, count_told, &told, NULL);
}

void test_sweep_after_kill(void **state)
{
    (void)state;
    struct err e;
    char mark[MARK_SIZE] = "";
    int told = 0, dry_told = 0;
    err_clear(&e);
    assert_int_equal(write(killed.talk, "", 1), 1);
    assert_int_equal(read(killed.talk, mark, MARK_SIZE), MARK_SIZE);
    kill_it();
    assert_false(mark_is_alive(mark));
    int dry = platform_sweep(true, count_told, &dry_told, &e);
    bed_must(dry, &e);
    assert_true(dry > 0);
    assert_int_equal(dry, dry_told);
    int r = platform_sweep(false, count_told, &told, &e);
    bed_must(r, &e);
    assert_true(r > 0);
    bed_assert_nothing_left(mark);
    assert_int_equal(platform_sweep(false, count_told, &told, &e), 0);
    struct proc node; /* the living one was let be */
    bed_burn(bed_shared.light, &node);
    proc_stop(&node, 5 * SECOND);
}
