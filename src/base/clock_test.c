/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "base/clock.h"

#include <errno.h>
#include <signal.h>
#include <sys/time.h>

#include "base/test.h"

static void test_clocks_move(void **state)
{
    (void)state;
    uint64_t now = clock_now_ns(), real = clock_real_ns();
    uint64_t process = clock_process_cpu_ns(), thread = clock_thread_cpu_ns(); /* in this order */
    while (clock_thread_cpu_ns() - thread < NS_PER_MS)
        continue;
    assert_true(clock_now_ns() - now >= NS_PER_MS);
    assert_true(clock_process_cpu_ns() - process >= NS_PER_MS);
    assert_true(clock_real_ns() > real);
    assert_true(real > UINT64_C(1700000000) * NS_PER_S);
}

static void test_sleep_until(void **state)
{
    (void)state;
    uint64_t when = clock_now_ns() + 5 * NS_PER_MS;
    assert_int_equal(clock_sleep_until(when), 0);
    assert_true(clock_now_ns() >= when);
    assert_int_equal(clock_sleep_until(1), 0); /* long past */
}

static void on_alarm(int signal_number)
{
    (void)signal_number;
}

static void test_sleep_is_interrupted(void **state)
{
    (void)state;
    struct sigaction action = {.sa_handler = on_alarm}, before;
    sigaction(SIGALRM, &action, &before);
    struct itimerval timer = {.it_value = {.tv_usec = 5000}};
    setitimer(ITIMER_REAL, &timer, NULL);
    assert_int_equal(clock_sleep_until(clock_now_ns() + 30 * NS_PER_S), -EINTR);
    sigaction(SIGALRM, &before, NULL);
}

static void test_offset(void **state)
{
    (void)state;
    uint64_t uncertainty = 0;
    int64_t offset = clock_real_offset_ns(20, &uncertainty);
    int64_t difference = (int64_t)clock_real_ns() - (int64_t)clock_now_ns() - offset;
    assert_true(uncertainty > 0 && uncertainty < NS_PER_S);
    assert_true(difference > -(int64_t)NS_PER_S && difference < (int64_t)NS_PER_S);
    assert_true(clock_real_offset_ns(0, NULL) != 0);
}

static void test_format(void **state)
{
    (void)state;
    char text[40], small[5];
    assert_string_equal(clock_format_real(UINT64_C(1769860800123999999), text, sizeof text),
                        "2026-01-31T12:00:00.123Z");
    assert_string_equal(clock_format_real(0, text, sizeof text), "1970-01-01T00:00:00.000Z");
    assert_string_equal(clock_format_real(0, small, sizeof small), "1970");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_clocks_move),
        cmocka_unit_test(test_sleep_until),
        cmocka_unit_test(test_sleep_is_interrupted),
        cmocka_unit_test(test_offset),
        cmocka_unit_test(test_format),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
