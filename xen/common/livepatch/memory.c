/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Tables whose size an uploaded file decides: of pages that need not be next
 * to each other, as soon as there is more than one.
 */
#include <xen/mm.h>
#include <xen/vmap.h>
#include <xen/xmalloc.h>

#include "memory.h"

/* In front of each table: releases before 4.20 can't tell by the address. */
struct table {
    size_t bytes;
    char entries[] __attribute__((__aligned__(16)));
};

void *table_alloc(size_t n, size_t size)
{
    struct table *table;
    size_t bytes;

    if ( __builtin_mul_overflow(n, size, &bytes) ||
         __builtin_add_overflow(bytes, sizeof(*table), &bytes) ||
         bytes > INT_MAX )
        return NULL;

    table = bytes <= PAGE_SIZE ? _xzalloc(bytes, __alignof__(*table))
                               : vzalloc(bytes);
    if ( !table )
        return NULL;

    table->bytes = bytes;

    return table->entries;
}

void table_free(void *entries)
{
    struct table *table;

    if ( !entries )
        return;

    table = container_of(entries, struct table, entries);
    if ( table->bytes <= PAGE_SIZE )
        xfree(table);
    else
        vfree(table);
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
