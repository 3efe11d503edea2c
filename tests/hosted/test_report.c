/* SPDX-License-Identifier: GPL-2.0-or-later */
/* XEN_SYSCTL_LIVEPATCH_REPORT. */
#include "reports.h"

#include "report.h"

static void test_payload(void **state)
{
    static livepatch_loadcall_t *load[2];
    struct payload *a = handmade("a", 1, HOSTED_XEN_ID);
    const struct xen_livepatch_report_hooks *hooks;
    const struct xen_livepatch_report_times *times;

    handmade("b", 2, 1);
    payload_bind(payloads_find("b"), a);
    a->hooks.load = load;
    a->hooks.nload = 2;
    a->hooks.nunload = 3;
    a->times = (struct livepatch_times){ 1, 2, 3, 4, 5, 6 };
    report_on("a");

    assert_string_equal(text(LIVEPATCH_REPORT_NAME), "a");
    assert_null(item(LIVEPATCH_REPORT_FAILURE, 0));
    assert_memory_equal(text(LIVEPATCH_REPORT_BUILD_ID), an_id(1).p, ID_SIZE);
    assert_memory_equal(text(LIVEPATCH_REPORT_DEPENDS),
                        an_id(HOSTED_XEN_ID).p, ID_SIZE);
    assert_memory_equal(text(LIVEPATCH_REPORT_XEN_DEPENDS),
                        an_id(HOSTED_XEN_ID).p, ID_SIZE);

    assert_int_equal(status()->state, LIVEPATCH_STATE_CHECKED);
    assert_int_equal(status()->rc, 0);
    assert_int_equal(status()->users, 1);
    assert_int_equal(status()->action, 0);

    hooks = item(LIVEPATCH_REPORT_HOOKS, 0);
    assert_int_equal(hooks->single, 0);
    assert_int_equal(hooks->load, 2);
    assert_int_equal(hooks->unload, 3);
    assert_int_equal(hooks->pad, 0);

    times = item(LIVEPATCH_REPORT_TIMES, 0);
    assert_true(times->now > 0);
    assert_int_equal(times->uploaded, 1);
    assert_int_equal(times->upload, 2);
    assert_int_equal(times->finished, 3);
    assert_int_equal(times->arrival, 4);
    assert_int_equal(times->stopped, 5);
    assert_int_equal(times->patching, 6);

    assert_null(item(LIVEPATCH_REPORT_FUNCTION, 0));
    assert_null(item(LIVEPATCH_REPORT_STRAGGLER, 0));
    assert_null(item(LIVEPATCH_REPORT_WAITING, 0));
    assert_int_equal(sizeof(*status()), status()->item.size);
    assert_int_equal(sizeof(*hooks), hooks->item.size);
    assert_int_equal(sizeof(*times), times->item.size);
    a->hooks.nunload = a->hooks.nload = 0;
}

/* Build-ids of Xen differ from the payload's dependency. */
static void test_ids(void **state)
{
    struct payload *b = handmade("b", 2, 1);

    b->xen_depends = (struct livepatch_build_id){};
    report_on("b");
    assert_memory_equal(text(LIVEPATCH_REPORT_DEPENDS), an_id(1).p, ID_SIZE);
    assert_null(item(LIVEPATCH_REPORT_XEN_DEPENDS, 0));
}

static void nothing(struct payload *payload) {}
static int nothing_else(struct payload *payload)
{
    return 0;
}

static void test_hooks(void **state)
{
    struct payload *a = handmade("a", 1, HOSTED_XEN_ID);
    const struct xen_livepatch_report_hooks *hooks;
    unsigned int i;

    for ( i = 0; i < 6; i++ )
    {
        a->hooks = (struct livepatch_hooks){
            .preapply = i == 0 ? nothing_else : NULL,
            .apply = i == 1 ? nothing_else : NULL,
            .postapply = i == 2 ? nothing : NULL,
            .prerevert = i == 3 ? nothing_else : NULL,
            .revert = i == 4 ? nothing_else : NULL,
            .postrevert = i == 5 ? nothing : NULL,
        };
        report_on("a");
        hooks = item(LIVEPATCH_REPORT_HOOKS, 0);
        assert_int_equal(hooks->single, 1u << i);
    }
}

