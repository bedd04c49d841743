/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * masr: memory allocate, set, read (study D): allocate, set every position in order, read every
 * position: a fixed number of operations. Passes are told apart: the first one touches the memory
 * and so measures how the kernel, and a hypervisor under it, finds pages; later ones the memory.
 */
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>

#include "base/clock.h"
#include "base/str.h"
#include "node/bench/bench.h"
#include "node/bench/room.h"

enum { STOP_EVERY = 1 << 17 }; /* positions between looks at the stop flag: 1 MiB */
enum { HUGE_DEFAULT, HUGE_ON, HUGE_OFF };

struct masr_options {
    uint64_t size_bytes, passes;
    int huge_pages;
};
struct masr_state {
    uint64_t count, passes, sum, expected;
    int huge_pages;
    uint64_t allocate_ns, first_set_ns, first_read_ns; /* of the last round */
    uint64_t set_ns, read_ns;                          /* of its later passes together */
    uint64_t huge_bytes;
};

static const char *const huge_words[] = {"default", "on", "off", NULL};
static const struct opt options[] = {
    {"size", OPT_SIZE, "2G", "memory that is set and read", 4096, 1e15, NULL,
     offsetof(struct masr_options, size_bytes), 0},
    {"passes", OPT_COUNT, "2", "how often it is set and read; the first one touches it", 1, 1e6,
     NULL, offsetof(struct masr_options, passes), 0},
    {"huge_pages", OPT_CHOICE, "default", "transparent huge pages for it", 0, 0, huge_words,
     offsetof(struct masr_options, huge_pages), 0},
    OPT_END,
};

/* What position i holds after a pass is position_value(i) + pass. */
static uint64_t position_value(uint64_t i)
{
    return i * UINT64_C(0x9e3779b97f4a7c15) + 1;
}

static int room(const void *given, struct err *e)
{
    return room_check_memory("masr", ((const struct masr_options *)given)->size_bytes, e);
}

static int prepare(void *state, const void *given, struct err *e)
{
    const struct masr_options *o = given;
    struct masr_state *s = state;
    int r = room(o, e);

    if (r < 0) {
        return r;
    }
    *s = (struct masr_state){.count = o->size_bytes / sizeof(uint64_t),
                             .passes = o->passes,
                             .huge_pages = o->huge_pages};
    /* The sum of position_value(0..n-1), modulo 2^64, without going through them. */
    uint64_t n = s->count, pairs = n % 2 == 0 ? (n / 2) * (n - 1) : n * ((n - 1) / 2);
    uint64_t one = pairs * UINT64_C(0x9e3779b97f4a7c15) + n;
    for (uint64_t pass = 0; pass < s->passes; pass++) {
        s->expected += one + n * pass;
    }
    return 0;
}

static int set_all(const struct masr_state *s, uint64_t *at, uint64_t pass, const atomic_bool *stop)
{
    for (uint64_t from = 0; from < s->count; from += STOP_EVERY) {
        const uint64_t to = s->count - from < STOP_EVERY ? s->count : from + STOP_EVERY;
        for (uint64_t i = from; i < to; i++) {
            at[i] = position_value(i) + pass;
        }
        if (atomic_load_explicit(stop, memory_order_relaxed)) {
            return -ECANCELED;
        }
    }
    return 0;
}

/* Four sums side by side, so that memory is what is waited for and not the addition before. */
static uint64_t sum_of(const uint64_t *at, uint64_t count)
{
    uint64_t sum[4] = {0}, i = 0;

    for (; i + 4 <= count; i += 4) {
        sum[0] += at[i];
        sum[1] += at[i + 1];
        sum[2] += at[i + 2];
        sum[3] += at[i + 3];
    }
    for (; i < count; i++) {
        sum[0] += at[i];
    }
    return sum[0] + sum[1] + sum[2] + sum[3];
}

