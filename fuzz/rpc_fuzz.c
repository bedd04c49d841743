/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * rpc_fuzz: any line into message_decode, and what it carries into the sample decoders. What is
 * accepted must say the same after it was written again.
 */
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "rpc/message.h"
#include "rpc/sample.h"

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size);

#define REQUIRE(condition) \
    do {                   \
        if (!(condition))  \
            abort();       \
    } while (0)

static bool equal(const json_t *a, const json_t *b)
{
    return (a == NULL && b == NULL) || json_equal(a, b);
}

static int encode(struct buf *line, const struct message *m)
{
    switch (m->kind) {
    case MESSAGE_REQUEST:
        if (json_is_string(m->id)) /* ours are numbers; others' come back in results */
            return message_encode_result(line, m->id, m->id);
        return message_encode_request(line, json_integer_value(m->id), m->method, m->params);
    case MESSAGE_NOTICE:
        return message_encode_notice(line, m->method, m->params);
    case MESSAGE_RESULT:
        return message_encode_result(line, m->id, m->value);
    default:
        return message_encode_error(line, m->id, message_code_of_errno(m->error.code),
                                    m->error.text);
    }
}

static void check_again(const struct message *m)
{
    struct buf line;
    struct message again;
    buf_init(&line);
    if (encode(&line, m) == 0) {
        REQUIRE(line.size > 0 && memchr(line.data, '\n', line.size) == line.data + line.size - 1);
        REQUIRE(message_decode(&again, line.data, line.size, NULL, NULL) == 0);
        if (m->kind != MESSAGE_REQUEST || !json_is_string(m->id)) {
            REQUIRE(again.kind == m->kind && equal(again.params, m->params));
            REQUIRE(equal(again.value, m->value) && again.error.code == m->error.code);
        }
        REQUIRE(equal(again.id, m->id));
        message_finish(&again);
    }
    buf_finish(&line);
}

static void try_sample(const json_t *params)
{
    double values[4];
    const char *source;
    uint64_t at_ns;
    for (size_t count = 0; count <= 4; count++) {
        if (sample_row_from_json(params, &source, &at_ns, values, count, NULL) < 0)
            continue;
        const struct sample_row row = {.at_ns = at_ns, .values = values, .count = count};
        json_t *again = sample_row_to_json(source, &row);
        REQUIRE(again != NULL);
        json_decref(again);
    }
    struct sample_column *columns;
    size_t count;
    if (sample_columns_from_json(json_object_get(params, "columns"), &columns, &count, NULL) < 0)
        return;
    json_t *again = sample_columns_to_json(columns, count);
    REQUIRE(json_array_size(again) == count);
    json_decref(again);
    free(columns);
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size)
{
    struct message m;
    if (message_decode(&m, (const char *)bytes, size, NULL, NULL) < 0)
        return 0;
    check_again(&m);
    if (m.params != NULL)
        try_sample(m.params);
    message_finish(&m);
    return 0;
}
