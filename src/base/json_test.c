/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "base/json.h"

#include <errno.h>
#include <math.h>
#include <string.h>

#include "base/test.h"

static json_t *parse(const char *text, struct err *e)
{
    return json_parse(text, strlen(text), e);
}

static void test_parse_errors(void **state)
{
    (void)state;
    struct err e = {0};
    char text[1200];
    assert_null(parse("{\"a\": 1,\n \"b\": }", &e));
    assert_int_equal(e.code, -EBADMSG);
    assert_int_equal(e.line, 2);
    assert_non_null(strstr(err_format(&e, text, sizeof text), "not JSON"));
    assert_null(parse("{\"a\": 1, \"a\": 2}", &e));
    assert_null(parse("", &e));
    assert_null(parse("{} x", &e));
    assert_null(json_parse(NULL, 0, &e));
    assert_null(parse("{\"a\": \"\\u0000\"}", NULL));
}

static void test_needs(void **state)
{
    (void)state;
    struct err e = {0};
    json_t *o =
        parse("{\"s\":\"x\",\"n\":5,\"r\":0.5,\"a\":[1],\"o\":{},\"neg\":-1,\"z\":null}", &e);
    assert_non_null(o);
    const char *text = NULL;
    uint64_t whole = 0;
    double number = 0;
    json_t *value = NULL;
    assert_int_equal(json_need_str(o, "s", &text, &e), 0);
    assert_string_equal(text, "x");
    assert_int_equal(json_need_u64(o, "n", &whole, &e), 0);
    assert_int_equal(whole, 5);
    assert_int_equal(json_need_number(o, "r", &number, &e), 0);
    assert_true(number == 0.5);
    assert_int_equal(json_need_number(o, "n", &number, &e), 0);
    assert_true(number == 5);
    assert_int_equal(json_need_array(o, "a", &value, &e), 0);
    assert_int_equal(json_need_object(o, "o", &value, &e), 0);

    assert_int_equal(json_need_u64(o, "streams", &whole, &e), -EBADMSG);
    assert_string_equal(e.text, "member streams missing");
    assert_int_equal(json_need_u64(o, "neg", &whole, &e), -EBADMSG);
    assert_string_equal(e.text, "member neg is not a whole number of 0 or more");
    assert_int_equal(json_need_str(o, "n", &text, &e), -EBADMSG);
    assert_string_equal(e.text, "member n is not a text");
    assert_int_equal(json_need_number(o, "s", &number, &e), -EBADMSG);
    assert_string_equal(e.text, "member s is not a number");
    assert_int_equal(json_need_array(o, "o", &value, &e), -EBADMSG);
    assert_int_equal(json_need_object(o, "a", &value, &e), -EBADMSG);
    assert_int_equal(json_need_str(o, "z", &text, &e), -EBADMSG);
    assert_int_equal(json_need_str(NULL, "s", &text, NULL), -EBADMSG);
    assert_int_equal(whole, 5); /* written only on success */
    assert_true(number == 5);
    assert_string_equal(text, "x");
    json_decref(o);
}

static void test_defaults(void **state)
{
    (void)state;
    json_t *o = parse("{\"s\":\"x\",\"n\":5,\"r\":0.5,\"t\":true,\"f\":false,\"neg\":-1}", NULL);
    assert_string_equal(json_str_or(o, "s", "d"), "x");
    assert_string_equal(json_str_or(o, "n", "d"), "d");
    assert_null(json_str_or(o, "none", NULL));
    assert_int_equal(json_u64_or(o, "n", 7), 5);
    assert_int_equal(json_u64_or(o, "neg", 7), 7);
    assert_int_equal(json_u64_or(o, "r", 7), 7);
    assert_true(json_number_or(o, "r", 7) == 0.5);
    assert_true(json_number_or(o, "s", 7) == 7);
    assert_true(json_bool_or(o, "t", false));
    assert_false(json_bool_or(o, "f", true));
    assert_true(json_bool_or(o, "n", true));
    json_decref(o);
}

static void test_u64(void **state)
{
    (void)state;
    json_t *v = json_u64(UINT64_C(1769860800000000000));
    assert_true(json_integer_value(v) == INT64_C(1769860800000000000));
    json_decref(v);
    v = json_u64(UINT64_MAX);
    assert_true(json_integer_value(v) == INT64_MAX);
    json_decref(v);
}

static void test_figure(void **state)
{
    (void)state;
    json_t *v = json_figure(0.5);
    assert_true(json_real_value(v) == 0.5);
    json_decref(v);
    assert_true(json_is_null(json_figure((double)NAN)));
    assert_true(json_is_null(json_figure(-(double)INFINITY)));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_parse_errors), cmocka_unit_test(test_needs),
        cmocka_unit_test(test_defaults),     cmocka_unit_test(test_u64),
        cmocka_unit_test(test_figure),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
