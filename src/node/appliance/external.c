/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * external: a server that is not ours: a product started by commands, or a black box that is there
 * already and has an address. What it counts is read by the scrape probe. The loop's thread; the
 * commands get VAPERF_ADDRESS and VAPERF_PORT.
 */
#include <errno.h>
#include <math.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "base/proc.h"
#include "base/str.h"
#include "io/addr.h"
#include "node/appliance/appliance.h"

enum { HEALTH_PAUSE_MS = 50, COMMAND_S = 20, STOP_S = 5 };

struct external_options {
    const char *start, *run, *stop, *health, *target, *scrape;
    uint64_t base_port, ports, ready_ns;
};

struct external_state {
    char *stop, *environment; /* environment: a shell command that sets it */
    struct sockaddr_storage target;
    uint64_t base_port, ports, next;
    struct proc server; /* of `run`; pid 0: none */
    bool has_server;
};

#define AT(member) offsetof(struct external_options, member)
static const struct opt options[] = {
    {"base_port", OPT_COUNT, "5000", "first UDP port that the load goes to", 1, 65535, NULL,
     AT(base_port), 0},
    {"ports", OPT_COUNT, "1",
     "how many ports it has, one after another; 1: all streams go to the one", 1, 65535, NULL,
     AT(ports), 0},
    {"target", OPT_STRING, NULL, "its address, when it is not its machine's", 0, 0, NULL,
     AT(target), 0},
    {"start", OPT_STRING, NULL, "command that starts it and ends, such as systemctl start x", 0, 0,
     NULL, AT(start), 0},
    {"run", OPT_STRING, NULL,
     "command that is the server; without stop, SIGTERM ends it with the trial", 0, 0, NULL,
     AT(run), 0},
    {"health", OPT_STRING, NULL, "command that succeeds when it can serve", 0, 0, NULL, AT(health),
     0},
    {"ready", OPT_DURATION, "20s", "how long that may take", 1e6, 25e9, NULL, AT(ready_ns), 0},
    {"stop", OPT_STRING, NULL, "command that ends it", 0, 0, NULL, AT(stop), 0},
    {"scrape", OPT_STRING, NULL,
     "command that prints its counters (see vaperf-node probe scrape --help)", 0, 0, NULL,
     AT(scrape), 0},
    OPT_END,
};

static int check(const void *given, struct err *e)
{
    const struct external_options *o = given;

    if (o->base_port + o->ports - 1 > 65535) {
        return err_set(e, -EINVAL, "ports: %llu from port %llu on go beyond 65535",
                       (unsigned long long)o->ports, (unsigned long long)o->base_port);
    }
    return 0;
}

/* sh -c with the environment in front; `what` names the option in errors. */
static int run_command(const struct external_state *s, const char *what, const char *command,
                       struct err *e)
{
    const char *words[] = {"sh", "-c", "eval \"$0\"; eval \"$1\"", s->environment, command, NULL};
    int result;

    if (command == NULL) {
        return 0;
    }
    result = proc_run((char *const *)(void *)words, NULL, NULL, COMMAND_S * NS_PER_S, e);
    if (result == 0) {
        return 0;
    }
    (void)err_prefix(e, "external: %s: ", what);
    return result < 0 ? result : -EIO;
}

static int start_server(struct external_state *s, const char *command, struct err *e)
{
    const char *words[] = {"sh",           "-c",    "eval \"$0\"; eval \"exec $1\"",
                           s->environment, command, NULL};
    int result;

    if (command == NULL) {
        return 0;
    }
    result = proc_start(&s->server, (char *const *)(void *)words, PROC_DIE_WITH_PARENT, e);
    s->has_server = result == 0;
    return result;
}

static int has_ended(struct external_state *s, struct err *e)
{
    if (!s->has_server || !proc_has_exited(&s->server)) {
        return 0;
    }
    s->has_server = false;
    return err_set(e, -EIO, "external: run: the server ended at once, with status %d",
                   proc_stop(&s->server, 1));
}

static int wait_until_healthy(struct external_state *s, const struct external_options *o,
                              struct err *e)
{
    uint64_t end_ns = clock_now_ns() + o->ready_ns;
    char text[32];
    struct err why = {0};

    for (;;) {
        int result = has_ended(s, e);
        if (result < 0) {
            return result;
        }
        if (run_command(s, "health", o->health, &why) == 0) {
            return 0;
        }
        if (clock_now_ns() >= end_ns) {
            return err_set(e, -ETIMEDOUT, "external: not healthy within %s: %s",
                           str_format_duration(o->ready_ns, text, sizeof(text)), why.text);
        }
        (void)clock_sleep_until(clock_now_ns() + HEALTH_PAUSE_MS * NS_PER_MS);
    }
}

