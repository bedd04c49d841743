/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * number: figures as people read them. Pure.
 */
#include "control/report/report_private.h"

#include <inttypes.h>
#include <string.h>
#include <time.h>

#include "base/str.h"

#define NO_FIGURE "–"

const char *number_format(double value, int digits, char *buffer, size_t size)
{
    if (isfinite(value))
        return str_format_digits(value, digits, buffer, size);
    str_printf(buffer, size, "%s", NO_FIGURE);
    return buffer;
}

struct span number_cut(double value, struct span sure, double most)
{
    if (value >= 0 && sure.low < 0)
        sure.low = 0;
    if (value <= most && sure.high > most)
        sure.high = most;
    return sure;
}

const char *number_format_share(double pct, struct span sure, char *buffer)
{
    return number_format_sure(pct, number_cut(pct, sure, 100), 1, buffer);
}

const char *number_format_sure(double value, struct span sure, double scale, char *buffer)
{
    char v[32], low[32], high[32];
    sure = number_cut(value, sure, INFINITY);
    number_format(value * scale, 3, v, sizeof v);
    if (!isfinite(value) || !isfinite(sure.low) || !isfinite(sure.high)) {
        str_printf(buffer, NUMBER_TEXT, "%s", v);
        return buffer;
    }
    if (sure.low == sure.high) { /* no proof of certainty: all trials gave the same */
        str_printf(buffer, NUMBER_TEXT, "%s (no spread)", v);
        return buffer;
    }
    str_printf(buffer, NUMBER_TEXT, "%s (%s to %s)", v,
               number_format(sure.low * scale, 3, low, sizeof low),
               number_format(sure.high * scale, 3, high, sizeof high));
    return buffer;
}

const char *number_format_time(uint64_t real_ns, char *buffer)
{
    const time_t s = (time_t)(real_ns / 1000000000);
    struct tm t;
    if (real_ns == 0 || gmtime_r(&s, &t) == NULL ||
        strftime(buffer, NUMBER_TEXT, "%Y-%m-%d %H:%M:%S UTC", &t) == 0)
        str_printf(buffer, NUMBER_TEXT, "%s", NO_FIGURE);
    return buffer;
}

const char *number_format_loss(const struct loss *l, char *buffer, size_t size)
{
    char v[32], low[32], high[32];
    if (!l->known) {
        str_printf(buffer, size, "%s", NO_FIGURE);
        return buffer;
    }
    number_format(l->sure.high, 2, high, sizeof high);
    if (l->lost == 0)
        str_printf(buffer, size, "0 (none seen in %" PRIu64 ": below %s)", l->sent, high);
    else
        str_printf(buffer, size, "%s (%s to %s)", number_format(l->pct, 3, v, sizeof v),
                   number_format(l->sure.low, 3, low, sizeof low),
                   number_format(l->sure.high, 3, high, sizeof high));
    return buffer;
}

const char *number_format_verdict(const struct case_result *c, char *buffer, size_t size)
{
    if (c->counts.valid > 0)
        str_printf(buffer, size, "%s %zu/%zu", c->verdict,
                   strcmp(c->verdict, "pass") == 0 ? c->counts.passed
                                                   : c->counts.valid - c->counts.passed,
                   c->counts.valid);
    else
        str_printf(buffer, size, "%s", c->verdict);
    return buffer;
}
