/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "base/opt.h"

#include <errno.h>
#include <math.h>
#include <string.h>

#include "base/arena.h"
#include "base/cpu.h"
#include "base/test.h"

struct options {
    bool verbose;
    uint64_t streams, interval_ns, buffer_bytes;
    double ratio, rate, loss_pct;
    const char *name;
    int arrival;
    struct cpu_set cpus;
};

static const char *const arrivals[] = {"constant", "poisson", "ramp", NULL};

#define AT(member) .offset = offsetof(struct options, member)
static const struct opt table[] = {
    {"verbose", OPT_FLAG, "false", "Say more", AT(verbose)},
    {"streams", OPT_COUNT, "400", "Streams at once", 1, 0, AT(streams), .flags = OPT_LEVEL},
    {"interval", OPT_DURATION, "20ms", "Time between packets", 1e6, 1e9, AT(interval_ns)},
    {"buffer", OPT_SIZE, "64K", "Socket buffer", 1024, 1 << 20, AT(buffer_bytes)},
    {"ratio", OPT_NUMBER, "0.5", "A ratio", -1, 1, AT(ratio)},
    {"rate", OPT_RATE, "33", "Calls", AT(rate)},
    {"loss", OPT_PERCENT, NULL, "Allowed loss", 0, 100, AT(loss_pct)},
    {"name", OPT_STRING, "media", "Its name", AT(name)},
    {"arrival", OPT_CHOICE, "poisson", "Arrivals", .choices = arrivals, AT(arrival)},
    {"cpus", OPT_CPUS, NULL, "CPUs to use", AT(cpus)},
    OPT_END,
};

static const struct opt required_table[] = {
    {"to", OPT_STRING, NULL, "Address of the appliance", AT(name), .flags = OPT_REQUIRED},
    OPT_END,
};

static int parse(struct options *o, const char *name, const char *text, struct err *e)
{
    const struct opt *opt = opt_find(table, name);
    assert_non_null(opt);
    struct options before;
    memcpy(&before, o, sizeof before); /* padding too */
    int r = opt_check_text(opt, text, e);
    assert_memory_equal(o, &before, sizeof before);
    assert_int_equal(opt_parse(opt, text, o, NULL, e), r);
    return r;
}

static void test_defaults(void **state)
{
    (void)state;
    struct options o;
    memset(&o, 0xee, sizeof o);
    opt_defaults(table, &o, sizeof o);
    assert_false(o.verbose);
    assert_int_equal(o.streams, 400);
    assert_int_equal(o.interval_ns, 20000000);
    assert_int_equal(o.buffer_bytes, 65536);
    assert_true(o.ratio == 0.5 && o.rate == 33 && o.loss_pct == 0);
    assert_string_equal(o.name, "media");
    assert_int_equal(o.arrival, 1);
    assert_int_equal(cpu_set_count(&o.cpus), 0);
}

static void test_good_texts(void **state)
{
    (void)state;
    struct options o;
    opt_defaults(table, &o, sizeof o);
    assert_int_equal(parse(&o, "verbose", "yes", NULL), 0);
    assert_int_equal(parse(&o, "streams", "2^10", NULL), 0);
    assert_int_equal(parse(&o, "interval", "1s", NULL), 0);
    assert_int_equal(parse(&o, "buffer", "1M", NULL), 0);
    assert_int_equal(parse(&o, "ratio", "-1", NULL), 0);
    assert_int_equal(parse(&o, "rate", "120/min", NULL), 0);
    assert_int_equal(parse(&o, "loss", "0.1%", NULL), 0);
    assert_int_equal(parse(&o, "name", "", NULL), 0);
    assert_int_equal(parse(&o, "arrival", "ramp", NULL), 0);
    assert_int_equal(parse(&o, "cpus", "0-2", NULL), 0);
    assert_true(o.verbose && o.streams == 1024 && o.interval_ns == 1000000000);
    assert_true(o.buffer_bytes == 1 << 20 && o.ratio == -1 && o.rate == 2);
    assert_true(fabs(o.loss_pct - 0.1) < 1e-12 && o.arrival == 2);
    assert_string_equal(o.name, "");
    assert_int_equal(cpu_set_count(&o.cpus), 3);
}

