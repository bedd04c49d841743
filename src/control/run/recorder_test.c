/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * Rows of appliances and probes as results of the measured part.
 */
#include "control/run/recorder.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/str.h"
#include "base/test.h"

enum { FROM_S = 100, TO_S = 106 };

struct bed {
    char dir[64], path[96];
    struct store *store;
    int64_t trial;
    struct recorder recorder;
    struct recorder_source *source;
};

static void open_bed(struct bed *b, enum recorder_kind kind)
{
    struct recorder_source source = {.id = "router", .kind = kind, .interval_ns = NS_PER_S};
    struct sample_column column = {"router", "forwarded", "packets", SAMPLE_COUNTER};
    json_t *levels = json_object();
    int64_t of_case = 0;

    *b = (struct bed){.dir = "/tmp/vaperf-recorder-XXXXXX"};
    assert_non_null(mkdtemp(b->dir));
    str_printf(b->path, sizeof b->path, "%s/x.vaperf", b->dir);
    assert_int_equal(store_open(&b->store, b->path, STORE_CREATE, NULL), 0);
    assert_int_equal(store_put_case(b->store, "a", "a", levels, levels, &of_case, NULL), 0);
    assert_int_equal(store_begin_trial(b->store, of_case, 1, 1, 1, &b->trial, NULL), 0);
    json_decref(levels);
    recorder_init(&b->recorder, b->store, b->trial);
    assert_int_equal(
        recorder_add_columns(&b->recorder, &source, &column, 1, NULL, &b->source, NULL), 0);
}

static void begin(struct bed *b)
{
    b->recorder.parts[RECORDER_MEASURED] =
        (struct recorder_part){FROM_S * NS_PER_S, TO_S * NS_PER_S};
}

static void row(struct bed *b, double at_s, double value)
{
    b->source->values[0] = value;
    recorder_row(&b->recorder, b->source, (uint64_t)(at_s * (double)NS_PER_S));
    assert_int_equal(b->recorder.failed.code, 0);
}

struct wanted {
    const char *metric;
    double value;
};

static int look(void *arg, const char *entity, const char *metric, const char *unit, double value)
{
    struct wanted *w = arg;
    (void)unit;
    assert_string_equal(entity, "router");
    if (strcmp(metric, w->metric) == 0)
        w->value = value;
    return 0;
}

/* NAN: there is no such result. */
static double result(struct bed *b, const char *metric)
{
    struct wanted w = {metric, (double)NAN};
    assert_int_equal(store_each_result(b->store, b->trial, look, &w, NULL), 0);
    return w.value;
}

static void close_bed(struct bed *b)
{
    static const char *const ends[] = {"", "-wal", "-shm", "-journal"};
    char path[128];
    recorder_finish(&b->recorder);
    store_close(b->store);
    for (size_t i = 0; i < sizeof ends / sizeof *ends; i++) {
        str_printf(path, sizeof path, "%s%s", b->path, ends[i]);
        unlink(path);
    }
    assert_int_equal(rmdir(b->dir), 0);
}

/* 1000 a second, read beside the window's ends: what lies between an end and the next row counts.
 */
static void the_edges_count(void **state)
{
    struct bed b;
    (void)state;
    open_bed(&b, RECORDER_APPLIANCE);
    row(&b, 98.5, 0);
    row(&b, 99.5, 1000);
    begin(&b);
    for (int i = 0; i < 6; i++)
        row(&b, 100.5 + i, 2000 + 1000 * i);
    row(&b, 106.5, 8000);
    row(&b, 107.5, 9000);
    assert_int_equal(recorder_put_results(&b.recorder, NULL), 0);
    assert_true(result(&b, "forwarded") == 6000);
    assert_true(isnan(result(&b, "counted_time_pct")));
    close_bed(&b);
}

/* A load that ends with the window: rows that meet its ends say it to the packet. */
static void rows_at_the_ends_are_exact(void **state)
{
    struct bed b;
    (void)state;
    open_bed(&b, RECORDER_APPLIANCE);
    row(&b, 99, 5);
    begin(&b);
    row(&b, FROM_S, 105);
    row(&b, 103.5, 3605);
    row(&b, TO_S, 6111);
    row(&b, 109, 6200);
    assert_int_equal(recorder_put_results(&b.recorder, NULL), 0);
    assert_true(result(&b, "forwarded") == 6006);
    assert_true(isnan(result(&b, "counted_time_pct")));
    close_bed(&b);
}

/* One value says nothing of growth; the next ones lie far apart. */
static void rows_on_either_side_of_all_of_it(void **state)
{
    struct bed b;
    (void)state;
    open_bed(&b, RECORDER_APPLIANCE);
    row(&b, 94, 0);
    begin(&b);
    row(&b, 114, 20000);
    assert_int_equal(recorder_put_results(&b.recorder, NULL), 0);
    assert_true(result(&b, "forwarded") == 6000);
    close_bed(&b);
}

/* Nothing is made up for the time that no row speaks of; how much was seen is said. */
static void what_was_not_seen_is_said(void **state)
{
    struct bed b;
    (void)state;
    open_bed(&b, RECORDER_APPLIANCE);
    begin(&b);
    row(&b, 101.5, 1500);
    row(&b, 102.5, 2500);
    row(&b, 104.5, 4500);
    row(&b, 105, (double)NAN);
    assert_int_equal(recorder_put_results(&b.recorder, NULL), 0);
    assert_true(result(&b, "forwarded") == 3000);
    assert_true(result(&b, "counted_time_pct") == 50);
    close_bed(&b);
}

/* Rows of a node that came before the run knew when its window begins. */
static void the_window_is_known_late(void **state)
{
    struct bed b;
    (void)state;
    open_bed(&b, RECORDER_APPLIANCE);
    row(&b, 100.6, 600);
    begin(&b);
    row(&b, 101.6, 1600);
    row(&b, 106.6, 6600);
    assert_int_equal(recorder_put_results(&b.recorder, NULL), 0);
    assert_true(result(&b, "forwarded") == 5400);
    assert_true(fabs(result(&b, "counted_time_pct") - 90) < 1e-6);
    close_bed(&b);
}

/* A probe's total is what its rate inside comes to over the whole. */
static void probes_are_scaled(void **state)
{
    struct bed b;
    (void)state;
    open_bed(&b, RECORDER_PROBE);
    begin(&b);
    row(&b, 101, 1000);
    row(&b, 104, 4000);
    row(&b, 107, 4000);
    assert_int_equal(recorder_put_results(&b.recorder, NULL), 0);
    assert_true(result(&b, "forwarded") == 6000);
    assert_true(isnan(result(&b, "counted_time_pct")));
    close_bed(&b);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_edges_count),
        cmocka_unit_test(rows_at_the_ends_are_exact),
        cmocka_unit_test(rows_on_either_side_of_all_of_it),
        cmocka_unit_test(what_was_not_seen_is_said),
        cmocka_unit_test(the_window_is_known_late),
        cmocka_unit_test(probes_are_scaled),
    };
    return cmocka_run_group_tests_name("recorder", tests, NULL, NULL);
}
