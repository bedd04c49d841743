/* SPDX-License-Identifier: GPL-3.0-or-later */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "base/str.h"
#include "base/test.h"
#include "base/tree.h"
#include "control/image/image_private.h"

struct place {
    char dir[64];
    struct arena arena;
};

/* A module's file as far as it matters here: a part of its .modinfo. */
static void write_module(const struct place *p, const char *file, const char *needs)
{
    char path[160];
    str_printf(path, sizeof path, "%s/net/%s", p->dir, file);
    FILE *f = fopen(path, "w");
    assert_non_null(f);
    fprintf(f, "\177ELF%clicense=GPL%cdepends=%s%cname=x", 0, 0, needs, 0);
    assert_int_equal(fclose(f), 0);
}

static int set_up(void **state)
{
    static struct place p;
    char path[160];
    strcpy(p.dir, "/tmp/vaperf-modules-XXXXXX");
    assert_non_null(mkdtemp(p.dir));
    str_printf(path, sizeof path, "%s/net", p.dir);
    assert_int_equal(mkdir(path, 0755), 0);
    arena_init(&p.arena);
    write_module(&p, "ring.ko", "");
    write_module(&p, "virtio.ko", "ring");
    write_module(&p, "net_failover.ko", "failover");
    write_module(&p, "failover.ko", "");
    write_module(&p, "virtio-net.ko", "ring,virtio,net_failover");
    write_module(&p, "a.ko", "b");
    write_module(&p, "b.ko", "a");
    write_module(&p, "lost.ko", "nowhere");
    *state = &p;
    return 0;
}

static int tear_down(void **state)
{
    struct place *p = *state;
    arena_finish(&p->arena);
    return tree_remove(p->dir);
}

/* Names of the files in the order, parted by blanks. */
static const char *order_of(struct place *p, const char *const *wanted)
{
    static char text[256];
    const char *const *paths;
    size_t used = 0;
    assert_int_equal(modules_order(&p->arena, p->dir, wanted, &paths, NULL), 0);
    text[0] = '\0';
    for (size_t i = 0; paths[i] != NULL; i++)
        used += str_printf(text + used, sizeof text - used, "%s ", strrchr(paths[i], '/') + 1);
    return text;
}

static void test_order(void **state)
{
    const char *const net[] = {"virtio_net", NULL}, *const two[] = {"virtio", "virtio_net", NULL};
    const char *const none[] = {NULL};
    assert_string_equal(order_of(*state, net),
                        "ring.ko virtio.ko failover.ko net_failover.ko virtio-net.ko ");
    assert_string_equal(order_of(*state, two),
                        "ring.ko virtio.ko failover.ko net_failover.ko virtio-net.ko ");
    assert_string_equal(order_of(*state, none), "");
}

static void test_failures(void **state)
{
    struct place *p = *state;
    const char *const missing[] = {"nosuch", NULL}, *const lost[] = {"lost", NULL};
    const char *const circle[] = {"a", NULL};
    const char *const *paths;
    struct err e;
    assert_int_equal(modules_order(&p->arena, p->dir, missing, &paths, &e), -ENOENT);
    assert_string_equal(e.text, "the kernel's package has no module nosuch");
    assert_int_equal(modules_order(&p->arena, p->dir, lost, &paths, &e), -ENOENT);
    assert_non_null(strstr(e.text, "nowhere"));
    assert_int_equal(modules_order(&p->arena, p->dir, circle, &paths, &e), -ELOOP);
    assert_true(modules_order(&p->arena, "/nonexistent", missing, &paths, &e) < 0);
}

static void test_names(void **state)
{
    (void)state;
    assert_true(debian_is_name("g++"));
    assert_true(debian_is_name("libc6"));
    assert_true(debian_is_name("0ad"));
    assert_true(debian_is_name("linux-image-6.1.0-56-cloud-amd64"));
    assert_false(debian_is_name(""));
    assert_false(debian_is_name("a"));
    assert_false(debian_is_name("-y"));
    assert_false(debian_is_name("Kamailio"));
    assert_false(debian_is_name("a=1"));
    assert_false(debian_is_name("a b"));
    assert_false(debian_is_name("../a"));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(test_order, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_failures, set_up, tear_down),
        cmocka_unit_test(test_names),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
