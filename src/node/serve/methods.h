/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * methods: the methods of src/rpc/README.md, a file for each kind of thing. Each has the type of
 * rpc_method.call; arg is the struct node. Only for node/serve.
 */
#ifndef VAPERF_NODE_SERVE_METHODS_H
#define VAPERF_NODE_SERVE_METHODS_H

#include "rpc/rpc.h"

#define METHOD(name)                                                                            \
    int name(void *arg, struct rpc_request *request, const json_t *params, json_t **ret_result, \
             struct err *e)

METHOD(method_describe);
METHOD(method_facts);
METHOD(method_clock);
METHOD(method_identity);
METHOD(method_shutdown);
METHOD(method_guest_poweroff);
METHOD(method_host_doctor);

METHOD(method_appliance_check);
METHOD(method_appliance_open);
METHOD(method_appliance_endpoints);
METHOD(method_appliance_watch);
METHOD(method_appliance_measure);
METHOD(method_appliance_drain);
METHOD(method_appliance_close);

METHOD(method_bench_check);
METHOD(method_bench_start);
METHOD(method_bench_stop);
METHOD(method_bench_wait);

METHOD(method_clock_open);
METHOD(method_clock_close);
METHOD(method_far_open);
METHOD(method_far_close);

METHOD(method_probe_start);
METHOD(method_probe_stop);

METHOD(method_netdev_coalesce);

METHOD(method_load_check);
METHOD(method_load_create);
METHOD(method_load_connect);
METHOD(method_load_start);
METHOD(method_load_stop);
METHOD(method_load_report);
METHOD(method_load_close);

extern const struct rpc_method methods_table[]; /* ended by a NULL name */

#endif
