/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * sip_names: tables, looked through in the order of how often a word is met.
 */
#include "node/codec/sip_names.h"

#include "node/codec/sip_lex.h"

static const char *const methods[] = {
    [SIP_METHOD_NONE] = "",    [SIP_INVITE] = "INVITE",       [SIP_ACK] = "ACK",
    [SIP_BYE] = "BYE",         [SIP_CANCEL] = "CANCEL",       [SIP_REGISTER] = "REGISTER",
    [SIP_OPTIONS] = "OPTIONS", [SIP_PRACK] = "PRACK",         [SIP_UPDATE] = "UPDATE",
    [SIP_INFO] = "INFO",       [SIP_SUBSCRIBE] = "SUBSCRIBE", [SIP_NOTIFY] = "NOTIFY",
    [SIP_MESSAGE] = "MESSAGE", [SIP_REFER] = "REFER",         [SIP_PUBLISH] = "PUBLISH",
};

/* The frequent ones first: a name is looked for in this order. */
static const struct {
    const char *name;
    uint8_t size;
    char compact; /* 0: none */
} headers[SIP_HEADER_IDS] = {
#define HEADER(name, compact)           \
    {                                   \
        name, sizeof(name) - 1, compact \
    }
    [SIP_H_OTHER] = {"", 0, 0},
    [SIP_H_VIA] = HEADER("Via", 'v'),
    [SIP_H_FROM] = HEADER("From", 'f'),
    [SIP_H_TO] = HEADER("To", 't'),
    [SIP_H_CALL_ID] = HEADER("Call-ID", 'i'),
    [SIP_H_CSEQ] = HEADER("CSeq", 0),
    [SIP_H_CONTACT] = HEADER("Contact", 'm'),
    [SIP_H_MAX_FORWARDS] = HEADER("Max-Forwards", 0),
    [SIP_H_CONTENT_LENGTH] = HEADER("Content-Length", 'l'),
    [SIP_H_CONTENT_TYPE] = HEADER("Content-Type", 'c'),
    [SIP_H_ROUTE] = HEADER("Route", 0),
    [SIP_H_RECORD_ROUTE] = HEADER("Record-Route", 0),
    [SIP_H_EXPIRES] = HEADER("Expires", 0),
    [SIP_H_MIN_EXPIRES] = HEADER("Min-Expires", 0),
    [SIP_H_AUTHORIZATION] = HEADER("Authorization", 0),
    [SIP_H_PROXY_AUTHORIZATION] = HEADER("Proxy-Authorization", 0),
    [SIP_H_WWW_AUTHENTICATE] = HEADER("WWW-Authenticate", 0),
    [SIP_H_PROXY_AUTHENTICATE] = HEADER("Proxy-Authenticate", 0),
    [SIP_H_AUTHENTICATION_INFO] = HEADER("Authentication-Info", 0),
    [SIP_H_REQUIRE] = HEADER("Require", 0),
    [SIP_H_PROXY_REQUIRE] = HEADER("Proxy-Require", 0),
    [SIP_H_SUPPORTED] = HEADER("Supported", 'k'),
    [SIP_H_UNSUPPORTED] = HEADER("Unsupported", 0),
    [SIP_H_ALLOW] = HEADER("Allow", 0),
    [SIP_H_ACCEPT] = HEADER("Accept", 0),
    [SIP_H_RSEQ] = HEADER("RSeq", 0),
    [SIP_H_RACK] = HEADER("RAck", 0),
    [SIP_H_EVENT] = HEADER("Event", 'o'),
    [SIP_H_SUBJECT] = HEADER("Subject", 's'),
    [SIP_H_USER_AGENT] = HEADER("User-Agent", 0),
    [SIP_H_SERVER] = HEADER("Server", 0),
    [SIP_H_TIMESTAMP] = HEADER("Timestamp", 0),
    [SIP_H_RETRY_AFTER] = HEADER("Retry-After", 0),
    [SIP_H_WARNING] = HEADER("Warning", 0),
    [SIP_H_DATE] = HEADER("Date", 0),
    [SIP_H_CONTENT_ENCODING] = HEADER("Content-Encoding", 'e'),
    [SIP_H_REFER_TO] = HEADER("Refer-To", 'r'),
    [SIP_H_PATH] = HEADER("Path", 0),
#undef HEADER
};

