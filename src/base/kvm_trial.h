/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * kvm_trial: does this host's /dev/kvm run ordinary guests, at the speed of its CPU? One that opens
 * says little: inside another guest QEMU may fail on it, or a KVM made for guests with a kernel of
 * its own takes any other one instruction by instruction, hundreds of times slower than QEMU's
 * emulation (kvm-pvm: to count to 20 million took 41 s, emulated 0.13 s).
 */
#ifndef VAPERF_BASE_KVM_TRIAL_H
#define VAPERF_BASE_KVM_TRIAL_H

/* For a POSIX shell, here or on another host. Exits 0 when guests run; else it says why not on
 * stderr. $1 "open": that /dev/kvm can be opened is enough. $2 the accelerator, kvm when absent: a
 * test gives tcg. It boots QEMU with a sector of its own that counts to 20 million and stops the
 * guest: 0.2 s of CPU time, of which it may have 3 s; less than 10 ms where the CPU shows that it
 * cannot. */
extern const char kvm_trial_script[];

#endif
