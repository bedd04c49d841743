/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * Texts that programs print, and real commands run beside a sampler.
 */
#include "base/test.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/str.h"
#include "node/probe/sampler.h"
#include "node/probe/scrape_text.h"

static void reads_prometheus_and_plain_lines(void **state)
{
    static const char text[] = "# HELP rtpengine_packets Packets seen\n"
                               "# TYPE rtpengine_packets counter\n"
                               "rtpengine_packets{type=\"user\",node=\"a b\"} 12 1700000000000\n"
                               "rtpengine_packets{type=\"kernel\"} 3\n"
                               "# TYPE rtpengine_sessions gauge\n"
                               "rtpengine_sessions 4.5e1\n"
                               "calls_total 7\n"
                               "IF-MIB::ifInOctets.1 99\n"
                               "calls_total 8\n" /* the first counts */
                               "nothing\nword word\n inf\nx +Inf\ny NaN\n\n"
                               "open{a=\"\\\"}\" 1\n" /* a label without an end */
                               "last\t-1";
    static const struct {
        const char *name;
        enum sample_kind kind;
        double value;
    } want[] = {
        {"rtpengine_packets.user.a_b", SAMPLE_COUNTER, 12},
        {"rtpengine_packets.kernel", SAMPLE_COUNTER, 3},
        {"rtpengine_sessions", SAMPLE_GAUGE, 45},
        {"calls_total", SAMPLE_COUNTER, 7},
        {"IF-MIB::ifInOctets.1", SAMPLE_GAUGE, 99},
        {"last", SAMPLE_GAUGE, -1},
    };
    struct scrape_line lines[16];

    (void)state;
    assert_int_equal(scrape_parse(text, lines, 16), 6);
    for (size_t i = 0; i < 6; i++) {
        assert_string_equal(lines[i].name, want[i].name);
        assert_int_equal(lines[i].kind, want[i].kind);
        assert_true(lines[i].value == want[i].value);
    }
    assert_int_equal(scrape_parse(text, lines, 2), 6 + 1); /* what is not kept is not known */
    assert_int_equal(scrape_parse("", lines, 16), 0);
}

static struct sampler *sampler_of(const char *command, const char *timeout, struct err *e)
{
    const struct probe_ops *ops = probe_find("scrape");
    uint64_t room[16];
    struct sampler *s;
    int result;

    assert_true(ops->options_size <= sizeof(room));
    opt_defaults(ops->options, room, ops->options_size);
    assert_int_equal(opt_parse(opt_find(ops->options, "command"), command, room, NULL, e), 0);
    assert_int_equal(opt_parse(opt_find(ops->options, "timeout"), timeout, room, NULL, e), 0);
    assert_int_equal(sampler_create(&s, e), 0);
    result = sampler_add(s, ops, room, "media", e);
    if (result == 0) {
        return s;
    }
    sampler_destroy(s);
    return NULL;
}

static void a_command_that_says_nothing_is_refused(void **state)
{
    struct err e = {0};

    (void)state;
    assert_null(sampler_of("echo just words", "20s", &e));
    assert_non_null(strstr(e.text, "printed no line of a name and a number"));
    assert_null(sampler_of("echo it went wrong >&2; exit 3", "20s", &e));
    assert_non_null(strstr(e.text, "it went wrong"));
    assert_null(sampler_of("sleep 60", "50ms", &e));
}

/* Samples until the first value is what is wanted; NAN wants an unknown one. */
static bool comes_to(struct sampler *s, double want)
{
    double values[8];

    for (int i = 0; i < 2000; i++) {
        sampler_row(s, clock_now_ns(), values, sampler_columns(s, NULL, 0));
        if (values[0] == want || (isnan(want) && isnan(values[0]))) {
            return true;
        }
        (void)clock_sleep_until(clock_now_ns() + 10 * NS_PER_MS);
    }
    return false;
}

static void values_follow_the_command(void **state)
{
    char path[] = "/tmp/vaperf-scrape-XXXXXX", command[128];
    struct sample_column columns[4];
    struct err e = {0};
    struct sampler *s;
    int fd = mkstemp(path);

    (void)state;
    assert_true(fd >= 0);
    assert_int_equal(write(fd, "calls_total 1\n", 14), 14);
    str_printf(command, sizeof(command), "cat %s", path);
    s = sampler_of(command, "20s", &e);
    assert_non_null(s);
    assert_int_equal(sampler_columns(s, columns, 4), 2); /* and the sampler's own cost */
    assert_string_equal(columns[0].entity, "media/scrape");
    assert_string_equal(columns[0].metric, "calls_total");
    assert_true(comes_to(s, 1));
    assert_int_equal(pwrite(fd, "calls_total 5\n", 14, 0), 14);
    assert_true(comes_to(s, 5));
    assert_int_equal(unlink(path), 0); /* the command fails from now on */
    assert_true(comes_to(s, NAN));
    close(fd);
    sampler_destroy(s);
}

static void a_command_that_hangs_is_ended(void **state)
{
    char path[] = "/tmp/vaperf-scrape-XXXXXX", command[160];
    struct err e = {0};
    struct sampler *s;
    int fd = mkstemp(path);

    (void)state;
    assert_true(fd >= 0);
    str_printf(command, sizeof(command), "echo x 1; [ ! -s %s ] || sleep 60", path);
    s = sampler_of(command, "1s", &e);
    assert_non_null(s);
    assert_int_equal(write(fd, "hang", 4), 4);
    assert_true(comes_to(s, NAN));
    close(fd);
    unlink(path);
    sampler_destroy(s); /* ends the one under way */
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(reads_prometheus_and_plain_lines),
        cmocka_unit_test(a_command_that_says_nothing_is_refused),
        cmocka_unit_test(values_follow_the_command),
        cmocka_unit_test(a_command_that_hangs_is_ended),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
