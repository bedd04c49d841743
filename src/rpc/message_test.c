/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "rpc/message.h"

#include <errno.h>
#include <string.h>

#include "base/test.h"

static int decode(const char *line, struct message *ret, int *code, struct err *e)
{
    return message_decode(ret, line, strlen(line), code, e);
}

static void test_request_there_and_back(void **state)
{
    (void)state;
    struct buf line;
    struct message m = {0};
    buf_init(&line);
    json_t *params = json_pack("{s:s, s:[f, n]}", "id", "media", "values", 1.5);
    assert_int_equal(message_encode_request(&line, 7, "appliance.open", params), 0);
    assert_string_equal(buf_str(&line), "{\"jsonrpc\":\"2.0\",\"id\":7,\"method\":"
                                        "\"appliance.open\",\"params\":{\"id\":\"media\","
                                        "\"values\":[1.5,null]}}\n");
    assert_int_equal(message_decode(&m, line.data, line.size, NULL, NULL), 0);
    assert_int_equal(m.kind, MESSAGE_REQUEST);
    assert_int_equal(json_integer_value(m.id), 7);
    assert_string_equal(m.method, "appliance.open");
    assert_true(json_equal((json_t *)m.params, params));
    message_finish(&m);
    json_decref(params);
    buf_finish(&line);
}

static void test_notice_has_no_id(void **state)
{
    (void)state;
    struct buf line;
    struct message m = {0};
    buf_init(&line);
    assert_int_equal(message_encode_notice(&line, "load.done", NULL), 0);
    assert_string_equal(buf_str(&line), "{\"jsonrpc\":\"2.0\",\"method\":\"load.done\"}\n");
    assert_int_equal(message_decode(&m, line.data, line.size, NULL, NULL), 0);
    assert_int_equal(m.kind, MESSAGE_NOTICE);
    assert_null(m.id);
    assert_null(m.params);
    message_finish(&m);
    buf_finish(&line);
}

static void test_result_keeps_a_text_id(void **state)
{
    (void)state;
    struct buf line;
    struct message m = {0};
    buf_init(&line);
    json_t *id = json_string("a-1"), *value = json_null();
    assert_int_equal(message_encode_result(&line, id, value), 0);
    assert_int_equal(message_decode(&m, line.data, line.size, NULL, NULL), 0);
    assert_int_equal(m.kind, MESSAGE_RESULT);
    assert_string_equal(json_string_value(m.id), "a-1");
    assert_true(json_is_null(m.value));
    message_finish(&m);
    json_decref(id);
    json_decref(value);
    buf_finish(&line);
}

static void test_error_carries_errno_and_words(void **state)
{
    (void)state;
    struct buf line;
    struct message m = {0};
    buf_init(&line);
    json_t *id = json_integer(3);
    assert_int_equal(message_encode_error(&line, id, message_code_of_errno(-EINVAL),
                                          "streams: '100cps' is not a count"),
                     0);
    assert_non_null(strstr(buf_str(&line), "-32022"));
    assert_int_equal(message_decode(&m, line.data, line.size, NULL, NULL), 0);
    assert_int_equal(m.kind, MESSAGE_ERROR);
    assert_int_equal(m.error.code, -EINVAL);
    assert_string_equal(m.error.text, "streams: '100cps' is not a count");
    message_finish(&m);
    json_decref(id);
    buf_finish(&line);
}

static void test_error_without_id_and_utf8(void **state)
{
    (void)state;
    struct buf line;
    struct message m = {0};
    buf_init(&line);
    assert_int_equal(message_encode_error(&line, NULL, MESSAGE_CODE_PARSE, "bad \xff byte"), 0);
    assert_string_equal(buf_str(&line), "{\"jsonrpc\":\"2.0\",\"id\":null,\"error\":{\"code\":"
                                        "-32700,\"message\":\"bad ? byte\"}}\n");
    assert_int_equal(message_decode(&m, line.data, line.size, NULL, NULL), 0);
    assert_null(m.id);
    assert_int_equal(m.error.code, -EBADMSG);
    message_finish(&m);
    buf_finish(&line);
}

