/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * data: what a trial measured: results, histograms, series with their samples, events. One thread.
 */
#include "control/store/store_private.h"

#include <errno.h>
#include <math.h>

#include "base/str.h"

static int code_of(const struct err *e)
{
    return e != NULL && e->code < 0 ? e->code : -EIO;
}

int store_put_result(struct store *s, int64_t trial, const char *entity, const char *metric,
                     const char *unit, double value, struct err *e)
{
    if (!isfinite(value))
        return err_set(e, -EINVAL, "%s: %s %s: not a number", s->path, entity, metric);
    sqlite3_stmt *q = store_statement(s, STATEMENT_RESULT, e);
    if (q == NULL)
        return code_of(e);
    sqlite3_bind_int64(q, 1, trial);
    store_bind_text(q, 2, entity);
    store_bind_text(q, 3, metric);
    store_bind_text(q, 4, unit);
    sqlite3_bind_double(q, 5, value);
    return store_run(s, q, "result", e);
}

int store_each_result(struct store *s, int64_t trial,
                      int (*each)(void *, const char *entity, const char *metric, const char *unit,
                                  double value),
                      void *arg, struct err *e)
{
    sqlite3_stmt *q = store_prepare(
        s, "SELECT entity, metric, unit, value FROM result WHERE trial = ?", "results", e);
    if (q == NULL)
        return code_of(e);
    sqlite3_bind_int64(q, 1, trial);
    int r = 0, stop = 0;
    while (stop == 0 && (r = store_step(s, q, "results", e)) == 1)
        stop = each(arg, store_text(q, 0), store_text(q, 1), store_text(q, 2),
                    sqlite3_column_double(q, 3));
    sqlite3_finalize(q);
    return stop != 0 ? stop : r;
}

int store_put_hist(struct store *s, int64_t trial, const char *entity, const char *metric,
                   const struct hist *h, struct err *e)
{
    struct buf bytes;
    buf_init(&bytes);
    int r = hist_encode(h, &bytes);
    if (r < 0) {
        err_set(e, r, "%s: %s %s: out of memory", s->path, entity, metric);
        goto out;
    }
    sqlite3_stmt *q = store_statement(s, STATEMENT_HIST, e);
    r = q == NULL ? code_of(e) : 0;
    if (r < 0)
        goto out;
    sqlite3_bind_int64(q, 1, trial);
    store_bind_text(q, 2, entity);
    store_bind_text(q, 3, metric);
    sqlite3_bind_blob64(q, 4, bytes.data, bytes.size, SQLITE_TRANSIENT);
    r = store_run(s, q, "histogram", e);
out:
    buf_finish(&bytes);
    return r;
}

int store_get_hist(struct store *s, int64_t trial, const char *entity, const char *metric,
                   struct hist *ret, struct err *e)
{
    sqlite3_stmt *q = store_prepare(
        s, "SELECT bytes FROM hist WHERE trial = ? AND entity = ? AND metric = ?", "histogram", e);
    if (q == NULL)
        return code_of(e);
    sqlite3_bind_int64(q, 1, trial);
    store_bind_text(q, 2, entity);
    store_bind_text(q, 3, metric);
    int r = store_step(s, q, "histogram", e);
    if (r == 0)
        r = err_set(e, -ENOENT, "%s: trial %lld has no histogram %s of %s", s->path,
                    (long long)trial, metric, entity);
    else if (r == 1 && (r = hist_decode(ret, sqlite3_column_blob(q, 0),
                                        (uint64_t)sqlite3_column_bytes(q, 0))) < 0)
        err_set(e, r, "%s: damaged: histogram %s of %s in trial %lld", s->path, metric, entity,
                (long long)trial);
    sqlite3_finalize(q);
    return r < 0 ? r : 0;
}

