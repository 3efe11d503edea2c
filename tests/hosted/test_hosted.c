/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The hosted build itself: that the pretended hypervisor does what the tests
 * of the engine take for granted, and a payload's whole life on it.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <public/sysctl.h>
#include <xen/string.h>

#include "hosted.h"
#include "operations.h"
#include "payload.h"
#include "payloads.h"
#include "samples.h"

static int setup(void **state)
{
    hosted_boot();
    hosted_reset();
    return 0;
}

static int teardown(void **state)
{
    op_unload_all();
    hosted_check_clean();
    return 0;
}

static void functions_return_their_values(void **state)
{
    assert_int_equal(hosted_call("xen_one"), 1);
    assert_int_equal(hosted_call("xen_endbr"), 4);
    assert_int_equal(hosted_call("xen_page_crossing"), 8);
    assert_int_equal(hosted_call("xen_thunked"), 11);
}

static void a_real_jump_patches_a_real_function(void **state)
{
    assert_int_equal(op_upload_once("one", image_new()), 0);
    assert_int_equal(op_state("one"), LIVEPATCH_STATE_CHECKED);
    assert_int_equal(hosted_call("xen_one"), 1);
    assert_int_equal(op_apply("one"), 0);
    assert_int_equal(op_state("one"), LIVEPATCH_STATE_APPLIED);
    assert_int_equal(hosted_call("xen_one"), 101);
    assert_int_equal(op_revert("one"), 0);
    assert_int_equal(hosted_call("xen_one"), 1);
    assert_int_equal(op_unload("one"), 0);
    assert_int_equal(op_state("one"), 0);
}

/*
 * It isn't there any more as soon as the hypercall returns, although a trap
 * handler that found it before may still be looking at it.
 */
static void unloading_waits_for_nobody(void **state)
{
    const struct virtual_region *region;
    unsigned long addr, size, offset;
    unsigned int allocated;
    const char *symbol;
    char owner[KSYM_NAME_LEN + 1];

    assert_int_equal(op_upload_once("a", sample_rich(0x33, HOSTED_XEN_ID)),
                     0);
    addr = (unsigned long)payloads_find("a")->funcs[0].new_addr;
    region = find_text_region(addr);
    symbol = region->symbols_lookup(addr, &size, &offset, owner);
    assert_non_null(symbol);
    allocated = hosted_allocated;

    assert_int_equal(op_unload("a"), 0);
    assert_int_equal(op_state("a"), 0);
    assert_null(find_text_region(addr));
    assert_false(is_patch((void *)addr));
    assert_int_equal(hosted_allocated, allocated);
    assert_true((void *)addr >= region->text_start &&
                (void *)addr < region->text_end);
    assert_int_not_equal(strlen(symbol), 0);

    /* Name, symbols and functions are free for another. */
    assert_int_equal(op_upload_once("a", sample_rich(0x33, HOSTED_XEN_ID)),
                     0);
    assert_int_equal(op_apply("a"), 0);
    hosted_grace_period();
    assert_int_equal(hosted_allocated, allocated);
}

/* Who was bound isn't any more, before its memory is gone. */
static void providers_are_free_at_once(void **state)
{
    struct image *user = image_make(0x44, HOSTED_XEN_ID, "xen_two", 102);

    assert_int_equal(op_upload_once("a", sample_rich(0x33, HOSTED_XEN_ID)),
                     0);
    image_undefined(user, "rich_for_others");
    assert_int_equal(op_upload_once("b", user), 0);
    assert_int_equal(op_unload("a"), -EBUSY);
    assert_int_equal(op_unload("b"), 0);
    assert_int_equal(op_unload("a"), 0);
}

static void payloads_lie_on_each_other(void **state)
{
    assert_int_equal(op_upload_once("one", image_new()), 0);
    assert_int_equal(op_upload_once("two", image_make(0x33, IMAGE_ID,
                                                      "xen_one", 102)), 0);
    assert_int_equal(op_apply("two"), -EINVAL);
    assert_int_equal(op_apply("one"), 0);
    assert_int_equal(op_apply("two"), 0);
    assert_int_equal(hosted_call("xen_one"), 102);
    assert_int_equal(op_revert("one"), -EBUSY);
    assert_int_equal(op_revert("two"), 0);
    assert_int_equal(hosted_call("xen_one"), 101);
}

