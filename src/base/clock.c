/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * clock: readings of the kernel's clocks in ns. Any thread.
 */
#include "base/clock.h"

#include <errno.h>
#include <stdio.h>
#include <time.h>

#include "base/str.h"

static uint64_t read_ns(clockid_t id)
{
    struct timespec t;
    clock_gettime(id, &t);
    return (uint64_t)t.tv_sec * NS_PER_S + (uint64_t)t.tv_nsec;
}

uint64_t clock_now_ns(void)
{
    return read_ns(CLOCK_MONOTONIC);
}

uint64_t clock_real_ns(void)
{
    return read_ns(CLOCK_REALTIME);
}

uint64_t clock_thread_cpu_ns(void)
{
    return read_ns(CLOCK_THREAD_CPUTIME_ID);
}

uint64_t clock_process_cpu_ns(void)
{
    return read_ns(CLOCK_PROCESS_CPUTIME_ID);
}

int clock_sleep_until(uint64_t when_ns)
{
    struct timespec t = {.tv_sec = (time_t)(when_ns / NS_PER_S),
                         .tv_nsec = (long)(when_ns % NS_PER_S)};
    return -clock_nanosleep(CLOCK_MONOTONIC, TIMER_ABSTIME, &t, NULL);
}

int64_t clock_real_offset_ns(int rounds, uint64_t *ret_uncertainty_ns)
{
    uint64_t best = UINT64_MAX;
    int64_t offset = 0;
    for (int i = 0; i < rounds || i == 0; i++) {
        uint64_t before = clock_now_ns();
        uint64_t real = clock_real_ns();
        uint64_t after = clock_now_ns();
        if (after - before < best) {
            best = after - before;
            offset = (int64_t)(real - (before + best / 2));
        }
    }
    if (ret_uncertainty_ns != NULL)
        *ret_uncertainty_ns = best / 2 + 1;
    return offset;
}

const char *clock_format_real(uint64_t real_ns, char *buffer, size_t size)
{
    time_t s = (time_t)(real_ns / NS_PER_S);
    struct tm tm;
    gmtime_r(&s, &tm);
    char date[32] = "";
    strftime(date, sizeof date, "%Y-%m-%dT%H:%M:%S", &tm);
    str_printf(buffer, size, "%s.%03uZ", date, (unsigned)(real_ns % NS_PER_S / NS_PER_MS));
    return buffer;
}
