/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * doctor_vm: can machines be made here, and at what speed? KVM is asked to run a guest of one
 * instruction, then QEMU to boot on it (base/kvm_trial). Any thread; QEMU's part blocks some 200
 * ms, 3 s where guests crawl.
 */
#include <errno.h>
#include <fcntl.h>
#include <linux/kvm.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/kvm_trial.h"
#include "base/proc.h"
#include "base/str.h"
#include "node/host/doctor_private.h"
#include "node/host/doctor_text.h"

enum { PAGE = 4096, CODE_AT = 0x1000, HALT = 0xf4, FLAGS_RESERVED = 2 };

static const char *const qemu = "qemu-system-x86_64";

enum doctor_state doctor_check_runtime(struct found *f)
{
    static const char *const names[] = {"runc", "crun", "runsc", "kata-runtime"};

    for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
        if (doctor_has_program(f, names[i])) {
            return DOCTOR_GOOD;
        }
    }
    str_printf(f->text, sizeof(f->text), "not installed");
    return DOCTOR_WEAK;
}

enum doctor_state doctor_check_qemu(struct found *f)
{
    if (doctor_has_program(f, qemu)) {
        return DOCTOR_GOOD;
    }
    str_printf(f->text, sizeof(f->text), "not installed");
    return DOCTOR_WEAK;
}

enum doctor_state doctor_check_libvirt(struct found *f)
{
    bool there = doctor_exists(
        f, "/usr/lib/x86_64-linux-gnu/libvirt/connection-driver/libvirt_driver_qemu.so");

    str_printf(f->text, sizeof(f->text), "driver for QEMU %s", there ? "there" : "missing");
    return there ? DOCTOR_GOOD : DOCTOR_WEAK;
}

/* ---- KVM ---- */

struct guest { /* descriptors are -1 while there are none */
    int kvm, vm, vcpu;
    void *code;
    struct kvm_run *run;
    size_t run_size;
};

/* One page with the one instruction, and registers that begin there, in real mode. */
static int load_guest(struct guest *g)
{
    struct kvm_userspace_memory_region region = {.guest_phys_addr = CODE_AT, .memory_size = PAGE};
    struct kvm_regs registers = {.rip = CODE_AT, .rflags = FLAGS_RESERVED};
    struct kvm_sregs special;

    g->code = mmap(NULL, PAGE, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    if (g->code == MAP_FAILED) {
        return -errno;
    }
    memset(g->code, HALT, PAGE);
    region.userspace_addr = (uintptr_t)g->code;
    if (ioctl(g->vm, KVM_SET_USER_MEMORY_REGION, &region) < 0 ||
        ioctl(g->vcpu, KVM_GET_SREGS, &special) < 0) {
        return -errno;
    }
    special.cs.base = 0;
    special.cs.selector = 0;
    if (ioctl(g->vcpu, KVM_SET_SREGS, &special) < 0 ||
        ioctl(g->vcpu, KVM_SET_REGS, &registers) < 0) {
        return -errno;
    }
    return 0;
}

static int open_guest(struct guest *g, const char *path)
{
    int size;

    if ((g->kvm = open(path, O_RDWR | O_CLOEXEC)) < 0) {
        return -errno;
    }
    if (ioctl(g->kvm, KVM_GET_API_VERSION, 0) != KVM_API_VERSION) {
        return -ENOTTY;
    }
    if ((g->vm = ioctl(g->kvm, KVM_CREATE_VM, 0)) < 0 ||
        (g->vcpu = ioctl(g->vm, KVM_CREATE_VCPU, 0)) < 0 ||
        (size = ioctl(g->kvm, KVM_GET_VCPU_MMAP_SIZE, 0)) < 0) {
        return -errno;
    }
    g->run_size = (size_t)size;
    g->run = mmap(NULL, g->run_size, PROT_READ | PROT_WRITE, MAP_SHARED, g->vcpu, 0);
    return g->run == MAP_FAILED ? -errno : load_guest(g);
}

static void close_guest(struct guest *g)
{
    const int all[] = {g->vcpu, g->vm, g->kvm};

    if (g->run != MAP_FAILED) {
        munmap(g->run, g->run_size);
    }
    if (g->code != MAP_FAILED) {
        munmap(g->code, PAGE);
    }
    for (size_t i = 0; i < sizeof(all) / sizeof(all[0]); i++) {
        if (all[i] >= 0) {
            close(all[i]);
        }
    }
}

/* True when a guest ran to its halt. */
static bool runs_code(struct found *f)
{
    struct guest g = {.kvm = -1, .vm = -1, .vcpu = -1, .code = MAP_FAILED, .run = MAP_FAILED};
    char path[512];
    int r;

    str_printf(path, sizeof(path), "%s/dev/kvm", f->root);
    r = open_guest(&g, path);
    if (r < 0) {
        str_printf(f->text, sizeof(f->text), "/dev/kvm: %s", strerror(-r));
    } else if (ioctl(g.vcpu, KVM_RUN, 0) < 0) {
        r = -errno;
        str_printf(f->text, sizeof(f->text), "no guest runs: %s", strerror(-r));
    } else if (g.run->exit_reason != KVM_EXIT_HLT) {
        r = -EIO;
        str_printf(f->text, sizeof(f->text), "a guest's first instruction fails (exit reason %u)",
                   g.run->exit_reason);
    }
    close_guest(&g);
    return r == 0;
}

/* As platform qemu tries it. */
static bool runs_guests(struct found *f)
{
    const char *const words[] = {"sh", "-c", kvm_trial_script, NULL};
    struct err e = {0};
    int r = proc_run((char *const *)(uintptr_t)words, NULL, NULL, 40 * NS_PER_S, &e);

    if (r != 0) {
        str_printf(f->text, sizeof(f->text), "runs code, but not QEMU's guests: %s",
                   doctor_text_last_part(e.text));
    }
    return r == 0;
}

enum doctor_state doctor_check_kvm(struct found *f)
{
    struct found other = {.root = f->root};

    if (!runs_code(f)) {
        return DOCTOR_WEAK;
    }
    if (!doctor_has_program(&other, qemu)) {
        str_printf(f->text, sizeof(f->text), "runs code; no QEMU to try it with");
        return DOCTOR_UNKNOWN;
    }
    if (!runs_guests(f)) {
        return DOCTOR_WEAK;
    }
    str_printf(f->text, sizeof(f->text), "runs guests");
    return DOCTOR_GOOD;
}

enum doctor_state doctor_check_hugepages(struct found *f)
{
    struct buf b;
    uint64_t total = 0, free = 0;
    bool known;

    buf_init(&b);
    known = doctor_load(f, "/proc/meminfo", &b) &&
            doctor_text_limit(buf_str(&b), "HugePages_Total:", &total) == 0 &&
            doctor_text_limit(buf_str(&b), "HugePages_Free:", &free) == 0;
    buf_finish(&b);
    if (!known) {
        return DOCTOR_UNKNOWN;
    }
    str_printf(f->text, sizeof(f->text), "%llu reserved, %llu free", (unsigned long long)total,
               (unsigned long long)free);
    return free > 0 ? DOCTOR_GOOD : DOCTOR_WEAK;
}
