/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * sip_write: SIP messages into bytes (RFC 3261 §7). It writes what it is told; it does not check
 * it.
 */
#include "node/codec/sip_write.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>

#include "node/codec/sip_lex.h"

void sip_write_init(struct sip_writer *w, char *bytes, size_t room)
{
    *w = (struct sip_writer){.bytes = bytes, .room = room};
}

void sip_write_bytes(struct sip_writer *w, const void *bytes, size_t size)
{
    if (w->failed || size > w->room - w->size) {
        w->failed = true;
    } else if (size > 0) {
        memcpy(w->bytes + w->size, bytes, size);
        w->size += size;
    }
}

void sip_write_text(struct sip_writer *w, const char *text)
{
    sip_write_bytes(w, text, strlen(text));
}

static void write_number(struct sip_writer *w, size_t n)
{
    char digits[20];
    size_t at = sizeof(digits);

    do {
        digits[--at] = (char)('0' + n % 10);
        n /= 10;
    } while (n > 0);
    sip_write_bytes(w, digits + at, sizeof(digits) - at);
}

void sip_write_request_line(struct sip_writer *w, struct sip_text method, struct sip_text uri)
{
    sip_write_bytes(w, method.at, method.size);
    sip_write_bytes(w, " ", 1);
    sip_write_bytes(w, uri.at, uri.size);
    sip_write_bytes(w, " SIP/2.0\r\n", 10);
}

void sip_write_status_line(struct sip_writer *w, unsigned status, const char *reason)
{
    sip_write_bytes(w, "SIP/2.0 ", 8);
    write_number(w, status);
    sip_write_bytes(w, " ", 1);
    sip_write_text(w, reason != NULL ? reason : sip_reason(status));
    sip_write_bytes(w, "\r\n", 2);
}

static void write_name(struct sip_writer *w, const char *name)
{
    sip_write_text(w, name);
    sip_write_bytes(w, ": ", 2);
}

void sip_write_header_text(struct sip_writer *w, enum sip_header_id id, struct sip_text value)
{
    write_name(w, sip_header_name(id));
    sip_write_bytes(w, value.at, value.size);
    sip_write_bytes(w, "\r\n", 2);
}

void sip_write_header(struct sip_writer *w, enum sip_header_id id, const char *value)
{
    sip_write_header_text(w, id, (struct sip_text){value, (uint32_t)strlen(value)});
}

void sip_write_headerf(struct sip_writer *w, enum sip_header_id id, const char *format, ...)
{
    va_list args;
    size_t room;
    int size;

    write_name(w, sip_header_name(id));
    room = w->room - w->size;
    va_start(args, format);
    size = vsnprintf(w->bytes + w->size, w->failed ? 0 : room, format, args);
    va_end(args);
    if (size < 0 || (size_t)size >= room) {
        w->failed = true;
    } else if (!w->failed) {
        w->size += (size_t)size;
    }
    sip_write_bytes(w, "\r\n", 2);
}

void sip_write_named(struct sip_writer *w, const char *name, const char *value)
{
    write_name(w, name);
    sip_write_text(w, value);
    sip_write_bytes(w, "\r\n", 2);
}

void sip_write_same(struct sip_writer *w, const struct sip_header *h)
{
    sip_write_bytes(w, h->name, h->name_size);
    sip_write_bytes(w, ": ", 2);
    sip_write_bytes(w, h->value, h->value_size);
    sip_write_bytes(w, "\r\n", 2);
}

void sip_write_all(struct sip_writer *w, const struct sip_message *m, enum sip_header_id id)
{
    for (const struct sip_header *h = sip_find(m, id); h != NULL; h = sip_find_next(m, h)) {
        sip_write_same(w, h);
    }
}

/* §12.1.1: Record-Route goes into those that may make a dialog. */
static bool may_make_dialog(const struct sip_message *request, unsigned status)
{
    return status > 100 && status < 300 &&
           (request->method == SIP_INVITE || request->method == SIP_SUBSCRIBE ||
            request->method == SIP_NOTIFY || request->method == SIP_REFER);
}

static void write_to(struct sip_writer *w, const struct sip_message *request, const char *tag)
{
    const struct sip_header *to = sip_find(request, SIP_H_TO);

    if (to == NULL) {
        return;
    }
    sip_write_bytes(w, to->name, to->name_size);
    sip_write_bytes(w, ": ", 2);
    sip_write_bytes(w, to->value, to->value_size);
    if (tag != NULL && request->to_tag.size == 0) {
        sip_write_bytes(w, ";tag=", 5);
        sip_write_text(w, tag);
    }
    sip_write_bytes(w, "\r\n", 2);
}

void sip_write_response(struct sip_writer *w, const struct sip_message *request, unsigned status,
                        const char *reason, const char *to_tag)
{
    sip_write_status_line(w, status, reason);
    sip_write_all(w, request, SIP_H_VIA);
    if (may_make_dialog(request, status)) {
        sip_write_all(w, request, SIP_H_RECORD_ROUTE);
    }
    sip_write_all(w, request, SIP_H_FROM);
    write_to(w, request, to_tag);
    sip_write_all(w, request, SIP_H_CALL_ID);
    sip_write_all(w, request, SIP_H_CSEQ);
    if (status == 100) {
        sip_write_all(w, request, SIP_H_TIMESTAMP);
    }
}

int sip_write_end(struct sip_writer *w, const void *body, size_t size)
{
    sip_write_bytes(w, "Content-Length: ", 16);
    write_number(w, size);
    sip_write_bytes(w, "\r\n\r\n", 4);
    sip_write_bytes(w, body, size);
    return w->failed ? -ENOBUFS : (int)w->size;
}

int sip_patch_length(char *length_at, size_t digits, size_t size)
{
    char number[20];
    size_t at = sizeof(number);

    do {
        number[--at] = (char)('0' + size % 10);
        size /= 10;
    } while (size > 0);
    if (sizeof(number) - at > digits) {
        return -ERANGE;
    }
    memset(length_at, ' ', digits);
    memcpy(length_at + digits - (sizeof(number) - at), number + at, sizeof(number) - at);
    return 0;
}
