/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * bencode_fuzz: any bytes into bencode_decode; what it accepts lies within them, and its parts can
 * be walked over to the last byte.
 */
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>

#include "node/codec/bencode.h"

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size);

static void walk(struct bencode v, const uint8_t *bytes, size_t size)
{
    struct bencode part;
    size_t parts = 0;

    if (v.type == BENCODE_NUMBER) {
        return;
    }
    if (v.bytes < bytes || v.bytes + v.size > bytes + size) {
        abort();
    }
    if (v.type == BENCODE_TEXT) {
        return;
    }
    for (struct bencode rest = v; bencode_next(&rest, &part); parts++) {
        if (v.type == BENCODE_DICT && parts % 2 == 0 && part.type != BENCODE_TEXT) {
            abort();
        }
        walk(part, bytes, size);
        v.bytes = rest.bytes;
        v.size = rest.size;
    }
    if (v.size != 0 || (v.type == BENCODE_DICT && parts % 2 != 0)) {
        abort();
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size)
{
    struct bencode v, found;

    if (bencode_decode(&v, bytes, size) == 0) {
        walk(v, bytes, size);
        (void)bencode_find(&v, "result", BENCODE_TEXT, &found);
    }
    return 0;
}
