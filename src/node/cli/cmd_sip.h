/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * cmd_sip: what the drawers of the command `sip` share: one run of SIPp's mode. cmd_sip.c reads the
 * words and ends the run; cmd_sip_open makes sockets and scenario of them; cmd_sip_loop begins
 * it over; cmd_sip_shard begins calls and moves them on; cmd_sip_notes counts what happens and
 * cmd_sip_figures writes it; cmd_sip_terminal shows screens and takes keys. The run's thread; with
 * -threads calls have threads of their own, and what these may touch is atomic or guarded by the
 * run's lock.
 */
#ifndef VAPERF_NODE_CLI_CMD_SIP_H
#define VAPERF_NODE_CLI_CMD_SIP_H

#include <netinet/in.h>
#include <signal.h>
#include <termios.h>

#include "base/arena.h"
#include "node/callmedia/callmedia.h"
#include "node/calls/calls.h"
#include "node/calls/twin.h"
#include "node/cli/cmd_sip_shard.h"
#include "node/sipp/calldebug.h"
#include "node/sipp/keys.h"
#include "node/sipp/options.h"
#include "node/sipp/pace.h"
#include "node/sipp/screen.h"
#include "node/sipp/trace.h"

/* SIPp's exit codes. */
enum sip_exit {
    SIP_EXIT_GOOD = 0,
    SIP_EXIT_FAILED = 1,      /* a call failed */
    SIP_EXIT_INTERNAL = 97,   /* -timeout and no call ended; int_cmd="stop_now" */
    SIP_EXIT_OTHER = 99,      /* help, version, -sd, the parent of -bg */
    SIP_EXIT_RTP_CHECK = 253, /* what came back was not what was sent */
    SIP_EXIT_BIND = 254,
    SIP_EXIT_FATAL = 255
};

enum sip_ending {
    SIP_GOES_ON,
    SIP_SOFT, /* no new calls; those there are end by themselves */
    SIP_NOW
};

enum { SIP_CODES_MAX = 4096, SIP_SAID_MAX = 256 };

struct sip_notes {
    /* All shards and `own` without what was before a reset; at the last row; at the last screen. */
    struct sipp_stats total, row, screen, period;
    struct sipp_stats own, before; /* the run's thread counts; at the last reset */
    struct sipp_traces traces;
    struct sipp_calldebug calldebug;
    struct sipp_csv csv;
    uint64_t start_ns, start_real_ns, row_real_ns, screen_real_ns;
    uint64_t *waiting; /* calls at each step, the arena's */
    /* Guarded by the run's lock. */
    unsigned codes[SIP_CODES_MAX]; /* of unexpected responses since the last row */
    size_t code_count;
    struct buf rtt;
    uint64_t rtt_rows;
    char said[SIP_SAID_MAX];  /* the last warning or error */
    char fatal[SIP_SAID_MAX]; /* the one that ended the run */
};

struct sip_terminal {
    struct termios before;
    bool is_raw, is_live, hides;
    unsigned screen;
    int key_fd, control_fd; /* -1: none */
    char command[128];      /* being typed behind `c` */
    size_t command_size;
    bool is_typing;
};

struct sip_run {
    struct sipp_options options;
    struct arena arena;
    struct scenario *scenario;
    struct scenario *receiver;  /* of calls that come to a client, NULL: none */
    struct scenario *outside;   /* of requests that belong to no call, NULL: none */
    struct calls_part parts[3]; /* the scenario's and theirs */
    uint32_t part_count;
    struct twin_options twin;
    struct callmedia_options media_options;
    struct callmedia_check check; /* of patterns */
    struct callmedia_setup media_setup;
    struct tls_context *tls;
    struct sip_shard *shards; /* the arena's */
    uint32_t shard_count;
    pthread_mutex_t lock; /* of notes that several threads take, and of orders */
    pthread_cond_t told;
    uint64_t waiting_asked;      /* how often, guarded */
    _Atomic uint64_t orders;     /* how often they changed */
    atomic_bool refuses, aborts; /* orders: no call that comes; calls end at the end of the run */
    atomic_bool stops;           /* threads end */
    struct sockaddr_storage remote, via, local;
    char local_ip[INET6_ADDRSTRLEN + 2]; /* with brackets when IPv6 */
    char media_ip[INET6_ADDRSTRLEN];
    char remote_text[160]; /* for the screen */
    struct sip_notes notes;
    struct sip_terminal terminal;
    struct sipp_pace pace; /* of all shards together; guarded, with its serial and the limit */
    uint64_t pace_serial;
    uint64_t room;    /* calls at a time that there is memory for */
    uint64_t limit;   /* calls at a time now */
    bool has_limit;   /* it was set, and does not follow the rate */
    uint64_t call_ns; /* of the scenario's pauses */
    _Atomic uint64_t begun;
    uint64_t peak;
    double rate_scale;
    _Atomic int ending; /* enum sip_ending */
    bool is_open, has_timed_out, is_over;
    int exit_code; /* -1: the calls decide */
};

