/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * scenario: a SIPp XML scenario, loaded, checked and compiled. Whatever the file, a keyword or an
 * injection file gets wrong is refused here, with file:line:column and what would be right.
 *
 * A loaded scenario is read by any number of threads at a time; what its calls share (global and
 * user variables, injection files) is guarded inside. Load, destroy and the setters belong to one
 * thread, before the first call and after the last one.
 */
#ifndef VAPERF_NODE_SCENARIO_SCENARIO_H
#define VAPERF_NODE_SCENARIO_SCENARIO_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/err.h"

struct scenario;

/* What a call does by itself with what its scenario did not foresee (SIPp's -default_behaviors). */
enum scenario_behaviour {
    SCENARIO_BYE = 1 << 0,         /* an aborted call sends BYE or CANCEL */
    SCENARIO_ABORT_UNEXP = 1 << 1, /* an unexpected message aborts the call */
    SCENARIO_PING_REPLY = 1 << 2,  /* 200 to an unexpected PING */
    SCENARIO_CSEQ_CHECK = 1 << 3,  /* an ACK must carry the CSeq of its INVITE */
    SCENARIO_BEHAVIOURS_ALL = 15,
};

enum scenario_flag {
    SCENARIO_NO_RETRANS = 1 << 0,       /* -nr: nothing is retransmitted */
    SCENARIO_AUTO_ANSWER = 1 << 1,      /* -aa: 200 to INFO, NOTIFY, OPTIONS, UPDATE */
    SCENARIO_PAUSE_MSG_IGN = 1 << 2,    /* messages during a pause are ignored */
    SCENARIO_RTCHECK_LOOSE = 1 << 3,    /* a retransmission: same method or code and CSeq */
    SCENARIO_CALLID_SLASH_IGN = 1 << 4, /* "///" in a Call-ID means nothing */
};

struct scenario_pair {
    const char *name, *value;
};

/* Start with scenario_options_default. Texts are copied while loading. */
struct scenario_options {
    const struct scenario_pair *keys; /* -key: [name] in messages */
    size_t key_count;
    const struct scenario_pair *sets; /* -set: global variables */
    size_t set_count;
    const char *const *injections; /* -inf: CSV files, the first is the default one */
    size_t injection_count;
    const struct scenario_pair *indexes; /* -infindex: name the file, value the field's number */
    size_t index_count;
    const char *service, *auth_user, *auth_password, *auth_uri; /* -s -au -ap -auth_uri */
    const char *call_id_format; /* -cid_str: %u call number, %p process, %s local address */
    unsigned behaviours;        /* enum scenario_behaviour */
    unsigned flags;             /* enum scenario_flag */
    double lost_pct;            /* -lost: of messages whose command does not say it */
    unsigned base_cseq;         /* -base_cseq: of the first request */
    unsigned users;             /* -users: user variables and USER files have so many places */
    uint32_t process_id;        /* [pid] and %p */
    uint64_t pause_ns;          /* -d: of a pause without a length */
    uint64_t t2_ns;             /* -T2: longest time between retransmissions but of INVITE */
    uint64_t recv_timeout_ns, send_timeout_ns; /* 0: none */
    unsigned max_invite_retrans, max_non_invite_retrans;
    uint64_t dynamic_start, dynamic_max, dynamic_step; /* [dynamic_id] */
    const char *tdmmap;                                /* "{0-3}{99}{5-8}{1-31}", NULL: none */
    const char *version;                               /* [sipp_version] */
};

/* SIPp's defaults: -s service, -au none, -ap password, -d 0, T2 4 s, 5 and 9 retransmissions. */
void scenario_options_default(struct scenario_options *options);

/* Loads a file, or what scenario_builtin_text gives under that name. -EINVAL or -EBADMSG with the
 * position in err; -errno when a file cannot be read. *ret is the caller's until destroy. */
int scenario_load(const char *path, const struct scenario_options *options, struct scenario **ret,
                  struct err *err);
