/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * parse: see parse.h. Pure.
 */
#include "node/probe/parse.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "node/probe/text.h"

bool parse_cpu(const char *line, int *ret_cpu, uint64_t ret_ticks[PARSE_MODES])
{
    uint64_t values[PARSE_MODES] = {0};
    const char *at;
    char *end;
    int cpu = -1;

    if (strncmp(line, "cpu", 3) != 0) {
        return false;
    }
    at = line + 3;
    if (*at >= '0' && *at <= '9') {
        unsigned long number = strtoul(at, &end, 10);
        if (number > INT32_MAX) {
            return false;
        }
        cpu = (int)number;
        at = end;
    }
    /* Old kernels have no guest times; steal is there since 2.6.11. */
    if (*at != ' ' || text_numbers(at, values, PARSE_MODES) <= PARSE_STEAL) {
        return false;
    }
    *ret_cpu = cpu;
    memcpy(ret_ticks, values, sizeof(values));
    return true;
}

void parse_shares(const uint64_t before[PARSE_MODES], const uint64_t now[PARSE_MODES],
                  double ret_pct[PARSE_MODES], double *ret_busy_pct)
{
    double spent[PARSE_MODES], all = 0;

    for (int m = 0; m < PARSE_MODES; m++) {
        spent[m] = now[m] > before[m] ? (double)(now[m] - before[m]) : 0;
        all += m <= PARSE_STEAL ? spent[m] : 0;
    }
    for (int m = 0; m < PARSE_MODES; m++) {
        ret_pct[m] = all > 0 ? 100.0 * spent[m] / all : (double)NAN;
    }
    *ret_busy_pct =
        all > 0 ? 100.0 * (all - spent[PARSE_IDLE] - spent[PARSE_IOWAIT]) / all : (double)NAN;
}

bool parse_task_stat(const char *text, struct parse_task *ret)
{
    /* Numbered as in proc_pid_stat(5); the first number behind the name is field 4. */
    enum { FIRST = 4, USER = 14, SYSTEM = 15, THREADS = 20, RESIDENT = 24 };
    uint64_t fields[RESIDENT - FIRST + 1];
    const char *at = strrchr(text, ')'); /* the name itself may hold anything */

    if (at == NULL || text_numbers(at, fields, RESIDENT - FIRST + 1) <= RESIDENT - FIRST) {
        return false;
    }
    *ret = (struct parse_task){fields[USER - FIRST], fields[SYSTEM - FIRST],
                               fields[THREADS - FIRST], fields[RESIDENT - FIRST]};
    return true;
}

bool parse_schedstat(const char *text, uint64_t *ret_run_ns, uint64_t *ret_wait_ns)
{
    uint64_t v[2];

    if (text_numbers(text, v, 2) < 2) {
        return false;
    }
    *ret_run_ns = v[0];
    *ret_wait_ns = v[1];
    return true;
}

bool parse_interface(const char *text, const char *name, uint64_t ret[PARSE_INTERFACE_FIGURES])
{
    size_t size = strlen(name);

    for (const char *at = text; at != NULL; at = text_next_line(at)) {
        const char *start = at + strspn(at, " \t");
        uint64_t figures[PARSE_INTERFACE_FIGURES];
        if (strncmp(start, name, size) != 0 || start[size] != ':') {
            continue;
        }
        if (text_numbers(start + size + 1, figures, PARSE_INTERFACE_FIGURES) <
            PARSE_INTERFACE_FIGURES) {
            return false;
        }
        memcpy(ret, figures, sizeof(figures));
        return true;
    }
    return false;
}

bool parse_softnet(const char *text, uint64_t *ret_drops, uint64_t *ret_squeezes)
{
    uint64_t drops = 0, squeezes = 0;
    bool any = false;

    /* One line a CPU, hexadecimal: processed, dropped, squeezed, ... */
    for (const char *at = text; at != NULL; at = text_next_line(at)) {
        const char *line_end = at + strcspn(at, "\n");
        char *end[3];
        uint64_t v[3];
        v[0] = strtoull(at, &end[0], 16);
        v[1] = strtoull(end[0], &end[1], 16);
        v[2] = strtoull(end[1], &end[2], 16);
        if (end[0] == at || end[1] == end[0] || end[2] == end[1] || end[2] > line_end) {
            continue;
        }
        drops += v[1];
        squeezes += v[2];
        any = true;
    }
    if (any) {
        *ret_drops = drops;
        *ret_squeezes = squeezes;
    }
    return any;
}

/* Which of the words of a line is this one; -1: none. */
static int place_of(const char *line, const char *word)
{
    const char *at = line + strspn(line, " ");
    size_t size = strlen(word);

    for (int place = 0; *at != '\n' && *at != '\0'; place++) {
        size_t length = strcspn(at, " \n");
        if (length == size && strncmp(at, word, size) == 0) {
            return place;
        }
        at += length;
        at += strspn(at, " ");
    }
    return -1;
}

bool parse_udp(const char *text, const char *heading, uint64_t *ret)
{
    enum { UDP_FIGURES = 32 };
    uint64_t figures[UDP_FIGURES];
    const char *names = text_line(text, "Udp:");
    const char *values = names != NULL ? text_next_line(names) : NULL;
    int place;

    if (values == NULL || strncmp(values, "Udp:", 4) != 0) {
        return false;
    }
    place = place_of(names + 4, heading);
    if (place < 0 || (size_t)place >= text_numbers(values, figures, UDP_FIGURES)) {
        return false;
    }
    *ret = figures[place];
    return true;
}

bool parse_pressure(const char *text, const char *which, uint64_t *ret_us)
{
    const char *line = text_line(text, which), *total;

    if (line == NULL || (total = strstr(line, "total=")) == NULL ||
        total > line + strcspn(line, "\n")) {
        return false;
    }
    return text_numbers(total, ret_us, 1) == 1;
}
