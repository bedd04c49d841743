/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * store_test: what goes in comes out; files that are none, newer, damaged, full, in use.
 */
#include "control/store/store.h"

#include <errno.h>
#include <fcntl.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <signal.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/str.h"
#include "base/test.h"

struct file {
    char dir[64], path[96];
};

static int make_dir(void **state)
{
    static struct file f;
    str_printf(f.dir, sizeof f.dir, "/tmp/vaperf-store-XXXXXX");
    if (mkdtemp(f.dir) == NULL)
        return -1;
    str_printf(f.path, sizeof f.path, "%s/x.vaperf", f.dir);
    *state = &f;
    return 0;
}

static int remove_dir(void **state)
{
    static const char *const ends[] = {"", "-wal", "-shm", "-journal"};
    struct file *f = *state;
    char path[128];
    for (size_t i = 0; i < sizeof ends / sizeof *ends; i++) {
        str_printf(path, sizeof path, "%s%s", f->path, ends[i]);
        unlink(path);
    }
    return rmdir(f->dir);
}

static struct store *create(const struct file *f)
{
    struct store *s = NULL;
    struct err e = {0};
    if (store_open(&s, f->path, STORE_CREATE, &e) < 0)
        fail_msg("%s", e.text);
    return s;
}

static int64_t begin(struct store *s, uint64_t number)
{
    json_t *levels = json_pack("{s:s}", "rtp", "400");
    int64_t case_id = 0, trial = 0;
    assert_int_equal(store_put_case(s, "D/400", "D", levels, levels, &case_id, NULL), 0);
    assert_int_equal(store_begin_trial(s, case_id, number, 1, 1000 + number, &trial, NULL), 0);
    json_decref(levels);
    return trial;
}

static void write_at(const char *path, long offset, const void *bytes, size_t size)
{
    FILE *file = fopen(path, "r+b");
    assert_non_null(file);
    assert_int_equal(fseek(file, offset, SEEK_SET), 0);
    assert_int_equal(fwrite(bytes, 1, size, file), size);
    fclose(file);
}

static void refused(const char *path, unsigned flags, int code, const char *words)
{
    struct store *s = NULL;
    struct err e = {0};
    assert_int_equal(store_open(&s, path, flags, &e), code);
    assert_null(s);
    if (strstr(e.text, words) == NULL || strstr(e.text, path) == NULL)
        fail_msg("'%s' does not say '%s' of %s", e.text, words, path);
}

static void keeps_the_study(void **state)
{
    const struct file *f = *state;
    struct store *s = create(f);
    struct store_study back, study = {.name = "mixed",
                                      .title = "Mixed",
                                      .seed = "x",
                                      .plan_path = "p.yaml",
                                      .plan_text = "study: mixed\n",
                                      .version = "1",
                                      .started_real_ns = 5};
    json_t *facts = json_pack("{s:{s:{s:i}}}", "hosts", "sut", "cpus", 2);
    struct arena a;
    study.plan = study.facts = facts;
    arena_init(&a);
    struct err e = {0};
    assert_int_equal(store_get_study(s, &a, &back, &e), -ENODATA);
    assert_int_equal(store_put_study(s, &study, NULL), 0);
    assert_int_equal(store_end_study(s, 9, NULL), 0);
    store_close(s);
    assert_int_equal(store_open(&s, f->path, STORE_READ_ONLY, &e), 0);
    assert_int_equal(store_get_study(s, &a, &back, &e), 0);
    assert_string_equal(back.plan_text, "study: mixed\n");
    assert_true(json_equal(back.facts, facts));
    assert_int_equal(back.ended_real_ns, 9);
    assert_int_not_equal(store_end_study(s, 10, &e), 0);
    store_close(s);
    json_decref(facts);
    arena_finish(&a);
}

struct seen {
    size_t count;
    double last;
    enum trial_state state;
    int64_t series;
};

static int see_trial(void *arg, const struct store_trial *t)
{
    struct seen *seen = arg;
    assert_string_equal(t->case_name, "D/400");
    assert_string_equal(json_str_or(t->levels, "rtp", ""), "400");
    seen->state = t->state;
    seen->count++;
    return 0;
}

static int see_result(void *arg, const char *entity, const char *metric, const char *unit,
                      double value)
{
    struct seen *seen = arg;
    assert_string_equal(entity, "rtp");
    assert_string_equal(metric, "loss_pct");
    assert_string_equal(unit, "%");
    seen->last = value;
    seen->count++;
    return 0;
}

static int see_series(void *arg, int64_t id, const struct sample_column *c)
{
    struct seen *seen = arg;
    assert_string_equal(c->metric, "busy_pct");
    seen->series = id;
    return 0;
}

