/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * store: opening and closing a result file, its schema, the study's own row. A writer keeps a
 * transaction open all the time: its commit is what makes things durable, and its lock is what
 * keeps a second writer out. One thread per handle.
 */
#include "control/store/store_private.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

static const char schema[] =
    "BEGIN;"
    "CREATE TABLE study(id INTEGER PRIMARY KEY CHECK(id = 1), name TEXT, title TEXT, seed TEXT,"
    " plan_path TEXT, plan_text TEXT, version TEXT, plan TEXT, facts TEXT,"
    " started_real_ns INTEGER, ended_real_ns INTEGER);"
    "CREATE TABLE \"case\"(id INTEGER PRIMARY KEY, name TEXT NOT NULL UNIQUE, setup TEXT NOT NULL,"
    " levels TEXT, settings TEXT);"
    "CREATE TABLE trial(id INTEGER PRIMARY KEY, case_id INTEGER NOT NULL REFERENCES \"case\"(id),"
    " number INTEGER NOT NULL, attempt INTEGER NOT NULL, state INTEGER NOT NULL,"
    " started_real_ns INTEGER, measure_from_real_ns INTEGER, measure_to_real_ns INTEGER,"
    " ended_real_ns INTEGER, verdict TEXT, reason TEXT, report TEXT,"
    " UNIQUE(case_id, number, attempt));"
    "CREATE TABLE result(trial INTEGER NOT NULL REFERENCES trial(id), entity TEXT NOT NULL,"
    " metric TEXT NOT NULL, unit TEXT NOT NULL, value REAL NOT NULL,"
    " PRIMARY KEY(trial, entity, metric)) WITHOUT ROWID;"
    "CREATE TABLE hist(trial INTEGER NOT NULL REFERENCES trial(id), entity TEXT NOT NULL,"
    " metric TEXT NOT NULL, bytes BLOB NOT NULL, PRIMARY KEY(trial, entity, metric));"
    "CREATE TABLE series(id INTEGER PRIMARY KEY, trial INTEGER NOT NULL REFERENCES trial(id),"
    " entity TEXT NOT NULL, metric TEXT NOT NULL, unit TEXT NOT NULL, kind INTEGER NOT NULL);"
    "CREATE INDEX series_trial ON series(trial);"
    "CREATE TABLE sample(series INTEGER NOT NULL REFERENCES series(id), real_ns INTEGER NOT NULL,"
    " value REAL NOT NULL, PRIMARY KEY(series, real_ns)) WITHOUT ROWID;"
    "CREATE TABLE event(id INTEGER PRIMARY KEY, trial INTEGER REFERENCES trial(id),"
    " real_ns INTEGER NOT NULL, text TEXT NOT NULL);"
    "PRAGMA application_id = 1447120966;" /* STORE_APPLICATION_ID */
    "PRAGMA user_version = 1;"            /* STORE_SCHEMA */
    "COMMIT";
_Static_assert(STORE_APPLICATION_ID == 1447120966 && STORE_SCHEMA == 1, "as in the schema's text");

static int read_pragma(struct store *s, const char *sql, int64_t *ret, struct err *e)
{
    sqlite3_stmt *q = store_prepare(s, sql, "open", e);
    if (q == NULL)
        return e != NULL ? e->code : -EIO;
    int r = store_step(s, q, "open", e);
    if (r == 1)
        *ret = sqlite3_column_int64(q, 0);
    sqlite3_finalize(q);
    return r < 0 ? r : 0;
}

static int check_whole(struct store *s, struct err *e)
{
    sqlite3_stmt *q = store_prepare(s, "PRAGMA quick_check(1)", "open", e);
    if (q == NULL)
        return e != NULL ? e->code : -EIO;
    int r = store_step(s, q, "open", e);
    if (r == 1 && strcmp(store_text(q, 0), "ok") != 0) {
        const char *line = strrchr(store_text(q, 0), '\n'); /* behind a headline of SQLite's */
        r = err_set(e, -EBADMSG, "%s: damaged: %s", s->path,
                    line != NULL && line[1] != '\0' ? line + 1 : store_text(q, 0));
    }
    sqlite3_finalize(q);
    return r < 0 ? r : 0;
}

