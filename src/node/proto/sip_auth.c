/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * sip_auth: RFC 7616 §3.4. What is hashed is what stands between the quotes, so nothing is
 * unescaped.
 */
#include "node/proto/sip_auth.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "node/proto/digest.h"

static const char *const names[] = {
    [SIP_AUTH_MD5] = "MD5",
    [SIP_AUTH_MD5_SESS] = "MD5-sess",
    [SIP_AUTH_SHA256] = "SHA-256",
    [SIP_AUTH_SHA256_SESS] = "SHA-256-sess",
    [SIP_AUTH_AKAV1_MD5] = "AKAv1-MD5",
};

enum qop { QOP_NONE, QOP_AUTH, QOP_AUTH_INT };
static const char *const qop_names[] = {"", "auth", "auth-int"};

/* All that goes into a response. */
struct answer {
    enum sip_auth_algorithm algorithm;
    enum qop qop;
    struct digest_part password;
    struct sip_text username, realm, nonce, cnonce, nc;
};

static struct sip_text text_of(const char *t)
{
    return (struct sip_text){t, (uint32_t)strlen(t)};
}

static struct digest_part part(struct sip_text t)
{
    return (struct digest_part){t.at, t.size};
}

const char *sip_auth_algorithm_name(enum sip_auth_algorithm a)
{
    return names[a];
}

int sip_auth_algorithm(const struct sip_digest *d)
{
    if (!sip_text_is_word(d->scheme, "Digest")) {
        return -ENOTSUP;
    }
    if (d->algorithm.at == NULL) {
        return SIP_AUTH_MD5;
    }
    for (size_t i = 0; i < sizeof(names) / sizeof(*names); i++) {
        if (sip_text_is_word(d->algorithm, names[i])) {
            return (int)i;
        }
    }
    return -ENOTSUP;
}

static bool is_session(enum sip_auth_algorithm a)
{
    return a == SIP_AUTH_MD5_SESS || a == SIP_AUTH_SHA256_SESS;
}

static enum digest_kind kind_of(enum sip_auth_algorithm a)
{
    return a == SIP_AUTH_SHA256 || a == SIP_AUTH_SHA256_SESS ? DIGEST_SHA256 : DIGEST_MD5;
}

/* §3.4.1 to §3.4.3 */
static void make_response(const struct answer *a, const struct sip_auth_request *r,
                          char ret[DIGEST_TEXT_MAX])
{
    enum digest_kind kind = kind_of(a->algorithm);
    char ha1[DIGEST_TEXT_MAX], ha2[DIGEST_TEXT_MAX], body[DIGEST_TEXT_MAX];
    const struct digest_part a1[] = {part(a->username), part(a->realm), a->password};
    struct digest_part a2[] = {part(r->method), part(r->uri), {body, 2 * digest_size(kind)}};
    struct digest_part all[] = {{ha1, 2 * digest_size(kind)},
                                part(a->nonce),
                                part(a->nc),
                                part(a->cnonce),
                                part(text_of(qop_names[a->qop])),
                                {ha2, 2 * digest_size(kind)}};

    digest_joined(kind, a1, 3, ha1);
    if (is_session(a->algorithm)) {
        const struct digest_part session[] = {all[0], part(a->nonce), part(a->cnonce)};
        char again[DIGEST_TEXT_MAX];
        digest_joined(kind, session, 3, again);
        memcpy(ha1, again, sizeof(ha1));
    }
    if (a->qop == QOP_AUTH_INT) {
        const struct digest_part bytes = part(r->body);
        digest_joined(kind, &bytes, 1, body);
    }
    digest_joined(kind, a2, a->qop == QOP_AUTH_INT ? 3 : 2, ha2);
    if (a->qop == QOP_NONE) {
        all[2] = all[5];
    }
    digest_joined(kind, all, a->qop == QOP_NONE ? 3 : 6, ret);
}

/* Of a challenge's list the one that is taken; -ENOTSUP: none of ours. */
static int choose_qop(struct sip_text offered)
{
    struct sip_text item;
    int found = -ENOTSUP;

    if (offered.size == 0) {
        return QOP_NONE;
    }
    while (sip_list_next(&offered, &item) == 1) {
        if (sip_text_is_word(item, "auth")) {
            return QOP_AUTH;
        }
        if (sip_text_is_word(item, "auth-int")) {
            found = QOP_AUTH_INT;
        }
    }
    return found;
}