static void test_functions(void **state)
{
    struct payload *a = handmade("a", 1, HOSTED_XEN_ID);
    const struct xen_livepatch_report_function *f;
    struct livepatch_func nameless;

    handmade_function(a, "xen_one", "xen_two");
    report_on("a");
    f = item(LIVEPATCH_REPORT_FUNCTION, 0);
    assert_string_equal(text_of(f, sizeof(*f)), "xen_one");
    f = item(LIVEPATCH_REPORT_FUNCTION, 0);
    assert_int_equal(f->old_addr, (unsigned long)hosted_symbol("xen_one"));
    assert_int_equal(f->new_addr, (unsigned long)hosted_symbol("xen_two"));
    assert_int_equal(f->old_size, hosted_symbol_size("xen_one"));
    assert_int_equal(f->new_size, hosted_symbol_size("xen_two"));
    assert_int_equal(f->applied, 0);
    assert_int_equal(f->pad, 0);
    assert_null(item(LIVEPATCH_REPORT_FUNCTION, 1));

    assert_int_equal(op_apply("a"), 0);
    report_on("a");
    f = item(LIVEPATCH_REPORT_FUNCTION, 0);
    assert_int_equal(f->applied, 1);

    nameless = a->funcs[0];
    nameless.name = NULL;
    a->funcs = &nameless;
    report_on("a");
    f = item(LIVEPATCH_REPORT_FUNCTION, 0);
    assert_int_equal(f->item.size, sizeof(*f));
    assert_int_equal(op_revert("a"), 0);
}

static void test_failure(void **state)
{

    handmade("a", 1, 7);
    assert_int_equal(op_apply("a"), -EINVAL);
    report_on("a");
    assert_contains(text(LIVEPATCH_REPORT_FAILURE), "depends on build-id 0707");
    assert_int_equal(status()->action, LIVEPATCH_ACTION_APPLY);

    assert_int_equal(op_action("a", LIVEPATCH_ACTION_APPLY,
                               LIVEPATCH_ACTION_APPLY_NODEPS, 0), 0);
    report_on("a");
    assert_int_equal(status()->rc, -EAGAIN);
    hosted_run();
    report_on("a");
    assert_null(item(LIVEPATCH_REPORT_FAILURE, 0));
    assert_int_equal(status()->rc, 0);
    assert_int_equal(status()->state, LIVEPATCH_STATE_APPLIED);
}

/* A guest, Xen with a symbol and without, and one that says nothing. */
static void test_stragglers(void **state)
{
    const struct xen_livepatch_report_straggler *s;
    struct domain *d1 = hosted_domain(1), *d2 = hosted_domain(2);

    handmade("a", 1, HOSTED_XEN_ID);
    hosted_stick(1, d1->vcpu[0], 0x1234, true);
    hosted_stick(2, d2->vcpu[0], (unsigned long)hosted_symbol("xen_two") + 5,
                 false);
    hosted_stick_deaf(3);
    assert_int_equal(op_apply("a"), -EBUSY);
    report_on("a");
    assert_contains(text(LIVEPATCH_REPORT_FAILURE),
                    "3 of 3 CPUs did not arrive in 30 ms");

    s = item(LIVEPATCH_REPORT_STRAGGLER, 0);
    assert_non_null(s);
    assert_int_equal(s->cpu, 1);
    assert_int_equal(s->domid, 1);
    assert_int_equal(s->vcpu, 0);
    assert_int_equal(s->where, LIVEPATCH_REPORT_WHERE_GUEST);
    assert_int_equal(s->item.size, sizeof(*s));
    assert_int_equal(s->offset, 0);

    s = item(LIVEPATCH_REPORT_STRAGGLER, 1);
    assert_non_null(s);
    assert_int_equal(s->cpu, 2);
    assert_int_equal(s->domid, 2);
    assert_int_equal(s->where, LIVEPATCH_REPORT_WHERE_HYPERVISOR);
    assert_int_equal(s->ip, (unsigned long)hosted_symbol("xen_two") + 5);
    assert_int_equal(s->offset, 5);
    assert_string_equal(text_of(s, sizeof(*s)), "xen_two");

    s = item(LIVEPATCH_REPORT_STRAGGLER, 2);
    assert_non_null(s);
    assert_int_equal(s->cpu, 3);
    assert_int_equal(s->where, LIVEPATCH_REPORT_WHERE_UNKNOWN);
    assert_null(item(LIVEPATCH_REPORT_STRAGGLER, 3));

    /* Others have none; a success forgets them. */
    handmade("b", 2, HOSTED_XEN_ID);
    report_on("b");
    assert_null(item(LIVEPATCH_REPORT_STRAGGLER, 0));
    hosted_free(1);
    hosted_free(2);
    hosted_free(3);
    hosted_run();
    assert_int_equal(op_apply("a"), 0);
    report_on("a");
    assert_null(item(LIVEPATCH_REPORT_STRAGGLER, 0));
}

