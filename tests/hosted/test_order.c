/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Sorting by numbers. */
#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <cmocka.h>

#include <xen/lib.h>

#include "hosted.h"

#include "../../xen/common/livepatch/order.h"

#define MOST 3000

static struct order entries[MOST], spare[MOST];

/* Equal keys are in the order of their indices, which they began with. */
static void check(unsigned int n, uint64_t mask)
{
    unsigned int seed = n, i;
    uint64_t sum = 0;

    for ( i = 0; i < n; i++ )
    {
        uint64_t key = ((uint64_t)rand_r(&seed) << 40) ^
                       ((uint64_t)rand_r(&seed) << 20) ^ rand_r(&seed);

        entries[i] = (struct order){ (key & mask) | 0xffff000000000000UL, i };
        sum += entries[i].key;
    }

    order_by_key(entries, spare, n);
    for ( i = 0; i < n; i++ )
    {
        sum -= entries[i].key;
        assert_true(!i || entries[i - 1].key < entries[i].key ||
                    (entries[i - 1].key == entries[i].key &&
                     entries[i - 1].index < entries[i].index));
    }
    assert_int_equal(sum, 0);
}

static void in_order(void **state)
{
    static const uint64_t masks[] = {
        0, 1, 0xff, 0xff00, 0xffff, 0xffffff, 0xf0f0f0, 0xffffffff00,
        0xffffffffffff, ~0UL,
    };
    static const unsigned int counts[] = {
        0, 1, 2, 3, 23, 24, 25, 255, 256, 257, MOST,
    };

    for ( unsigned int i = 0; i < ARRAY_SIZE(masks); i++ )
        for ( unsigned int j = 0; j < ARRAY_SIZE(counts); j++ )
            check(counts[j], masks[i]);
}

int main(void)
{
    static const struct CMUnitTest tests[] = {
        cmocka_unit_test(in_order),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
