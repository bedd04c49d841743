/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * cmd_far: the far end of the network benches without a controller. The main thread waits.
 */
#include "node/cli/command.h"

#include <stdio.h>

#include "base/clock.h"
#include "base/log.h"
#include "io/addr.h"
#include "node/bench/far.h"
#include "node/cli/args.h"
#include "node/cli/output.h"
#include "node/cli/report.h"
#include "node/cli/signals.h"

struct own_options {
    const char *bind;
    uint64_t duration_ns;
    struct output_options output;
};

static const struct opt own_options[] = {
    {"bind", OPT_STRING, "0.0.0.0:5300", "where it listens; without a port, a free one", 0, 0, NULL,
     offsetof(struct own_options, bind), 0},
    {"duration", OPT_DURATION, "0", "how long it serves; 0: until SIGINT or SIGTERM", 0, 0, NULL,
     offsetof(struct own_options, duration_ns), 0},
    OUTPUT_OPTIONS(struct own_options, output),
    OPT_END,
};

static int serve(const void *options, struct err *e)
{
    const struct own_options *o = options;
    const uint64_t until = signals_until(clock_now_ns(), o->duration_ns);
    struct sockaddr_storage at;
    char text[ADDR_TEXT_MAX];
    struct signals s;
    struct far *f;
    int r = signals_open(&s, e);
    if (r < 0)
        return r;
    r = far_open(&f, o->bind, e);
    if (r == 0) {
        far_get_address(f, &at);
        if (!o->output.quiet)
            log_info("the far end listens on %s", addr_format(&at, text, sizeof text));
        while (!signals_wait(&s, until, -1) && clock_now_ns() < until) {
        }
        report_result(&o->output,
                      json_pack("{s:s, s:o}", "far", addr_format(&at, text, sizeof text), "rounds",
                                json_u64(far_rounds(f))));
        far_close(f);
    }
    signals_close(&s);
    return r;
}

static int run(const struct command *c, int argc, char *argv[], struct err *e)
{
    return args_run(c, sizeof(struct own_options), serve, argc, argv, e);
}

static const struct command_example examples[] = {
    {"far --bind 10.0.0.1:5300", "then, in another machine: vaperf-node bench tcp --peer "
                                 "10.0.0.1:5300"},
    {NULL, NULL},
};

const struct command cmd_far = {
    .name = "far",
    .words = "[options]",
    .summary = "is the far end of the benches tcp, udp and pingpong",
    .about = "Serves any number of benches at once, and measures too: what each direction carried "
             "is told by\nboth ends.",
    .driver_kind = -1,
    .options = own_options,
    .examples = examples,
    .run = run,
};
