/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * message: JSON-RPC 2.0 messages to and from single lines. Pure; the fuzzer's entry.
 *
 * Ids of requests may be any text or whole number; ours are whole numbers. Parameters are an object
 * or absent (JSON-RPC also allows an array; no method of ours takes one).
 */
#ifndef VAPERF_RPC_MESSAGE_H
#define VAPERF_RPC_MESSAGE_H

#include <stddef.h>
#include <stdint.h>

#include "base/buf.h"
#include "base/err.h"
#include "base/json.h"

/* JSON-RPC 2.0 §5.1, and our own range: MESSAGE_CODE_ERRNO - errno. */
enum message_code {
    MESSAGE_CODE_PARSE = -32700,   /* not JSON */
    MESSAGE_CODE_REQUEST = -32600, /* JSON, but no request */
    MESSAGE_CODE_METHOD = -32601,  /* no such method */
    MESSAGE_CODE_PARAMS = -32602,
    MESSAGE_CODE_INTERNAL = -32603,
    MESSAGE_CODE_ERRNO = -32000
};

enum message_kind {
    MESSAGE_REQUEST, /* id, method, params: wants an answer */
    MESSAGE_NOTICE,  /* method, params: wants none */
    MESSAGE_RESULT,  /* id, value */
    MESSAGE_ERROR    /* id (NULL when the request could not be read), error */
};

struct message {
    json_t *root; /* owns the rest, which is lent */
    enum message_kind kind;
    const json_t *id;
    const char *method;
    const json_t *params; /* an object, or NULL */
    json_t *value;        /* of a result; any JSON value */
    struct err error;     /* the peer's words with its errno */
};

/* -EBADMSG: not JSON (ret_code, may be NULL: MESSAGE_CODE_PARSE) or no message (_REQUEST). */
int message_decode(struct message *ret, const char *line, size_t size, int *ret_code,
                   struct err *e);
void message_finish(struct message *m);

/* Each appends one line with its end, or nothing at all: -ENOMEM, -EINVAL when a value cannot be
 * written (a NULL that jansson gave for want of memory). Values are lent. */
int message_encode_request(struct buf *out, int64_t id, const char *method, const json_t *params);
int message_encode_notice(struct buf *out, const char *method, const json_t *params);
int message_encode_result(struct buf *out, const json_t *id, const json_t *value);
/* id NULL: the request could not be read. */
int message_encode_error(struct buf *out, const json_t *id, int code, const char *text);

/* errno (negative, as everywhere) to a code and back; an unknown code gives -EIO. */
int message_code_of_errno(int negative_errno);
int message_errno_of_code(int64_t code);

#endif
