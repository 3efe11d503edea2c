/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Memory runs out at the n-th allocation, for every n, in every operation:
 * it fails with -ENOMEM and words, nothing is left of it, and it works when
 * there is memory again.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>

#include <cmocka.h>

#include <xen/errno.h>
#include <xen/lib.h>
#include <xen/livepatch_shadow.h>

#include "hosted.h"
#include "operations.h"
#include "payload.h"
#include "samples.h"

/* No operation takes as many. */
#define MAX_ALLOCATIONS 200

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

/* -- The operations: each as before it, itself, and undone ---------------- */

struct operation {
    const char *name;
    void (*before)(void);
    int (*operate)(void);
    /* Checks that nothing has happened. */
    void (*unchanged)(void);
    void (*undo)(void);
};

static void must(int rc)
{
    if ( rc )
        fail_msg("rc %d: %s", rc, hosted_console());
}

static void nothing(void) {}

static int upload(void)
{
    return op_upload_once("rich", sample_rich(0x44, HOSTED_XEN_ID));
}

static void unload(void)
{
    must(op_unload("rich"));
}

static void not_loaded(void)
{
    assert_int_equal(op_state("rich"), 0);
}

/* Needs a symbol of the first, which it is bound to then. */
static int upload_user(void)
{
    struct image *image = image_make(0x55, 0x44, "xen_two", 104);

    image_undefined(image, "rich_for_others");
    return op_upload_once("user", image);
}

static void unload_user(void)
{
    assert_int_equal(op_unload("rich"), -EBUSY);
    must(op_unload("user"));
    must(op_unload("rich"));
}

static void user_not_loaded(void)
{
    assert_int_equal(op_state("user"), 0);
}

static void before(void)
{
    must(upload());
}

static void not_applied(void)
{
    assert_int_equal(op_state("rich"), LIVEPATCH_STATE_CHECKED);
    assert_int_equal(hosted_call("xen_one"), 1);
    assert_int_equal(hosted_call("xen_nop"), 6);
}

static int apply(void)
{
    return op_apply("rich");
}

static void revert_and_unload(void)
{
    assert_int_equal(hosted_call("xen_one"), 101);
    must(op_revert("rich"));
    must(op_unload("rich"));
}

static void before_revert(void)
{
    must(upload());
    must(op_apply("rich"));
}

static int revert(void)
{
    return op_revert("rich");
}

static void still_applied(void)
{
    assert_int_equal(op_state("rich"), LIVEPATCH_STATE_APPLIED);
    assert_int_equal(hosted_call("xen_one"), 101);
}

static void before_again(void)
{
    must(upload());
    must(op_apply("rich"));
    must(op_revert("rich"));
}

static void before_replace(void)
{
    must(upload());
    must(op_apply("rich"));
    must(op_upload_once("second", image_make(0x45, 0x44, "xen_one", 102)));
    must(op_apply("second"));
    must(op_upload_once("all", image_make(0x46, HOSTED_XEN_ID, "xen_two",
                                          103)));
}

static int replace(void)
{
    return op_replace("all");
}

static void not_replaced(void)
{
    assert_int_equal(hosted_call("xen_one"), 102);
    assert_int_equal(hosted_call("xen_two"), 2);
    assert_int_equal(op_state("all"), LIVEPATCH_STATE_CHECKED);
    assert_int_equal(op_state("rich"), LIVEPATCH_STATE_APPLIED);
    assert_int_equal(op_state("second"), LIVEPATCH_STATE_APPLIED);
}

static void undo_replace(void)
{
    assert_int_equal(hosted_call("xen_one"), 1);
    assert_int_equal(hosted_call("xen_two"), 103);
    op_unload_all();
}

static int report(void)
{
    uint8_t *items;
    uint32_t size;
    int rc = op_report("rich", 0, &items, &size);

    free(items);
    return rc;
}

/* A failed upload is remembered; that takes no memory, or can do without. */
static int refused(void)
{
    struct image *image = sample_rich(0x44, HOSTED_XEN_ID);
    int rc;

    image_undefined(image, "nowhere");
    rc = op_upload_once("rich", image);
    return rc == -ENOENT ? 0 : rc;
}