static const struct {
    uint16_t status;
    const char *reason;
} reasons[] = {
    {100, "Trying"},
    {180, "Ringing"},
    {181, "Call Is Being Forwarded"},
    {182, "Queued"},
    {183, "Session Progress"},
    {200, "OK"},
    {202, "Accepted"},
    {300, "Multiple Choices"},
    {301, "Moved Permanently"},
    {302, "Moved Temporarily"},
    {305, "Use Proxy"},
    {400, "Bad Request"},
    {401, "Unauthorized"},
    {403, "Forbidden"},
    {404, "Not Found"},
    {405, "Method Not Allowed"},
    {406, "Not Acceptable"},
    {407, "Proxy Authentication Required"},
    {408, "Request Timeout"},
    {410, "Gone"},
    {413, "Request Entity Too Large"},
    {414, "Request-URI Too Long"},
    {415, "Unsupported Media Type"},
    {416, "Unsupported URI Scheme"},
    {420, "Bad Extension"},
    {421, "Extension Required"},
    {423, "Interval Too Brief"},
    {480, "Temporarily Unavailable"},
    {481, "Call/Transaction Does Not Exist"},
    {482, "Loop Detected"},
    {483, "Too Many Hops"},
    {484, "Address Incomplete"},
    {485, "Ambiguous"},
    {486, "Busy Here"},
    {487, "Request Terminated"},
    {488, "Not Acceptable Here"},
    {491, "Request Pending"},
    {500, "Server Internal Error"},
    {501, "Not Implemented"},
    {502, "Bad Gateway"},
    {503, "Service Unavailable"},
    {504, "Server Time-out"},
    {505, "Version Not Supported"},
    {513, "Message Too Large"},
    {600, "Busy Everywhere"},
    {603, "Decline"},
    {604, "Does Not Exist Anywhere"},
    {606, "Not Acceptable"},
};

/* Bits of enum lex_class (sip_lex.h), 16 bytes a line; a test compares them with the grammar. */
const uint8_t lex_classes[256] = {
    0xc0, 0xc0, 0xc0, 0xc0, 0xc0, 0xc0, 0xc0, 0xc0, 0xc0, 0x01, 0x01, 0xc0, 0xc0, 0x01, 0xc0, 0xc0,
    0xc0, 0xc0, 0xc0, 0xc0, 0xc0, 0xc0, 0xc0, 0xc0, 0xc0, 0xc0, 0xc0, 0xc0, 0xc0, 0xc0, 0xc0, 0xc0,
    0x01, 0xe8, 0x00, 0xe0, 0xe0, 0xe8, 0xe0, 0xe8, 0xe0, 0xe0, 0xe8, 0xe8, 0xa0, 0xf8, 0xf8, 0xe0,
    0xfa, 0xfa, 0xfa, 0xfa, 0xfa, 0xfa, 0xfa, 0xfa, 0xfa, 0xfa, 0xe0, 0x20, 0x80, 0x60, 0x80, 0xa0,
    0xe0, 0xfc, 0xfc, 0xfc, 0xfc, 0xfc, 0xfc, 0xfc, 0xfc, 0xfc, 0xfc, 0xfc, 0xfc, 0xfc, 0xfc, 0xfc,
    0xfc, 0xfc, 0xfc, 0xfc, 0xfc, 0xfc, 0xfc, 0xfc, 0xfc, 0xfc, 0xfc, 0xe0, 0xe0, 0xe0, 0xe0, 0xf8,
    0xe8, 0xfc, 0xfc, 0xfc, 0xfc, 0xfc, 0xfc, 0xfc, 0xfc, 0xfc, 0xfc, 0xfc, 0xfc, 0xfc, 0xfc, 0xfc,
    0xfc, 0xfc, 0xfc, 0xfc, 0xfc, 0xfc, 0xfc, 0xfc, 0xfc, 0xfc, 0xfc, 0xe0, 0xe0, 0xe0, 0xe8, 0xc0,
    0xc0, 0xc0, 0xc0, 0xc0, 0xc0, 0xc0, 0xc0, 0xc0, 0xc0, 0xc0, 0xc0, 0xc0, 0xc0, 0xc0, 0xc0, 0xc0,
    0xc0, 0xc0, 0xc0, 0xc0, 0xc0, 0xc0, 0xc0, 0xc0, 0xc0, 0xc0, 0xc0, 0xc0, 0xc0, 0xc0, 0xc0, 0xc0,
    0xc0, 0xc0, 0xc0, 0xc0, 0xc0, 0xc0, 0xc0, 0xc0, 0xc0, 0xc0, 0xc0, 0xc0, 0xc0, 0xc0, 0xc0, 0xc0,
    0xc0, 0xc0, 0xc0, 0xc0, 0xc0, 0xc0, 0xc0, 0xc0, 0xc0, 0xc0, 0xc0, 0xc0, 0xc0, 0xc0, 0xc0, 0xc0,
    0xc0, 0xc0, 0xc0, 0xc0, 0xc0, 0xc0, 0xc0, 0xc0, 0xc0, 0xc0, 0xc0, 0xc0, 0xc0, 0xc0, 0xc0, 0xc0,
    0xc0, 0xc0, 0xc0, 0xc0, 0xc0, 0xc0, 0xc0, 0xc0, 0xc0, 0xc0, 0xc0, 0xc0, 0xc0, 0xc0, 0xc0, 0xc0,
    0xc0, 0xc0, 0xc0, 0xc0, 0xc0, 0xc0, 0xc0, 0xc0, 0xc0, 0xc0, 0xc0, 0xc0, 0xc0, 0xc0, 0xc0, 0xc0,
    0xc0, 0xc0, 0xc0, 0xc0, 0xc0, 0xc0, 0xc0, 0xc0, 0xc0, 0xc0, 0xc0, 0xc0, 0xc0, 0xc0, 0xc0, 0xc0,
};

