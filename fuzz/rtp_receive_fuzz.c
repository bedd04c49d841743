/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * rtp_receive_fuzz: what comes back to the rtp workload: any bytes, and packets of its own (RTP,
 * SR, RR with XR) with some bits turned, with both ways of matching. Nothing is received twice as
 * new, and every packet is counted.
 */
#include <stdlib.h>
#include <string.h>

#include "node/workload/rtp.h"

enum { STREAMS = 4, OWN = 8, AT_ONCE = 4 };

extern const struct workload_ops workload_rtp;

static struct world {
    struct rtp_options options;
    struct rtp_state state;
    struct rtp_shard shard;
    uint8_t own[OWN][WORKLOAD_PACKET_MAX];
    uint32_t sizes[OWN];
    uint64_t now_ns;
} worlds[2]; /* one for each way of matching */

static void require(bool condition)
{
    if (!condition) {
        abort();
    }
}

/* The packets of some packet times, reports among them. */
static void send_some(struct world *w)
{
    static uint8_t data[AT_ONCE][WORKLOAD_PACKET_MAX];

    for (unsigned turn = 0; turn < 40; turn++) {
        struct workload_packet packets[AT_ONCE] = {
            {.data = data[0]}, {.data = data[1]}, {.data = data[2]}, {.data = data[3]}};
        int n = workload_rtp.send(&w->shard, turn % STREAMS, w->now_ns, packets, AT_ONCE);
        for (int i = 0; i < n; i++) { /* the newest of each kind and size */
            unsigned place = i > 0 ? (unsigned)i + turn % 2 * 2 : turn % 4 + 4;
            memcpy(w->own[place], packets[i].data, packets[i].size);
            w->sizes[place] = packets[i].size;
        }
        w->now_ns += 5000000;
    }
}

static void begin(struct world *w, int match)
{
    const struct workload_shard_env env = {.shards = 1, .slots = STREAMS, .seed = 1};
    struct sockaddr_storage ends[STREAMS] = {{.ss_family = AF_INET}};
    struct workload_shape shape;

    opt_defaults(workload_rtp.options, &w->options, sizeof(w->options));
    w->options.streams = STREAMS;
    w->options.match = match;
    w->options.rtcp_ns = 20000000;
    w->options.dtmf = match == RTP_MATCH_SEQUENCE ? "1" : NULL;
    require(workload_rtp.check(&w->options, &shape, NULL) == 0);
    require(workload_rtp.prepare(&w->state, &w->options, ends, STREAMS, NULL) == 0);
    require(workload_rtp.open(&w->shard, &w->state, &env, NULL) == 0);
    workload_rtp.window(&w->shard, 1, UINT64_MAX / 2);
    w->now_ns = 1000000000;
    send_some(w);
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size)
{
    struct world *w = &worlds[size > 0 ? bytes[0] & 1 : 0];
    struct workload_receipt receipt = {0};
    uint64_t before[RTP_COUNTERS], after[RTP_COUNTERS], changed = 0;
    uint8_t packet[WORKLOAD_PACKET_MAX];
    unsigned place = size > 0 ? bytes[0] >> 1 & 15 : 15;

    if (w->now_ns == 0) {
        begin(w, w == &worlds[1] ? RTP_MATCH_SEQUENCE : RTP_MATCH_PAYLOAD);
    }
    size = size < sizeof(packet) ? size : sizeof(packet);
    if (place < OWN && w->sizes[place] > 0) {
        memcpy(packet, w->own[place], w->sizes[place]);
        for (size_t i = 1; i < size && i <= w->sizes[place]; i++) {
            packet[i - 1] ^= bytes[i];
        }
        size = w->sizes[place];
    } else {
        memcpy(packet, bytes, size);
    }
    workload_rtp.read_counters(&w->shard, before);
    workload_rtp.receive(&w->shard, packet, (uint32_t)size, w->now_ns, &receipt);
    workload_rtp.read_counters(&w->shard, after);
    for (int i = 0; i < RTP_COUNTERS; i++) {
        changed += after[i] - before[i];
    }
    require(changed > 0);
    require((receipt.intended_ns != 0) == (after[RTP_RECEIVED] != before[RTP_RECEIVED]));
    require(after[RTP_RECEIVED] <= after[RTP_SENT]);
    return 0;
}
