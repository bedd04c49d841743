/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * signalling: a SIP server: a stateful proxy with a registrar, or one that answers calls by itself
 * (the models of studies A and C). All calls come from the node's loop thread; the server has its
 * own threads.
 */
#include <errno.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/str.h"
#include "io/addr.h"
#include "node/appliance/appliance.h"
#include "node/appliance/signalling_private.h"

static const char *const modes[] = {"proxy", "answer", NULL};
static const char *const transports[] = {"same", "udp", "tcp", NULL};
static const char *const auths[] = {"off", "md5", "sha256", NULL};
static const char *const syncs[] = {"none", "each", "interval", NULL};
static const char *const overloads[] = {"503", "486", "announce", NULL};

#define AT(member) offsetof(struct signalling_options, member)
static const struct opt options[] = {
    {"mode", OPT_CHOICE, "proxy",
     "proxy: requests go on, statefully; answer: it is the called party itself", 0, 0, modes,
     AT(mode), 0},
    {"threads", OPT_COUNT, "2", "threads that treat messages", 1, 64, NULL, AT(threads), 0},
    {"base_port", OPT_COUNT, "0", "its port, of UDP and of TCP; 0: any", 0, 65535, NULL,
     AT(base_port), 0},
    {"buffer", OPT_SIZE, "4M", "buffer of the UDP socket, each way; what was got is reported", 0, 0,
     NULL, AT(buffer_bytes), 0},
    {"next_hop", OPT_STRING, NULL,
     "proxy: where calls go that no registration tells of; without it, to the load's other end", 0,
     0, NULL, AT(next_hop), 0},
    {"transport", OPT_CHOICE, "same", "proxy: of the next hop; same: as the request came", 0, 0,
     transports, AT(transport), 0},
    {"record_route", OPT_FLAG, "yes", "proxy: stays in the path of a call's later requests", 0, 0,
     NULL, AT(record_route), 0},
    {"work", OPT_DURATION, "0", "computing for each call, calibrated to CPU time when it opens", 0,
     1e9, NULL, AT(work_ns), 0},
    {"ring", OPT_DURATION, "0", "answer: from 180 to 200", 0, 60e9, NULL, AT(ring_ns), 0},
    {"auth", OPT_CHOICE, "off", "digest authentication of INVITE and REGISTER", 0, 0, auths,
     AT(auth), 0},
    {"realm", OPT_STRING, "vaperf", "of the digest authentication", 0, 0, NULL, AT(realm), 0},
    {"password", OPT_STRING, "secret", "every user's", 0, 0, NULL, AT(password), 0},
    {"expires", OPT_COUNT, "3600", "seconds of a registration that does not say", 1, 4e9, NULL,
     AT(expires_s), 0},
    {"records", OPT_STRING, NULL, "file that call records are added to; without it there are none",
     0, 0, NULL, AT(records), 0},
    {"keep_records", OPT_FLAG, "yes",
     "no: the file must be new, and goes with the server: for the writing alone", 0, 0, NULL,
     AT(keep_records), 0},
    {"sync", OPT_CHOICE, "interval",
     "when records are forced to the disk: each: before a call's last answer is sent", 0, 0, syncs,
     AT(sync), 0},
    {"sync_interval", OPT_DURATION, "1s", "of sync: interval", 10e6, 3600e9, NULL,
     AT(sync_interval_ns), 0},
    {"calls", OPT_COUNT, "1000000", "calls at once; those beyond meet the overload", 1, 1e8, NULL,
     AT(calls), 0},
    {"overload", OPT_CHOICE, "503",
     "calls beyond the limit: refused, or answered, told so by a busy tone and hung up", 0, 0,
     overloads, AT(overload), 0},
    {"announcement", OPT_DURATION, "2s", "how long the busy tone lasts", 100e6, 60e9, NULL,
     AT(announce_ns), 0},
    {"transactions", OPT_COUNT, "1000000", "transactions at once; beyond, 503", 1000, 1e8, NULL,
     AT(transactions), 0},
    {"connections", OPT_COUNT, "1024", "TCP connections at once", 1, 60000, NULL, AT(connections),
     0},
    {"t1", OPT_DURATION, "500ms", "RFC 3261 timer T1, of which all but timer C are multiples", 20e6,
     2e9, NULL, AT(t1_ns), 0},
    {"timer_c", OPT_DURATION, "200s", "proxy: how long a call may ring", 1e9, 3600e9, NULL,
     AT(timer_c_ns), 0},
    OPT_END,
};

