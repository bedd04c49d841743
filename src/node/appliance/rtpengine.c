/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * rtpengine: Sipwise's media proxy in the place of the media server: started for the trial, or one
 * that runs already; each stream is a call of its own, made by the ng protocol; its own totals are
 * the counters. The loop's thread.
 */
#include <errno.h>
#include <math.h>
#include <string.h>

#include "base/clock.h"
#include "base/str.h"
#include "io/addr.h"
#include "node/appliance/appliance.h"
#include "node/appliance/rtpengine_server.h"

enum { QUIET_MS = 2 };

struct rtpengine_options {
    struct rtpengine_words words;
    const char *control;
};

struct rtpengine {
    struct rtpengine_server server;
    uint64_t streams; /* calls that we made */
};

#define AT(member) offsetof(struct rtpengine_options, member)
static const struct opt options[] = {
    {"threads", OPT_COUNT, "2", "its worker threads", 1, 256, NULL, AT(words.threads), 0},
    {"program", OPT_STRING, "rtpengine", "its command, or a path", 0, 0, NULL, AT(words.program),
     0},
    {"first_port", OPT_COUNT, "20000", "its UDP ports begin here; a stream takes four", 1024, 65535,
     NULL, AT(words.first_port), 0},
    {"last_port", OPT_COUNT, "65535", "and end here", 1024, 65535, NULL, AT(words.last_port), 0},
    {"more", OPT_STRING, NULL, "more words of its command line, with spaces between", 0, 0, NULL,
     AT(words.more), 0},
    {"control", OPT_STRING, NULL,
     "ADDRESS:PORT of the ng protocol of one that runs already: none is started", 0, 0, NULL,
     AT(control), 0},
    OPT_END,
};

static int check(const void *given, struct err *e)
{
    const struct rtpengine_options *o = given;
    struct sockaddr_storage at;

    if (o->words.last_port < o->words.first_port + 3) {
        return err_set(e, -EINVAL, "last_port: a stream takes four ports from first_port on");
    }
    if (o->control != NULL && (addr_parse(&at, o->control) < 0 || addr_port(&at) == 0)) {
        return err_set(e, -EINVAL, "control: '%s' is no ADDRESS:PORT (e.g. 127.0.0.1:22222)",
                       o->control);
    }
    return 0;
}

static void name_call(char *text, size_t size, uint64_t number)
{
    str_printf(text, size, "vaperf-%llu", (unsigned long long)number);
}

static void close_rtpengine(void *state)
{
    struct rtpengine *r = state;
    struct err unheard = {0};
    char call[32];

    if (r == NULL || r->server.ng.answer == NULL) {
        return;
    }
    for (uint64_t i = 0; !r->server.has_proc && i < r->streams; i++) {
        name_call(call, sizeof(call), i);
        if (ng_delete(&r->server.ng, call, &unheard) == -ETIMEDOUT) {
            break; /* it has gone, and its calls with it */
        }
    }
    rtpengine_server_close(&r->server);
}

static int open_rtpengine(void *state, const void *given, const char *address, struct err *e)
{
    const struct rtpengine_options *o = given;
    struct rtpengine *r = state;
    struct sockaddr_storage own;

    memset(r, 0, sizeof(*r));
    if (addr_parse(&own, address) < 0) {
        return err_set(e, -EINVAL, "'%s' is no address (e.g. 127.0.0.1)", address);
    }
    return rtpengine_server_open(&r->server, &o->words, &own, o->control, e);
}

/* ---- streams ---- */

static int make_streams(struct rtpengine *r, const struct sockaddr_storage *peers, size_t count,
                        struct sockaddr_storage *ret, struct err *e)
{
    struct err unheard = {0};
    char call[32];
    int result = 0;
    size_t n = 0;

