/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * json: parsing with a position, and getters whose errors name the member. One thread per value.
 */
#include "base/json.h"

#include <errno.h>
#include <math.h>

json_t *json_parse(const char *text, size_t size, struct err *e)
{
    json_error_t error;
    json_t *value = json_loadb(size > 0 ? text : "", size, JSON_REJECT_DUPLICATES, &error);
    if (value == NULL) {
        err_set(e, -EBADMSG, "not JSON: %s", error.text);
        err_at(e, NULL, error.line > 0 ? error.line : 0, error.column > 0 ? error.column : 0);
    }
    return value;
}

static json_t *need(const json_t *object, const char *key, struct err *e)
{
    json_t *member = json_object_get(object, key);
    if (member == NULL)
        err_set(e, -EBADMSG, "member %s missing", key);
    return member;
}

static int wrong_type(const char *key, const char *wanted, struct err *e)
{
    return err_set(e, -EBADMSG, "member %s is not %s", key, wanted);
}

int json_need_str(const json_t *object, const char *key, const char **ret, struct err *e)
{
    const json_t *member = need(object, key, e);
    if (member == NULL)
        return -EBADMSG;
    if (!json_is_string(member))
        return wrong_type(key, "a text", e);
    *ret = json_string_value(member);
    return 0;
}

int json_need_u64(const json_t *object, const char *key, uint64_t *ret, struct err *e)
{
    const json_t *member = need(object, key, e);
    if (member == NULL)
        return -EBADMSG;
    if (!json_is_integer(member) || json_integer_value(member) < 0)
        return wrong_type(key, "a whole number of 0 or more", e);
    *ret = (uint64_t)json_integer_value(member);
    return 0;
}

int json_need_number(const json_t *object, const char *key, double *ret, struct err *e)
{
    const json_t *member = need(object, key, e);
    if (member == NULL)
        return -EBADMSG;
    if (!json_is_number(member))
        return wrong_type(key, "a number", e);
    *ret = json_number_value(member);
    return 0;
}

int json_need_array(const json_t *object, const char *key, json_t **ret, struct err *e)
{
    json_t *member = need(object, key, e);
    if (member == NULL)
        return -EBADMSG;
    if (!json_is_array(member))
        return wrong_type(key, "an array", e);
    *ret = member;
    return 0;
}

int json_need_object(const json_t *object, const char *key, json_t **ret, struct err *e)
{
    json_t *member = need(object, key, e);
    if (member == NULL)
        return -EBADMSG;
    if (!json_is_object(member))
        return wrong_type(key, "an object", e);
    *ret = member;
    return 0;
}

const char *json_str_or(const json_t *object, const char *key, const char *dflt)
{
    const json_t *member = json_object_get(object, key);
    return json_is_string(member) ? json_string_value(member) : dflt;
}

uint64_t json_u64_or(const json_t *object, const char *key, uint64_t dflt)
{
    const json_t *member = json_object_get(object, key);
    if (!json_is_integer(member) || json_integer_value(member) < 0)
        return dflt;
    return (uint64_t)json_integer_value(member);
}

double json_number_or(const json_t *object, const char *key, double dflt)
{
    const json_t *member = json_object_get(object, key);
    return json_is_number(member) ? json_number_value(member) : dflt;
}

bool json_bool_or(const json_t *object, const char *key, bool dflt)
{
    const json_t *member = json_object_get(object, key);
    return json_is_boolean(member) ? json_is_true(member) : dflt;
}

json_t *json_u64(uint64_t value)
{
    return json_integer(value > INT64_MAX ? INT64_MAX : (json_int_t)value);
}

json_t *json_figure(double value)
{
    return isfinite(value) ? json_real(value) : json_null();
}