/* ---- cmd_sip_open.c ---- */
/* Scenario, addresses, sockets. 0; -errno; *ret_is_bind: because an address is not to be had. */
int cmd_sip_open(struct sip_run *r, bool *ret_is_bind, struct err *e);
void cmd_sip_close(struct sip_run *r);

/* ---- cmd_sip_parts.c ---- */
/* A file, or without one the built-in scenario of that name. */
int cmd_sip_load(const char *file, const char *builtin, const struct scenario_options *o,
                 struct scenario **ret, struct err *e);
/* Scenarios for calls that come and for requests of no call, twins and what media need, as the
 * options say, for calls that are about to be opened. */
int cmd_sip_add_parts(struct sip_run *r, const struct scenario_options *so, struct calls_options *c,
                      struct err *e);
/* The media of a shard's calls, which are about to be opened. */
int cmd_sip_add_media(struct sip_shard *s, struct calls_options *c, struct err *e);
void cmd_sip_finish_parts(struct sip_run *r); /* after the calls */
uint64_t cmd_sip_failed_checks(const struct sip_run *r);

/* ---- cmd_sip_notes.c: what happens ---- */
void cmd_sip_notes_hook(struct sip_shard *s, struct calls_hooks *ret);
/* A warning or an error: to the file, and what the screen's last line says. Any thread. */
void cmd_sip_notes_say(struct sip_run *r, const char *format, ...)
    __attribute__((format(printf, 2, 3)));

/* ---- cmd_sip_figures.c: what is written of it ---- */
int cmd_sip_notes_open(struct sip_run *r, struct err *e);
void cmd_sip_notes_sum(struct sip_run *r); /* `total` is as of now */
/* Figures of the end, and the files. -errno with the file that could not be written. */
int cmd_sip_notes_close(struct sip_run *r, struct err *e);
void cmd_sip_notes_row(struct sip_run *r);   /* one of each file of figures */
void cmd_sip_notes_reset(struct sip_run *r); /* figures count from now */
void cmd_sip_notes_dump(struct sip_run *r);  /* all screens into their file */
void cmd_sip_notes_show(struct sip_run *r, unsigned screen, struct buf *out);
void cmd_sip_notes_shown(struct sip_run *r); /* the screens' next period begins */

/* ---- cmd_sip_terminal.c ---- */
int cmd_sip_terminal_open(struct sip_run *r, bool *ret_is_bind, struct err *e);
void cmd_sip_terminal_close(struct sip_run *r);
void cmd_sip_terminal_show(struct sip_run *r); /* the screen, when there is one */
void cmd_sip_terminal_keys(struct sip_run *r); /* what can be read of keys */
void cmd_sip_terminal_control(struct sip_run *r);

/* ---- cmd_sip_loop.c ---- */
/* From here on signals wait for the loop: who sees a port of ours may send one. */
void cmd_sip_hold_signals(sigset_t *ret);
int cmd_sip_loop(struct sip_run *r, struct err *e); /* until it is over */
void cmd_sip_do(struct sip_run *r, const struct sipp_order *order);
void cmd_sip_end(struct sip_run *r, enum sip_ending how, int exit_code); /* any thread */

#endif
