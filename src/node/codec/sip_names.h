/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * sip_names: the words of SIP: methods, headers with their compact forms (RFC 3261 §7.3.3),
 * reasons. Pure, any thread.
 */
#ifndef VAPERF_NODE_CODEC_SIP_NAMES_H
#define VAPERF_NODE_CODEC_SIP_NAMES_H

#include <stdbool.h>
#include <stdint.h>

struct sip_text {
    const char *at; /* NULL: there is none; an empty text has a place */
    uint32_t size;
};

enum sip_method {
    SIP_METHOD_NONE, /* a response has a CSeq method only */
    SIP_INVITE,
    SIP_ACK,
    SIP_BYE,
    SIP_CANCEL,
    SIP_REGISTER,
    SIP_OPTIONS,
    SIP_PRACK,
    SIP_UPDATE,
    SIP_INFO,
    SIP_SUBSCRIBE,
    SIP_NOTIFY,
    SIP_MESSAGE,
    SIP_REFER,
    SIP_PUBLISH,
    SIP_METHOD_OTHER /* an extension: its name is in the text */
};

enum sip_header_id {
    SIP_H_OTHER, /* known by its name only */
    SIP_H_VIA,
    SIP_H_FROM,
    SIP_H_TO,
    SIP_H_CALL_ID,
    SIP_H_CSEQ,
    SIP_H_CONTACT,
    SIP_H_MAX_FORWARDS,
    SIP_H_CONTENT_LENGTH,
    SIP_H_CONTENT_TYPE,
    SIP_H_ROUTE,
    SIP_H_RECORD_ROUTE,
    SIP_H_EXPIRES,
    SIP_H_MIN_EXPIRES,
    SIP_H_AUTHORIZATION,
    SIP_H_PROXY_AUTHORIZATION,
    SIP_H_WWW_AUTHENTICATE,
    SIP_H_PROXY_AUTHENTICATE,
    SIP_H_AUTHENTICATION_INFO,
    SIP_H_REQUIRE,
    SIP_H_PROXY_REQUIRE,
    SIP_H_SUPPORTED,
    SIP_H_UNSUPPORTED,
    SIP_H_ALLOW,
    SIP_H_ACCEPT,
    SIP_H_RSEQ,
    SIP_H_RACK,
    SIP_H_EVENT,
    SIP_H_SUBJECT,
    SIP_H_USER_AGENT,
    SIP_H_SERVER,
    SIP_H_TIMESTAMP,
    SIP_H_RETRY_AFTER,
    SIP_H_WARNING,
    SIP_H_DATE,
    SIP_H_CONTENT_ENCODING,
    SIP_H_REFER_TO,
    SIP_H_PATH,
    SIP_HEADER_IDS
};

/* Names, as they are written; and back (compact forms too, §7.3.3). */
const char *sip_method_name(enum sip_method method);
enum sip_method sip_method_of(struct sip_text name);
const char *sip_header_name(enum sip_header_id id);
enum sip_header_id sip_header_id_of(struct sip_text name);
const char *sip_reason(unsigned status); /* "OK" of 200; "" when there is no common one */

bool sip_text_is(struct sip_text t, const char *word);      /* byte for byte */
bool sip_text_is_word(struct sip_text t, const char *word); /* without regard to case (ASCII) */
bool sip_text_equals(struct sip_text a, struct sip_text b); /* byte for byte */

#endif
