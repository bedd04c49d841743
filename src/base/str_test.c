/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "base/str.h"

#include <errno.h>
#include <math.h>
#include <string.h>

#include "base/test.h"

struct whole_case {
    const char *text;
    int result;
    uint64_t value;
};

static void check_whole(int (*parse)(const char *, uint64_t *), const struct whole_case *cases,
                        size_t n)
{
    for (size_t i = 0; i < n; i++) {
        uint64_t v = 77;
        int r = parse(cases[i].text, &v);
        if (r != cases[i].result || v != (r == 0 ? cases[i].value : 77))
            fail_msg("'%s': %d, %llu", cases[i].text, r, (unsigned long long)v);
    }
}

#define CHECK_WHOLE(parse, cases) check_whole(parse, cases, sizeof cases / sizeof cases[0])

static void test_count(void **state)
{
    (void)state;
    static const struct whole_case cases[] = {{"400", 0, 400},
                                              {"0", 0, 0},
                                              {"4k", 0, 4000},
                                              {"2M", 0, 2000000},
                                              {"1G", 0, 1000000000},
                                              {"2^20", 0, 1048576},
                                              {"2^0", 0, 1},
                                              {"0^0", 0, 1},
                                              {"0^5", 0, 0},
                                              {"1^18446744073709551615", 0, 1},
                                              {"10^3", 0, 1000},
                                              {"18446744073709551615", 0, UINT64_MAX},
                                              {"2^63", 0, UINT64_C(1) << 63},
                                              {"18446744073709551616", -ERANGE, 0},
                                              {"2^64", -ERANGE, 0},
                                              {"99999999999999999999G", -ERANGE, 0},
                                              {"20000000000G", -ERANGE, 0},
                                              {"", -EINVAL, 0},
                                              {"-1", -EINVAL, 0},
                                              {"+1", -EINVAL, 0},
                                              {" 1", -EINVAL, 0},
                                              {"1 ", -EINVAL, 0},
                                              {"1.5", -EINVAL, 0},
                                              {"100cps", -EINVAL, 0},
                                              {"4K", -EINVAL, 0},
                                              {"k", -EINVAL, 0},
                                              {"2^", -EINVAL, 0},
                                              {"2^2^2", -EINVAL, 0},
                                              {"0x10", -EINVAL, 0}};
    CHECK_WHOLE(str_parse_count, cases);
}

static void test_duration(void **state)
{
    (void)state;
    static const struct whole_case cases[] = {{"0", 0, 0},
                                              {"0s", 0, 0},
                                              {"20us", 0, 20000},
                                              {"10ms", 0, 10000000},
                                              {"1.5s", 0, 1500000000},
                                              {"20m", 0, UINT64_C(1200000000000)},
                                              {"20min", 0, UINT64_C(1200000000000)},
                                              {"1h", 0, UINT64_C(3600000000000)},
                                              {"7ns", 0, 7},
                                              {"1d", 0, UINT64_C(86400000000000)},
                                              {"0.1s", 0, 100000000},
                                              {"0.000000001s", 0, 1},
                                              {"1.000000000000000000000001s", 0, 1000000000},
                                              {"0.5ns", 0, 1},
                                              {"0.4ns", 0, 0},
                                              {"0.3h", 0, UINT64_C(1080000000000)},
                                              {"20", -EINVAL, 0},
                                              {"", -EINVAL, 0},
                                              {"s", -EINVAL, 0},
                                              {"-1s", -EINVAL, 0},
                                              {"1.s", -EINVAL, 0},
                                              {".5s", -EINVAL, 0},
                                              {"1 s", -EINVAL, 0},
                                              {"1S", -EINVAL, 0},
                                              {"1e3s", -EINVAL, 0},
                                              {"1s1", -EINVAL, 0},
                                              {"6000000h", -ERANGE, 0},
                                              {"18446744073709551616s", -ERANGE, 0},
                                              {"18446744073709551615ns", 0, UINT64_MAX}};
    CHECK_WHOLE(str_parse_duration, cases);
}