static void a_payload_replaces_others(void **state)
{
    assert_int_equal(op_upload_once("one", image_new()), 0);
    assert_int_equal(op_upload_once("all", image_make(0x33, HOSTED_XEN_ID,
                                                      "xen_two", 102)), 0);
    assert_int_equal(op_apply("one"), 0);
    assert_int_equal(op_replace("all"), 0);
    assert_int_equal(hosted_call("xen_one"), 1);
    assert_int_equal(hosted_call("xen_two"), 102);
    assert_int_equal(op_state("one"), LIVEPATCH_STATE_CHECKED);
}

static unsigned int hook_calls[8];

static int count_hook(struct payload *payload, unsigned int number)
{
    hook_calls[number]++;
    return 0;
}

static void hooks_are_called(void **state)
{
    struct image *image = image_new();

    memset(hook_calls, 0, sizeof(hook_calls));
    hosted_on_hook = count_hook;
    image_add_hook_call(image, "load", 0);
    image_add_hook_call(image, "unload", 1);
    image_add_hook_call(image, "preapply", 2);
    image_add_hook_call(image, "postrevert", 3);
    assert_int_equal(op_upload_once("one", image), 0);
    assert_int_equal(op_apply("one"), 0);
    assert_int_equal(hook_calls[0], 1);
    assert_int_equal(hook_calls[1], 0);
    assert_int_equal(hook_calls[2], 1);
    assert_int_equal(op_revert("one"), 0);
    assert_int_equal(hook_calls[1], 1);
    assert_int_equal(hook_calls[3], 1);
}

static void a_stuck_cpu_is_waited_for_in_vain(void **state)
{
    assert_int_equal(op_upload_once("one", image_new()), 0);
    hosted_stick(2, hosted_domain(5)->vcpu[0], 0x1234, true);
    assert_int_equal(op_apply("one"), -EBUSY);
    assert_int_equal(hosted_call("xen_one"), 1);
    hosted_free(2);
    hosted_run();
    assert_int_equal(op_apply("one"), 0);
    assert_int_equal(hosted_call("xen_one"), 101);
}

static void any_order_of_cpus_will_do(void **state)
{
    unsigned int seed;

    assert_int_equal(op_upload_once("one", image_new()), 0);
    for ( seed = 1; seed < 50; seed++ )
    {
        hosted_shuffle(seed);
        assert_int_equal(op_apply("one"), 0);
        assert_int_equal(hosted_call("xen_one"), 101);
        assert_int_equal(op_revert("one"), 0);
        assert_int_equal(hosted_call("xen_one"), 1);
    }
}

static void waiting_vcpus_forbid_it(void **state)
{
    assert_int_equal(op_upload_once("one", image_new()), 0);
    hosted_wait(3, true);
    assert_int_equal(op_apply("one"), -EBUSY);
    assert_int_equal(hosted_call("xen_one"), 1);
    hosted_wait(3, false);
    assert_int_equal(op_apply("one"), 0);
}

static void a_refusal_has_words(void **state)
{
    struct image *image = image_new();

    image_add_symbol(image, "nowhere", SHN_UNDEF, 0, 0, 0x10);
    assert_int_equal(op_upload_once("one", image), -ENOENT);
    assert_true(op_said(NULL, "nowhere"));
    assert_non_null(strstr(hosted_console(), "nowhere"));
}

int main(void)
{
#define TEST(fn) cmocka_unit_test_setup_teardown(fn, setup, teardown)
    const struct CMUnitTest tests[] = {
        TEST(functions_return_their_values),
        TEST(a_real_jump_patches_a_real_function),
        TEST(unloading_waits_for_nobody),
        TEST(providers_are_free_at_once),
        TEST(payloads_lie_on_each_other),
        TEST(a_payload_replaces_others),
        TEST(hooks_are_called),
        TEST(a_stuck_cpu_is_waited_for_in_vain),
        TEST(any_order_of_cpus_will_do),
        TEST(waiting_vcpus_forbid_it),
        TEST(a_refusal_has_words),
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
