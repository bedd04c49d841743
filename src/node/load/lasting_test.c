/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * Warm-up and drain against attempts that take time.
 */
#include "node/load/lasting.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "base/clock.h"
#include "base/test.h"

static const struct workload_ops ops = {.name = "sip", .unit = "call"};

static struct load_options options_of(uint64_t warmup_s, uint64_t drain_s)
{
    struct load_options o = {.duration_ns = 60 * NS_PER_S,
                             .warmup_ns = warmup_s * NS_PER_S,
                             .drain_ns = drain_s * NS_PER_S};
    return o;
}

static struct workload_shape shape_of(uint64_t lasts_s, double rate_per_s, bool is_least)
{
    struct workload_shape s = {.arrivals = WORKLOAD_OPEN,
                               .rate_per_s = rate_per_s,
                               .attempt_ns = lasts_s * NS_PER_S,
                               .attempt_is_least = is_least};
    return s;
}

/* The number of notes, or -errno; `first` gets the first sentence. */
static int check(const struct workload_shape *s, const struct load_options *o, char *first,
                 size_t size)
{
    json_t *notes = json_array();
    struct err e = {0};
    int r = lasting_check(&ops, s, o, notes, &e);

    first[0] = '\0';
    if (r < 0) {
        snprintf(first, size, "%s", e.text);
    } else if (json_array_size(notes) > 0) {
        snprintf(first, size, "%s", json_string_value(json_array_get(notes, 0)));
    }
    r = r < 0 ? r : (int)json_array_size(notes);
    json_decref(notes);
    return r;
}

static void enough_is_not_worth_a_word(void **state)
{
    struct workload_shape s = shape_of(10, 50, true);
    const struct load_options o = options_of(10, 10);
    char text[ERR_TEXT_MAX];

    (void)state;
    assert_int_equal(check(&s, &o, text, sizeof(text)), 0);
    s.arrivals = WORKLOAD_PERIODIC;
    s.attempt_ns = 100 * NS_PER_S;
    assert_int_equal(check(&s, &o, text, sizeof(text)), 0);
}

static void a_short_warm_up_is_a_note(void **state)
{
    const struct workload_shape s = shape_of(10, 50, true);
    struct load_options o = options_of(2, 12);
    char text[ERR_TEXT_MAX];

    (void)state;
    assert_int_equal(check(&s, &o, text, sizeof(text)), 1);
    assert_string_equal(text,
                        "a call lasts 10s and the warm-up 2s: what is measured begins with fewer "
                        "calls at a time than later; warmup: 10s or more lets all be there");
    o.schedule.profile = PROFILE_STEPS; /* it has transients of its own */
    assert_int_equal(check(&s, &o, text, sizeof(text)), 0);
}

static void a_short_drain_is_refused_when_no_trial_could_be_valid(void **state)
{
    struct workload_shape s = shape_of(10, 50, true);
    struct load_options o = options_of(10, 4);
    char text[ERR_TEXT_MAX];

    (void)state;
    assert_int_equal(check(&s, &o, text, sizeof(text)), -EINVAL);
    assert_string_equal(text,
                        "a call lasts 10s and the drain 4s: those of the last 6s are not over "
                        "when it ends, and no trial would be valid; drain: 12s or more lets them "
                        "end");
    s.rate_per_s = 0.1; /* there may be none in these seconds */
    assert_int_equal(check(&s, &o, text, sizeof(text)), 1);
    assert_non_null(strstr(text, "one such makes the trial void; drain: 12s or more"));
    s = shape_of(10, 50, false); /* or they may be shorter */
    assert_int_equal(check(&s, &o, text, sizeof(text)), 1);
    assert_non_null(strstr(text, "a call may last 10s and the drain 4s"));
    s = shape_of(10, 50, true);
    o.schedule.profile = PROFILE_ONOFF; /* or it may end in silence */
    assert_int_equal(check(&s, &o, text, sizeof(text)), 1);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(enough_is_not_worth_a_word),
        cmocka_unit_test(a_short_warm_up_is_a_note),
        cmocka_unit_test(a_short_drain_is_refused_when_no_trial_could_be_valid),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
