/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What comes from the caller: every field of it, and every way to fail. */
#include <stdlib.h>

#include "handmade.h"

static struct xen_sysctl_livepatch_op op;

static int call(uint32_t cmd)
{
    op.cmd = cmd;
    return livepatch_op(&op);
}

/* The words of the last failed upload. */
#define assert_upload_said(words) assert_true(op_said(NULL, words))

/* -- Sub-operations and flags -------------------------------------------- */

static void test_unknown(void **state)
{
    memset(&op, 0, sizeof(op));
    assert_int_equal(call(4), -EOPNOTSUPP);
    assert_contains(hosted_console(), "no sub-operation 4");
    assert_int_equal(call(255), -EOPNOTSUPP);
    assert_int_equal(call(258), -EOPNOTSUPP);
    assert_int_equal(call(~0u), -EOPNOTSUPP);
}

static uint32_t *flags(void)
{
#if HOSTED_RELEASE >= 19
    return &op.flags;
#else
    return &op.pad;
#endif
}

static void test_flags(void **state)
{
    const uint32_t cmds[] = { 0, 1, 2, 3, 256, 257, 4 };
    unsigned int i;

    for ( i = 0; i < ARRAY_SIZE(cmds); i++ )
    {
        memset(&op, 0, sizeof(op));
        *flags() = 2;
        assert_int_equal(call(cmds[i]), -EINVAL);
        *flags() = 1u << 31 | 1;
        assert_int_equal(call(cmds[i]), -EINVAL);
        assert_contains(hosted_console(), "unknown flags 0x8000000");
    }
    memset(&op, 0, sizeof(op));
    *flags() = 1;
    /* There is one flag from 4.19 on. */
    assert_int_equal(call(XEN_SYSCTL_LIVEPATCH_LIST),
                     HOSTED_RELEASE >= 19 ? 0 : -EINVAL);
}

/* -- Names --------------------------------------------------------------- */

static int get_name(const char *name, uint16_t size)
{
    memset(&op, 0, sizeof(op));
    op.u.get.name = a_name("");
    set_xen_guest_handle(op.u.get.name.name, (char *)name);
    op.u.get.name.size = size;
    return call(XEN_SYSCTL_LIVEPATCH_GET);
}

static void test_names(void **state)
{
    char longest[XEN_LIVEPATCH_NAME_SIZE + 1];
    unsigned int i;

    handmade("name", 1, HOSTED_XEN_ID);
    handmade("", 2, HOSTED_XEN_ID);
    memset(longest, 'x', sizeof(longest));
    longest[XEN_LIVEPATCH_NAME_SIZE - 1] = '\0';
    handmade(longest, 3, HOSTED_XEN_ID);

    assert_int_equal(get_name("name", 5), 0);
    assert_int_equal(get_name("", 1), 0);
    assert_int_equal(get_name(longest, XEN_LIVEPATCH_NAME_SIZE), 0);
    assert_int_equal(get_name("nam", 4), -ENOENT);
    /* What is behind a NUL is no part of it. */
    assert_int_equal(get_name("name\0more", 10), 0);
    assert_int_equal(get_name("\0name", 6), 0);
    assert_string_equal(hosted_console(), "");

    assert_int_equal(get_name("name", 0), -EINVAL);
    assert_contains(hosted_console(), "name of 0 bytes, not 1 to 128");
    assert_int_equal(get_name(longest, XEN_LIVEPATCH_NAME_SIZE + 1), -EINVAL);
    assert_int_equal(get_name("name", 4), -EINVAL);
    assert_contains(hosted_console(), "name doesn't end with a NUL");
    for ( i = 0; i < 3; i++ )
    {
        get_name("name", 5);
        op.u.get.name.pad[i] = 1;
        assert_int_equal(livepatch_op(&op), -EINVAL);
        assert_contains(hosted_console(), "padding of the name is not 0");
        hosted_console_clear();
    }

    hosted_fail_copy(1);
    assert_int_equal(get_name("name", 5), -EFAULT);
    assert_contains(hosted_console(), "name can't be read");
    hosted_fail_copy(0);
}