static void test_size(void **state)
{
    (void)state;
    static const struct whole_case cases[] = {{"172", 0, 172},
                                              {"64K", 0, 65536},
                                              {"64k", 0, 65536},
                                              {"512M", 0, 536870912},
                                              {"1G", 0, 1073741824},
                                              {"1.5G", 0, 1610612736},
                                              {"2GiB", 0, UINT64_C(1) << 31},
                                              {"1T", 0, UINT64_C(1) << 40},
                                              {"1KB", -EINVAL, 0},
                                              {"1g", -EINVAL, 0},
                                              {"", -EINVAL, 0},
                                              {"17000000T", -ERANGE, 0}};
    CHECK_WHOLE(str_parse_size, cases);
}

struct real_case {
    const char *text;
    int result;
    double value;
};

static void check_real(int (*parse)(const char *, double *), const struct real_case *cases,
                       size_t n)
{
    for (size_t i = 0; i < n; i++) {
        double v = 77;
        int r = parse(cases[i].text, &v);
        if (r != cases[i].result || fabs(v - (r == 0 ? cases[i].value : 77)) > 1e-12)
            fail_msg("'%s': %d, %g", cases[i].text, r, v);
    }
}

#define CHECK_REAL(parse, cases) check_real(parse, cases, sizeof cases / sizeof cases[0])

static void test_reals(void **state)
{
    (void)state;
    static const struct real_case numbers[] = {
        {"0.5", 0, 0.5},     {"-2", 0, -2},        {"1e3", 0, 1000},     {"inf", -EINVAL, 0},
        {"nan", -EINVAL, 0}, {"0x10", -EINVAL, 0}, {"", -EINVAL, 0},     {" 1", -EINVAL, 0},
        {"1 ", -EINVAL, 0},  {"-", -EINVAL, 0},    {"1e999", -ERANGE, 0}};
    CHECK_REAL(str_parse_number, numbers);
    static const struct real_case rates[] = {
        {"33", 0, 33},      {"33/s", 0, 33},       {"2000/min", 0, 2000. / 60},
        {"7200/h", 0, 2},   {"0.5", 0, 0.5},       {"33/d", -EINVAL, 0},
        {"-1", -EINVAL, 0}, {"33cps", -EINVAL, 0}, {"", -EINVAL, 0}};
    CHECK_REAL(str_parse_rate, rates);
    static const struct real_case percents[] = {
        {"50%", 0, 50},       {"50", 0, 50},        {"0.1%", 0, 0.1}, {"-1%", -EINVAL, 0},
        {"50 %", -EINVAL, 0}, {"50%%", -EINVAL, 0}, {"%", -EINVAL, 0}};
    CHECK_REAL(str_parse_percent, percents);
}

static void test_bool(void **state)
{
    (void)state;
    static const char *const yes[] = {"true", "yes", "on", "1"}, *const no[] = {"false", "no",
                                                                                "off", "0"};
    bool v;
    for (int i = 0; i < 4; i++) {
        v = false;
        assert_int_equal(str_parse_bool(yes[i], &v), 0);
        assert_true(v);
        assert_int_equal(str_parse_bool(no[i], &v), 0);
        assert_false(v);
    }
    assert_int_equal(str_parse_bool("maybe", &v), -EINVAL);
    assert_int_equal(str_parse_bool("", &v), -EINVAL);
}

static void test_format_duration(void **state)
{
    (void)state;
    static const struct {
        uint64_t ns;
        const char *text;
    } cases[] = {{0, "0s"},
                 {1, "1ns"},
                 {999, "999ns"},
                 {20000, "20us"},
                 {1001, "1.001us"},
                 {10000000, "10ms"},
                 {1500000000, "1.5s"},
                 {UINT64_C(90000000000), "90s"},
                 {UINT64_C(5400000000000), "90m"},
                 {UINT64_C(7200000000000), "2h"},
                 {UINT64_C(3600000000001), "3600.000000001s"}};
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        char text[40];
        uint64_t back;
        assert_string_equal(str_format_duration(cases[i].ns, text, sizeof text), cases[i].text);
        assert_int_equal(str_parse_duration(text, &back), 0);
        assert_int_equal(back, cases[i].ns);
    }
    /* Every size of number reads back as itself. */
    for (uint64_t ns = 1; ns < UINT64_MAX / 7; ns = ns * 7 + 3) {
        char text[40];
        uint64_t back = 0;
        assert_int_equal(str_parse_duration(str_format_duration(ns, text, sizeof text), &back), 0);
        assert_true(back == ns);
    }
}

