/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * json: the one door to jansson (doc/decisions/ says why it is not wrapped further), with getters
 * that say what is missing. One thread per value.
 */
#ifndef VAPERF_BASE_JSON_H
#define VAPERF_BASE_JSON_H

#include <stdbool.h>
#include <stdint.h>

#include <jansson.h>

#include "base/err.h"

/* New reference, or NULL with err set (line and column of the text). */
json_t *json_parse(const char *text, size_t size, struct err *e);

/* Required members: -EBADMSG with "member streams missing" / "is not a number". Outputs only on
 * success; strings are lent. */
int json_need_str(const json_t *object, const char *key, const char **ret, struct err *e);
int json_need_u64(const json_t *object, const char *key, uint64_t *ret, struct err *e);
int json_need_number(const json_t *object, const char *key, double *ret, struct err *e);
int json_need_array(const json_t *object, const char *key, json_t **ret, struct err *e);
int json_need_object(const json_t *object, const char *key, json_t **ret, struct err *e);

/* Optional members with a default. */
const char *json_str_or(const json_t *object, const char *key, const char *dflt);
uint64_t json_u64_or(const json_t *object, const char *key, uint64_t dflt);
double json_number_or(const json_t *object, const char *key, double dflt);
bool json_bool_or(const json_t *object, const char *key, bool dflt);

/* uint64_t beyond 2^63 do not occur: times are ns since boot or 1970. */
json_t *json_u64(uint64_t value);

/* A figure; what is not known (not a number, or infinite) is null, never invented. */
json_t *json_figure(double value);

#endif
