/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * pair_fixture: two scenarios that talk to each other in memory, on a clock of their own. For
 * tests of this room. One thread.
 */
#ifndef VAPERF_NODE_SCENARIO_PAIR_FIXTURE_H
#define VAPERF_NODE_SCENARIO_PAIR_FIXTURE_H

#include "base/buf.h"
#include "node/scenario/call.h"

enum { PAIR_CALLER, PAIR_CALLED, PAIR_SIDES };

struct pair_side {
    struct scenario *scenario;
    struct call_env env;
    struct rand_state rand;
    struct call_facts facts;
    struct call *call;
    void *memory;
    bool is_started, is_ended;
    enum call_cause cause;
    unsigned events[CALL_EVENT_COUNT];
    unsigned step_events[64][CALL_EVENT_COUNT];
    unsigned rtds, counters, media, descriptions, controls, setdests, closes, commands, texts;
    uint64_t last_rtd_ns;
    struct buf log;  /* texts, media and other words, a line each */
    struct buf sent; /* all messages, each followed by "----\n" */
    unsigned drop;   /* bits: the n-th message sent is lost */
    unsigned sent_count;
    int send_code; /* what send gives */
    struct pair *pair;
    char scratch[CALL_SCRATCH_BYTES] __attribute__((aligned(16)));
};

struct pair {
    struct pair_side side[PAIR_SIDES];
    uint64_t now_ns, until_ns;
    struct buf queue[PAIR_SIDES];    /* messages on their way to a side: size, bytes */
    struct buf commands[PAIR_SIDES]; /* 3PCC commands, the same */
};

struct pair *pair_create(void);
void pair_destroy(struct pair *p);
/* A file, or a built-in name. The code of scenario_load; err is printed when it fails. */
int pair_load(struct pair *p, int side, const char *path, const struct scenario_options *options);
int pair_load_text(struct pair *p, int side, const char *text,
                   const struct scenario_options *options);
/* Starts the call of a side; a server's is otherwise started by the first message to it. */
void pair_start(struct pair *p, int side, uint64_t number);
/* Hands a message to a side as if it had come. */
void pair_give(struct pair *p, int side, const char *text);
/* Delivers and lets time pass until both have ended, nothing is due, or `limit_ns` have passed. */
void pair_run(struct pair *p, uint64_t limit_ns);
/* Bytes that a call of the side holds now: state and saved texts. */
size_t pair_call_bytes(const struct pair *p, int side);

#endif
