/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * Logs that begin anew: how many files are there, and what is in them.
 */
#include "base/test.h"

#include <glob.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "node/sipp/trace.h"

enum { LINES = 10 };

/* LINES texts of 10 bytes into the log of errors, in a folder of the test's own. */
static void write_lines(unsigned files, uint64_t bytes, enum sipp_trace_kind kind)
{
    char folder[] = "/tmp/sipp_trace.XXXXXX", text[16];
    struct sipp_options o = {.ring_files = files, .ring_bytes = bytes};
    struct sipp_traces t;
    struct err e = {0};
    assert_non_null(mkdtemp(folder));
    assert_int_equal(chdir(folder), 0);
    o.trace[kind] = (struct sipp_trace){.is_on = true, .overwrite = true};
    sipp_traces_init(&t, &o, "dir/my uac.xml", 7);
    assert_int_equal(sipp_traces_open(&t, &e), 0);
    for (int i = 0; i < LINES; i++) {
        const int size = snprintf(text, sizeof text, "line %04d\n", i);
        sipp_traces_text(&t, kind, text, (size_t)size, true);
    }
    assert_int_equal(sipp_traces_finish(&t, &e), 0);
}

/* The number of files like that; they are removed. */
static size_t take_files(const char *pattern)
{
    glob_t found;
    if (glob(pattern, 0, NULL, &found) != 0)
        return 0;
    const size_t count = found.gl_pathc;
    for (size_t i = 0; i < count; i++)
        assert_int_equal(unlink(found.gl_pathv[i]), 0);
    globfree(&found);
    return count;
}

static void assert_holds(const char *name, const char *text)
{
    char all[256];
    FILE *f = fopen(name, "re");
    assert_non_null(f);
    all[fread(all, 1, sizeof all - 1, f)] = '\0';
    fclose(f);
    assert_string_equal(all, text);
}

static void leave_folder(void)
{
    char *folder = getcwd(NULL, 0);
    assert_non_null(folder);
    assert_int_equal(chdir("/"), 0);
    assert_int_equal(rmdir(folder), 0); /* nothing else was there */
    free(folder);
}

/* A file is full with its third line: three times nine lines, and the last one in the fourth. */
static void test_older_files_are_kept(void **state)
{
    (void)state;
    write_lines(2, 25, SIPP_TRACE_ERR);
    assert_holds("my uac_7_errors.log", "line 0009\n");
    assert_int_equal(take_files("my uac_7_errors.log"), 1);
    assert_int_equal(take_files("my uac_7_errors_*.log"), 2);
    leave_folder();
}

static void test_none_is_kept(void **state)
{
    (void)state;
    write_lines(0, 25, SIPP_TRACE_ERR);
    assert_holds("my uac_7_errors.log", "line 0009\n");
    assert_int_equal(take_files("*"), 1);
    leave_folder();
}

/* Figures and what <log> says are whole. */
static void test_others_are_whole(void **state)
{
    (void)state;
    write_lines(2, 25, SIPP_TRACE_LOGS);
    assert_int_equal(take_files("*"), 1);
    leave_folder();
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_older_files_are_kept),
        cmocka_unit_test(test_none_is_kept),
        cmocka_unit_test(test_others_are_whole),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
