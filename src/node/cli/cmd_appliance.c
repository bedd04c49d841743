/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * cmd_appliance: a server under test without a controller: what comes from elsewhere is served.
 * The main thread shows its counters; the appliance has threads of its own.
 */
#include "node/cli/command.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "base/log.h"
#include "base/str.h"
#include "io/addr.h"
#include "node/appliance/appliance.h"
#include "node/cli/args.h"
#include "node/cli/output.h"
#include "node/cli/progress.h"
#include "node/cli/series.h"
#include "node/cli/signals.h"

#define ADDRESS_ALONE "127.0.0.1" /* where nobody says one */
enum { RTCP_MUX, RTCP_NEXT };

struct own_options {
    const char *listen;
    uint64_t streams, duration_ns;
    int rtcp_port;
    struct output_options output;
};

static const char *const rtcp_ports[] = {"mux", "next", NULL};

static const struct opt own_options[] = {
    {"listen", OPT_STRING, NULL,
     "address, and port of the first stream (else 127.0.0.1:5000, or 127.0.0.1 for an appliance "
     "that chooses its ports itself)",
     0, 0, NULL, offsetof(struct own_options, listen), 0},
    {"streams", OPT_COUNT, "1",
     "ports that are opened, one after another; one port also serves any number of streams", 1,
     60000, NULL, offsetof(struct own_options, streams), 0},
    {"rtcp_port", OPT_CHOICE, "mux",
     "where a stream's RTCP comes: mux on RTP's port, next on the one after it: then a stream has "
     "two, the first an even one",
     0, 0, rtcp_ports, offsetof(struct own_options, rtcp_port), 0},
    {"duration", OPT_DURATION, "0", "how long it serves; 0: until SIGINT or SIGTERM", 0, 0, NULL,
     offsetof(struct own_options, duration_ns), 0},
    OUTPUT_OPTIONS(struct own_options, output),
    OPT_END,
};

struct serving {
    const struct appliance_ops *ops;
    const struct own_options *own;
    void *state;
    struct sockaddr_storage *endpoints;
    struct sample_column *columns;
    double *values;
    size_t count;
    struct series series;
    struct signals signals;
    struct progress progress;
};

static void take_row(struct serving *s)
{
    char line[256];
    const uint64_t now = clock_now_ns();
    s->ops->stats(s->state, s->values, s->count);
    series_add(&s->series, now, s->values);
    output_row(&s->own->output, s->ops->name, now, s->values, s->count);
    if (s->series.rows > 1)
        progress_show(&s->progress, "%s", series_format_sums(&s->series, line, sizeof line));
}

/* Of one that chooses its ports itself. */
static const char *listens_at(const struct serving *s)
{
    return s->own->listen != NULL ? s->own->listen : ADDRESS_ALONE;
}

static void say_listening(const struct serving *s)
{
    char first[ADDR_TEXT_MAX], last[ADDR_TEXT_MAX];
    if (s->own->output.quiet)
        return;
    addr_format(&s->endpoints[0], first, sizeof first);
    addr_format(&s->endpoints[s->own->streams - 1], last, sizeof last);
    if (s->ops->is_router)
        log_info("appliance %s passes on what comes in at %s, such as to %s", s->ops->name,
                 listens_at(s), first);
    else if (s->own->streams == 1)
        log_info("appliance %s listens on %s", s->ops->name, first);
    else
        log_info("appliance %s listens on %s to %s", s->ops->name, first, last);
}

static int open_streams(struct serving *s, struct arena *a, struct err *e)
{
    const size_t n = s->own->streams;
    struct sockaddr_storage *peers = ARENA_ARRAY(a, struct sockaddr_storage, n); /* AF_UNSPEC */
    s->endpoints = ARENA_ARRAY(a, struct sockaddr_storage, n);
    if (s->own->rtcp_port == RTCP_MUX)
        return s->ops->endpoints(s->state, peers, n, s->endpoints, e);
    int r = appliance_check_pairs(s->ops, e);
    return r < 0 ? r : s->ops->endpoint_pairs(s->state, peers, n, s->endpoints, e);
}

static int prepare_rows(struct serving *s, struct err *e)
{
    s->count = s->ops->columns(s->state, NULL, 0);
    s->columns = calloc(s->count + 1, sizeof *s->columns);
    s->values = calloc(s->count + 1, sizeof *s->values);
    if (s->columns == NULL || s->values == NULL)
        return err_set(e, -ENOMEM, "no memory for columns");
    s->ops->columns(s->state, s->columns, s->count);
    int r = series_init(&s->series, s->columns, s->count);
    if (r < 0)
        return err_set(e, r, "no memory for columns");
    output_columns(&s->own->output, s->columns, s->count);
    return 0;
}

static void serve(struct serving *s)
{
    const uint64_t now = clock_now_ns();
    const uint64_t end = signals_until(now, s->own->duration_ns);
    uint64_t next = now + s->own->output.interval_ns;
    take_row(s);
    while (!signals_wait(&s->signals, next < end ? next : end, -1) && clock_now_ns() < end) {
        take_row(s);
        next += s->own->output.interval_ns;
    }
    take_row(s);
    progress_end(&s->progress);
}

