/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * doctor_text: see doctor_text.h.
 */
#include "node/host/doctor_text.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static bool is_edge(char c)
{
    return c == '\0' || strchr(" \t\n,", c) != NULL;
}

bool doctor_text_has_word(const char *text, const char *word)
{
    size_t size = strlen(word);

    for (const char *at = strstr(text, word); at != NULL; at = strstr(at + 1, word)) {
        if ((at == text || is_edge(at[-1])) && is_edge(at[size])) {
            return true;
        }
    }
    return false;
}

int doctor_text_limit(const char *text, const char *name, uint64_t *ret)
{
    const char *at = strstr(text, name);
    char *end;
    uint64_t value;

    if (at == NULL) {
        return -EBADMSG;
    }
    at += strlen(name);
    at += strspn(at, " ");
    if (strncmp(at, "unlimited", strlen("unlimited")) == 0) {
        *ret = UINT64_MAX;
        return 0;
    }
    value = strtoull(at, &end, 10);
    if (end == at) {
        return -EBADMSG;
    }
    *ret = value;
    return 0;
}

int doctor_text_euid(const char *text, unsigned *ret)
{
    const char *at = strstr(text, "\nUid:");
    unsigned real, effective;

    if (at == NULL || sscanf(at, "\nUid: %u %u", &real, &effective) != 2) {
        return -EBADMSG;
    }
    *ret = effective;
    return 0;
}

bool doctor_text_in_cpu_cgroup(const char *text)
{
    while (text != NULL && *text != '\0') {
        char controllers[128], path[256];
        if (sscanf(text, "%*u:%127[^:\n]:%255[^\n]", controllers, path) == 2 &&
            doctor_text_has_word(controllers, "cpu") && strcmp(path, "/") != 0) {
            return true;
        }
        text = strchr(text, '\n');
        text += text != NULL;
    }
    return false;
}

static int read_ticks(const char *text, uint64_t *ret_steal, uint64_t *ret_all)
{
    unsigned long long v[8];
    uint64_t all = 0;

    if (sscanf(text, "cpu %llu %llu %llu %llu %llu %llu %llu %llu", &v[0], &v[1], &v[2], &v[3],
               &v[4], &v[5], &v[6], &v[7]) != 8) {
        return -EBADMSG;
    }
    for (int i = 0; i < 8; i++) {
        all += v[i];
    }
    *ret_steal = v[7];
    *ret_all = all;
    return 0;
}

int doctor_text_steal(const char *before, const char *after, double *ret_pct)
{
    uint64_t steal[2], all[2];

    if (read_ticks(before, &steal[0], &all[0]) < 0 || read_ticks(after, &steal[1], &all[1]) < 0) {
        return -EBADMSG;
    }
    if (all[1] <= all[0] || steal[1] < steal[0]) {
        return -EAGAIN;
    }
    *ret_pct = 100.0 * (double)(steal[1] - steal[0]) / (double)(all[1] - all[0]);
    return 0;
}

enum doctor_text_vulnerability doctor_text_vulnerability(const char *text)
{
    if (strncmp(text, "Not affected", strlen("Not affected")) == 0) {
        return DOCTOR_TEXT_NOT_AFFECTED;
    }
    return strstr(text, "itigation") != NULL ? DOCTOR_TEXT_MITIGATED : DOCTOR_TEXT_VULNERABLE;
}

void doctor_text_each_package(const char *list, const char *group,
                              void (*each)(void *arg, const char *package, const char *program),
                              void *arg)
{
    bool inside = false;

    while (list != NULL && *list != '\0') {
        char package[96], program[96] = "", head[48];
        const char *end = strchr(list, '\n');
        char line[256] = "";
        const size_t size = end != NULL ? (size_t)(end - list) : strlen(list);
        memcpy(line, list, size < sizeof(line) ? size : sizeof(line) - 1);
        if (sscanf(line, " [%47[^]]]", head) == 1) {
            inside = strcmp(head, group) == 0;
        } else if (inside && line[0] != '#' && sscanf(line, "%95s %95s", package, program) >= 1) {
            each(arg, package, program);
        }
        list = end != NULL ? end + 1 : NULL;
    }
}

bool doctor_text_is_installed(const char *status, const char *package)
{
    static const char key[] = "Package: ", installed[] = "\nStatus: install ok installed\n";
    const size_t size = strlen(package);

    for (const char *at = strstr(status, key); at != NULL; at = strstr(at + 1, key)) {
        const char *name = at + strlen(key);
        if ((at != status && at[-1] != '\n') || strncmp(name, package, size) != 0 ||
            name[size] != '\n') {
            continue;
        }
        const char *end = strstr(name, "\n\n"), *state = strstr(name, installed);
        if (state != NULL && (end == NULL || state < end)) {
            return true;
        }
    }
    return false;
}

const char *doctor_text_last_part(const char *text)
{
    const char *last = text;

    for (const char *at = strstr(text, ": "); at != NULL; at = strstr(at + 1, ": ")) {
        last = at + 2;
    }
    return last;
}
