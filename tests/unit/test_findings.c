/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Findings by themselves: how many there may be, and what weighs how much.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include "private.h"

static xlp_case new_case(bool force)
{
    static const xenlivepatch_criteria criteria[] = {
        { .force = false }, { .force = true },
    };
    xlp_case c = {
        .criteria = &criteria[force],
        .payload = xenlivepatch_new(),
    };

    assert_non_null(c.payload);
    c.payload->acceptable = true;
    return c;
}

/* The list is bounded, and errors find room after any number of doubts. */
static void test_full(void **state)
{
    xlp_case c = new_case(false);
    xenlivepatch_payload *judgement = c.payload;
    int i;

    for (i = 0; i < 1000; i++)
        WARNING(&c, FORMAT, "w", "%d", i);
    assert_true(judgement->acceptable);
    assert_int_equal(judgement->num_findings, 33);
    assert_string_equal(judgement->findings[31].message, "31");
    assert_int_equal(judgement->findings[32].severity,
                     XENLIVEPATCH_NOTE);
    for (i = 0; i < 1000; i++)
        REFUSED(&c, FORMAT, "e", "%d", i);
    assert_false(judgement->acceptable);
    assert_int_equal(judgement->num_findings, 65);
    assert_string_equal(judgement->findings[33].message, "0");
    assert_string_equal(judgement->findings[63].message, "30");
    assert_int_equal(judgement->findings[64].severity,
                     XENLIVEPATCH_NOTE);
    assert_int_equal(c.rc, 0);
    xenlivepatch_free(c.payload);
}

/* An error that is not listed any more still counts. */
static void test_unlisted_error(void **state)
{
    xlp_case c = new_case(false);
    int i;

    for (i = 0; i < 64; i++)
        REFUSED(&c, FORMAT, NULL, "x");
    c.payload->acceptable = true;
    REFUSED(&c, FORMAT, NULL, "x");
    assert_false(c.payload->acceptable);
    assert_int_equal(c.rc, 0);
    xenlivepatch_free(c.payload);
}

/* Force turns our cautions into warnings, and nothing else. */
static void test_force(void **state)
{
    xlp_case c = new_case(true);

    WARNING(&c, FORMAT, NULL, "x");
    assert_false(c.payload->forced);
    CAUTION(&c, FORMAT, NULL, "x");
    assert_true(c.payload->forced);
    assert_true(c.payload->acceptable);
    assert_int_equal(c.payload->findings[1].severity, XENLIVEPATCH_WARNING);
    REFUSED(&c, FORMAT, NULL, "x");
    assert_false(c.payload->acceptable);
    assert_int_equal(c.payload->findings[2].severity, XENLIVEPATCH_ERROR);
    xenlivepatch_free(c.payload);

    c = new_case(false);
    CAUTION(&c, FORMAT, NULL, "x");
    assert_false(c.payload->forced);
    assert_false(c.payload->acceptable);
    xenlivepatch_free(c.payload);
}

int main(void)
{
    static const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_full),
        cmocka_unit_test(test_unlisted_error),
        cmocka_unit_test(test_force),
    };

    return cmocka_run_group_tests_name("findings", tests, NULL, NULL);
}
