/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * secure_rtp: see secure_rtp.h. Wraps libsrtp2, whose start-up is done once in a process.
 */
#include "node/srtp/secure_rtp.h"

#include <errno.h>
#include <pthread.h>
#include <srtp2/srtp.h>
#include <stdlib.h>

enum { WINDOW = 1024 /* packets out of order that are still told from repeated ones */ };

struct secure_rtp {
    srtp_t out, in;
};

static pthread_once_t once = PTHREAD_ONCE_INIT;
static srtp_err_status_t started;

static void start(void)
{
    started = srtp_init();
}

int secure_rtp_supported(struct err *e)
{
    (void)pthread_once(&once, start);
    if (started != srtp_err_status_ok) {
        return err_set(e, -ENOTSUP, "srtp: libsrtp2 does not start here (its error %d)",
                       (int)started);
    }
    return 0;
}

size_t secure_rtp_key_size(enum secure_rtp_suite suite)
{
    switch (suite) {
    case AES_CM_128_HMAC_SHA1_80:
    case AES_CM_128_HMAC_SHA1_32:
        return SRTP_AES_ICM_128_KEY_LEN_WSALT;
    case AEAD_AES_128_GCM:
        return SRTP_AES_GCM_128_KEY_LEN_WSALT;
    case SECURE_RTP_NONE:
        break;
    }
    return 0;
}

/* SRTCP has the long tag with either of the first two (RFC 4568 §6.2.2). */
static void choose(srtp_policy_t *p, enum secure_rtp_suite suite)
{
    if (suite == AEAD_AES_128_GCM) {
        srtp_crypto_policy_set_aes_gcm_128_16_auth(&p->rtp);
        srtp_crypto_policy_set_aes_gcm_128_16_auth(&p->rtcp);
        return;
    }
    if (suite == AES_CM_128_HMAC_SHA1_32) {
        srtp_crypto_policy_set_aes_cm_128_hmac_sha1_32(&p->rtp);
    } else {
        srtp_crypto_policy_set_aes_cm_128_hmac_sha1_80(&p->rtp);
    }
    srtp_crypto_policy_set_aes_cm_128_hmac_sha1_80(&p->rtcp);
}

static srtp_t open_direction(enum secure_rtp_suite suite, const uint8_t *key,
                             srtp_ssrc_type_t direction)
{
    uint8_t copy[SECURE_RTP_KEY_MAX]; /* the library's member is not const */
    srtp_policy_t p = {.ssrc = {.type = direction}, .window_size = WINDOW};
    srtp_t session = NULL;

    for (size_t i = 0; i < secure_rtp_key_size(suite); i++) {
        copy[i] = key[i];
    }
    p.key = copy;
    choose(&p, suite);
    return srtp_create(&session, &p) == srtp_err_status_ok ? session : NULL;
}

struct secure_rtp *secure_rtp_create(enum secure_rtp_suite suite, const uint8_t *key)
{
    struct secure_rtp *s = NULL;

    if (suite != SECURE_RTP_NONE && secure_rtp_supported(NULL) == 0) {
        s = calloc(1, sizeof(*s));
    }
    if (s == NULL) {
        return NULL;
    }
    s->out = open_direction(suite, key, ssrc_any_outbound);
    s->in = open_direction(suite, key, ssrc_any_inbound);
    if (s->out == NULL || s->in == NULL) {
        secure_rtp_destroy(s);
        return NULL;
    }
    return s;
}

static int code_of(srtp_err_status_t status)
{
    switch (status) {
    case srtp_err_status_ok:
        return 0;
    case srtp_err_status_replay_fail:
        return -EEXIST;
    case srtp_err_status_replay_old:
        return -ESTALE;
    default:
        return -EBADMSG;
    }
}

int secure_rtp_protect(struct secure_rtp *s, enum secure_rtp_kind kind, uint8_t *packet,
                       uint32_t *size)
{
    int length = (int)*size;
    srtp_err_status_t status = kind == SECURE_RTP_MEDIA
                                   ? srtp_protect(s->out, packet, &length)
                                   : srtp_protect_rtcp(s->out, packet, &length);

    if (status == srtp_err_status_ok) {
        *size = (uint32_t)length;
    }
    return code_of(status);
}

int secure_rtp_open(struct secure_rtp *s, enum secure_rtp_kind kind, uint8_t *packet,
                    uint32_t *size)
{
    int length = (int)*size;
    srtp_err_status_t status = kind == SECURE_RTP_MEDIA
                                   ? srtp_unprotect(s->in, packet, &length)
                                   : srtp_unprotect_rtcp(s->in, packet, &length);

    if (status == srtp_err_status_ok) {
        *size = (uint32_t)length;
    }
    return code_of(status);
}

void secure_rtp_destroy(struct secure_rtp *s)
{
    if (s == NULL) {
        return;
    }
    if (s->out != NULL) {
        (void)srtp_dealloc(s->out);
    }
    if (s->in != NULL) {
        (void)srtp_dealloc(s->in);
    }
    free(s);
}
