/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * cmd_load: traffic towards an appliance, without a controller. The main thread shows progress; the
 * load's workers are threads of their own.
 */
#include "node/cli/command.h"

#include <errno.h>
#include <inttypes.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "base/str.h"
#include "node/cli/args.h"
#include "node/cli/child_appliance.h"
#include "node/cli/endpoints.h"
#include "node/cli/output.h"
#include "node/cli/progress.h"
#include "node/cli/report.h"
#include "node/cli/signals.h"
#include "node/cli/waiting.h"
#include "node/load/load.h"
#include "node/serve/load_rows.h"

/* How soon the end is seen; how long workers have to be ready before the first packet. */
enum { POLL_NS = 20 * 1000 * 1000, START_DELAY_NS = 50 * 1000 * 1000 };

struct own_options {
    const char *to, *appliance;
    struct output_options output;
};

static const struct opt own_options[] = {
    {"to", OPT_STRING, NULL,
     "where to send: ADDRESS:PORT, a range ADDRESS:PORT-PORT, several with commas; streams take "
     "them in turn; self: to its own sockets, which measures the generator alone",
     0, 0, NULL, offsetof(struct own_options, to), 0},
    {"appliance", OPT_STRING, NULL,
     "instead of --to: starts this one in a child process and loads it, for a first try: TYPE or "
     "TYPE,NAME=VALUE,...",
     0, 0, NULL, offsetof(struct own_options, appliance), 0},
    OUTPUT_OPTIONS(struct own_options, output),
    OPT_END,
};

struct running {
    const struct workload_ops *ops;
    const struct own_options *own;
    struct load_options *options;
    const void *workload_options;
    struct load *load;
    struct child_appliance *child;
    struct load_rows rows;
    struct sample_column *columns;
    double *values;
    double sent, received; /* of the last row */
    uint64_t at_ns;
    uint64_t end_ns; /* of the measured part, when nobody ends it early */
    char source[64];
    struct signals signals;
    bool interrupted;
    struct progress progress;
    struct waiting waiting; /* while it is opened */
};

/* ---- addresses ---- */

/* Of what takes long before the load: a line every interval, until a signal ends it. */
static int look_before(void *arg, const char *what, uint64_t done, uint64_t wanted)
{
    struct running *r = arg;
    const uint64_t now_ns = clock_now_ns();
    waiting_end(&r->waiting); /* this says more */
    if (signals_wait(&r->signals, now_ns, -1)) {
        r->interrupted = true;
        progress_end(&r->progress);
        return -EINTR;
    }
    if (r->at_ns == 0)
        r->at_ns = now_ns;
    if (now_ns - r->at_ns >= r->own->output.interval_ns) {
        progress_show(&r->progress, "%-9s %" PRIu64 " of %" PRIu64 " %s", "before", done, wanted,
                      what);
        r->at_ns = now_ns;
    }
    return 0;
}

/* NULL: it has no such option. */
static const char *protocol_of(const struct running *r, char *buffer, size_t size)
{
    const struct opt *o = opt_find(r->ops->options, "protocol");
    return o != NULL ? opt_format(o, r->workload_options, buffer, size) : NULL;
}

static int connect_to_child(struct running *r, struct arena *a, struct err *e)
{
    const size_t count = load_shape(r->load)->endpoints;
    struct sockaddr_storage *peers = ARENA_ARRAY(a, struct sockaddr_storage, count + 1);
    struct sockaddr_storage *ends = ARENA_ARRAY(a, struct sockaddr_storage, count + 1);
    char protocol[32];
    int result = load_peers(r->load, peers, count);
    if (result < 0)
        return err_set(e, result, "local addresses: %s", strerror(-result));
    result = child_appliance_check(r->own->appliance, load_shape(r->load), e);
    if (result < 0)
        return result;
    result = child_appliance_start(&r->child, r->own->appliance, r->options->bind,
                                   protocol_of(r, protocol, sizeof protocol), e);
    if (result < 0)
        return result;
    result = load_shape(r->load)->is_paired
                 ? child_appliance_endpoint_pairs(r->child, peers, count, ends, e)
                 : child_appliance_endpoints(r->child, peers, count, ends, e);
    return result < 0 ? result : load_connect(r->load, ends, count, e);
}

/* Each stream ends where it begins. */
static int connect_to_self(struct running *r, struct arena *a, struct err *e)
{
    const size_t count = load_shape(r->load)->endpoints;
    struct sockaddr_storage *peers = ARENA_ARRAY(a, struct sockaddr_storage, count + 1);
    int result = load_peers(r->load, peers, count);
    if (result < 0)
        return err_set(e, result, "local addresses: %s", strerror(-result));
    return load_connect(r->load, peers, count, e);
}

/* The addresses of --to, and the local one that fits them. Of a range, streams with a pair of ports
 * have every second one. */
