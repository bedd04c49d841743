/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * tone: see tone.h. Wraps libspandsp's DTMF receiver.
 */
#include "node/audio/tone.h"

#include <errno.h>
#include <math.h>
#include <spandsp.h>
#include <string.h>

enum { RATE = 8000, DIGITS_AT_ONCE = 16 };
#define LEVEL 6000.0 /* of each tone: about -9 dBm0 */

static const char digits[] = "123A456B789C*0#D";
static const double rows_hz[] = {697, 770, 852, 941}, columns_hz[] = {1209, 1336, 1477, 1633};

struct tone *tone_create(void)
{
    return (struct tone *)dtmf_rx_init(NULL, NULL, NULL);
}

unsigned tone_listen(struct tone *t, const int16_t *samples, size_t count, char *ret, size_t room)
{
    char heard[DIGITS_AT_ONCE + 1];
    size_t n;

    (void)dtmf_rx((dtmf_rx_state_t *)t, samples, (int)count);
    n = dtmf_rx_get((dtmf_rx_state_t *)t, heard, DIGITS_AT_ONCE);
    if (room > 0) {
        memcpy(ret, heard, n < room ? n : room);
    }
    return (unsigned)n;
}

void tone_destroy(struct tone *t)
{
    if (t != NULL) {
        (void)dtmf_rx_free((dtmf_rx_state_t *)t);
    }
}

int tone_make(char digit, size_t at, int16_t *ret, size_t count)
{
    const char *found = digit != '\0' ? strchr(digits, digit) : NULL;
    const double turn = 2 * acos(-1.0) / RATE;
    size_t i;

    if (found == NULL) {
        return -EINVAL;
    }
    i = (size_t)(found - digits);
    for (size_t n = 0; n < count; n++) {
        double time = (double)(at + n) * turn;
        ret[n] = (int16_t)(LEVEL * (sin(rows_hz[i / 4] * time) + sin(columns_hz[i % 4] * time)));
    }
    return 0;
}