static void test_format_short_duration(void **state)
{
    (void)state;
    static const struct {
        uint64_t ns;
        const char *text;
    } cases[] = {{0, "0ns"},
                 {999, "999ns"},
                 {1000, "1.00us"},
                 {1234567, "1.23ms"},
                 {12345678, "12.3ms"},
                 {123456789, "123ms"},
                 {999499999, "999ms"},
                 {999500000, "1.00s"},
                 {9994999, "9.99ms"},
                 {9996000, "10.0ms"},
                 {99960000, "100ms"},
                 {999999, "1.00ms"},
                 {UINT64_C(59940000000), "59.9s"},
                 {UINT64_C(59960000000), "1m00s"},
                 {UINT64_C(65000000000), "1m05s"},
                 {UINT64_C(3900000000000), "1h05m"}};
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        char text[40];
        assert_string_equal(str_format_short_duration(cases[i].ns, text, sizeof text),
                            cases[i].text);
    }
}

static void test_format_size(void **state)
{
    (void)state;
    char text[40];
    assert_string_equal(str_format_size(0, text, sizeof text), "0");
    assert_string_equal(str_format_size(172, text, sizeof text), "172");
    assert_string_equal(str_format_size(65536, text, sizeof text), "64K");
    assert_string_equal(str_format_size(UINT64_C(3) << 29, text, sizeof text), "1536M");
    assert_string_equal(str_format_size(UINT64_C(1) << 50, text, sizeof text), "1024T");
}

static void test_rest(void **state)
{
    (void)state;
    assert_true(str_starts("vaperf-1", "vaperf-"));
    assert_true(str_starts("x", ""));
    assert_false(str_starts("vap", "vaperf-"));
    assert_int_equal(str_edit_distance("streams", "stream"), 1);
    assert_int_equal(str_edit_distance("", "abc"), 3);
    assert_int_equal(str_edit_distance("kitten", "sitting"), 3);
    assert_int_equal(str_edit_distance("same", "same"), 0);
    char text[200], small[4];
    memset(text, 'x', sizeof text - 1);
    text[sizeof text - 1] = '\0';
    assert_true(str_edit_distance(text, "x") > 2);
    assert_int_equal(str_edit_distance(text, text), 0);
    assert_int_equal(str_printf(small, sizeof small, "%d", 12345), 3);
    assert_string_equal(small, "123");
    assert_int_equal(str_printf(small, 0, "%d", 9), 0);
    assert_string_equal(small, "123");
}

static void formats_numbers(void **state)
{
    static const struct {
        double value;
        const char *text;
    } cases[] = {{0, "0"},           {150, "150"},       {30212, "30212"},
                 {182361, "182361"}, {18820.4, "18820"}, {99999.5, "100000"},
                 {999.96, "1000"},   {150.66, "150.7"},  {-12345.6, "-12346"},
                 {4.36512, "4.365"}, {0.0123, "0.0123"}, {1e12, "1000000000000"},
                 {NAN, "-"}};
    char text[32];

    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++)
        assert_string_equal(str_format_number(cases[i].value, text, sizeof text), cases[i].text);
}

static void formats_digits(void **state)
{
    static const struct {
        double value;
        int digits;
        const char *text;
    } cases[] = {{12345, 3, "12345"}, {0.916543, 3, "0.917"}, {0.916543, 4, "0.9165"},
                 {99.87, 3, "99.9"},  {99.87, 4, "99.87"},    {1e-5, 3, "0.00001"},
                 {20, 3, "20"},       {1e-12, 3, "0"},        {NAN, 3, "-"}};
    char text[32];

    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++)
        assert_string_equal(str_format_digits(cases[i].value, cases[i].digits, text, sizeof text),
                            cases[i].text);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(formats_numbers),      cmocka_unit_test(test_count),
        cmocka_unit_test(test_duration),        cmocka_unit_test(test_size),
        cmocka_unit_test(test_reals),           cmocka_unit_test(test_bool),
        cmocka_unit_test(test_format_duration), cmocka_unit_test(test_format_short_duration),
        cmocka_unit_test(test_format_size),     cmocka_unit_test(test_rest),
        cmocka_unit_test(formats_digits),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
