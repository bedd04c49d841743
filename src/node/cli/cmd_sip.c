/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * cmd_sip: SIPp's mode: its options, its files, its exit codes. As the program `sipp` its words are
 * all of the command line. One thread
 * but for what cmd_sip_shard does.
 */
#include "node/cli/command.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/log.h"
#include "base/str.h"
#include "node/cli/cmd_sip.h"
#include "node/cli/help.h"
#include "version.h"

/* ---- before ---- */

static int show_builtin(const char *name)
{
    size_t size;
    const char *text = scenario_builtin_text(name, &size);
    if (text == NULL) {
        log_error(
            "-sd %.60s: no built-in scenario has that name; the nearest is %s (-h lists them)",
            name, scenario_builtin_nearest(name));
        return SIP_EXIT_FATAL;
    }
    fwrite(text, 1, size, stdout);
    return SIP_EXIT_OTHER;
}

/* The parent of -bg: waits until the child has its sockets, or ends as it did. */
static int await_child(pid_t child, int fd)
{
    char ready = 0;
    int status = 0;
    ssize_t n;
    do
        n = read(fd, &ready, 1);
    while (n < 0 && errno == EINTR);
    close(fd);
    if (n == 1) {
        printf("Background mode - PID=[%d]\n", (int)child);
        return SIP_EXIT_OTHER;
    }
    (void)waitpid(child, &status, 0);
    return WIFEXITED(status) ? WEXITSTATUS(status) : SIP_EXIT_FATAL;
}

/* In the child: -1 and *ret_fd, to be written when all is open; in the parent the exit code. */
static int go_to_background(int *ret_fd)
{
    int fds[2];
    if (pipe2(fds, O_CLOEXEC) < 0) {
        log_error("-bg: %s", strerror(errno));
        return SIP_EXIT_FATAL;
    }
    const pid_t child = fork();
    if (child != 0)
        close(fds[1]);
    if (child > 0)
        return await_child(child, fds[0]);
    close(fds[0]);
    if (child < 0) {
        log_error("-bg: %s", strerror(errno));
        return SIP_EXIT_FATAL;
    }
    (void)setsid();
    *ret_fd = fds[1];
    return -1;
}

static void leave_terminal(int fd)
{
    const int null = open("/dev/null", O_RDWR | O_CLOEXEC);
    for (int i = STDIN_FILENO; null >= 0 && i <= STDERR_FILENO; i++)
        (void)dup2(null, i);
    if (null >= 0)
        close(null);
    (void)!write(fd, "+", 1);
    close(fd);
}

/* ---- after ---- */

static int exit_code_of(struct sip_run *r)
{
    if (r->exit_code < 0)
        cmd_sip_notes_sum(r);
    const uint64_t failed = sipp_stats_get(&r->notes.total, SIPP_FAILED);
    const uint64_t good = sipp_stats_get(&r->notes.total, SIPP_SUCCESSFUL);
    if (r->exit_code >= 0)
        return r->exit_code;
    if (cmd_sip_failed_checks(r) > 0)
        return SIP_EXIT_RTP_CHECK;
    if (r->has_timed_out && r->options.is_strict)
        return SIP_EXIT_INTERNAL;
    if (failed > 0)
        return SIP_EXIT_FAILED;
    return r->has_timed_out && good == 0 ? SIP_EXIT_INTERNAL : SIP_EXIT_GOOD;
}

static uint64_t length_of_pauses(const struct sip_run *r)
{
    struct scenario_step_info step;
    uint64_t sum = 0;
    for (unsigned i = 0; i < scenario_step_count(r->scenario); i++) {
        scenario_get_step(r->scenario, i, &step);
        if (step.kind == SCENARIO_PAUSE)
            sum += step.pause_ns;
    }
    return sum > r->options.scenario.pause_ns ? sum : r->options.scenario.pause_ns;
}

static int fail(const struct err *e, int code)
{
    char text[ERR_TEXT_MAX + ERR_FILE_MAX + 32];
    log_error("%s", err_format(e, text, sizeof text));
    return code;
}

/* ---- the run ---- */

