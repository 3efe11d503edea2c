/* SPDX-License-Identifier: GPL-2.0-or-later */
/* XEN_SYSCTL_LIVEPATCH_REHEARSE, and the report on it. */
#include "reports.h"

#include <xen/sched.h>

#include "quiesce.h"

static int begin(uint32_t timeout)
{
    struct xen_sysctl_livepatch_op rehearse = {
        .cmd = XEN_SYSCTL_LIVEPATCH_REHEARSE,
        .u.rehearse.timeout = timeout,
    };

    return livepatch_op(&rehearse);
}

static void report(void)
{
    report_about(NULL, LIVEPATCH_REPORT_ABOUT_REHEARSAL);
    assert_null(item(LIVEPATCH_REPORT_NAME, 0));
    assert_int_equal(status()->state, 0);
    assert_int_equal(status()->action, 0);
}

static void rehearse(uint32_t timeout)
{
    assert_int_equal(begin(timeout), 0);
    hosted_run();
    report();
}

static const struct xen_livepatch_report_times *times(void)
{
    return item(LIVEPATCH_REPORT_TIMES, 0);
}

/* The first test. */
static void test_none_yet(void **state)
{
    assert_int_equal(ask(NULL, LIVEPATCH_REPORT_ABOUT_REHEARSAL,
                         sizeof(buffer)), -ENOENT);
}

static void test_nothing_in_the_way(void **state)
{
    s_time_t start = NOW();

    assert_int_equal(begin(0), 0);
    report();
    assert_int_equal(status()->rc, -EAGAIN);
    hosted_run();
    report();
    assert_int_equal(status()->rc, 0);
    assert_int_equal(status()->reason, 0);
    assert_null(item(LIVEPATCH_REPORT_FAILURE, 0));
    assert_null(item(LIVEPATCH_REPORT_STRAGGLER, 0));
    assert_null(item(LIVEPATCH_REPORT_WAITING, 0));
    assert_true(times()->finished > start);
    assert_true(times()->arrival > 0 && times()->stopped > 0);
    assert_false(quiesce_in_progress());
    assert_int_equal(payloads_count, 0);
    assert_null(payloads_top());
    assert_contains(hosted_console(),
                    "livepatch: all CPUs: finished REHEARSAL with rc=0");
}

/* Who is late is named; next time nothing is left of that. */
static void test_late(void **state)
{
    const struct xen_livepatch_report_straggler *s;

    hosted_stick(1, hosted_domain(5)->vcpu[0], 0x1234, true);
    hosted_stick_deaf(3);
    rehearse(2000000);
    assert_int_equal(status()->rc, -EBUSY);
    assert_int_equal(status()->reason, LIVEPATCH_REASON_QUIESCE);
    assert_contains(text(LIVEPATCH_REPORT_FAILURE),
                    "2 of 3 CPUs did not arrive in 2 ms");
    assert_true(times()->arrival >= MILLISECS(2));
    assert_true(times()->arrival < MILLISECS(30));
    assert_int_equal(times()->stopped, 0);
    s = item(LIVEPATCH_REPORT_STRAGGLER, 0);
    assert_int_equal(s->cpu, 1);
    assert_int_equal(s->domid, 5);
    assert_int_equal(s->where, LIVEPATCH_REPORT_WHERE_GUEST);
    s = item(LIVEPATCH_REPORT_STRAGGLER, 1);
    assert_int_equal(s->cpu, 3);
    assert_null(item(LIVEPATCH_REPORT_STRAGGLER, 2));

    hosted_free(1);
    hosted_free(3);
    hosted_run();
    assert_int_equal(begin(0), 0);
    report();
    assert_int_equal(status()->reason, 0);
    assert_int_equal(times()->finished, 0);
    assert_null(item(LIVEPATCH_REPORT_STRAGGLER, 0));
    hosted_run();
    report();
    assert_int_equal(status()->rc, 0);
}

static void test_waiting(void **state)
{
    const struct xen_livepatch_report_waiting *waiting;

    hosted_wait(3, true);
    rehearse(0);
    assert_int_equal(status()->rc, -EBUSY);
    assert_int_equal(status()->reason, LIVEPATCH_REASON_WAITQUEUE);
    waiting = item(LIVEPATCH_REPORT_WAITING, 0);
    assert_int_equal(waiting->domid, 3);
    hosted_wait(3, false);
    rehearse(0);
    assert_int_equal(status()->rc, 0);
    assert_null(item(LIVEPATCH_REPORT_WAITING, 0));
}

