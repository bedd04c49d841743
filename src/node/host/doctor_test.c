/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * The doctor's texts, and an examination of a host made of files.
 */
#include "base/test.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/str.h"
#include "node/host/doctor.h"
#include "node/host/doctor_text.h"

static void words_are_whole(void **state)
{
    (void)state;
    assert_true(doctor_text_has_word("cpuset cpu io", "cpu"));
    assert_true(doctor_text_has_word("io\ncpu\t3\t1\t1", "cpu"));
    assert_false(doctor_text_has_word("cpuset io", "cpu"));
}

static void limits_and_users_are_read(void **state)
{
    uint64_t n = 7;
    unsigned user = 7;

    (void)state;
    assert_int_equal(
        doctor_text_limit("Max open files            1024   4096   files\n", "Max open files", &n),
        0);
    assert_int_equal(n, 1024);
    assert_int_equal(doctor_text_limit("Max open files  unlimited", "Max open files", &n), 0);
    assert_true(n == UINT64_MAX);
    assert_int_equal(doctor_text_limit("Max cpu time 3", "Max open files", &n), -EBADMSG);
    assert_int_equal(doctor_text_euid("Name:\tx\nUid:\t1000\t0\t0\t0\n", &user), 0);
    assert_int_equal(user, 0);
    assert_int_equal(doctor_text_euid("Name:\tx\n", &user), -EBADMSG);
}

static void a_cpu_group_is_seen(void **state)
{
    (void)state;
    assert_true(doctor_text_in_cpu_cgroup("3:cpuset:/a\n2:cpu,cpuacct:/box\n0::/x\n"));
    assert_false(doctor_text_in_cpu_cgroup("3:cpuset:/a\n2:cpu,cpuacct:/\n0::/x\n"));
}

static void steal_is_a_share_of_the_interval(void **state)
{
    double pct = -1;

    (void)state;
    assert_int_equal(
        doctor_text_steal("cpu 10 0 0 80 0 0 0 10\n", "cpu 40 0 0 125 0 0 0 35\n", &pct), 0);
    assert_true(pct > 24.99 && pct < 25.01);
    assert_int_equal(doctor_text_steal("cpu 1 0 0 8 0 0 0 1\n", "cpu 1 0 0 8 0 0 0 1\n", &pct),
                     -EAGAIN);
    assert_int_equal(doctor_text_steal("cpu 1 0\n", "cpu 1 0\n", &pct), -EBADMSG);
}

static void vulnerabilities_are_sorted(void **state)
{
    (void)state;
    assert_int_equal(doctor_text_vulnerability("Not affected"), DOCTOR_TEXT_NOT_AFFECTED);
    assert_int_equal(doctor_text_vulnerability("Mitigation: PTI"), DOCTOR_TEXT_MITIGATED);
    assert_int_equal(doctor_text_vulnerability("KVM: Mitigation: VMX disabled"),
                     DOCTOR_TEXT_MITIGATED);
    assert_int_equal(doctor_text_vulnerability("Vulnerable"), DOCTOR_TEXT_VULNERABLE);
}

static void name_package(void *arg, const char *package, const char *program)
{
    const size_t used = strlen(arg);
    str_printf((char *)arg + used, 200 - used, "%s/%s ", package, program);
}

static void packages_are_of_their_group(void **state)
{
    static const char list[] = "# [run] is a group\n[build]\ngcc\n\n[run]\n# two\n"
                               "iproute2   ip\nprocps\n[guest]\nqemu qemu-img";
    char got[200] = "";

    (void)state;
    doctor_text_each_package(list, "run", name_package, got);
    assert_string_equal(got, "iproute2/ip procps/ ");
    got[0] = '\0';
    doctor_text_each_package(list, "guest", name_package, got);
    assert_string_equal(got, "qemu/qemu-img ");
    got[0] = '\0';
    doctor_text_each_package(list, "none", name_package, got);
    assert_string_equal(got, "");
}

static const char dpkg_status[] = "Package: procps\nStatus: install ok installed\nVersion: 2\n\n"
                                  "Package: runc\nStatus: deinstall ok config-files\n\n"
                                  "Package: runc-dev\nStatus: install ok installed\n";

static void installed_is_what_dpkg_says(void **state)
{
    (void)state;
    assert_true(doctor_text_is_installed(dpkg_status, "procps"));
    assert_true(doctor_text_is_installed(dpkg_status, "runc-dev"));
    assert_false(doctor_text_is_installed(dpkg_status, "runc"));
    assert_false(doctor_text_is_installed(dpkg_status, "proc"));
    assert_string_equal(doctor_text_last_part("tc qdisc: Error: unknown kind."), "unknown kind.");
    assert_string_equal(doctor_text_last_part("plain"), "plain");
}

