/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Radix sort, byte by byte from the lowest, where there are differences; by
 * insertion, if there are few.
 */
#include <xen/lib.h>
#include <xen/string.h>

#include "order.h"

#define VALUES 256

/* For so few, counting digits is not worth it. */
#define FEW 24

static void order_few(struct order *entries, unsigned int n)
{
    unsigned int i, j;

    for ( i = 1; i < n; i++ )
    {
        struct order entry = entries[i];

        for ( j = i; j && entries[j - 1].key > entry.key; j-- )
            entries[j] = entries[j - 1];
        entries[j] = entry;
    }
}

static unsigned int digit(const struct order *entry, unsigned int shift)
{
    return (entry->key >> shift) % VALUES;
}

static void order_by_digit(const struct order *from, struct order *to,
                           unsigned int n, unsigned int shift)
{
    unsigned int i, start = 0, starts[VALUES] = {};

    for ( i = 0; i < n; i++ )
        starts[digit(&from[i], shift)]++;

    for ( i = 0; i < VALUES; i++ )
    {
        unsigned int count = starts[i];

        starts[i] = start;
        start += count;
    }

    for ( i = 0; i < n; i++ )
        to[starts[digit(&from[i], shift)]++] = from[i];
}

void order_by_key(struct order *entries, struct order *spare, unsigned int n)
{
    struct order *from = entries, *to = spare, *swapped;
    uint64_t different = 0;
    unsigned int i, shift;

    if ( n <= FEW )
    {
        order_few(entries, n);
        return;
    }

    for ( i = 1; i < n; i++ )
        different |= entries[i].key ^ entries[0].key;

    for ( shift = 0; shift < 64 && different >> shift; shift += 8 )
    {
        if ( !((different >> shift) % VALUES) )
            continue;

        order_by_digit(from, to, n, shift);
        swapped = from;
        from = to;
        to = swapped;
    }

    if ( from != entries )
        memcpy(entries, from, n * sizeof(*entries));
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
