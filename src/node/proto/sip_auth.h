/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * sip_auth: digest authentication in SIP (RFC 3261 §22, RFC 7616, RFC 8760; AKA: RFC 3310), both
 * sides. Pure functions, nothing is allocated, any thread. Challenges and credentials come from
 * sip_digest_parse.
 */
#ifndef VAPERF_NODE_PROTO_SIP_AUTH_H
#define VAPERF_NODE_PROTO_SIP_AUTH_H

#include "node/codec/sip_value.h"
#include "node/proto/milenage.h"

enum sip_auth_algorithm {
    SIP_AUTH_MD5,
    SIP_AUTH_MD5_SESS,
    SIP_AUTH_SHA256,
    SIP_AUTH_SHA256_SESS,
    SIP_AUTH_AKAV1_MD5
};
enum { SIP_AUTH_NONCE_MAX = 64, SIP_AUTH_SECRET_SIZE = 16 };

/* Who is authenticated. Lent. */
struct sip_auth_user {
    struct sip_text username;
    struct sip_text password;       /* not of AKA */
    const struct milenage_key *aka; /* NULL: has none, and cannot answer AKA */
};

/* What is authenticated. Lent. */
struct sip_auth_request {
    struct sip_text method, uri; /* uri: as it goes into the credentials */
    struct sip_text body;        /* for auth-int */
    uint32_t nc;                 /* answering: requests with this nonce, from 1 */
    const char *cnonce;          /* answering: a token of the caller's */
};

/* The algorithm of a challenge or of credentials (none said: MD5). -ENOTSUP: not one of ours, or
 * the scheme is not Digest. */
int sip_auth_algorithm(const struct sip_digest *d);
const char *sip_auth_algorithm_name(enum sip_auth_algorithm a);

/* The client's side: the value of Authorization or Proxy-Authorization for a challenge, as
 *     Digest username="...", realm="...", nonce="...", uri="...", response="..."...
 * With several qop offered, auth is taken; of none, RFC 2069's form. The text's size (NUL-ended);
 * -ENOBUFS; -ENOTSUP: algorithm or qop, or AKA without a key; -EBADMSG: a challenge without realm
 * or nonce, or no AKA nonce; -EACCES: the network of an AKA challenge does not know the key;
 * -EINVAL: a quote or line end in username, uri or cnonce. */
int sip_auth_answer(const struct sip_digest *challenge, const struct sip_auth_user *user,
                    const struct sip_auth_request *request, char *ret, size_t room);

/* The server's side: do the credentials fit the user and the request? The caller has looked up the
 * user by credentials->username, and judges realm, nonce and uri. 0; -EACCES: no; -EBADMSG:
 * something that the answer needs is missing; -ENOTSUP as above. */
int sip_auth_verify(const struct sip_digest *credentials, const struct sip_auth_user *user,
                    const struct sip_auth_request *request);

/* Nonces that need no memory: the time, and its digest with the server's secret. */
void sip_auth_make_nonce(const uint8_t secret[SIP_AUTH_SECRET_SIZE], uint64_t now_s,
                         char ret[SIP_AUTH_NONCE_MAX]);
/* Its age in seconds; -EACCES: not made with this secret, or of the future. */
int64_t sip_auth_nonce_age_s(const uint8_t secret[SIP_AUTH_SECRET_SIZE], struct sip_text nonce,
                             uint64_t now_s);
/* An AKA nonce: RAND and AUTN in base64 (RFC 3310 §3.2). */
void sip_auth_make_aka_nonce(const struct milenage_key *key, const uint8_t rand[16],
                             const uint8_t sqn[6], const uint8_t amf[2],
                             char ret[SIP_AUTH_NONCE_MAX]);
/* What a server asks for. Lent. */
struct sip_auth_offer {
    enum sip_auth_algorithm algorithm;
    const char *realm, *nonce;
    const char *qop; /* "auth", "auth,auth-int"; NULL: none */
    bool is_stale;   /* the credentials were right, their nonce is too old */
};
/* The value of WWW-Authenticate or Proxy-Authenticate. Its size, -ENOBUFS. */
int sip_auth_challenge(const struct sip_auth_offer *offer, char *ret, size_t room);

#endif
