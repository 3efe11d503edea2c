/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Tables: of any size, zeroed, aligned, and given back the right way. */
#include "loading.h"

#include <xen/mm.h>

#include "../../xen/common/livepatch/memory.h"

static void tables(void **state)
{
    static const size_t sizes[] = {
        0, 1, 15, 16, 17, PAGE_SIZE - 17, PAGE_SIZE - 16, PAGE_SIZE - 15,
        PAGE_SIZE, PAGE_SIZE + 1, 100 * PAGE_SIZE,
    };
    unsigned int i;
    size_t n;

    for ( i = 0; i < ARRAY_SIZE(sizes); i++ )
    {
        uint8_t *table = table_alloc(sizes[i], 1);

        assert_non_null(table);
        assert_int_equal((uintptr_t)table & 15, 0);
        for ( n = 0; n < sizes[i]; n++ )
            assert_int_equal(table[n], 0);
        memset(table, 0xff, sizes[i]);
        assert_int_equal(hosted_allocated, 1);
        table_free(table);
        assert_int_equal(hosted_allocated, 0);
    }
    table_free(NULL);
}

static void too_large(void **state)
{
    assert_null(table_alloc(~(size_t)0, 2));
    assert_null(table_alloc(2, ~(size_t)0));
    assert_null(table_alloc(~(size_t)0, 1));
    assert_null(table_alloc(1UL << 32, 1UL << 32));
    assert_null(table_alloc(INT_MAX, 1));
    assert_int_equal(hosted_allocated, 0);
}

static void no_memory(void **state)
{
    hosted_fail_allocation(1);
    assert_null(table_alloc(1, 1));
    hosted_fail_allocation(1);
    assert_null(table_alloc(PAGE_SIZE, 2));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        LOADING_TEST(tables),
        LOADING_TEST(too_large),
        LOADING_TEST(no_memory),
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
