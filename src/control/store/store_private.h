/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * store_private: statements and their errors, for the files of this room alone. One thread.
 */
#ifndef VAPERF_CONTROL_STORE_STORE_PRIVATE_H
#define VAPERF_CONTROL_STORE_STORE_PRIVATE_H

#include <sqlite3.h>

#include "control/store/store.h"

enum { STORE_SCHEMA = 1, STORE_APPLICATION_ID = 0x56415046 }; /* "VAPF" */

/* Written again and again: prepared once. */
enum store_statement {
    STATEMENT_SAMPLE,
    STATEMENT_RESULT,
    STATEMENT_HIST,
    STATEMENT_SERIES,
    STATEMENT_EVENT,
    STATEMENT_COUNT
};

struct store {
    sqlite3 *db;
    char *path;
    bool writes;  /* a transaction is open between calls */
    json_t *lent; /* values of store_get_study */
    sqlite3_stmt *statements[STATEMENT_COUNT];
};

/* Says in e what SQLite's code means for a person, with what was being done. Returns errno. */
int store_fail(struct store *s, int code, const char *doing, struct err *e);
int store_exec(struct store *s, const char *sql, const char *doing, struct err *e);

/* A new statement (caller's: store_done or sqlite3_finalize), or NULL with e. */
sqlite3_stmt *store_prepare(struct store *s, const char *sql, const char *doing, struct err *e);
/* The cached one, reset. */
sqlite3_stmt *store_statement(struct store *s, enum store_statement which, struct err *e);
/* Runs a cached statement that gives no rows. */
int store_run(struct store *s, sqlite3_stmt *q, const char *doing, struct err *e);
/* The same, then finalizes. */
int store_run_once(struct store *s, sqlite3_stmt *q, const char *doing, struct err *e);
/* 1: a row, 0: the end, else errno. */
int store_step(struct store *s, sqlite3_stmt *q, const char *doing, struct err *e);

/* Binds; texts are copied; NULL gives SQL's NULL. */
void store_bind_text(sqlite3_stmt *q, int at, const char *text);
void store_bind_json(sqlite3_stmt *q, int at, const json_t *value);
void store_bind_u64(sqlite3_stmt *q, int at, uint64_t value);
/* Columns of a row: "" instead of NULL; lent until the next step. */
const char *store_text(sqlite3_stmt *q, int column);
uint64_t store_u64(sqlite3_stmt *q, int column);
/* New reference; JSON null when there is none or it cannot be read. */
json_t *store_json(sqlite3_stmt *q, int column);

#endif