static void test_hotplug(void **state)
{
    hosted_fail_cpu_maps(1, 1000000);
    rehearse(0);
    hosted_fail_cpu_maps(0, 0);
    assert_int_equal(status()->rc, -EBUSY);
    assert_int_equal(status()->reason, LIVEPATCH_REASON_QUIESCE);
}

/* One that is in flight, of an action or of another rehearsal, goes on. */
static void test_one_at_a_time(void **state)
{
    struct payload *a = handmade("a", 1, HOSTED_XEN_ID);

    handmade_function(a, "xen_one", "xen_two");
    rehearse(0);
    assert_int_equal(op_action("a", LIVEPATCH_ACTION_APPLY, 0, 0), 0);
    assert_int_equal(begin(0), -EBUSY);
    report();
    assert_int_equal(status()->rc, 0);
    report_on("a");
    assert_int_equal(status()->rc, -EAGAIN);
    assert_null(item(LIVEPATCH_REPORT_FAILURE, 0));
    hosted_run();
    assert_int_equal(a->state, LIVEPATCH_STATE_APPLIED);
    assert_int_equal(a->rc, 0);

    assert_int_equal(begin(0), 0);
    assert_int_equal(begin(0), -EBUSY);
    assert_int_equal(op_action("a", LIVEPATCH_ACTION_REVERT, 0, 0), -EBUSY);
    report_on("a");
    assert_int_equal(status()->reason, LIVEPATCH_REASON_IN_FLIGHT);
    assert_contains(text(LIVEPATCH_REPORT_FAILURE), "all CPUs is in flight");
    assert_int_equal(op_unload("a"), -EBUSY);
    hosted_run();
    report();
    assert_int_equal(status()->rc, 0);
    assert_int_equal(op_revert("a"), 0);
}

/* What is applied stays so, in its order, and no hook is called. */
static void called(struct payload *payload)
{
    fail_msg("a hook of %s was called", payload->name);
}

static void test_changes_nothing(void **state)
{
    int (*one)(void) = hosted_symbol("xen_one");
    struct payload *a = handmade("a", 1, HOSTED_XEN_ID);
    struct payload *b = handmade("b", 2, 1);

    handmade_function(a, "xen_one", "xen_two");
    assert_int_equal(op_apply("a"), 0);
    assert_int_equal(op_apply("b"), 0);
    a->hooks.postapply = a->hooks.postrevert = called;
    rehearse(0);
    assert_int_equal(status()->rc, 0);
    assert_int_equal(one(), 2);
    assert_ptr_equal(payloads_top(), b);
    assert_int_equal(a->state, LIVEPATCH_STATE_APPLIED);
    assert_int_equal(payloads_count, 2);
    /* Tools tell by it that somebody else did something. */
    report_on("b");
    assert_int_equal(status()->action, LIVEPATCH_ACTION_APPLY);
}

static void test_without_memory(void **state)
{
    unsigned int n;
    int rc;

    for ( n = 1; ; n++ )
    {
        hosted_fail_allocation(n);
        rc = begin(0);
        hosted_fail_allocation(0);
        if ( !rc )
            break;
        assert_int_equal(rc, -ENOMEM);
        report();
        assert_int_equal(status()->reason, LIVEPATCH_REASON_MEMORY);
        assert_false(quiesce_in_progress());
        hosted_check_clean();
    }
    assert_true(n > 1);
    hosted_run();
}

static void test_padding(void **state)
{
    struct xen_sysctl_livepatch_op rehearse = {
        .cmd = XEN_SYSCTL_LIVEPATCH_REHEARSE, .u.rehearse.pad = 1,
    };

    assert_int_equal(livepatch_op(&rehearse), -EINVAL);
    assert_contains(hosted_console(), "rehearsal: padding is 0x1");
    assert_false(quiesce_in_progress());
}

#define t(f) cmocka_unit_test_setup_teardown(f, handmade_setup, \
                                             handmade_teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        t(test_none_yet), t(test_nothing_in_the_way), t(test_late),
        t(test_waiting), t(test_hotplug), t(test_one_at_a_time),
        t(test_changes_nothing), t(test_without_memory), t(test_padding),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
