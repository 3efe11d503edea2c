/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Expectations of what is there before a function is patched. */
#include "records.h"

#include "expectations.h"

static struct image *image_expecting(const char *old, const void *bytes,
                                     unsigned int len)
{
    struct image *image = image_make(IMAGE_ID, HOSTED_XEN_ID, old, 101);

    image_expect(image, 0, bytes, len);
    return image;
}

static void test_form(void **state)
{
    const void *one = hosted_symbol("xen_one");
    struct image *image;
    unsigned int rsv;

    for ( rsv = 1; rsv < 4; rsv++ )
    {
        image = image_expecting("xen_one", one, 8);
        image_function(image, 0)->expect.rsv = rsv;
        assert_refuses(image, -EINVAL,
                       "xen_one: the expectation's reserved bits are");
    }

    image = image_expecting("xen_nop", one, 7);
    assert_refuses(image, -ERANGE,
                   "xen_nop: it has 6 bytes, and 7 are expected");
    image = image_expecting("xen_nop", one, 6);
    assert_loads(image);
    image = image_expecting("xen_long", one, 31);
    assert_loads(image);

    /* Nobody looks at one that isn't enabled. */
    image = image_expecting("xen_nop", one, 31);
    image_function(image, 0)->expect.enabled = 0;
    image_function(image, 0)->expect.rsv = 3;
    assert_loads(image);
    assert_int_equal(expectations_met(&payload, false), 0);
}

static void test_met(void **state)
{
    unsigned int len;

    for ( len = 0; len <= 16; len++ )
    {
        assert_loads(image_expecting("xen_one", hosted_symbol("xen_one"),
                                     len));
        assert_int_equal(expectations_met(&payload, false), 0);
        assert_int_equal(expectations_met(&payload, true), 0);
        assert_string_equal(payload.why.text, "");
    }
}

/* Also the last byte counts, and the words have both. */
static void test_not_met(void **state)
{
    assert_loads(image_expecting("xen_nop", "\xb8\x06\x00\x00\x00\xc4", 6));
    assert_int_equal(expectations_met(&payload, false), -EINVAL);
    assert_int_equal(payload.why.rc, -EINVAL);
    assert_words(payload.why.text, "xen_nop at ");
    assert_words(payload.why.text,
                 "expected b806000000c4, found b806000000c3");
    assert_int_equal(expectations_met(&payload, true), -EINVAL);
    assert_words(payload.why.text, "found below all patches b806000000c3");
}

/* The longest that there can be is shown whole. */
static void test_long_words(void **state)
{
    struct image *image;
    char bytes[31], hex[63];
    unsigned int i;

    memset(bytes, 0xfe, sizeof(bytes));
    image = image_expecting("xen_long", bytes, 31);
    assert_loads(image);
    assert_int_equal(expectations_met(&payload, true), -EINVAL);
    memset(hex, 0, sizeof(hex));
    for ( i = 0; i < 31; i++ )
        memcpy(hex + 2 * i, "fe", 2);
    assert_words(payload.why.text, hex);
    memcpy(hex, "b80a000000", 10);
    for ( i = 5; i < 31; i++ )
        memcpy(hex + 2 * i, "90", 2);
    assert_words(payload.why.text, hex);
}

/* It isn't counted from behind an ENDBR64. */
static void test_endbr(void **state)
{
    assert_loads(image_expecting("xen_endbr", "\xf3\x0f\x1e\xfa\xb8", 5));
    assert_int_equal(expectations_met(&payload, false), 0);
}

/* Each of several; the words are about the one. */
static void test_several(void **state)
{
    struct image *image = image_expecting("xen_one", "\xb8", 1);

    image_add_function(image, "xen_two",
                       image_add_return(image, "new2", 2), 0);
    image_add_function(image, "xen_three",
                       image_add_return(image, "new3", 3), 0);
    image_expect(image, 2, "\xb9", 1);
    assert_loads(image);
    assert_int_equal(expectations_met(&payload, false), -EINVAL);
    assert_words(payload.why.text, "xen_three at ");
}

/* With a patch over it, the two ways of looking see different things. */
static void test_unpatched(void **state)
{
    assert_int_equal(op_upload_once("low", image_make(1, HOSTED_XEN_ID,
                                                      "xen_one", 7)), 0);
    assert_int_equal(op_apply("low"), 0);

    assert_loads(image_expecting("xen_one", "\xb8\x01", 2));
    assert_int_equal(expectations_met(&payload, true), 0);
    assert_int_equal(expectations_met(&payload, false), -EINVAL);
    assert_words(payload.why.text, "found e9");

    assert_loads(image_expecting("xen_one", "\xe9", 1));
    assert_int_equal(expectations_met(&payload, false), 0);
    assert_int_equal(expectations_met(&payload, true), -EINVAL);
    unload();
    assert_int_equal(op_revert("low"), 0);
}

/* As tools see it: the upload succeeds, and the action doesn't. */
static void test_actions(void **state)
{
    assert_int_equal(op_upload_once("q", image_expecting("xen_one", "\xde",
                                                         1)), 0);
    assert_int_equal(op_apply("q"), -EINVAL);
    assert_true(op_said("q", "expected de, found b8"));
    assert_int_equal(hosted_call("xen_one"), 1);
    assert_int_equal(op_replace("q"), -EINVAL);
    assert_int_equal(op_state("q"), LIVEPATCH_STATE_CHECKED);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        records_test(test_form),
        records_test(test_met),
        records_test(test_not_met),
        records_test(test_long_words),
        records_test(test_endbr),
        records_test(test_several),
        records_test(test_unpatched),
        records_test(test_actions),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
