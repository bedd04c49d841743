/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * oci_bundle_test: what config.json says.
 */
#include "base/test.h"

#include <stdlib.h>
#include <errno.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/str.h"
#include "control/platform/oci_bundle.h"

static const json_t *at(const json_t *value, const char *a, const char *b, const char *c)
{
    value = json_object_get(value, a);
    value = b != NULL ? json_object_get(value, b) : value;
    return c != NULL ? json_object_get(value, c) : value;
}

static json_t *config(const struct settings *s, enum cgroup_layout layout)
{
    struct oci_bundle b = {.dir = "/run/x/oci/media",
                           .mark = "a1b2c3",
                           .name = "media",
                           .node = "/usr/bin/vaperf-node-static",
                           .netns = "vaperf-a1b2c3-media",
                           .layout = layout,
                           .settings = s};
    json_t *value = oci_config(&b);
    assert_non_null(value);
    return value;
}

static void test_shape(void **state)
{
    (void)state;
    struct settings none = {0};
    json_t *value = config(&none, CGROUP_V1);
    assert_false(json_is_true(at(value, "process", "terminal", NULL)));
    assert_string_equal(json_string_value(json_array_get(at(value, "process", "args", NULL), 1)),
                        "hold");
    assert_string_equal(json_string_value(json_array_get(at(value, "process", "env", NULL), 2)),
                        "VAPERF_MACHINE=a1b2c3/media");
    assert_string_equal(json_string_value(at(value, "linux", "cgroupsPath", NULL)),
                        "/vaperf-a1b2c3/media");
    const json_t *space = json_array_get(at(value, "linux", "namespaces", NULL), 4);
    assert_string_equal(json_str_or(space, "path", ""), "/run/netns/vaperf-a1b2c3-media");
    assert_int_equal(json_object_size(at(value, "linux", "resources", "cpu")), 0);
    assert_null(at(value, "linux", "resources", "memory"));
    json_decref(value);
}

static void test_capabilities(void **state)
{
    (void)state;
    struct settings none = {0};
    struct err e = {0};
    struct oci_bundle b = {.dir = "/d",
                           .mark = "a1b2c3",
                           .name = "m",
                           .node = "/node",
                           .netns = "n",
                           .settings = &none,
                           .more = "sys_admin, setuid"};
    json_t *value = oci_config(&b);
    const json_t *all = at(value, "process", "capabilities", "effective");
    const size_t size = json_array_size(all);
    assert_string_equal(json_string_value(json_array_get(all, size - 2)), "CAP_SYS_ADMIN");
    assert_string_equal(json_string_value(json_array_get(all, size - 1)), "CAP_SETUID");
    assert_true(json_equal(all, at(value, "process", "capabilities", "bounding")));
    json_decref(value);
    value = config(&none, CGROUP_V1);
    all = at(value, "process", "capabilities", "permitted");
    assert_int_equal(json_array_size(all), size - 2);
    json_decref(value);
    assert_int_equal(oci_check_capabilities(NULL, &e), 0);
    assert_int_equal(oci_check_capabilities("chown,setuid setgid", &e), 0);
    assert_int_equal(oci_check_capabilities("chown,CAP_SETUID", &e), -EINVAL);
    assert_non_null(strstr(e.text, "'CAP_SETUID' is none"));
    assert_int_equal(oci_check_capabilities("sys_module", &e), -EINVAL);
}

static const json_t *mounted(const json_t *value, const char *destination)
{
    size_t i;
    json_t *m;
    json_array_foreach(json_object_get(value, "mounts"), i, m)
    {
        if (strcmp(json_str_or(m, "destination", ""), destination) == 0)
            return m;
    }
    return NULL;
}

static void test_root(void **state)
{
    (void)state;
    struct settings none = {0};
    struct oci_bundle b = {.dir = "/d",
                           .mark = "a1b2c3",
                           .name = "m",
                           .node = "/node",
                           .netns = "n",
                           .settings = &none};
    json_t *bare = oci_config(&b);
    b.root = "/srv/debian";
    json_t *full = oci_config(&b);
    assert_null(mounted(bare, "/usr"));
    assert_string_equal(json_str_or(mounted(full, "/usr"), "source", ""), "/srv/debian/usr");
    assert_string_equal(json_str_or(mounted(full, "/etc"), "source", ""), "/srv/debian/etc");
    assert_string_equal(
        json_string_value(json_array_get(json_object_get(mounted(full, "/usr"), "options"), 1)),
        "ro");
    assert_string_equal(json_string_value(json_array_get(at(bare, "process", "env", NULL), 0)),
                        "PATH=/");
    assert_non_null(strstr(json_string_value(json_array_get(at(full, "process", "env", NULL), 0)),
                           ":/usr/bin:"));
    json_decref(bare);
    json_decref(full);
}

