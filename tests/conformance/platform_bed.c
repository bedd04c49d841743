/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * platform_bed: see platform_bed.h.
 */
#include "platform_bed.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/str.h"

const struct host bed_host = {.name = "sut", .uri = "local"};
const struct platform_ops *bed_ops;
struct bed_shared bed_shared;

void bed_must(int r, const struct err *e)
{
    if (r < 0)
        talk_fail(bed_ops, e->text);
}

/* Another than the default, when the environment names one. */
static void take_option(void *options, const char *name, const char *variable)
{
    const char *text = getenv(variable);
    const struct opt *o = bed_ops->options != NULL ? opt_find(bed_ops->options, name) : NULL;
    if (text != NULL && o != NULL)
        assert_int_equal(opt_parse(o, text, options, NULL, NULL), 0);
}

void *bed_options(void)
{
    void *options = calloc(1, bed_ops->options_size + 1);
    if (bed_ops->options != NULL)
        opt_defaults(bed_ops->options, options, bed_ops->options_size);
    take_option(options, "runtime", "OCI_RUNTIME");
    take_option(options, "kernel", "QEMU_KERNEL");
    take_option(options, "initrd", "QEMU_INITRD");
    return options;
}

void bed_open(struct bed *b)
{
    struct err e;
    err_clear(&e);
    const bool guest = talk_is_guest(bed_ops);
    bed_must(mark_create(&b->mark, &e), &e);
    b->env = (struct platform_env){.host = &bed_host,
                                   .mark = b->mark.text,
                                   .node_path = getenv(guest ? "VAPERF_NODE" : "FAKE_NODE"),
                                   .node_static_path =
                                       getenv(guest ? "VAPERF_NODE_STATIC" : "FAKE_NODE"),
                                   .state_dir = b->mark.dir};
    b->options = bed_options();
    bed_must(bed_ops->open(&b->platform, &b->env, b->options, &e), &e);
    bed_must(bed_ops->network(b->platform, "traffic", &e), &e);
}

void bed_close(struct bed *b)
{
    bed_ops->close(b->platform);
    free(b->options);
    mark_release(&b->mark);
}

/* All that carries the mark anywhere on this host, one a line; "" when nothing does. */
void bed_assert_nothing_left(const char *mark)
{
    const char *script =
        "ls /sys/class/net | grep \"$1\" || :; ls /run/netns 2>/dev/null | grep \"$1\" || :\n"
        "find /sys/fs/cgroup -name \"*vaperf-$1*\" -type d; ls -d \"$2/$1\" 2>/dev/null || :\n"
        "grep -slaz \"^VAPERF_MARK=$1\" /proc/[0-9]*/environ || :\n"
        "grep \"$1\" /proc/mounts || :; ip neigh show 2>/dev/null | grep \"vp$1\" || :\n"
        "ls /run/runc /run/crun 2>/dev/null | grep \"$1\" || :";
    char root[MARK_PATH_MAX];
    const char *args[] = {mark, mark_root(root), NULL};
    struct buf out;
    struct err e;
    buf_init(&out);
    err_clear(&e);
    bed_must(host_sh(&bed_host, script, args, &out, &e), &e);
    if (out.size != 0)
        fail_msg("%s left:\n%s", bed_ops->name, buf_str(&out));
    buf_finish(&out);
}

void bed_close_clean(struct bed *b)
{
    char mark[MARK_SIZE];
    memcpy(mark, b->mark.text, sizeof mark);
    bed_close(b);
    bed_assert_nothing_left(mark);
}

struct machine *bed_start(struct bed *b, const struct machine_spec *spec)
{
    struct machine *m = NULL;
    struct err e;
    err_clear(&e);
    bed_must(bed_ops->create(b->platform, spec, &m, &e), &e);
    bed_must(bed_ops->start(m, &e), &e);
    return m;
}

void bed_await(struct machine *m)
{
    struct err e;
    err_clear(&e);
    if (bed_ops->ready != NULL)
        bed_must(bed_ops->ready(m, &e), &e);
}

struct machine *bed_bring_up(struct bed *b, const struct machine_spec *spec)
{
    struct machine *m = bed_start(b, spec);
    bed_await(m);
    return m;
}

void bed_hear(struct machine *m, const char *verb, const char *word, struct proc *ret)
{
    char line[TALK_LINE_MAX];
    talk_start(bed_ops, m, verb, ret, line);
    assert_string_equal(line, word);
}

void bed_burn(struct machine *m, struct proc *ret)
{
    bed_hear(m, "burn", "burning", ret);
}

bool bed_applies(struct bed *b, const struct machine_spec *spec, const char *setting)
{
    struct setting_check checks[MACHINE_CHECKS_MAX];
    int n = bed_ops->check(b->platform, spec, checks, MACHINE_CHECKS_MAX);
    for (int i = 0; i < n; i++) {
        if (strcmp(checks[i].setting, setting) == 0) {
            assert_true(checks[i].text[0] != '\0');
            return checks[i].state == SETTING_APPLIED;
        }
    }
    fail_msg("%s: check says nothing of %s", bed_ops->name, setting);
    return false;
}

/* What the platform, and the user, can have of it; the rest is left out. */
struct machine_spec bed_possible(struct bed *b, struct machine_spec spec)
{
    if (!bed_applies(b, &spec, "weight"))
        spec.weight = 0;
    if (!bed_applies(b, &spec, "cap"))
        spec.cap_pct = 0;
    if (!bed_applies(b, &spec, "pin"))
        spec.has_pin = false;
    if (!bed_applies(b, &spec, "memory"))
        spec.memory_bytes = 0;
    if (!bed_applies(b, &spec, "vcpus"))
        spec.vcpus = 0;
    return spec;
}

/* With a weight, so with a cgroup. */
struct machine_spec bed_weighted(struct bed *b)
{
    return bed_possible(
        b, (struct machine_spec){.name = "media", .links = {"traffic"}, .vcpus = 1, .weight = 256});
}
