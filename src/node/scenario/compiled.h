/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * compiled: what loading makes of a scenario, inside this room. Everything lies in the scenario's
 * arena and is read only once loaded; what calls share and change is in struct shared (shared.h).
 */
#ifndef VAPERF_NODE_SCENARIO_COMPILED_H
#define VAPERF_NODE_SCENARIO_COMPILED_H

#include <regex.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/arena.h"
#include "node/scenario/distribution.h"
#include "node/scenario/scenario.h"
#include "node/scenario/template.h"

enum variable_scope { SCOPE_CALL, SCOPE_USER, SCOPE_GLOBAL };

/* A variable is named by its number; which place it has depends on the scope. */
struct variable {
    const char *name;
    enum variable_scope scope;
    unsigned place; /* among those of its scope */
    unsigned uses;
    int line;
    bool is_referenced;
};

enum action_kind {
    ACTION_EREG,
    ACTION_LOG,
    ACTION_WARNING,
    ACTION_ERROR,
    ACTION_ASSIGN,
    ACTION_ASSIGNSTR,
    ACTION_TODOUBLE,
    ACTION_ADD,
    ACTION_SUBTRACT,
    ACTION_MULTIPLY,
    ACTION_DIVIDE,
    ACTION_SAMPLE,
    ACTION_TEST,
    ACTION_STRCMP,
    ACTION_TRIM,
    ACTION_URLENCODE,
    ACTION_URLDECODE,
    ACTION_GETTIMEOFDAY,
    ACTION_INDEX,
    ACTION_JUMP,
    ACTION_PAUSERESTORE,
    ACTION_LOOKUP,
    ACTION_INSERT,
    ACTION_REPLACE,
    ACTION_VERIFYAUTH,
    ACTION_SETDEST,
    ACTION_CLOSECON,
    ACTION_RTP_ECHO,
    ACTION_EXEC_COMMAND,
    ACTION_EXEC_STOP_NOW,
    ACTION_EXEC_STOP_GRACEFULLY,
    ACTION_EXEC_STOP_CALL,
    ACTION_EXEC_MEDIA,
};

enum search_in { SEARCH_MSG, SEARCH_HDR, SEARCH_BODY, SEARCH_VAR };
enum compare { COMPARE_EQ, COMPARE_NE, COMPARE_GT, COMPARE_LT, COMPARE_GE, COMPARE_LE };
enum action_flag {
    ACTION_CHECK_IT = 1 << 0,
    ACTION_CHECK_INVERSE = 1 << 1,
    ACTION_START_LINE = 1 << 2, /* a header is looked for at the start of a line only */
    ACTION_HAS_VALUE = 1 << 3,  /* value, not a variable */
};
enum { ACTION_TEXTS = 3, EREG_TARGETS_MAX = 32 };

struct action {
    enum action_kind kind;
    int line;
    unsigned flags; /* enum action_flag */
    int *targets;   /* assign_to */
    unsigned target_count;
    int variable, variable2; /* -1: none */
    double value;
    struct template *texts[ACTION_TEXTS];
    const char *name; /* a header; the value of strcmp */
    regex_t *regex;
    int occurrence; /* of the header, from 1 */
    enum search_in search;
    enum compare compare;
    unsigned media; /* enum call_media */
    int file;       /* of lookup, insert, replace */
    struct distribution sample;
};

enum step_flag {
    STEP_HIDE = 1 << 0,
    STEP_OPTIONAL = 1 << 1,
    STEP_GLOBAL = 1 << 2,
    STEP_RRS = 1 << 3,
    STEP_AUTH = 1 << 4,
    STEP_NO_ADVANCE = 1 << 5,
    STEP_REPEAT_RTD = 1 << 6,
    STEP_CONDEXEC_INVERSE = 1 << 7,
    STEP_IGNORE_SDP = 1 << 8,
    STEP_RESPONSE = 1 << 9, /* a send of a response */
    STEP_INVITE = 1 << 10,
    STEP_ACK = 1 << 11,
    STEP_CANCEL = 1 << 12,
    STEP_START_TXN = 1 << 13,
    STEP_ACK_TXN = 1 << 14,
    STEP_KEEP = 1 << 15, /* the message received here may be asked for after a wait */
    STEP_HAS_PAUSE = 1 << 16,
    STEP_REGEXP = 1 << 17,
};

struct step {
    enum scenario_step_kind kind;
    unsigned flags; /* enum step_flag */
    int line;
    int next, ontimeout;              /* step numbers, -1: none; the count of steps: the end */
    int test, condexec;               /* variables, -1: none */
    double chance, lost;              /* 0..1; lost is 0 where not given */
    int start_rtd, rtd, counter, txn; /* -1: none */
    uint64_t timeout_ns, retrans_ns;
    const char *display;
    struct template *message; /* send, sendCmd */
    const char *method;       /* of a sent or expected request; else the code as text */
    unsigned method_bit;      /* of a sent request without a transaction's name */
    unsigned code;            /* of a sent or expected response */
    regex_t *regex;
    const char *peer; /* dest, src */
    struct action *actions;
    size_t action_count;
    struct distribution pause;
    int pause_variable;
};

enum { METHOD_BITS = 32 };

/* A named transaction (start_txn). */
struct txn_info {
    const char *name;
    bool is_invite, has_response, has_ack, is_started;
    int ack_step; /* -1: none */
    int line;
};

struct label {
    const char *name;
    int step;
};

struct inject;
struct shared;

struct scenario {
    struct arena arena;
    const char *name, *file;
    enum scenario_role role;
    struct step *steps;
    unsigned step_count;
    struct step *init; /* <init>: nops */
    unsigned init_count;
    struct variable *variables;
    unsigned variable_count, call_variables, user_variables, global_variables;
    struct txn_info *txns;
    unsigned txn_count;
    const char **rtds, **counters;
    unsigned rtd_count, counter_count;
    const char *methods[METHOD_BITS];
    unsigned method_count;
    unsigned *response_ms, *length_ms;
    size_t response_count, length_count;
    struct step *unexp;              /* the label _unexp.main: NULL or within steps */
    int unexp_retaddr, unexp_paused; /* variables, -1 */
    struct template *defaults[8];    /* enum default_message */
    struct scenario_options options; /* its lists are not kept, its texts are */
    struct inject *inject;
    struct shared *shared;
    _Atomic uint64_t pause_ns;
    bool has_media, has_crypto, has_twin, keeps_target;
    size_t call_size;
};

enum default_message {
    DEFAULT_BYE,
    DEFAULT_ACK,
    DEFAULT_CANCEL,
    DEFAULT_OK,
    DEFAULT_3PCC_ABORT,
    DEFAULT_COUNT
};

#endif
