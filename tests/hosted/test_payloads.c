/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The list of payloads, who uses whom, and the words of refusals. */
#include "handmade.h"

#include "reason.h"

static void test_find(void **state)
{
    struct payload *a = handmade("a", 1, HOSTED_XEN_ID);
    struct payload *b = handmade("b", 2, HOSTED_XEN_ID);

    assert_ptr_equal(payloads_find("a"), a);
    assert_ptr_equal(payloads_find("b"), b);
    assert_null(payloads_find("ab"));
    assert_int_equal(payloads_count, 2);
    assert_int_equal(hosted_regions, 2);
    assert_int_equal(op_unload("a"), 0);
    assert_null(payloads_find("a"));
    assert_int_equal(payloads_count, 1);
    assert_int_equal(hosted_regions, 1);
}

/* Text, data and constants of any payload, applied or not; their ends too. */
static void test_addresses(void **state)
{
    static char memory[3][4096];
    struct payload *a = handmade("a", 1, HOSTED_XEN_ID);
    struct payload *b = handmade("b", 2, HOSTED_XEN_ID);

    b->image.text = (struct livepatch_span){ memory[0], 100 };
    b->image.rw = (struct livepatch_span){ memory[1], 200 };
    b->image.ro = (struct livepatch_span){ memory[2], 4096 };
    assert_ptr_equal(payloads_at(memory[0]), b);
    assert_true(is_patch(memory[0] + 99));
    assert_false(is_patch(memory[0] + 100));
    assert_false(is_patch((void *)((uintptr_t)memory[0] - 1)));
    assert_true(is_patch(memory[1]));
    assert_true(is_patch(memory[1] + 199));
    assert_false(is_patch(memory[1] + 200));
    assert_true(is_patch(memory[2] + 4095));
    assert_false(is_patch(memory[2] + 4096));
    assert_false(is_patch(NULL));
    assert_false(is_patch(a));
    memset(&b->image, 0, sizeof(b->image));
}

static void test_version(void **state)
{
    uint32_t version = payloads_version;
    struct payload *a = handmade("a", 1, HOSTED_XEN_ID);

    assert_int_not_equal(version, 0);
    assert_true(payloads_version > version);
    version = payloads_version;
    assert_int_equal(op_unload(a->name), 0);
    assert_true(payloads_version > version);
}

static void test_bind(void **state)
{
    struct payload *a = handmade("a", 1, HOSTED_XEN_ID);
    struct payload *b = handmade("b", 2, HOSTED_XEN_ID);
    struct payload *c = handmade("c", 3, HOSTED_XEN_ID);

    assert_int_equal(payload_bind(c, c), 0);
    assert_int_equal(c->users, 0);
    assert_int_equal(payload_bind(c, a), 0);
    assert_int_equal(payload_bind(c, b), 0);
    assert_int_equal(payload_bind(c, a), 0);
    assert_int_equal(payload_bind(b, a), 0);
    assert_int_equal(a->users, 2);
    assert_int_equal(b->users, 1);
    assert_int_equal(c->nproviders, 2);
    assert_true(payload_is_bound(c, a));
    assert_false(payload_is_bound(a, c));

    payload_unbind_all(c);
    assert_int_equal(a->users, 1);
    assert_int_equal(b->users, 0);
    payload_unbind_all(c);
    assert_int_equal(a->users, 1);
    assert_false(payload_is_bound(c, a));
}

static void test_bind_without_memory(void **state)
{
    struct payload *a = handmade("a", 1, HOSTED_XEN_ID);
    struct payload *b = handmade("b", 2, HOSTED_XEN_ID);
    struct payload *c = handmade("c", 3, HOSTED_XEN_ID);

    assert_int_equal(payload_bind(c, a), 0);
    hosted_fail_allocation(1);
    assert_int_equal(payload_bind(c, b), -ENOMEM);
    hosted_fail_allocation(0);
    assert_contains(c->why.text, "no memory for the list of payloads");
    assert_true(payload_is_bound(c, a));
    assert_int_equal(c->nproviders, 1);
    assert_int_equal(b->users, 0);
}

static void test_refuse(void **state)
{
    struct livepatch_reason why = { .about = "tricky\n\\name\xff" };
    char longer[400];

    assert_int_equal(refuse(&why, -EINVAL, "section %s", ".te\nxt\x1b[2J"),
                     -EINVAL);
    assert_int_equal(why.rc, -EINVAL);
    assert_string_equal(why.text, "section .te?xt?[2J");
    assert_string_equal(hosted_console(), "livepatch: tricky\\x0a\\x5cname\\xff"
                                          ": section .te?xt?[2J\n");

    hosted_console_clear();
    memset(longer, 'x', sizeof(longer) - 1);
    longer[sizeof(longer) - 1] = '\0';
    why.about = NULL;
    refuse(&why, -ENOENT, "%s", longer);
    assert_int_equal(strlen(why.text), sizeof(why.text) - 1);
    assert_contains(hosted_console(), "livepatch: xxx");

    hosted_console_clear();
    why.about = "";
    assert_int_equal(refuse_no_memory(&why, "peace"), -ENOMEM);
    assert_string_equal(hosted_console(), "livepatch: no memory for peace\n");

    reason_clear(&why);
    assert_int_equal(why.rc, 0);
    assert_string_equal(why.text, "");
}

static void test_printable(void **state)
{
    char name[XEN_LIVEPATCH_NAME_SIZE], buf[PRINTABLE_NAME_SIZE];
    char id[PRINTABLE_ID_SIZE];
    struct livepatch_build_id none = {};
    uint8_t bytes[64];

    /* The longest possible, and one that isn't terminated. */
    memset(name, 0x80, sizeof(name));
    printable_name(buf, name);
    assert_int_equal(strlen(buf), 4 * (XEN_LIVEPATCH_NAME_SIZE - 1));
    assert_string_equal(printable_name(buf, ""), "");
    assert_string_equal(printable_name(buf, "a b~"), "a b~");
    assert_string_equal(printable_name(buf, "\x7f\x1f"), "\\x7f\\x1f");

    assert_string_equal(printable_id(id, &none), "none");
    none = (struct livepatch_build_id){ "\x01\xab", 2 };
    assert_string_equal(printable_id(id, &none), "01ab");
    memset(bytes, 0xcd, sizeof(bytes));
    none = (struct livepatch_build_id){ bytes, sizeof(bytes) };
    assert_int_equal(strlen(printable_id(id, &none)), 64);
}

#define t(f) cmocka_unit_test_setup_teardown(f, handmade_setup, \
                                             handmade_teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        t(test_find), t(test_addresses), t(test_version), t(test_bind),
        t(test_bind_without_memory), t(test_refuse), t(test_printable),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
