/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * sip: SIP messages (RFC 3261 §7, §25), bytes to struct without copying. Every text in the struct
 * is lent: it lies in the caller's bytes, has no NUL at its end, and may hold folded lines (§7.3.1:
 * CR LF and a blank count as one blank; the drawers of sip_value.h read over them). Pure, allocates
 * nothing, any thread. Values of headers are sip_value.h, writing is sip_write.h.
 */
#ifndef VAPERF_NODE_CODEC_SIP_H
#define VAPERF_NODE_CODEC_SIP_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "node/codec/sip_names.h"

enum { SIP_HEADERS_MAX = 160, SIP_MESSAGE_MAX = 65535 };

struct sip_header {
    const char *name, *value; /* the value without blanks around it */
    uint16_t name_size, value_size;
    uint8_t id;   /* enum sip_header_id */
    uint8_t next; /* index + 1 of the next header of this id; 0: none. Not for SIP_H_OTHER */
};

/* What is wrong in a message whose lines could be told apart (sip_check says it in words). */
enum sip_fault {
    SIP_FAULT_VERSION = 1 << 0, /* not SIP/2.0: answer 505 (§21.5.6) */
    SIP_FAULT_VIA = 1 << 1,     /* the topmost, or none */
    SIP_FAULT_FROM = 1 << 2,    /* from here: missing, twice or not as in §25 */
    SIP_FAULT_TO = 1 << 3,
    SIP_FAULT_CALL_ID = 1 << 4,
    SIP_FAULT_CSEQ = 1 << 5, /* also: another method than the request's (§8.1.1.5) */
    SIP_FAULT_MAX_FORWARDS = 1 << 6,
    SIP_FAULT_CONTENT_LENGTH = 1 << 7, /* no number, two different ones, or beyond the bytes */
    SIP_FAULT_URI = 1 << 8,            /* the Request-URI */
    SIP_FAULT_STATUS = 1 << 9,         /* not 100..699 */
    SIP_FAULT_HEADER = 1 << 10,        /* a line that is no header; it is left out */
    SIP_FAULT_SCHEME = 1 << 11,        /* a Request-URI that is neither sip:, sips: nor tel:; 416 */
};

struct sip_message {
    struct sip_text all; /* the message itself, without leading empty lines */
    bool is_request;
    enum sip_method method; /* of a request */
    struct sip_text method_text;
    struct sip_text uri; /* Request-URI */
    uint16_t status;     /* of a response, else 0 */
    struct sip_text reason;
    struct sip_text version; /* "SIP/2.0" */

    struct sip_text call_id;
    struct sip_text branch; /* of the topmost Via; size 0: none */
    struct sip_text from_tag, to_tag;
    uint32_t cseq;
    enum sip_method cseq_method;
    struct sip_text cseq_method_text;
    int32_t max_forwards;   /* -1: none */
    int64_t content_length; /* as said; -1: not said */
    struct sip_text body;   /* cut at content_length; at.size 0 without */
    uint32_t faults;        /* set of enum sip_fault */

    uint16_t header_count;
    uint8_t first[SIP_HEADER_IDS]; /* index + 1 of the first header of each id; 0: none */
    uint8_t last[SIP_HEADER_IDS];
    struct sip_header headers[SIP_HEADERS_MAX];
};

/* A whole message, as it came in one datagram or out of sip_frame. 0; -EBADMSG: no SIP message;
 * -E2BIG: more headers than SIP_HEADERS_MAX; -EMSGSIZE: longer than SIP_MESSAGE_MAX. After 0, what
 * is broken inside is in `faults`: a server still needs the rest to answer 400. */
int sip_parse(struct sip_message *ret, const char *bytes, size_t size);
/* 0, or the status (400, 416, 505) a server answers, with a reason phrase that names the fault; of
 * a response with faults 400 too: it is dropped (§8.1.3). `ret_reason` may be NULL. */
int sip_check(const struct sip_message *m, const char **ret_reason);

/* Where a byte stream is being cut into messages (§18.3). Zeroed at the start. */
struct sip_framer {
    size_t scanned; /* bytes that hold no end of headers */
    size_t total;   /* size of the message; 0: not known yet */
};
/* The size of the first message, when all of it is there; 0: more bytes are needed; -EBADMSG: no
 * Content-Length, or none that is a number (the stream cannot be cut and must be closed);
 * -EMSGSIZE: it would be longer than `limit`. Bytes of empty lines before it (keep-alive, RFC 5626
 * §3.5.1) are in `ret_skip`, to be taken away also when 0 is returned; then the framer counts from
 * there. After a size is returned the framer is ready for the next message. */
int sip_frame(struct sip_framer *f, const char *bytes, size_t size, size_t limit, size_t *ret_skip);

/* The first header of an id, the next one, or NULL. Lend. */
const struct sip_header *sip_find(const struct sip_message *m, enum sip_header_id id);
const struct sip_header *sip_find_next(const struct sip_message *m, const struct sip_header *h);
/* By name, without regard to case, also those whose id is not known. `after` NULL: from the start.
 */
const struct sip_header *sip_find_name(const struct sip_message *m, const char *name,
                                       const struct sip_header *after);
/* The value of the first header of an id; at NULL: none. */
struct sip_text sip_value(const struct sip_message *m, enum sip_header_id id);
static inline struct sip_text sip_header_text(const struct sip_header *h)
{
    return (struct sip_text){h->value, h->value_size};
}

#endif
