/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What lies at addresses that a file gives. */
#include "records.h"

#include "addresses.h"

extern char __init_begin[], __init_end[];

static void test_hypervisor(void **state)
{
    assert_true(is_hypervisor(_start, 1));
    assert_true(is_hypervisor(hosted_symbol("xen_variable"), 8));
    assert_true(is_hypervisor(_end - 8, 8));
    assert_false(is_hypervisor(_end - 8, 9));
    assert_false(is_hypervisor(_end, 1));
    assert_false(is_hypervisor(_start - 1, 1));
    assert_false(is_hypervisor(_start - 1, 2));
    assert_false(is_hypervisor(NULL, 1));
    assert_false(is_hypervisor((void *)-1UL, 1));
    assert_false(is_hypervisor((void *)-4UL, 8));

    /* Without what was freed after boot: not a byte of it. */
    assert_true(is_hypervisor(__init_begin - 8, 8));
    assert_false(is_hypervisor(__init_begin - 8, 9));
    assert_false(is_hypervisor(__init_begin, 1));
    assert_false(is_hypervisor(__init_end - 1, 1));
    assert_false(is_hypervisor(__init_end - 1, 2));
    assert_true(is_hypervisor(__init_end, 1));
}

static void test_image(void **state)
{
    struct image *image = image_new();
    const struct livepatch_span *spans[3];
    unsigned int i;

    image_add_section(image, ".data", SHT_PROGBITS, SHF_ALLOC | SHF_WRITE,
                      "abc", 4);
    assert_loads(image);
    spans[0] = &payload.image.text;
    spans[1] = &payload.image.rw;
    spans[2] = &payload.image.ro;
    for ( i = 0; i < 3; i++ )
    {
        void *start = spans[i]->addr, *end = start + spans[i]->size;

        assert_true(is_image(&payload.image, start, spans[i]->size));
        assert_true(is_image(&payload.image, end - 1, 1));
        assert_false(is_image(&payload.image, start, spans[i]->size + 1));
        assert_false(is_image(&payload.image, end, 1));
        assert_false(is_image(&payload.image, start - 1, 2));
    }
    assert_false(is_image(&payload.image, NULL, 1));
    assert_false(is_image(&payload.image, (void *)-1UL, 2));

    assert_true(is_image_string(&payload.image, payload.image.rw.addr));
    assert_true(is_image_string(&payload.image, payload.image.rw.addr + 3));
    assert_false(is_image_string(&payload.image, payload.image.rw.addr + 4));
    assert_false(is_image_string(&payload.image, NULL));
    assert_false(is_image_string(&payload.image, (char *)-1UL));
}

static void test_code(void **state)
{
    struct payload *low;

    assert_int_equal(op_upload_once("low", image_make(1, HOSTED_XEN_ID,
                                                      "xen_two", 1)), 0);
    low = payloads_find("low");
    assert_loads(image_new());
    assert_true(is_code(&payload, hosted_symbol("xen_one")));
    assert_true(is_code(&payload, payload.image.text.addr));
    assert_true(is_code(&payload, low->image.text.addr));
    assert_false(is_code(&payload, low->image.ro.addr));
    assert_false(is_code(&payload, low->image.text.addr +
                                   low->image.text.size));
    assert_false(is_code(&payload, payload.image.ro.addr));
    assert_false(is_code(&payload, hosted_symbol("xen_variable")));
    assert_false(is_code(&payload, hosted_symbol("xen_init_function")));
    assert_false(is_code(&payload, NULL));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        records_test(test_hypervisor),
        records_test(test_image),
        records_test(test_code),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