static int see_sample(void *arg, uint64_t real_ns, double value)
{
    struct seen *seen = arg;
    assert_int_equal(real_ns, 100 + seen->count);
    seen->last = value;
    return ++seen->count == 2 ? 77 : 0;
}

static int see_event(void *arg, uint64_t real_ns, const char *text)
{
    struct seen *seen = arg;
    assert_int_equal(real_ns, 3);
    assert_string_equal(text, "warm-up ends");
    seen->count++;
    return 0;
}

static void keeps_what_was_measured(void **state)
{
    const struct sample_column column = {"cpu0", "busy_pct", "%", SAMPLE_GAUGE};
    struct store *s = create(*state);
    struct hist *h = hist_create(), *back = hist_create();
    struct seen seen = {0};
    struct err e = {0};
    int64_t trial = begin(s, 1), series = 0;
    hist_record(h, 12345);
    assert_int_equal(store_put_hist(s, trial, "rtp", "lateness", h, NULL), 0);
    assert_int_equal(store_put_result(s, trial, "rtp", "loss_pct", "%", 0.5, NULL), 0);
    assert_int_equal(store_put_result(s, trial, "rtp", "mos", "1", (double)NAN, NULL), -EINVAL);
    assert_int_equal(store_put_series(s, trial, &column, &series, NULL), 0);
    for (uint64_t i = 0; i < 3; i++)
        assert_int_equal(store_put_sample(s, series, 100 + i, (double)i, NULL), 0);
    assert_int_equal(store_put_sample(s, series, 99, (double)NAN, NULL), 0); /* is not kept */
    assert_int_equal(store_put_event(s, trial, 3, "warm-up ends", NULL), 0);
    assert_int_equal(store_each_result(s, trial, see_result, &seen, NULL), 0);
    assert_true(seen.count == 1 && seen.last == 0.5);
    assert_int_equal(store_get_hist(s, trial, "rtp", "lateness", back, NULL), 0);
    assert_int_equal(hist_percentile(back, 50), hist_percentile(h, 50));
    assert_int_equal(store_get_hist(s, trial, "rtp", "none", back, &e), -ENOENT);
    assert_int_equal(store_each_series(s, trial, see_series, &seen, NULL), 0);
    assert_int_equal(seen.series, series);
    seen.count = 0;
    assert_int_equal(store_each_sample(s, series, see_sample, &seen, NULL), 77); /* stopped */
    assert_true(seen.count == 2 && seen.last == 1.0);
    seen.count = 0;
    assert_int_equal(store_each_event(s, trial, see_event, &seen, NULL), 0);
    assert_int_equal(store_each_event(s, 0, see_event, &seen, NULL), 0);
    assert_int_equal(seen.count, 1);
    hist_destroy(h);
    hist_destroy(back);
    store_close(s);
}

/* A process that dies without a word: what it committed stays, its trial is found running. */
static void survives_a_kill(void **state)
{
    const struct file *f = *state;
    struct seen seen = {0};
    struct store *s = NULL;
    pid_t child = fork();
    if (child == 0) {
        s = create(f);
        int64_t trial = begin(s, 1);
        store_put_result(s, trial, "rtp", "loss_pct", "%", 1, NULL);
        store_commit(s, NULL);
        store_put_result(s, trial, "rtp", "loss_pct", "%", 2, NULL); /* not committed */
        _exit(9);
    }
    int status;
    assert_int_equal(waitpid(child, &status, 0), child);
    assert_int_equal(WEXITSTATUS(status), 9);
    assert_int_equal(store_open(&s, f->path, 0, NULL), 0);
    assert_int_equal(store_interrupt_running(s, NULL), 1);
    assert_int_equal(store_each_trial(s, see_trial, &seen, NULL), 0);
    assert_true(seen.count == 1 && seen.state == TRIAL_INTERRUPTED);
    assert_int_equal(store_each_result(s, 1, see_result, &seen, NULL), 0);
    assert_true(seen.last == 1.0);
    assert_int_equal(store_interrupt_running(s, NULL), 0);
    store_close(s);
}

