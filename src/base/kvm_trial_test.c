/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "base/test.h"

#include <string.h>
#include <unistd.h>

#include "base/kvm_trial.h"
#include "base/proc.h"

static int try(const char *what, const char *accel, struct err *e)
{
    const char *const words[] = {"sh", "-c", kvm_trial_script, "sh", what, accel, NULL};

    err_clear(e);
    return proc_run((char *const *)(uintptr_t)words, NULL, NULL, 0, e);
}

static void need_qemu(void)
{
    const char *const words[] = {"sh", "-c", "command -v qemu-system-x86_64 >/dev/null", NULL};

    if (proc_run((char *const *)(uintptr_t)words, NULL, NULL, 0, NULL) != 0) {
        print_message("no QEMU\n");
        skip();
    }
}

/* The same sector, where it is emulated. */
static void a_guest_counts_and_stops(void **state)
{
    struct err e;

    (void)state;
    need_qemu();
    if (try("", "tcg", &e) != 0) {
        fail_msg("%s", e.text);
    }
}

static void it_says_why_not(void **state)
{
    struct err e;

    (void)state;
    need_qemu();
    assert_int_equal(try("", "nonsense", &e), 1);
    assert_non_null(strstr(e.text, "nonsense"));
}

/* Of the device alone, or of a guest: what runs guests can be opened. */
static void what_runs_can_be_opened(void **state)
{
    struct err e;

    (void)state;
    need_qemu();
    assert_int_equal(try("open", "kvm", &e) == 0, access("/dev/kvm", W_OK) == 0);
    if (try("", "kvm", &e) == 0) {
        assert_int_equal(try("open", "kvm", &e), 0);
    } else {
        assert_true(e.text[0] != '\0');
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_guest_counts_and_stops),
        cmocka_unit_test(it_says_why_not),
        cmocka_unit_test(what_runs_can_be_opened),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
