/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * driver: what all kinds of drivers promise alike: words, an option table whose defaults are right,
 * a reason when something is not supported. For the conformance suites.
 */
#ifndef VAPERF_TESTS_CONFORMANCE_DRIVER_H
#define VAPERF_TESTS_CONFORMANCE_DRIVER_H

#include "base/test.h"

#include <errno.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/opt.h"

static inline void driver_check_words(const char *name, const char *summary)
{
    assert_true(name[0] != '\0' &&
                strspn(name, "abcdefghijklmnopqrstuvwxyz0123456789_-") == strlen(name));
    assert_true(summary[0] != '\0' && summary[strlen(summary) - 1] != '.');
}

/* NULL is an empty table. Returns options with every default, to be freed. */
static inline void *driver_default_options(const struct opt *table, size_t size)
{
    void *options = calloc(1, size + 1);

    assert_non_null(options);
    for (const struct opt *o = table; o != NULL && o->name != NULL; o++) {
        struct err e = {0};
        assert_ptr_equal(opt_find(table, o->name), o); /* no name twice */
        assert_true(o->help != NULL && o->help[0] != '\0' && o->help[strlen(o->help) - 1] != '.');
        assert_true(o->offset < size);
        assert_false((o->flags & OPT_REQUIRED) != 0 && o->dflt != NULL);
        if (o->dflt != NULL && opt_check_text(o, o->dflt, &e) < 0) {
            fail_msg("default of %s: %s", o->name, e.text);
        }
    }
    if (table != NULL) {
        opt_defaults(table, options, size);
    }
    return options;
}

/* True: it can run here. False: it cannot, and says why. */
static inline bool driver_is_supported(int (*supported)(struct err *e))
{
    struct err e = {0};
    int result = supported != NULL ? supported(&e) : 0;

    assert_true(result == 0 || (result == -ENOTSUP && e.code == -ENOTSUP));
    assert_true(result == 0 || e.text[0] != '\0');
    return result == 0;
}

#endif
