/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * str: numbers with units, read strictly: no blanks, no signs but a number's, nothing behind.
 * Decimal fractions are read with integers, so that "1.5s" is exactly 1500000000 ns. All pure.
 */
#include "base/str.h"

#include <errno.h>
#include <math.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

__extension__ typedef unsigned __int128 u128;

struct unit {
    const char *name;
    uint64_t factor;
};

static const struct unit count_units[] = {
    {"", 1}, {"k", 1000}, {"M", 1000000}, {"G", 1000000000}, {NULL, 0}};
static const struct unit duration_units[] = {{"ns", 1},
                                             {"us", 1000},
                                             {"ms", 1000000},
                                             {"s", 1000000000},
                                             {"m", UINT64_C(60000000000)},
                                             {"min", UINT64_C(60000000000)},
                                             {"h", UINT64_C(3600000000000)},
                                             {"d", UINT64_C(86400000000000)},
                                             {NULL, 0}};
static const struct unit size_units[] = {{"", 1},
                                         {"K", UINT64_C(1) << 10},
                                         {"k", UINT64_C(1) << 10},
                                         {"M", UINT64_C(1) << 20},
                                         {"G", UINT64_C(1) << 30},
                                         {"T", UINT64_C(1) << 40},
                                         {"KiB", UINT64_C(1) << 10},
                                         {"MiB", UINT64_C(1) << 20},
                                         {"GiB", UINT64_C(1) << 30},
                                         {NULL, 0}};

static bool is_digit(char c)
{
    return c >= '0' && c <= '9';
}

static int parse_digits(const char **text, uint64_t *ret)
{
    const char *at = *text;
    uint64_t v = 0;
    if (!is_digit(*at))
        return -EINVAL;
    for (; is_digit(*at); at++)
        if (__builtin_mul_overflow(v, 10, &v) ||
            __builtin_add_overflow(v, (uint64_t)(*at - '0'), &v))
            return -ERANGE;
    *text = at;
    *ret = v;
    return 0;
}

static int find_unit(const struct unit *units, const char *name, uint64_t *ret_factor)
{
    for (; units->name != NULL; units++) {
        if (strcmp(units->name, name) == 0) {
            *ret_factor = units->factor;
            return 0;
        }
    }
    return -EINVAL;
}

/* "<digits>[.<digits>]<unit>" times the unit, rounded to the nearest whole. */
static int parse_with_unit(const char *text, const struct unit *units, uint64_t *ret)
{
    uint64_t whole, fraction = 0, scale = 1, factor;
    int r = parse_digits(&text, &whole);
    if (r < 0)
        return r;
    if (*text == '.') {
        if (!is_digit(*++text))
            return -EINVAL;
        for (; is_digit(*text); text++) {
            if (scale == UINT64_C(1000000000000000000))
                continue; /* beyond what any unit resolves */
            fraction = fraction * 10 + (uint64_t)(*text - '0');
            scale *= 10;
        }
    }
    r = find_unit(units, text, &factor);
    if (r < 0)
        return r;
    u128 v = (u128)whole * factor + ((u128)fraction * factor + scale / 2) / scale;
    if (v > UINT64_MAX)
        return -ERANGE;
    *ret = (uint64_t)v;
    return 0;
}

/* a^b */
static int parse_power(uint64_t base, const char *text, uint64_t *ret)
{
    uint64_t exponent, v = 1;
    int r = parse_digits(&text, &exponent);
    if (r < 0)
        return r;
    if (*text != '\0')
        return -EINVAL;
    if (base <= 1)
        exponent = exponent > 0; /* 0^n and 1^n need no n rounds */
    for (; exponent > 0; exponent--)
        if (__builtin_mul_overflow(v, base, &v))
            return -ERANGE;
    *ret = v;
    return 0;
}

int str_parse_count(const char *text, uint64_t *ret)
{
    uint64_t v, factor;
    int r = parse_digits(&text, &v);
    if (r < 0)
        return r;
    if (*text == '^')
        return parse_power(v, text + 1, ret);
    r = find_unit(count_units, text, &factor);
    if (r < 0)
        return r;
    if (__builtin_mul_overflow(v, factor, &v))
        return -ERANGE;
    *ret = v;
    return 0;
}

