/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * command: any program as a bench: a round is one run of it, and what it prints becomes figures.
 * The program is started without a shell; it runs in a process group of its own and is ended when
 * the round is broken off.
 */
#include <errno.h>
#include <limits.h>
#include <poll.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <stdbool.h>
#include <sys/resource.h>
#include <unistd.h>

#include "base/buf.h"
#include "base/clock.h"
#include "base/proc.h"
#include "base/str.h"
#include "node/bench/bench.h"
#include "node/bench/output.h"

enum { WORDS_MAX = 64, LOOK_MS = 50, OUTPUT_MAX = 16 << 20, END_S = 2 };

struct command_options {
    const char *command, *pattern;
    int parser;
    uint64_t timeout_ns;
};
struct command_state {
    struct command_options o;
    char *text, *words[WORDS_MAX + 1];
    struct buf out, err; /* what it printed; its errors go behind when it ended */
    uint64_t cpu_ns;     /* of the program, in the last round */
};

#define AT(member) offsetof(struct command_options, member)
static const struct opt options[] = {
    {"command", OPT_STRING, NULL, "a program and its words, in quotes where there are blanks", 0, 0,
     NULL, AT(command), OPT_REQUIRED},
    {"parser", OPT_CHOICE, "none", "whose output it is", 0, 0, output_parser_words, AT(parser), 0},
    {"pattern", OPT_STRING, NULL,
     "for parser regex: name=REGEX with one group, several with ;; between", 0, 0, NULL,
     AT(pattern), 0},
    {"timeout", OPT_DURATION, "10m", "of a round", 1e6, 0, NULL, AT(timeout_ns), 0},
    OPT_END,
};

static int check(const void *given, struct err *e)
{
    const struct command_options *o = given;
    if (o->command == NULL || o->command[strspn(o->command, " \t")] == '\0') {
        return err_set(e, -EINVAL, "command: command: which program? such as \"sysbench cpu run\"");
    }
    if (o->parser == OUTPUT_REGEX) {
        return output_check_pattern(o->pattern, e);
    }
    return o->pattern == NULL ? 0 : err_set(e, -EINVAL, "command: pattern: it is for parser regex");
}

/* Splits at blanks; '...' and "..." keep theirs. Writes into s->text. */
static int split(struct command_state *s, struct err *e)
{
    char *to = s->text, *at = s->text;
    size_t count = 0;

    while (*(at += strspn(at, " \t\n")) != '\0') {
        char quote = '\0';
        if (count == WORDS_MAX) {
            return err_set(e, -EINVAL, "command: more than %d words", WORDS_MAX);
        }
        s->words[count++] = to;
        for (; *at != '\0' && (quote != '\0' || strchr(" \t\n", *at) == NULL); at++) {
            if (quote == '\0' && (*at == '\'' || *at == '"')) {
                quote = *at;
            } else if (*at == quote) {
                quote = '\0';
            } else {
                *to++ = *at;
            }
        }
        if (quote != '\0') {
            return err_set(e, -EINVAL, "command: a %c is not closed", quote);
        }
        at += *at != '\0';
        *to++ = '\0';
    }
    return 0;
}

static bool is_on_path(const char *program)
{
    char path[PATH_MAX];
    const char *all = getenv("PATH");

    if (strchr(program, '/') != NULL) {
        return access(program, X_OK) == 0;
    }
    for (const char *at = all != NULL ? all : "/usr/sbin:/usr/bin:/sbin:/bin"; *at != '\0';) {
        const size_t n = strcspn(at, ":");
        str_printf(path, sizeof path, "%.*s/%s", (int)n, at, program);
        if (access(path, X_OK) == 0) {
            return true;
        }
        at += n + (at[n] == ':');
    }
    return false;
}

/* Splits the words; the first is a program that is here. */
static int find_program(struct command_state *s, struct err *e)
{
    s->text = strdup(s->o.command);
    int r = s->text != NULL ? split(s, e) : err_set(e, -ENOMEM, "command: no memory");
    if (r == 0 && !is_on_path(s->words[0])) {
        r = err_set(e, -ENOENT,
                    "command: there is no program %s here: install it, or in a guest name its "
                    "package: platform_options: {packages: ...}",
                    s->words[0]);
    }
    return r;
}

static int room(const void *given, struct err *e)
{
    struct command_state s = {.o = *(const struct command_options *)given};
    int r = find_program(&s, e);
    free(s.text);
    return r;
}

static void cleanup(void *state)
{
    struct command_state *s = state;
    free(s->text);
    buf_finish(&s->out);
    buf_finish(&s->err);
}

static int prepare(void *state, const void *given, struct err *e)
{
    struct command_state *s = state;

    *s = (struct command_state){.o = *(const struct command_options *)given};
    buf_init(&s->out);
    buf_init(&s->err);
    int r = find_program(s, e);
    if (r < 0) {
        cleanup(s);
    }
    return r;
}