static void test_error_texts(void **state)
{
    (void)state;
    static const char *const cases[][3] = {
        {"streams", "100cps", "streams: '100cps' is not a count (a whole number such as 400)"},
        {"streams", "0", "streams: '0' is too small (at least 1)"},
        {"streams", "2^70", "streams: '2^70' is too large to be counted"},
        {"interval", "20",
         "interval: '20' is not a duration (with its unit, such as 20ms, 1.5s or 20m)"},
        {"interval", "20us", "interval: '20us' is too small (1ms to 1s)"},
        {"interval", "2s", "interval: '2s' is too large (1ms to 1s)"},
        {"buffer", "2M", "buffer: '2M' is too large (1K to 1M)"},
        {"buffer", "1kb", "buffer: '1kb' is not a size (bytes, or with K, M or G, such as 512M)"},
        {"ratio", "1.5", "ratio: '1.5' is too large (-1 to 1)"},
        {"ratio", "half", "ratio: 'half' is not a number (such as 0.5)"},
        {"rate", "33cps", "rate: '33cps' is not a rate (per second, such as 33, 33/s or 2000/min)"},
        {"loss", "101%", "loss: '101%' is too large (0% to 100%)"},
        {"loss", "1s", "loss: '1s' is not a percentage (such as 50%)"},
        {"verbose", "maybe", "verbose: 'maybe' is not yes or no"},
        {"cpus", "a", "cpus: 'a' is not a list of CPUs (such as 0, 0-3 or 0,2)"},
        {"arrival", "poison",
         "arrival: 'poison' is none of constant, poisson, ramp (did you mean poisson?)"},
        {"arrival", "bursty", "arrival: 'bursty' is none of constant, poisson, ramp"},
        {"arrival", "", "arrival: '' is none of constant, poisson, ramp"},
    };
    struct options o;
    opt_defaults(table, &o, sizeof o);
    struct options before;
    memcpy(&before, &o, sizeof before);
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        struct err e = {0};
        assert_int_equal(parse(&o, cases[i][0], cases[i][1], &e), -EINVAL);
        assert_string_equal(e.text, cases[i][2]);
        assert_memory_equal(&o, &before, sizeof o);
    }
}

static void test_bounds_of_wide_numbers(void **state)
{
    (void)state;
    static const struct opt negative = {"x", OPT_NUMBER, NULL, "", .min = -5};
    assert_int_equal(opt_check_text(&negative, "-5", NULL), 0);
    assert_int_equal(opt_check_text(&negative, "0", NULL), 0);
    assert_int_equal(opt_check_text(&negative, "1", NULL), -EINVAL);
    assert_int_equal(opt_check_text(&negative, "-5.1", NULL), -EINVAL);
}

/* What is formatted reads back as the same value. */
static void test_format_reads_back(void **state)
{
    (void)state;
    struct options o, back;
    opt_defaults(table, &o, sizeof o);
    memset(&back, 0, sizeof back);
    o.rate = 100.0 / 3;
    o.loss_pct = 0.1;
    o.verbose = true;
    cpu_set_add(&o.cpus, 1);
    for (const struct opt *opt = table; opt->name != NULL; opt++) {
        char text[128];
        opt_format(opt, &o, text, sizeof text);
        assert_int_equal(opt_parse(opt, text, &back, NULL, NULL), 0);
        char again[128];
        assert_string_equal(opt_format(opt, &back, again, sizeof again), text);
    }
    assert_true(back.rate == o.rate && back.loss_pct == o.loss_pct);
    char text[32];
    assert_string_equal(opt_format(opt_find(table, "loss"), &o, text, sizeof text), "0.1%");
    assert_string_equal(opt_format(opt_find(table, "interval"), &o, text, sizeof text), "20ms");
    assert_string_equal(opt_format(opt_find(table, "arrival"), &o, text, sizeof text), "poisson");
    o.name = NULL;
    assert_string_equal(opt_format(opt_find(table, "name"), &o, text, sizeof text), "");
}

