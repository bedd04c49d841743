/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * digest: MD5, SHA-256 and one block of AES-128, on the stack: nothing is allocated, any thread.
 * The only file that sees libcrypto; its one-shot primitives are used, so that the static node
 * carries a few of its objects and not all of its machinery.
 */
#ifndef VAPERF_NODE_PROTO_DIGEST_H
#define VAPERF_NODE_PROTO_DIGEST_H

#include <stddef.h>
#include <stdint.h>

enum { DIGEST_MAX = 32, DIGEST_TEXT_MAX = 2 * DIGEST_MAX + 1, AES_BLOCK = 16 };

enum digest_kind { DIGEST_MD5, DIGEST_SHA256 };

struct digest_part {
    const void *bytes;
    size_t size;
};

size_t digest_size(enum digest_kind kind);
/* Of the parts with `:` between them, as digest authentication joins (RFC 7616 §3.4); in lower case
 * hexadecimal with a NUL. */
void digest_joined(enum digest_kind kind, const struct digest_part *parts, size_t count,
                   char ret_text[DIGEST_TEXT_MAX]);
/* AES-128 of one block (FIPS 197); in and out may be the same. */
void digest_aes128(const uint8_t key[AES_BLOCK], const uint8_t in[AES_BLOCK],
                   uint8_t out[AES_BLOCK]);

#endif
