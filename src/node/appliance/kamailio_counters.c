/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * kamailio_counters: what Kamailio counts, asked over its JSON-RPC. The loop's thread.
 */
#include <math.h>
#include <stdlib.h>

#include "base/str.h"
#include "node/appliance/kamailio.h"

/* Its names, and ours: those of the signalling appliance where they mean the same. */
static const struct {
    const char *theirs, *metric, *unit;
    enum sample_kind kind;
} counters[] = {
    {"core.rcv_requests", "requests", "messages", SAMPLE_COUNTER},
    {"core.rcv_requests_invite", "invites", "messages", SAMPLE_COUNTER},
    {"core.rcv_requests_bye", "byes", "messages", SAMPLE_COUNTER},
    {"core.rcv_replies", "responses", "messages", SAMPLE_COUNTER},
    {"core.fwd_requests", "requests_forwarded", "messages", SAMPLE_COUNTER},
    {"core.fwd_replies", "responses_forwarded", "messages", SAMPLE_COUNTER},
    {"core.drop_requests", "requests_dropped", "messages", SAMPLE_COUNTER},
    {"core.drop_replies", "responses_dropped", "messages", SAMPLE_COUNTER},
    {"core.err_requests", "request_errors", "messages", SAMPLE_COUNTER},
    {"core.err_replies", "response_errors", "messages", SAMPLE_COUNTER},
    {"sl.sent_replies", "answers_stateless", "messages", SAMPLE_COUNTER},
    {"tmx.UAS_transactions", "transactions", "1", SAMPLE_COUNTER},
    {"tmx.inuse_transactions", "transactions_now", "1", SAMPLE_GAUGE},
    {"tmx.2xx_transactions", "transactions_2xx", "1", SAMPLE_COUNTER},
    {"tmx.3xx_transactions", "transactions_3xx", "1", SAMPLE_COUNTER},
    {"tmx.4xx_transactions", "transactions_4xx", "1", SAMPLE_COUNTER},
    {"tmx.5xx_transactions", "transactions_5xx", "1", SAMPLE_COUNTER},
    {"tmx.6xx_transactions", "transactions_6xx", "1", SAMPLE_COUNTER},
    {"tmx.rpl_absorbed", "responses_again", "messages", SAMPLE_COUNTER},
    {"tmx.rpl_generated", "answers_generated", "messages", SAMPLE_COUNTER},
    {"shmem.used_size", "memory_used_bytes", "bytes", SAMPLE_GAUGE},
};
enum { COUNTERS = sizeof(counters) / sizeof(*counters) };

/* Of the rtpengine, in that mode. */
static const struct {
    const char *metric, *unit;
    enum sample_kind kind;
} media_counters[] = {
    {"media_packets", "packets", SAMPLE_COUNTER},   {"media_bytes", "bytes", SAMPLE_COUNTER},
    {"media_errors", "packets", SAMPLE_COUNTER},    {"media_streams", "streams", SAMPLE_GAUGE},
    {"media_calls_ended", "calls", SAMPLE_COUNTER},
};
enum { MEDIA_COUNTERS = sizeof(media_counters) / sizeof(*media_counters) };

static void name_column(struct sample_column *c, const char *metric, const char *unit,
                        enum sample_kind kind)
{
    str_printf(c->entity, sizeof(c->entity), "kamailio");
    str_printf(c->metric, sizeof(c->metric), "%s", metric);
    str_printf(c->unit, sizeof(c->unit), "%s", unit);
    c->kind = kind;
}

size_t kamailio_columns(const void *state, struct sample_column *ret, size_t room)
{
    const struct kamailio *k = state;
    const size_t count = COUNTERS + (k->has_media ? MEDIA_COUNTERS : 0);

    for (size_t i = 0; i < count && i < room; i++) {
        if (i < COUNTERS) {
            name_column(&ret[i], counters[i].metric, counters[i].unit, counters[i].kind);
        } else {
            const size_t m = i - COUNTERS;
            name_column(&ret[i], media_counters[m].metric, media_counters[m].unit,
                        media_counters[m].kind);
        }
    }
    return count;
}

static void read_media(struct kamailio *k, double *ret)
{
    struct ng_totals t;
    const bool known = rtpengine_server_read(&k->media, &t) == 0;

    ret[0] = known ? (double)t.packets : (double)NAN;
    ret[1] = known ? (double)t.bytes : (double)NAN;
    ret[2] = known ? (double)t.errors : (double)NAN;
    ret[3] = known ? (double)t.streams : (double)NAN;
    ret[4] = known ? (double)t.ended : (double)NAN;
}

/* It gives its numbers as text. */
void kamailio_stats(void *state, double *ret_values, size_t count)
{
    struct kamailio *k = state;
    struct err unheard = {0};
    json_t *all = kamailio_rpc_call(&k->rpc, k->folder, "stats.fetch", "\"all\"", &unheard);

    for (size_t i = 0; i < COUNTERS && i < count; i++) {
        const char *text = json_string_value(json_object_get(all, counters[i].theirs));
        ret_values[i] = text != NULL ? strtod(text, NULL) : (double)NAN;
    }
    json_decref(all);
    if (k->has_media && count >= COUNTERS + MEDIA_COUNTERS) {
        read_media(k, ret_values + COUNTERS);
    }
}
