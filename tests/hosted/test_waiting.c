/* SPDX-License-Identifier: GPL-2.0-or-later */
/* vCPUs that sleep inside the hypervisor. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <xen/lib.h>
#include <xen/sched.h>

#include "arch.h"
#include "hosted.h"

static struct patching_waiting found[4];

static int setup(void **state)
{
    unsigned int i;

    hosted_boot();
    hosted_reset();
    for ( i = 0; i < ARRAY_SIZE(found); i++ )
        found[i] = (struct patching_waiting){ 0xffff, 0xffff };
    return 0;
}

static int teardown(void **state)
{
    unsigned int i;

    for ( i = 0; i < 7; i++ )
        hosted_wait(i, false);
    hosted_check_clean();
    return 0;
}

static void usually_there_are_none(void **state)
{
    assert_int_equal(arch_waiting(found, 4), 0);
    assert_int_equal(found[0].domid, 0xffff);
}

static void each_is_found(void **state)
{
    hosted_wait(2, true);
    hosted_wait(5, true);
    assert_int_equal(arch_waiting(found, 4), 2);
    assert_int_equal(found[0].domid, 2);
    assert_int_equal(found[0].vcpu, 0);
    assert_int_equal(found[1].domid, 5);
    assert_int_equal(found[2].domid, 0xffff);
}

static void more_than_there_is_room_for_are_counted(void **state)
{
    unsigned int i;

    for ( i = 1; i < 7; i++ )
        hosted_wait(i, true);
    assert_int_equal(arch_waiting(found, 3), 6);
    assert_int_equal(found[2].domid, 3);
    assert_int_equal(found[3].domid, 0xffff);
}

static void other_reasons_to_be_pinned_are_none(void **state)
{
    hosted_domain(3)->vcpu[0]->affinity_broken = VCPU_AFFINITY_OVERRIDE;
    assert_int_equal(arch_waiting(found, 4), 0);
    hosted_domain(3)->vcpu[0]->affinity_broken = 0;
}

static void who_is_dying_doesnt_wake_up(void **state)
{
    hosted_wait(3, true);
    hosted_domain(3)->is_dying = 1;
    assert_int_equal(arch_waiting(found, 4), 0);
    hosted_domain(3)->is_dying = 0;
    assert_int_equal(arch_waiting(found, 4), 1);
}

int main(void)
{
#define TEST(fn) cmocka_unit_test_setup_teardown(fn, setup, teardown)
    const struct CMUnitTest tests[] = {
        TEST(usually_there_are_none),
        TEST(each_is_found),
        TEST(more_than_there_is_room_for_are_counted),
        TEST(other_reasons_to_be_pinned_are_none),
        TEST(who_is_dying_doesnt_wake_up),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}

/*
 * Local variables:
 * mode: C
 * c-file-style: "BSD"
 * c-basic-offset: 4
 * tab-width: 4
 * indent-tabs-mode: nil
 * End:
 */
