/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * two_sides: see two_sides.h.
 */
#include "io/two_sides.h"

#include <fcntl.h>
#include <sched.h>
#include <stdio.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/proc.h"
#include "base/str.h"
#include "io/netif.h"

static int current_space(void)
{
    int fd = open("/proc/thread-self/ns/net", O_RDONLY | O_CLOEXEC);
    assert_true(fd >= 0);
    return fd;
}

static void run(const char *command)
{
    char *const argv[] = {(char *)(uintptr_t) "sh", (char *)(uintptr_t) "-c",
                          (char *)(uintptr_t)command, NULL};
    struct err e = {0};

    if (proc_run(argv, NULL, NULL, 20 * NS_PER_S, &e) != 0) {
        print_error("%s: %s\n", command, e.text);
        fail();
    }
}

void two_sides_enter(const struct two_sides *t, enum side where)
{
    assert_int_equal(setns(t->space[where], CLONE_NEWNET), 0);
}

void two_sides_run(const struct two_sides *t, enum side where, const char *command)
{
    int back = current_space();

    two_sides_enter(t, where);
    run(command);
    assert_int_equal(setns(back, CLONE_NEWNET), 0);
    close(back);
}

/* The kernel drops what is sent before it noticed that the link is there: at once when the two ends
 * have numbers of their own, else after a second. */
static void wait_until_up(const struct two_sides *t, enum side where, const char *name)
{
    uint64_t until = clock_now_ns() + 20 * NS_PER_S;
    struct netif n = {.flags = 0};

    two_sides_enter(t, where);
    while ((n.flags & IFF_RUNNING) == 0) {
        assert_true(clock_now_ns() < until);
        (void)clock_sleep_until(clock_now_ns() + NS_PER_MS);
        assert_int_equal(netif_read(&n, name, NULL), 0);
    }
}

bool two_sides_open(struct two_sides *t, unsigned queues)
{
    char text[256];

    t->space[HOME] = current_space();
    for (int i = LEFT; i < SIDES; i++) {
        if (unshare(CLONE_NEWNET) < 0) {
            print_message("namespaces of our own are not permitted here\n");
            two_sides_enter(t, HOME);
            return false;
        }
        t->space[i] = current_space();
    }
    str_printf(text, sizeof(text),
               "ip link add left index 5 numtxqueues %u numrxqueues %u type veth peer name right "
               "index 6 numtxqueues %u numrxqueues %u netns /proc/%d/fd/%d",
               queues, queues, queues, queues, (int)getpid(), t->space[RIGHT]);
    two_sides_run(t, LEFT, text);
    two_sides_run(t, LEFT,
                  "ip link set lo up; ip addr add 10.77.0.1/24 dev left; "
                  "ip addr add fd77::1/64 dev left nodad; ip link set left up");
    two_sides_run(t, RIGHT,
                  "ip link set lo up; ip addr add 10.77.0.2/24 dev right; "
                  "ip addr add fd77::2/64 dev right nodad; ip link set right up");
    wait_until_up(t, RIGHT, "right");
    wait_until_up(t, LEFT, "left");
    return true;
}

void two_sides_close(struct two_sides *t)
{
    two_sides_enter(t, HOME);
    for (int i = HOME; i < SIDES; i++) {
        close(t->space[i]);
    }
}
