/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * platform_conformance: what every platform must do, run over each of platform_registry that this
 * machine supports; which it does not support, and why, is printed, and makes the test skipped (77)
 * when nothing failed. The machines' node is platform_fake_node, a guest's the real one.
 *
 * A guest takes seconds to boot, so most tests share two machines: from shared_up to shared_down.
 */
#include <arpa/inet.h>
#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/str.h"
#include "platform_bed.h"

static void test_opens_and_closes_twice(void **state)
{
    (void)state;
    for (int i = 0; i < 2; i++) {
        struct bed b;
        bed_open(&b);
        bed_close_clean(&b);
    }
}

/* The first with a weight so high that what else runs here takes nothing from its cap. */
static int shared_up(void **state)
{
    struct bed *b = &bed_shared.bed;
    struct machine_spec capped = {.name = "media.1",
                                  .links = {"traffic"},
                                  .vcpus = 1,
                                  .has_pin = true,
                                  .weight = 4096,
                                  .cap_pct = 60,
                                  .cap_period_ns = 10 * NS_PER_MS,
                                  .memory_bytes = UINT64_C(128) << 20};
    struct machine_spec light = {
        .name = "light", .links = {"traffic"}, .vcpus = 1, .has_pin = true, .weight = 256};
    (void)state;
    cpu_set_add(&capped.pin, 0);
    cpu_set_add(&light.pin, 0);
    killed_start();
    bed_open(b);
    capped = bed_possible(b, capped);
    light = bed_possible(b, light);
    bed_shared.capped = bed_start(b, &capped);
    bed_shared.light = bed_start(b, &light);
    bed_await(bed_shared.capped);
    bed_await(bed_shared.light);
    return 0;
}

/* Also after a test, or shared_up, that failed. */
static int shared_down(void **state)
{
    (void)state;
    killed_finish();
    if (bed_shared.capped != NULL)
        bed_ops->destroy(bed_shared.capped);
    if (bed_shared.light != NULL)
        bed_ops->destroy(bed_shared.light);
    bed_shared.capped = bed_shared.light = NULL;
    bed_close_clean(&bed_shared.bed);
    return 0;
}

/* Two setups of one run on the same platform: closing one leaves the other alone. */
static void test_two_of_one_run(void **state)
{
    (void)state;
    struct bed *b = &bed_shared.bed;
    struct proc node;
    struct platform *other;
    struct err e;
    err_clear(&e);
    bed_must(bed_ops->open(&other, &b->env, b->options, &e), &e);
    bed_must(bed_ops->network(other, "traffic", &e), &e);
    bed_must(bed_ops->network(other, "traffic", &e), &e);
    bed_ops->close(other);
    bed_burn(bed_shared.capped, &node);
    proc_stop(&node, 5 * SECOND);
}

static void test_node_answers(void **state)
{
    (void)state;
    struct machine *m = bed_shared.capped;
    struct proc node;
    char line[TALK_LINE_MAX];
    assert_non_null(bed_ops->address(m, "traffic"));
    assert_string_equal(bed_ops->address(m, NULL), bed_ops->address(m, "traffic"));
    assert_non_null(bed_ops->tester_address(bed_shared.bed.platform, "traffic"));
    talk_start(bed_ops, m, "serve", &node, line);
    talk_once(bed_ops, &node);
    assert_int_equal(proc_stop(&node, 5 * SECOND), 0);
}

/* From the tester to the machine and back, to the very address that tester_address says. */
static void test_packets_arrive(void **state)
{
    (void)state;
    struct machine *m = bed_shared.light;
    struct proc node;
    char line[TALK_LINE_MAX], bytes[8] = "ping", text[INET_ADDRSTRLEN];
    unsigned port;
    struct sockaddr_in to = {.sin_family = AF_INET, .sin_port = htons(9)}, from;
    socklen_t size = sizeof from;
    assert_int_equal(inet_pton(AF_INET, bed_ops->address(m, "traffic"), &to.sin_addr), 1);
    int fd = socket(AF_INET, SOCK_DGRAM, 0);
    assert_int_equal(connect(fd, (struct sockaddr *)&to, sizeof to), 0);
    assert_int_equal(getsockname(fd, (struct sockaddr *)&from, &size), 0);
    assert_string_equal(inet_ntop(AF_INET, &from.sin_addr, text, sizeof text),
                        bed_ops->tester_address(bed_shared.bed.platform, "traffic"));
    str_printf(line, sizeof line, "%s:%u", text, ntohs(from.sin_port));
    talk_start(bed_ops, m, "echo", &node, line);
    assert_int_equal(sscanf(line, "port %u", &port), 1);
    to.sin_port = htons((uint16_t)port);
    assert_int_equal(connect(fd, (struct sockaddr *)&to, sizeof to), 0);
    assert_int_equal(send(fd, "ping", 4, 0), 4);
    struct pollfd wait = {.fd = fd, .events = POLLIN};
    assert_int_equal(poll(&wait, 1, 5000), 1);
    assert_int_equal(recv(fd, bytes, sizeof bytes, 0), 4);
    assert_memory_equal(bytes, "ping", 4);
    close(fd);
    proc_stop(&node, 0);
}

