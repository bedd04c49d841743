/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * doctor_cpu: what makes the CPUs of a host slower, or slower at times. Any thread; blocks 200 ms
 * for the steal of right now.
 */
#include <dirent.h>
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

#include "base/cpu.h"
#include "base/str.h"
#include "node/host/doctor_private.h"
#include "node/host/doctor_text.h"

/* Every CPU has its own: one that is slow is enough. */
enum doctor_state doctor_check_governor(struct found *f)
{
    struct found one = {.root = f->root};
    unsigned cpus = 0, slow = 0;
    char path[96];

    for (unsigned cpu = 0; cpu < CPU_MAX; cpu++) {
        str_printf(path, sizeof(path), "/sys/devices/system/cpu/cpu%u/cpufreq/scaling_governor",
                   cpu);
        if (!doctor_load_line(&one, path)) {
            continue;
        }
        cpus++;
        if (strcmp(one.text, "performance") != 0 && slow++ == 0) {
            str_printf(f->text, sizeof(f->text), "%s", one.text);
        }
    }
    if (cpus == 0) {
        str_printf(f->text, sizeof(f->text), "no frequency control here");
        return DOCTOR_UNKNOWN;
    }
    if (slow == 0) {
        str_printf(f->text, sizeof(f->text), "performance on all %u CPUs", cpus);
        return DOCTOR_GOOD;
    }
    doctor_add(f, "%u of %u CPUs are not at performance", slow, cpus);
    return DOCTOR_WEAK;
}

enum doctor_state doctor_check_mitigations(struct found *f)
{
    static const char folder[] = "/sys/devices/system/cpu/vulnerabilities";
    struct found one = {.root = f->root};
    unsigned count[3] = {0}; /* DOCTOR_TEXT_... */
    const struct dirent *entry;
    char path[512];
    DIR *d;

    str_printf(path, sizeof(path), "%s%s", f->root, folder);
    if ((d = opendir(path)) == NULL) {
        return DOCTOR_UNKNOWN;
    }
    while ((entry = readdir(d)) != NULL) {
        str_printf(path, sizeof(path), "%s/%.200s", folder, entry->d_name);
        if (entry->d_name[0] != '.' && doctor_load_line(&one, path)) {
            count[doctor_text_vulnerability(one.text)]++;
        }
    }
    closedir(d);
    str_printf(f->text, sizeof(f->text), "%u mitigated at a cost, %u vulnerable, %u not affected",
               count[DOCTOR_TEXT_MITIGATED], count[DOCTOR_TEXT_VULNERABLE],
               count[DOCTOR_TEXT_NOT_AFFECTED]);
    return count[DOCTOR_TEXT_MITIGATED] == 0 ? DOCTOR_GOOD : DOCTOR_WEAK;
}

enum doctor_state doctor_check_smt(struct found *f)
{
    if (!doctor_load_line(f, "/sys/devices/system/cpu/smt/active")) {
        return DOCTOR_UNKNOWN;
    }
    bool active = strcmp(f->text, "1") == 0;
    str_printf(f->text, sizeof(f->text), "%s", active ? "on" : "off");
    return active ? DOCTOR_WEAK : DOCTOR_GOOD;
}

enum doctor_state doctor_check_isolated(struct found *f)
{
    if (!doctor_load_line(f, "/sys/devices/system/cpu/isolated")) {
        return DOCTOR_UNKNOWN;
    }
    if (f->text[0] != '\0') {
        return DOCTOR_GOOD;
    }
    str_printf(f->text, sizeof(f->text), "none");
    return DOCTOR_WEAK;
}

enum doctor_state doctor_check_clocksource(struct found *f)
{
    if (!doctor_load_line(f, "/sys/devices/system/clocksource/clocksource0/current_clocksource")) {
        return DOCTOR_UNKNOWN;
    }
    return strcmp(f->text, "tsc") == 0 || strcmp(f->text, "kvm-clock") == 0 ? DOCTOR_GOOD
                                                                            : DOCTOR_WEAK;
}

enum doctor_state doctor_check_steal(struct found *f)
{
    const struct timespec wait = {.tv_nsec = 200000000};
    struct buf before, after;
    double pct = 0;
    int r = -ENOENT;

    buf_init(&before);
    buf_init(&after);
    if (doctor_load(f, "/proc/stat", &before)) {
        nanosleep(&wait, NULL);
        r = doctor_load(f, "/proc/stat", &after)
                ? doctor_text_steal(buf_str(&before), buf_str(&after), &pct)
                : -ENOENT;
    }
    buf_finish(&before);
    buf_finish(&after);
    if (r < 0) {
        return DOCTOR_UNKNOWN;
    }
    str_printf(f->text, sizeof(f->text), "%.1f %% over 0.2 s, a load is void above %g %%", pct,
               f->wants->steal_pct);
    return pct <= f->wants->steal_pct ? DOCTOR_GOOD : DOCTOR_WEAK;
}
