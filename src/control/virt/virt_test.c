/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * Against libvirt's own test driver, which needs no hypervisor: a connection, a guest's life, its
 * scheduler, pinning and figures, and how errors arrive.
 */
#include "base/test.h"

#include <errno.h>
#include <signal.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include "control/virt/domain.h"
#include "control/virt/domain_xml.h"
#include "control/virt/virt_private.h"

static const char *xml =
    "<domain type='test'><name>vaperf-a1b2c3-media</name>"
    "<metadata><vaperf:mark xmlns:vaperf='" DOMAIN_XML_NAMESPACE "'>a1b2c3</vaperf:mark>"
    "</metadata><memory>65536</memory><vcpu>2</vcpu><os><type>hvm</type></os></domain>";

static struct virt *open_test(void)
{
    struct virt *v = NULL;
    struct err e;
    err_clear(&e);
    if (virt_open(&v, "test:///default", &e) < 0)
        fail_msg("%s", e.text);
    return v;
}

static void test_wrong_uri(void **state)
{
    (void)state;
    struct virt *v = NULL;
    struct err e;
    err_clear(&e);
    assert_true(virt_open(&v, "nonsense:///system", &e) < 0);
    assert_null(v);
    assert_non_null(strstr(e.text, "nonsense:///system"));
    err_clear(&e);
    assert_true(virt_open(&v, "qemu+unix:///system?socket=/nowhere/sock", &e) < 0);
    assert_non_null(strstr(e.text, "/nowhere/sock"));
}

/* A daemon that hangs up on whoever calls. */
static void *hang_up(void *arg)
{
    const int fd = accept(*(int *)arg, NULL, NULL);
    assert_true(fd >= 0);
    close(fd);
    return NULL;
}

static void test_hung_up(void **state)
{
    (void)state;
    struct sockaddr_un at = {.sun_family = AF_UNIX};
    char uri[160];
    struct virt *v = NULL;
    struct err e = {0};
    pthread_t thread;
    int fd = socket(AF_UNIX, SOCK_STREAM, 0);
    snprintf(at.sun_path, sizeof at.sun_path, "/tmp/vaperf-virt-%d", (int)getpid());
    snprintf(uri, sizeof uri, "qemu+unix:///system?socket=%s", at.sun_path);
    assert_int_equal(bind(fd, (struct sockaddr *)&at, sizeof at), 0);
    assert_int_equal(listen(fd, 1), 0);
    assert_int_equal(pthread_create(&thread, NULL, hang_up, &fd), 0);
    int r = virt_open(&v, uri, &e);
    pthread_join(thread, NULL);
    close(fd);
    unlink(at.sun_path);
    if (r != -EPIPE)
        fail_msg("%d: %s", r, e.text);
    assert_null(v);
}

static bool is_lost(int domain, int code)
{
    const virError said = {.domain = domain, .code = code, .level = VIR_ERR_ERROR};
    return virt_is_lost(&said);
}

/* In each of the ways in which libvirt was seen to say it, and what is none of them. */
static void test_gone(void **state)
{
    (void)state;
    assert_true(is_lost(VIR_FROM_RPC, VIR_ERR_SYSTEM_ERROR));   /* end of file while reading */
    assert_true(is_lost(VIR_FROM_RPC, VIR_ERR_INTERNAL_ERROR)); /* client socket is closed */
    assert_true(is_lost(VIR_FROM_RPC, VIR_ERR_RPC));
    assert_false(is_lost(VIR_FROM_QEMU, VIR_ERR_SYSTEM_ERROR)); /* cannot read from monitor */
    assert_false(is_lost(VIR_FROM_QEMU, VIR_ERR_INTERNAL_ERROR));
    assert_false(is_lost(VIR_FROM_RPC, VIR_ERR_NO_SUPPORT)); /* unknown procedure */
}

static void note(void *arg, const char *name, const char *mark)
{
    if (strcmp(mark, "a1b2c3") == 0 && strcmp(name, "vaperf-a1b2c3-media") == 0)
        ++*(int *)arg;
    if (strcmp(mark, "") == 0)
        *(int *)arg += 100; /* the driver's own guest "test" is not ours */
}

