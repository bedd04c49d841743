/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * opt: one table of options feeds everything: command line, --help, the manual, plan checking and
 * the JSON form. A driver or command declares a `struct opt` array ended by OPT_END; values land
 * in its own options struct at `offset`.
 *
 * Control never links a driver: it gets the table as JSON (opt_table_to_json, in `describe`) and
 * checks plan texts with opt_check_text. The node parses the same text with the same code.
 * Thread rule: tables are constant; everything else belongs to the caller.
 */
#ifndef VAPERF_BASE_OPT_H
#define VAPERF_BASE_OPT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#include "base/err.h"
#include "base/json.h"

enum opt_type {
    OPT_FLAG,     /* bool                 "true", "yes", "no"; alone on a command line: true */
    OPT_COUNT,    /* uint64_t             "400", "2^20", "4k" (k M G are powers of 1000) */
    OPT_NUMBER,   /* double               "0.5" */
    OPT_DURATION, /* uint64_t ns          "20us", "10ms", "1.5s", "20m", "1h"; a unit is required
                     but for 0. With choices, one of them instead: OPT_WORD(index) */
    OPT_SIZE,     /* uint64_t bytes       "172", "64K", "512M", "1G" (powers of 1024) */
    OPT_RATE,     /* double per second    "33", "33/s", "2000/min" */
    OPT_PERCENT,  /* double               "50%" or "50" */
    OPT_STRING,   /* const char *         lent by the arena of the parse */
    OPT_CHOICE,   /* int                  index into choices */
    OPT_CPUS      /* struct cpu_set       "0", "0-3", "0,2" */
};

struct opt {
    const char *name; /* as in a plan; the command line has it behind -- */
    enum opt_type type;
    const char *dflt; /* default as text; NULL: no default, value stays as it was zeroed */
    const char *help; /* one sentence without a final stop */
    double min, max;  /* both 0: no bounds; max <= min: no upper one; in the type's own unit */
    const char *const *choices; /* OPT_CHOICE, and words an OPT_DURATION takes too: NULL-ended */
    size_t offset;              /* into the options struct */
    unsigned flags;             /* enum opt_flag */
};

enum opt_flag {
    OPT_REQUIRED = 1,
    OPT_LEVEL = 2 /* the option a load level varies: `streams` of rtp, `rate` of sip */
};

/* What an OPT_DURATION holds when a word was given: far above any duration in use. */
#define OPT_WORD(index) (UINT64_MAX - (uint64_t)(index))

#define OPT_END      \
    {                \
        .name = NULL \
    }

struct arena;

/* NULL if the table has no such name. Lends. */
const struct opt *opt_find(const struct opt *table, const char *name);

/* Zeroes `options` and writes every default. Strings are lent by the table. */
void opt_defaults(const struct opt *table, void *options, size_t size);

/* Parses one text into options. -EINVAL with "streams: '100cps' is not a count (a whole number such
 * as 400)". Without an arena a string is not copied. */
int opt_parse(const struct opt *o, const char *text, void *options, struct arena *a, struct err *e);

/* Is this text right for the option? Writes nothing. */
int opt_check_text(const struct opt *o, const char *text, struct err *e);

/* A value as text that opt_parse reads back ("20ms", "400"). Returns `buffer`. */
const char *opt_format(const struct opt *o, const void *options, char *buffer, size_t size);

/* After opt_defaults; wants the arena. Reads {"name": "text" | number | bool, ...}; unknown keys
 * and missing required ones are errors. */
int opt_from_json(const struct opt *table, const json_t *object, void *options, struct arena *a,
                  struct err *e);
json_t *opt_to_json(const struct opt *table, const void *options);

/* The table itself, for `describe`, and back (owned by the arena). */
json_t *opt_table_to_json(const struct opt *table);
const struct opt *opt_table_from_json(const json_t *array, struct arena *a, struct err *e);

/* argv[0] is the first word after the command's name; call opt_defaults first.
 * `--name value`, `--name=value`, `--flag`; --socket-buffer finds socket_buffer. Stops at the first
 * word that is no option and returns its index. Unknown options are -EINVAL with the nearest name.
 * "--help" returns -ECANCELED, prints nothing. */
int opt_parse_argv(const struct opt *table, int argc, char *const argv[], void *options,
                   struct arena *a, struct err *e);

/* The aligned list of options, defaults in parentheses. */
void opt_print_help(const struct opt *table, FILE *out);

/* The index of the word in a value of an OPT_DURATION, -1: it is a duration. */
int opt_word(const struct opt *o, uint64_t value);

/* The nearest name in the table within 2 edits, or NULL: for "did you mean". */
const char *opt_nearest(const struct opt *table, const char *name);

#endif
