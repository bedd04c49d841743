/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * null: one thread that sends every packet on as it is: enough to run any plan without root.
 */
#include "base/str.h"
#include "node/appliance/appliance.h"
#include "node/appliance/relay.h"

struct null_options {
    uint64_t base_port;
};

struct null_state {
    struct relay *relay;
};

static const struct opt options[] = {
    {"base_port", OPT_COUNT, "0", "port of the first stream, the next ones follow; 0: any", 0,
     65535, NULL, offsetof(struct null_options, base_port), 0},
    OPT_END,
};

static int check(const void *given, struct err *e)
{
    (void)given;
    (void)e;
    return 0;
}

static int open_null(void *state, const void *given, const char *address, struct err *e)
{
    const struct null_options *o = given;
    const struct relay_options r = {
        .threads = 1, .base_port = (uint16_t)o->base_port, .address = address};
    return relay_open(&((struct null_state *)state)->relay, &r, e);
}

static int endpoints(void *state, const struct sockaddr_storage *peers, size_t count,
                     struct sockaddr_storage *ret, struct err *e)
{
    return relay_add(((struct null_state *)state)->relay, RELAY_SINGLE, peers, count, ret, e);
}

static int endpoint_pairs(void *state, const struct sockaddr_storage *peers, size_t count,
                          struct sockaddr_storage *ret, struct err *e)
{
    return relay_add(((struct null_state *)state)->relay, RELAY_PAIRS, peers, count, ret, e);
}

enum { COLUMNS = 3 };

static size_t columns(const void *state, struct sample_column *ret, size_t room)
{
    static const char *const metrics[COLUMNS] = {"relayed_packets", "send_errors", "receive_drops"};

    (void)state;
    for (size_t i = 0; i < COLUMNS && i < room; i++) {
        str_printf(ret[i].entity, sizeof(ret[i].entity), "null");
        str_printf(ret[i].metric, sizeof(ret[i].metric), "%s", metrics[i]);
        str_printf(ret[i].unit, sizeof(ret[i].unit), "packets");
        ret[i].kind = SAMPLE_COUNTER;
    }
    return COLUMNS;
}

static void stats(void *state, double *ret_values, size_t count)
{
    const struct relay *r = ((struct null_state *)state)->relay;
    struct relay_stats s;

    if (count >= COLUMNS) {
        relay_read(r, 0, &s);
        ret_values[0] = (double)s.relayed;
        ret_values[1] = (double)s.send_errors;
        ret_values[2] = (double)relay_drops(r);
    }
}

static int drain(void *state, uint64_t deadline_ns)
{
    return relay_drain(((struct null_state *)state)->relay, deadline_ns);
}

static void close_null(void *state)
{
    struct null_state *s = state;
    if (s != NULL) {
        relay_close(s->relay);
        s->relay = NULL;
    }
}

extern const struct appliance_ops appliance_null;
const struct appliance_ops appliance_null = {
    .name = "null",
    .summary = "sends every packet on, or back, as it is",
    .options = options,
    .options_size = sizeof(struct null_options),
    .state_size = sizeof(struct null_state),
    .check = check,
    .open = open_null,
    .endpoints = endpoints,
    .endpoint_pairs = endpoint_pairs,
    .columns = columns,
    .stats = stats,
    .drain = drain,
    .close = close_null,
};