static void test_codes(void **state)
{
    (void)state;
    assert_int_equal(message_code_of_errno(-EINVAL), -32022);
    assert_int_equal(message_errno_of_code(-32022), -EINVAL);
    for (int n = 1; n < 134; n++)
        assert_int_equal(message_errno_of_code(message_code_of_errno(-n)), -n);
    assert_int_equal(message_code_of_errno(0), MESSAGE_CODE_INTERNAL);
    assert_int_equal(message_code_of_errno(-100000), MESSAGE_CODE_INTERNAL);
    assert_int_equal(message_errno_of_code(MESSAGE_CODE_METHOD), -ENOSYS);
    assert_int_equal(message_errno_of_code(MESSAGE_CODE_PARAMS), -EINVAL);
    assert_int_equal(message_errno_of_code(MESSAGE_CODE_INTERNAL), -EIO);
    assert_int_equal(message_errno_of_code(INT64_MIN), -EIO);
    assert_int_equal(message_errno_of_code(12), -EIO);
}

static void test_what_is_no_message(void **state)
{
    (void)state;
    static const struct {
        const char *line;
        int code;
        const char *text;
    } bad[] = {
        {"", MESSAGE_CODE_PARSE, "not JSON"},
        {"{\"jsonrpc\":\"2.0\"", MESSAGE_CODE_PARSE, "not JSON"},
        {"[]", MESSAGE_CODE_REQUEST, "jsonrpc"},
        {"{\"jsonrpc\":\"1.0\",\"method\":\"x\"}", MESSAGE_CODE_REQUEST, "jsonrpc"},
        {"{\"jsonrpc\":\"2.0\",\"method\":5}", MESSAGE_CODE_REQUEST, "method"},
        {"{\"jsonrpc\":\"2.0\",\"method\":\"x\",\"params\":[1]}", MESSAGE_CODE_REQUEST, "params"},
        {"{\"jsonrpc\":\"2.0\",\"method\":\"x\",\"id\":1.5}", MESSAGE_CODE_REQUEST, "id"},
        {"{\"jsonrpc\":\"2.0\",\"method\":\"x\",\"id\":null}", MESSAGE_CODE_REQUEST, "id"},
        {"{\"jsonrpc\":\"2.0\",\"id\":1}", MESSAGE_CODE_REQUEST, "neither"},
        {"{\"jsonrpc\":\"2.0\",\"result\":1}", MESSAGE_CODE_REQUEST, "without an id"},
        {"{\"jsonrpc\":\"2.0\",\"id\":1,\"error\":{\"code\":1}}", MESSAGE_CODE_REQUEST, "error"},
        {"{\"jsonrpc\":\"2.0\",\"id\":1,\"id\":2,\"method\":\"x\"}", MESSAGE_CODE_PARSE, "dup"},
    };
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
        struct message m;
        struct err e = {0};
        int code = 0;
        assert_int_equal(decode(bad[i].line, &m, &code, &e), -EBADMSG);
        assert_int_equal(code, bad[i].code);
        assert_non_null(strstr(e.text, bad[i].text));
    }
}

static void test_nothing_is_half_written(void **state)
{
    (void)state;
    struct buf line;
    buf_init(&line);
    buf_append_str(&line, "before\n");
    assert_int_equal(message_encode_request(&line, 1, "\xff", NULL), -EINVAL);
    json_t *id = json_integer(1);
    assert_int_equal(message_encode_result(&line, id, NULL), -EINVAL);
    assert_string_equal(buf_str(&line), "before\n");
    json_decref(id);
    buf_finish(&line);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_request_there_and_back),
        cmocka_unit_test(test_notice_has_no_id),
        cmocka_unit_test(test_result_keeps_a_text_id),
        cmocka_unit_test(test_error_carries_errno_and_words),
        cmocka_unit_test(test_error_without_id_and_utf8),
        cmocka_unit_test(test_codes),
        cmocka_unit_test(test_what_is_no_message),
        cmocka_unit_test(test_nothing_is_half_written),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