static int check(const void *given, struct err *e)
{
    const struct signalling_options *o = given;
    struct sockaddr_storage hop;

    if (o->next_hop != NULL && addr_parse(&hop, o->next_hop) < 0) {
        return err_set(e, -EINVAL, "next_hop: '%s' is no address and port (e.g. 192.0.2.10:5060)",
                       o->next_hop);
    }
    if (strpbrk(o->realm, "\"\\\r\n") != NULL) {
        return err_set(e, -EINVAL, "realm: no quotes, backslashes or line ends");
    }
    return 0;
}

static void add_hop(struct signalling *s, const struct sockaddr_storage *a)
{
    uint32_t n = atomic_load(&s->hop_count);

    if (n < SIGNALLING_HOPS_MAX) {
        s->hops[n] = signalling_hop(a, 0);
        atomic_store_explicit(&s->hop_count, n + 1, memory_order_release);
    }
}

static void close_signalling(void *state)
{
    struct signalling *s = state;

    if (s == NULL || !s->is_open) {
        return;
    }
    signalling_stop(s);
    if (s->record_fd >= 0) {
        close(s->record_fd);
    }
    pthread_mutex_destroy(&s->record_mutex);
    s->is_open = false;
}

static int open_signalling(void *state, const void *given, const char *address, struct err *e)
{
    struct signalling *s = state;
    int result;

    memset(s, 0, sizeof(*s));
    s->options = *(const struct signalling_options *)given;
    s->udp.fd = s->rtp.fd = s->tcp.fd = s->stop_fd = s->record_fd = -1;
    s->is_open = true;
    pthread_mutex_init(&s->record_mutex, NULL);
    if (s->options.next_hop != NULL) {
        struct sockaddr_storage hop;
        (void)addr_parse(&hop, s->options.next_hop); /* checked */
        if (addr_port(&hop) == 0) {
            addr_set_port(&hop, 5060);
        }
        add_hop(s, &hop);
    }
    result = signalling_records_open(s, e);
    result = result < 0 ? result : signalling_start(s, address, e);
    if (result < 0) {
        close_signalling(s);
    }
    return result;
}

/* One address for all; where the streams end is where calls are sent on to. */
static int endpoints(void *state, const struct sockaddr_storage *peers, size_t count,
                     struct sockaddr_storage *ret, struct err *e)
{
    struct signalling *s = state;

    (void)e;
    for (size_t i = 0; i < count; i++) {
        ret[i] = s->local;
        if (peers[i].ss_family != AF_UNSPEC && s->options.next_hop == NULL) {
            add_hop(s, &peers[i]);
        }
    }
    return 0;
}

/* As enum signalling_count. */
static const struct {
    const char *metric, *unit;
} counters[SIGNALLING_COUNTS] = {
    {"requests", "messages"},    {"responses", "messages"},    {"calls", "calls"},
    {"calls_answered", "calls"}, {"calls_failed", "calls"},    {"calls_ended", "calls"},
    {"answers_1xx", "messages"}, {"answers_2xx", "messages"},  {"answers_3xx", "messages"},
    {"answers_4xx", "messages"}, {"answers_5xx", "messages"},  {"answers_6xx", "messages"},
    {"overloaded", "requests"},  {"challenges", "messages"},   {"malformed", "messages"},
    {"strays", "messages"},      {"unroutable", "requests"},   {"send_errors", "messages"},
    {"records", "records"},      {"record_errors", "records"}, {"record_syncs", "1"},
    {"rtp_received", "packets"}, {"rtp_sent", "packets"},      {"cpu_ns", "ns"},
};

/* Of the transactions, and of this moment. */
static const struct {
    const char *metric, *unit;
    enum sample_kind kind;
} others[] = {
    {"transactions", "1", SAMPLE_COUNTER},          {"timeouts", "1", SAMPLE_COUNTER},
    {"requests_again", "messages", SAMPLE_COUNTER}, {"responses_again", "messages", SAMPLE_COUNTER},
    {"sent_again", "messages", SAMPLE_COUNTER},     {"receive_drops", "packets", SAMPLE_COUNTER},
    {"transactions_now", "1", SAMPLE_GAUGE},        {"calls_now", "calls", SAMPLE_GAUGE},
    {"registrations_now", "users", SAMPLE_GAUGE},   {"receive_buffer_bytes", "bytes", SAMPLE_GAUGE},
    {"work_rounds_per_us", "1", SAMPLE_GAUGE},
};
enum { OTHERS = sizeof(others) / sizeof(*others) };

