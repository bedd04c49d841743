/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "control/image/cpio.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/buf.h"
#include "base/proc.h"
#include "base/str.h"
#include "base/test.h"

struct place {
    char dir[64], archive[96], tree[96];
};

static int set_up(void **state)
{
    static struct place p;
    strcpy(p.dir, "/tmp/vaperf-cpio-XXXXXX");
    assert_non_null(mkdtemp(p.dir));
    str_printf(p.archive, sizeof p.archive, "%s/a.cpio", p.dir);
    str_printf(p.tree, sizeof p.tree, "%s/tree", p.dir);
    assert_int_equal(mkdir(p.tree, 0755), 0);
    *state = &p;
    return 0;
}

static int tear_down(void **state)
{
    struct place *p = *state;
    static char rm[] = "rm", rf[] = "-rf";
    char *const argv[] = {rm, rf, p->dir, NULL};
    return proc_run(argv, NULL, NULL, 0, NULL);
}

static void write_file(const char *folder, const char *name, const char *text, unsigned mode)
{
    char path[160];
    str_printf(path, sizeof path, "%s/%s", folder, name);
    FILE *f = fopen(path, "w");
    assert_non_null(f);
    fputs(text, f);
    assert_int_equal(fclose(f), 0);
    assert_int_equal(chmod(path, mode), 0);
}

/* A reader of our own: the header of `name`, or NULL; *ret_content behind its name. */
static const char *find(const struct buf *b, const char *name, const char **ret_content)
{
    for (size_t at = 0; at + 110 <= b->size;) {
        char field[9] = {0};
        assert_int_equal(at % 4, 0);
        assert_memory_equal(b->data + at, "070701", 6);
        memcpy(field, b->data + at + 6 + 6 * 8, 8);
        const size_t size = strtoul(field, NULL, 16);
        memcpy(field, b->data + at + 6 + 11 * 8, 8);
        const size_t name_size = strtoul(field, NULL, 16);
        const size_t content = (at + 110 + name_size + 3) / 4 * 4;
        assert_int_equal(b->data[at + 110 + name_size - 1], '\0');
        if (strcmp(b->data + at + 110, name) == 0) {
            *ret_content = b->data + content;
            return b->data + at;
        }
        at = (content + size + 3) / 4 * 4;
    }
    return NULL;
}

static unsigned field(const char *header, int number)
{
    char text[9] = {0};
    memcpy(text, header + 6 + number * 8, 8);
    return (unsigned)strtoul(text, NULL, 16);
}

enum { MODE = 1, LINKS = 4, MTIME = 5, SIZE = 6, MAJOR = 9, MINOR = 10 };

static void test_entries(void **state)
{
    const struct place *p = *state;
    struct cpio c;
    struct buf b;
    const char *content;
    assert_int_equal(cpio_open(&c, p->archive, NULL), 0);
    cpio_add_folder(&c, "dev", 0755);
    cpio_add_device(&c, "dev/console", 0600, 5, 1);
    cpio_add_text(&c, "order", 0644, "abcde", 5);
    cpio_add_link(&c, "sbin", "usr/sbin");
    assert_int_equal(cpio_close(&c, NULL), 0);
    buf_init(&b);
    assert_int_equal(buf_load(&b, p->archive), 0);
    const char *h = find(&b, "dev/console", &content);
    assert_int_equal(field(h, MODE), S_IFCHR | 0600);
    assert_int_equal(field(h, MAJOR), 5);
    assert_int_equal(field(h, MINOR), 1);
    h = find(&b, "order", &content);
    assert_int_equal(field(h, SIZE), 5);
    assert_memory_equal(content, "abcde", 5);
    h = find(&b, "sbin", &content);
    assert_int_equal(field(h, MODE), S_IFLNK | 0777);
    assert_memory_equal(content, "usr/sbin", 8);
    assert_int_equal(field(find(&b, "dev", &content), LINKS), 2);
    assert_non_null(find(&b, "TRAILER!!!", &content));
    buf_finish(&b);
}

static void add_tree(const struct place *p, struct buf *b)
{
    struct cpio c;
    assert_int_equal(cpio_open(&c, p->archive, NULL), 0);
    assert_int_equal(cpio_add_tree(&c, p->tree, NULL), 0);
    assert_int_equal(cpio_close(&c, NULL), 0);
    buf_init(b);
    assert_int_equal(buf_load(b, p->archive), 0);
}

static void test_tree(void **state)
{
    const struct place *p = *state;
    struct buf one, two;
    const char *content;
    char path[160];
    str_printf(path, sizeof path, "%s/etc", p->tree);
    assert_int_equal(mkdir(path, 0711), 0);
    write_file(path, "b", "", 0600);
    write_file(path, "a", "1234567", 04755);
    str_printf(path, sizeof path, "%s/etc/fifo", p->tree);
    assert_int_equal(mkfifo(path, 0600), 0);
    add_tree(p, &one);
    assert_int_equal(field(find(&one, "etc", &content), MODE), S_IFDIR | 0711);
    const char *h = find(&one, "etc/a", &content);
    assert_int_equal(field(h, MODE), S_IFREG | 04755);
    assert_int_equal(field(h, MTIME), 0);
    assert_memory_equal(content, "1234567", 7);
    assert_int_equal(field(find(&one, "etc/b", &content), SIZE), 0);
    assert_null(find(&one, "etc/fifo", &content));
    /* The same content is the same bytes, whenever it was written. */
    str_printf(path, sizeof path, "%s/etc", p->tree);
    write_file(path, "a", "1234567", 04755);
    add_tree(p, &two);
    assert_int_equal(one.size, two.size);
    assert_memory_equal(one.data, two.data, one.size);
    buf_finish(&one);
    buf_finish(&two);
}

static void test_failures(void **state)
{
    const struct place *p = *state;
    struct cpio c;
    struct err e;
    assert_int_equal(cpio_open(&c, "/nonexistent/a.cpio", &e), -ENOENT);
    assert_int_equal(cpio_open(&c, p->archive, NULL), 0);
    assert_int_equal(cpio_add_file(&c, "init", 0755, "/nonexistent/node", &e), -ENOENT);
    assert_string_equal(e.text, "/nonexistent/node: No such file or directory");
    assert_int_equal(cpio_add_file(&c, "init", 0755, p->tree, &e), -EISDIR);
    assert_int_equal(cpio_add_tree(&c, "/nonexistent/tree", &e), -ENOENT);
    assert_int_equal(cpio_close(&c, NULL), 0);
    assert_int_equal(cpio_close(&c, NULL), 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(test_entries, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_tree, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_failures, set_up, tear_down),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