static void put(const char *root, const char *path, const char *text)
{
    char full[256];

    str_printf(full, sizeof(full), "%s%s", root, path);
    for (char *at = strchr(full + strlen(root) + 1, '/'); at != NULL; at = strchr(at + 1, '/')) {
        *at = '\0';
        (void)mkdir(full, 0700);
        *at = '/';
    }
    FILE *f = fopen(full, "we");
    assert_non_null(f);
    assert_true(fputs(text, f) >= 0);
    assert_int_equal(fclose(f), 0);
}

static const char *text_of(const json_t *answer, const char *name, const char *key)
{
    size_t i;
    const json_t *check;
    json_array_foreach(json_object_get(answer, "checks"), i, check)
    {
        if (strcmp(json_str_or(check, "name", ""), name) == 0) {
            return json_str_or(check, key, "");
        }
    }
    return "no such check";
}

static const char *state_of(const json_t *answer, const char *name)
{
    return text_of(answer, name, "state");
}

static const struct doctor_wants wants = {.socket_buffer_bytes = 4 << 20, .steal_pct = 2};

/* Whether the files of that host say so or not: a right of this process. */
static bool gets_more_than_the_limit(void)
{
    const int bytes = 4 << 20;
    int fd = socket(AF_INET, SOCK_DGRAM, 0);

    assert_true(fd >= 0);
    const bool gets = setsockopt(fd, SOL_SOCKET, SO_RCVBUFFORCE, &bytes, sizeof(bytes)) == 0;
    assert_int_equal(close(fd), 0);
    return gets;
}

static void a_host_of_files_is_judged(void **state)
{
    char root[] = "/tmp/vaperf-doctor-XXXXXX", remove[64];
    json_t *answer;

    (void)state;
    assert_non_null(mkdtemp(root));
    put(root, "/proc/self/status", "Name:\tx\nUid:\t0\t0\t0\t0\n");
    put(root, "/proc/cgroups", "#name\ncpuset\t1\ncpu\t3\t1\t1\n");
    put(root, "/usr/sbin/ip", "");
    put(root, "/dev/kvm", ""); /* a file of that name is no KVM */
    put(root, "/proc/sys/net/core/rmem_max", "212992\n");
    put(root, "/proc/sys/net/core/wmem_max", "4194304\n");
    put(root, "/proc/meminfo", "MemTotal: 9 kB\nHugePages_Total:       4\nHugePages_Free: 0\n");
    put(root, "/sys/devices/system/cpu/cpu0/cpufreq/scaling_governor", "performance\n");
    put(root, "/sys/devices/system/cpu/cpu1/cpufreq/scaling_governor", "powersave\n");
    put(root, "/sys/devices/system/cpu/vulnerabilities/meltdown", "Not affected\n");
    put(root, "/var/lib/dpkg/status", dpkg_status);
    answer = doctor_examine(root, &wants);
    assert_true(json_bool_or(answer, "fit", false));
    if (gets_more_than_the_limit()) {
        assert_string_equal(state_of(answer, "rmem_max"), "good");
        assert_non_null(strstr(text_of(answer, "rmem_max", "found"), "for unprivileged users"));
    } else {
        assert_string_equal(state_of(answer, "rmem_max"), "weak");
        assert_null(strstr(text_of(answer, "rmem_max", "found"), "for unprivileged users"));
    }
    assert_null(strstr(text_of(answer, "wmem_max", "found"), "for unprivileged users"));
    assert_string_equal(state_of(answer, "wmem_max"), "good");
    assert_string_equal(state_of(answer, "KVM"), "weak");
    assert_string_equal(state_of(answer, "steal now"), "unknown");
    assert_string_equal(state_of(answer, "libvirt"), "weak");
    assert_string_equal(state_of(answer, "huge pages"), "weak");
    assert_string_equal(state_of(answer, "mitigations"), "good");
    assert_string_equal(state_of(answer, "governor"), "weak");
    assert_string_equal(text_of(answer, "governor", "found"),
                        "powersave, 1 of 2 CPUs are not at performance");
    assert_string_equal(state_of(answer, "NIC stamps"), "unknown");
    assert_string_equal(text_of(answer, "packages", "found"), "runc, util-linux, openssh-client");
    assert_non_null(strstr(text_of(answer, "for guests", "found"), "qemu-system-x86"));
    json_decref(answer);

    put(root, "/proc/self/status", "Name:\tx\nUid:\t1000\t1000\t0\t0\n");
    answer = doctor_examine(root, &wants);
    assert_false(json_bool_or(answer, "fit", true));
    assert_string_equal(state_of(answer, "root"), "bad");
    json_decref(answer);
    str_printf(remove, sizeof(remove), "rm -r %s", root);
    assert_int_equal(system(remove), 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(words_are_whole),
        cmocka_unit_test(limits_and_users_are_read),
        cmocka_unit_test(a_cpu_group_is_seen),
        cmocka_unit_test(steal_is_a_share_of_the_interval),
        cmocka_unit_test(vulnerabilities_are_sorted),
        cmocka_unit_test(packages_are_of_their_group),
        cmocka_unit_test(installed_is_what_dpkg_says),
        cmocka_unit_test(a_host_of_files_is_judged),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
