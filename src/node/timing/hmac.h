/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * hmac: HMAC-SHA-256 (RFC 2104, FIPS 180-4) of a few dozen bytes: the tag of a mark. Pure. Not for
 * secrets of long life: keys are drawn for one run.
 */
#ifndef VAPERF_NODE_TIMING_HMAC_H
#define VAPERF_NODE_TIMING_HMAC_H

#include <stddef.h>
#include <stdint.h>

enum { HMAC_SIZE = 32, HMAC_BLOCK = 64 };

void hmac_sha256(const void *key, size_t key_size, const void *bytes, size_t size,
                 uint8_t ret[HMAC_SIZE]);

#endif
