/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * scrape: figures of a program that vaperf knows nothing of, from a command that prints them: curl
 * of a Prometheus page, the program's own control tool, snmpwalk. The command runs beside the
 * sampler, never within it: a sample takes what the last run said and starts the next, so values
 * are one interval old, and a command that hangs holds up nothing but itself.
 */
#include <errno.h>
#include <fcntl.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/buf.h"
#include "base/proc.h"
#include "base/str.h"
#include "node/probe/columns.h"
#include "node/probe/probe.h"
#include "node/probe/scrape_text.h"

enum { FIGURES_MAX = 1024, OUTPUT_MAX = 1 << 20 };

struct scrape_options {
    const char *command, *name;
    uint64_t timeout_ns;
};

struct scrape_state {
    char *command;
    char name[SAMPLE_NAME_MAX];
    uint64_t timeout_ns;
    struct scrape_line *figures, *read; /* columns with their last values; of one run */
    size_t count;
    struct proc proc; /* of the run under way; pid 0: none */
    struct buf text;
    uint64_t started_ns;
};

static const struct opt options[] = {
    {"command", OPT_STRING, NULL,
     "shell command that prints lines of 'name value', or the Prometheus text format", 0, 0, NULL,
     offsetof(struct scrape_options, command), OPT_REQUIRED},
    {"name", OPT_STRING, "scrape", "what its columns belong to", 0, 0, NULL,
     offsetof(struct scrape_options, name), 0},
    {"timeout", OPT_DURATION, "5s", "a run that takes longer is ended, its values are unknown", 1e6,
     6e10, NULL, offsetof(struct scrape_options, timeout_ns), 0},
    OPT_END,
};

static void close_scrape(void *state)
{
    struct scrape_state *s = state;

    if (s == NULL) {
        return;
    }
    if (s->proc.pid > 0) {
        proc_stop(&s->proc, 1);
    }
    buf_finish(&s->text);
    free(s->figures);
    free(s->read);
    free(s->command);
    s->figures = s->read = NULL;
    s->command = NULL;
}

/* The first run is waited for: it says what there is. */
static int learn(struct scrape_state *s, struct err *e)
{
    const char *words[] = {"sh", "-c", s->command, NULL};
    struct buf out;
    int result;

    buf_init(&out);
    result = proc_run((char *const *)(void *)words, NULL, &out, s->timeout_ns, e);
    if (result > 0) {
        result = -EIO; /* e says which command, and its last line */
    }
    if (result == 0) {
        size_t n = scrape_parse(buf_str(&out), s->figures, FIGURES_MAX);
        s->count = n < FIGURES_MAX ? n : FIGURES_MAX;
        if (n == 0) {
            result = err_set(e, -EBADMSG,
                             "scrape: '%s' printed no line of a name and a number, such as "
                             "'calls 42'",
                             s->command);
        }
    }
    buf_finish(&out);
    return result;
}

static int open_scrape(void *state, const void *given, struct err *e)
{
    const struct scrape_options *o = given;
    struct scrape_state *s = state;
    int result;

    memset(s, 0, sizeof(*s));
    buf_init(&s->text);
    if (o->command == NULL || o->command[0] == '\0') {
        return err_set(e, -EINVAL, "command: none is given for the scrape probe");
    }
    s->timeout_ns = o->timeout_ns;
    str_printf(s->name, sizeof(s->name), "%s", o->name != NULL ? o->name : "scrape");
    s->command = strdup(o->command);
    s->figures = calloc(FIGURES_MAX, sizeof(*s->figures));
    s->read = calloc(FIGURES_MAX, sizeof(*s->read));
    result = s->command != NULL && s->figures != NULL && s->read != NULL
                 ? learn(s, e)
                 : err_set(e, -ENOMEM, "no memory for the scrape probe");
    if (result < 0) {
        close_scrape(s);
    }
    return result;
}

static size_t columns(const void *state, struct sample_column *ret, size_t room)
{
    const struct scrape_state *s = state;
    size_t n = 0;

    for (size_t i = 0; i < s->count; i++) {
        n = columns_add(ret, room, n, s->name, s->figures[i].name, "1", s->figures[i].kind);
    }
    return n;
}

static void forget(struct scrape_state *s)
{
    for (size_t i = 0; i < s->count; i++) {
        s->figures[i].value = NAN;
    }
}

static void take_values(struct scrape_state *s)
{
    size_t n = scrape_parse(buf_str(&s->text), s->read, FIGURES_MAX);

    forget(s);
    n = n < FIGURES_MAX ? n : FIGURES_MAX;
    for (size_t i = 0; i < s->count; i++) {
        /* As a rule in the same order as before. */
        for (size_t k = 0; k < n; k++) {
            const struct scrape_line *line = &s->read[(i + k) % n];
            if (strcmp(line->name, s->figures[i].name) == 0) {
                s->figures[i].value = line->value;
                break;
            }
        }
    }
}

static void read_more(struct scrape_state *s)
{
    char part[4096];
    ssize_t n;

    while (s->text.size < OUTPUT_MAX && (n = read(s->proc.out_fd, part, sizeof(part))) > 0) {
        buf_append(&s->text, part, (size_t)n);
    }
}

static void start_run(struct scrape_state *s, uint64_t now_ns)
{
    /* What it complains of was seen at the first run. */
    const char *words[] = {"sh", "-c", "exec 2>/dev/null; eval \"$0\"", s->command, NULL};

    buf_clear(&s->text);
    s->started_ns = now_ns;
    if (proc_start(&s->proc, (char *const *)(void *)words, PROC_DIE_WITH_PARENT, NULL) < 0) {
        s->proc.pid = 0;
        return;
    }
    (void)fcntl(s->proc.out_fd, F_SETFL, O_NONBLOCK);
}

/* A run that is over gives its values; one that takes too long is ended and gives none. */
static void look_at_run(struct scrape_state *s, uint64_t now_ns)
{
    bool is_over = proc_has_exited(&s->proc) || now_ns - s->started_ns > s->timeout_ns;

    read_more(s);
    if (!is_over) {
        return;
    }
    if (proc_stop(&s->proc, 1) == 0) {
        take_values(s);
    } else {
        forget(s);
    }
    s->proc.pid = 0;
}

static int sample(void *state, uint64_t now_ns, double *ret_values, size_t count)
{
    struct scrape_state *s = state;

    if (s->proc.pid > 0) {
        look_at_run(s, now_ns);
    }
    if (s->proc.pid == 0) {
        start_run(s, now_ns);
    }
    for (size_t i = 0; i < s->count && i < count; i++) {
        ret_values[i] = s->figures[i].value;
    }
    return 0;
}

extern const struct probe_ops probe_scrape;
const struct probe_ops probe_scrape = {
    .name = "scrape",
    .summary = "figures that a command prints: a Prometheus page, a control tool, SNMP",
    .options = options,
    .options_size = sizeof(struct scrape_options),
    .state_size = sizeof(struct scrape_state),
    .open = open_scrape,
    .columns = columns,
    .sample = sample,
    .close = close_scrape,
};
