/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * keys: see the header.
 */
#include "node/sipp/keys.h"

#include <errno.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/str.h"

bool sipp_key(char key, struct sipp_order *ret)
{
    static const struct {
        char key;
        struct sipp_order order;
    } known[] = {
        {'+', {SIPP_RATE_BY, 1, 0}},  {'*', {SIPP_RATE_BY, 10, 0}},
        {'-', {SIPP_RATE_BY, -1, 0}}, {'/', {SIPP_RATE_BY, -10, 0}},
        {'q', {SIPP_QUIT, 0, 0}},     {'Q', {SIPP_QUIT_NOW, 0, 0}},
        {'p', {SIPP_PAUSE, 0, 0}},    {'s', {SIPP_DUMP_SCREEN, 0, 0}},
    };
    for (size_t i = 0; i < sizeof known / sizeof known[0]; i++)
        if (known[i].key == key) {
            *ret = known[i].order;
            return true;
        }
    if (key < '1' || key > '9')
        return false;
    *ret = (struct sipp_order){SIPP_SHOW_SCREEN, key - '0', 0};
    return true;
}

/* ---- commands ---- */

static int set(const char *what, const char *word, struct sipp_order *ret, struct err *e)
{
    static const struct {
        const char *name;
        enum sipp_order_kind kind;
    } known[] = {
        {"rate", SIPP_SET_RATE}, {"rate-scale", SIPP_SET_SCALE}, {"limit", SIPP_SET_LIMIT}};
    char *end;
    if (strcmp(what, "hide") == 0) {
        bool on;
        if (str_parse_bool(word, &on) < 0)
            return err_set(e, -EINVAL, "set hide %.40s: true or false is wanted", word);
        *ret = (struct sipp_order){SIPP_SET_HIDE, on, 0};
        return 0;
    }
    for (size_t i = 0; i < sizeof known / sizeof known[0]; i++) {
        if (strcmp(known[i].name, what) != 0)
            continue;
        const double value = strtod(word, &end);
        if (end == word || *end != '\0' || !isfinite(value) || value < 0)
            return err_set(e, -EINVAL, "set %s %.40s: a number is wanted", what, word);
        *ret = (struct sipp_order){known[i].kind, value, 0};
        return 0;
    }
    return err_set(e, -EINVAL, "set %.40s: rate rate-scale limit hide are known", what);
}

static int trace(const char *what, const char *word, struct sipp_order *ret, struct err *e)
{
    static const struct {
        const char *name;
        enum sipp_trace_kind kind;
    } known[] = {{"error", SIPP_TRACE_ERR},
                 {"logs", SIPP_TRACE_LOGS},
                 {"messages", SIPP_TRACE_MSG},
                 {"shortmessages", SIPP_TRACE_SHORTMSG}};
    bool on;
    for (size_t i = 0; i < sizeof known / sizeof known[0]; i++) {
        if (strcmp(known[i].name, what) != 0)
            continue;
        if (str_parse_bool(word, &on) < 0)
            return err_set(e, -EINVAL, "trace %s %.40s: on or off is wanted", what, word);
        *ret = (struct sipp_order){SIPP_SET_TRACE, on, known[i].kind};
        return 0;
    }
    return err_set(e, -EINVAL, "trace %.40s: error logs messages shortmessages are known", what);
}

int sipp_command(const char *text, struct sipp_order *ret, struct err *e)
{
    char copy[128], *rest = NULL;
    str_printf(copy, sizeof copy, "%.120s", text);
    const char *verb = strtok_r(copy, " \t\r\n", &rest);
    const char *what = verb != NULL ? strtok_r(NULL, " \t\r\n", &rest) : NULL;
    const char *word = what != NULL ? strtok_r(NULL, " \t\r\n", &rest) : NULL;
    if (verb != NULL && what != NULL && word != NULL && strcmp(verb, "set") == 0)
        return set(what, word, ret, e);
    if (verb != NULL && what != NULL && word != NULL && strcmp(verb, "trace") == 0)
        return trace(what, word, ret, e);
    if (verb != NULL && what != NULL && strcmp(what, "stats") == 0 &&
        (strcmp(verb, "dump") == 0 || strcmp(verb, "reset") == 0)) {
        *ret = (struct sipp_order){*verb == 'd' ? SIPP_DUMP_STATS : SIPP_RESET_STATS, 0, 0};
        return 0;
    }
    if (verb != NULL && what != NULL && strcmp(verb, "dump") == 0 && strcmp(what, "screens") == 0) {
        *ret = (struct sipp_order){SIPP_DUMP_SCREEN, 0, 0};
        return 0;
    }
    return err_set(e, -EINVAL,
                   "command %.60s: set rate|rate-scale|limit N, set hide true|false, trace "
                   "error|logs|messages|shortmessages on|off, dump stats|screens, reset stats are "
                   "known",
                   text);
}

size_t sipp_control(const char *bytes, size_t size, struct sipp_order *ret, size_t room,
                    struct err *e)
{
    char text[128];
    size_t count = 0;
    for (size_t i = 0; i < size && count < room; i++) {
        if (bytes[i] == 'c') {
            str_printf(text, sizeof text, "%.*s", (int)(size - i - 1), bytes + i + 1);
            return count + (sipp_command(text, &ret[count], e) == 0);
        }
        if (sipp_key(bytes[i], &ret[count]))
            count++;
        else if (bytes[i] != '\n' && bytes[i] != '\r')
            err_set(e, -EINVAL, "key %c: + - * / q Q p s c 1-9 are known", bytes[i]);
    }
    return count;
}
