/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * report_test: figures as people read them, and texts that must stay texts. Whole reports are
 * compared in tests/golden and opened in tests/browser.
 */
#include "control/report/report_private.h"

#include <stdlib.h>
#include <string.h>

#include "base/test.h"

static void three_digits_and_no_exponent(void **state)
{
    static const struct {
        double value;
        const char *text;
    } cases[] = {
        {0, "0"},
        {1, "1"},
        {1234567, "1234567"},
        {123.4, "123"},
        {12.34, "12.3"},
        {0.1234, "0.123"},
        {0.001, "0.001"},
        {0.09996, "0.1"},
        {-2.5, "-2.5"},
        {1e-7, "0.0000001"},
        {999.9, "1000"},
        {NAN, "–"},
        {INFINITY, "–"},
        {100, "100"},
    };
    char text[NUMBER_TEXT];
    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++)
        assert_string_equal(number_format(cases[i].value, 3, text, sizeof text), cases[i].text);
}

static void intervals_in_words(void **state)
{
    char text[NUMBER_TEXT];
    (void)state;
    assert_string_equal(number_format_sure(2e6, (struct span){1e6, 3e6}, 1e-6, text), "2 (1 to 3)");
    assert_string_equal(number_format_sure(2e6, (struct span){-1e6, 5e6}, 1e-6, text),
                        "2 (0 to 5)");
    assert_string_equal(number_format_sure(78.4, (struct span){25.2, 132}, 1, text),
                        "78.4 (25.2 to 132)"); /* of one CPU, and it has two */
    assert_string_equal(number_format_share(78.4, (struct span){25.2, 132}, text),
                        "78.4 (25.2 to 100)");
    assert_string_equal(number_format_share(2, (struct span){-1, 5}, text), "2 (0 to 5)");
    assert_string_equal(number_format_share(100, (struct span){100, 100}, text), "100 (no spread)");
    assert_string_equal(number_format_share(101, (struct span){99, 103}, text),
                        "101 (99 to 103)"); /* what is wrong is not hidden */
    assert_string_equal(number_format_sure(7, (struct span){7, 7}, 1, text), "7 (no spread)");
    assert_string_equal(number_format_sure(7, (struct span){NAN, NAN}, 1, text), "7");
    assert_string_equal(number_format_sure(NAN, (struct span){1, 2}, 1, text), "–");
}

static void loss_in_words(void **state)
{
    char text[NUMBER_TEXT];
    const struct loss none = {true, 12000, 0, 0, {0, 0.025}},
                      some = {true, 1000, 10, 1, {0.544, 1.83}};
    const struct loss unknown = {.known = false};
    (void)state;
    assert_string_equal(number_format_loss(&none, text, sizeof text),
                        "0 (none seen in 12000: below 0.025)");
    assert_string_equal(number_format_loss(&some, text, sizeof text), "1 (0.544 to 1.83)");
    assert_string_equal(number_format_loss(&unknown, text, sizeof text), "–");
}

static void times_are_utc(void **state)
{
    char text[NUMBER_TEXT];
    (void)state;
    assert_string_equal(number_format_time(UINT64_C(1767225600999999999), text),
                        "2026-01-01 00:00:00 UTC");
    assert_string_equal(number_format_time(0, text), "–");
}

static void markup_is_escaped(void **state)
{
    struct buf out;
    struct page p = {.out = &out};
    (void)state;
    buf_init(&out);
    html_text(&p, "<a href='x' b=\"y\">&amp;</a>");
    assert_null(strpbrk(buf_str(&out), "<>'\""));
    assert_string_equal(buf_str(&out),
                        "&#60;a href=&#39;x&#39; b=&#34;y&#34;&#62;&#38;amp;&#60;/a&#62;");
    buf_finish(&out);
}

/* The section of delays, of one case with at most one load. */
static char *delays_of(struct load_result *l)
{
    struct case_result c = {.name = "N", .loads = l, .load_count = l != NULL};
    struct analysis a = {.cases = &c, .case_count = 1};
    struct buf out;
    struct page p = {.a = &a, .out = &out};
    buf_init(&out);
    html_delay(&p);
    char *text = strdup(buf_str(&out));
    buf_finish(&out);
    return text;
}

static void calls_are_no_packets(void **state)
{
    struct load_result l = {.entity = "sip", .to = "sip", .makes_calls = true};
    char *text = delays_of(&l);
    (void)state;
    assert_non_null(strstr(text, "<h2>Response times</h2>"));
    assert_non_null(strstr(text, "Answers"));
    assert_null(strstr(text, "acket"));
    assert_null(strstr(text, "Jitter"));
    free(text);
    l.makes_calls = false;
    text = delays_of(&l);
    assert_non_null(strstr(text, "Packets"));
    assert_non_null(strstr(text, "Jitter"));
    assert_null(strstr(text, "Response time"));
    free(text);
    text = delays_of(NULL); /* a study of benches */
    assert_string_equal(text, "");
    free(text);
}

static int find_axis(void *arg, const char *name, const struct buf *svg, struct err *e)
{
    (void)e;
    if (strcmp(name, "delay-sip") == 0)
        *(bool *)arg = strstr(buf_str(svg), "Response time from intended time (ms)") != NULL &&
                       strstr(buf_str(svg), "Delay") == NULL;
    return 0;
}

static void figures_of_calls_have_response_times(void **state)
{
    struct load_result l = {
        .entity = "sip",
        .makes_calls = true,
        .delays[DELAY_INTENDED] = {.p99 = 2e6, .box = {.n = 9, .min = 1e6, .max = 2e6}}};
    struct case_result c = {.name = "N", .loads = &l, .load_count = 1};
    struct analysis a = {.cases = &c, .case_count = 1};
    bool found = false;
    (void)state;
    assert_int_equal(report_figures(&a, find_axis, &found, NULL), 0);
    assert_true(found);
}

static void the_bundle_stays_inside_its_element(void **state)
{
    (void)state;
    assert_true(strlen(report_bundle_js) > 100000);
    assert_null(strcasestr(report_bundle_js, "</script"));
    assert_null(strstr(report_bundle_js, "<!--"));
    assert_null(strcasestr(report_bundle_css, "</style"));
    assert_non_null(strstr(report_bundle_notice, "Apache License"));
    assert_non_null(strstr(report_bundle_notice, "BSD 3-Clause"));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(three_digits_and_no_exponent),
        cmocka_unit_test(intervals_in_words),
        cmocka_unit_test(loss_in_words),
        cmocka_unit_test(times_are_utc),
        cmocka_unit_test(markup_is_escaped),
        cmocka_unit_test(calls_are_no_packets),
        cmocka_unit_test(figures_of_calls_have_response_times),
        cmocka_unit_test(the_bundle_stays_inside_its_element),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
