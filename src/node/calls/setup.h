/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * setup: the options that both ends of calls have, as a table's entries, and what becomes of them:
 * a loaded scenario, TLS, and the options of shards. One thread, before the first call and after
 * the last.
 */
#ifndef VAPERF_NODE_CALLS_SETUP_H
#define VAPERF_NODE_CALLS_SETUP_H

#include "base/opt.h"
#include "node/calls/calls.h"

struct setup_options {
    const char *scenario, *inject, *keys, *sets;
    const char *service, *auth_user, *auth_password;
    const char *tls_certificate, *tls_key, *tls_authorities, *tls_version;
    const char *media_ip;
    int protocol;
    bool auto_answer, retransmit, answer_unexpected, loose_check;
    uint64_t gather_ns, pause_ns, recv_timeout_ns, send_timeout_ns, t2_ns, dead_ns;
    uint64_t invite_retrans, other_retrans, sockets, media_port, base_cseq;
    uint64_t users; /* not in the table: how many have variables and lines of their own */
};

extern const char *const setup_protocols[]; /* enum ways_kind */

#define SETUP_OPTION(option, kind, text, about, low, high, words, owner, member)         \
    {                                                                                    \
        .name = (option), .type = (kind), .dflt = (text), .help = (about), .min = (low), \
        .max = (high), .choices = (words), .offset = offsetof(owner, member)             \
    }
/* Into an option table: the struct of the driver's options, its setup_options member, and the
 * built-in scenario it has without a word (NULL: `note`, the end of its help, says what then). */
