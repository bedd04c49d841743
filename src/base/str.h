/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * str: texts with units to numbers and back. All pure.
 */
#ifndef VAPERF_BASE_STR_H
#define VAPERF_BASE_STR_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* 0 or -EINVAL (text or unit wrong) / -ERANGE; `ret` only on success. */
int str_parse_count(const char *text, uint64_t *ret);       /* 400, 4k, 2^20 */
int str_parse_number(const char *text, double *ret);        /* 0.5 */
int str_parse_duration(const char *text, uint64_t *ret_ns); /* 20us 10ms 1.5s 20m 1h */
int str_parse_size(const char *text, uint64_t *ret_bytes);  /* 172 64K 1G */
int str_parse_rate(const char *text, double *ret_per_s);    /* 33, 33/s, 2000/min */
int str_parse_percent(const char *text, double *ret_pct);   /* 0.1% */
int str_parse_bool(const char *text, bool *ret);

const char *str_format_duration(uint64_t ns, char *buffer,
                                size_t size); /* exact: "1.5s", reads back */
const char *str_format_short_duration(uint64_t ns, char *buffer,
                                      size_t size); /* 3 digits, for people: "1.23ms" */
const char *str_format_size(uint64_t bytes, char *buffer, size_t size);
/* For people: whole numbers and all from a thousand on with every digit, others with four; never an
 * exponent in between ("30200", "18820", "1.235"). NAN: "-". */
const char *str_format_number(double value, char *buffer, size_t size);
/* As reports have figures: so many significant digits, whole numbers with all of theirs, never an
 * exponent ("0.0123", "12345"); below 1e-9 it reads as 0. NAN and infinity: "-". */
const char *str_format_digits(double value, int digits, char *buffer, size_t size);
bool str_starts(const char *text, const char *prefix);
unsigned str_edit_distance(const char *a, const char *b);
/* snprintf that never leaves an unended text and returns the length written. */
size_t str_printf(char *buffer, size_t size, const char *format, ...)
    __attribute__((format(printf, 3, 4)));

#endif
