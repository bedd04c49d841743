/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * load_options: the table that feeds the command line, RPC and plans.
 */
#include "node/load/load.h"

static const char *const schedulings[] = {"auto", "fifo", "other", NULL};
static const char *const profiles[] = {"constant", "poisson", "ramp", "steps",
                                       "onoff",    "trace",   NULL};

#define AT(member) offsetof(struct load_options, member)

const struct opt load_options_table[] = {
    {"duration", OPT_DURATION, "10s", "how long the measured part lasts", 1e6, 1e15, NULL,
     AT(duration_ns), 0},
    {"warmup", OPT_DURATION, "1s", "sent before it and not counted", 0, 0, NULL, AT(warmup_ns), 0},
    {"drain", OPT_DURATION, "2s", "at most this long waiting for what is in flight", 0, 0, NULL,
     AT(drain_ns), 0},
    {"workers", OPT_COUNT, "1", "threads, each with its own socket and slots", 1, 256, NULL,
     AT(workers), 0},
    {"cpus", OPT_CPUS, NULL, "CPUs the workers are pinned to, one each in turn", 0, 0, NULL,
     AT(cpus), 0},
    {"scheduling", OPT_CHOICE, "auto", "auto takes SCHED_FIFO where it is allowed", 0, 0,
     schedulings, AT(scheduling), 0},
    {"socket_buffer", OPT_SIZE, "8M", "asked for each way; what was got is reported", 0, 0, NULL,
     AT(socket_buffer_bytes), 0},
    {"segmentation", OPT_FLAG, "no",
     "packets that leave together for one target as one large one that the kernel cuts "
     "(UDP_SEGMENT): cheaper, also for what lies between: not for a veth, tap or loopback path "
     "whose cost is measured",
     0, 0, NULL, AT(segmentation), 0},
    {"bind", OPT_STRING, "127.0.0.1", "local address", 0, 0, NULL, AT(bind), 0},
    {"via", OPT_STRING, NULL,
     "of whole frames: IPv4 address of the router they go to first, on the network of bind", 0, 0,
     NULL, AT(via), 0},
    {"back", OPT_STRING, NULL,
     "of whole frames: our address or interface where they come back (else where they left)", 0, 0,
     NULL, AT(back), 0},
    {"transport", OPT_STRING, "sockets",
     "how packets leave and come: sockets of the kernel, a packet ring, or xdp (AF_XDP sockets); "
     "several, with commas, are tried in that order, and the report says why the first could not",
     0, 0, NULL, AT(transport), 0},
    {"dscp", OPT_COUNT, "0", "differentiated services code point of what is sent (46: EF)", 0, 63,
     NULL, AT(dscp), 0},
    {"vlan", OPT_COUNT, "0",
     "transport ring and xdp: VLAN tag that frames leave with; 0: none (sockets have the tag of "
     "the interface that they are bound to)",
     0, 4094, NULL, AT(vlan), 0},
    {"vlan_priority", OPT_COUNT, "0", "priority in the VLAN tag; with sockets, of the socket", 0, 7,
     NULL, AT(vlan_priority), 0},
    {"next_hop", OPT_STRING, NULL,
     "transport ring and xdp: hardware address that all frames go to; none: by route and ARP", 0, 0,
     NULL, AT(next_hop), 0},
    {"seed", OPT_STRING, "vaperf", "of everything random", 0, 0, NULL, AT(seed), 0},
    {"profile", OPT_CHOICE, "constant", "how the load runs over time", 0, 0, profiles,
     AT(schedule.profile), 0},
    {"ramp_from", OPT_PERCENT, "0%", "profile ramp: share of the load at its start", 0, 1e6, NULL,
     AT(schedule.ramp_from_pct), 0},
    {"ramp_to", OPT_PERCENT, "100%", "profile ramp: share of the load at its end", 0, 1e6, NULL,
     AT(schedule.ramp_to_pct), 0},
    {"ramp_time", OPT_DURATION, "10s", "profile ramp: how long it rises", 0, 0, NULL,
     AT(schedule.ramp_time_ns), 0},
    {"steps", OPT_STRING, NULL, "profile steps: shares of the load, e.g. 50,100,150", 0, 0, NULL,
     AT(schedule.steps), 0},
    {"step_time", OPT_DURATION, "10s", "profile steps: how long each lasts", 0, 0, NULL,
     AT(schedule.step_time_ns), 0},
    {"on_time", OPT_DURATION, "1s", "profile onoff: how long at full load", 0, 0, NULL,
     AT(schedule.on_time_ns), 0},
    {"off_time", OPT_DURATION, "1s", "profile onoff: how long silent", 0, 0, NULL,
     AT(schedule.off_time_ns), 0},
    {"trace", OPT_STRING, NULL, "profile trace: file with an intended time a line, e.g. 1.5s", 0, 0,
     NULL, AT(schedule.trace), 0},
    {"void_lateness", OPT_DURATION, "1ms", "void when 99 % were not sent within it", 0, 0, NULL,
     AT(void_lateness_ns), 0},
    {"void_pause", OPT_DURATION, "100ms", "void when a worker made no turn for longer", 0, 0, NULL,
     AT(void_pause_ns), 0},
    {"void_steal", OPT_PERCENT, "2%", "void when the host stole more of the CPUs", 0, 100, NULL,
     AT(void_steal_pct), 0},
    {"void_wait", OPT_PERCENT, "1%", "void when a worker waited longer for its CPU", 0, 100, NULL,
     AT(void_wait_pct), 0},
    {"void_clock_step", OPT_DURATION, "1ms", "void when the wall clock jumped further", 0, 0, NULL,
     AT(void_clock_step_ns), 0},
    {"void_achieved", OPT_PERCENT, "99.9%", "void when less of the load was sent", 0, 100, NULL,
     AT(void_achieved_pct), 0},
    OPT_END,
};
