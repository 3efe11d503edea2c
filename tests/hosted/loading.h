/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What the tests of loading have in common. */
#ifndef HOSTED_LOADING_H
#define HOSTED_LOADING_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <time.h>

#include <cmocka.h>

#include <xen/errno.h>
#include <xen/lib.h>
#include <xen/string.h>

#include "hosted.h"
#include "operations.h"
#include "payload.h"
#include "../../xen/common/livepatch/payloads.h"

static inline int loading_setup(void **state)
{
    hosted_boot();
    hosted_reset();
    return 0;
}

static inline int loading_teardown(void **state)
{
    hosted_fail_allocation(0);
    op_unload_all();
    hosted_check_clean();
    return 0;
}

#define LOADING_TEST(fn) \
    cmocka_unit_test_setup_teardown(fn, loading_setup, loading_teardown)

/* Its upload ends with that error, and with words that have these in them;
 * nothing is left. */
static inline void assert_refused(struct image *image, int rc,
                                  const char *words)
{
    unsigned int allocated = hosted_allocated, count = payloads_count;

    hosted_console_clear();
    assert_int_equal(op_upload_once("refused", image), rc);
    if ( !strstr(hosted_console(), words) )
        fail_msg("\"%s\" is not in \"%s\"", words, hosted_console());
    assert_int_equal(hosted_allocated, allocated);
    assert_int_equal(payloads_count, count);
}

/* It is uploaded; and unloaded at the end of the test. */
static inline struct payload *accept(const char *name, struct image *image)
{
    struct payload *payload;
    int rc = op_upload_once(name, image);

    if ( rc )
        fail_msg("%s: %d, %s", name, rc, hosted_console());
    payload = payloads_find(name);
    assert_non_null(payload);
    return payload;
}

/* It is, and is unloaded at once. */
static inline void assert_accepted(struct image *image)
{
    accept("accepted", image);
    assert_int_equal(op_unload("accepted"), 0);
}

/* -- Cost ---------------------------------------------------------------- */

/* Nanoseconds of processor time. */
static inline double loading_cpu_time(void)
{
    struct timespec t;

    clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &t);
    return t.tv_sec * 1e9 + t.tv_nsec;
}

/* How long measure(n) says that it takes: the best of several times. */
static inline double loading_cost(double (*measure)(unsigned int n),
                                  unsigned int n)
{
    double best = measure(n);
    unsigned int i;

    for ( i = 0; i < 4; i++ )
        best = min(best, measure(n));
    return best;
}

/*
 * Eight times as much takes about eight times as long, or not even longer with
 * of_one, where measure() tells the cost of one.  64 or 8 times would be what a
 * search through all costs; the limits are in the middle between the two.
 */
static inline void assert_scales(double (*measure)(unsigned int n),
                                 unsigned int n, bool of_one)
{
    double ratio = loading_cost(measure, 8 * n) / loading_cost(measure, n);

    if ( ratio > (of_one ? 3 : 22) )
        fail_msg("%u cost %f times as much as %u", 8 * n, ratio, n);
}

#endif /* HOSTED_LOADING_H */
