/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * sip_write: SIP messages into the caller's bytes. What does not fit is remembered and told once,
 * at the end. Pure, allocates nothing, one thread per writer.
 *
 *     sip_write_init(&w, bytes, sizeof(bytes));
 *     sip_write_response(&w, request, 200, NULL, tag);
 *     sip_write_header(&w, SIP_H_CONTACT, "<sip:192.0.2.1>");
 *     size = sip_write_end(&w, body, body_size);
 */
#ifndef VAPERF_NODE_CODEC_SIP_WRITE_H
#define VAPERF_NODE_CODEC_SIP_WRITE_H

#include "node/codec/sip.h"

struct sip_writer {
    char *bytes;
    size_t room, size;
    bool failed;
};

void sip_write_init(struct sip_writer *w, char *bytes, size_t room);
void sip_write_request_line(struct sip_writer *w, struct sip_text method, struct sip_text uri);
/* reason NULL: the usual one. */
void sip_write_status_line(struct sip_writer *w, unsigned status, const char *reason);
void sip_write_header(struct sip_writer *w, enum sip_header_id id, const char *value);
void sip_write_header_text(struct sip_writer *w, enum sip_header_id id, struct sip_text value);
void sip_write_headerf(struct sip_writer *w, enum sip_header_id id, const char *format, ...)
    __attribute__((format(printf, 3, 4)));
/* A header by its own name. */
void sip_write_named(struct sip_writer *w, const char *name, const char *value);
/* One header of a message as it came, and all of an id in their order. */
void sip_write_same(struct sip_writer *w, const struct sip_header *h);
void sip_write_all(struct sip_writer *w, const struct sip_message *m, enum sip_header_id id);
/* The status line and what every response takes from its request (§8.2.6): Via, From, To with
 * to_tag when it has none (NULL: none is put), Call-ID, CSeq, of a 100 Timestamp, and Record-Route
 * when the response may make a dialog (§12.1.1). */
void sip_write_response(struct sip_writer *w, const struct sip_message *request, unsigned status,
                        const char *reason, const char *to_tag);
/* Bytes as they are: for what the others do not say. */
void sip_write_bytes(struct sip_writer *w, const void *bytes, size_t size);
void sip_write_text(struct sip_writer *w, const char *text);
/* Content-Length, the empty line and the body. The message's size, -ENOBUFS. */
int sip_write_end(struct sip_writer *w, const void *body, size_t size);

/* For a message whose headers are already there, with a Content-Length of `digits` blanks at
 * `length_at`: puts the number in, right-aligned. -ERANGE: too many digits. */
int sip_patch_length(char *length_at, size_t digits, size_t size);

#endif