static void test_straggler_without_symbol(void **state)
{
    const struct xen_livepatch_report_straggler *s;

    handmade("a", 1, HOSTED_XEN_ID);
    hosted_stick(2, hosted_domain(1)->vcpu[0], 0x10, false);
    assert_int_equal(op_apply("a"), -EBUSY);
    report_on("a");
    s = item(LIVEPATCH_REPORT_STRAGGLER, 0);
    assert_int_equal(s->ip, 0x10);
    assert_int_equal(s->item.size, sizeof(*s));
    hosted_free(2);
    hosted_run();
}

static void test_waiting(void **state)
{
    const struct xen_livepatch_report_waiting *waiting;

    handmade("a", 1, HOSTED_XEN_ID);
    hosted_wait(3, true);
    hosted_wait(4, true);
    assert_int_equal(op_apply("a"), -EBUSY);
    report_on("a");
    waiting = item(LIVEPATCH_REPORT_WAITING, 0);
    assert_non_null(waiting);
    assert_int_equal(waiting->pad, 0);
    waiting = item(LIVEPATCH_REPORT_WAITING, 1);
    assert_non_null(waiting);
    assert_null(item(LIVEPATCH_REPORT_WAITING, 2));
    assert_null(item(LIVEPATCH_REPORT_STRAGGLER, 0));
    hosted_wait(3, false);
    hosted_wait(4, false);
}

/* Every size is refused but the right one, and nothing written behind it. */
static void test_sizes(void **state)
{
    uint32_t needed, size;

    handmade_function(handmade("a", 1, HOSTED_XEN_ID), "xen_one", "xen_two");
    report_on("a");
    needed = op.u.report.size;
    for ( size = 0; size < needed; size++ )
    {
        assert_int_equal(report_into("a", size), -ENOBUFS);
        assert_int_equal(op.u.report.size, needed);
        assert_int_equal(buffer.bytes[size], 0xee);
    }
    assert_int_equal(report_into("a", needed), 0);
    assert_int_equal(op.u.report.size, needed);
}

static void test_faults(void **state)
{
    unsigned int i;
    int rc;

    handmade("a", 1, HOSTED_XEN_ID);
    /* The first copy is the name's. */
    for ( i = 1; ; i++ )
    {
        hosted_fail_copy(i);
        rc = report_into("a", sizeof(buffer));
        if ( !rc )
            break;
        assert_int_equal(rc, -EFAULT);
    }
    assert_true(i > 10);
    hosted_fail_copy(0);
}

static void test_refused(void **state)
{
    assert_int_equal(report_into("a", sizeof(buffer)), -ENOENT);
    report_into("a", 0);
    op.u.report.about = LIVEPATCH_REPORT_ABOUT_REHEARSAL;
    assert_int_equal(livepatch_op(&op), -EINVAL);
    assert_contains(hosted_console(), "report: about 0x1, which is nothing");
    report_into(NULL, 0);
    op.u.report.about = LIVEPATCH_REPORT_ABOUT_REHEARSAL + 1;
    assert_int_equal(livepatch_op(&op), -EINVAL);
    assert_contains(hosted_console(), "report: about 0x2, which is nothing");
}

/* The first test: nothing has failed yet. */
static void test_no_failed_upload(void **state)
{
    assert_int_equal(report_into(NULL, sizeof(buffer)), -ENOENT);
}

static void test_failed_upload(void **state)
{
    struct livepatch_reason why = {
        .rc = -ENOEXEC,
        .reason = LIVEPATCH_REASON_SYMBOL,
        .text = "it was bad",
    };

    report_failed_upload("gone", &why);
    report_on(NULL);
    assert_string_equal(text(LIVEPATCH_REPORT_NAME), "gone");
    assert_string_equal(text(LIVEPATCH_REPORT_FAILURE), "it was bad");
    assert_int_equal(status()->state, 0);
    assert_int_equal(status()->rc, -ENOEXEC);
    assert_int_equal(status()->reason, LIVEPATCH_REASON_SYMBOL);
    assert_null(item(LIVEPATCH_REPORT_TIMES, 0));
    assert_int_equal(report_into(NULL, 8), -ENOBUFS);

    /* Nothing marks the end of what fills its room. */
    memset(why.text, 'x', sizeof(why.text));
    report_failed_upload("", &why);
    report_on(NULL);
    assert_null(item(LIVEPATCH_REPORT_NAME, 0));
    assert_int_equal(strlen(text(LIVEPATCH_REPORT_FAILURE)),
                     sizeof(why.text));
}

#define t(f) cmocka_unit_test_setup_teardown(f, handmade_setup, \
                                             handmade_teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        t(test_no_failed_upload), t(test_payload), t(test_ids),
        t(test_hooks), t(test_functions), t(test_failure),
        t(test_stragglers), t(test_straggler_without_symbol),
        t(test_waiting), t(test_sizes), t(test_faults), t(test_refused),
        t(test_failed_upload),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
