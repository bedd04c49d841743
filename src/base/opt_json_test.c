/* SPDX-License-Identifier: GPL-3.0-or-later */
#include <errno.h>
#include <string.h>

#include "base/arena.h"
#include "base/cpu.h"
#include "base/opt.h"
#include "base/test.h"

struct options {
    bool verbose;
    uint64_t streams, interval_ns;
    double ratio;
    const char *to, *label;
    int arrival;
    struct cpu_set cpus;
};

static const char *const arrivals[] = {"constant", "poisson", NULL};

#define AT(member) .offset = offsetof(struct options, member)
static const struct opt table[] = {
    {"verbose", OPT_FLAG, "false", "Say more", AT(verbose)},
    {"streams", OPT_COUNT, "400", "Streams at once", 1, 10000, AT(streams), .flags = OPT_LEVEL},
    {"interval", OPT_DURATION, "20ms", "Time between packets", AT(interval_ns)},
    {"ratio", OPT_NUMBER, "0.5", "A ratio", AT(ratio)},
    {"to", OPT_STRING, NULL, "Address", AT(to), .flags = OPT_REQUIRED},
    {"label", OPT_STRING, NULL, "Label", AT(label)},
    {"arrival", OPT_CHOICE, "poisson", "Arrivals", .choices = arrivals, AT(arrival)},
    {"cpus", OPT_CPUS, NULL, "CPUs to use", AT(cpus)},
    OPT_END,
};

static int from_text(const char *text, struct options *o, struct arena *a, struct err *e)
{
    json_t *object = json_loads(text, JSON_DECODE_ANY, NULL);
    assert_non_null(object);
    opt_defaults(table, o, sizeof *o);
    int r = opt_from_json(table, object, o, a, e);
    json_decref(object);
    return r;
}

static void test_from_json(void **state)
{
    (void)state;
    struct arena a;
    struct options o;
    arena_init(&a);
    assert_int_equal(
        from_text("{\"verbose\":true,\"streams\":800,\"interval\":\"5ms\",\"ratio\":0.1,"
                  "\"to\":\"media\",\"label\":7,\"arrival\":\"constant\",\"cpus\":3}",
                  &o, &a, NULL),
        0);
    assert_true(o.verbose && o.streams == 800 && o.interval_ns == 5000000 && o.ratio == 0.1);
    assert_string_equal(o.to, "media");
    assert_string_equal(o.label, "7");
    assert_true(o.arrival == 0 && cpu_set_has(&o.cpus, 3));
    assert_int_equal(from_text("{\"to\":\"x\",\"streams\":\"1k\",\"ratio\":2}", &o, &a, NULL), 0);
    assert_true(o.streams == 1000 && o.ratio == 2 && o.interval_ns == 20000000);
    arena_finish(&a);
}

static void test_from_json_errors(void **state)
{
    (void)state;
    static const char *const cases[][2] = {
        {"{\"to\":\"x\",\"stream\":1}", "unknown option stream (did you mean streams?)"},
        {"{\"to\":\"x\",\"colour\":1}", "unknown option colour"},
        {"{\"streams\":1}", "to is missing (Address)"},
        {"{\"to\":\"x\",\"streams\":1.5}",
         "streams: '1.5' is not a count (a whole number such as 400)"},
        {"{\"to\":\"x\",\"streams\":-1}",
         "streams: '-1' is not a count (a whole number such as 400)"},
        {"{\"to\":\"x\",\"interval\":20}",
         "interval: '20' is not a duration (with its unit, such as 20ms, 1.5s or 20m)"},
        {"{\"to\":[]}", "to: a list, map or nothing is not a text"},
        {"{\"to\":null}", "to: a list, map or nothing is not a text"},
        {"[]", "the options are not an object"},
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        struct arena a;
        struct options o;
        struct err e = {0};
        arena_init(&a);
        assert_int_equal(from_text(cases[i][0], &o, &a, &e), -EINVAL);
        assert_string_equal(e.text, cases[i][1]);
        arena_finish(&a);
    }
}