static void test_nearest(void **state)
{
    (void)state;
    assert_string_equal(opt_nearest(table, "stream"), "streams");
    assert_string_equal(opt_nearest(table, "intreval"), "interval");
    assert_null(opt_nearest(table, "x"));
    assert_null(opt_nearest(table, "something"));
    assert_null(opt_find(table, "stream"));
}

static void test_strings_are_copied(void **state)
{
    (void)state;
    struct arena a;
    arena_init(&a);
    struct options o;
    char text[] = "gone";
    assert_int_equal(opt_parse(opt_find(table, "name"), text, &o, &a, NULL), 0);
    text[0] = 'x';
    assert_string_equal(o.name, "gone");
    arena_finish(&a);
}

static int parse_argv(struct options *o, char *const argv[], struct err *e)
{
    static struct arena a;
    int argc = 0;
    while (argv[argc] != NULL)
        argc++;
    arena_finish(&a);
    opt_defaults(table, o, sizeof *o);
    int r = opt_parse_argv(table, argc, argv, o, &a, e);
    o->name = NULL; /* it goes with the arena */
    arena_finish(&a);
    return r;
}

#define W(text) ((char[]){text})
#define WORDS(...)        \
    (char *const[])       \
    {                     \
        __VA_ARGS__, NULL \
    }

static void test_argv(void **state)
{
    (void)state;
    struct options o;
    assert_int_equal(parse_argv(&o,
                                WORDS(W("--streams"), W("7"), W("--interval=5ms"), W("--verbose"),
                                      W("10.0.0.1"), W("--rate"), W("5")),
                                NULL),
                     4);
    assert_true(o.streams == 7 && o.interval_ns == 5000000 && o.verbose && o.rate == 33);
    assert_int_equal(parse_argv(&o, WORDS(W("--verbose=no"), W("--"), W("--streams")), NULL), 2);
    assert_false(o.verbose);
    assert_int_equal(parse_argv(&o, WORDS(W("-")), NULL), 0);
    assert_int_equal(parse_argv(&o, WORDS(W("--name=a=b")), NULL), 1);
    assert_int_equal(parse_argv(&o, (char *const[]){NULL}, NULL), 0);
    assert_int_equal(parse_argv(&o, WORDS(W("--streams"), W("7"), W("--help")), NULL), -ECANCELED);
    assert_int_equal(parse_argv(&o, WORDS(W("-h")), NULL), -ECANCELED);
}

static void test_argv_spelling(void **state)
{
    (void)state;
    static const struct opt two_words[] = {
        {"socket_buffer", OPT_SIZE, "8M", "Buffer", AT(buffer_bytes)},
        OPT_END,
    };
    struct options o;
    struct err e = {0};
    opt_defaults(two_words, &o, sizeof o);
    assert_int_equal(opt_parse_argv(two_words, 1, WORDS(W("--socket-buffer=1K")), &o, NULL, &e), 1);
    assert_true(o.buffer_bytes == 1024);
    assert_int_equal(opt_parse_argv(two_words, 1, WORDS(W("--socket_buffer=2K")), &o, NULL, &e), 1);
    assert_true(o.buffer_bytes == 2048);
    assert_int_equal(opt_parse_argv(two_words, 1, WORDS(W("--socket-bufer=1")), &o, NULL, &e),
                     -EINVAL);
    assert_string_equal(e.text, "unknown option --socket-bufer=1 (did you mean --socket_buffer?)");
}

static void test_argv_errors(void **state)
{
    (void)state;
    struct options o;
    struct err e = {0};
    assert_int_equal(parse_argv(&o, WORDS(W("--stream"), W("7")), &e), -EINVAL);
    assert_string_equal(e.text, "unknown option --stream (did you mean --streams?)");
    assert_int_equal(parse_argv(&o, WORDS(W("--zzz=1")), &e), -EINVAL);
    assert_string_equal(e.text, "unknown option --zzz=1 (--help lists them)");
    assert_int_equal(parse_argv(&o, WORDS(W("-streams")), &e), -EINVAL);
    assert_string_equal(e.text, "unknown option -streams (did you mean --streams?)");
    assert_int_equal(parse_argv(&o, WORDS(W("--streams")), &e), -EINVAL);
    assert_string_equal(e.text, "--streams needs a count (a whole number such as 400)");
    assert_int_equal(parse_argv(&o, WORDS(W("--streams=x")), &e), -EINVAL);
    assert_string_equal(e.text, "--streams: 'x' is not a count (a whole number such as 400)");
    assert_int_equal(opt_parse_argv(required_table, 0, (char *const[]){NULL}, &o, NULL, &e),
                     -EINVAL);
    assert_string_equal(e.text, "--to is missing (Address of the appliance)");
    assert_int_equal(opt_parse_argv(required_table, 1, WORDS(W("--to=x")), &o, NULL, &e), 1);
}

