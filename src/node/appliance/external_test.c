/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * Real commands: started, waited for, ended; where its streams go; and what is said when it fails.
 */
#include "base/test.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/str.h"
#include "io/addr.h"
#include "node/appliance/appliance.h"

extern const struct appliance_ops appliance_external;
static const struct appliance_ops *const ops = &appliance_external;

struct subject {
    uint64_t options[64], state[128];
    struct err e;
};

static void set_option(struct subject *s, const char *name, const char *text)
{
    assert_int_equal(opt_parse(opt_find(ops->options, name), text, s->options, NULL, &s->e), 0);
}

static struct subject *subject_of(const char *const settings[][2])
{
    static struct subject s;

    memset(&s, 0, sizeof(s));
    assert_true(ops->options_size <= sizeof(s.options) && ops->state_size <= sizeof(s.state));
    opt_defaults(ops->options, s.options, ops->options_size);
    for (; (*settings)[0] != NULL; settings++) {
        set_option(&s, (*settings)[0], (*settings)[1]);
    }
    return &s;
}

static int open_it(struct subject *s)
{
    int result = ops->check(s->options, &s->e);
    return result < 0 ? result : ops->open(s->state, s->options, "127.0.0.1", &s->e);
}

static void streams_go_to_its_ports(void **state)
{
    static const char *const one[][2] = {{"base_port", "7000"}, {NULL, NULL}};
    static const char *const four[][2] = {
        {"base_port", "7000"}, {"ports", "4"}, {"target", "192.0.2.10"}, {NULL, NULL}};
    struct sockaddr_storage peers[3] = {{0}}, ends[3];
    char text[64];
    struct subject *s = subject_of(one);

    (void)state;
    assert_int_equal(open_it(s), 0);
    assert_int_equal(ops->endpoints(s->state, peers, 3, ends, &s->e), 0);
    for (int i = 0; i < 3; i++) {
        assert_int_equal(addr_port(&ends[i]), 7000);
    }
    ops->close(s->state);
    s = subject_of(four);
    assert_int_equal(open_it(s), 0);
    assert_int_equal(ops->endpoints(s->state, peers, 3, ends, &s->e), 0);
    assert_string_equal(addr_format(&ends[2], text, sizeof(text)), "192.0.2.10:7002");
    assert_int_equal(ops->endpoints(s->state, peers, 3, ends, &s->e), -ENOSPC);
    assert_non_null(strstr(s->e.text, "more than its 4 ports"));
    assert_int_equal(ops->endpoints(s->state, peers, 1, ends, &s->e), 0);
    assert_int_equal(addr_port(&ends[0]), 7003);
    ops->close(s->state);
    s = subject_of(four); /* two ports a stream */
    assert_int_equal(open_it(s), 0);
    assert_int_equal(ops->endpoint_pairs(s->state, peers, 2, ends, &s->e), 0);
    assert_string_equal(addr_format(&ends[1], text, sizeof(text)), "192.0.2.10:7002");
    assert_int_equal(ops->endpoint_pairs(s->state, peers, 1, ends, &s->e), -ENOSPC);
    assert_non_null(strstr(s->e.text, "3 streams want more than its 4 ports"));
    ops->close(s->state);
    ops->close(s->state);
    ops->close(NULL);
}

static double running(struct subject *s)
{
    double value = -1;
    ops->stats(s->state, &value, 1);
    return value;
}

static void commands_run_in_their_order(void **state)
{
    char folder[] = "/tmp/vaperf-external-XXXXXX", start[128], run[160], health[128], stop[128],
         want[128];
    const char *const settings[][2] = {{"start", start}, {"run", run},          {"health", health},
                                       {"stop", stop},   {"base_port", "7001"}, {"target", "::1"},
                                       {NULL, NULL}};
    struct buf log;
    struct subject *s;

    (void)state;
    assert_non_null(mkdtemp(folder));
    str_printf(start, sizeof(start), "echo start $VAPERF_ADDRESS $VAPERF_PORT >>%s/log", folder);
    str_printf(run, sizeof(run), "sh -c 'sleep 0.1; echo $$ >%s/up; exec sleep 60'", folder);
    str_printf(health, sizeof(health), "[ -s %s/up ]", folder);
    str_printf(stop, sizeof(stop), "echo stop >>%s/log; kill $(cat %s/up)", folder, folder);
    s = subject_of(settings);
    assert_int_equal(open_it(s), 0);
    assert_true(running(s) == 1);
    ops->close(s->state);
    buf_init(&log);
    str_printf(want, sizeof(want), "%s/log", folder);
    assert_int_equal(buf_load(&log, want), 0);
    assert_string_equal(buf_str(&log), "start ::1 7001\nstop\n");
    buf_finish(&log);
    assert_int_equal(unlink(want), 0);
    str_printf(want, sizeof(want), "%s/up", folder);
    assert_int_equal(unlink(want), 0);
    assert_int_equal(rmdir(folder), 0);
}

/* Without a command that ends it, it is asked to at once. */
static void a_server_is_asked_to_end(void **state)
{
    char folder[] = "/tmp/vaperf-external-XXXXXX", run[160], health[128], path[64];
    const char *const settings[][2] = {{"run", run}, {"health", health}, {NULL, NULL}};
    struct subject *s;
    struct buf said;

    (void)state;
    assert_non_null(mkdtemp(folder));
    str_printf(path, sizeof(path), "%s/up", folder);
    str_printf(run, sizeof(run),
               "sh -c 'trap \"echo asked >%s; exit\" TERM; echo >%s; while :; do sleep 0.01; done'",
               path, path);
    str_printf(health, sizeof(health), "[ -s %s ]", path);
    s = subject_of(settings);
    assert_int_equal(open_it(s), 0);
    ops->close(s->state);
    buf_init(&said);
    assert_int_equal(buf_load(&said, path), 0);
    assert_string_equal(buf_str(&said), "asked\n");
    buf_finish(&said);
    assert_int_equal(unlink(path), 0);
    assert_int_equal(rmdir(folder), 0);
}

static void assert_refused(const char *const settings[][2], int code, const char *text)
{
    struct subject *s = subject_of(settings);

    assert_int_equal(open_it(s), code);
    if (strstr(s->e.text, text) == NULL) {
        fail_msg("'%s' has no '%s'", s->e.text, text);
    }
    ops->close(s->state);
}

static void what_fails_is_said(void **state)
{
    static const char *const ports[][2] = {{"base_port", "65000"}, {"ports", "1000"}, {NULL, NULL}};
    static const char *const target[][2] = {{"target", "nowhere"}, {NULL, NULL}};
    static const char *const start[][2] = {{"start", "echo no licence >&2; exit 7"}, {NULL, NULL}};
    static const char *const run[][2] = {
        {"run", "sh -c 'exit 5'"}, {"health", "sleep 0.1; false"}, {NULL, NULL}};
    static const char *const ill[][2] = {
        {"health", "echo still booting >&2; false"}, {"ready", "100ms"}, {NULL, NULL}};

    (void)state;
    assert_refused(ports, -EINVAL, "go beyond 65535");
    assert_refused(target, -EINVAL, "'nowhere' is no address");
    assert_refused(start, -EIO, "no licence");
    assert_refused(run, -EIO, "the server ended at once, with status 5");
    assert_refused(ill, -ETIMEDOUT, "still booting");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(streams_go_to_its_ports),
        cmocka_unit_test(commands_run_in_their_order),
        cmocka_unit_test(a_server_is_asked_to_end),
        cmocka_unit_test(what_fails_is_said),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
