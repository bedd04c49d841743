/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "base/tree.h"

#include <fcntl.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/str.h"
#include "base/test.h"

static void make_file(const char *path)
{
    int fd = open(path, O_WRONLY | O_CREAT | O_CLOEXEC, 0644);
    assert_true(fd >= 0);
    close(fd);
}

/* A link out of the tree goes, what it leads to stays. */
static void test_remove(void **state)
{
    (void)state;
    char top[] = "/tmp/vaperf-tree-XXXXXX", path[64], kept[64], file[80];
    assert_non_null(mkdtemp(top));
    str_printf(path, sizeof path, "%s/gone", top);
    str_printf(kept, sizeof kept, "%s/kept", top);
    assert_int_equal(mkdir(path, 0755), 0);
    str_printf(file, sizeof file, "%s/deep", path);
    assert_int_equal(mkdir(file, 0755), 0);
    str_printf(file, sizeof file, "%s/deep/file", path);
    make_file(file);
    make_file(kept);
    str_printf(file, sizeof file, "%s/link", path);
    assert_int_equal(symlink(kept, file), 0);
    assert_int_equal(tree_remove(path), 0);
    assert_int_equal(access(path, F_OK), -1);
    assert_int_equal(access(kept, F_OK), 0);
    assert_int_equal(tree_remove(path), 0); /* there is none any more */
    assert_int_equal(tree_remove(top), 0);
    assert_int_equal(access(top, F_OK), -1);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_remove),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
