/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * options: SIPp's command line. Every option of SIPp 3.6 and 3.7 is known: it is understood, or
 * remarked on because it means nothing here, or refused, both with the reason. One thread.
 */
#ifndef VAPERF_NODE_SIPP_OPTIONS_H
#define VAPERF_NODE_SIPP_OPTIONS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/arena.h"
#include "base/err.h"
#include "node/scenario/scenario.h"

enum sipp_transport { SIPP_UDP, SIPP_TCP, SIPP_TLS };
/* How many sockets: one for all calls, one per call, one per local address (-ip_field). */
enum sipp_sockets { SIPP_ONE, SIPP_PER_CALL, SIPP_PER_IP };

/* A trace's switch, its file when it is named, and whether an old file is begun anew. */
struct sipp_trace {
    bool is_on;
    const char *file; /* NULL: <scenario>_<pid>_<kind>.log */
    bool overwrite;
};

enum sipp_trace_kind {
    SIPP_TRACE_STAT,
    SIPP_TRACE_RTT,
    SIPP_TRACE_COUNTS,
    SIPP_TRACE_MSG,
    SIPP_TRACE_SHORTMSG,
    SIPP_TRACE_ERR,
    SIPP_TRACE_ERROR_CODES,
    SIPP_TRACE_CALLDEBUG,
    SIPP_TRACE_SCREEN,
    SIPP_TRACE_LOGS,
    SIPP_TRACE_COUNT,
};

enum { SIPP_LIST_MAX = 64, SIPP_THREADS_MAX = 64, SIPP_REMARKS_MAX = 16 };

/* An option that was given and means nothing here. */
struct sipp_remark {
    const char *name, *reason;
};

struct sipp_options {
    /* what is run */
    const char *scenario_file, *builtin;          /* -sf, -sn; both NULL: uac */
    const char *show_builtin;                     /* -sd */
    const char *outside_file, *outside_builtin;   /* -oocsf, -oocsn */
    const char *receiver_file, *receiver_builtin; /* -rxsf, -rxsn */
    const char *remote_host;     /* the first word that is no option, NULL: a server */
    unsigned remote_port;        /* 5060 unless it says so */
    const char *sending_address; /* -rsa HOST[:PORT] */
    /* network */
    enum sipp_transport transport;
    enum sipp_sockets sockets;
    const char *local_ip, *control_ip, *media_ip;
    const char *interface;             /* -bind_to_device */
    bool is_bound;                     /* to local_ip, -bind_local */
    unsigned local_port, control_port; /* 0: SIPp's own choice */
    uint64_t max_sockets, max_reconnect;
    uint64_t reconnect_sleep_ns;
    const char *tls_cert, *tls_key, *tls_ca, *tls_crl, *tls_version;
    uint64_t buffer_bytes; /* -buff_size */
    /* load */
    double rate, rate_increase, rate_max, rate_scale;
    uint64_t rate_period_ns, rate_interval_ns;
    bool has_rate_quit;  /* stop at -rate_max: not with -no_rate_quit */
    uint64_t call_limit; /* -l, 0: 3 x duration x rate */
    uint64_t call_count; /* -m, 0: without end */
    unsigned users;      /* -users, 0: by rate */
    double lost_pct;     /* -lost, of messages that do not say */
    /* calls: lists are in scenario */
    struct scenario_options scenario;
    const char *ip_field; /* -ip_field */
    uint64_t dead_call_wait_ns;
    /* time-outs */
    uint64_t timeout_ns; /* -timeout, 0: none */
    bool is_timeout_error;
    /* media */
    unsigned media_port, last_media_port;
    unsigned rtp_payload; /* UINT_MAX: the peer's SDP says it */
    bool has_rtp_echo;
    double audio_tolerance, video_tolerance;
    bool notes_checks; /* also those that passed */
    /* 3PCC */
    const char *twin, *master, *slave, *slave_file;
    /* what is written */
    struct sipp_trace trace[SIPP_TRACE_COUNT];
    uint64_t stat_period_ns, screen_period_ns, rtt_every;
    uint64_t max_log_bytes; /* 0: no limit */
    uint64_t ring_bytes;    /* -ringbuffer_size, 0: logs are whole */
    unsigned ring_files;
    uint64_t sleep_ns;
    char stat_delimiter;
    bool is_rfc3339, periodic_rtd;
    bool no_stdin, in_background, is_strict;
    /* the own loop */
    unsigned threads; /* -threads */
    bool keeps_rlimit;
    uint64_t gather_ns;
    uint64_t watchdog_interval_ns, watchdog_reset_ns, watchdog_minor_ns, watchdog_major_ns;
    uint64_t watchdog_minor_most, watchdog_major_most;
    bool show_help, show_version;
    struct sipp_remark remarks[SIPP_REMARKS_MAX];
    unsigned remark_count;
};

/* Reads the words behind the program's name. 0; -EINVAL with what is wrong and what would be right;
 * texts and lists are the arena's. */
int sipp_options_parse(int argc, char *const argv[], struct arena *a, struct sipp_options *ret,
                       struct err *e);

/* "5s", "500ms", "1.5m", "01:30" and a bare number of `unit_ns`. 0 or -EINVAL. */
int sipp_parse_time(const char *text, uint64_t unit_ns, uint64_t *ret_ns);

/* What -h prints of option i, in order. 0 or -ENOENT behind the last. */
struct sipp_option_help {
    const char *name, *words, *text; /* words may be NULL */
    bool is_taken;                   /* else it is refused, and the text says why */
    bool has_effect;                 /* of those taken; else the text says why not */
};
int sipp_options_help(unsigned i, struct sipp_option_help *ret);

#endif
