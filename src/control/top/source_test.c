/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * Readings of libvirt's own test driver, directly and through the reader's thread; the text of
 * /proc/stat; where guests are.
 */
#include "base/test.h"

#include <errno.h>
#include <poll.h>
#include <string.h>

#include "base/clock.h"
#include "control/top/reader.h"

static void test_local(void **state)
{
    (void)state;
    assert_true(top_source_is_local("qemu:///system"));
    assert_true(top_source_is_local("qemu+unix:///system?socket=/run/x"));
    assert_true(top_source_is_local("xen:///system"));
    assert_false(top_source_is_local("qemu+ssh://root@lab/system"));
    assert_false(top_source_is_local("test:///default"));
    assert_false(top_source_is_local("nonsense"));
}

static void test_stat(void **state)
{
    (void)state;
    static const char text[] = "cpu  10 20 30 40 50 60 70 80 90 100\n"
                               "cpu0 1 2 3 4 5 6 7 8 9 10\n"
                               "cpu2 10 0 0 90 0\n"
                               "intr 1 2 3\ncpu9 1 2 3 4 5\n";
    struct virt_cpu_time cpus[8];
    assert_int_equal(top_source_parse_stat(text, 10, cpus, 8), 2);
    assert_int_equal(cpus[0].number, 0);
    assert_int_equal(cpus[0].busy_ns, (1 + 2 + 3 + 6 + 7 + 8) * 10);
    assert_int_equal(cpus[0].idle_ns, (4 + 5) * 10);
    assert_int_equal(cpus[1].number, 2);
    assert_int_equal(cpus[1].busy_ns, 100);
    assert_int_equal(cpus[1].idle_ns, 900);
    assert_int_equal(top_source_parse_stat(text, 10, cpus, 1), 1);
    assert_int_equal(top_source_parse_stat("cpu0 1 2", 10, cpus, 8), 0);
    assert_int_equal(top_source_parse_stat("", 10, cpus, 8), 0);
}

static void open_test(struct top_source *s)
{
    struct err e = {0};
    if (top_source_open(s, "test:///default", &e) < 0)
        fail_msg("%s", e.text);
}

static void assert_reading(const struct top_reading *r)
{
    assert_int_equal(r->guest_count, 1);
    assert_string_equal(r->guests[0].name, "test");
    assert_int_equal(r->guests[0].vcpu_count, 2);
    assert_true(r->guests[0].raw[TOP_RAW_CPU_NS] > 0);
    assert_true(r->guests[0].vcpus[1].raw[TOP_RAW_CPU_NS] > 0);
    assert_true(r->cpu_count > 1);
    assert_true(r->at_ns <= clock_now_ns() && r->own_cpu_ns > 0);
}

static void test_read(void **state)
{
    (void)state;
    struct top_source s;
    struct top_reading r;
    struct err e = {0};
    open_test(&s);
    assert_non_null(strstr(s.missing, "TEST"));
    top_reading_init(&r);
    assert_int_equal(top_source_read(&s, &r, &e), 0);
    assert_reading(&r);
    top_reading_finish(&r);
    top_source_close(&s);
    assert_true(top_source_open(&s, "nonsense:///x", &e) < 0);
    assert_non_null(strstr(e.text, "nonsense:///x"));
}

static void test_reader(void **state)
{
    (void)state;
    struct top_source s;
    struct top_reader *reader = NULL;
    struct top_reading r;
    struct err e = {0};
    open_test(&s);
    assert_int_equal(top_reader_start(&reader, &s, &e), 0);
    for (int i = 0; i < 3; i++) {
        struct pollfd fd = {.fd = top_reader_fd(reader), .events = POLLIN};
        assert_int_equal(poll(&fd, 1, 0), 0);
        assert_int_equal(top_reader_take(reader, &r, &e), -EAGAIN);
        top_reader_ask(reader);
        assert_int_equal(poll(&fd, 1, 20000), 1);
        assert_int_equal(top_reader_take(reader, &r, &e), 0);
        assert_reading(&r);
        top_reading_finish(&r);
    }
    top_reader_ask(reader); /* never taken */
    assert_true(top_reader_stop(reader));
    assert_true(top_reader_stop(NULL));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_local),
        cmocka_unit_test(test_stat),
        cmocka_unit_test(test_read),
        cmocka_unit_test(test_reader),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