static int read_all(struct masr_state *s, const uint64_t *at, const atomic_bool *stop)
{
    for (uint64_t from = 0; from < s->count; from += STOP_EVERY) {
        const uint64_t left = s->count - from;
        s->sum += sum_of(at + from, left < STOP_EVERY ? left : STOP_EVERY);
        if (atomic_load_explicit(stop, memory_order_relaxed)) {
            return -ECANCELED;
        }
    }
    return 0;
}

static int one_pass(struct masr_state *s, uint64_t *at, uint64_t pass, const atomic_bool *stop)
{
    const uint64_t t0 = clock_now_ns();
    int result = set_all(s, at, pass, stop);
    const uint64_t t1 = clock_now_ns();
    if (result == 0) {
        result = read_all(s, at, stop);
    }
    const uint64_t t2 = clock_now_ns();
    if (pass == 0) {
        s->first_set_ns = t1 - t0;
        s->first_read_ns = t2 - t1;
    } else {
        s->set_ns += t1 - t0;
        s->read_ns += t2 - t1;
    }
    return result;
}

static int advise(const struct masr_state *s, void *at, size_t size, struct err *e)
{
    const int advice = s->huge_pages == HUGE_ON ? MADV_HUGEPAGE : MADV_NOHUGEPAGE;

    if (s->huge_pages == HUGE_DEFAULT || madvise(at, size, advice) == 0) {
        return 0;
    }
    return err_set(e, -ENOTSUP, "masr: huge_pages %s: %s (has this kernel transparent huge pages?)",
                   huge_words[s->huge_pages], strerror(errno));
}

static int run(void *state, unsigned round, const atomic_bool *stop, struct err *e)
{
    struct masr_state *s = state;
    const uint64_t t0 = clock_now_ns();
    size_t size = s->count * sizeof(uint64_t);
    void *at = mmap(NULL, size, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    int result;

    (void)round;
    if (at == MAP_FAILED) {
        char text[32];
        return err_set(e, -ENOMEM, "masr: cannot allocate %s",
                       str_format_size(size, text, sizeof(text)));
    }
    result = advise(s, at, size, e);
    s->allocate_ns = clock_now_ns() - t0;
    s->sum = s->set_ns = s->read_ns = 0;
    for (uint64_t pass = 0; pass < s->passes && result == 0; pass++) {
        result = one_pass(s, at, pass, stop);
    }
    s->huge_bytes = room_huge_bytes();
    (void)munmap(at, size);
    return result;
}

static int verify(void *state, struct err *e)
{
    const struct masr_state *s = state;
    return s->sum == s->expected
               ? 0
               : err_set(e, -EBADMSG,
                         "masr: what was read is not what was set (sum %016llx, not "
                         "%016llx)",
                         (unsigned long long)s->sum, (unsigned long long)s->expected);
}

static double per_s(double bytes, uint64_t ns)
{
    return ns > 0 ? bytes * 1e9 / (double)ns : 0.0;
}

static json_t *figures(void *state)
{
    const struct masr_state *s = state;
    const double bytes = (double)s->count * sizeof(uint64_t);
    const double later = bytes * (double)(s->passes - 1);
    json_t *o =
        json_pack("{s:f, s:f, s:f, s:I}", "allocate_us", (double)s->allocate_ns / 1e3,
                  "first_set_bytes_per_s", per_s(bytes, s->first_set_ns), "first_read_bytes_per_s",
                  per_s(bytes, s->first_read_ns), "huge_bytes", (json_int_t)s->huge_bytes);

    if (s->passes > 1) {
        json_object_set_new(o, "set_bytes_per_s", json_real(per_s(later, s->set_ns)));
        json_object_set_new(o, "read_bytes_per_s", json_real(per_s(later, s->read_ns)));
    }
    return o;
}

extern const struct bench_ops bench_masr;
const struct bench_ops bench_masr = {
    .name = "masr",
    .summary = "memory allocate, set, read: a fixed number of memory operations",
    .options = options,
    .options_size = sizeof(struct masr_options),
    .state_size = sizeof(struct masr_state),
    .room = room,
    .prepare = prepare,
    .run = run,
    .verify = verify,
    .figures = figures,
};