static void test_round_trip(void **state)
{
    (void)state;
    struct arena a;
    struct options o, back;
    arena_init(&a);
    from_text("{\"to\":\"media\",\"ratio\":0.1,\"cpus\":\"0-2\",\"verbose\":true}", &o, &a, NULL);
    json_t *object = opt_to_json(table, &o);
    assert_null(json_object_get(object, "label")); /* a text that was never set */
    assert_true(json_is_true(json_object_get(object, "verbose")));
    assert_int_equal(json_integer_value(json_object_get(object, "streams")), 400);
    assert_string_equal(json_string_value(json_object_get(object, "interval")), "20ms");
    opt_defaults(table, &back, sizeof back);
    assert_int_equal(opt_from_json(table, object, &back, &a, NULL), 0);
    assert_string_equal(back.to, o.to);
    back.to = o.to;
    assert_memory_equal(&back, &o, sizeof o);
    json_decref(object);

    o.streams = UINT64_MAX; /* more than a JSON integer of jansson holds: as text */
    object = opt_to_json(table, &o);
    assert_string_equal(json_string_value(json_object_get(object, "streams")),
                        "18446744073709551615");
    json_decref(object);
    arena_finish(&a);
}

/* The table that control gets by `describe` checks the same texts with the same words. */
static void test_table_round_trip(void **state)
{
    (void)state;
    struct arena a;
    struct err here = {0}, there = {0};
    arena_init(&a);
    json_t *array = opt_table_to_json(table);
    const struct opt *copy = opt_table_from_json(array, &a, NULL);
    json_decref(array);
    assert_non_null(copy);
    size_t n = 0;
    for (; table[n].name != NULL; n++) {
        assert_string_equal(copy[n].name, table[n].name);
        assert_string_equal(copy[n].help, table[n].help);
        assert_int_equal(copy[n].type, table[n].type);
        assert_int_equal(copy[n].flags, table[n].flags);
        assert_true(copy[n].min == table[n].min && copy[n].max == table[n].max);
        assert_true((copy[n].dflt == NULL) == (table[n].dflt == NULL));
        if (table[n].dflt != NULL)
            assert_string_equal(copy[n].dflt, table[n].dflt);
    }
    assert_null(copy[n].name);
    static const char *const wrong[][2] = {
        {"streams", "99999"}, {"arrival", "poison"}, {"interval", "2"}};
    for (size_t i = 0; i < 3; i++) {
        assert_int_equal(opt_check_text(opt_find(table, wrong[i][0]), wrong[i][1], &here), -EINVAL);
        assert_int_equal(opt_check_text(opt_find(copy, wrong[i][0]), wrong[i][1], &there), -EINVAL);
        assert_string_equal(here.text, there.text);
    }
    arena_finish(&a);
}

static void test_wrong_tables(void **state)
{
    (void)state;
    static const char *const wrong[] = {"{}",
                                        "[1]",
                                        "[{}]",
                                        "[{\"name\":\"x\"}]",
                                        "[{\"name\":\"x\",\"type\":\"matrix\"}]",
                                        "[{\"name\":\"x\",\"type\":\"choice\"}]",
                                        "[{\"name\":\"x\",\"type\":\"choice\",\"choices\":[1]}]",
                                        "[{\"name\":1,\"type\":\"count\"}]"};
    for (size_t i = 0; i < sizeof wrong / sizeof wrong[0]; i++) {
        struct arena a;
        struct err e = {0};
        arena_init(&a);
        json_t *array = json_loads(wrong[i], 0, NULL);
        assert_null(opt_table_from_json(array, &a, &e));
        assert_int_equal(e.code, -EBADMSG);
        assert_true(e.text[0] != '\0');
        json_decref(array);
        arena_finish(&a);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_from_json),    cmocka_unit_test(test_from_json_errors),
        cmocka_unit_test(test_round_trip),   cmocka_unit_test(test_table_round_trip),
        cmocka_unit_test(test_wrong_tables),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
