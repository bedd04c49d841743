/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * statement: SQLite's calls with errors in words. Not here: what the tables mean. One thread.
 */
#include "control/store/store_private.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

static const char *const texts[STATEMENT_COUNT] = {
    [STATEMENT_SAMPLE] = "INSERT OR REPLACE INTO sample(series, real_ns, value) VALUES(?,?,?)",
    [STATEMENT_RESULT] =
        "INSERT OR REPLACE INTO result(trial, entity, metric, unit, value) VALUES(?,?,?,?,?)",
    [STATEMENT_HIST] = "INSERT OR REPLACE INTO hist(trial, entity, metric, bytes) VALUES(?,?,?,?)",
    [STATEMENT_SERIES] = "INSERT INTO series(trial, entity, metric, unit, kind) VALUES(?,?,?,?,?)",
    [STATEMENT_EVENT] = "INSERT INTO event(trial, real_ns, text) VALUES(?,?,?)",
};

static int fail_io(struct store *s, const char *doing, struct err *e)
{
    int cause = sqlite3_system_errno(s->db);
    if (cause == ENOSPC || cause == EDQUOT)
        return err_set(e, -ENOSPC, "%s: %s: no space left on the device", s->path, doing);
    return err_set(e, -EIO, "%s: %s: %s", s->path, doing,
                   cause != 0 ? strerror(cause) : sqlite3_errmsg(s->db));
}

int store_fail(struct store *s, int code, const char *doing, struct err *e)
{
    switch (code & 0xff) {
    case SQLITE_FULL:
        return err_set(e, -ENOSPC, "%s: %s: no space left on the device", s->path, doing);
    case SQLITE_IOERR:
    case SQLITE_CANTOPEN:
        return fail_io(s, doing, e);
    case SQLITE_CORRUPT:
        return err_set(e, -EBADMSG, "%s: damaged: %s: %s", s->path, doing, sqlite3_errmsg(s->db));
    case SQLITE_NOTADB:
        return err_set(e, -EBADMSG, "%s: not a vaperf result file", s->path);
    case SQLITE_BUSY:
    case SQLITE_LOCKED:
        return err_set(e, -EBUSY, "%s: %s: another vaperf writes to it", s->path, doing);
    case SQLITE_READONLY:
    case SQLITE_PERM:
        return err_set(e, -EROFS, "%s: %s: it cannot be written", s->path, doing);
    case SQLITE_NOMEM:
        return err_set(e, -ENOMEM, "%s: %s: out of memory", s->path, doing);
    default:
        return err_set(e, -EIO, "%s: %s: %s", s->path, doing, sqlite3_errmsg(s->db));
    }
}

int store_exec(struct store *s, const char *sql, const char *doing, struct err *e)
{
    int code = sqlite3_exec(s->db, sql, NULL, NULL, NULL);
    return code == SQLITE_OK ? 0 : store_fail(s, code, doing, e);
}

sqlite3_stmt *store_prepare(struct store *s, const char *sql, const char *doing, struct err *e)
{
    sqlite3_stmt *q = NULL;
    int code = sqlite3_prepare_v2(s->db, sql, -1, &q, NULL);
    if (code != SQLITE_OK)
        store_fail(s, code, doing, e);
    return q;
}

sqlite3_stmt *store_statement(struct store *s, enum store_statement which, struct err *e)
{
    if (s->statements[which] == NULL)
        s->statements[which] = store_prepare(s, texts[which], "prepare", e);
    else
        sqlite3_reset(s->statements[which]);
    return s->statements[which];
}

int store_step(struct store *s, sqlite3_stmt *q, const char *doing, struct err *e)
{
    int code = sqlite3_step(q);
    if (code == SQLITE_ROW)
        return 1;
    return code == SQLITE_DONE ? 0 : store_fail(s, code, doing, e);
}

/* A full disk rolls the open transaction back: from then on nothing may be written as if nothing
 * had happened. */
static int check_transaction(struct store *s, const char *doing, struct err *e)
{
    if (s->writes && sqlite3_get_autocommit(s->db))
        return err_set(e, -EIO, "%s: %s: writing was given up before", s->path, doing);
    return 0;
}

int store_run(struct store *s, sqlite3_stmt *q, const char *doing, struct err *e)
{
    int r = check_transaction(s, doing, e);
    if (r == 0)
        r = store_step(s, q, doing, e);
    sqlite3_reset(q);
    sqlite3_clear_bindings(q);
    return r < 0 ? r : 0;
}

int store_run_once(struct store *s, sqlite3_stmt *q, const char *doing, struct err *e)
{
    int r = store_run(s, q, doing, e);
    sqlite3_finalize(q);
    return r;
}

void store_bind_text(sqlite3_stmt *q, int at, const char *text)
{
    if (text != NULL)
        sqlite3_bind_text(q, at, text, -1, SQLITE_TRANSIENT);
}

void store_bind_json(sqlite3_stmt *q, int at, const json_t *value)
{
    char *text = value == NULL ? NULL : json_dumps(value, JSON_COMPACT | JSON_ENCODE_ANY);
    store_bind_text(q, at, text);
    free(text);
}

void store_bind_u64(sqlite3_stmt *q, int at, uint64_t value)
{
    sqlite3_bind_int64(q, at, (sqlite3_int64)value);
}

const char *store_text(sqlite3_stmt *q, int column)
{
    const unsigned char *text = sqlite3_column_text(q, column);
    return text != NULL ? (const char *)text : "";
}

uint64_t store_u64(sqlite3_stmt *q, int column)
{
    return (uint64_t)sqlite3_column_int64(q, column);
}

json_t *store_json(sqlite3_stmt *q, int column)
{
    json_t *value = json_loads(store_text(q, column), JSON_DECODE_ANY, NULL);
    return value != NULL ? value : json_null();
}
