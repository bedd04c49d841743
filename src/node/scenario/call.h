/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * call: one call of a scenario, as a pure state machine. The driver owns sockets, the table of
 * calls and the clock; it hands in received messages and the time, and does what the machine asks
 * through struct call_ops. Nothing is allocated from the system per call: the state is
 * scenario_call_size() bytes of the driver's, saved messages lie in its struct call_store.
 *
 * How it is driven: call_start; then call_on_message, call_on_command and call_on_timer as things
 * happen, each followed by a look at call_next_due. Each returns CALL_RUNNING, or CALL_ENDED once
 * and after ops->ended: then call_finish, and the memory is the driver's again. Time is any
 * monotonic clock in ns. Callbacks must not enter the same call again.
 *
 * Thread rule: a call, its env and its store belong to one thread; scenarios may be shared.
 */
#ifndef VAPERF_NODE_SCENARIO_CALL_H
#define VAPERF_NODE_SCENARIO_CALL_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/err.h"
#include "base/rand.h"
#include "node/codec/sip.h"
#include "node/scenario/scenario.h"
#include "node/scenario/store.h"

struct call;

enum call_result { CALL_RUNNING = 0, CALL_ENDED = 1 };
#define CALL_NEVER UINT64_MAX

/* Why a call ended. CALL_GOOD is the only success. */
enum call_cause {
    CALL_GOOD,
    CALL_CANNOT_SEND,       /* ops->send failed */
    CALL_MAX_RETRANS,       /* no answer to the last retransmission */
    CALL_CONNECT_FAILED,    /* told by call_abort */
    CALL_CONNECTION_CLOSED, /* told by call_abort */
    CALL_UNEXPECTED,        /* a message that the scenario did not foresee */
    CALL_REJECTED,          /* an unexpected final response of 300 and above, answered with ACK */
    CALL_COMMAND_NOT_SENT,  /* ops->command failed */
    CALL_REGEXP_NO_MATCH,   /* ereg check_it; checks mark the call, which goes on to its end */
    CALL_REGEXP_MATCH,      /* ereg check_it_inverse */
    CALL_REGEXP_NO_HEADER,  /* ereg of a header that is not there */
    CALL_CONGESTION,        /* told by call_abort */
    CALL_RECV_TIMEOUT,
    CALL_SEND_TIMEOUT,
    CALL_TEST_FALSE, /* test check_it */
    CALL_TEST_TRUE,  /* test check_it_inverse */
    CALL_STRCMP_FALSE,
    CALL_STRCMP_TRUE,
    CALL_STOPPED,      /* exec int_cmd="stop_call", or call_abort */
    CALL_ACTION_ERROR, /* <error>, or an action that could not be done */
    CALL_UNANSWERED,   /* the driver waits for its answer no longer */
    CALL_CAUSE_COUNT,
};
const char *call_cause_name(enum call_cause cause); /* "unexpected message" */

/* What is counted per step. */
enum call_event {
    CALL_SENT,
    CALL_RECEIVED,
    CALL_RETRANS_SENT,
    CALL_RETRANS_RECEIVED,
    CALL_TIMEOUT,
    CALL_UNEXPECTED_MESSAGE,
    CALL_LOST,          /* thrown away by the attribute lost */
    CALL_AUTO_ANSWERED, /* -aa, PING: answered outside the scenario */
    CALL_IGNORED,       /* a late provisional or repeated answer that asks for nothing */
    CALL_EVENT_COUNT,
};

enum call_text { CALL_TEXT_LOG, CALL_TEXT_WARNING, CALL_TEXT_ERROR };
enum call_control { CALL_STOP_NOW, CALL_STOP_GRACEFULLY, CALL_RUN_COMMAND };
enum call_media {
    CALL_PLAY_PCAP_AUDIO, /* text: the file's name */
    CALL_PLAY_PCAP_VIDEO,
    CALL_PLAY_PCAP_IMAGE,
    CALL_PLAY_DTMF,  /* text: the digits */
    CALL_RTP_STREAM, /* text: the attribute's value, checked at load */
    CALL_RTP_ECHO,   /* text: the value, "start,audio,0,PCMU" or of <rtp_echo value="1"/> */
};
enum call_port { CALL_PORT_MEDIA, CALL_PORT_RTPSTREAM_AUDIO, CALL_PORT_RTPSTREAM_VIDEO };

enum call_send_flag {
    CALL_SEND_RETRANS = 1 << 0, /* these bytes were sent before */
    CALL_SEND_OUTSIDE = 1 << 1, /* by a default behaviour, of no step */
    CALL_SEND_REQUEST = 1 << 2, /* else a response */
};

/* The words of addresses, of one socket and one peer. The driver's, lent while calls use it. */
struct call_facts {
    const char *remote_ip, *remote_host, *remote_port; /* IPv6 in brackets, as in a URI */
    const char *local_ip, *local_ip_type, *local_port; /* the type is "4" or "6" */
    const char *server_ip;
    const char *media_ip, *media_ip_type;
    const char *transport; /* "UDP" "TCP" "TLS" */
    bool is_reliable;      /* nothing is retransmitted */
};

/* What a call asks of its driver. `driver` is the env's. Texts and bytes are lent for the duration
 * of the callback. send, command, ended are mandatory, the others may be NULL. */
