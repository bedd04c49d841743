/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * What benches say of a place that does not let them: disks without room, read-only from the
 * beginning or from the middle on, full in mid-round; programs that are missing, fail, or print
 * what is no figure. Disks are file systems in memory of a mount namespace of the test's own.
 */
#include "base/test.h"

#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mount.h>
#include <unistd.h>

#include "base/str.h"
#include "node/bench/bench.h"

static char disk[] = "/tmp/vaperf-trouble-XXXXXX";
static bool has_disk;

static const struct bench_ops *ops;
static uint64_t options[32], own[4096];
static struct err e;

static int set_up(void **state)
{
    (void)state;
    if (mkdtemp(disk) == NULL) {
        return -1;
    }
    has_disk = unshare(CLONE_NEWNS) == 0 && mount("", "/", NULL, MS_REC | MS_PRIVATE, NULL) == 0 &&
               mount("tmpfs", disk, "tmpfs", 0, "size=32m") == 0;
    return 0;
}

static int tear_down(void **state)
{
    (void)state;
    if (has_disk) {
        (void)umount2(disk, MNT_DETACH);
    }
    return rmdir(disk);
}

static void set(const char *name, const char *value)
{
    const struct opt *o = opt_find(ops->options, name);
    assert_non_null(o);
    assert_int_equal(opt_parse(o, value, options, NULL, &e), 0);
}

static void begin(const char *bench)
{
    ops = bench_find(bench);
    assert_true(ops->state_size <= sizeof own && ops->options_size <= sizeof options);
    opt_defaults(ops->options, options, ops->options_size);
    memset(own, 0, sizeof own);
    err_clear(&e);
}

/* On the disk, in some MiB. */
static void begin_on_disk(const char *bench)
{
    if (!has_disk) {
        print_message("needs root, for a file system of its own\n");
        skip();
    }
    begin(bench);
    set("folder", disk);
    set("size", "8M");
    if (opt_find(ops->options, "other") != NULL) {
        set("other", "4M");
    }
    if (opt_find(ops->options, "count") != NULL) {
        set("count", "20");
    }
}

static void assert_says(const char *words)
{
    if (strstr(e.text, words) == NULL) {
        fail_msg("'%s' does not say '%s'", e.text, words);
    }
}

static void remount(unsigned long flags)
{
    assert_int_equal(mount("tmpfs", disk, NULL, MS_REMOUNT | flags, "size=32m"), 0);
}

static int run_rounds(unsigned count)
{
    atomic_bool go = false;
    int r = 0;

    for (unsigned n = 0; n < count && r == 0; n++) {
        r = ops->arrange != NULL ? ops->arrange(own, n, &go, &e) : 0;
        r = r == 0 ? ops->run(own, n, &go, &e) : r;
    }
    return r;
}

static const char *const on_disks[] = {"zfg", "files"};

static void no_room_is_refused_with_both_numbers(void **state)
{
    (void)state;
    for (size_t i = 0; i < 2; i++) {
        begin_on_disk(on_disks[i]);
        set("size", "100G");
        assert_int_equal(ops->prepare(own, options, &e), -ENOSPC);
        assert_says(" MiB free, and 100.0 GiB are needed");
    }
}

static void read_only_disks_are_said_to_be(void **state)
{
    (void)state;
    for (size_t i = 0; i < 2; i++) {
        begin_on_disk(on_disks[i]);
        remount(MS_RDONLY);
        const int r = ops->prepare(own, options, &e);
        remount(0);
        assert_int_equal(r, -EROFS);
        assert_says("the disk is read-only");
        set("folder", "/no/such/folder");
        assert_int_equal(ops->prepare(own, options, &e), -ENOENT);
        assert_says("folder /no/such/folder: ");
    }
}

/* Somebody else takes the room between the check and the write. */
static void a_disk_that_fills_up_ends_the_round(void **state)
{
    char path[64], block[4096] = {1};

    (void)state;
    for (size_t i = 0; i < 2; i++) {
        begin_on_disk(on_disks[i]);
        str_printf(path, sizeof path, "%s/other", disk);
        int r = ops->prepare(own, options, &e);
        assert_int_equal(r, 0);
        int fd = open(path, O_CREAT | O_WRONLY | O_CLOEXEC, 0600);
        assert_true(fd >= 0);
        while (write(fd, block, sizeof block) > 0) {
        }
        r = run_rounds(2);
        close(fd);
        (void)unlink(path);
        assert_int_equal(r, -ENOSPC);
        assert_says("the disk is full");
        ops->cleanup(own);
    }
}

static void programs_that_give_nothing_are_said(void **state)
{
    static const struct {
        const char *command, *parser, *pattern, *words;
        int code;
    } cases[] = {
        {"no-such-program-here x", "none", NULL, "there is no program no-such-program-here here",
         -ENOENT},
        {"sh -c 'echo it broke >&2; exit 3'", "none", NULL, "ended with status 3: it broke", -EIO},
        {"false", "none", NULL, "false ended with status 1, and printed nothing", -EIO},
        {"echo hello", "fio", NULL, "fio", -EBADMSG},
        {"echo {\"jobs\": 7}", "fio", NULL, "fio", -EBADMSG},
        {"echo hello", "iperf3", NULL, "iperf3", -EBADMSG},
        {"echo hello", "sysbench", NULL, "sysbench", -EBADMSG},
        {"echo hello", "cyclictest", NULL, "cyclictest", -EBADMSG},
        {"echo speed fast", "regex", "speed=speed ([a-z]+)", "speed", -EBADMSG},
        {"sleep 20", "none", NULL, "sleep was not done in time", -ETIMEDOUT},
    };

    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        begin("command");
        set("command", cases[i].command);
        set("parser", cases[i].parser);
        set("timeout", cases[i].code == -ETIMEDOUT ? "50ms" : "20s");
        if (cases[i].pattern != NULL) {
            set("pattern", cases[i].pattern);
        }
        assert_int_equal(ops->check(options, &e), 0);
        int r = ops->prepare(own, options, &e);
        const bool is_prepared = r == 0;
        r = r == 0 ? run_rounds(1) : r;
        r = r == 0 ? ops->verify(own, &e) : r;
        if (r != cases[i].code) {
            fail_msg("%s: %d, not %d: %s", cases[i].command, r, cases[i].code, e.text);
        }
        assert_says(cases[i].words);
        if (is_prepared) {
            ops->cleanup(own);
        }
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(no_room_is_refused_with_both_numbers),
        cmocka_unit_test(read_only_disks_are_said_to_be),
        cmocka_unit_test(a_disk_that_fills_up_ends_the_round),
        cmocka_unit_test(programs_that_give_nothing_are_said),
    };
    return cmocka_run_group_tests_name("trouble", tests, set_up, tear_down);
}