static int parse_targets(struct running *r, struct arena *a, struct sockaddr_storage **ret,
                         size_t *ret_count, struct err *e)
{
    struct workload_shape shape;
    int result = r->ops->check(r->workload_options, &shape, e);
    if (result < 0)
        return result;
    result = endpoints_parse(r->own->to, shape.is_paired ? 2 : 1, a, ret, ret_count, e);
    if (result >= 0)
        result = endpoints_local(r->options->bind, *ret, a, &r->options->bind, e);
    return result < 0 ? err_prefix(e, "--to: ") : 0;
}

static bool is_to_self(const struct running *r)
{
    return r->own->to != NULL && strcmp(r->own->to, "self") == 0;
}

static int open_load(struct running *r, struct arena *a, struct err *e)
{
    struct sockaddr_storage *given = NULL;
    size_t count = 0;
    int result;
    if ((r->own->to == NULL) == (r->own->appliance == NULL))
        return err_set(e, -EINVAL,
                       "where to? --to ADDRESS:PORT names an appliance that runs, "
                       "--appliance TYPE starts one (one of the two)");
    const bool to_self = is_to_self(r);
    if (r->own->to != NULL && !to_self && (result = parse_targets(r, a, &given, &count, e)) < 0)
        return result;
    waiting_begin(&r->waiting, &r->own->output, "preparing load", r->ops->name);
    result = load_create(&r->load, r->ops, r->workload_options, r->options, e);
    waiting_end(&r->waiting);
    if (result < 0)
        return result;
    load_set_wait(r->load, &(struct workload_wait){r, look_before});
    if (to_self)
        return connect_to_self(r, a, e);
    if (r->own->appliance != NULL)
        return connect_to_child(r, a, e);
    const size_t wanted = load_shape(r->load)->endpoints;
    const struct sockaddr_storage *to = endpoints_spread(given, count, wanted, a);
    waiting_begin(&r->waiting, &r->own->output, "reaching", r->own->to);
    result = load_connect(r->load, to, wanted, e);
    waiting_end(&r->waiting);
    return result;
}

/* ---- while it runs ---- */

static const char *duration_text(double ns, char *buffer, size_t size)
{
    if (isnan(ns))
        str_printf(buffer, size, "-");
    else
        str_format_short_duration((uint64_t)ns, buffer, size);
    return buffer;
}

static void show_progress(struct running *r, double elapsed_s)
{
    static const char *const phases[] = {[LOAD_READY] = "ready",
                                         [LOAD_WARMUP] = "warm-up",
                                         [LOAD_MEASURE] = "measuring",
                                         [LOAD_DRAIN] = "draining",
                                         [LOAD_DONE] = "done"};
    const double *v = r->values;
    char p50[32], p99[32], max[32], late[32];
    progress_show(&r->progress,
                  "%-9s sent %.0f/s received %.0f/s  delay p50 %s p99 %s max %s  lateness p99 %s",
                  phases[load_phase(r->load)], (v[LOAD_ROWS_SENT] - r->sent) / elapsed_s,
                  (v[LOAD_ROWS_RECEIVED] - r->received) / elapsed_s,
                  duration_text(v[LOAD_ROWS_DELAY_P50], p50, sizeof p50),
                  duration_text(v[LOAD_ROWS_DELAY_P99], p99, sizeof p99),
                  duration_text(v[LOAD_ROWS_DELAY_MAX], max, sizeof max),
                  duration_text(v[LOAD_ROWS_LATENESS_P99], late, sizeof late));
}

static void take_row(struct running *r)
{
    const uint64_t at_ns = load_rows_read(&r->rows, r->load, r->values);
    output_row(&r->own->output, r->source, at_ns, r->values, load_rows_count(&r->rows));
    if (at_ns > r->at_ns)
        show_progress(r, (double)(at_ns - r->at_ns) / 1e9);
    r->at_ns = at_ns;
    r->sent = r->values[LOAD_ROWS_SENT];
    r->received = r->values[LOAD_ROWS_RECEIVED];
}

/* Who looks disturbs: nothing ends before the load's own time, unless it was told to. */
static uint64_t look_again_ns(const struct running *r)
{
    const uint64_t now_ns = clock_now_ns();
    return r->interrupted || now_ns >= r->end_ns ? now_ns + POLL_NS : r->end_ns;
}

/* Until the load is done; a signal ends it early, and it still reports. */
static void follow(struct running *r)
{
    uint64_t next = r->at_ns + r->own->output.interval_ns;
    while (load_phase(r->load) != LOAD_DONE) {
        const uint64_t soon = look_again_ns(r);
        if (signals_wait(&r->signals, soon < next ? soon : next, -1)) {
            r->interrupted = true;
            load_stop(r->load);
        }
        if (clock_now_ns() < next)
            continue;
        take_row(r);
        next += r->own->output.interval_ns;
    }
    load_join(r->load);
    take_row(r);
    progress_end(&r->progress);
}

