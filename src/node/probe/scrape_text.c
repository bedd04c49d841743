/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * scrape_text: see scrape_text.h. Pure.
 */
#include "node/probe/scrape_text.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/str.h"

static bool is_blank(char c)
{
    return c == ' ' || c == '\t';
}

static bool ends_with(const char *text, const char *end)
{
    size_t n = strlen(text), m = strlen(end);
    return n >= m && strcmp(text + n - m, end) == 0;
}

/* Appends one character that any reader of a column's name can bear. */
static void add_char(char name[SAMPLE_NAME_MAX], size_t *n, char c)
{
    if (*n + 1 < SAMPLE_NAME_MAX) {
        name[(*n)++] = c > ' ' && c < 0x7f && c != ',' && c != '"' ? c : '_';
        name[*n] = '\0';
    }
}

/* Behind a '{': the labels' values, each behind a dot. Returns what follows the '}'. */
static const char *add_labels(const char *at, char name[SAMPLE_NAME_MAX], size_t *n)
{
    bool inside = false;

    for (; *at != '\0' && *at != '\n' && (inside || *at != '}'); at++) {
        if (*at == '"') {
            inside = !inside;
            if (inside) {
                add_char(name, n, '.');
            }
        } else if (inside) {
            if (*at == '\\' && at[1] != '\0' && at[1] != '\n') {
                at++;
            }
            add_char(name, n, *at);
        }
    }
    return *at == '}' ? at + 1 : at;
}

/* Of a line; false when it is none. */
static bool read_line(const char *at, struct scrape_line *ret)
{
    size_t n = 0;
    char *end;

    ret->name[0] = '\0';
    while (*at != '\0' && *at != '\n' && !is_blank(*at) && *at != '{') {
        add_char(ret->name, &n, *at++);
    }
    if (*at == '{') {
        at = add_labels(at + 1, ret->name, &n);
    }
    while (is_blank(*at)) {
        at++;
    }
    if (n == 0 || *at == '\0' || *at == '\n') {
        return false;
    }
    ret->value = strtod(at, &end);
    return end > at && isfinite(ret->value);
}

static size_t word_length(const char *at)
{
    size_t n = 0;
    while (at[n] != '\0' && at[n] != '\n' && !is_blank(at[n])) {
        n++;
    }
    return n;
}

/* Does a line "# TYPE name counter" stand right before, as the format wants it? */
static bool is_counter_type(const char *type, const char *line)
{
    size_t n;

    if (type == NULL) {
        return false;
    }
    n = word_length(type);
    return strncmp(type, line, n) == 0 && (is_blank(line[n]) || line[n] == '{') &&
           str_starts(type + n, " counter");
}

static bool is_known(const struct scrape_line *lines, size_t count, const char *name)
{
    for (size_t i = 0; i < count; i++) {
        if (strcmp(lines[i].name, name) == 0) {
            return true;
        }
    }
    return false;
}

size_t scrape_parse(const char *text, struct scrape_line *ret, size_t room)
{
    const char *type = NULL;
    size_t n = 0;

    while (text != NULL && *text != '\0') {
        struct scrape_line line;
        const char *next = strchr(text, '\n');

        if (str_starts(text, "# TYPE ")) {
            type = text + strlen("# TYPE ");
        } else if (*text != '#' && read_line(text, &line) &&
                   !is_known(ret, n < room ? n : room, line.name)) {
            size_t plain = strcspn(text, "{ \t\n");
            char name[SAMPLE_NAME_MAX];
            str_printf(name, sizeof(name), "%.*s", (int)(plain < 60 ? plain : 60), text);
            line.kind = is_counter_type(type, text) || ends_with(name, "_total") ? SAMPLE_COUNTER
                                                                                 : SAMPLE_GAUGE;
            if (n < room) {
                ret[n] = line;
            }
            n++;
        }
        text = next != NULL ? next + 1 : NULL;
    }
    return n;
}
