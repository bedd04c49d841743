/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * options_table: the one list of SIPp's options, for parsing and for --help. Constant.
 */
#ifndef VAPERF_NODE_SIPP_OPTIONS_TABLE_H
#define VAPERF_NODE_SIPP_OPTIONS_TABLE_H

#include <stddef.h>

#include "node/sipp/options.h"

enum sipp_option_kind {
    SIPP_FLAG,     /* bool, true */
    SIPP_FLAG_OFF, /* bool, false */
    SIPP_YES_NO,   /* bool, from a word */
    SIPP_BIT,      /* unsigned: mask is set */
    SIPP_TEXT,     /* const char * */
    SIPP_COUNT,    /* uint64_t */
    SIPP_SMALL,    /* unsigned, up to UINT_MAX */
    SIPP_PORT,     /* unsigned, 1 to 65535 */
    SIPP_REAL,     /* double, not below 0 */
    SIPP_TIME,     /* uint64_t ns; a bare number is of `unit` ns */
    SIPP_OWN,      /* options.c knows it by its name */
    SIPP_IGNORED,  /* accepted: it is so anyway, as text says */
    SIPP_REMARKED, /* accepted: a word follows that means nothing here, and text says why */
    SIPP_REFUSED,  /* text says why */
};

struct sipp_option {
    const char *name; /* without the dash */
    enum sipp_option_kind kind;
    size_t offset;
    unsigned long long unit; /* SIPP_TIME: ns; SIPP_BIT: the mask */
    const char *words;       /* what follows, as --help shows it */
    const char *text;        /* one sentence */
};

/* Ended by a NULL name. */
extern const struct sipp_option sipp_option_table[];

#endif