/* Stragglers are kept for the report. */
static int stuck(void)
{
    int rc;

    hosted_stick(1, NULL, 0, false);
    rc = op_apply("rich");
    hosted_free(1);
    hosted_run();
    return rc == -EBUSY ? 0 : rc;
}

static unsigned long object;

static int attach(void)
{
    return livepatch_shadow_attach(&object, 7, 100, NULL, NULL) ? 0 : -ENOMEM;
}

static void not_attached(void)
{
    assert_null(livepatch_shadow_get(&object, 7));
}

static void detach(void)
{
    assert_non_null(livepatch_shadow_get(&object, 7));
    livepatch_shadow_detach(&object, 7, NULL);
    hosted_run();
}

static const struct operation operations[] = {
    { "upload", nothing, upload, not_loaded, unload },
    { "upload of a user", before, upload_user, user_not_loaded, unload_user },
    { "refused upload", nothing, refused, not_loaded, nothing },
    { "apply", before, apply, not_applied, revert_and_unload },
    { "apply again", before_again, apply, not_applied, revert_and_unload },
    { "apply in vain", before, stuck, not_applied, unload },
    { "revert", before_revert, revert, still_applied, unload },
    { "replace", before_replace, replace, not_replaced, undo_replace },
    { "report", before, report, not_applied, unload },
    { "attach", nothing, attach, not_attached, detach },
};

static bool console_tells(const struct operation *operation)
{
    return operation->operate == attach ||
           strstr(hosted_console(), "memory") ||
           strstr(hosted_console(), "no writable view");
}

/* Whether it failed for want of its n-th allocation; it is done otherwise. */
static bool refused_without(const struct operation *operation, unsigned int n,
                            bool *tried)
{
    unsigned int allocated = hosted_allocated;
    int rc;

    hosted_console_clear();
    hosted_fail_allocation(n);
    rc = operation->operate();
    *tried = hosted_allocation_failed();
    hosted_fail_allocation(0);
    if ( !rc )
        return false;
    if ( rc != -ENOMEM || !*tried || !console_tells(operation) )
        fail_msg("%s: %d at allocation %u: %s", operation->name, rc, n,
                 hosted_console());
    if ( hosted_allocated != allocated )
        fail_msg("%s: %d allocations left at %u", operation->name,
                 (int)(hosted_allocated - allocated), n);
    return true;
}

static void every_allocation_may_fail(void **state)
{
    const struct operation *operation = *state;
    unsigned int n = 0;
    bool tried;

    /* Until none was asked for that could have failed. */
    do {
        assert_true(n++ < MAX_ALLOCATIONS);
        operation->before();
        if ( refused_without(operation, n, &tried) )
        {
            operation->unchanged();
            must(operation->operate());
        }
        operation->undo();
        op_unload_all();
        hosted_check_clean();
    } while ( tried );
    print_message("%s: %u allocations\n", operation->name, n - 1);
}

/* Permissions, too, are a matter of memory. */
static void every_change_of_permissions_may_fail(void **state)
{
    unsigned int n = 1;
    int rc;

    for ( ; ; n++ )
    {
        hosted_fail_protect(n);
        rc = upload();
        hosted_fail_protect(0);
        if ( !rc )
            break;
        assert_int_equal(rc, -ENOMEM);
        not_loaded();
        hosted_check_clean();
    }
    /* Text, data, read-only data. */
    assert_true(n > 3);
}

int main(void)
{
    struct CMUnitTest tests[ARRAY_SIZE(operations) + 1];
    unsigned int i;

    for ( i = 0; i < ARRAY_SIZE(operations); i++ )
        tests[i] = (struct CMUnitTest){
            .name = operations[i].name, .setup_func = setup,
            .test_func = every_allocation_may_fail,
            .teardown_func = teardown,
            .initial_state = (void *)&operations[i],
        };
    tests[i] = (struct CMUnitTest)cmocka_unit_test_setup_teardown(
        every_change_of_permissions_may_fail, setup, teardown);
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