/* The same for a text in memory; `name` stands in messages. */
int scenario_load_text(const char *name, const char *text, size_t size,
                       const struct scenario_options *options, struct scenario **ret,
                       struct err *err);
void scenario_destroy(struct scenario *s); /* NULL is fine */

/* The built-in scenarios: names in order, NULL behind the last; and the XML of one, or NULL. */
const char *scenario_builtin_name(unsigned i);
const char *scenario_builtin_text(const char *name, size_t *ret_size);
const char *scenario_builtin_nearest(const char *name); /* for messages; static */

enum scenario_role { SCENARIO_CLIENT, SCENARIO_SERVER };

const char *scenario_name(const struct scenario *s);
enum scenario_role scenario_role(const struct scenario *s);
/* Its first wait is for a request of this method. */
bool scenario_begins_with(const struct scenario *s, const char *method, size_t size);
/* Bytes of one call's state, a multiple of 16: variables and transactions included, saved messages
 * (struct call_store) not. */
size_t scenario_call_size(const struct scenario *s);
/* The scenario has an <init> section: call_run_init once before the first call. */
bool scenario_has_init(const struct scenario *s);
/* It plays or echoes media, so calls want media ports. */
bool scenario_has_media(const struct scenario *s);
bool scenario_has_crypto(const struct scenario *s); /* words of SRTP; then has_media too */
/* The media that its actions play, in the order of the file: what ops->media of a call is given. */
struct scenario_media {
    unsigned kind;    /* enum call_media */
    const char *text; /* NULL: made anew for each call */
    const char *file;
    int line;
};
bool scenario_get_media(const struct scenario *s, unsigned i, struct scenario_media *ret);
/* It sends or waits for commands of a 3PCC twin. */
bool scenario_has_twin(const struct scenario *s);
/* Of those commands it sends the first one: its instance connects, the other one listens. */
bool scenario_commands_first(const struct scenario *s);
/* The length of a pause without one; a call sees it at its next pause. Any thread. */
void scenario_set_pause(struct scenario *s, uint64_t pause_ns);

/* How long a call lasts by its own pauses when each step comes once, in their order: those of a
 * fixed length, and what 99 of 100 of the others stay below. *ret_is_least: no call whose messages
 * all come is shorter. What it waits for messages, and timewait, do not count. */
uint64_t scenario_lasts_ns(const struct scenario *s, bool *ret_is_least);

enum scenario_step_kind {
    SCENARIO_SEND,
    SCENARIO_RECV,
    SCENARIO_PAUSE,
    SCENARIO_NOP,
    SCENARIO_SEND_CMD,
    SCENARIO_RECV_CMD,
    SCENARIO_TIMEWAIT,
};

/* What screens and CSV files say of a step. */
struct scenario_step_info {
    enum scenario_step_kind kind;
    const char *text;    /* "INVITE", "180", "" of a pause */
    const char *display; /* the attribute, or NULL */
    int line;            /* in the file */
    bool is_hidden, is_optional, has_retrans, has_timeout;
    bool has_length;    /* a pause with one of its own; without: options' pause_ns */
    bool ignores_sdp;   /* media is not to follow the message's SDP */
    int start_rtd, rtd; /* numbers, -1: none */
    uint64_t pause_ns;  /* of a fixed one */
};
unsigned scenario_step_count(const struct scenario *s);
void scenario_get_step(const struct scenario *s, unsigned i, struct scenario_step_info *ret);

/* Response times, counters and tables by number, in the order of the file; NULL behind the last. */
const char *scenario_rtd_name(const struct scenario *s, unsigned i);
const char *scenario_counter_name(const struct scenario *s, unsigned i);
/* Borders in ms of ResponseTimeRepartition and CallLengthRepartition; the number of them. */
size_t scenario_response_borders(const struct scenario *s, const unsigned **ret_ms);
size_t scenario_length_borders(const struct scenario *s, const unsigned **ret_ms);
/* A field of a line of the default injection file (-ip_field). The length, or -ENOENT. */
int scenario_injection_field(const struct scenario *s, unsigned line, unsigned field, char *buffer,
                             size_t size);

#endif