static int check_kind(struct store *s, struct err *e)
{
    int64_t application = 0, version = 0;
    int r = read_pragma(s, "PRAGMA application_id", &application, e);
    if (r == 0)
        r = read_pragma(s, "PRAGMA user_version", &version, e);
    if (r < 0)
        return r;
    if (application != STORE_APPLICATION_ID)
        return err_set(e, -EBADMSG, "%s: not a vaperf result file", s->path);
    if (version > STORE_SCHEMA)
        return err_set(e, -EBADMSG, "%s: made by a newer vaperf (schema %lld, this one reads %d)",
                       s->path, (long long)version, STORE_SCHEMA);
    if (version < 1)
        return err_set(e, -EBADMSG, "%s: damaged: schema %lld", s->path, (long long)version);
    return check_whole(s, e);
}

/* The name is taken before SQLite sees it, so that two runs cannot both think they made it. */
static int take_name(const char *path, struct err *e)
{
    int fd = open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0644);
    if (fd < 0 && errno == EEXIST)
        return err_set(e, -EEXIST, "%s exists already", path);
    if (fd < 0) {
        int cause = errno;
        return err_set(e, -cause, "%s: create: %s", path, strerror(cause));
    }
    close(fd);
    return 0;
}

static int check_readable(const char *path, struct err *e)
{
    struct stat st;
    if (access(path, R_OK) < 0) {
        int cause = errno;
        return err_set(e, -cause, "%s: %s", path, strerror(cause));
    }
    if (stat(path, &st) == 0 && !S_ISREG(st.st_mode))
        return err_set(e, -EBADMSG, "%s: not a vaperf result file", path);
    return 0;
}

static int open_database(struct store *s, unsigned flags, struct err *e)
{
    const bool read_only = (flags & STORE_READ_ONLY) != 0;
    int code = sqlite3_open_v2(s->path, &s->db,
                               read_only ? SQLITE_OPEN_READONLY : SQLITE_OPEN_READWRITE, NULL);
    if (s->db == NULL)
        return err_set(e, -ENOMEM, "%s: out of memory", s->path);
    if (code != SQLITE_OK)
        return store_fail(s, code, "open", e);
    sqlite3_extended_result_codes(s->db, 1);
    sqlite3_busy_timeout(s->db, 2000);
    int r = 0;
    if ((flags & STORE_CREATE) != 0)
        r = store_exec(s, schema, "create", e);
    else
        r = check_kind(s, e);
    if (r < 0 || read_only)
        return r;
    r = store_exec(s, "PRAGMA journal_mode = WAL; PRAGMA synchronous = NORMAL", "open", e);
    if (r == 0)
        r = store_exec(s, "BEGIN IMMEDIATE", "open", e);
    s->writes = r == 0;
    return r;
}

int store_open(struct store **ret, const char *path, unsigned flags, struct err *e)
{
    const bool create = (flags & STORE_CREATE) != 0;
    int r = create ? take_name(path, e) : check_readable(path, e);
    if (r < 0)
        return r;
    struct store *s = calloc(1, sizeof *s);
    if (s == NULL || (s->path = strdup(path)) == NULL || (s->lent = json_array()) == NULL)
        r = err_set(e, -ENOMEM, "%s: out of memory", path);
    else
        r = open_database(s, flags, e);
    if (r < 0) {
        store_close(s);
        if (create)
            unlink(path);
        return r;
    }
    *ret = s;
    return 0;
}

