/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What the console shows. */
#include "handmade.h"

static void test_key(void **state)
{
    struct payload *a = handmade("a\n", 1, HOSTED_XEN_ID);
    struct payload *b = handmade("b", 2, 1);

    handmade_function(a, "xen_one", "xen_two");
    a->image.text = (struct livepatch_span){ (void *)0x1000, 0x20 };
    payload_bind(b, a);
    b->rc = -EINVAL;
    hosted_key('x');
    assert_contains(hosted_console(), "'x' pressed: live patches\n");
    assert_contains(hosted_console(), "Xen's build-id 2222");
    assert_contains(hosted_console(), "  a\\x0a: CHECKED, rc=0, users: 1\n");
    assert_contains(hosted_console(), "text      0x1000-0x101f\n");
    assert_lacks(hosted_console(), "data ");
    assert_contains(hosted_console(), "build-id   0101");
    assert_contains(hosted_console(), "depends on 2222");
    assert_contains(hosted_console(), "built for  2222");
    assert_contains(hosted_console(), "    xen_one: 0x");
    assert_lacks(hosted_console(), ", applied");
    assert_contains(hosted_console(), "  b: CHECKED, rc=-22, users: 0\n");
    assert_contains(hosted_console(), "depends on 0101");

    assert_int_equal(op_apply("a\n"), 0);
    hosted_console_clear();
    hosted_key('x');
    assert_contains(hosted_console(), "a\\x0a: APPLIED");
    assert_contains(hosted_console(), ", applied\n");
    assert_false(spin_is_locked(&payloads_lock));
    a->image.text = (struct livepatch_span){};
    b->rc = 0;
}

static void test_many_functions(void **state)
{
    static struct livepatch_func funcs[130];
    static struct livepatch_fstate states[130];
    struct payload *a = handmade("a", 1, HOSTED_XEN_ID);

    a->funcs = funcs;
    a->fstate = states;
    a->nfuncs = 130;
    funcs[129].name = "last\x1b";
    hosted_key('x');
    a->fstate = NULL;
    assert_contains(hosted_console(), "    (no name): ");
    assert_contains(hosted_console(), "    last\\x1b: ");
}

/* Whoever has the lock isn't waited for, and doesn't wait for the console. */
static void test_key_while_locked(void **state)
{
    handmade("a", 1, HOSTED_XEN_ID);
    spin_lock(&payloads_lock);
    hosted_key('x');
    spin_unlock(&payloads_lock);
    assert_contains(hosted_console(), "  a: CHECKED");
}

static void test_crash(void **state)
{
    struct payload *a = handmade("a", 1, HOSTED_XEN_ID);
    unsigned int count;

    handmade("b", 2, 1);
    handmade("c", 3, HOSTED_XEN_ID);
    handmade_function(a, "xen_one", "xen_two");
    assert_int_equal(op_apply("a"), 0);
    assert_int_equal(op_apply("b"), 0);
    hosted_console_clear();

    /* Whoever crashed may have it. */
    spin_lock(&payloads_lock);
    livepatch_print_applied();
    spin_unlock(&payloads_lock);
    assert_contains(hosted_console(), "livepatch: a: APPLIED, build-id 0101");
    assert_contains(hosted_console(), "livepatch: b: APPLIED, build-id 0202");
    assert_lacks(hosted_console(), "c:");

    a->busy = true;
    hosted_console_clear();
    livepatch_print_applied();
    a->busy = false;
    assert_contains(hosted_console(), "livepatch: a: in flight, build-id");

    /* A list that ends nowhere. */
    count = payloads_count;
    payloads_count = 0;
    hosted_console_clear();
    livepatch_print_applied();
    payloads_count = count;
    assert_contains(hosted_console(), "a: APPLIED");
    assert_lacks(hosted_console(), "b: APPLIED");
}

static void test_crash_without_payloads(void **state)
{
    livepatch_print_applied();
    assert_string_equal(hosted_console(), "");
}

#define t(f) cmocka_unit_test_setup_teardown(f, handmade_setup, \
                                             handmade_teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        t(test_key), t(test_many_functions), t(test_key_while_locked),
        t(test_crash), t(test_crash_without_payloads),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