/* From one of its two pipes: 1 when something came, 0 when it is closed. */
static int read_pipe(struct command_state *s, int *fd, struct buf *into, struct err *e)
{
    char bytes[65536];
    const ssize_t n = read(*fd, bytes, sizeof bytes);

    if (n <= 0) {
        close(*fd);
        *fd = -1;
        return 0;
    }
    if (into->size + (size_t)n > OUTPUT_MAX) {
        return err_set(e, -EFBIG, "command: %s prints more than %d MiB", s->words[0],
                       OUTPUT_MAX >> 20);
    }
    buf_append(into, bytes, (size_t)n);
    return 1;
}

/* What it prints, until it has closed both pipes or ended. */
static int read_output(struct command_state *s, struct proc *p, const atomic_bool *stop,
                       struct err *e)
{
    const uint64_t until = clock_now_ns() + s->o.timeout_ns;
    int r = 0;

    while (r >= 0 && (p->out_fd >= 0 || p->err_fd >= 0)) {
        struct pollfd fds[] = {{.fd = p->out_fd, .events = POLLIN},
                               {.fd = p->err_fd, .events = POLLIN}};
        if (atomic_load(stop)) {
            return -ECANCELED;
        }
        if (clock_now_ns() > until) {
            return err_set(e, -ETIMEDOUT, "command: %s was not done in time (option timeout)",
                           s->words[0]);
        }
        (void)poll(fds, 2, LOOK_MS);
        if (fds[0].revents != 0) {
            r = read_pipe(s, &p->out_fd, &s->out, e);
        }
        if (r >= 0 && fds[1].revents != 0) {
            r = read_pipe(s, &p->err_fd, &s->err, e);
        }
    }
    return r < 0 ? r : 0;
}

/* The last line that it said, for a failure. */
static const char *last_line(struct buf *b)
{
    while (b->size > 0 && strchr("\n\r ", b->data[b->size - 1]) != NULL) {
        b->data[--b->size] = '\0';
    }
    const char *end = b->size > 0 ? strrchr(b->data, '\n') : NULL;
    return end != NULL ? end + 1 : buf_str(b);
}

static uint64_t children_cpu_ns(void)
{
    struct rusage u;
    if (getrusage(RUSAGE_CHILDREN, &u) < 0) {
        return 0;
    }
    return (uint64_t)(u.ru_utime.tv_sec + u.ru_stime.tv_sec) * NS_PER_S +
           (uint64_t)(u.ru_utime.tv_usec + u.ru_stime.tv_usec) * NS_PER_US;
}

static int run(void *state, unsigned round, const atomic_bool *stop, struct err *e)
{
    struct command_state *s = state;
    const uint64_t cpu = children_cpu_ns();
    struct proc p;

    (void)round;
    buf_clear(&s->out);
    buf_clear(&s->err);
    int r = proc_start(&p, s->words, PROC_DIE_WITH_PARENT | PROC_PIPE_ERR, e);
    if (r < 0) {
        return err_prefix(e, "command: ");
    }
    close(p.in_fd);
    p.in_fd = -1;
    r = read_output(s, &p, stop, e);
    if (r < 0) {
        (void)kill(-p.pid, SIGTERM); /* it has no input whose end would tell it */
    }
    const int status = r == 0 ? proc_finish(&p) : proc_stop(&p, END_S * NS_PER_S);
    s->cpu_ns = children_cpu_ns() - cpu;
    if (r == 0 && status != 0) {
        const char *said = last_line(s->err.size > 0 ? &s->err : &s->out);
        r = err_set(e, -EIO, "command: %s ended with status %d%s%.200s", s->words[0], status,
                    said[0] != '\0' ? ": " : ", and printed nothing", said);
    }
    buf_append_str(&s->out, buf_str(&s->err)); /* some programs tell their figures there */
    if (r == 0 && buf_failed(&s->out)) {
        r = err_set(e, -ENOMEM, "command: no memory for what it prints");
    }
    return r;
}

/* Parsing is no part of the round's time. */
static json_t *figures(void *state)
{
    struct command_state *s = state;
    json_t *o = NULL;

    if (output_parse((enum output_parser)s->o.parser, s->o.pattern, buf_str(&s->out), &o, NULL) <
        0) {
        return NULL;
    }
    json_object_set_new(o, "program_cpu_s", json_real((double)s->cpu_ns / 1e9));
    return o;
}

static int verify(void *state, struct err *e)
{
    struct command_state *s = state;
    json_t *o = NULL;
    int r = output_parse((enum output_parser)s->o.parser, s->o.pattern, buf_str(&s->out), &o, e);

    json_decref(o);
    return r < 0 ? err_prefix(e, "command: %s: ", s->words[0]) : 0;
}

extern const struct bench_ops bench_command;
const struct bench_ops bench_command = {
    .name = "command",
    .summary = "any program, its output read by a parser",
    .options = options,
    .options_size = sizeof(struct command_options),
    .state_size = sizeof(struct command_state),
    .check = check,
    .room = room,
    .prepare = prepare,
    .run = run,
    .verify = verify,
    .figures = figures,
    .cleanup = cleanup,
};
