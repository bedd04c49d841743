/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * net: see net.h.
 */
#include "node/bench/net.h"

#include <errno.h>

#include "base/str.h"

const char *const net_direction_words[] = {"send", "receive", "both", NULL};

int net_check(const char *who, const struct net_options *o, struct err *e)
{
    return o->peer != NULL
               ? 0
               : err_set(e, -EINVAL,
                         "%s: peer: the far end's ADDRESS:PORT is needed (start vaperf-node far "
                         "there)",
                         who);
}

json_t *net_round(const char *who, const struct net_options *o)
{
    return json_pack("{s:s, s:b, s:b, s:o}", "what", who, "send", o->direction != NET_RECEIVE,
                     "receive", o->direction != NET_SEND, "bytes", json_u64(o->size_bytes));
}

static int check_way(const char *who, const char *way, const struct bulk_figures *sent,
                     const struct bulk_figures *received, bool exactly, struct err *e)
{
    if (received->bytes > 0 && received->bytes <= sent->bytes &&
        (!exactly || received->bytes == sent->bytes)) {
        return 0;
    }
    return err_set(e, -EBADMSG, "%s: %llu bytes were sent %s, and %llu arrived", who,
                   (unsigned long long)sent->bytes, way, (unsigned long long)received->bytes);
}

int net_verify(const char *who, const struct net_state *s, struct err *e)
{
    const bool exactly = !s->is_udp;
    int r = s->o.direction != NET_RECEIVE
                ? check_way(who, "there", &s->own.sent, &s->far.received, exactly, e)
                : 0;
    if (r == 0 && s->o.direction != NET_SEND) {
        r = check_way(who, "here", &s->far.sent, &s->own.received, exactly, e);
    }
    return r;
}

static void put(json_t *o, const char *way, const char *what, double value)
{
    char name[48];
    str_printf(name, sizeof name, "%s_%s", way, what);
    json_object_set_new(o, name, json_real(value));
}

static double rate(const struct bulk_figures *f)
{
    return f->elapsed_ns > 0 ? (double)f->bytes * 8e9 / (double)f->elapsed_ns : 0.0;
}

static void put_way(json_t *o, const char *way, const struct bulk_figures *sent,
                    const struct bulk_figures *received)
{
    put(o, way, "sent_bits_per_s", rate(sent));
    put(o, way, "received_bits_per_s", rate(received));
    put(o, way, "received_bytes", (double)received->bytes);
    put(o, way, "sender_cpu_s", (double)sent->cpu_ns / 1e9);
    put(o, way, "receiver_cpu_s", (double)received->cpu_ns / 1e9);
    if (sent->packets == 0) {
        return;
    }
    put(o, way, "sent_packets", (double)sent->packets);
    put(o, way, "received_packets", (double)received->packets);
    put(o, way, "loss_pct",
        received->packets < sent->packets
            ? 100.0 * (double)(sent->packets - received->packets) / (double)sent->packets
            : 0.0);
    put(o, way, "offloaded", sent->offloaded || received->offloaded ? 1 : 0);
}

json_t *net_figures(const struct net_state *s)
{
    json_t *o = json_object();

    if (s->o.direction != NET_RECEIVE) {
        put_way(o, "out", &s->own.sent, &s->far.received);
    }
    if (s->o.direction != NET_SEND) {
        put_way(o, "in", &s->far.sent, &s->own.received);
    }
    return o;
}