static int base64_value(char c)
{
    static const char letters[] =
        "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    const char *at = c != '\0' ? strchr(letters, c) : NULL;
    return at != NULL ? (int)(at - letters) : -1;
}

/* The first 32 bytes of an AKA nonce: RAND and AUTN (RFC 3310 §3.2); server data may follow. */
static int read_aka_nonce(struct sip_text nonce, uint8_t ret[32])
{
    uint32_t bits = 0;
    unsigned have = 0, size = 0;

    for (size_t i = 0; i < nonce.size && size < 32; i++) {
        int v = base64_value(nonce.at[i]);
        if (v < 0) {
            return -EBADMSG;
        }
        bits = (bits << 6 | (uint32_t)v) & 0xffffff;
        have += 6;
        if (have >= 8) {
            have -= 8;
            ret[size++] = (uint8_t)(bits >> have);
        }
    }
    return size == 32 ? 0 : -EBADMSG;
}

/* The password: the user's, or what his card answers (held in `aka`). */
static int find_password(struct answer *a, const struct sip_auth_user *user,
                         struct milenage_answer *aka)
{
    uint8_t challenge[32], sqn[6];
    int result;

    if (a->algorithm != SIP_AUTH_AKAV1_MD5) {
        a->password = part(user->password);
        return 0;
    }
    if (user->aka == NULL) {
        return -ENOTSUP;
    }
    result = read_aka_nonce(a->nonce, challenge);
    if (result == 0) {
        result = milenage_check(user->aka, challenge, challenge + 16, aka, sqn);
    }
    a->password = (struct digest_part){aka->res, sizeof(aka->res)};
    return result;
}

static bool is_quotable(struct sip_text t)
{
    for (size_t i = 0; i < t.size; i++) {
        if (t.at[i] == '"' || t.at[i] == '\\' || t.at[i] == '\r' || t.at[i] == '\n') {
            return false;
        }
    }
    return true;
}

#define SHOW(t) (int)(t).size, (t).at != NULL ? (t).at : ""

/* What the credentials say beside the response. */
static int write_credentials(const struct sip_digest *challenge, const struct answer *a,
                             const struct sip_auth_request *r, const char *response, char *ret,
                             size_t room)
{
    char rest[256] = "";
    int size;

    if (a->qop != QOP_NONE || is_session(a->algorithm)) {
        size = snprintf(rest, sizeof(rest), ", cnonce=\"%.*s\"", SHOW(a->cnonce));
        if (a->qop != QOP_NONE && size < (int)sizeof(rest)) {
            size += snprintf(rest + size, sizeof(rest) - (size_t)size, ", qop=%s, nc=%.*s",
                             qop_names[a->qop], SHOW(a->nc));
        }
        if (size >= (int)sizeof(rest)) {
            return -ENOBUFS;
        }
    }
    size = snprintf(ret, room,
                    "Digest username=\"%.*s\", realm=\"%.*s\", nonce=\"%.*s\", uri=\"%.*s\", "
                    "response=\"%s\", algorithm=%s%s%s%.*s%s",
                    SHOW(a->username), SHOW(a->realm), SHOW(a->nonce), SHOW(r->uri), response,
                    names[a->algorithm], rest, challenge->opaque.at != NULL ? ", opaque=\"" : "",
                    SHOW(challenge->opaque), challenge->opaque.at != NULL ? "\"" : "");
    return size >= 0 && (size_t)size < room ? size : -ENOBUFS;
}

int sip_auth_answer(const struct sip_digest *challenge, const struct sip_auth_user *user,
                    const struct sip_auth_request *request, char *ret, size_t room)
{
    int algorithm = sip_auth_algorithm(challenge), qop = choose_qop(challenge->qop), result;
    char count[12], response[DIGEST_TEXT_MAX];
    struct milenage_answer aka;
    struct answer a;

    if (algorithm < 0 || qop < 0) {
        return -ENOTSUP;
    }
    if (challenge->realm.at == NULL || challenge->nonce.at == NULL) {
        return -EBADMSG;
    }
    a = (struct answer){.algorithm = (enum sip_auth_algorithm)algorithm,
                        .qop = (enum qop)qop,
                        .username = user->username,
                        .realm = challenge->realm,
                        .nonce = challenge->nonce,
                        .cnonce = text_of(request->cnonce)};
    if (!is_quotable(a.username) || !is_quotable(request->uri) || !is_quotable(a.cnonce)) {
        return -EINVAL;
    }
    (void)snprintf(count, sizeof(count), "%08" PRIx32, request->nc);
    a.nc = text_of(count);
    result = find_password(&a, user, &aka);
    if (result < 0) {
        return result;
    }
    make_response(&a, request, response);
    return write_credentials(challenge, &a, request, response, ret, room);
}