/* And a machine that is stopped may be stopped again, and destroyed. */
static void test_stop_ends_what_runs(void **state)
{
    (void)state;
    struct machine *m = bed_shared.capped;
    struct proc node;
    struct err e;
    err_clear(&e);
    bed_burn(m, &node);
    bed_must(bed_ops->stop(m, 0, &e), &e);
    assert_int_not_equal(proc_finish(&node), 0);
    bed_must(bed_ops->stop(m, SECOND, &e), &e);
    bed_must(bed_ops->stop(bed_shared.light, SECOND, &e), &e);
    bed_ops->destroy(NULL);
}

/* A node that cannot be executed: wherever that shows, nothing stays. */
static void test_failed_start_leaves_nothing(void **state)
{
    (void)state;
    struct bed b;
    struct err e;
    char path[MARK_PATH_MAX + 16];
    struct machine *m = NULL;
    struct machine_spec spec = {.name = "media", .links = {"traffic"}};
    err_clear(&e);
    bed_open(&b);
    str_printf(path, sizeof path, "%s/no-node", b.mark.dir);
    FILE *file = fopen(path, "w");
    assert_non_null(file);
    fputs("no program\n", file);
    fclose(file);
    assert_int_equal(chmod(path, 0755), 0);
    bed_ops->close(b.platform);
    b.env.node_path = b.env.node_static_path = path;
    bed_must(bed_ops->open(&b.platform, &b.env, b.options, &e), &e);
    bed_must(bed_ops->network(b.platform, "traffic", &e), &e);
    int r = bed_ops->create(b.platform, &spec, &m, &e);
    if (r == 0) {
        r = bed_ops->start(m, &e);
        if (r == 0 && bed_ops->ready != NULL)
            r = bed_ops->ready(m, &e);
        bed_ops->destroy(m);
    }
    assert_true(r == 0 || e.text[0] != '\0');
    bed_close_clean(&b);
}

static void test_failed_create_says_why(void **state)
{
    (void)state;
    struct bed b;
    struct err e;
    struct machine *m = NULL;
    struct machine_spec bad_name = {.name = "../media"};
    err_clear(&e);
    bed_open(&b);
    assert_int_equal(bed_ops->create(b.platform, &bad_name, &m, &e), -EINVAL);
    assert_non_null(strstr(e.text, "../media"));
    struct machine_spec too_many = {.name = "media", .vcpus = 4096};
    if (bed_applies(&b, &(struct machine_spec){.name = "media", .vcpus = 1}, "vcpus")) {
        assert_false(bed_applies(&b, &too_many, "vcpus"));
        assert_int_equal(bed_ops->create(b.platform, &too_many, &m, &e), -ENOTSUP);
        assert_non_null(strstr(e.text, "4096"));
    }
    assert_null(m);
    bed_close_clean(&b);
}

static int run_platform(void)
{
    const struct CMUnitTest alone[] = {
        cmocka_unit_test(test_opens_and_closes_twice),
        cmocka_unit_test(test_failed_start_leaves_nothing),
        cmocka_unit_test(test_failed_create_says_why),
    };
    const struct CMUnitTest on_shared[] = {
        cmocka_unit_test(test_node_answers),          cmocka_unit_test(test_packets_arrive),
        cmocka_unit_test(test_pin_is_kept),           cmocka_unit_test(test_two_of_one_run),
        cmocka_unit_test(test_cap_is_kept_and_tuned), cmocka_unit_test(test_weights_share_one_cpu),
        cmocka_unit_test(test_sweep_after_kill),      cmocka_unit_test(test_stop_ends_what_runs),
    };
    int failed = cmocka_run_group_tests_name(bed_ops->name, alone, NULL, NULL);
    return failed + cmocka_run_group_tests_name(bed_ops->name, on_shared, shared_up, shared_down);
}

/* Own records, so that no one else's dead runs are swept by a test. */
static void make_run_dir(char *dir)
{
    if (mkdtemp(dir) == NULL || setenv("VAPERF_RUN_DIR", dir, 1) < 0)
        exit(1);
}

static char run_dir[] = "/tmp/vaperf-test-XXXXXX";

/* After all else that is done at exit: a platform may keep a record as long as its process. */
static void check_run_dir(void)
{
    char lock[64];
    str_printf(lock, sizeof lock, "%s/.networks", run_dir);
    unlink(lock);
    if (rmdir(run_dir) == 0)
        return;
    printf("records stayed in %s\n", run_dir);
    fflush(stdout);
    _exit(1);
}

int main(int argc, char **argv)
{
    char skipped[1024] = "";
    int failed = 0;
    signal(SIGPIPE, SIG_IGN);
    if (argc == 3)
        return killed_run(argv[1], (int)strtol(argv[2], NULL, 10));
    make_run_dir(run_dir);
    atexit(check_run_dir);
    for (size_t i = 0; platform_registry[i] != NULL; i++) {
        struct err e;
        bed_ops = platform_registry[i];
        err_clear(&e);
        void *options = bed_options();
        if (bed_ops->supported(&bed_host, options, &e) < 0)
            str_printf(skipped, sizeof skipped, "%s", e.text);
        else
            failed += run_platform();
        free(options);
    }
    if (failed == 0 && skipped[0] != '\0')
        printf("skipped: %s\n", skipped);
    return failed != 0 ? 1 : skipped[0] != '\0' ? 77 : 0;
}
