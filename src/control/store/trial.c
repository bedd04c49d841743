/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * trial: cases and trials: what was to be measured and what became of it. One thread.
 */
#include "control/store/store_private.h"

#include <errno.h>

static int code_of(const struct err *e)
{
    return e != NULL && e->code < 0 ? e->code : -EIO;
}

static int find_case(struct store *s, const char *name, int64_t *ret_id, struct err *e)
{
    sqlite3_stmt *q = store_prepare(s, "SELECT id FROM \"case\" WHERE name = ?", "case", e);
    if (q == NULL)
        return code_of(e);
    store_bind_text(q, 1, name);
    int r = store_step(s, q, "case", e);
    if (r == 1)
        *ret_id = sqlite3_column_int64(q, 0);
    sqlite3_finalize(q);
    return r;
}

int store_put_case(struct store *s, const char *name, const char *setup, const json_t *levels,
                   const json_t *settings, int64_t *ret_id, struct err *e)
{
    int r = find_case(s, name, ret_id, e);
    if (r != 0)
        return r < 0 ? r : 0;
    sqlite3_stmt *q = store_prepare(
        s, "INSERT INTO \"case\"(name, setup, levels, settings) VALUES(?,?,?,?)", "case", e);
    if (q == NULL)
        return code_of(e);
    store_bind_text(q, 1, name);
    store_bind_text(q, 2, setup);
    store_bind_json(q, 3, levels);
    store_bind_json(q, 4, settings);
    r = store_run_once(s, q, "case", e);
    if (r == 0)
        *ret_id = sqlite3_last_insert_rowid(s->db);
    return r;
}

int store_each_case(struct store *s, int (*each)(void *, const struct store_case *), void *arg,
                    struct err *e)
{
    sqlite3_stmt *q = store_prepare(
        s, "SELECT id, name, setup, levels, settings FROM \"case\" ORDER BY id", "cases", e);
    if (q == NULL)
        return code_of(e);
    int r = 0, stop = 0;
    while (stop == 0 && (r = store_step(s, q, "cases", e)) == 1) {
        json_t *levels = store_json(q, 3), *settings = store_json(q, 4);
        const struct store_case c = {sqlite3_column_int64(q, 0), store_text(q, 1), store_text(q, 2),
                                     levels, settings};
        stop = each(arg, &c);
        json_decref(levels);
        json_decref(settings);
    }
    sqlite3_finalize(q);
    return stop != 0 ? stop : r;
}

int store_begin_trial(struct store *s, int64_t case_id, uint64_t number, uint64_t attempt,
                      uint64_t real_ns, int64_t *ret_id, struct err *e)
{
    sqlite3_stmt *q = store_prepare(s,
                                    "INSERT INTO trial(case_id, number, attempt, state,"
                                    " started_real_ns) VALUES(?,?,?,?,?)",
                                    "trial", e);
    if (q == NULL)
        return code_of(e);
    sqlite3_bind_int64(q, 1, case_id);
    store_bind_u64(q, 2, number);
    store_bind_u64(q, 3, attempt);
    sqlite3_bind_int(q, 4, TRIAL_RUNNING);
    store_bind_u64(q, 5, real_ns);
    int r = store_run_once(s, q, "trial", e);
    if (r < 0)
        return r;
    int64_t id = sqlite3_last_insert_rowid(s->db);
    r = store_commit(s, e);
    if (r == 0)
        *ret_id = id;
    return r;
}

int store_end_trial(struct store *s, const struct store_trial *t, struct err *e)
{
    sqlite3_stmt *q = store_prepare(
        s,
        "UPDATE trial SET state = ?, measure_from_real_ns = ?, measure_to_real_ns = ?,"
        " ended_real_ns = ?, verdict = ?, reason = ?, report = ? WHERE id = ?",
        "trial", e);
    if (q == NULL)
        return code_of(e);
    sqlite3_bind_int(q, 1, (int)t->state);
    store_bind_u64(q, 2, t->measure_from_real_ns);
    store_bind_u64(q, 3, t->measure_to_real_ns);
    store_bind_u64(q, 4, t->ended_real_ns);
    store_bind_text(q, 5, t->verdict);
    store_bind_text(q, 6, t->reason != NULL ? t->reason : "");
    store_bind_json(q, 7, t->report);
    sqlite3_bind_int64(q, 8, t->id);
    int r = store_run_once(s, q, "trial", e);
    return r < 0 ? r : store_commit(s, e);
}

static int tell_trial(sqlite3_stmt *q, int (*each)(void *, const struct store_trial *), void *arg)
{
    json_t *levels = store_json(q, 4), *report = store_json(q, 14);
    const struct store_trial t = {
        .id = sqlite3_column_int64(q, 0),
        .case_id = sqlite3_column_int64(q, 1),
        .case_name = store_text(q, 2),
        .setup = store_text(q, 3),
        .levels = levels,
        .number = store_u64(q, 5),
        .attempt = store_u64(q, 6),
        .state = (enum trial_state)sqlite3_column_int(q, 7),
        .started_real_ns = store_u64(q, 8),
        .measure_from_real_ns = store_u64(q, 9),
        .measure_to_real_ns = store_u64(q, 10),
        .ended_real_ns = store_u64(q, 11),
        .verdict = store_text(q, 12),
        .reason = store_text(q, 13),
        .report = report,
    };
    int r = each(arg, &t);
    json_decref(levels);
    json_decref(report);
    return r;
}

int store_each_trial(struct store *s, int (*each)(void *, const struct store_trial *), void *arg,
                     struct err *e)
{
    sqlite3_stmt *q = store_prepare(
        s,
        "SELECT t.id, t.case_id, c.name, c.setup, c.levels, t.number, t.attempt, t.state,"
        " t.started_real_ns, t.measure_from_real_ns, t.measure_to_real_ns, t.ended_real_ns,"
        " t.verdict, t.reason, t.report FROM trial t JOIN \"case\" c ON c.id = t.case_id"
        " ORDER BY t.id",
        "trials", e);
    if (q == NULL)
        return code_of(e);
    int r = 0, stop = 0;
    while (stop == 0 && (r = store_step(s, q, "trials", e)) == 1)
        stop = tell_trial(q, each, arg);
    sqlite3_finalize(q);
    return stop != 0 ? stop : r;
}

int store_interrupt_running(struct store *s, struct err *e)
{
    sqlite3_stmt *q = store_prepare(
        s, "UPDATE trial SET state = ?, verdict = '', reason = ? WHERE state = ?", "trials", e);
    if (q == NULL)
        return code_of(e);
    sqlite3_bind_int(q, 1, TRIAL_INTERRUPTED);
    store_bind_text(q, 2, "the run was killed");
    sqlite3_bind_int(q, 3, TRIAL_RUNNING);
    int r = store_run_once(s, q, "trials", e);
    int n = sqlite3_changes(s->db);
    if (r == 0)
        r = store_commit(s, e);
    return r < 0 ? r : n;
}
