/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "base/test.h"

#include <errno.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/clock.h"
#include "node/load/schedule.h"

static void level_of(struct schedule_level *l, struct schedule_options o)
{
    struct err e = {0};
    assert_int_equal(schedule_level_init(l, &o, &e), 0);
}

static void streams_keep_their_phase_in_every_period(void **state)
{
    struct schedule_level level;
    struct schedule s;
    const struct schedule_shape shape = {
        .slots = 8, .total_slots = 8, .period_ns = 20 * NS_PER_MS, .shards = 1};
    uint64_t last = 0;

    (void)state;
    level_of(&level, (struct schedule_options){0});
    assert_int_equal(schedule_init(&s, &level, &shape), 0);
    for (uint64_t i = 0; i < 80; i++) {
        uint32_t slot;
        uint64_t at = schedule_next(&s, &slot);
        assert_int_equal(slot, i % 8);
        assert_true(at == i / 8 * 20 * NS_PER_MS + i % 8 * 2500000);
        assert_true(at >= last);
        last = at;
    }
    schedule_finish(&s);
    schedule_level_finish(&level);
}

/* All slots of all shards together are the slots of one, at the same times. */
static void shards_share_slots_without_moving_them(void **state)
{
    struct schedule_level level;
    struct schedule whole, part;
    struct schedule_shape shape = {.slots = 100,
                                   .total_slots = 100,
                                   .period_ns = 20 * NS_PER_MS,
                                   .phase = 1,
                                   .phase_grid_ns = 500000,
                                   .shards = 1,
                                   .seed = 7};
    uint64_t at[100], last = 0;
    unsigned phases = 0;
    uint32_t slot;

    (void)state;
    level_of(&level, (struct schedule_options){0});
    assert_int_equal(schedule_init(&whole, &level, &shape), 0);
    for (int i = 0; i < 100; i++) {
        uint64_t when = schedule_next(&whole, &slot);
        assert_true(when >= last);
        phases += when > last || i == 0;
        last = when;
        at[slot] = when;
    }
    assert_in_range(phases, 25, 40); /* one of each 500 us that has a stream at all */
    shape.first_slot = 40;
    shape.slots = 30;
    shape.shards = 3;
    assert_int_equal(schedule_init(&part, &level, &shape), 0);
    for (int i = 0; i < 30; i++) {
        uint64_t when = schedule_next(&part, &slot);
        assert_in_range(slot, 40, 69);
        assert_true(when == at[slot]);
    }
    schedule_finish(&part);
    schedule_finish(&whole);
    schedule_level_finish(&level);
}

/* Each quarter of the period has a quarter of every shard, and all shards together are even. */
static void even_shards_send_all_the_time(void **state)
{
    enum { TOTAL = 240, SHARDS = 3, EACH = TOTAL / SHARDS };
    struct schedule_level level;
    struct schedule s;
    struct schedule_shape shape = {
        .slots = EACH, .total_slots = TOTAL, .period_ns = TOTAL * 1000, .shards = SHARDS};
    unsigned seen[TOTAL] = {0};
    uint32_t slot;

    (void)state;
    level_of(&level, (struct schedule_options){0});
    for (shape.shard = 0; shape.shard < SHARDS; shape.shard++) {
        unsigned quarters[4] = {0};
        shape.first_slot = shape.shard * EACH;
        assert_int_equal(schedule_init(&s, &level, &shape), 0);
        for (int i = 0; i < EACH; i++) {
            uint64_t at = schedule_next(&s, &slot);
            quarters[at * 4 / shape.period_ns]++;
            seen[at / 1000]++;
        }
        schedule_finish(&s);
        for (int q = 0; q < 4; q++) {
            assert_in_range(quarters[q], EACH / 4 - 3, EACH / 4 + 3);
        }
    }
    for (int i = 0; i < TOTAL; i++) {
        assert_int_equal(seen[i], 1);
    }
    schedule_level_finish(&level);
}

/* Streams of 20 ms, each of which meets the same phase of the kernel's tick for ever, lie all over
 * it together. */
static void phases_do_not_keep_step_with_ticks(void **state)
{
    static const uint64_t ticks[] = {1000000, 4000000, 10000000}; /* HZ 1000, 250, 100 */
    struct schedule_level level;
    struct schedule s;
    const struct schedule_shape shape = {.slots = 300,
                                         .total_slots = 300,
                                         .period_ns = 20 * NS_PER_MS,
                                         .phase_grid_ns = 2 * NS_PER_MS,
                                         .shards = 1};
    uint32_t slot;

    (void)state;
    level_of(&level, (struct schedule_options){0});
    for (size_t t = 0; t < sizeof(ticks) / sizeof(ticks[0]); t++) {
        unsigned quarters[4] = {0};
        assert_int_equal(schedule_init(&s, &level, &shape), 0);
        for (int i = 0; i < 300; i++) {
            quarters[schedule_next(&s, &slot) % ticks[t] * 4 / ticks[t]]++;
        }
        for (int q = 0; q < 4; q++) {
            assert_in_range(quarters[q], 30, 120);
        }
        schedule_finish(&s);
    }
    schedule_level_finish(&level);
}

