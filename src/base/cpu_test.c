/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "base/cpu.h"

#include <errno.h>
#include <pthread.h>
#include <sched.h>
#include <string.h>
#include <unistd.h>

#include "base/test.h"

static void test_lists(void **state)
{
    (void)state;
    static const char *const lists[][2] = {
        {"0", "0"},   {"0-3,8", "0-3,8"}, {"3,1,2,0", "0-3"}, {"1023", "1023"},
        {"5-5", "5"}, {"0,2,4", "0,2,4"}, {"62-66", "62-66"}, {"1,1", "1"}};
    for (size_t i = 0; i < sizeof lists / sizeof lists[0]; i++) {
        struct cpu_set s;
        char text[64];
        assert_int_equal(cpu_set_parse(&s, lists[i][0], NULL), 0);
        assert_string_equal(cpu_set_format(&s, text, sizeof text), lists[i][1]);
    }
    struct cpu_set s;
    char text[8];
    cpu_set_parse(&s, "0-3,8", NULL);
    assert_int_equal(cpu_set_count(&s), 5);
    assert_int_equal(cpu_set_nth(&s, 0), 0);
    assert_int_equal(cpu_set_nth(&s, 4), 8);
    assert_int_equal(cpu_set_nth(&s, 5), -ENOENT);
    assert_true(cpu_set_has(&s, 8));
    assert_false(cpu_set_has(&s, 7));
    assert_false(cpu_set_has(&s, 5000));
    cpu_set_add(&s, 5000);
    assert_int_equal(cpu_set_count(&s), 5);
    memset(&s, 0, sizeof s);
    assert_string_equal(cpu_set_format(&s, text, sizeof text), "");
}

static void test_wrong_lists(void **state)
{
    (void)state;
    static const char *const wrong[] = {
        "", "a", "1-", "-1", "3-1", "1,", ",1", "1024", "1 ", "0-99999999999", "0x1", "1--2"};
    for (size_t i = 0; i < sizeof wrong / sizeof wrong[0]; i++) {
        struct cpu_set s = {{42}};
        struct err e = {0};
        assert_int_equal(cpu_set_parse(&s, wrong[i], &e), -EINVAL);
        assert_non_null(strstr(e.text, "is not a list of CPUs"));
        assert_int_equal(s.bits[0], 42);
    }
}

static void test_online(void **state)
{
    (void)state;
    assert_int_equal(cpu_online_count(), (unsigned)sysconf(_SC_NPROCESSORS_ONLN));
}

struct look {
    struct cpu_set want;
    const char *complaint;
};

static const char *pin_and_look(const struct cpu_set *want)
{
    struct cpu_set got;
    if (cpu_pin(want) != 0 || cpu_set_allowed(&got) != 0 || memcmp(want, &got, sizeof got) != 0)
        return "not pinned";
    if (sched_getcpu() != cpu_set_nth(want, 0))
        return "elsewhere";
    char name[32];
    if (strcmp(cpu_sched_name(name, sizeof name), "other") != 0)
        return "class before";
    int r = cpu_set_fifo(10);
    if (r == -EPERM)
        return strcmp(cpu_sched_name(name, sizeof name), "other") == 0 ? NULL : "class after EPERM";
    if (r != 0 || strcmp(cpu_sched_name(name, sizeof name), "fifo:10") != 0)
        return "not fifo";
    return cpu_set_fifo(1000) == -EINVAL ? NULL : "priority 1000 accepted";
}

/* A thread of its own, so that the runner keeps its affinity and class. */
static void *look_thread(void *arg)
{
    struct look *look = arg;
    look->complaint = pin_and_look(&look->want);
    return NULL;
}

static void test_pin_and_class(void **state)
{
    (void)state;
    struct cpu_set allowed;
    struct look look = {0};
    assert_int_equal(cpu_set_allowed(&allowed), 0);
    assert_true(cpu_set_count(&allowed) > 0);
    cpu_set_add(&look.want, (unsigned)cpu_set_nth(&allowed, cpu_set_count(&allowed) - 1));
    pthread_t thread;
    assert_int_equal(pthread_create(&thread, NULL, look_thread, &look), 0);
    pthread_join(thread, NULL);
    if (look.complaint != NULL)
        fail_msg("%s", look.complaint);
    struct cpu_set none = {0};
    assert_int_equal(cpu_pin(&none), -EINVAL);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_lists),
        cmocka_unit_test(test_wrong_lists),
        cmocka_unit_test(test_online),
        cmocka_unit_test(test_pin_and_class),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
