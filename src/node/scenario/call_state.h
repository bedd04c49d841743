/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * call_state: the state of one call, inside this room. Behind the struct lie, sized by the
 * scenario: the variables, the starts of response times, the transactions, the lines of injection
 * files. Everything that is a handle lies in the env's store and is freed by call_finish.
 */
#ifndef VAPERF_NODE_SCENARIO_CALL_STATE_H
#define VAPERF_NODE_SCENARIO_CALL_STATE_H

#include "node/codec/sip_value.h"
#include "node/scenario/call.h"
#include "node/scenario/compiled.h"
#include "node/scenario/shared.h"

/* A variable of the call. */
struct cell {
    union {
        double number;
        uint32_t text; /* handle */
    } u;
    enum value_kind kind;
};

struct txn {
    uint64_t branch_hash; /* of the request; 0: not started */
    uint64_t final_hash;  /* of the final response that was taken; 0: none yet */
};

enum invite_state {
    INVITE_NONE,
    INVITE_CALLING,  /* sent or received, nothing final */
    INVITE_ANSWERED, /* 2xx */
    INVITE_OVER,     /* refused, or BYE */
};

struct call {
    const struct scenario *s;
    struct call_env *env;
    const struct call_facts *facts;
    void *owner;
    uint64_t number;
    uint64_t started_ns, now_ns;
    uint64_t wait_ns;               /* end of a pause or of waiting; CALL_NEVER */
    uint64_t retrans_ns;            /* CALL_NEVER */
    uint64_t giveup_ns;             /* timeout of a send; CALL_NEVER */
    uint64_t delay_ns;              /* of the next retransmission */
    uint64_t restore_ns;            /* pauserestore: end of the next pause; CALL_NEVER */
    uint64_t last_hash;             /* of the last message that the scenario took */
    uint64_t cause_hash;            /* of the message that the last sending answered; 0: none */
    const struct sip_message *last; /* while it can be had: given in, or restored */
    const char *command;            /* of a twin, while its actions run */
    size_t command_size;
    unsigned step;
    unsigned user, cseq, cause_cseq, peer_cseq;
    unsigned sent_methods;           /* bits */
    unsigned cause_send, cause_recv; /* steps */
    unsigned retrans_step, last_recv_step;
    unsigned invite_cseq;
    int invite_step;     /* of our INVITE; -1 */
    int circuit;         /* of the TDM map; -1 */
    uint64_t dynamic_id; /* 0: none yet */
    uint32_t call_id, last_sent, last_recv, peer_tag, next_url, routes, challenge; /* handles */
    uint8_t retrans_count;
    uint8_t invite_state; /* enum invite_state */
    uint8_t cause;        /* enum call_cause, once ended */
    uint8_t failed_check; /* enum call_cause: what it ends with instead of CALL_GOOD */
    uint16_t auth_count;
    uint16_t failed_step; /* where failed_check did */
    bool is_waiting;      /* the step was entered */
    bool is_ended, is_client_invite, is_acked, is_challenge_proxy, is_init;
    bool has_heard; /* anything from the peer */
    bool was_taken; /* the message at hand is the scenario's */
};

size_t call_state_size(const struct scenario *s);
struct cell *call_cells(struct call *c);
uint64_t *call_rtds(struct call *c);
struct txn *call_txns(struct call *c);
uint32_t *call_lines(struct call *c);

/* Replaces the text of a handle; an empty text is handle 0. */
void call_keep(struct call *c, uint32_t *handle, const char *bytes, size_t size);
/* The last received message, restored when it was saved; NULL: there is none. */
const struct sip_message *call_last(struct call *c);

/* Parts of the env's scratch. */
enum { SCRATCH_OUT, SCRATCH_LAST, SCRATCH_AUX, SCRATCH_MORE };
char *call_scratch(struct call *c, int part);

