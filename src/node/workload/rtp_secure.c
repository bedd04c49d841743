/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * rtp_secure: SRTP for the streams of a shard. Headers stay in the clear, so a packet is matched
 * first and opened with its stream's keys then. Shard's thread; open and close on the owner's.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/buf.h"
#include "node/workload/rtp.h"

static int parse_key(const struct rtp_options *o, uint8_t *ret, struct err *e)
{
    size_t wanted = secure_rtp_key_size((enum secure_rtp_suite)o->srtp);
    struct buf key;
    int result;

    buf_init(&key);
    result = buf_decode_base64(&key, o->srtp_key);
    if (result == 0 && key.size == wanted) {
        memcpy(ret, key.data, wanted);
    } else {
        result = err_set(e, -EINVAL,
                         "srtp_key: %zu octets in base64 are wanted, master key and salt", wanted);
    }
    buf_finish(&key);
    return result;
}

int rtp_option_supported(const char *option, struct err *e)
{
    return strcmp(option, "srtp") == 0 ? secure_rtp_supported(e) : 0;
}

int rtp_secure_check(const struct rtp_options *o, struct err *e)
{
    uint8_t key[SECURE_RTP_KEY_MAX];
    int result;

    if (o->srtp == SECURE_RTP_NONE) {
        return o->srtp_key == NULL ? 0
                                   : err_set(e, -EINVAL, "srtp_key: what for? srtp names no suite");
    }
    if (o->match != RTP_MATCH_SEQUENCE) {
        return err_set(e, -EINVAL,
                       "srtp: wants match: sequence (no time can be stamped into a packet that is "
                       "protected already)");
    }
    result = secure_rtp_supported(e);
    return result == 0 && o->srtp_key != NULL ? parse_key(o, key, e) : result;
}

int rtp_secure_open(struct rtp_shard *shard)
{
    const struct rtp_options *o = &shard->state->options;
    uint8_t key[SECURE_RTP_KEY_MAX];

    for (int i = 0; i < SECURE_RTP_KEY_MAX; i++) {
        key[i] = (uint8_t)rand_u64(&shard->rand);
    }
    if (o->srtp_key != NULL && parse_key(o, key, NULL) < 0) {
        return -EINVAL;
    }
    shard->secure = calloc(shard->slots + 1, sizeof(struct secure_rtp *));
    shard->opened = calloc(1, WORKLOAD_PACKET_MAX);
    if (shard->secure == NULL || shard->opened == NULL) {
        return -ENOMEM;
    }
    for (uint32_t i = 0; i < shard->slots; i++) {
        shard->secure[i] = secure_rtp_create((enum secure_rtp_suite)o->srtp, key);
        if (shard->secure[i] == NULL) {
            return -ENOMEM;
        }
    }
    return 0;
}

void rtp_secure_close(struct rtp_shard *shard)
{
    for (uint32_t i = 0; shard->secure != NULL && i < shard->slots; i++) {
        secure_rtp_destroy(shard->secure[i]);
    }
    free(shard->secure);
    free(shard->opened);
    shard->secure = NULL;
    shard->opened = NULL;
}

void rtp_secure_protect(struct rtp_shard *shard, uint32_t i, enum secure_rtp_kind kind,
                        struct workload_packet *packet)
{
    if (secure_rtp_protect(shard->secure[i], kind, packet->data, &packet->size) < 0) {
        packet->size = 0;
    }
}

const uint8_t *rtp_secure_receive(struct rtp_shard *shard, uint32_t i, enum secure_rtp_kind kind,
                                  const uint8_t *bytes, uint32_t *size)
{
    int result = -EBADMSG;

    if (*size <= WORKLOAD_PACKET_MAX) {
        memcpy(shard->opened, bytes, *size);
        result = secure_rtp_open(shard->secure[i], kind, shard->opened, size);
    }
    if (result == -EEXIST && kind == SECURE_RTP_MEDIA) {
        return shard->opened; /* our own count tells that it is a copy; it stays protected */
    }
    if (result < 0) {
        return NULL;
    }
    return shard->opened;
}