    for (; n < count && result == 0; n++) {
        if (peers[n].ss_family == AF_UNSPEC) {
            result = err_set(e, -ENOTSUP,
                             "rtpengine wants to know where a stream ends before it begins: load "
                             "it from a plan, or with load rtp --appliance rtpengine");
        } else {
            name_call(call, sizeof(call), r->streams + n);
            result = ng_offer_answer(&r->server.ng, call, &peers[n], &peers[n], &ret[n], e);
        }
    }
    for (size_t i = 0; result < 0 && i < n; i++) {
        name_call(call, sizeof(call), r->streams + i);
        (void)ng_delete(&r->server.ng, call, &unheard);
    }
    r->streams += result == 0 ? count : 0;
    return result;
}

static int endpoints(void *state, const struct sockaddr_storage *peers, size_t count,
                     struct sockaddr_storage *ret, struct err *e)
{
    struct rtpengine *r = state;

    r->server.ng.rtcp = NG_RTCP_MUX;
    return make_streams(r, peers, count, ret, e);
}

static int endpoint_pairs(void *state, const struct sockaddr_storage *peers, size_t count,
                          struct sockaddr_storage *ret, struct err *e)
{
    struct rtpengine *r = state;

    r->server.ng.rtcp = NG_RTCP_NEXT;
    return make_streams(r, peers, count, ret, e);
}

/* ---- counters ---- */

static const struct {
    const char *metric, *unit;
    enum sample_kind kind;
} column_words[] = {
    {"relayed_packets", "packets", SAMPLE_COUNTER},
    {"relayed_bytes", "bytes", SAMPLE_COUNTER},
    {"relay_errors", "packets", SAMPLE_COUNTER},
    {"streams", "streams", SAMPLE_GAUGE},
};
enum { COLUMNS = sizeof(column_words) / sizeof(column_words[0]) };

static size_t columns(const void *state, struct sample_column *ret, size_t room)
{
    (void)state;
    for (size_t i = 0; i < COLUMNS && i < room; i++) {
        str_printf(ret[i].entity, sizeof(ret[i].entity), "rtpengine");
        str_printf(ret[i].metric, sizeof(ret[i].metric), "%s", column_words[i].metric);
        str_printf(ret[i].unit, sizeof(ret[i].unit), "%s", column_words[i].unit);
        ret[i].kind = column_words[i].kind;
    }
    return COLUMNS;
}

static void stats(void *state, double *ret_values, size_t count)
{
    struct rtpengine *r = state;
    struct ng_totals t;
    bool known = count >= COLUMNS && rtpengine_server_read(&r->server, &t) == 0;
    const double values[COLUMNS] = {
        known ? (double)t.packets : (double)NAN, known ? (double)t.bytes : (double)NAN,
        known ? (double)t.errors : (double)NAN, known ? (double)t.streams : (double)NAN};

    for (size_t i = 0; i < COLUMNS && i < count; i++) {
        ret_values[i] = values[i];
    }
}

/* Nobody sees into its sockets: it is done when it has stopped counting. */
static int drain(void *state, uint64_t deadline_ns)
{
    struct rtpengine *r = state;
    struct ng_totals before, after;

    for (;;) {
        int result = rtpengine_server_read(&r->server, &before);
        if (result < 0) {
            return result == -ETIMEDOUT ? -EIO : result;
        }
        (void)clock_sleep_until(clock_now_ns() + QUIET_MS * NS_PER_MS);
        result = rtpengine_server_read(&r->server, &after);
        if (result < 0 || after.packets + after.errors == before.packets + before.errors) {
            return result == -ETIMEDOUT ? -EIO : result;
        }
        if (clock_now_ns() >= deadline_ns) {
            return -ETIMEDOUT;
        }
    }
}

extern const struct appliance_ops appliance_rtpengine;
const struct appliance_ops appliance_rtpengine = {
    .name = "rtpengine",
    .summary =
        "Sipwise's media proxy, user space, driven by its ng protocol, with its own counters",
    .options = options,
    .options_size = sizeof(struct rtpengine_options),
    .state_size = sizeof(struct rtpengine),
    .is_foreign = true,
    .check = check,
    .open = open_rtpengine,
    .endpoints = endpoints,
    .endpoint_pairs = endpoint_pairs,
    .columns = columns,
    .stats = stats,
    .drain = drain,
    .close = close_rtpengine,
};
