/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * message: JSON-RPC 2.0 over lines. Pure: no stream, no state, any thread.
 */
#include "rpc/message.h"

#include <errno.h>
#include <string.h>

#include "base/str.h"

enum { ERRNO_MOST = 511 }; /* the kernel's own numbers begin at 512 */

int message_code_of_errno(int negative_errno)
{
    if (negative_errno >= 0 || negative_errno < -ERRNO_MOST)
        return MESSAGE_CODE_INTERNAL;
    return MESSAGE_CODE_ERRNO + negative_errno;
}

int message_errno_of_code(int64_t code)
{
    switch (code) {
    case MESSAGE_CODE_PARSE:
    case MESSAGE_CODE_REQUEST:
        return -EBADMSG;
    case MESSAGE_CODE_METHOD:
        return -ENOSYS;
    case MESSAGE_CODE_PARAMS:
        return -EINVAL;
    default:
        break;
    }
    if (code < MESSAGE_CODE_ERRNO && code >= MESSAGE_CODE_ERRNO - ERRNO_MOST)
        return (int)(code - MESSAGE_CODE_ERRNO);
    return -EIO;
}

static int no_message(struct err *e, const char *why)
{
    return err_set(e, -EBADMSG, "no JSON-RPC message: %s", why);
}

static int decode_request(struct message *m, struct err *e)
{
    m->method = json_string_value(json_object_get(m->root, "method"));
    m->params = json_object_get(m->root, "params");
    m->kind = m->id != NULL ? MESSAGE_REQUEST : MESSAGE_NOTICE;
    if (m->method == NULL)
        return no_message(e, "method is not a text");
    if (m->params != NULL && !json_is_object(m->params))
        return no_message(e, "params is not an object");
    if (m->id != NULL && !json_is_integer(m->id) && !json_is_string(m->id))
        return no_message(e, "id is neither a whole number nor a text");
    return 0;
}

static int decode_error(struct message *m, const json_t *error, struct err *e)
{
    const json_t *code = json_object_get(error, "code");
    const char *text = json_string_value(json_object_get(error, "message"));
    if (!json_is_integer(code) || text == NULL)
        return no_message(e, "error without a code and a message");
    m->kind = MESSAGE_ERROR;
    if (json_is_null(m->id))
        m->id = NULL;
    err_set(&m->error, message_errno_of_code(json_integer_value(code)), "%s", text);
    return 0;
}

static int decode_root(struct message *m, struct err *e)
{
    const char *version = json_string_value(json_object_get(m->root, "jsonrpc"));
    if (version == NULL || strcmp(version, "2.0") != 0)
        return no_message(e, "member jsonrpc is not \"2.0\"");
    m->id = json_object_get(m->root, "id");
    if (json_object_get(m->root, "method") != NULL)
        return decode_request(m, e);
    const json_t *error = json_object_get(m->root, "error");
    if (error != NULL)
        return decode_error(m, error, e);
    m->kind = MESSAGE_RESULT;
    m->value = json_object_get(m->root, "result");
    if (m->value == NULL)
        return no_message(e, "neither method nor result nor error");
    if (!json_is_integer(m->id) && !json_is_string(m->id))
        return no_message(e, "a result without an id");
    return 0;
}

int message_decode(struct message *ret, const char *line, size_t size, int *ret_code, struct err *e)
{
    struct message m = {.root = json_parse(line, size, e)};
    int code = m.root == NULL ? MESSAGE_CODE_PARSE : MESSAGE_CODE_REQUEST;
    int r = m.root == NULL ? -EBADMSG : decode_root(&m, e);
    if (r == 0) {
        *ret = m;
        return 0;
    }
    json_decref(m.root);
    if (ret_code != NULL)
        *ret_code = code;
    return r;
}

void message_finish(struct message *m)
{
    if (m == NULL)
        return;
    json_decref(m->root);
    *m = (struct message){0};
}

static int append_chunk(const char *bytes, size_t size, void *arg)
{
    struct buf *out = arg;
    buf_append(out, bytes, size);
    return buf_failed(out) ? -1 : 0;
}

/* Takes the reference. All of the line or nothing. */
static int append_line(struct buf *out, json_t *message)
{
    if (message == NULL)
        return -EINVAL;
    const size_t before = out->size;
    int r = json_dump_callback(message, append_chunk, out, JSON_COMPACT);
    json_decref(message);
    buf_append_str(out, "\n");
    if (buf_failed(out))
        return -ENOMEM;
    if (r < 0) {
        out->size = before;
        out->data[before] = '\0';
        return -EINVAL;
    }
    return 0;
}

/* "O" takes its own reference and refuses NULL, "O*" leaves the member out then. */
int message_encode_request(struct buf *out, int64_t id, const char *method, const json_t *params)
{
    return append_line(out, json_pack("{s:s, s:I, s:s, s:O*}", "jsonrpc", "2.0", "id",
                                      (json_int_t)id, "method", method, "params", params));
}

int message_encode_notice(struct buf *out, const char *method, const json_t *params)
{
    return append_line(
        out, json_pack("{s:s, s:s, s:O*}", "jsonrpc", "2.0", "method", method, "params", params));
}

int message_encode_result(struct buf *out, const json_t *id, const json_t *value)
{
    return append_line(out,
                       json_pack("{s:s, s:O, s:O}", "jsonrpc", "2.0", "id", id, "result", value));
}

/* Error texts may hold bytes of a file or a peer that are not UTF-8; the words still go. */
static json_t *text_to_json(const char *text)
{
    json_t *value = json_string(text);
    if (value != NULL)
        return value;
    char ascii[ERR_TEXT_MAX];
    str_printf(ascii, sizeof ascii, "%s", text);
    for (char *c = ascii; *c != '\0'; c++)
        if ((unsigned char)*c >= 0x80)
            *c = '?';
    return json_string(ascii);
}

int message_encode_error(struct buf *out, const json_t *id, int code, const char *text)
{
    return append_line(out, json_pack("{s:s, s:O?, s:{s:i, s:o}}", "jsonrpc", "2.0", "id", id,
                                      "error", "code", code, "message", text_to_json(text)));
}
