/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "rpc/sample.h"

#include <errno.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/test.h"

static const struct sample_column columns[] = {
    {"cpu0", "busy_pct", "%", SAMPLE_GAUGE},
    {"media/thread.1", "packets", "packets", SAMPLE_COUNTER},
};

static void test_columns_there_and_back(void **state)
{
    (void)state;
    json_t *array = sample_columns_to_json(columns, 2);
    struct sample_column *back = NULL;
    size_t count = 0;
    assert_int_equal(sample_columns_from_json(array, &back, &count, NULL), 0);
    assert_int_equal(count, 2);
    for (size_t i = 0; i < count; i++) {
        assert_string_equal(back[i].entity, columns[i].entity);
        assert_string_equal(back[i].metric, columns[i].metric);
        assert_string_equal(back[i].unit, columns[i].unit);
        assert_int_equal(back[i].kind, columns[i].kind);
    }
    free(back);
    json_decref(array);
}

static void refuse_columns(const char *text, const char *words)
{
    struct sample_column *back = NULL;
    size_t count = 77;
    struct err e = {0};
    json_t *array = json_parse(text, strlen(text), NULL);
    assert_non_null(array);
    assert_int_equal(sample_columns_from_json(array, &back, &count, &e), -EBADMSG);
    assert_non_null(strstr(e.text, words));
    assert_null(back);
    assert_int_equal(count, 77);
    json_decref(array);
}

static void test_columns_refused(void **state)
{
    (void)state;
    refuse_columns("{}", "not an array");
    refuse_columns("[5]", "column 0: member entity missing");
    refuse_columns("[{\"entity\":\"a\",\"metric\":\"b\",\"unit\":\"1\",\"kind\":\"slope\"}]",
                   "kind is neither gauge nor counter");
    refuse_columns("[{\"entity\":\"a\",\"metric\":\"b\",\"unit\":\"0123456789abcdef\","
                   "\"kind\":\"gauge\"}]",
                   "unit is longer than 15 characters");
}

static void test_no_columns(void **state)
{
    (void)state;
    struct sample_column *back = NULL;
    size_t count = 77;
    json_t *array = json_array();
    assert_int_equal(sample_columns_from_json(array, &back, &count, NULL), 0);
    assert_int_equal(count, 0);
    free(back);
    json_decref(array);
}

static void test_row_there_and_back(void **state)
{
    (void)state;
    const double values[] = {0.1, 9007199254740991.0, (double)NAN, -2};
    const struct sample_row row = {.at_ns = 123456789012345678, .values = values, .count = 4};
    json_t *object = sample_row_to_json("media", &row);
    char *text = json_dumps(object, JSON_COMPACT);
    assert_non_null(strstr(text, ",9007199254740991,null,-2]"));
    json_t *parsed = json_parse(text, strlen(text), NULL);
    double back[4];
    const char *source;
    uint64_t at_ns;
    assert_int_equal(sample_row_from_json(parsed, &source, &at_ns, back, 4, NULL), 0);
    assert_string_equal(source, "media");
    assert_true(at_ns == row.at_ns);
    assert_true(back[0] == values[0] && back[1] == values[1] && back[3] == values[3]);
    assert_true(isnan(back[2]));
    free(text);
    json_decref(parsed);
    json_decref(object);
}

static void test_row_refused(void **state)
{
    (void)state;
    struct err e = {0};
    double back[2] = {5, 5};
    const char *source = NULL;
    uint64_t at_ns = 0;
    json_t *row =
        json_pack("{s:s, s:I, s:[i]}", "source", "m", "at_ns", (json_int_t)5, "values", 1);
    assert_int_equal(sample_row_from_json(row, &source, &at_ns, back, 2, &e), -EBADMSG);
    assert_string_equal(e.text, "a row of m has 1 values, not 2");
    json_decref(row);
    row =
        json_pack("{s:s, s:I, s:[i, s]}", "source", "m", "at_ns", (json_int_t)5, "values", 1, "x");
    assert_int_equal(sample_row_from_json(row, &source, &at_ns, back, 2, &e), -EBADMSG);
    assert_string_equal(e.text, "value 1 of a row of m is not a number");
    json_decref(row);
    assert_null(source);
    assert_true(back[0] == 5 && back[1] == 5);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_columns_there_and_back),
        cmocka_unit_test(test_columns_refused),
        cmocka_unit_test(test_no_columns),
        cmocka_unit_test(test_row_there_and_back),
        cmocka_unit_test(test_row_refused),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
