/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * platform_bed: where a platform is tried: a run's mark, the platform opened with a network, and
 * the two machines that most tests share, since a guest takes seconds to boot. One thread; failures
 * end the test.
 */
#ifndef VAPERF_TESTS_PLATFORM_BED_H
#define VAPERF_TESTS_PLATFORM_BED_H

#include "base/test.h"

#include "base/clock.h"
#include "base/proc.h"
#include "control/platform/mark.h"
#include "control/platform/platform.h"
#include "platform_talk.h"

#define SECOND NS_PER_S

struct bed {
    struct mark mark;
    struct platform_env env;
    void *options;
    struct platform *platform;
};

struct bed_shared {
    struct bed bed;
    struct machine *capped, *light; /* "media.1", "light": both on CPU 0 where pins are */
};

extern const struct host bed_host;         /* this one */
extern const struct platform_ops *bed_ops; /* under test */
extern struct bed_shared bed_shared;

void bed_must(int r, const struct err *e);
/* The platform's own by default, or what the environment names. Free it. */
void *bed_options(void);
void bed_open(struct bed *b);
void bed_close(struct bed *b);
/* All that carries the mark anywhere on this host. */
void bed_assert_nothing_left(const char *mark);
void bed_close_clean(struct bed *b);
/* Starts it; a guest boots until bed_await. bed_bring_up does both. */
struct machine *bed_start(struct bed *b, const struct machine_spec *spec);
void bed_await(struct machine *m);
struct machine *bed_bring_up(struct bed *b, const struct machine_spec *spec);
/* Starts a verb of platform_talk in the machine, and hears the word it says first. */
void bed_hear(struct machine *m, const char *verb, const char *word, struct proc *ret);
void bed_burn(struct machine *m, struct proc *ret);
bool bed_applies(struct bed *b, const struct machine_spec *spec, const char *setting);
/* What the platform, and the user, can have of it; the rest is left out. */
struct machine_spec bed_possible(struct bed *b, struct machine_spec spec);
/* With a weight, so with a cgroup. */
struct machine_spec bed_weighted(struct bed *b);

/* platform_settings.c: pin, cap and weight of the shared machines. */
void test_pin_is_kept(void **state);
void test_cap_is_kept_and_tuned(void **state);
void test_weights_share_one_cpu(void **state);

/* platform_killed.c: what a killed run leaves is found and removed. The first is the run itself, in
 * a process of its own: makes its machine, waits on the descriptor for a byte, says its mark, and
 * waits for its end. It is started before the shared machines, so that guests boot side by side,
 * and finished after a test that failed before it was killed. */
int killed_run(const char *platform, int with_test);
void killed_start(void);
void killed_finish(void);
void test_sweep_after_kill(void **state);

#endif
