/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * guests: how long guests of platform qemu take from nothing to gone, and what a reading of the
 * VMM's figures of one costs. Prints one JSON line: {"guests", "seconds", "ready_seconds",
 * "reading_cpu_us"}.
 *
 *   guests NODE STATIC_NODE COUNT
 */
#include <stdio.h>
#include <stdlib.h>

#include "base/clock.h"
#include "base/str.h"
#include "control/platform/mark.h"
#include "control/platform/platform.h"

enum { GUESTS_MAX = 16, COLUMNS_MAX = 512, READINGS = 50 };

static const struct platform_ops *ops;
static struct platform *platform;
static struct machine *machines[GUESTS_MAX];
static struct sample_column columns[COLUMNS_MAX];
static double values[COLUMNS_MAX];

static void must(int result, const struct err *e)
{
    if (result < 0) {
        fprintf(stderr, "guests: %s\n", e->text);
        exit(3);
    }
}

static void make(unsigned i, struct err *e)
{
    char name[16];
    const struct machine_spec spec = {.name =
                                          str_printf(name, sizeof(name), "g%u", i) > 0 ? name : "g",
                                      .links = {"traffic"},
                                      .vcpus = 1,
                                      .memory_bytes = 128u << 20};

    must(ops->create(platform, &spec, &machines[i], e), e);
    must(ops->start(machines[i], e), e);
}

/* CPU time of this process, which contains libvirt's driver; QEMU's own comes on top. */
static double read_figures(struct err *e)
{
    int n = ops->vmm_columns(machines[0], columns, COLUMNS_MAX, e);
    uint64_t from_ns;

    must(n, e);
    from_ns = clock_process_cpu_ns();
    for (int i = 0; i < READINGS; i++) {
        must(ops->vmm_sample(machines[0], columns, (size_t)n, values, e), e);
    }
    return (double)(clock_process_cpu_ns() - from_ns) / 1e3 / READINGS;
}

static void bring_up(unsigned count, struct err *e)
{
    must(ops->network(platform, "traffic", e), e);
    for (unsigned i = 0; i < count; i++) {
        make(i, e);
    }
    for (unsigned i = 0; i < count && ops->ready != NULL; i++) {
        must(ops->ready(machines[i], e), e);
    }
}

int main(int argc, char *argv[])
{
    static const struct host here = {.name = "local", .uri = "local"};
    unsigned count = argc == 4 ? (unsigned)strtoul(argv[3], NULL, 10) : 0;
    struct err e = {0};
    struct mark mark;
    uint64_t from_ns;
    double reading_us, ready_s, gone_s;
    void *options;

    ops = platform_find("qemu");
    if (count < 1 || count > GUESTS_MAX || ops == NULL) {
        fprintf(stderr, "usage: guests NODE STATIC_NODE 1..%d\n", GUESTS_MAX);
        return 2;
    }
    must(mark_create(&mark, &e), &e);
    options = calloc(1, ops->options_size);
    opt_defaults(ops->options, options, ops->options_size);
    must(ops->supported(&here, options, &e), &e);
    const struct platform_env env = {.host = &here,
                                     .mark = mark.text,
                                     .node_path = argv[1],
                                     .node_static_path = argv[2],
                                     .state_dir = mark.dir};
    from_ns = clock_now_ns();
    must(ops->open(&platform, &env, options, &e), &e);
    bring_up(count, &e);
    ready_s = (double)(clock_now_ns() - from_ns) / 1e9;
    reading_us = read_figures(&e);
    from_ns = clock_now_ns();
    for (unsigned i = 0; i < count; i++) {
        must(ops->stop(machines[i], NS_PER_S, &e), &e);
    }
    for (unsigned i = 0; i < count; i++) {
        ops->destroy(machines[i]);
    }
    ops->close(platform);
    gone_s = (double)(clock_now_ns() - from_ns) / 1e9;
    mark_release(&mark);
    free(options);
    printf("{\"guests\": %u, \"seconds\": %.3f, \"ready_seconds\": %.3f, "
           "\"reading_cpu_us\": %.1f}\n",
           count, ready_s + gone_s, ready_s, reading_us);
    return 0;
}