/* value.c. A text needs `buffer`; a number is written there too when a text is asked for. */
void value_get(struct call *c, int variable, struct value *ret, char *buffer, size_t size);
bool value_is_set(struct call *c, int variable);
double value_get_number(struct call *c, int variable);
/* The text of it, in buffer; its length. */
size_t value_get_text(struct call *c, int variable, char *buffer, size_t size);
void value_set(struct call *c, int variable, const struct value *v);
void value_set_number(struct call *c, int variable, double number);
void value_set_bool(struct call *c, int variable, bool is_true);
void value_set_text(struct call *c, int variable, const char *text, size_t size);

/* render.c. Writes a text; `step` is for [branch]. The length, -EMSGSIZE, -EACCES (no way to
 * answer a challenge), -errno of a port or a file. */
int render(struct call *c, const struct template *t, int step, char *bytes, size_t size);
/* The same, NUL-ended and never too long, for actions; "" when it fails. */
size_t render_text(struct call *c, const struct template *t, char *out, size_t size);
/* render_sip.c: words that need the last message or its state. */
struct out {
    char *bytes;
    size_t size, capacity;
    int code;             /* first failure */
    struct sip_text body; /* where it is known already: for qop auth-int */
    bool wants_body;      /* that must be written again, with the body known */
};
void out_add(struct out *o, const char *bytes, size_t size);
void out_text(struct out *o, const char *text);
void out_number(struct out *o, int64_t number);
/* render_word.c: one keyword. False: there was nothing to write, and when it stands alone its line
 * goes with it. */
bool render_word(struct call *c, const struct piece *p, int step, struct out *o);
bool render_last_header(struct call *c, const struct piece *p, struct out *o);
void render_request_uri(struct call *c, struct out *o);
bool render_saved(struct call *c, uint32_t handle, struct out *o);
void render_call_id(struct call *c, struct out *o);
/* render_auth.c: `at` is where the header begins, the message before it is in `o`. */
void render_auth(struct call *c, const struct piece *p, struct out *o);
/* A [authentication ...] that stood within an injected field. */
void render_auth_words(struct call *c, const char *words, size_t size, struct out *o);
int auth_verify(struct call *c, const char *user, const char *password);

/* action.c. */
/* STOP: the actions behind it are left out, inside actions_run only. */
enum action_result { ACTION_NEXT, ACTION_JUMPED, ACTION_STOP, ACTION_END };
enum action_result actions_run(struct call *c, const struct step *step);

/* call_send.c */
uint64_t hash_bytes(const void *bytes, size_t size);
/* Sends what a step says; false: the call ended. */
bool call_send_step(struct call *c, unsigned index);
bool call_send_bytes(struct call *c, const char *bytes, size_t size, unsigned flags);
/* Says again what answered a message that came again (or an ACK by its step). */
void call_answer_again(struct call *c, unsigned index, unsigned cseq);
void call_retransmit(struct call *c);
void call_stop_retrans(struct call *c);
bool call_send_command(struct call *c, const struct step *step);
void call_event(struct call *c, unsigned step, enum call_event event);
void call_say(struct call *c, enum call_text kind, const char *format, ...)
    __attribute__((format(printf, 3, 4)));

/* call_abort.c: default behaviours. */
void call_answer(struct call *c);                               /* 200 to the request at hand */
void call_hang_up(struct call *c, const struct sip_message *m); /* BYE, CANCEL or ACK; m or NULL */

/* call_recv.c: what a message means for a call that waits. */
void call_take(struct call *c, const struct sip_message *m);
void call_take_command(struct call *c, const char *source);
/* call_learn.c: what is remembered of it. */
void call_learn(struct call *c, const struct step *step, const struct sip_message *m);

/* call.c */
void call_init(struct call *c, const struct scenario *s, struct call_env *env,
               const struct call_start *start, uint64_t now_ns);
void call_end(struct call *c, enum call_cause cause);
void call_goto(struct call *c, unsigned step);
/* Counters and response times of a step that was done. */
void call_book(struct call *c, const struct step *step);
/* Where `next` leads, -1: it does not apply. */
int call_next(struct call *c, const struct step *step);
bool call_chance(struct call *c, double probability);

#endif