enum { METHODS = sizeof(methods) / sizeof(*methods), REASONS = sizeof(reasons) / sizeof(*reasons) };

bool sip_text_is(struct sip_text t, const char *word)
{
    size_t size = strlen(word);
    return t.size == size && (size == 0 || memcmp(t.at, word, size) == 0);
}

/* Most are written as in the RFC. */
static bool is_same_word(const char *a, const char *b, size_t size)
{
    if (size == 0 || memcmp(a, b, size) == 0) {
        return true;
    }
    for (size_t i = 0; i < size; i++) {
        if (lex_lower(a[i]) != lex_lower(b[i])) {
            return false;
        }
    }
    return true;
}

bool sip_text_is_word(struct sip_text t, const char *word)
{
    return t.size == strlen(word) && is_same_word(t.at, word, t.size);
}

bool sip_text_equals(struct sip_text a, struct sip_text b)
{
    return a.size == b.size && (a.size == 0 || memcmp(a.at, b.at, a.size) == 0);
}

const char *sip_method_name(enum sip_method method)
{
    return (size_t)method < METHODS ? methods[method] : "";
}

/* Methods are told apart by case (§7.1). */
enum sip_method sip_method_of(struct sip_text name)
{
    for (size_t i = SIP_INVITE; i < METHODS; i++) {
        if (sip_text_is(name, methods[i])) {
            return (enum sip_method)i;
        }
    }
    return SIP_METHOD_OTHER;
}

const char *sip_header_name(enum sip_header_id id)
{
    return (size_t)id < SIP_HEADER_IDS ? headers[id].name : "";
}

enum sip_header_id sip_header_id_of(struct sip_text name)
{
    if (name.size == 1) {
        char letter = lex_lower(*name.at);
        for (size_t i = 1; i < SIP_HEADER_IDS; i++) {
            if (headers[i].compact == letter) {
                return (enum sip_header_id)i;
            }
        }
        return SIP_H_OTHER;
    }
    for (size_t i = 1; i < SIP_HEADER_IDS; i++) {
        if (headers[i].size == name.size && ((*headers[i].name ^ *name.at) & ~0x20) == 0 &&
            is_same_word(headers[i].name, name.at, name.size)) {
            return (enum sip_header_id)i;
        }
    }
    return SIP_H_OTHER;
}

const char *sip_reason(unsigned status)
{
    for (size_t i = 0; i < REASONS; i++) {
        if (reasons[i].status == status) {
            return reasons[i].reason;
        }
    }
    return "";
}
