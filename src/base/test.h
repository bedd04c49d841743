/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * test: cmocka with what it needs before it, and allocations that fail on demand. For *_test.c
 * only.
 */
#ifndef VAPERF_BASE_TEST_H
#define VAPERF_BASE_TEST_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

/* The n-th allocation from now (0: the next one) and all after it fail, in the code of tests that
 * are linked with test_alloc.c and its --wrap arguments (see meson.build here). */
void test_alloc_fail_at(long n);
/* Allocations succeed again. Returns how many failed since test_alloc_fail_at. */
long test_alloc_restore(void);

#endif
