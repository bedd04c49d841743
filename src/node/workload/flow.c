/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * flow: numbered packets of many flows to many destinations: what a router, a bridge or a network
 * carries of them, loses, delays and reorders. As UDP payloads that an appliance returns, or as
 * frames that are forwarded to another port of ours. Here is the life of a load.
 */
#include "node/workload/flow.h"

#include <errno.h>
#include <math.h>
#include <netinet/in.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>

#include "io/addr.h"
#include "node/codec/wire.h"

enum { WINDOW_MIN = 4, WINDOW_MAX = 1 << 20, HUGE_PAGE = 2 << 20, ETHERNET_IPV4 = 0x0800 };
#define WINDOW_S 1.0 /* so long a packet may be under way */

static const struct workload_counter counters[] = {
    [FLOW_SENT] = {"flow_sent", "packets"},
    [FLOW_RECEIVED] = {"flow_received", "packets"},
    [FLOW_SENT_BYTES] = {"flow_sent_bytes", "bytes"},
    [FLOW_RECEIVED_BYTES] = {"flow_received_bytes", "bytes"},
    [FLOW_DUPLICATES] = {"flow_duplicates", "packets"},
    [FLOW_REORDERED] = {"flow_reordered", "packets"},
    [FLOW_TOO_LATE] = {"flow_too_late", "packets"},
    [FLOW_FOREIGN] = {"flow_foreign", "packets"},
    [FLOW_COUNTERS] = {NULL, NULL},
};

static int check_sizes(const struct flow_state *s, const struct sockaddr_storage *to, struct err *e)
{
    const uint32_t least = flow_headers_size(to->ss_family) + FLOW_STAMP_SIZE + FLOW_FCS;
    char text[ADDR_TEXT_MAX];

    return s->sizes.smallest >= least
               ? 0
               : err_set(e, -EINVAL,
                         "sizes: a frame to %s with number and time in it has %u bytes at least",
                         addr_format(to, text, sizeof(text)), least);
}

static int prepare(void *state, const void *given, const struct sockaddr_storage *endpoints,
                   size_t count, struct err *e)
{
    struct flow_state *s = state;
    const struct flow_options *o = given;
    struct workload_shape shape;
    int result;

    s->options = *o;
    if ((result = flow_sizes_parse(&s->sizes, o->sizes, e)) < 0 ||
        (result = flow_check(o, &shape, e)) < 0) {
        return result;
    }
    s->rate_per_s = shape.rate_per_s;
    s->offered_per_s =
        o->burst > 0 ? (double)o->burst * 1e9 / (double)o->burst_every_ns : shape.rate_per_s;
    for (size_t i = 0; i < count; i++) {
        if ((result = check_sizes(s, &endpoints[i], e)) < 0) {
            return result;
        }
    }
    s->to = calloc(count + 1, sizeof(*s->to));
    if (s->to == NULL) {
        return err_set(e, -ENOMEM, "no memory for %zu flows", count);
    }
    memcpy(s->to, endpoints, count * sizeof(*s->to));
    s->count = count;
    return 0;
}

/* Memory whose pages are there before the first packet; in huge ones, where the kernel has them,
 * much of it is there sooner and found faster. */
static void *allocate(size_t count, size_t size)
{
    size_t bytes = (count + 1) * size, align = bytes < HUGE_PAGE ? sizeof(max_align_t) : HUGE_PAGE;
    void *at;

    if (count > SIZE_MAX / size - HUGE_PAGE) {
        return NULL;
    }
    bytes = (bytes + align - 1) / align * align;
    at = aligned_alloc(align, bytes);
    if (at != NULL) {
        (void)(align == HUGE_PAGE && madvise(at, bytes, MADV_HUGEPAGE));
        memset(at, 0, bytes);
    }
    return at;
}

static void close_shard(void *given)
{
    struct flow_shard *s = given;

    free(s->streams);
    free(s->marks);
    free(s->headers);
    hist_destroy(s->delay);
    hist_destroy(s->variation);
    s->streams = NULL;
    s->marks = NULL;
    s->headers = NULL;
    s->delay = s->variation = NULL;
}