static void test_resources(void **state)
{
    (void)state;
    struct settings s = {.has_cpus = true,
                         .weight = 200,
                         .quota_us = 4000,
                         .period_us = 10000,
                         .memory_bytes = 1 << 20};
    cpu_set_add(&s.cpus, 1);
    json_t *v1 = config(&s, CGROUP_V1), *v2 = config(&s, CGROUP_V2);
    const json_t *cpu = at(v1, "linux", "resources", "cpu");
    assert_int_equal(json_u64_or(cpu, "shares", 0), 200);
    assert_int_equal(json_u64_or(cpu, "quota", 0), 4000);
    assert_int_equal(json_u64_or(cpu, "period", 0), 10000);
    assert_string_equal(json_str_or(cpu, "cpus", ""), "1");
    assert_int_equal(json_u64_or(at(v1, "linux", "resources", "memory"), "limit", 0), 1 << 20);
    cpu = at(v2, "linux", "resources", "cpu");
    assert_null(json_object_get(cpu, "shares"));
    assert_string_equal(json_str_or(at(v2, "linux", "resources", "unified"), "cpu.weight", ""),
                        "200");
    json_decref(v1);
    json_decref(v2);
}

static void test_live_resources_name_all_cpus(void **state)
{
    (void)state;
    struct settings none = {0};
    struct cpu_set all = {{0}};
    cpu_set_add(&all, 0);
    cpu_set_add(&all, 1);
    json_t *value = oci_resources(&none, CGROUP_V2, OCI_RESOURCES_LIVE, &all);
    assert_string_equal(json_str_or(json_object_get(value, "cpu"), "cpus", ""), "0-1");
    assert_null(json_object_get(value, "unified"));
    json_decref(value);
}

static const struct host here = {.name = "local", .uri = "local"};

/* On a disk of the host, and gone with the container. */
static void test_scratch(void **state)
{
    (void)state;
    const struct settings settings = {0};
    char root[40] = "/tmp/vaperf-bundle-XXXXXX", dir[64], scratch[64];
    struct err e = {0};
    struct stat st;
    assert_non_null(mkdtemp(root));
    str_printf(dir, sizeof dir, "%s/oci/media", root);
    str_printf(scratch, sizeof scratch, "%s/vaperf-a1b2c3-media.scratch", root);
    struct oci_bundle b = {.dir = dir,
                           .mark = "a1b2c3",
                           .name = "media",
                           .node = "/n",
                           .scratch = scratch,
                           .netns = "vaperf-a1b2c3-media",
                           .layout = CGROUP_V1,
                           .settings = &settings,
                           .runtime = "runc"};
    json_t *whole = oci_config(&b), *mounts = json_object_get(whole, "mounts");
    json_t *last = json_array_get(mounts, json_array_size(mounts) - 1);
    assert_string_equal(json_string_value(json_object_get(last, "source")), scratch);
    assert_string_equal(json_string_value(json_object_get(last, "destination")), "/var/tmp");
    json_decref(whole);
    if (oci_bundle_create(&here, &b, &e) < 0)
        fail_msg("%s", e.text);
    assert_int_equal(stat(scratch, &st), 0);
    assert_int_equal(st.st_mode & 07777, 01777);
    str_printf(dir, sizeof dir, "%s/oci/", root); /* as a sweep does */
    assert_int_equal(oci_bundle_remove(&here, dir, &e), 0);
    assert_int_equal(stat(scratch, &st), -1);
    str_printf(dir, sizeof dir, "%s/oci/media", root);
    b.scratch = "/no/such/folder/vaperf-a1b2c3-media.scratch";
    assert_true(oci_bundle_create(&here, &b, &e) < 0);
    assert_non_null(strstr(e.text, "scratch: /no/such/folder is no folder"));
    assert_int_equal(stat(dir, &st), -1);
    assert_int_equal(rmdir(strcat(root, "/oci")), 0);
    *strrchr(root, '/') = '\0';
    assert_int_equal(rmdir(root), 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_shape),
        cmocka_unit_test(test_root),
        cmocka_unit_test(test_capabilities),
        cmocka_unit_test(test_resources),
        cmocka_unit_test(test_live_resources_name_all_cpus),
        cmocka_unit_test(test_scratch),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
