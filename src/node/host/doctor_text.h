/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * doctor_text: what texts of /proc and /sys say to the doctor. All pure. Private to this room.
 */
#ifndef VAPERF_NODE_HOST_DOCTOR_TEXT_H
#define VAPERF_NODE_HOST_DOCTOR_TEXT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Is the word, between blanks, commas or line ends, in the text? */
bool doctor_text_has_word(const char *text, const char *word);
/* The soft limit of a line of /proc/PID/limits; UINT64_MAX is "unlimited". -EBADMSG. */
int doctor_text_limit(const char *text, const char *name, uint64_t *ret);
/* The effective user of /proc/PID/status. -EBADMSG. */
int doctor_text_euid(const char *text, unsigned *ret);
/* Does /proc/PID/cgroup tell of a version 1 group of controller cpu that is not the root? */
bool doctor_text_in_cpu_cgroup(const char *text);
/* Steal between two texts of /proc/stat, percent of all time. -EBADMSG, -EAGAIN: no time passed. */
int doctor_text_steal(const char *before, const char *after, double *ret_pct);

enum doctor_text_vulnerability {
    DOCTOR_TEXT_NOT_AFFECTED,
    DOCTOR_TEXT_MITIGATED,
    DOCTOR_TEXT_VULNERABLE
};
/* What a file of /sys/devices/system/cpu/vulnerabilities says. */
enum doctor_text_vulnerability doctor_text_vulnerability(const char *text);

/* Calls each with every package of a group of packaging/debian-packages.txt, and the program that
 * may stand for it ("": none). */
void doctor_text_each_package(const char *list, const char *group,
                              void (*each)(void *arg, const char *package, const char *program),
                              void *arg);
/* Does dpkg's status file tell of the package as installed? */
bool doctor_text_is_installed(const char *status, const char *package);
/* What stands behind the last colon and blank, the reason of a message. Lends. */
const char *doctor_text_last_part(const char *text);

#endif