/* The decimal number at the start of the text; *ret_end behind it. */
static int parse_decimal(const char *text, double *ret, const char **ret_end)
{
    const char *at = text + (*text == '-');
    /* strtod alone would also take "inf", "nan", "0x10" and leading blanks. */
    if (!is_digit(*at) || (at[0] == '0' && (at[1] == 'x' || at[1] == 'X')))
        return -EINVAL;
    char *end;
    double v = strtod(text, &end);
    if (!isfinite(v))
        return -ERANGE;
    *ret = v;
    *ret_end = end;
    return 0;
}

int str_parse_number(const char *text, double *ret)
{
    double v;
    const char *end;
    int r = parse_decimal(text, &v, &end);
    if (r < 0)
        return r;
    if (*end != '\0')
        return -EINVAL;
    *ret = v;
    return 0;
}

int str_parse_duration(const char *text, uint64_t *ret_ns)
{
    if (strcmp(text, "0") == 0) {
        *ret_ns = 0;
        return 0;
    }
    return parse_with_unit(text, duration_units, ret_ns);
}

int str_parse_size(const char *text, uint64_t *ret_bytes)
{
    return parse_with_unit(text, size_units, ret_bytes);
}

int str_parse_rate(const char *text, double *ret_per_s)
{
    double v, seconds;
    const char *end;
    int r = parse_decimal(text, &v, &end);
    if (r < 0)
        return r;
    if (*end == '\0' || strcmp(end, "/s") == 0)
        seconds = 1;
    else if (strcmp(end, "/min") == 0)
        seconds = 60;
    else if (strcmp(end, "/h") == 0)
        seconds = 3600;
    else
        return -EINVAL;
    if (v < 0)
        return -EINVAL;
    *ret_per_s = v / seconds;
    return 0;
}

int str_parse_percent(const char *text, double *ret_pct)
{
    double v;
    const char *end;
    int r = parse_decimal(text, &v, &end);
    if (r < 0)
        return r;
    if (v < 0 || (*end != '\0' && strcmp(end, "%") != 0))
        return -EINVAL;
    *ret_pct = v;
    return 0;
}

int str_parse_bool(const char *text, bool *ret)
{
    static const char *const words[][2] = {
        {"false", "true"}, {"no", "yes"}, {"off", "on"}, {"0", "1"}};
    for (size_t i = 0; i < sizeof words / sizeof words[0]; i++) {
        for (int value = 0; value < 2; value++) {
            if (strcmp(text, words[i][value]) == 0) {
                *ret = value == 1;
                return 0;
            }
        }
    }
    return -EINVAL;
}

size_t str_printf(char *buffer, size_t size, const char *format, ...)
{
    if (size == 0)
        return 0;
    va_list args;
    va_start(args, format);
    int n = vsnprintf(buffer, size, format, args);
    va_end(args);
    if (n < 0) {
        buffer[0] = '\0';
        return 0;
    }
    return (size_t)n < size ? (size_t)n : size - 1;
}

const char *str_format_duration(uint64_t ns, char *buffer, size_t size)
{
    static const struct unit whole[] = {{"h", UINT64_C(3600000000000)},
                                        {"m", UINT64_C(60000000000)}};
    static const struct unit decimal[] = {{"s", 1000000000}, {"ms", 1000000}, {"us", 1000}};
    for (size_t i = 0; i < 2; i++) {
        if (ns > 0 && ns % whole[i].factor == 0) {
            str_printf(buffer, size, "%llu%s", (unsigned long long)(ns / whole[i].factor),
                       whole[i].name);
            return buffer;
        }
    }
    for (size_t i = 0; i < 3; i++) {
        uint64_t factor = decimal[i].factor;
        if (ns < factor)
            continue;
        int digits = factor == 1000000000 ? 9 : factor == 1000000 ? 6 : 3;
        char text[40];
        size_t n = str_printf(text, sizeof text, "%llu.%0*llu", (unsigned long long)(ns / factor),
                              digits, (unsigned long long)(ns % factor));
        while (text[n - 1] == '0')
            n--;
        n -= text[n - 1] == '.';
        str_printf(buffer, size, "%.*s%s", (int)n, text, decimal[i].name);
        return buffer;
    }
    str_printf(buffer, size, ns == 0 ? "0s" : "%lluns", (unsigned long long)ns);
    return buffer;
}

