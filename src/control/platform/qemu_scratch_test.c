/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * qemu_scratch: disks are really made, found by whoever sweeps, and removed; where there is no room
 * the answer has both numbers.
 */
#include "control/platform/qemu_scratch.h"

#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/str.h"
#include "base/test.h"

static const struct host here = {.name = "local", .uri = "local"};
static char root[32];

static struct qemu_options options(const char *size)
{
    struct qemu_options o;
    opt_defaults(qemu_options_table, &o, sizeof o);
    assert_int_equal(opt_parse(opt_find(qemu_options_table, "scratch"), size, &o, NULL, NULL), 0);
    o.scratch_folder = root;
    return o;
}

/* The folder of a machine, as the platform makes it. */
static int set_up(void **state)
{
    char path[64];
    (void)state;
    str_printf(root, sizeof root, "/tmp/vaperf-scratch-XXXXXX");
    if (mkdtemp(root) == NULL)
        return -1;
    str_printf(path, sizeof path, "%s/qemu", root);
    mkdir(path, 0700);
    str_printf(path, sizeof path, "%s/qemu/one", root);
    return mkdir(path, 0700);
}

static int tear_down(void **state)
{
    char path[64];
    (void)state;
    str_printf(path, sizeof path, "%s/qemu/one", root);
    int r = rmdir(path);
    str_printf(path, sizeof path, "%s/qemu", root);
    return r | rmdir(path) | rmdir(root); /* nothing else is left */
}

static void test_made_found_removed(void **state)
{
    (void)state;
    if (!host_has_program(&here, "mkfs.ext4")) {
        print_message("needs mkfs.ext4, of Debian's package e2fsprogs\n");
        skip();
    }
    const struct qemu_options o = options("16M");
    char file[64], dir[64], found[80];
    struct stat st;
    struct buf list;
    struct err e = {0};
    buf_init(&list);
    str_printf(dir, sizeof dir, "%s/qemu/one", root);
    str_printf(file, sizeof file, "%s/vaperf-a1b2c3-one.disk", root);
    if (qemu_scratch_create(&here, &o, dir, file, &e) < 0)
        fail_msg("%s", e.text);
    assert_int_equal(stat(file, &st), 0);
    assert_int_equal(st.st_size, 16 << 20);
    assert_int_equal(st.st_mode & 077, 0);
    assert_int_equal(qemu_scratch_list(&here, root, &list, &e), 0);
    str_printf(found, sizeof found, "%s\n", dir);
    assert_string_equal(buf_str(&list), found);
    assert_true(qemu_scratch_create(&here, &o, dir, file, &e) < 0); /* never another's file */
    assert_int_equal(qemu_scratch_remove(&here, dir, &e), 0);
    assert_int_equal(stat(file, &st), -1);
    assert_int_equal(qemu_scratch_remove(&here, dir, &e), 0);
    buf_finish(&list);
}

static void assert_refused(const struct qemu_options *o, const char *words)
{
    struct setting_check row;
    qemu_scratch_describe(&here, o, &row);
    assert_int_equal(row.state, SETTING_UNSUPPORTED);
    if (strstr(row.text, words) == NULL)
        fail_msg("'%s' does not say '%s'", row.text, words);
}

static void test_refused(void **state)
{
    (void)state;
    struct qemu_options o = options("1000T");
    char dir[64];
    struct err e = {0};
    assert_refused(&o, " MiB free, and 1048576000 MiB are needed");
    str_printf(dir, sizeof dir, "%s/qemu/one", root);
    assert_true(qemu_scratch_create(&here, &o, dir, "/nowhere/vaperf-a.disk", &e) < 0);
    assert_non_null(strstr(e.text, " MiB free, and 1048576000 MiB are needed"));
    o.scratch_folder = "/no/such/folder";
    assert_refused(&o, "scratch_folder /no/such/folder is no folder");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_made_found_removed),
        cmocka_unit_test(test_refused),
    };
    return cmocka_run_group_tests(tests, set_up, tear_down);
}
