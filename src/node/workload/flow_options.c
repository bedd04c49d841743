/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * flow_options: the options of the workload `flow`, and the sizes of its frames. Pure.
 */
#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "node/workload/flow.h"

#define AT(member) offsetof(struct flow_options, member)
const struct opt flow_options_table[] = {
    {"rate", OPT_RATE, "1000/s", "packets a second, over all flows", 0.001, 1e8, NULL,
     AT(rate_per_s), OPT_LEVEL},
    {"bits", OPT_COUNT, "0", "instead of rate: bits a second of whole frames, such as 100M", 0,
     1e12, NULL, AT(bits_per_s), 0},
    {"flows", OPT_COUNT, "16", "flows, each with a destination of its own where there are enough",
     1, 1e6, NULL, AT(flows), 0},
    {"burst", OPT_COUNT, "0",
     "so many packets back to back at that rate, then a pause (RFC 9004); 0: without pauses", 0,
     1e9, NULL, AT(burst), 0},
    {"burst_every", OPT_DURATION, "1s", "from the start of one burst to that of the next", 1e6,
     1e12, NULL, AT(burst_every_ns), 0},
    {"sizes", OPT_STRING, "64",
     "bytes of whole Ethernet frames with their FCS, 64 to 1518, with commas one after another; "
     "imix: seven of 64, four of 594, one of 1518",
     0, 0, NULL, AT(sizes), 0},
    {"frames", OPT_FLAG, "no",
     "whole frames, through a router to another port of ours; else payloads of UDP, to a server "
     "that returns them",
     0, 0, NULL, AT(frames), 0},
    {"bridged", OPT_FLAG, "no",
     "what lies between bridges: frames are addressed to our other port itself, not to a router", 0,
     0, NULL, AT(bridged), 0},
    OPT_END,
};

/* Seven of 64, four of 594, one of 1518, mixed. */
static const uint32_t imix[] = {64, 594, 64, 64, 594, 64, 1518, 64, 594, 64, 64, 594};

static int add_size(struct flow_sizes *s, uint32_t bytes)
{
    if (s->count == FLOW_SIZES_MAX) {
        return -ENOSPC;
    }
    s->bytes[s->count++] = bytes;
    s->smallest = s->count == 1 || bytes < s->smallest ? bytes : s->smallest;
    s->mean_bytes += (bytes - s->mean_bytes) / s->count;
    return 0;
}

/* One size at *at, which then is behind it; 0: there is none. */
static uint32_t take_size(const char **at)
{
    char *end;
    const unsigned long bytes = strtoul(*at, &end, 10);

    if (**at < '0' || **at > '9' || bytes < FLOW_FRAME_MIN || bytes > FLOW_FRAME_MAX) {
        return 0;
    }
    *at = end;
    return (uint32_t)bytes;
}

static int parse_list(struct flow_sizes *s, const char *text, struct err *e)
{
    for (const char *at = text;; at++) {
        const uint32_t bytes = take_size(&at);
        if (bytes == 0 || (*at != ',' && *at != '\0')) {
            return err_set(e, -EINVAL,
                           "sizes: '%s' is not sizes of frames from %d to %d bytes (64,512,1518), "
                           "nor imix",
                           text, FLOW_FRAME_MIN, FLOW_FRAME_MAX);
        }
        if (add_size(s, bytes) < 0) {
            return err_set(e, -EINVAL, "sizes: more than %d", FLOW_SIZES_MAX);
        }
        if (*at == '\0') {
            return 0;
        }
    }
}

int flow_sizes_parse(struct flow_sizes *ret, const char *text, struct err *e)
{
    struct flow_sizes s = {.count = 0};
    int result = 0;

    if (strcmp(text, "imix") == 0) {
        for (size_t i = 0; i < sizeof(imix) / sizeof(imix[0]); i++) {
            (void)add_size(&s, imix[i]);
        }
    } else {
        result = parse_list(&s, text, e);
    }
    if (result < 0) {
        return result;
    }
    *ret = s;
    return 0;
}

int flow_check(const void *options, struct workload_shape *ret, struct err *e)
{
    const struct flow_options *o = options;
    struct flow_sizes sizes;
    int result = flow_sizes_parse(&sizes, o->sizes, e);

    if (result < 0) {
        return result;
    }
    memset(ret, 0, sizeof(*ret));
    ret->arrivals = WORKLOAD_OPEN;
    ret->slots = ret->endpoints = (uint32_t)o->flows;
    ret->rate_per_s =
        o->bits_per_s > 0 ? (double)o->bits_per_s / 8 / sizes.mean_bytes : o->rate_per_s;
    ret->frames = o->frames;
    ret->is_bridged = o->bridged;
    if (o->bridged && !o->frames) {
        return err_set(e, -EINVAL, "bridged: is for whole frames (frames: yes)");
    }
    if ((double)o->burst > ret->rate_per_s * (double)o->burst_every_ns / 1e9) {
        return err_set(e, -EINVAL,
                       "burst: %" PRIu64 " packets at %.0f/s take longer than burst_every",
                       o->burst, ret->rate_per_s);
    }
    return 0;
}
