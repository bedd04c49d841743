/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * doctor_private: what the files of the doctor share. A check looks at one thing of the host, says
 * what it found in f->text (nothing: not known), and judges it.
 */
#ifndef VAPERF_NODE_HOST_DOCTOR_PRIVATE_H
#define VAPERF_NODE_HOST_DOCTOR_PRIVATE_H

#include <stdbool.h>

#include "base/buf.h"
#include "node/host/doctor.h"

enum doctor_state { DOCTOR_GOOD, DOCTOR_WEAK, DOCTOR_BAD, DOCTOR_UNKNOWN };

enum { DOCTOR_FOUND_MAX = 240 };

struct found {
    const char *root;
    const struct doctor_wants *wants;
    char text[DOCTOR_FOUND_MAX];
};

/* A whole file into b; false: not there. */
bool doctor_load(const struct found *f, const char *path, struct buf *b);
/* First line of a file as what was found; false: not there. */
bool doctor_load_line(struct found *f, const char *path);
bool doctor_exists(const struct found *f, const char *path);
/* Is the program in a folder of programs? Its path in what was found. */
bool doctor_has_program(struct found *f, const char *name);
/* Adds to what was found, after a comma when there is something. */
void doctor_add(struct found *f, const char *format, ...) __attribute__((format(printf, 2, 3)));

/* One check each, in the order of the table. */
enum doctor_state doctor_check_root(struct found *f);
enum doctor_state doctor_check_cgroup(struct found *f);
enum doctor_state doctor_check_files(struct found *f);
enum doctor_state doctor_check_fifo(struct found *f);
enum doctor_state doctor_check_psi(struct found *f);
enum doctor_state doctor_check_schedstat(struct found *f);
enum doctor_state doctor_check_run_packages(struct found *f);
enum doctor_state doctor_check_guest_packages(struct found *f);

enum doctor_state doctor_check_governor(struct found *f);
enum doctor_state doctor_check_mitigations(struct found *f);
enum doctor_state doctor_check_smt(struct found *f);
enum doctor_state doctor_check_isolated(struct found *f);
enum doctor_state doctor_check_clocksource(struct found *f);
enum doctor_state doctor_check_steal(struct found *f);

enum doctor_state doctor_check_runtime(struct found *f);
enum doctor_state doctor_check_qemu(struct found *f);
enum doctor_state doctor_check_kvm(struct found *f);
enum doctor_state doctor_check_libvirt(struct found *f);
enum doctor_state doctor_check_hugepages(struct found *f);

enum doctor_state doctor_check_ip(struct found *f);
enum doctor_state doctor_check_rmem(struct found *f);
enum doctor_state doctor_check_wmem(struct found *f);
enum doctor_state doctor_check_netem(struct found *f);
enum doctor_state doctor_check_sctp(struct found *f);
enum doctor_state doctor_check_timestamps(struct found *f);
enum doctor_state doctor_check_coalescing(struct found *f);

#endif
