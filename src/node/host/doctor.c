/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * doctor: the table of checks, each with what would help. Not here: how one looks (doctor_system,
 * _cpu, _vm, _net), what a text means (doctor_text). Any thread.
 */
#include <stdbool.h>

#include "node/host/doctor_private.h"

static const char *const state_names[] = {"good", "weak", "bad", "unknown"};

static const struct check {
    const char *name;
    enum doctor_state (*examine)(struct found *f);
    const char *remedy;
} checks[] = {
    {"root", doctor_check_root, "run as root: networks and control groups need it"},
    {"cgroup", doctor_check_cgroup, "mount control groups with the controller cpu"},
    {"packages", doctor_check_run_packages, "apt-get install them: a run uses their programs"},
    {"for guests", doctor_check_guest_packages, "apt-get install them, for platform qemu"},
    {"ip", doctor_check_ip, "apt-get install iproute2"},
    {"OCI runtime", doctor_check_runtime, "apt-get install runc, for platform oci"},
    {"QEMU", doctor_check_qemu, "apt-get install qemu-system-x86, for platform qemu"},
    {"KVM", doctor_check_kvm,
     "root, or the group kvm; virtualization on in the firmware, and kvm_intel or kvm_amd loaded; "
     "inside a guest: nested, "
     "with the host's own CPU model. Else guests are emulated (accel: tcg)"},
    {"libvirt", doctor_check_libvirt,
     "apt-get install libvirt-daemon-driver-qemu, for platform qemu"},
    {"huge pages", doctor_check_hugepages,
     "sysctl -w vm.nr_hugepages=N (2 MiB each), for guests with hugepages: yes"},
    {"governor", doctor_check_governor, "cpupower frequency-set -g performance"},
    {"mitigations", doctor_check_mitigations,
     "they cost time at every exit and system call: keep them the same on hosts that are compared; "
     "a lab alone may boot with mitigations=off"},
    {"SMT", doctor_check_smt,
     "echo off > /sys/devices/system/cpu/smt/control, or pin to whole cores"},
    {"isolated CPUs", doctor_check_isolated, "boot with isolcpus= for the generator's CPUs"},
    {"clocksource", doctor_check_clocksource,
     "boot with clocksource=tsc tsc=reliable on stable hardware"},
    {"steal now", doctor_check_steal, "measure on a host that is not itself a shared guest"},
    {"rmem_max", doctor_check_rmem,
     "sysctl -w net.core.rmem_max=, as many bytes as a load asks; or run as root"},
    {"wmem_max", doctor_check_wmem,
     "sysctl -w net.core.wmem_max=, as many bytes as a load asks; or run as root"},
    {"open files", doctor_check_files, "ulimit -n 65536"},
    {"SCHED_FIFO", doctor_check_fifo, "run as root outside any cpu control group"},
    {"pressure", doctor_check_psi, "boot with psi=1"},
    {"schedstat", doctor_check_schedstat, "a kernel with CONFIG_SCHED_INFO"},
    {"netem", doctor_check_netem,
     "modprobe sch_netem (CONFIG_NET_SCH_NETEM), for networks with delay and loss"},
    {"kernel SCTP", doctor_check_sctp, "modprobe sctp"},
    {"NIC stamps", doctor_check_timestamps,
     "a NIC that stamps packets: by software the host's own delays are in every time"},
    {"NIC coalescing", doctor_check_coalescing,
     "a NIC whose driver says when it interrupts, for coalesce in a plan"},
};

json_t *doctor_examine(const char *root, const struct doctor_wants *wants)
{
    json_t *list = json_array();
    bool fit = true;

    for (size_t i = 0; i < sizeof(checks) / sizeof(checks[0]); i++) {
        struct found f = {.root = root, .wants = wants};
        enum doctor_state s = checks[i].examine(&f);
        bool ill = s == DOCTOR_WEAK || s == DOCTOR_BAD;
        fit = fit && s != DOCTOR_BAD;
        json_array_append_new(list, json_pack("{s:s, s:s, s:s, s:s?}", "name", checks[i].name,
                                              "state", state_names[s], "found",
                                              f.text[0] != '\0' ? f.text : "not known", "remedy",
                                              ill ? checks[i].remedy : NULL));
    }
    return json_pack("{s:b, s:o}", "fit", fit, "checks", list);
}
