/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * template: a text with [keywords], compiled to pieces. What never changes between calls is folded
 * into literal text while loading. Pure data afterwards; any thread reads it.
 */
#ifndef VAPERF_NODE_SCENARIO_TEMPLATE_H
#define VAPERF_NODE_SCENARIO_TEMPLATE_H

#include <stddef.h>
#include <stdint.h>

enum piece_kind {
    PIECE_TEXT, /* text, size */
    PIECE_REMOTE_IP,
    PIECE_REMOTE_HOST,
    PIECE_REMOTE_PORT,
    PIECE_TRANSPORT,
    PIECE_LOCAL_IP,
    PIECE_LOCAL_IP_TYPE,
    PIECE_LOCAL_PORT,
    PIECE_SERVER_IP,
    PIECE_MEDIA_IP,
    PIECE_MEDIA_IP_TYPE,
    PIECE_MEDIA_PORT,
    PIECE_AUTO_MEDIA_PORT,
    PIECE_RTPSTREAM_AUDIO_PORT,
    PIECE_RTPSTREAM_VIDEO_PORT,
    PIECE_CALL_NUMBER,
    PIECE_DYNAMIC_ID,
    PIECE_CALL_ID,
    PIECE_CSEQ,
    PIECE_BRANCH, /* offset: from the step's own index */
    PIECE_MSG_INDEX,
    PIECE_NEXT_URL,
    PIECE_LEN,
    PIECE_PEER_TAG_PARAM,
    PIECE_LAST_REQUEST_URI,
    PIECE_LAST_CSEQ_NUMBER,
    PIECE_LAST_MESSAGE,
    PIECE_ROUTES,
    PIECE_TDMMAP,
    PIECE_CLOCK_TICK,
    PIECE_USERS,
    PIECE_USERID,
    PIECE_TIMESTAMP,
    PIECE_DATE,
    PIECE_VARIABLE,       /* variable */
    PIECE_FILL,           /* variable: how many bytes; text */
    PIECE_FIELD,          /* file, field, params[0]: line */
    PIECE_FILE,           /* params[0]: the name */
    PIECE_LAST_HEADER,    /* text: the name, without a colon; field: enum sip_header_id */
    PIECE_AUTHENTICATION, /* params: enum auth_param */
    PIECE_CRYPTO,         /* text: the keyword */
};

enum auth_param { AUTH_USERNAME, AUTH_PASSWORD, AUTH_K, AUTH_OP, AUTH_AMF, AUTH_PARAM_COUNT };

struct template;

struct piece {
    enum piece_kind kind;
    int32_t offset; /* of a number, as in [cseq+1] */
    const char *text;
    uint32_t size;
    int variable;
    int file, field;
    const struct template *const *params; /* NULL where one was not given */
};

struct template
{
    const struct piece *pieces;
    size_t count;
};

#endif
