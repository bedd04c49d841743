/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * digest: libcrypto's primitives. They are marked deprecated in favour of EVP, which allocates for
 * each digest and brings its providers along.
 */
#define OPENSSL_SUPPRESS_DEPRECATED
#include "node/proto/digest.h"

#include <openssl/aes.h>
#include <openssl/md5.h>
#include <openssl/sha.h>

size_t digest_size(enum digest_kind kind)
{
    return kind == DIGEST_MD5 ? MD5_DIGEST_LENGTH : SHA256_DIGEST_LENGTH;
}

static void md5(const struct digest_part *parts, size_t count, uint8_t *ret)
{
    MD5_CTX c;

    MD5_Init(&c);
    for (size_t i = 0; i < count; i++) {
        if (i > 0) {
            MD5_Update(&c, ":", 1);
        }
        MD5_Update(&c, parts[i].bytes, parts[i].size);
    }
    MD5_Final(ret, &c);
}

static void sha256(const struct digest_part *parts, size_t count, uint8_t *ret)
{
    SHA256_CTX c;

    SHA256_Init(&c);
    for (size_t i = 0; i < count; i++) {
        if (i > 0) {
            SHA256_Update(&c, ":", 1);
        }
        SHA256_Update(&c, parts[i].bytes, parts[i].size);
    }
    SHA256_Final(ret, &c);
}

void digest_joined(enum digest_kind kind, const struct digest_part *parts, size_t count,
                   char ret_text[DIGEST_TEXT_MAX])
{
    static const char hex[] = "0123456789abcdef";
    uint8_t bytes[DIGEST_MAX];
    size_t size = digest_size(kind);

    if (kind == DIGEST_MD5) {
        md5(parts, count, bytes);
    } else {
        sha256(parts, count, bytes);
    }
    for (size_t i = 0; i < size; i++) {
        ret_text[2 * i] = hex[bytes[i] >> 4];
        ret_text[2 * i + 1] = hex[bytes[i] & 15];
    }
    ret_text[2 * size] = '\0';
}

void digest_aes128(const uint8_t key[AES_BLOCK], const uint8_t in[AES_BLOCK],
                   uint8_t out[AES_BLOCK])
{
    AES_KEY k;

    AES_set_encrypt_key(key, 128, &k);
    AES_encrypt(in, out, &k);
}
