/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Every kind of failure has its number in the report, for tools. */
#include "reports.h"

/* What the report on the payload, or with NULL on the failed upload, says. */
static void assert_reason(const char *name, uint32_t reason,
                          const char *culprit)
{
    report_on(name);
    assert_int_equal(status()->reason, reason);
    assert_non_null(item(LIVEPATCH_REPORT_FAILURE, 0));
    if ( culprit )
        assert_string_equal(text(LIVEPATCH_REPORT_CULPRIT), culprit);
    else
        assert_null(item(LIVEPATCH_REPORT_CULPRIT, 0));
}

#define assert_upload_fails(image, reason)                                  \
    do {                                                                    \
        assert_true(op_upload_once("a", image) < 0);                        \
        assert_reason(NULL, LIVEPATCH_REASON_##reason, NULL);               \
    } while ( 0 )

static struct image *good(void)
{
    return image_make(1, HOSTED_XEN_ID, "xen_one", 101);
}

static void test_uploads(void **state)
{
    struct image *image = good();

    image_undefined(image, "no_such_symbol");
    assert_upload_fails(image, SYMBOL);

    image = image_new();
    image_old_by_name(image, 0);
    *image_function(image, 0) = (struct livepatch_func){};
    assert_upload_fails(image, FORMAT);

    hosted_fail_allocation(1);
    assert_upload_fails(good(), MEMORY);
    hosted_fail_allocation(2);
    assert_upload_fails(good(), MEMORY);
    hosted_fail_allocation(0);

    hosted_fail_protect(1);
    assert_upload_fails(good(), HYPERVISOR);
    hosted_fail_protect(0);

    assert_int_equal(op_upload_once("a", good()), 0);
    assert_upload_fails(good(), COLLISION);
    assert_true(op_upload_once("b", good()) < 0);
    assert_reason(NULL, LIVEPATCH_REASON_COLLISION, NULL);
    assert_null(item(LIVEPATCH_REPORT_TIMES, 0));
}

static void test_other_xen(void **state)
{
    struct image *image = image_empty();

    image_add_build_id(image, ".livepatch.xen_depends", HOSTED_XEN_ID + 1);
    assert_upload_fails(image, XEN_BUILD_ID);
}

static void test_places(void **state)
{
    handmade("a", 1, 7);
    handmade("b", 2, HOSTED_XEN_ID);
    handmade("c", 3, 2);
    assert_int_equal(op_apply("a"), -EINVAL);
    assert_reason("a", LIVEPATCH_REASON_DEPENDENCY, NULL);
    assert_int_equal(op_replace("a"), -EINVAL);
    assert_reason("a", LIVEPATCH_REASON_DEPENDENCY, NULL);

    assert_int_equal(op_apply("b"), 0);
    report_on("b");
    assert_int_equal(status()->reason, 0);
    assert_int_equal(op_unload("b"), -EINVAL);
    assert_reason("b", LIVEPATCH_REASON_STATE, NULL);
    assert_int_equal(op_apply("c"), 0);
    assert_int_equal(op_revert("b"), -EBUSY);
    assert_reason("b", LIVEPATCH_REASON_NOT_ON_TOP, "c");

    /* The next attempt begins with nothing. */
    assert_int_equal(op_revert("c"), 0);
    assert_int_equal(op_revert("b"), 0);
    report_on("b");
    assert_int_equal(status()->reason, 0);
    assert_null(item(LIVEPATCH_REPORT_CULPRIT, 0));
}

static void test_use(void **state)
{
    struct payload *a = handmade("a", 1, HOSTED_XEN_ID);

    payload_bind(handmade("b", 2, 1), a);
    assert_int_equal(op_unload("a"), -EBUSY);
    assert_reason("a", LIVEPATCH_REASON_IN_USE, NULL);

    assert_int_equal(op_apply("a"), 0);
    assert_int_equal(op_apply("b"), 0);
    payloads_find("a")->state = LIVEPATCH_STATE_CHECKED;
    a->reverted = true;
    assert_int_equal(op_action("a", LIVEPATCH_ACTION_APPLY,
                               LIVEPATCH_ACTION_APPLY_NODEPS, 0), -EBUSY);
    assert_reason("a", LIVEPATCH_REASON_IN_USE, NULL);
    a->reverted = false;
    a->state = LIVEPATCH_STATE_APPLIED;
}

static void test_expectation(void **state)
{
    struct image *image = good();

    image_expect(image, 0, "\xcc", 1);
    assert_int_equal(op_upload_once("a", image), 0);
    assert_int_equal(op_apply("a"), -EINVAL);
    assert_reason("a", LIVEPATCH_REASON_EXPECTATION, NULL);
}

static int refuse_it(struct payload *payload)
{
    return -EPERM;
}

static int in_flight(struct payload *payload)
{
    return -EAGAIN;
}

static int nonsense(struct payload *payload)
{
    return 7;
}

static void test_own_hook(void **state)
{
    livepatch_precall_t *const hooks[] = { refuse_it, in_flight, nonsense };
    struct payload *a = handmade("a", 1, HOSTED_XEN_ID);
    unsigned int i;

    for ( i = 0; i < ARRAY_SIZE(hooks); i++ )
    {
        a->hooks = (struct livepatch_hooks){ .preapply = hooks[i] };
        assert_true(op_apply("a") < 0);
        assert_reason("a", LIVEPATCH_REASON_HOOK, NULL);
        a->hooks = (struct livepatch_hooks){ .apply = hooks[i] };
        assert_true(op_apply("a") < 0);
        assert_reason("a", LIVEPATCH_REASON_HOOK, NULL);
    }
    a->hooks = (struct livepatch_hooks){ .preapply = refuse_it };
    assert_int_equal(op_replace("a"), -EOPNOTSUPP);
    assert_reason("a", LIVEPATCH_REASON_HOOK, NULL);
}

/* It is that of another payload: whoever asks its maker must know whose. */
static void test_hook_of_another(void **state)
{
    struct payload *a = handmade("a", 1, HOSTED_XEN_ID);

    handmade("b", 2, HOSTED_XEN_ID);
    assert_int_equal(op_apply("a"), 0);
    a->hooks.prerevert = refuse_it;
    assert_int_equal(op_replace("b"), -EOPNOTSUPP);
    assert_reason("b", LIVEPATCH_REASON_HOOK, "a");
    a->hooks = (struct livepatch_hooks){ .revert = refuse_it };
    assert_int_equal(op_replace("b"), -EINVAL);
    assert_reason("b", LIVEPATCH_REASON_HOOK, "a");
}

/* The lowest of those that can't be applied again is to blame. */
static void test_loss(void **state)
{
    struct payload *a = handmade("a", 1, HOSTED_XEN_ID), *c;

    handmade("b", 2, 1);
    c = handmade("c", 3, HOSTED_XEN_ID);
    assert_int_equal(op_apply("a"), 0);
    assert_int_equal(op_apply("b"), 0);
    assert_int_equal(op_revert("a"), -EBUSY);
    assert_reason("a", LIVEPATCH_REASON_NOT_ON_TOP, "b");
    a->hooks.apply = refuse_it;
    c->hooks.apply = refuse_it;
    assert_int_equal(op_replace("c"), -EPERM);
    assert_reason("c", LIVEPATCH_REASON_HOOK, "a");
    assert_reason("b", LIVEPATCH_REASON_HOOK, "a");
    assert_reason("a", LIVEPATCH_REASON_HOOK, NULL);
}

static void test_rendezvous(void **state)
{
    handmade("a", 1, HOSTED_XEN_ID);
    handmade("b", 2, HOSTED_XEN_ID);
    hosted_stick_deaf(1);
    assert_int_equal(op_apply("a"), -EBUSY);
    assert_reason("a", LIVEPATCH_REASON_QUIESCE, NULL);
    hosted_stick_deaf(2);
    assert_int_equal(op_apply("a"), -EBUSY);
    assert_reason("a", LIVEPATCH_REASON_QUIESCE, NULL);
    hosted_free(1);
    hosted_free(2);
    hosted_run();

    hosted_fail_cpu_maps(1, 1000000);
    assert_int_equal(op_apply("a"), -EBUSY);
    assert_reason("a", LIVEPATCH_REASON_QUIESCE, NULL);
    hosted_fail_cpu_maps(0, 0);

    hosted_wait(3, true);
    assert_int_equal(op_apply("a"), -EBUSY);
    assert_reason("a", LIVEPATCH_REASON_WAITQUEUE, NULL);
    hosted_wait(3, false);

    assert_int_equal(op_action("a", LIVEPATCH_ACTION_APPLY, 0, 0), 0);
    assert_int_equal(op_action("b", LIVEPATCH_ACTION_APPLY, 0, 0), -EBUSY);
    assert_reason("b", LIVEPATCH_REASON_IN_FLIGHT, NULL);
    hosted_run();
}

#define t(f) cmocka_unit_test_setup_teardown(f, handmade_setup, \
                                             handmade_teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        t(test_uploads), t(test_other_xen), t(test_places), t(test_use),
        t(test_expectation), t(test_own_hook), t(test_hook_of_another),
        t(test_loss), t(test_rendezvous),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