int sip_auth_verify(const struct sip_digest *credentials, const struct sip_auth_user *user,
                    const struct sip_auth_request *request)
{
    const struct sip_digest *c = credentials;
    int algorithm = sip_auth_algorithm(c), qop = choose_qop(c->qop), result;
    struct milenage_answer aka;
    char response[DIGEST_TEXT_MAX];
    struct answer a;

    if (algorithm < 0 || qop < 0) {
        return -ENOTSUP;
    }
    a = (struct answer){.algorithm = (enum sip_auth_algorithm)algorithm,
                        .qop = (enum qop)qop,
                        .username = user->username,
                        .realm = c->realm,
                        .nonce = c->nonce,
                        .cnonce = c->cnonce,
                        .nc = c->nc};
    if (c->username.at == NULL || c->realm.at == NULL || c->nonce.at == NULL ||
        c->response.at == NULL || (qop != QOP_NONE && (c->nc.at == NULL || c->cnonce.at == NULL)) ||
        (is_session(a.algorithm) && c->cnonce.at == NULL)) {
        return -EBADMSG;
    }
    result = find_password(&a, user, &aka);
    if (result < 0) {
        return result;
    }
    make_response(&a, request, response);
    return sip_text_equals(c->username, user->username) && sip_text_is_word(c->response, response)
               ? 0
               : -EACCES;
}

void sip_auth_make_nonce(const uint8_t secret[SIP_AUTH_SECRET_SIZE], uint64_t now_s,
                         char ret[SIP_AUTH_NONCE_MAX])
{
    char time[20], proof[DIGEST_TEXT_MAX];
    const struct digest_part parts[] = {{secret, SIP_AUTH_SECRET_SIZE}, {time, 16}};

    (void)snprintf(time, sizeof(time), "%016" PRIx64, now_s);
    digest_joined(DIGEST_SHA256, parts, 2, proof);
    (void)snprintf(ret, SIP_AUTH_NONCE_MAX, "%s%.32s", time, proof);
}

int64_t sip_auth_nonce_age_s(const uint8_t secret[SIP_AUTH_SECRET_SIZE], struct sip_text nonce,
                             uint64_t now_s)
{
    char time[17] = "", right[SIP_AUTH_NONCE_MAX];
    uint64_t made_s = 0;

    if (nonce.size != 48) {
        return -EACCES;
    }
    memcpy(time, nonce.at, 16);
    if (sscanf(time, "%16" SCNx64, &made_s) != 1 || made_s > now_s) {
        return -EACCES;
    }
    sip_auth_make_nonce(secret, made_s, right);
    return sip_text_is(nonce, right) ? (int64_t)(now_s - made_s) : -EACCES;
}

void sip_auth_make_aka_nonce(const struct milenage_key *key, const uint8_t rand[16],
                             const uint8_t sqn[6], const uint8_t amf[2],
                             char ret[SIP_AUTH_NONCE_MAX])
{
    static const char letters[] =
        "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    uint8_t bytes[33] = {0};
    size_t n = 0;

    memcpy(bytes, rand, 16);
    milenage_autn(key, rand, sqn, amf, bytes + 16);
    for (size_t i = 0; i < 33; i += 3) {
        uint32_t bits =
            (uint32_t)bytes[i] << 16 | (uint32_t)bytes[i + 1] << 8 | (uint32_t)bytes[i + 2];
        for (int shift = 18; shift >= 0; shift -= 6) {
            ret[n++] = letters[bits >> shift & 63];
        }
    }
    ret[n - 1] = '='; /* 32 bytes: the last of the 33 is not there */
    ret[n] = '\0';
}

int sip_auth_challenge(const struct sip_auth_offer *offer, char *ret, size_t room)
{
    const char *qop = offer->qop;
    int size = snprintf(ret, room, "Digest realm=\"%s\", nonce=\"%s\", algorithm=%s%s%s%s%s",
                        offer->realm, offer->nonce, names[offer->algorithm],
                        qop != NULL ? ", qop=\"" : "", qop != NULL ? qop : "",
                        qop != NULL ? "\"" : "", offer->is_stale ? ", stale=true" : "");
    return size >= 0 && (size_t)size < room ? size : -ENOBUFS;
}
