/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * protection: see protection.h.
 */
#include "node/callmedia/protection.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/buf.h"
#include "base/str.h"

struct key {
    uint32_t tag;
    enum secure_rtp_suite suite;
    uint8_t octets[SECURE_RTP_KEY_MAX];
};

struct keys {
    bool is_told, is_secure; /* is_secure: it says RTP/SAVP */
    struct key key[SDP_CRYPTO_MAX];
    unsigned count;
};

struct protection {
    struct keys side[PROTECTION_SIDES];
    struct key agreed[PROTECTION_SIDES]; /* of the two below */
    struct secure_rtp *out, *in;         /* NULL: none is agreed */
};

static const struct {
    const char *name, *word;
    enum secure_rtp_suite suite;
} suites[] = {
    {"AES_CM_128_HMAC_SHA1_80", "cryptosuiteaescm128sha180", AES_CM_128_HMAC_SHA1_80},
    {"AES_CM_128_HMAC_SHA1_32", "cryptosuiteaescm128sha132", AES_CM_128_HMAC_SHA1_32},
    {"AEAD_AES_128_GCM", NULL, AEAD_AES_128_GCM},
};
enum { SUITES = sizeof(suites) / sizeof(suites[0]) };

/* ---- keys of a description ---- */

static enum secure_rtp_suite suite_of(struct sip_text name)
{
    for (int i = 0; i < SUITES; i++) {
        if (sip_text_is(name, suites[i].name)) {
            return suites[i].suite;
        }
    }
    return SECURE_RTP_NONE;
}

/* "inline:" and a key, with a lifetime behind it or not (RFC 4568 §6.1). One with an MKI, or with
 * words that change the session, is not used. */
static bool read_key(struct key *ret, const struct sdp_crypto *c)
{
    static const char start[] = "inline:";
    const size_t skip = sizeof(start) - 1;
    char text[PROTECTION_KEY_TEXT_MAX];
    struct buf octets;
    size_t size = 0;
    bool is_good;

    *ret = (struct key){.tag = c->tag, .suite = suite_of(c->suite)};
    if (ret->suite == SECURE_RTP_NONE || c->session_params.size > 0 || c->key_params.size <= skip ||
        memcmp(c->key_params.at, start, skip) != 0 ||
        memchr(c->key_params.at + skip, ':', c->key_params.size - skip) != NULL) {
        return false;
    }
    while (size < c->key_params.size - skip && c->key_params.at[skip + size] != '|') {
        size++;
    }
    if (size >= sizeof(text)) {
        return false;
    }
    memcpy(text, c->key_params.at + skip, size);
    text[size] = '\0';
    buf_init(&octets);
    is_good =
        buf_decode_base64(&octets, text) == 0 && octets.size == secure_rtp_key_size(ret->suite);
    if (is_good) {
        memcpy(ret->octets, octets.data, octets.size);
    }
    buf_finish(&octets);
    return is_good;
}

static bool says_secure(const struct sdp_media *m)
{
    return sip_text_is(m->protocol, "RTP/SAVP") || sip_text_is(m->protocol, "RTP/SAVPF");
}

static void read_keys(struct keys *k, const struct sdp_media *m)
{
    *k = (struct keys){.is_told = true, .is_secure = says_secure(m)};
    for (size_t i = 0; i < m->crypto_count && k->is_secure; i++) {
        k->count += read_key(&k->key[k->count], &m->crypto[i]);
    }
}

/* ---- agreeing ---- */

static void forget(struct protection *p)
{
    secure_rtp_destroy(p->out);
    secure_rtp_destroy(p->in);
    p->out = p->in = NULL;
}

static bool is_same(const struct key *a, const struct key *b)
{
    return a->suite == b->suite && memcmp(a->octets, b->octets, sizeof(a->octets)) == 0;
}