const char *str_format_short_duration(uint64_t ns, char *buffer, size_t size)
{
    static const struct unit units[] = {{"us", 1000}, {"ms", 1000000}, {"s", 1000000000}};
    if (ns < 1000) {
        str_printf(buffer, size, "%lluns", (unsigned long long)ns);
        return buffer;
    }
    if (ns >= UINT64_C(59950000000)) {
        uint64_t s = ns / 1000000000 + (ns % 1000000000 >= 500000000);
        unsigned long long h = s / 3600, m = s / 60 % 60;
        if (h > 0)
            str_printf(buffer, size, "%lluh%02llum", h, m);
        else
            str_printf(buffer, size, "%llum%02llus", m, (unsigned long long)(s % 60));
        return buffer;
    }
    for (size_t i = 0;; i++) {
        double v = (double)ns / (double)units[i].factor;
        /* 999.5 would be shown as 1000: that is the next unit's 1.00. */
        if (v >= 999.5 && i < 2)
            continue;
        int decimals = v >= 99.95 ? 0 : v >= 9.995 ? 1 : 2;
        str_printf(buffer, size, "%.*f%s", decimals, v, units[i].name);
        return buffer;
    }
}

const char *str_format_size(uint64_t bytes, char *buffer, size_t size)
{
    static const char *const names[] = {"", "K", "M", "G", "T"};
    size_t i = 0;
    while (i < 4 && bytes != 0 && bytes % 1024 == 0) {
        bytes /= 1024;
        i++;
    }
    str_printf(buffer, size, "%llu%s", (unsigned long long)bytes, names[i]);
    return buffer;
}

const char *str_format_number(double value, char *buffer, size_t size)
{
    if (isnan(value))
        str_printf(buffer, size, "-");
    else if (fabs(value) >= 1e3 || value == trunc(value))
        str_printf(buffer, size, "%.0f", value);
    else
        str_printf(buffer, size, "%.4g", value);
    return buffer;
}

const char *str_format_digits(double value, int digits, char *buffer, size_t size)
{
    if (!isfinite(value)) {
        str_printf(buffer, size, "-");
        return buffer;
    }
    int decimals = 0;
    if (value != 0)
        decimals = digits - 1 - (int)floor(log10(fabs(value)) + 1e-12);
    decimals = decimals < 0 ? 0 : decimals > 9 ? 9 : decimals;
    str_printf(buffer, size, "%.*f", decimals, value);
    if (strchr(buffer, '.') == NULL)
        return buffer;
    size_t n = strlen(buffer);
    while (n > 0 && buffer[n - 1] == '0')
        n--;
    if (n > 0 && buffer[n - 1] == '.')
        n--;
    buffer[n] = '\0';
    return buffer;
}

bool str_starts(const char *text, const char *prefix)
{
    return strncmp(text, prefix, strlen(prefix)) == 0;
}

unsigned str_edit_distance(const char *a, const char *b)
{
    enum { LONGEST = 64 };
    size_t la = strlen(a), lb = strlen(b);
    if (lb >= LONGEST || la >= LONGEST) /* no name is that long */
        return strcmp(a, b) == 0 ? 0 : LONGEST;
    unsigned row[LONGEST];
    for (unsigned j = 0; j <= lb; j++)
        row[j] = j;
    for (unsigned i = 1; i <= la; i++) {
        unsigned diagonal = row[0];
        row[0] = i;
        for (unsigned j = 1; j <= lb; j++) {
            unsigned best = diagonal + (a[i - 1] != b[j - 1]);
            diagonal = row[j];
            if (row[j] + 1 < best)
                best = row[j] + 1;
            if (row[j - 1] + 1 < best)
                best = row[j - 1] + 1;
            row[j] = best;
        }
    }
    return row[lb];
}