static void name_column(struct sample_column *c, const char *metric, const char *unit,
                        enum sample_kind kind)
{
    str_printf(c->entity, sizeof(c->entity), "signalling");
    str_printf(c->metric, sizeof(c->metric), "%s", metric);
    str_printf(c->unit, sizeof(c->unit), "%s", unit);
    c->kind = kind;
}

static size_t columns(const void *state, struct sample_column *ret, size_t room)
{
    (void)state;
    for (size_t i = 0; i < SIGNALLING_COUNTS && i < room; i++) {
        name_column(&ret[i], counters[i].metric, counters[i].unit, SAMPLE_COUNTER);
    }
    for (size_t i = 0; i < OTHERS && SIGNALLING_COUNTS + i < room; i++) {
        name_column(&ret[SIGNALLING_COUNTS + i], others[i].metric, others[i].unit, others[i].kind);
    }
    return SIGNALLING_COUNTS + OTHERS;
}

/* Each part's mutex is held for a moment. */
static void sum_parts(struct signalling *s, double *ret)
{
    struct sip_layer_stats sum = {0};
    uint64_t now = 0;

    for (size_t i = 0; i < SIGNALLING_PARTS; i++) {
        const struct sip_layer_stats *l;
        pthread_mutex_lock(&s->parts[i].mutex);
        l = sip_layer_stats(s->parts[i].layer);
        sum.created += l->created;
        sum.timeouts += l->timeouts;
        sum.requests_again += l->requests_again;
        sum.responses_again += l->responses_again;
        sum.sent_again += l->sent_again;
        now += sip_layer_count(s->parts[i].layer);
        pthread_mutex_unlock(&s->parts[i].mutex);
    }
    ret[0] = (double)sum.created;
    ret[1] = (double)sum.timeouts;
    ret[2] = (double)sum.requests_again;
    ret[3] = (double)sum.responses_again;
    ret[4] = (double)sum.sent_again;
    ret[6] = (double)now;
}

static void stats(void *state, double *ret_values, size_t count)
{
    struct signalling *s = state;
    double *rest = ret_values + SIGNALLING_COUNTS;

    if (count < SIGNALLING_COUNTS + OTHERS) {
        return;
    }
    for (size_t i = 0; i < SIGNALLING_COUNTS; i++) {
        uint64_t sum = 0;
        for (size_t t = 0; t < s->options.threads; t++) {
            sum += atomic_load_explicit(&s->threads[t].counts[i], memory_order_relaxed);
        }
        ret_values[i] = (double)sum;
    }
    sum_parts(s, rest);
    rest[5] = (double)udp_drops(&s->udp);
    rest[7] = (double)atomic_load(&s->calls_now);
    rest[8] = (double)signalling_bindings(s);
    rest[9] = (double)s->udp.receive_bytes;
    rest[10] = s->rounds_per_us > 0 ? s->rounds_per_us : (double)NAN;
}

/* Calls that are still going on belong to somebody else: what is waited for is their end. */
static int drain(void *state, uint64_t deadline_ns)
{
    const struct signalling *s = state;

    while (atomic_load(&s->calls_now) > 0) {
        if (clock_now_ns() >= deadline_ns) {
            return -ETIMEDOUT;
        }
        (void)clock_sleep_until(clock_now_ns() + 5 * NS_PER_MS);
    }
    return 0;
}

extern const struct appliance_ops appliance_signalling;
const struct appliance_ops appliance_signalling = {
    .name = "signalling",
    .summary = "SIP server: a stateful proxy with a registrar, or one that answers calls",
    .options = options,
    .options_size = sizeof(struct signalling_options),
    .state_size = sizeof(struct signalling),
    .is_server = true,
    .check = check,
    .open = open_signalling,
    .endpoints = endpoints,
    .columns = columns,
    .stats = stats,
    .drain = drain,
    .close = close_signalling,
};
