/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * figures: libvirt's figures of one guest (domain_get_stats, virt_each_stats) in the one schema of
 * samples. What libvirt does not give is no column at all, so a column is always a real number.
 * Entities: "vmm" the whole guest as its host sees it, "vmm/vcpu.N", "vmm/net.NAME",
 * "vmm/block.NAME". Pure.
 *
 * libvirt's vcpu.N.wait is left out: its manual calls it a wait for I/O, it is the run queue's wait
 * again, and on kernels since 5.16 always 0. So are the sums cpu.haltpoll.*, which are 0 where
 * there is no KVM: its counters of each VCPU are there or not.
 */
#ifndef VAPERF_CONTROL_VIRT_FIGURES_H
#define VAPERF_CONTROL_VIRT_FIGURES_H

#include <stdbool.h>
#include <stddef.h>

#include "base/json.h"
#include "rpc/sample.h"

/* Writes up to `room` columns and values, either of which may be NULL. Returns how many there are.
 */
size_t virt_figures(const json_t *stats, struct sample_column *columns, double *values,
                    size_t room);

/* Later figures of the same guest under columns that were taken before: values[i] of columns[i],
 * NAN for what is not given any more; what is new is left out. -ENOMEM. */
int virt_figures_follow(const json_t *stats, const struct sample_column *columns, size_t count,
                        double *values);

/* Are KVM's own counters (exits, halts) among them? Emulated guests have none, and libvirt before
 * 8.9 or QEMU before 7.1 do not give them. */
bool virt_figures_have_exits(const json_t *stats);

#endif
