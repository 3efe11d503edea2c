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
#include <xen/vmap.h>

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

/* -- CPUs that are offline ----------------------------------------------- */

static struct image *parked(uint8_t id)
{
    return image_make(id, HOSTED_XEN_ID, "xen_parked", id);
}

static void apply_and_revert(const char *name)
{
    assert_int_equal(op_apply(name), 0);
    assert_int_equal(op_revert(name), 0);
}

/* Whether its image stays; this is what has it, then. */
static void *unload(const char *name)
{
    struct payload *payload = payloads_find(name);
    void *base = payload->image.base;
    unsigned int blocks = hosted_blocks;

    hosted_console_clear();
    assert_int_equal(op_unload(name), 0);
    assert_int_equal(op_state(name), 0);
    hosted_grace_period();
    if ( !!strstr(hosted_console(), "are kept for ever") !=
         (hosted_blocks == blocks) )
        fail_msg("not what is said: %s", hosted_console());
    return hosted_blocks == blocks ? base : NULL;
}

static void who_is_offline_keeps_the_image(void **state)
{
    int (*replacement)(void);
    void *image;

    assert_int_equal(op_upload_once("a", parked(0x33)), 0);
    replacement = payloads_find("a")->funcs[0].new_addr;
    hosted_set_cpus(3);
    apply_and_revert("a");
    image = unload("a");
    assert_non_null(image);
    assert_non_null(strstr(hosted_console(), "livepatch: a: its 2 pages are"));
    assert_int_equal(replacement(), 0x33);
    /* Of the payload, nothing else. */
    assert_false(is_patch(replacement));
    assert_null(find_text_region((unsigned long)replacement));
    assert_int_equal(hosted_allocated, 1);

    /* Another one is another. */
    assert_int_equal(op_upload_once("a", parked(0x33)), 0);
    assert_ptr_not_equal(payloads_find("a")->image.base, image);
    hosted_set_cpus(HOSTED_CPUS);
    assert_null(unload("a"));
    vfree(image);
}

/* It doesn't when nobody can be there. */
static void nobody_keeps_the_image(void **state)
{
    assert_int_equal(op_upload_once("a", parked(0x33)), 0);
    hosted_set_cpus(3);
    assert_null(unload("a"));

    assert_int_equal(op_upload_once("a", image_new()), 0);
    apply_and_revert("a");
    assert_null(unload("a"));

    assert_int_equal(op_upload_once("a", parked(0x33)), 0);
    apply_and_revert("a");
    hosted_set_cpus(HOSTED_CPUS);
    assert_null(unload("a"));
}

/* Also if its apply hook has refused: it may have written jumps before. */
static void who_came_by_a_hook_keeps_the_image(void **state)
{
    struct image *image = parked(0x33);
    void *kept;

    image_add_hook_call(image, "apply", 1);
    assert_int_equal(op_upload_once("a", image), 0);
    hosted_set_cpus(3);
    assert_int_equal(op_apply("a"), -EINVAL);
    kept = unload("a");
    assert_non_null(kept);
    vfree(kept);
    hosted_set_cpus(HOSTED_CPUS);
}

/* The replacement of a replacement, and what it uses of another payload. */
static void what_is_used_stays_as_well(void **state)
{
    struct image *above = image_make(0x44, 0x33, "xen_two", 0x44);
    void *kept[3];

    assert_int_equal(op_upload_once("low", parked(0x33)), 0);
    assert_int_equal(op_upload_once("provider",
                                    sample_rich(0x55, HOSTED_XEN_ID)), 0);
    image_drop_reloc(above, ".livepatch.funcs",
                     offsetof(struct livepatch_func, old_addr));
    image_function(above, 0)->old_addr = payloads_find("low")->funcs[0].new_addr;
    image_function(above, 0)->old_size = 6;
    image_undefined(above, "rich_for_others");
    assert_int_equal(op_upload_once("above", above), 0);
    hosted_set_cpus(3);
    assert_int_equal(op_apply("low"), 0);
    apply_and_revert("above");
    assert_int_equal(op_revert("low"), 0);

    kept[0] = unload("above");
    kept[1] = unload("provider");
    kept[2] = unload("low");
    assert_non_null(kept[0]);
    assert_non_null(kept[1]);
    assert_non_null(kept[2]);
    vfree(kept[0]);
    vfree(kept[1]);
    vfree(kept[2]);
    hosted_set_cpus(HOSTED_CPUS);
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
        TEST(who_is_offline_keeps_the_image),
        TEST(nobody_keeps_the_image),
        TEST(who_came_by_a_hook_keeps_the_image),
        TEST(what_is_used_stays_as_well),
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