static int take_keys(struct protection *p, const struct key *own, const struct key *peer)
{
    if (p->out != NULL && is_same(own, &p->agreed[PROTECTION_OWN]) &&
        is_same(peer, &p->agreed[PROTECTION_PEER])) {
        return 0;
    }
    forget(p);
    p->agreed[PROTECTION_OWN] = *own;
    p->agreed[PROTECTION_PEER] = *peer;
    p->out = secure_rtp_create(own->suite, own->octets);
    p->in = secure_rtp_create(peer->suite, peer->octets);
    if (p->out != NULL && p->in != NULL) {
        return 0;
    }
    forget(p);
    return -ENOMEM;
}

/* The answer's tag is that of the offer's line that it took (RFC 4568 §5.1.2). */
static int agree(struct protection *p)
{
    const struct keys *own = &p->side[PROTECTION_OWN], *peer = &p->side[PROTECTION_PEER];

    for (unsigned i = 0; i < own->count; i++) {
        for (unsigned k = 0; k < peer->count; k++) {
            if (own->key[i].tag == peer->key[k].tag && own->key[i].suite == peer->key[k].suite) {
                return take_keys(p, &own->key[i], &peer->key[k]);
            }
        }
    }
    forget(p);
    return -ENOKEY;
}

int protection_note(struct protection **p, enum protection_side side, const struct sdp_media *m)
{
    const struct keys *own, *peer;

    if (*p == NULL && !says_secure(m)) {
        return 0;
    }
    if (*p == NULL && (*p = calloc(1, sizeof(**p))) == NULL) {
        return -ENOMEM;
    }
    read_keys(&(*p)->side[side], m);
    own = &(*p)->side[PROTECTION_OWN];
    peer = &(*p)->side[PROTECTION_PEER];
    if (own->is_told && peer->is_told) {
        return protection_is_on(*p) ? agree(*p) : (forget(*p), 0);
    }
    return peer->is_told && peer->count == 0 ? -ENOKEY : 0;
}

void protection_destroy(struct protection *p)
{
    if (p != NULL) {
        forget(p);
        free(p);
    }
}

bool protection_is_on(const struct protection *p)
{
    return p != NULL && (p->side[PROTECTION_OWN].is_secure || p->side[PROTECTION_PEER].is_secure);
}

/* ---- packets ---- */

int protection_protect(struct protection *p, enum secure_rtp_kind kind, uint8_t *packet,
                       uint32_t *size)
{
    return p->out != NULL ? secure_rtp_protect(p->out, kind, packet, size) : -ENOKEY;
}

int protection_open(struct protection *p, enum secure_rtp_kind kind, uint8_t *packet,
                    uint32_t *size)
{
    return p->in != NULL ? secure_rtp_open(p->in, kind, packet, size) : -ENOKEY;
}

/* ---- words of scenarios ---- */

static int write_key(struct rand_state *random, char *text, size_t size)
{
    uint8_t octets[SECURE_RTP_KEY_MAX];
    struct buf b;
    int length;

    for (size_t i = 0; i < sizeof(octets); i++) {
        octets[i] = (uint8_t)rand_u64(random);
    }
    buf_init(&b);
    buf_append_base64(&b, octets, sizeof(octets));
    length = buf_failed(&b) || b.size >= size ? -ENOMEM : (int)b.size;
    if (length > 0) {
        str_printf(text, size, "%s", buf_str(&b));
    }
    buf_finish(&b);
    return length;
}

int protection_word(const char *word, struct rand_state random, char *text, size_t size)
{
    static const char tag[] = "cryptotag", params[] = "cryptokeyparams";

    if (strncmp(word, tag, sizeof(tag) - 1) == 0) {
        str_printf(text, size, "%c", word[sizeof(tag) - 1]);
        return 1;
    }
    if (strncmp(word, params, sizeof(params) - 1) == 0) {
        return write_key(&random, text, size);
    }
    for (int i = 0; i < SUITES; i++) {
        if (suites[i].word != NULL && strncmp(word, suites[i].word, strlen(suites[i].word)) == 0) {
            str_printf(text, size, "%s", suites[i].name);
            return (int)strlen(suites[i].name);
        }
    }
    return -ENOTSUP;
}
