/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * mark_test: records of living and dead runs, in a run directory of its own.
 */
#include "base/test.h"

#include <errno.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/str.h"
#include "control/platform/mark.h"

static char run_dir[] = "/tmp/vaperf-mark-XXXXXX";

static void test_lives_as_long_as_its_owner(void **state)
{
    (void)state;
    struct mark m, dead[MARK_LIST_MAX];
    struct stat st;
    struct err e;
    err_clear(&e);
    assert_int_equal(mark_create(&m, &e), 0);
    assert_true(mark_is_valid(m.text));
    assert_true(mark_is_alive(m.text));
    assert_int_equal(stat(m.dir, &st), 0);
    assert_int_equal(mark_list_dead(dead, &e), 0);
    assert_int_equal(mark_remove_dead(&m, &e), -EBUSY);
    char dir[MARK_PATH_MAX];
    memcpy(dir, m.dir, sizeof dir);
    mark_release(&m);
    mark_release(&m);
    mark_release(NULL);
    assert_int_equal(stat(dir, &st), -1);
}

static void test_dies_with_its_owner(void **state)
{
    (void)state;
    struct mark m, dead[MARK_LIST_MAX];
    struct err e;
    int ends[2];
    err_clear(&e);
    assert_int_equal(pipe(ends), 0);
    pid_t child = fork();
    if (child == 0) {
        ssize_t n = mark_create(&m, &e) == 0 ? write(ends[1], &m, sizeof m) : 0;
        pause();
        _exit(n > 0 ? 0 : 1);
    }
    close(ends[1]);
    assert_int_equal(read(ends[0], &m, sizeof m), sizeof m);
    assert_true(mark_is_alive(m.text));
    kill(child, SIGKILL);
    siginfo_t ended;
    assert_int_equal(waitid(P_PID, (id_t)child, &ended, WEXITED | WNOWAIT), 0);
    assert_false(mark_is_alive(m.text)); /* dead, though its parent has not noticed */
    assert_int_equal(waitpid(child, NULL, 0), child);
    assert_false(mark_is_alive(m.text));
    assert_int_equal(mark_list_dead(dead, &e), 1);
    assert_string_equal(dead[0].text, m.text);
    assert_string_equal(dead[0].dir, m.dir);
    assert_int_equal(mark_remove_dead(&dead[0], &e), 0);
    assert_int_equal(mark_list_dead(dead, &e), 0);
    close(ends[0]);
}

/* The same number, but another process or another boot. */
static void test_reused_id_is_dead(void **state)
{
    (void)state;
    struct mark m, dead[MARK_LIST_MAX];
    struct err e;
    char path[MARK_PATH_MAX + 8];
    err_clear(&e);
    assert_int_equal(mark_create(&m, &e), 0);
    str_printf(path, sizeof path, "%s/owner", m.dir);
    FILE *file = fopen(path, "w");
    assert_non_null(file);
    fprintf(file, "%d 1 no-boot\n", (int)getpid());
    fclose(file);
    assert_false(mark_is_alive(m.text));
    assert_int_equal(mark_list_dead(dead, &e), 1);
    mark_release(&m);
}

/* No owner to read: nobody's to remove. */
static void test_without_owner_is_let_be(void **state)
{
    (void)state;
    struct mark dead[MARK_LIST_MAX];
    struct err e;
    char dir[64], other[64];
    err_clear(&e);
    str_printf(dir, sizeof dir, "%s/abcdef", run_dir);
    str_printf(other, sizeof other, "%s/something-else", run_dir);
    assert_int_equal(mkdir(dir, 0700), 0);
    assert_int_equal(mkdir(other, 0700), 0);
    assert_false(mark_is_alive("abcdef"));
    assert_int_equal(mark_list_dead(dead, &e), 0);
    assert_false(mark_is_alive("../../x"));
    assert_int_equal(rmdir(dir), 0);
    assert_int_equal(rmdir(other), 0);
}

static void test_unusable_directory(void **state)
{
    (void)state;
    struct mark m;
    struct err e;
    err_clear(&e);
    setenv("VAPERF_RUN_DIR", "/proc/vaperf-cannot", 1);
    assert_true(mark_create(&m, &e) < 0);
    assert_non_null(strstr(e.text, "/proc/vaperf-cannot"));
    setenv("VAPERF_RUN_DIR", run_dir, 1);
}

static void test_is_announced_while_it_lives(void **state)
{
    (void)state;
    struct mark m;
    char text[MARK_SIZE];
    int ready[2], hold[2];
    char byte;
    assert_int_equal(pipe(ready), 0);
    assert_int_equal(pipe(hold), 0);
    const pid_t pid = fork();
    if (pid == 0) { /* in a network namespace of its own, where that is allowed */
        close(hold[1]);
        if (unshare(CLONE_NEWNET) < 0 && errno != EPERM)
            _exit(1);
        if (mark_create(&m, NULL) < 0 || write(ready[1], m.text, MARK_SIZE) != MARK_SIZE)
            _exit(1);
        _exit(read(hold[0], &byte, 1) == 0 ? 0 : 1); /* killed, so to speak: no release */
    }
    close(ready[1]);
    close(hold[0]);
    assert_int_equal(read(ready[0], text, MARK_SIZE), MARK_SIZE);
    assert_true(mark_is_announced(text));
    assert_false(mark_is_announced("------"));
    close(hold[1]);
    int status;
    assert_int_equal(waitpid(pid, &status, 0), pid);
    assert_int_equal(status, 0);
    assert_false(mark_is_announced(text));
    close(ready[0]);
    struct mark dead[MARK_LIST_MAX];
    assert_int_equal(mark_list_dead(dead, NULL), 1);
    assert_int_equal(mark_remove_dead(&dead[0], NULL), 0);
    assert_int_equal(mark_create(&m, NULL), 0);
    assert_true(mark_is_announced(m.text));
    memcpy(text, m.text, MARK_SIZE);
    mark_release(&m);
    assert_false(mark_is_announced(text));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_lives_as_long_as_its_owner),
        cmocka_unit_test(test_dies_with_its_owner),
        cmocka_unit_test(test_reused_id_is_dead),
        cmocka_unit_test(test_without_owner_is_let_be),
        cmocka_unit_test(test_unusable_directory),
        cmocka_unit_test(test_is_announced_while_it_lives),
    };
    if (mkdtemp(run_dir) == NULL || setenv("VAPERF_RUN_DIR", run_dir, 1) < 0)
        return 1;
    int failed = cmocka_run_group_tests(tests, NULL, NULL);
    return rmdir(run_dir) < 0 ? 1 : failed;
}