static void test_help(void **state)
{
    (void)state;
    static const struct opt help_table[] = {
        {"streams", OPT_COUNT, "400", "Streams at once", .offset = 0},
        {"arrival", OPT_CHOICE, "poisson", "When packets are sent", .choices = arrivals},
        {"verbose", OPT_FLAG, "false",
         "Say much more than anybody could possibly want to know about what is being done here",
         .offset = 0},
        {"to", OPT_STRING, NULL, "Address", .flags = OPT_REQUIRED},
        OPT_END,
    };
    char text[1024] = "";
    FILE *file = fmemopen(text, sizeof text, "w");
    opt_print_help(help_table, file);
    fclose(file);
    assert_string_equal(
        text, "  --streams COUNT  Streams at once (400)\n"
              "  --arrival WORD   When packets are sent: constant, poisson, ramp (poisson)\n"
              "  --verbose        Say much more than anybody could possibly want to know about "
              "what is being done\n"
              "                   here\n"
              "  --to TEXT        Address (required)\n");
}

/* A duration that takes words besides, through every form of the table. */
static void test_duration_or_word(void **state)
{
    (void)state;
    static const char *const words[] = {"relay", "transcode", NULL};
    static const struct opt works[] = {
        {"work", OPT_DURATION, "relay", "Computing", 0, 1e9, words, AT(interval_ns)}, OPT_END};
    struct options o;
    struct err e = {0};
    struct arena a;
    char text[64];
    opt_defaults(works, &o, sizeof o);
    assert_int_equal(opt_word(works, o.interval_ns), 0);
    assert_int_equal(opt_parse(works, "transcode", &o, NULL, &e), 0);
    assert_int_equal(opt_word(works, o.interval_ns), 1);
    assert_string_equal(opt_format(works, &o, text, sizeof text), "transcode");
    assert_int_equal(opt_parse(works, "20us", &o, NULL, &e), 0);
    assert_int_equal(o.interval_ns, 20000);
    assert_int_equal(opt_word(works, o.interval_ns), -1);
    assert_int_equal(opt_parse(works, "20", &o, NULL, &e), -EINVAL);
    assert_string_equal(e.text, "work: '20' is not a duration (with its unit, such as 20ms, 1.5s "
                                "or 20m), and none of relay, transcode");
    assert_int_equal(opt_parse(works, "trancode", &o, NULL, &e), -EINVAL);
    assert_non_null(strstr(e.text, "did you mean transcode?"));
    assert_int_equal(opt_parse(works, "2s", &o, NULL, &e), -EINVAL);
    arena_init(&a);
    json_t *form = opt_table_to_json(works);
    const struct opt *again = opt_table_from_json(form, &a, &e);
    assert_non_null(again);
    assert_int_equal(opt_check_text(again, "transcode", &e), 0);
    assert_int_equal(opt_check_text(again, "5ms", &e), 0);
    assert_int_equal(opt_check_text(again, "mix", &e), -EINVAL);
    json_decref(form);
    arena_finish(&a);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_defaults),
        cmocka_unit_test(test_duration_or_word),
        cmocka_unit_test(test_good_texts),
        cmocka_unit_test(test_error_texts),
        cmocka_unit_test(test_bounds_of_wide_numbers),
        cmocka_unit_test(test_format_reads_back),
        cmocka_unit_test(test_nearest),
        cmocka_unit_test(test_strings_are_copied),
        cmocka_unit_test(test_argv),
        cmocka_unit_test(test_argv_spelling),
        cmocka_unit_test(test_argv_errors),
        cmocka_unit_test(test_help),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