struct call_ops {
    /* 0 means the driver has it (sent or queued). -errno ends the call with CALL_CANNOT_SEND. */
    int (*send)(void *driver, struct call *c, const void *bytes, size_t size, unsigned flags);
    /* A 3PCC command to `dest` ("" : the twin). -errno ends the call. */
    int (*command)(void *driver, struct call *c, const char *dest, const void *bytes, size_t size);
    void (*ended)(void *driver, struct call *c, enum call_cause cause, uint64_t now_ns);
    /* `step` is UINT_MAX for what belongs to none. */
    void (*event)(void *driver, struct call *c, unsigned step, enum call_event event);
    void (*rtd)(void *driver, struct call *c, unsigned rtd, uint64_t started_ns, uint64_t now_ns);
    void (*counter)(void *driver, struct call *c, unsigned counter);
    void (*text)(void *driver, struct call *c, enum call_text kind, const char *text);
    int (*media)(void *driver, struct call *c, enum call_media kind, const char *text);
    /* A session description came, in a message that the scenario took at a step without
     * ignoresdp; before the actions of that step. Hostile bytes: not looked at so far. */
    void (*description)(void *driver, struct call *c, const char *bytes, size_t size);
    /* The call's port of that kind, given on first asking; `offset` as written in the message
     * ([media_port+2]) is added by the machine. */
    unsigned (*port)(void *driver, struct call *c, enum call_port kind);
    /* setdest: later messages go there. -errno ends the call. May change the facts of the call
     * with call_set_facts. */
    int (*setdest)(void *driver, struct call *c, const char *host, unsigned port,
                   const char *protocol);
    void (*closecon)(void *driver, struct call *c);
    /* CALL_RUN_COMMAND: `text` is for the shell. */
    void (*control)(void *driver, struct call *c, enum call_control what, const char *text);
    /* [users], [userid] facts and [clock_tick] come from the env. An SRTP word such as
     * "cryptokeyparams1audio": its length into buffer, -errno ends the call. */
    int (*crypto)(void *driver, struct call *c, const char *word, char *buffer, size_t size);
};

/* One per worker. Set up once, lent to its calls. */
struct call_env {
    const struct call_ops *ops;
    void *driver;
    struct call_store *store;
    struct rand_state *rand;
    char *scratch;           /* where messages are written; aligned to 16 */
    size_t scratch_size;     /* at least CALL_SCRATCH_BYTES */
    uint64_t real_offset_ns; /* wall clock - the clock of `now_ns`: [timestamp], [date] */
    uint64_t start_ns;       /* [clock_tick] counts from here */
};
enum { CALL_SCRATCH_BYTES = 256 * 1024, CALL_MESSAGE_MAX = 65536 };

struct call_start {
    const struct call_facts *facts;
    uint64_t number;     /* [call_number], from 1 */
    const char *call_id; /* of a call that a message began; NULL: made by -cid_str */
    size_t call_id_size;
    unsigned user; /* [userid], from 1; 0: none */
    void *owner;   /* call_get_owner */
};

/* Makes a call in `memory` (scenario_call_size bytes, aligned to 16) and runs it up to its first
 * wait. Ends at once as described above when sending fails. */
enum call_result call_start(void *memory, const struct scenario *s, struct call_env *env,
                            const struct call_start *start, uint64_t now_ns);
/* A whole message of this call, as found by its Call-ID (call_key). Any bytes are safe. */
enum call_result call_on_message(struct call *c, const void *bytes, size_t size, uint64_t now_ns);
/* The same for who has parsed it already. */
enum call_result call_on_sip(struct call *c, const struct sip_message *m, uint64_t now_ns);
/* A command of a 3PCC twin. `source` is its name, "" when it has none. */
enum call_result call_on_command(struct call *c, const char *source, const void *bytes, size_t size,
                                 uint64_t now_ns);
/* At or after call_next_due; too early is harmless. */
enum call_result call_on_timer(struct call *c, uint64_t now_ns);
/* Ends it from outside; with SCENARIO_BYE and a connection left it sends BYE or CANCEL first. */
enum call_result call_abort(struct call *c, enum call_cause cause, uint64_t now_ns);
void call_finish(struct call *c); /* gives back what it saved */

uint64_t call_next_due(const struct call *c); /* CALL_NEVER: only a message moves it */
unsigned call_get_step(const struct call *c); /* once ended: where what ended it was */
uint64_t call_get_number(const struct call *c);
unsigned call_get_user(const struct call *c);
void *call_get_owner(const struct call *c);
const struct scenario *call_get_scenario(const struct call *c);
const struct call_facts *call_get_facts(const struct call *c);
void call_set_facts(struct call *c, const struct call_facts *facts);
/* The Call-ID of its messages into buffer; its length, or -ENOSPC. */
int call_get_id(struct call *c, char *buffer, size_t size);

/* The Call-ID a message is filed under, lent from `bytes`: what is behind "///" when there is one
 * (an extra dialogue of the same call) unless flags say SCENARIO_CALLID_SLASH_IGN. The length, 0
 * when the message has none. */
size_t call_key(const void *bytes, size_t size, unsigned flags, const char **ret_key);

/* Runs the <init> section once: only its variables and texts have an effect. */
int call_run_init(const struct scenario *s, struct call_env *env, uint64_t now_ns, struct err *err);

#endif