#define SETUP_OPTIONS(owner, m, builtin, note)                                                     \
    SETUP_OPTION("scenario", OPT_STRING, builtin,                                                  \
                 "SIPp XML file, or a built-in scenario's name" note, 0, 0, NULL, owner,           \
                 m.scenario),                                                                      \
        SETUP_OPTION("inject", OPT_STRING, NULL,                                                   \
                     "CSV files of fields, several with commas; the first is the default one", 0,  \
                     0, NULL, owner, m.inject),                                                    \
        SETUP_OPTION("keys", OPT_STRING, NULL,                                                     \
                     "words of messages: name=value, several with commas", 0, 0, NULL, owner,      \
                     m.keys),                                                                      \
        SETUP_OPTION("sets", OPT_STRING, NULL,                                                     \
                     "global variables: name=value, several with commas", 0, 0, NULL, owner,       \
                     m.sets),                                                                      \
        SETUP_OPTION("service", OPT_STRING, "service", "[service] of messages", 0, 0, NULL, owner, \
                     m.service),                                                                   \
        SETUP_OPTION("auth_user", OPT_STRING, NULL, "user name of [authentication]", 0, 0, NULL,   \
                     owner, m.auth_user),                                                          \
        SETUP_OPTION("auth_password", OPT_STRING, "password", "password of [authentication]", 0,   \
                     0, NULL, owner, m.auth_password),                                             \
        SETUP_OPTION("protocol", OPT_CHOICE, "udp", "what carries the messages", 0, 0,             \
                     setup_protocols, owner, m.protocol),                                          \
        SETUP_OPTION("tls_certificate", OPT_STRING, NULL, "PEM file of the own certificate", 0, 0, \
                     NULL, owner, m.tls_certificate),                                              \
        SETUP_OPTION("tls_key", OPT_STRING, NULL, "PEM file of its key; none: in the same file",   \
                     0, 0, NULL, owner, m.tls_key),                                                \
        SETUP_OPTION("tls_authorities", OPT_STRING, NULL,                                          \
                     "PEM file: the peer must have a certificate of one of these", 0, 0, NULL,     \
                     owner, m.tls_authorities),                                                    \
        SETUP_OPTION("tls_version", OPT_STRING, NULL, "1.2 or 1.3 alone", 0, 0, NULL, owner,       \
                     m.tls_version),                                                               \
        SETUP_OPTION("media_ip", OPT_STRING, NULL, "[media_ip]; none: the local address", 0, 0,    \
                     NULL, owner, m.media_ip),                                                     \
        SETUP_OPTION("media_port", OPT_COUNT, "6000", "[media_port] of every call", 0, 65535,      \
                     NULL, owner, m.media_port),                                                   \
        SETUP_OPTION("pause", OPT_DURATION, "0", "length of a pause that has none of its own", 0,  \
                     0, NULL, owner, m.pause_ns),                                                  \
        SETUP_OPTION("recv_timeout", OPT_DURATION, "0",                                            \
                     "a call fails that waits longer for a message; 0: never", 0, 0, NULL, owner,  \
                     m.recv_timeout_ns),                                                           \
        SETUP_OPTION("send_timeout", OPT_DURATION, "0",                                            \
                     "a call fails whose message is not answered for longer; 0: never", 0, 0,      \
                     NULL, owner, m.send_timeout_ns),                                              \
        SETUP_OPTION("t2", OPT_DURATION, "4s",                                                     \
                     "longest time between retransmissions but of INVITE", 0, 0, NULL, owner,      \
                     m.t2_ns),                                                                     \
        SETUP_OPTION("invite_retrans", OPT_COUNT, "5", "an INVITE is retransmitted so often", 0,   \
                     100, NULL, owner, m.invite_retrans),                                          \
        SETUP_OPTION("other_retrans", OPT_COUNT, "9", "other requests are", 0, 100, NULL, owner,   \
                     m.other_retrans),                                                             \
        SETUP_OPTION("retransmit", OPT_FLAG, "yes", "over UDP", 0, 0, NULL, owner, m.retransmit),  \
        SETUP_OPTION("loose_check", OPT_FLAG, "no",                                                \
                     "what has the method or code and CSeq of a message is its retransmission", 0, \
                     0, NULL, owner, m.loose_check),                                               \
        SETUP_OPTION(                                                                              \
            "auto_answer", OPT_FLAG, "no",                                                         \
            "200 to an INFO, NOTIFY, OPTIONS or UPDATE that the scenario does not expect", 0, 0,   \
            NULL, owner, m.auto_answer),                                                           \
        SETUP_OPTION(                                                                              \
            "answer_unexpected", OPT_FLAG, "yes",                                                  \
            "a call that meets what it does not expect says BYE or CANCEL and fails; no: "         \
            "it goes on",                                                                          \
            0, 0, NULL, owner, m.answer_unexpected),                                               \
        SETUP_OPTION("base_cseq", OPT_COUNT, "1", "CSeq of the first request", 0, 2147483647,      \
                     NULL, owner, m.base_cseq),                                                    \
        SETUP_OPTION("dead_call", OPT_DURATION, "33s",                                             \
                     "so long late messages of an ended call are known as such", 0, 0, NULL,       \
                     owner, m.dead_ns),                                                            \
        SETUP_OPTION("gather", OPT_DURATION, "200us",                                              \
                     "while messages flow: what comes or is due within it is taken together, "     \
                     "which costs less CPU and answers so much later; 0: nothing waits",           \
                     0, 1e8, NULL, owner, m.gather_ns),                                            \
        SETUP_OPTION("sockets", OPT_COUNT, "50000", "sockets and connections at a time, at most",  \
                     1, 1000000, NULL, owner, m.sockets)

struct setup {
    struct scenario *scenario;
    struct tls_context *tls;
};

/* Of a file that a user named, "not there" and "not readable" are the user's mistake: -EINVAL in
 * their place, also in e; other results as they are. */
int setup_no_file(int result, struct err *e);
/* Loads everything; -errno with the file's line where there is one. Nothing is left after it. */
int setup_open(struct setup *ret, const struct setup_options *o, struct err *e);
/* One more scenario with the same options, the caller's to destroy. */
int setup_load(const struct setup_options *o, const char *name, struct scenario **ret,
               struct err *e);
void setup_close(struct setup *s); /* NULL-safe, a zeroed one is fine */
/* What every shard has alike; the rest of calls_options is zeroed. The setup is lent. */
void setup_shard(const struct setup *s, const struct setup_options *o, struct calls_options *ret);

#endif