static void test_get(void **state)
{
    struct payload *a = handmade("a", 1, HOSTED_XEN_ID);

    a->rc = -ENOSPC;
    assert_int_equal(get_name("a", 2), 0);
    assert_int_equal(op.u.get.status.state, LIVEPATCH_STATE_CHECKED);
    assert_int_equal(op.u.get.status.rc, -ENOSPC);
    a->busy = true;
    assert_int_equal(get_name("a", 2), 0);
    assert_int_equal(op.u.get.status.rc, -EAGAIN);
    a->busy = false;
}

/* -- Actions ------------------------------------------------------------- */

static int act(const char *name, uint32_t cmd, uint32_t action_flags,
               uint32_t pad)
{
    memset(&op, 0, sizeof(op));
    op.u.action = (struct xen_sysctl_livepatch_action){
        .name = a_name(name), .cmd = cmd, .flags = action_flags, .pad = pad,
    };
    return call(XEN_SYSCTL_LIVEPATCH_ACTION);
}

static void test_action(void **state)
{
    handmade("a", 1, HOSTED_XEN_ID);
    assert_int_equal(act("a", LIVEPATCH_ACTION_APPLY, 0, 1), -EINVAL);
    assert_contains(hosted_console(), "action: padding is 0x1");
    assert_int_equal(act("a", LIVEPATCH_ACTION_APPLY, 2, 0), -EINVAL);
    assert_contains(hosted_console(), "action: unknown flags 0x2");
    assert_int_equal(act("a", LIVEPATCH_ACTION_APPLY, 1u << 31 | 1, 0),
                     -EINVAL);
    assert_contains(hosted_console(), "action: unknown flags 0x80000000");
    assert_int_equal(act("b", LIVEPATCH_ACTION_APPLY, 0, 0), -ENOENT);
    assert_int_equal(act("b", 99, 0, 0), -ENOENT);
    assert_int_equal(act("a", 99, 0, 0), -EOPNOTSUPP);
    assert_int_equal(act("a", 0, LIVEPATCH_ACTION_APPLY_NODEPS, 0),
                     -EOPNOTSUPP);
    assert_false(spin_is_locked(&payloads_lock));
}

/* -- Upload -------------------------------------------------------------- */

static void test_upload(void **state)
{
    struct image *image = image_make(1, HOSTED_XEN_ID, "xen_one", 101);
    uint32_t version = payloads_version;
    struct payload *payload;

    assert_int_equal(op_upload("a", image), 0);
    payload = payloads_find("a");
    assert_non_null(payload);
    assert_int_equal(op_state("a"), LIVEPATCH_STATE_CHECKED);
    assert_int_equal(payload->rc, 0);
    assert_true(payload->times.uploaded > 0);
    assert_true(payload->times.upload > 0);
    assert_true(payloads_version > version);
    assert_int_equal(hosted_regions, 1);
    assert_true(is_patch(payload->image.text.addr));
    assert_string_equal(payload->why.text, "");

    version = payloads_version;
    assert_int_equal(op_upload("a", image), -EEXIST);
    assert_upload_said("a payload of this name exists");
    assert_int_equal(op_upload("b", image), -EEXIST);
    assert_upload_said("build-id");
    assert_int_equal(payloads_version, version);
    image_free(image);

    assert_int_equal(op_apply("a"), 0);
    assert_int_equal(hosted_call("xen_one"), 101);
    assert_int_equal(op_revert("a"), 0);
    assert_int_equal(op_unload("a"), 0);
    assert_int_equal(hosted_regions, 0);
}

static int upload(struct xen_livepatch_name name, const void *file,
                  uint64_t size)
{
    memset(&op, 0, sizeof(op));
    op.u.upload.name = name;
    op.u.upload.size = size;
    set_xen_guest_handle(op.u.upload.payload, (uint8_t *)file);
    return call(XEN_SYSCTL_LIVEPATCH_UPLOAD);
}