static void test_life(void **state)
{
    (void)state;
    struct virt *v = open_test();
    struct domain *d = NULL, *again = NULL;
    struct err e;
    char mark[16];
    int seen = 0;
    err_clear(&e);
    assert_true(virt_is_alive(v));
    assert_int_equal(domain_find(v, "vaperf-a1b2c3-media", &d, &e), -ENOENT);
    assert_int_equal(domain_start(v, xml, &d, &e), 0);
    assert_true(domain_start(v, xml, &again, &e) < 0);
    assert_null(again);
    assert_int_equal(domain_check_running(d, &e), 1);
    assert_int_equal(domain_get_mark(d, mark, sizeof mark, &e), 0);
    assert_string_equal(mark, "a1b2c3");
    assert_true(domain_each(v, note, &seen, &e) >= 2);
    assert_int_equal(seen, 101);
    assert_int_equal(domain_find(v, "test", &again, &e), 0);
    assert_int_equal(domain_get_mark(again, mark, sizeof mark, &e), -ENOENT);
    domain_free(again);
    assert_int_equal(domain_destroy(d, &e), 0);
    assert_int_equal(domain_check_running(d, &e), 0);
    assert_int_equal(domain_destroy(d, &e), 0);
    domain_free(d);
    assert_int_equal(domain_find(v, "vaperf-a1b2c3-media", &d, &e), -ENOENT);
    virt_close(v);
}

static void test_bad_xml(void **state)
{
    (void)state;
    struct virt *v = open_test();
    struct domain *d = NULL;
    struct err e;
    err_clear(&e);
    assert_int_equal(domain_start(v, "<domain type='test'><nam/></domain>", &d, &e), -EINVAL);
    assert_null(d);
    assert_true(strlen(e.text) > 10);
    virt_close(v);
}

static void test_tuning(void **state)
{
    (void)state;
    struct virt *v = open_test();
    struct domain *d = NULL;
    struct err e;
    struct cpu_set cpus = {{0}};
    json_t *stats = NULL;
    err_clear(&e);
    assert_int_equal(domain_find(v, "test", &d, &e), 0);
    cpu_set_add(&cpus, 1);
    if (domain_pin_vcpu(d, 0, &cpus, &e) < 0)
        fail_msg("%s", e.text);
    assert_true(domain_pin_vcpu(d, 99, &cpus, &e) < 0);
    assert_true(domain_set_scheduler(d, &(struct domain_scheduler){.cpu_shares = 512}, &e) < 0);
    assert_true(e.text[0] != '\0'); /* this driver knows a parameter "weight" alone */
    assert_int_equal(domain_set_scheduler(d, &(struct domain_scheduler){0}, &e), 0);
    assert_int_equal(domain_get_stats(d, &stats, &e), 0);
    assert_true(json_is_integer(json_object_get(stats, "state.state")));
    json_decref(stats);
    domain_free(d);
    virt_close(v);
}

/* libvirt's habit is to print: nothing of it may reach our stderr. */
static void test_silence(void **state)
{
    (void)state;
    char path[] = "/tmp/vaperf-stderr-XXXXXX";
    struct virt *v = NULL;
    int fd = mkstemp(path), kept = dup(STDERR_FILENO);
    assert_true(fd >= 0 && kept >= 0);
    dup2(fd, STDERR_FILENO);
    int r = virt_open(&v, "nonsense:///system", NULL);
    dup2(kept, STDERR_FILENO);
    assert_true(r < 0);
    assert_int_equal(lseek(fd, 0, SEEK_END), 0);
    close(kept);
    close(fd);
    unlink(path);
}

static void test_root_is_checked(void **state)
{
    (void)state;
    struct virt *v = NULL;
    struct err e;
    err_clear(&e);
    if (virt_check_embedded(&e) < 0) {
        printf("skipped: %s\n", e.text);
        skip();
    }
    assert_int_equal(virt_open_embedded(&v, "relative", NULL, &e), -EINVAL);
    assert_int_equal(virt_open_embedded(&v,
                                        "/a/path/that/is/longer/than/the/sockets/of/libvirt/"
                                        "can/have/in/front/of/their/names",
                                        NULL, &e),
                     -EINVAL);
}

int main(void)
{
    signal(SIGPIPE, SIG_IGN); /* as the program does */
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_wrong_uri), cmocka_unit_test(test_life),
        cmocka_unit_test(test_hung_up),   cmocka_unit_test(test_gone),
        cmocka_unit_test(test_bad_xml),   cmocka_unit_test(test_tuning),
        cmocka_unit_test(test_silence),   cmocka_unit_test(test_root_is_checked),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