int store_put_series(struct store *s, int64_t trial, const struct sample_column *c, int64_t *ret_id,
                     struct err *e)
{
    sqlite3_stmt *q = store_statement(s, STATEMENT_SERIES, e);
    if (q == NULL)
        return code_of(e);
    sqlite3_bind_int64(q, 1, trial);
    store_bind_text(q, 2, c->entity);
    store_bind_text(q, 3, c->metric);
    store_bind_text(q, 4, c->unit);
    sqlite3_bind_int(q, 5, (int)c->kind);
    int r = store_run(s, q, "series", e);
    if (r == 0)
        *ret_id = sqlite3_last_insert_rowid(s->db);
    return r;
}

int store_put_sample(struct store *s, int64_t series, uint64_t real_ns, double value, struct err *e)
{
    if (!isfinite(value)) /* not known at that moment: there is nothing to keep */
        return 0;
    sqlite3_stmt *q = store_statement(s, STATEMENT_SAMPLE, e);
    if (q == NULL)
        return code_of(e);
    sqlite3_bind_int64(q, 1, series);
    store_bind_u64(q, 2, real_ns);
    sqlite3_bind_double(q, 3, value);
    return store_run(s, q, "sample", e);
}

int store_each_series(struct store *s, int64_t trial,
                      int (*each)(void *, int64_t id, const struct sample_column *c), void *arg,
                      struct err *e)
{
    sqlite3_stmt *q = store_prepare(
        s, "SELECT id, entity, metric, unit, kind FROM series WHERE trial = ? ORDER BY id",
        "series", e);
    if (q == NULL)
        return code_of(e);
    sqlite3_bind_int64(q, 1, trial);
    int r = 0, stop = 0;
    while (stop == 0 && (r = store_step(s, q, "series", e)) == 1) {
        struct sample_column c = {.kind = (enum sample_kind)sqlite3_column_int(q, 4)};
        str_printf(c.entity, sizeof c.entity, "%s", store_text(q, 1));
        str_printf(c.metric, sizeof c.metric, "%s", store_text(q, 2));
        str_printf(c.unit, sizeof c.unit, "%s", store_text(q, 3));
        stop = each(arg, sqlite3_column_int64(q, 0), &c);
    }
    sqlite3_finalize(q);
    return stop != 0 ? stop : r;
}

int store_each_sample(struct store *s, int64_t series,
                      int (*each)(void *, uint64_t real_ns, double value), void *arg, struct err *e)
{
    sqlite3_stmt *q = store_prepare(
        s, "SELECT real_ns, value FROM sample WHERE series = ? ORDER BY real_ns", "samples", e);
    if (q == NULL)
        return code_of(e);
    sqlite3_bind_int64(q, 1, series);
    int r = 0, stop = 0;
    while (stop == 0 && (r = store_step(s, q, "samples", e)) == 1)
        stop = each(arg, store_u64(q, 0), sqlite3_column_double(q, 1));
    sqlite3_finalize(q);
    return stop != 0 ? stop : r;
}

int store_put_event(struct store *s, int64_t trial, uint64_t real_ns, const char *text,
                    struct err *e)
{
    sqlite3_stmt *q = store_statement(s, STATEMENT_EVENT, e);
    if (q == NULL)
        return code_of(e);
    if (trial != 0)
        sqlite3_bind_int64(q, 1, trial);
    store_bind_u64(q, 2, real_ns);
    store_bind_text(q, 3, text);
    return store_run(s, q, "event", e);
}

int store_each_event(struct store *s, int64_t trial,
                     int (*each)(void *, uint64_t real_ns, const char *text), void *arg,
                     struct err *e)
{
    sqlite3_stmt *q = store_prepare(
        s, "SELECT real_ns, text FROM event WHERE trial IS nullif(?, 0) ORDER BY real_ns, id",
        "events", e);
    if (q == NULL)
        return code_of(e);
    sqlite3_bind_int64(q, 1, trial);
    int r = 0, stop = 0;
    while (stop == 0 && (r = store_step(s, q, "events", e)) == 1)
        stop = each(arg, store_u64(q, 0), store_text(q, 1));
    sqlite3_finalize(q);
    return stop != 0 ? stop : r;
}