static void test_upload_refused(void **state)
{
    static const char file[4096];
    struct xen_livepatch_name name = a_name("bad");

    assert_int_equal(upload(name, file, 0), -EINVAL);
    assert_upload_said("file of 0 bytes, not 1 to 2097152");
    assert_int_equal(upload(name, file, LIVEPATCH_MAX_SIZE + 1), -EINVAL);
    assert_upload_said("file of 2097153 bytes");
    assert_int_equal(upload(name, file, 1ull << 40), -EINVAL);
    assert_int_equal(upload(name, file, ~0ull), -EINVAL);
    assert_true(upload(name, file, sizeof(file)) < 0);
    assert_int_equal(payloads_count, 0);
    assert_contains(hosted_console(), "livepatch: bad: ");

    hosted_fail_copy(2);
    assert_int_equal(upload(name, file, sizeof(file)), -EFAULT);
    hosted_fail_copy(0);
    assert_upload_said("file can't be read");
}

/* One errno, but words that tell. */
static void test_upload_bad_name(void **state)
{
    static const char file[4096];
    struct xen_livepatch_name name = a_name("bad");

    name.size = 0;
    assert_int_equal(upload(name, file, sizeof(file)), -EINVAL);
    assert_upload_said("name of 0 bytes");
    name.size = 200;
    assert_int_equal(upload(name, file, sizeof(file)), -EINVAL);
    assert_upload_said("name of 200 bytes");
    name.size = 3;
    assert_int_equal(upload(name, file, sizeof(file)), -EINVAL);
    assert_upload_said("name doesn't end with a NUL");
    name = a_name("bad");
    name.pad[2] = 1;
    assert_int_equal(upload(name, file, sizeof(file)), -EINVAL);
    assert_upload_said("padding of the name");
    hosted_fail_copy(1);
    assert_int_equal(upload(a_name("bad"), file, sizeof(file)), -EINVAL);
    hosted_fail_copy(0);
    assert_upload_said("name can't be read");
}

static void test_upload_without_memory(void **state)
{
    struct image *image = image_make(1, HOSTED_XEN_ID, "xen_one", 101);
    unsigned int n;
    int rc;

    for ( n = 1; ; n++ )
    {
        hosted_fail_allocation(n);
        rc = op_upload("a", image);
        hosted_fail_allocation(0);
        if ( !rc )
            break;
        assert_int_equal(rc, -ENOMEM);
        assert_upload_said("no memory");
        assert_int_equal(payloads_count, 0);
        hosted_check_clean();
    }
    assert_true(n > 3);
    image_free(image);
}

/* What the list says of a real one. */
static void test_metadata(void **state)
{
    struct image *image = image_make(1, HOSTED_XEN_ID, "xen_one", 101);

    image_add_modinfo(image, "k=v", 4);
    assert_int_equal(op_upload_once("a", image), 0);
    assert_int_equal(payloads_find("a")->modinfo.size, 4);
    assert_int_equal(op_apply("a"), 0);
    assert_contains(hosted_console(), "livepatch: a: k=v\n");
}

static void test_report_of_failed_upload(void **state)
{
    static const char file[64];
    uint8_t *items;
    uint32_t size;

    assert_true(upload(a_name("some"), file, sizeof(file)) < 0);
    assert_int_equal(op_report(NULL, 0, &items, &size), 0);
    assert_non_null(memmem(items, size, "some", 4));
    free(items);
    assert_int_equal(op_report("some", 0, &items, &size), -ENOENT);
    assert_false(spin_is_locked(&payloads_lock));
}

#define t(f) cmocka_unit_test_setup_teardown(f, handmade_setup, \
                                             handmade_teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        t(test_unknown), t(test_flags), t(test_names), t(test_get),
        t(test_action), t(test_upload), t(test_upload_refused),
        t(test_upload_bad_name), t(test_upload_without_memory),
        t(test_metadata), t(test_report_of_failed_upload),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