static void close_external(void *state)
{
    struct external_state *s = state;

    if (s == NULL) {
        return;
    }
    if (s->stop != NULL) {
        struct err unheard = {0};
        (void)run_command(s, "stop", s->stop, &unheard);
    }
    if (s->has_server) {
        if (s->stop == NULL) { /* nobody has told it to end */
            (void)kill(-s->server.pid, SIGTERM);
        }
        proc_stop(&s->server, STOP_S * NS_PER_S);
    }
    s->has_server = false;
    free(s->stop);
    free(s->environment);
    s->stop = s->environment = NULL;
}

static char *make_environment(const char *address, uint64_t port)
{
    char text[160];
    str_printf(text, sizeof(text), "export VAPERF_ADDRESS='%.64s' VAPERF_PORT=%llu", address,
               (unsigned long long)port);
    return strdup(text);
}

static int open_external(void *state, const void *given, const char *address, struct err *e)
{
    const struct external_options *o = given;
    const char *target = o->target != NULL ? o->target : address;
    struct external_state *s = state;
    int result;

    memset(s, 0, sizeof(*s));
    s->base_port = o->base_port;
    s->ports = o->ports;
    if (addr_parse(&s->target, target) < 0) {
        return err_set(e, -EINVAL, "target: '%s' is no address (e.g. 192.0.2.10)", target);
    }
    s->environment = make_environment(target, o->base_port);
    s->stop = o->stop != NULL ? strdup(o->stop) : NULL;
    if (s->environment == NULL || (o->stop != NULL && s->stop == NULL)) {
        close_external(s);
        return err_set(e, -ENOMEM, "no memory for appliance external");
    }
    result = run_command(s, "start", o->start, e);
    if (result == 0) {
        result = start_server(s, o->run, e);
    }
    if (result == 0) {
        result = wait_until_healthy(s, o, e);
    }
    if (result < 0) {
        close_external(s);
    }
    return result;
}

/* `each`: ports of a stream. */
static int give_ports(struct external_state *s, unsigned each, size_t count,
                      struct sockaddr_storage *ret, struct err *e)
{
    const uint64_t wanted = s->next + each * count;

    if (s->ports > 1 && wanted > s->ports) {
        return err_set(e, -ENOSPC,
                       "external: %llu streams want more than its %llu ports (ports: 1 sends all "
                       "to one)",
                       (unsigned long long)(wanted / each), (unsigned long long)s->ports);
    }
    for (size_t i = 0; i < count; i++) {
        ret[i] = s->target;
        addr_set_port(&ret[i], (uint16_t)(s->base_port + (s->ports > 1 ? s->next + each * i : 0)));
    }
    s->next = wanted;
    return 0;
}

static int endpoints(void *state, const struct sockaddr_storage *peers, size_t count,
                     struct sockaddr_storage *ret, struct err *e)
{
    (void)peers; /* it answers whoever sends */
    return give_ports(state, 1, count, ret, e);
}

static int endpoint_pairs(void *state, const struct sockaddr_storage *peers, size_t count,
                          struct sockaddr_storage *ret, struct err *e)
{
    struct external_state *s = state;
    const uint64_t first = s->base_port + (s->ports > 1 ? s->next : 0);

    (void)peers;
    if (first % 2 != 0) {
        return err_set(e, -EINVAL,
                       "external: RTP with RTCP beside it goes to even ports (RFC 3550 clause 11), "
                       "%llu is odd",
                       (unsigned long long)first);
    }
    return give_ports(s, 2, count, ret, e);
}

static size_t columns(const void *state, struct sample_column *ret, size_t room)
{
    (void)state;
    if (room > 0) {
        *ret = (struct sample_column){
            .entity = "external", .metric = "running", .unit = "1", .kind = SAMPLE_GAUGE};
    }
    return 1;
}

/* Known of a server that we run ourselves. */
static void stats(void *state, double *ret_values, size_t count)
{
    const struct external_state *s = state;

    if (count > 0) {
        ret_values[0] = s->has_server ? !proc_has_exited(&s->server) : (double)NAN;
    }
}

/* What is in its queues nobody can see. */
static int drain(void *state, uint64_t deadline_ns)
{
    (void)state;
    (void)deadline_ns;
    return 0;
}

extern const struct appliance_ops appliance_external;
const struct appliance_ops appliance_external = {
    .name = "external",
    .summary = "a product or black box that is not ours: commands, an address, its own counters",
    .options = options,
    .options_size = sizeof(struct external_options),
    .state_size = sizeof(struct external_state),
    .is_foreign = true,
    .check = check,
    .open = open_external,
    .endpoints = endpoints,
    .endpoint_pairs = endpoint_pairs,
    .columns = columns,
    .stats = stats,
    .drain = drain,
    .close = close_external,
};
