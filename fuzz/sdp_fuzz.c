/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * sdp_fuzz: any bytes into sdp_parse; what it accepts is written, read again and says the same.
 */
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "node/codec/sdp.h"

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size)
{
    static struct sdp d, again, answer;
    static char out[65536], twice[65536];
    const struct sdp_format speaks = {0, {"PCMA", 4}, 8000, 1, {NULL, 0}};
    const struct sdp_ability ability = {{"audio", 5}, &speaks, 1, 6000, SDP_SENDRECV, true};
    int written, rewritten;

    if (sdp_parse(&d, (const char *)bytes, size) < 0) {
        return 0;
    }
    written = sdp_write(&d, out, sizeof(out));
    if (written < 0 || sdp_parse(&again, out, (size_t)written) < 0 ||
        again.media_count != d.media_count) {
        abort();
    }
    rewritten = sdp_write(&again, twice, sizeof(twice));
    if (rewritten != written || memcmp(out, twice, (size_t)written) != 0) {
        abort();
    }
    if (sdp_answer(&answer, &d, &d, &ability, 1) < 0 || answer.media_count != d.media_count) {
        abort();
    }
    return 0;
}
