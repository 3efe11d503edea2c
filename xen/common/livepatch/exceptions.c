/* SPDX-License-Identifier: GPL-2.0-only */
/* .ex_table: instructions that may fault, and where to go on then. */

#include <xen/errno.h>
#include <xen/lib.h>

#include <asm/uaccess.h>

#include "addresses.h"
#include "compat.h"
#include "layout.h"
#include "reason.h"
#include "tables.h"

/* Both fields are counted from their own address. */
static const void *target(const int32_t *field)
{
    return (const void *)((unsigned long)field + *field);
}

static int check_entry(const struct elf_view *elf,
                       const struct livepatch_span *text,
                       const struct exception_table_entry *entry, size_t i)
{
    if ( !span_holds(text, target(&entry->addr), 1) )
        return refuse(elf->why, -EINVAL,
                      "section .ex_table, entry %zu: the instruction at %p is "
                      "not in the payload's code",
                      i, target(&entry->addr));

    if ( !span_holds(text, target(&entry->cont), 1) )
        return refuse(elf->why, -EINVAL,
                      "section .ex_table, entry %zu: %p, where to go on, is "
                      "not in the payload's code",
                      i, target(&entry->cont));

    return 0;
}

int exceptions_load(struct elf_view *elf, struct payload *payload)
{
    struct exception_table_entry *entries;
    void *records;
    size_t i, n;
    int rc = records_find(elf, ".ex_table", sizeof(*entries), &records, &n);

    entries = records;

    for ( i = 0; !rc && i < n; i++ )
        rc = check_entry(elf, &payload->image.text, &entries[i], i);

    if ( rc || !n )
        return rc;

    sort_exception_table(entries, entries + n);
    payload->region.ex = entries;
    payload->region.ex_end = entries + n;

    return 0;
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
