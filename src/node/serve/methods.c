/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * methods: the table, and the methods that need no thing. The loop's thread.
 */
#include "node/serve/methods.h"

#include "node/guest/guest.h"
#include "node/host/doctor.h"
#include "node/load/load.h"
#include "node/serve/describe.h"
#include "node/serve/thing.h"

METHOD(method_describe)
{
    (void)request;
    (void)params;
    (void)e;
    *ret_result = describe_node(((struct node *)arg)->commands);
    return 0;
}

METHOD(method_clock)
{
    (void)arg;
    (void)request;
    (void)params;
    (void)e;
    *ret_result = describe_clock();
    return 0;
}

METHOD(method_identity)
{
    (void)arg;
    (void)request;
    (void)params;
    (void)e;
    *ret_result = describe_identity();
    return 0;
}

/* What any load asks when nothing else is said. */
static struct doctor_wants load_wants(void)
{
    struct load_options o;
    opt_defaults(load_options_table, &o, sizeof(o));
    return (struct doctor_wants){.socket_buffer_bytes = o.socket_buffer_bytes,
                                 .steal_pct = o.void_steal_pct};
}

METHOD(method_host_doctor)
{
    const struct doctor_wants wants = load_wants();
    (void)arg;
    (void)request;
    (void)params;
    (void)e;
    *ret_result = doctor_examine("", &wants);
    return 0;
}

METHOD(method_shutdown)
{
    struct node *n = arg;
    (void)request;
    (void)params;
    (void)ret_result;
    (void)e;
    n->ended = true;
    loop_wake(n->loop);
    return 0;
}

METHOD(method_guest_poweroff)
{
    (void)arg;
    (void)request;
    (void)params;
    (void)ret_result;
    return guest_power_off(e);
}

const struct rpc_method methods_table[] = {
    {"describe", method_describe},
    {"facts", method_facts},
    {"clock", method_clock},
    {"identity", method_identity},
    {"netdev.coalesce", method_netdev_coalesce},
    {"appliance.check", method_appliance_check},
    {"appliance.open", method_appliance_open},
    {"appliance.endpoints", method_appliance_endpoints},
    {"appliance.watch", method_appliance_watch},
    {"appliance.measure", method_appliance_measure},
    {"appliance.drain", method_appliance_drain},
    {"appliance.close", method_appliance_close},
    {"bench.check", method_bench_check},
    {"bench.start", method_bench_start},
    {"bench.stop", method_bench_stop},
    {"bench.wait", method_bench_wait},
    {"clock.open", method_clock_open},
    {"clock.close", method_clock_close},
    {"far.open", method_far_open},
    {"far.close", method_far_close},
    {"probe.start", method_probe_start},
    {"probe.stop", method_probe_stop},
    {"load.check", method_load_check},
    {"load.create", method_load_create},
    {"load.connect", method_load_connect},
    {"load.start", method_load_start},
    {"load.stop", method_load_stop},
    {"load.report", method_load_report},
    {"load.close", method_load_close},
    {"host.doctor", method_host_doctor},
    {"guest.poweroff", method_guest_poweroff},
    {"shutdown", method_shutdown},
    {NULL, NULL},
};