static void print_result(struct serving *s)
{
    char first[ADDR_TEXT_MAX];
    addr_format(&s->endpoints[0], first, sizeof first);
    json_t *result = json_pack("{s:s, s:s, s:s*, s:o, s:o}", "appliance", s->ops->name, "listen",
                               s->ops->is_router ? listens_at(s) : first, "destination",
                               s->ops->is_router ? first : NULL, "streams",
                               json_u64(s->own->streams), "series", series_to_json(&s->series));
    if (output_result(&s->own->output, result))
        return;
    series_print_table(&s->series, stdout);
    json_decref(result);
}

/* Splits --listen: the port is the driver's base_port, the rest where its sockets bind. */
static int set_listen(const struct serving *s, const struct driver *d, void *options,
                      struct arena *a, char *ret_host, struct err *e)
{
    struct sockaddr_storage at;
    char text[ADDR_TEXT_MAX];
    const struct opt *o = opt_find(d->options, "base_port");
    const char *alone = o != NULL ? "127.0.0.1:5000" : ADDRESS_ALONE;
    const char *listen = s->own->listen != NULL ? s->own->listen : alone;
    if (addr_parse(&at, listen) < 0)
        return err_set(e, -EINVAL,
                       "--listen: '%s' is no address (names are not looked up; such as "
                       "127.0.0.1:5000 or [::1]:5000)",
                       listen);
    const unsigned port = addr_port(&at);
    if (o == NULL && port != 0)
        return err_set(e, -EINVAL,
                       "--listen: appliance %s chooses its ports itself: give an address alone",
                       d->name);
    if (port + s->own->streams - 1 > UINT16_MAX)
        return err_set(e, -EINVAL, "--streams: %llu ports from %u on go beyond %u",
                       (unsigned long long)s->own->streams, port, UINT16_MAX);
    addr_set_port(&at, 0);
    addr_format(&at, ret_host, ADDR_TEXT_MAX);
    str_printf(text, sizeof text, "%u", port);
    return port != 0 ? opt_parse(o, text, options, a, e) : 0;
}

static int run_appliance(struct serving *s, struct arena *a, struct err *e)
{
    int r = open_streams(s, a, e);
    if (r < 0 || (r = prepare_rows(s, e)) < 0)
        return r;
    progress_init(&s->progress, s->own->output.quiet);
    say_listening(s);
    serve(s);
    print_result(s);
    return EXIT_GOOD;
}

static int open_appliance(struct serving *s, const struct driver *d, void *options, struct arena *a,
                          struct err *e)
{
    char host[ADDR_TEXT_MAX];
    int r = set_listen(s, d, options, a, host, e);
    if (r < 0 || (r = s->ops->check(options, e)) < 0)
        return r;
    s->state = arena_alloc(a, s->ops->state_size + 1);
    return s->ops->open(s->state, options, host, e);
}

static int run(const struct command *c, int argc, char *argv[], struct err *e)
{
    struct serving s = {0};
    struct driver d;
    struct arena a;
    int r = args_take_type(c, argc, argv, &d, e);
    if (r < 0)
        return r;
    struct args_part parts[] = {{own_options, sizeof(struct own_options), NULL},
                                {d.options, d.options_size, NULL}};
    arena_init(&a);
    s.ops = appliance_find(d.name);
    if ((r = args_parse(parts, 2, argc - 1, argv + 1, &a, e)) < 0)
        goto out;
    s.own = parts[0].options;
    if ((r = signals_open(&s.signals, e)) < 0)
        goto out;
    if ((r = open_appliance(&s, &d, parts[1].options, &a, e)) >= 0) {
        r = run_appliance(&s, &a, e);
        s.ops->close(s.state);
    }
    signals_close(&s.signals);
    series_finish(&s.series);
    free(s.columns);
    free(s.values);
out:
    arena_finish(&a);
    return r;
}

static const struct command_example examples[] = {
    {"appliance media --listen 127.0.0.1:5000", "an echo for any number of streams on one port"},
    {"appliance media --listen 10.0.0.5:5000 --streams 200", "200 streams, each with its own port"},
    {"appliance media --work 20us --threads 2", "with 20 us of computing for each packet"},
    {"appliance router --listen 198.18.0.2 --out east --routes 100000",
     "packets come in by the interface with that address and leave by east"},
    {NULL, NULL},
};

const struct command cmd_appliance = {
    .name = "appliance",
    .words = "TYPE [options]",
    .summary = "runs a server under test until it is ended",
    .about =
        "Serves what a load elsewhere sends: media returns its packets, servers answer, routers "
        "pass them\non. Ends with SIGINT or SIGTERM and then shows what it counted.",
    .driver_kind = DRIVER_APPLIANCE,
    .options = own_options,
    .examples = examples,
    .run = run,
};
