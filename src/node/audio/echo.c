/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * echo: see echo.h. Wraps libspeexdsp's canceller (an adaptive filter in the frequency domain).
 */
#include "node/audio/echo.h"

#include <speex/speex_echo.h>

struct echo *echo_create(unsigned frame, unsigned tail, unsigned rate)
{
    SpeexEchoState *s = speex_echo_state_init((int)frame, (int)tail);
    spx_int32_t hz = (spx_int32_t)rate;

    if (s != NULL) {
        (void)speex_echo_ctl(s, SPEEX_ECHO_SET_SAMPLING_RATE, &hz);
    }
    return (struct echo *)s;
}

void echo_cancel(struct echo *c, const int16_t *microphone, const int16_t *played, int16_t *ret)
{
    speex_echo_cancellation((SpeexEchoState *)c, microphone, played, ret);
}

void echo_destroy(struct echo *c)
{
    if (c != NULL) {
        speex_echo_state_destroy((SpeexEchoState *)c);
    }
}