static int prepare_rows(struct running *r, struct err *e)
{
    int result = load_rows_init(&r->rows, r->ops);
    if (result < 0)
        return err_set(e, result, "no memory for histograms");
    str_printf(r->source, sizeof r->source, "load.%s", r->ops->name);
    r->columns = load_rows_columns(&r->rows, r->source);
    r->values = calloc(load_rows_count(&r->rows), sizeof *r->values);
    if (r->columns == NULL || r->values == NULL)
        return err_set(e, -ENOMEM, "no memory for columns");
    output_columns(&r->own->output, r->columns, load_rows_count(&r->rows));
    return 0;
}

/* ---- the whole of it ---- */

static int print_report(struct running *r, struct err *e)
{
    char title[200];
    json_t *report = load_report_json(r->load);
    if (report == NULL)
        return err_set(e, -ENOMEM, "no memory for a report");
    const bool is_void = json_array_size(json_object_get(report, "void")) > 0;
    if (!output_result(&r->own->output, report)) {
        str_printf(title, sizeof title, "load %s to %s%.120s", r->ops->name,
                   r->own->to != NULL ? "" : "a child process, appliance ",
                   r->own->to != NULL ? r->own->to : r->own->appliance);
        report_print_load(stdout, title, is_to_self(r) ? NULL : r->own->to, report);
        json_decref(report);
    }
    if (r->interrupted)
        return EXIT_INTERRUPTED;
    return is_void ? EXIT_VOID : EXIT_GOOD;
}

static int run_load(struct running *r, struct arena *a, struct err *e)
{
    progress_init(&r->progress, r->own->output.quiet);
    int result = open_load(r, a, e);
    if (result == -EINTR && r->interrupted) {
        char text[ERR_TEXT_MAX];
        fprintf(stderr, "vaperf-node: %s\n", err_format(e, text, sizeof text));
        return EXIT_INTERRUPTED;
    }
    if (result < 0 || (result = prepare_rows(r, e)) < 0)
        return result;
    r->at_ns = clock_now_ns() + START_DELAY_NS;
    r->end_ns = r->at_ns + r->options->warmup_ns + r->options->duration_ns;
    if ((result = load_start(r->load, r->at_ns, e)) < 0)
        return result;
    follow(r);
    return print_report(r, e);
}

static int run(const struct command *c, int argc, char *argv[], struct err *e)
{
    struct running r = {0};
    struct driver d;
    struct arena a;
    int result = args_take_type(c, argc, argv, &d, e);
    if (result < 0)
        return result;
    struct args_part parts[] = {{own_options, sizeof(struct own_options), NULL},
                                {load_options_table, sizeof(struct load_options), NULL},
                                {d.options, d.options_size, NULL}};
    arena_init(&a);
    result = args_parse(parts, 3, argc - 1, argv + 1, &a, e);
    if (result >= 0 && (result = signals_open(&r.signals, e)) >= 0) {
        r.ops = workload_find(d.name);
        r.own = parts[0].options;
        r.options = parts[1].options;
        r.workload_options = parts[2].options;
        result = run_load(&r, &a, e);
        load_destroy(r.load);
        child_appliance_stop(r.child);
        load_rows_finish(&r.rows);
        free(r.columns);
        free(r.values);
        signals_close(&r.signals);
    }
    arena_finish(&a);
    return result;
}

static const struct command_example examples[] = {
    {"load rtp --streams 200 --appliance media --duration 5s",
     "a first try: a media server in a child process, loaded for 5 seconds"},
    {"load rtp --streams 200 --to 127.0.0.1:5000-5199",
     "to a media server in another terminal: vaperf-node appliance media --streams 200"},
    {"load rtp --streams 1000 --to 10.0.0.5:5000 --duration 30s --cpus 1 --json",
     "all streams to one port, the sender on CPU 1, the result as JSON"},
    {"load rtp --streams 400 --profile ramp --ramp_time 30s --to 10.0.0.5:5000",
     "from nothing to 400 streams' packets within 30 seconds"},
    {NULL, NULL},
};

const struct command cmd_load = {
    .name = "load",
    .words = "TYPE --to ADDRESS:PORT [options]",
    .summary = "sends traffic and measures what comes back",
    .about =
        "Open loop, on absolute time: what the appliance does never bends the schedule. Delay is "
        "shown\nfrom the time a packet was intended for and from the time it was sent. The "
        "generator judges\nitself too: when it was the limit, the result is void, the reason "
        "is shown and the exit code is 5.",
    .driver_kind = DRIVER_WORKLOAD,
    .options = own_options,
    .shared = load_options_table,
    .shared_title = "every load",
    .examples = examples,
    .run = run,
};