/* An exit code. ready_fd: of -bg, -1: none. */
static int run_calls(struct sip_run *r, int ready_fd)
{
    struct err e = {0};
    bool is_bind = false;
    int result, code = -1;
    sigset_t held;
    cmd_sip_hold_signals(&held);
    result = cmd_sip_open(r, &is_bind, &e);
    if (result == 0) {
        r->call_ns = length_of_pauses(r);
        result = cmd_sip_terminal_open(r, &is_bind, &e);
    }
    if (result < 0)
        code = fail(&e, is_bind ? SIP_EXIT_BIND : SIP_EXIT_FATAL);
    else {
        if (ready_fd >= 0)
            leave_terminal(ready_fd);
        if (cmd_sip_loop(r, &e) < 0)
            code = fail(&e, SIP_EXIT_FATAL);
    }
    cmd_sip_terminal_close(r);
    if (code < 0)
        code = exit_code_of(r);
    if (r->notes.fatal[0] != '\0')
        log_error("%s", r->notes.fatal);
    if (code == SIP_EXIT_RTP_CHECK)
        log_error("RTP check: %llu streams came back wrong or not (-trace_err tells which)",
                  (unsigned long long)cmd_sip_failed_checks(r));
    if (cmd_sip_notes_close(r, &e) < 0 && code != SIP_EXIT_FATAL)
        code = fail(&e, SIP_EXIT_FATAL);
    cmd_sip_close(r);
    return code;
}

/* A script of SIPp runs; nothing of it is forgotten in silence. */
static void tell_remarks(const struct sipp_options *o)
{
    for (unsigned i = 0; i < o->remark_count; i++)
        log_info("-%s has no effect here: %s", o->remarks[i].name, o->remarks[i].reason);
}

static int run_parsed(const struct command *c, struct sip_run *r)
{
    const struct sipp_options *o = &r->options;
    int fd = -1, code;
    if (o->show_help) {
        help_print_sip(c, stdout);
        return SIP_EXIT_OTHER;
    }
    if (o->show_version) {
        puts("vaperf-node " VAPERF_VERSION ", in the place of SIPp: UDP, TCP, TLS");
        return SIP_EXIT_OTHER;
    }
    if (o->show_builtin != NULL)
        return show_builtin(o->show_builtin);
    tell_remarks(o);
    if (o->in_background && (code = go_to_background(&fd)) >= 0)
        return code;
    if (o->sleep_ns > 0)
        (void)clock_sleep_until(clock_now_ns() + o->sleep_ns);
    return run_calls(r, fd);
}

static int run(const struct command *c, int argc, char *argv[], struct err *e)
{
    struct sip_run r = {.exit_code = -1,
                        .terminal = {.key_fd = -1, .control_fd = -1},
                        .lock = PTHREAD_MUTEX_INITIALIZER,
                        .told = PTHREAD_COND_INITIALIZER};
    int code;
    if (argc == 1 && strcmp(argv[0], "--help") == 0) {
        help_print_sip(c, stdout);
        return EXIT_GOOD;
    }
    arena_init(&r.arena);
    if (argc == 0) {
        help_print_sip(c, stdout);
        code = SIP_EXIT_OTHER;
    } else if (sipp_options_parse(argc, argv, &r.arena, &r.options, e) < 0)
        code = fail(e, SIP_EXIT_FATAL);
    else
        code = run_parsed(c, &r);
    arena_finish(&r.arena);
    return code;
}

static const struct command_example examples[] = {
    {"sip -sn uas -i 10.0.0.5 -p 5060", "answers calls until a key or a signal ends it"},
    {"sip -sf calls.xml -inf users.csv -r 50 -l 500 -m 10000 10.0.0.5:5060",
     "10,000 calls of a SIPp scenario, 50 a second, at most 500 at a time"},
    {"sip -sn uac 10.0.0.5 -trace_stat -fd 1 -trace_err -bg",
     "in the background, with statistics a second and what went wrong in files"},
    {"sip -sn uac 10.0.0.5 -r 20000 -l 100000 -threads 4", "on four cores"},
    {"sip -sd uac", "prints a built-in scenario"},
    {NULL, NULL},
};

const struct command cmd_sip = {
    .name = "sip",
    .words = "[options of SIPp] [HOST[:PORT]]",
    .summary = "SIPp's command line: its scenarios, options, keys, files and exit codes",
    .about =
        "For those who have scenarios, scripts and habits of SIPp. The program does the same under "
        "the\nname sipp. What an option of SIPp cannot do here is refused and says why. Exit "
        "codes are SIPp's:\n0 no call failed, 1 a call failed, 97 -timeout and no call ended, "
        "99 help and -bg, 253 an RTP\ncheck failed, 254 an address is not to be had, 255 other "
        "errors. With --strict 97 also when calls\nhad ended before -timeout. `load sip` measures "
        "better: open loop, percentiles, verdicts.",
    .driver_kind = -1,
    .examples = examples,
    .run = run,
};