/* How many arrivals lie before a time. */
static unsigned count_before(struct schedule_options o, double rate, uint64_t limit_ns)
{
    struct schedule_level level;
    struct schedule s;
    const struct schedule_shape shape = {
        .slots = 4, .total_slots = 4, .rate_per_s = rate, .shards = 1, .seed = 3};
    unsigned n = 0;
    uint32_t slot;
    uint64_t last = 0, at;

    level_of(&level, o);
    assert_int_equal(schedule_init(&s, &level, &shape), 0);
    while ((at = schedule_next(&s, &slot)) < limit_ns) {
        assert_true(at >= last);
        last = at;
        n++;
    }
    schedule_finish(&s);
    schedule_level_finish(&level);
    return n;
}

static void open_processes_offer_what_they_should(void **state)
{
    (void)state;
    assert_in_range(count_before((struct schedule_options){0}, 1000, 10 * NS_PER_S), 9999, 10001);
    assert_in_range(
        count_before((struct schedule_options){.profile = PROFILE_POISSON}, 1000, 10 * NS_PER_S),
        9500, 10500);
    /* From nothing to all in 10 s is half of all. */
    assert_in_range(count_before((struct schedule_options){.profile = PROFILE_RAMP,
                                                           .ramp_to_pct = 100,
                                                           .ramp_time_ns = 10 * NS_PER_S},
                                 1000, 10 * NS_PER_S),
                    4950, 5050);
    assert_in_range(count_before((struct schedule_options){.profile = PROFILE_STEPS,
                                                           .steps = "50,100,150",
                                                           .step_time_ns = NS_PER_S},
                                 1000, 3 * NS_PER_S),
                    2995, 3005);
    assert_in_range(count_before((struct schedule_options){.profile = PROFILE_ONOFF,
                                                           .on_time_ns = NS_PER_S,
                                                           .off_time_ns = 3 * NS_PER_S},
                                 1000, 8 * NS_PER_S),
                    1995, 2005);
}

static void a_trace_is_followed_to_its_end(void **state)
{
    char path[] = "/tmp/vaperf-trace-XXXXXX";
    int fd = mkstemp(path);
    const char text[] = "# times\n0s\n1ms\n1ms\n\n2.5s\n";
    struct schedule_level level;
    struct schedule s;
    const struct schedule_shape shape = {.slots = 1, .total_slots = 1, .shards = 1};
    const uint64_t want[] = {0, NS_PER_MS, NS_PER_MS, 2500 * NS_PER_MS, UINT64_MAX};
    uint32_t slot;

    (void)state;
    assert_int_equal(write(fd, text, strlen(text)), strlen(text));
    close(fd);
    level_of(&level, (struct schedule_options){.profile = PROFILE_TRACE, .trace = path});
    assert_int_equal(schedule_init(&s, &level, &shape), 0);
    for (size_t i = 0; i < 5; i++) {
        assert_true(schedule_next(&s, &slot) == want[i]);
    }
    schedule_finish(&s);
    schedule_level_finish(&level);
    unlink(path);
}

static void wrong_profiles_say_what_is_missing(void **state)
{
    static const struct {
        struct schedule_options options;
        const char *text;
    } wrong[] = {
        {{.profile = PROFILE_STEPS, .step_time_ns = 1}, "needs steps"},
        {{.profile = PROFILE_STEPS, .step_time_ns = 1, .steps = "50,x"}, "'x'"},
        {{.profile = PROFILE_STEPS, .steps = "50"}, "step_time"},
        {{.profile = PROFILE_RAMP}, "ramp_time"},
        {{.profile = PROFILE_ONOFF, .on_time_ns = 1}, "off_time"},
        {{.profile = PROFILE_TRACE}, "needs trace"},
        {{.profile = PROFILE_TRACE, .trace = "/no/such/file"}, "/no/such/file"},
    };

    (void)state;
    for (size_t i = 0; i < sizeof(wrong) / sizeof(wrong[0]); i++) {
        struct schedule_level level;
        struct err e = {0};
        assert_int_equal(schedule_level_init(&level, &wrong[i].options, &e), -EINVAL);
        assert_non_null(strstr(e.text, wrong[i].text));
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(streams_keep_their_phase_in_every_period),
        cmocka_unit_test(shards_share_slots_without_moving_them),
        cmocka_unit_test(even_shards_send_all_the_time),
        cmocka_unit_test(phases_do_not_keep_step_with_ticks),
        cmocka_unit_test(open_processes_offer_what_they_should),
        cmocka_unit_test(a_trace_is_followed_to_its_end),
        cmocka_unit_test(wrong_profiles_say_what_is_missing),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