void store_close(struct store *s)
{
    if (s == NULL)
        return;
    for (int i = 0; i < STATEMENT_COUNT; i++)
        sqlite3_finalize(s->statements[i]);
    if (s->writes && !sqlite3_get_autocommit(s->db))
        sqlite3_exec(s->db, "COMMIT", NULL, NULL, NULL);
    if (s->writes) /* fails while another reads: then the log stays, which is no harm */
        sqlite3_exec(s->db, "PRAGMA journal_mode = DELETE", NULL, NULL, NULL);
    sqlite3_close(s->db);
    json_decref(s->lent);
    free(s->path);
    free(s);
}

int store_commit(struct store *s, struct err *e)
{
    if (sqlite3_get_autocommit(s->db))
        return err_set(e, -EIO, "%s: commit: writing was given up before", s->path);
    int r = store_exec(s, "COMMIT", "commit", e);
    if (r < 0) {
        /* Nothing half done: what was not committed is taken back. */
        if (!sqlite3_get_autocommit(s->db))
            sqlite3_exec(s->db, "ROLLBACK", NULL, NULL, NULL);
        return r;
    }
    return store_exec(s, "BEGIN IMMEDIATE", "commit", e);
}

int store_put_study(struct store *s, const struct store_study *study, struct err *e)
{
    sqlite3_stmt *q = store_prepare(
        s,
        "INSERT OR REPLACE INTO study(id, name, title, seed, plan_path, plan_text, version, plan,"
        " facts, started_real_ns, ended_real_ns) VALUES(1,?,?,?,?,?,?,?,?,?,?)",
        "study", e);
    if (q == NULL)
        return e != NULL ? e->code : -EIO;
    store_bind_text(q, 1, study->name);
    store_bind_text(q, 2, study->title);
    store_bind_text(q, 3, study->seed);
    store_bind_text(q, 4, study->plan_path);
    store_bind_text(q, 5, study->plan_text);
    store_bind_text(q, 6, study->version);
    store_bind_json(q, 7, study->plan);
    store_bind_json(q, 8, study->facts);
    store_bind_u64(q, 9, study->started_real_ns);
    store_bind_u64(q, 10, study->ended_real_ns);
    int r = store_run_once(s, q, "study", e);
    return r < 0 ? r : store_commit(s, e);
}

/* The arena cannot own a reference, so the store does, until it is closed. */
static const json_t *lend(struct store *s, json_t *value)
{
    json_array_append_new(s->lent, value);
    return value;
}

int store_get_study(struct store *s, struct arena *a, struct store_study *ret, struct err *e)
{
    sqlite3_stmt *q = store_prepare(s,
                                    "SELECT name, title, seed, plan_path, plan_text, version,"
                                    " plan, facts, started_real_ns, ended_real_ns FROM study",
                                    "study", e);
    if (q == NULL)
        return e != NULL ? e->code : -EIO;
    int r = store_step(s, q, "study", e);
    if (r == 0)
        r = err_set(e, -ENODATA, "%s: holds no study: the run ended before its first trial",
                    s->path);
    if (r == 1) {
        *ret = (struct store_study){
            .name = arena_strdup(a, store_text(q, 0)),
            .title = arena_strdup(a, store_text(q, 1)),
            .seed = arena_strdup(a, store_text(q, 2)),
            .plan_path = arena_strdup(a, store_text(q, 3)),
            .plan_text = arena_strdup(a, store_text(q, 4)),
            .version = arena_strdup(a, store_text(q, 5)),
            .plan = lend(s, store_json(q, 6)),
            .facts = lend(s, store_json(q, 7)),
            .started_real_ns = store_u64(q, 8),
            .ended_real_ns = store_u64(q, 9),
        };
    }
    sqlite3_finalize(q);
    return r < 0 ? r : 0;
}

int store_end_study(struct store *s, uint64_t real_ns, struct err *e)
{
    sqlite3_stmt *q = store_prepare(s, "UPDATE study SET ended_real_ns = ?", "study", e);
    if (q == NULL)
        return e != NULL ? e->code : -EIO;
    store_bind_u64(q, 1, real_ns);
    int r = store_run_once(s, q, "study", e);
    return r < 0 ? r : store_commit(s, e);
}
