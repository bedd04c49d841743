/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * What the drawers of the SIP and SDP codecs share: small steps over text. Not for others. Pure.
 */
#ifndef VAPERF_NODE_CODEC_SIP_LEX_H
#define VAPERF_NODE_CODEC_SIP_LEX_H

#include <string.h>

#include "node/codec/sip.h"

/* What a byte may be part of, as bits; 0 for what is none. */
enum lex_class {
    LEX_BLANK = 1 << 0,
    LEX_DIGIT = 1 << 1,
    LEX_ALPHA = 1 << 2,
    LEX_TOKEN = 1 << 3,       /* §25.1 token */
    LEX_HOST = 1 << 4,        /* of a hostname or IPv4 address; _ is borne */
    LEX_URI = 1 << 5,         /* visible ASCII without the delimiters of RFC 2396 §2.4.3 */
    LEX_PARAM_VALUE = 1 << 6, /* all that does not end an unquoted value */
    LEX_PARAM_NAME = 1 << 7,
};
extern const uint8_t lex_classes[256];

static inline bool lex_is(char c, unsigned classes)
{
    return (lex_classes[(unsigned char)c] & classes) != 0;
}

static inline const char *lex_skip(const char *at, const char *end, unsigned classes)
{
    while (at < end && lex_is(*at, classes)) {
        at++;
    }
    return at;
}

/* LWS: a folding's CR LF lies inside a value only where a blank follows it, so each is a blank. */
static inline bool lex_is_blank(char c)
{
    return lex_is(c, LEX_BLANK);
}

static inline bool lex_is_digit(char c)
{
    return c >= '0' && c <= '9';
}

static inline char lex_lower(char c)
{
    return c >= 'A' && c <= 'Z' ? (char)(c | 0x20) : c;
}

static inline bool lex_is_alpha(char c)
{
    return lex_is(c, LEX_ALPHA);
}

/* §25.1 token */
static inline bool lex_is_token(char c)
{
    return lex_is(c, LEX_TOKEN);
}

static inline struct sip_text lex_text(const char *from, const char *end)
{
    return (struct sip_text){from, (uint32_t)(end - from)};
}

static inline const char *lex_end(struct sip_text t)
{
    return t.at + t.size;
}

static inline const char *lex_skip_blanks(const char *at, const char *end)
{
    return lex_skip(at, end, LEX_BLANK);
}

static inline const char *lex_skip_token(const char *at, const char *end)
{
    return lex_skip(at, end, LEX_TOKEN);
}

static inline struct sip_text lex_trim(struct sip_text t)
{
    const char *at = t.at, *end = lex_end(t);

    at = lex_skip_blanks(at, end);
    while (end > at && lex_is_blank(end[-1])) {
        end--;
    }
    return lex_text(at, end);
}

/* `at` is on an opening quote: the place after the closing one, NULL when there is none. */
static inline const char *lex_skip_quoted(const char *at, const char *end)
{
    for (at++; at < end; at++) {
        if (*at == '\\') {
            at++;
        } else if (*at == '"') {
            return at + 1;
        }
    }
    return NULL;
}

#endif
