/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * Tests of inject: lines in order, by chance and by user; numbers; indexes; wrong files.
 */
#include "node/scenario/inject.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/test.h"

static char path[] = "/tmp/vaperf-inject-XXXXXX";

static void write_file(const char *text)
{
    FILE *f = fopen(path, "w");

    assert_non_null(f);
    assert_true(fputs(text, f) >= 0);
    assert_int_equal(fclose(f), 0);
}

static struct inject *load(const char *text)
{
    const char *const paths[] = {path};
    struct inject *in = NULL;

    write_file(text);
    assert_int_equal(inject_load(paths, 1, &in, NULL), 0);
    return in;
}

static void assert_field(struct inject *in, unsigned line, unsigned field, const char *wanted)
{
    char text[64];
    int n = inject_get_field(in, 0, line, field, text, sizeof(text) - 1);

    assert_true(n >= 0);
    text[n] = 0;
    assert_string_equal(text, wanted);
}

static void lines_come_in_turn(void **state)
{
    struct inject *in =
        load("SEQUENTIAL\r\n# a comment\r\na;b;c\r\nd;;f\r\n\r\nbehind the end\r\n");
    struct rand_state r;
    char text[8];

    (void)state;
    rand_init(&r, 1);
    for (unsigned i = 0; i < 5; i++) {
        assert_int_equal(inject_pick(in, 0, 0, &r), i % 2);
    }
    assert_int_equal(inject_field_count(in, 0), 3);
    assert_field(in, 0, 0, "a");
    assert_field(in, 0, 2, "c");
    assert_field(in, 1, 1, "");
    assert_int_equal(inject_get_field(in, 0, 2, 0, text, sizeof(text)), -ENOENT);
    assert_int_equal(inject_get_field(in, 0, 0, 3, text, sizeof(text)), -ENOENT);
    assert_int_equal(inject_find(in, strrchr(path, '/') + 1), 0);
    assert_int_equal(inject_find(in, "other"), -1);
    inject_destroy(in);
}

static void users_have_their_line_and_chance_takes_any(void **state)
{
    struct inject *in = load("USERS\na\nb\nc\n");
    struct rand_state r;
    unsigned seen = 0;

    (void)state;
    rand_init(&r, 1);
    assert_int_equal(inject_pick(in, 0, 1, &r), 0);
    assert_int_equal(inject_pick(in, 0, 3, &r), 2);
    assert_int_equal(inject_pick(in, 0, 4, &r), 0);
    inject_destroy(in);
    in = load("RANDOM\na\nb\nc\n");
    for (int i = 0; i < 200; i++) {
        seen |= 1U << inject_pick(in, 0, 0, &r);
    }
    assert_int_equal(seen, 7);
    inject_destroy(in);
}

static void printf_makes_lines_out_of_one(void **state)
{
    struct inject *in = load("SEQUENTIAL,PRINTF=100,PRINTFOFFSET=500,PRINTFMULTIPLE=2\n"
                             "user%04d;%x;100%%;%s\n");
    struct rand_state r;

    (void)state;
    rand_init(&r, 1);
    for (unsigned i = 0; i < 100; i++) {
        assert_int_equal(inject_pick(in, 0, 0, &r), i);
    }
    assert_int_equal(inject_pick(in, 0, 0, &r), 0);
    assert_field(in, 7, 0, "user0514");
    assert_field(in, 7, 1, "202");
    assert_field(in, 7, 2, "100%");
    assert_field(in, 7, 3, "%s");
    inject_destroy(in);
}

static void an_index_finds_and_follows_changes(void **state)
{
    struct inject *in = load("SEQUENTIAL\na;1\nb;2\n");

    (void)state;
    assert_int_equal(inject_add_index(in, 0, 2, NULL), -EINVAL);
    assert_int_equal(inject_add_index(in, 0, 0, NULL), 0);
    assert_int_equal(inject_lookup(in, 0, "b"), 1);
    assert_int_equal(inject_lookup(in, 0, "z"), -1);
    assert_int_equal(inject_insert(in, 0, "z;3"), 0);
    assert_int_equal(inject_lookup(in, 0, "z"), 2);
    assert_int_equal(inject_replace(in, 0, 1, "c;4"), 0);
    assert_int_equal(inject_lookup(in, 0, "b"), -1);
    assert_int_equal(inject_lookup(in, 0, "c"), 1);
    assert_field(in, 1, 1, "4");
    assert_int_equal(inject_replace(in, 0, 9, "x"), -ENOENT);
    inject_destroy(in);
}

static void wrong_files_are_named_with_their_line(void **state)
{
    static const struct {
        const char *text, *words;
        int line;
    } rows[] = {
        {"", "begins with SEQUENTIAL", 1},
        {"a;b\n", "\"a\" in the first line", 1},
        {"SEQUENTIAL,PRINTF=0\na\n", "\"PRINTF=0\"", 1},
        {"# x\nPRINTF=3\na\n", "must say SEQUENTIAL", 2},
        {"RANDOM\n", "needs a line", 1},
    };
    const char *const paths[] = {path};

    (void)state;
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        struct inject *in = NULL;
        struct err err = {0};

        write_file(rows[i].text);
        assert_int_equal(inject_load(paths, 1, &in, &err), -EBADMSG);
        assert_non_null(strstr(err.text, rows[i].words));
        assert_int_equal(err.line, rows[i].line);
        assert_string_equal(err.file, path);
    }
}

static void every_user_has_a_line(void **state)
{
    static const struct {
        const char *text;
        int code;
    } cases[] = {{"USER\na\nb\n", -EINVAL},
                 {"USER\na\nb\nc\n", 0},
                 {"USER,PRINTF=3\nu%d\n", 0},
                 {"USER,PRINTF=2\nu%d\n", -EINVAL},
                 {"SEQUENTIAL\na\n", 0}};

    (void)state;
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        struct inject *in = load(cases[i].text);
        struct err err = {0};

        assert_int_equal(inject_check_users(in, 3, &err), cases[i].code);
        assert_int_equal(err.line, cases[i].code < 0 ? 1 : 0);
        inject_destroy(in);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(lines_come_in_turn),
        cmocka_unit_test(users_have_their_line_and_chance_takes_any),
        cmocka_unit_test(printf_makes_lines_out_of_one),
        cmocka_unit_test(an_index_finds_and_follows_changes),
        cmocka_unit_test(every_user_has_a_line),
        cmocka_unit_test(wrong_files_are_named_with_their_line),
    };
    int fd = mkstemp(path), failed;

    if (fd < 0) {
        return 1;
    }
    close(fd);
    failed = cmocka_run_group_tests(tests, NULL, NULL);
    unlink(path);
    return failed;
}