static uint32_t window_of(const struct flow_state *s)
{
    const double wanted = s->rate_per_s * WINDOW_S / (double)s->count;
    uint32_t window = WINDOW_MIN;

    while (window < wanted && window < WINDOW_MAX) {
        window *= 2;
    }
    return window;
}

static int prepare_frames(struct flow_shard *s)
{
    const struct workload_ports *ports = s->ports;

    for (int i = 0; i < 2; i++) {
        s->out[i] = (struct sockaddr_ll){.sll_family = AF_PACKET,
                                         .sll_protocol = htons(i == 0 ? ETHERNET_IPV4 : 0x86dd),
                                         .sll_ifindex = (int)ports->out.index,
                                         .sll_halen = LINK_MAC_SIZE};
        memcpy(s->out[i].sll_addr, ports->next_hop, LINK_MAC_SIZE);
    }
    s->headers = allocate(s->slots, sizeof(*s->headers));
    for (uint32_t i = 0; s->headers != NULL && i < s->slots; i++) {
        flow_frame_prepare(s->headers[i], ports, &s->state->to[s->first_slot + i], s->port);
    }
    return s->headers != NULL ? 0 : -ENOMEM;
}

static int open_shard(void *given, void *state, const struct workload_shard_env *env, struct err *e)
{
    struct flow_shard *s = given;

    s->state = state;
    s->ports = env->ports;
    s->first_slot = env->first_slot;
    s->slots = env->slots;
    s->port = addr_port(&env->local);
    s->window = window_of(s->state);
    s->burst = s->state->options.burst * (env->shard + 1) / env->shards -
               s->state->options.burst * env->shard / env->shards;
    s->streams = allocate(s->slots, sizeof(*s->streams));
    s->marks = allocate((size_t)s->slots * s->window, sizeof(*s->marks));
    s->delay = hist_create();
    s->variation = hist_create();
    if (s->streams == NULL || s->marks == NULL || s->delay == NULL || s->variation == NULL ||
        (s->ports != NULL && prepare_frames(s) < 0)) {
        close_shard(s);
        return err_set(e, -ENOMEM, "no memory for %u flows of %u packets under way", env->slots,
                       s->window);
    }
    return 0;
}

static void window(void *given, uint64_t from_ns, uint64_t to_ns)
{
    struct flow_shard *s = given;

    s->from_ns = from_ns;
    s->to_ns = to_ns;
}

static int is_drained(const void *given)
{
    const struct flow_shard *s = given;

    return atomic_load_explicit(&s->counters[FLOW_RECEIVED], memory_order_relaxed) >=
           atomic_load_explicit(&s->counters[FLOW_SENT], memory_order_relaxed);
}

static void read_counters(const void *given, uint64_t *ret)
{
    const struct flow_shard *s = given;

    for (int i = 0; i < FLOW_COUNTERS; i++) {
        ret[i] = atomic_load_explicit(&s->counters[i], memory_order_relaxed);
    }
}

static void finish(void *state)
{
    struct flow_state *s = state;

    free(s->to);
    s->to = NULL;
}

extern const struct workload_ops workload_flow;
const struct workload_ops workload_flow = {
    .name = "flow",
    .summary = "packets of many flows through a router or to a server: rate, loss, delay, order",
    .options = flow_options_table,
    .options_size = sizeof(struct flow_options),
    .state_size = sizeof(struct flow_state),
    .shard_size = sizeof(struct flow_shard),
    .counters = counters,
    .metrics = flow_metrics,
    .check = flow_check,
    .prepare = prepare,
    .open = open_shard,
    .send = flow_send,
    .receive = flow_receive,
    .window = window,
    .is_drained = is_drained,
    .read_counters = read_counters,
    .summarize = flow_summarize,
    .close = close_shard,
    .finish = finish,
};