static void refuses_what_is_not_ours(void **state)
{
    const struct file *f = *state;
    const unsigned char newer[4] = {0, 0, 0, 9}, other[4] = {1, 2, 3, 4};
    refused(f->path, STORE_READ_ONLY, -ENOENT, "No such file");
    FILE *file = fopen(f->path, "w");
    fputs("this is a text, and a longish one, but surely no database of any kind at all\n", file);
    fclose(file);
    refused(f->path, 0, -EBADMSG, "not a vaperf result file");
    refused(f->path, STORE_CREATE, -EEXIST, "exists already");
    assert_int_equal(truncate(f->path, 0), 0);
    refused(f->path, STORE_READ_ONLY, -EBADMSG, "not a vaperf result file");
    unlink(f->path);
    store_close(create(f));
    write_at(f->path, 60, newer, 4); /* user_version */
    refused(f->path, 0, -EBADMSG, "newer vaperf (schema 9");
    write_at(f->path, 68, other, 4); /* application_id */
    refused(f->path, 0, -EBADMSG, "not a vaperf result file");
    refused("/tmp", STORE_READ_ONLY, -EBADMSG, "not a vaperf result file");
}

static void refuses_damage(void **state)
{
    const struct file *f = *state;
    struct store *s = create(f);
    char junk[4096];
    int64_t trial = begin(s, 1);
    for (int i = 0; i < 2000; i++) {
        char metric[32];
        str_printf(metric, sizeof metric, "m%d", i);
        assert_int_equal(store_put_result(s, trial, "e", metric, "1", i, NULL), 0);
    }
    store_close(s);
    memset(junk, 0x5a, sizeof junk);
    for (long page = 1; page < 12; page++)
        write_at(f->path, page * 4096, junk, sizeof junk);
    refused(f->path, STORE_READ_ONLY, -EBADMSG, "damaged");
    refused(f->path, 0, -EBADMSG, "damaged");
}

static void second_writer_waits_outside(void **state)
{
    const struct file *f = *state;
    struct store *s = create(f);
    refused(f->path, 0, -EBUSY, "another vaperf writes to it");
    store_close(s);
}

/* RLIMIT_FSIZE stands for the full disk: writes fail with EFBIG after SIGXFSZ is ignored. */
static void full_disk_loses_nothing_committed(void **state)
{
    const struct file *f = *state;
    struct store *s = create(f);
    struct seen seen = {0};
    struct err e = {0};
    struct rlimit before, tight = {.rlim_cur = 200 * 1024};
    int64_t trial = begin(s, 1), series = 0;
    const struct sample_column column = {"cpu0", "busy_pct", "%", SAMPLE_GAUGE};
    assert_int_equal(store_put_result(s, trial, "rtp", "loss_pct", "%", 1, NULL), 0);
    assert_int_equal(store_put_series(s, trial, &column, &series, NULL), 0);
    assert_int_equal(store_commit(s, NULL), 0);
    signal(SIGXFSZ, SIG_IGN);
    assert_int_equal(getrlimit(RLIMIT_FSIZE, &before), 0);
    tight.rlim_max = before.rlim_max;
    assert_int_equal(setrlimit(RLIMIT_FSIZE, &tight), 0);
    int r = 0;
    for (uint64_t i = 0; i < 100000 && r == 0; i++) {
        r = store_put_sample(s, series, i * 7919 % 1000003, 1, &e);
        if (r == 0 && i % 1000 == 999)
            r = store_commit(s, &e);
    }
    store_close(s);
    assert_int_equal(setrlimit(RLIMIT_FSIZE, &before), 0);
    assert_true(r < 0 && e.text[0] != '\0');
    assert_int_equal(store_open(&s, f->path, 0, &e), 0);
    assert_int_equal(store_each_result(s, trial, see_result, &seen, NULL), 0);
    assert_true(seen.count == 1 && seen.last == 1.0);
    store_close(s);
}

static void cases_are_added_once(void **state)
{
    struct store *s = create(*state);
    int64_t a = 0, b = 0, c = 0;
    assert_int_equal(store_put_case(s, "A", "A", NULL, NULL, &a, NULL), 0);
    assert_int_equal(store_put_case(s, "B", "B", NULL, NULL, &b, NULL), 0);
    assert_int_equal(store_put_case(s, "A", "A", NULL, NULL, &c, NULL), 0);
    assert_true(a == c && a != b);
    store_close(s);
}

#define ON_FILE(test) cmocka_unit_test_setup_teardown(test, make_dir, remove_dir)

int main(void)
{
    const struct CMUnitTest tests[] = {
        ON_FILE(keeps_the_study),
        ON_FILE(keeps_what_was_measured),
        ON_FILE(survives_a_kill),
        ON_FILE(refuses_what_is_not_ours),
        ON_FILE(refuses_damage),
        ON_FILE(second_writer_waits_outside),
        ON_FILE(full_disk_loses_nothing_committed),
        ON_FILE(cases_are_added_once),
    };
    return cmocka_run_group_tests_name("store", tests, NULL, NULL);
}
