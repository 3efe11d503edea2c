/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Writing text.  It is written by another address, where its pages are mapped
 * writable and not executable for the time of the action; the mapping that it
 * runs by stays as it is.
 */

#include <xen/errno.h>
#include <xen/lib.h>
#include <xen/mm.h>
#include <xen/percpu.h>
#include <xen/pfn.h>
#include <xen/string.h>
#include <xen/vmap.h>

#include <asm/cpufeature.h>
#include <asm/flushtlb.h>
#include <asm/processor.h>
#include <asm/system.h>

#include "../../../common/livepatch/arch.h"
#include "permissions.h"

#define BLOCK 16

static unsigned long first_page(const struct arch_site *site)
{
    return PFN_DOWN((unsigned long)site->text);
}

static unsigned long last_page(const struct arch_site *site)
{
    return PFN_DOWN((unsigned long)site->text + site->size - 1);
}

/* For one that lies within a page, or in two. */
int arch_site_map(struct arch_site *site, void *text, unsigned int size,
                  const struct arch_site *other)
{
    mfn_t mfn[2];
    unsigned int n = 1;

    *site = (struct arch_site){ .text = text, .size = size };

    if ( !size )
        return 0;

    /* Every mapping that goes costs a flush of every CPU's TLB. */
    if ( other && first_page(site) >= first_page(other) &&
         last_page(site) <= last_page(other) )
    {
        site->alias = other->alias + (text - other->text);
        return 0;
    }

    mfn[0] = vmap_to_mfn(text);
    if ( first_page(site) != last_page(site) )
        mfn[n++] = vmap_to_mfn(text + size - 1);

    if ( mfn_eq(mfn[0], INVALID_MFN) || mfn_eq(mfn[n - 1], INVALID_MFN) )
        return -EFAULT;

    site->mapping = vmap(mfn, n);
    if ( !site->mapping )
        return -ENOMEM;

    site->alias = site->mapping + PAGE_OFFSET(text);

    return 0;
}

void arch_site_unmap(struct arch_site *site)
{
    if ( site->mapping )
        vunmap(site->mapping);

    site->mapping = site->alias = NULL;
}

union block {
    __uint128_t whole;
    uint64_t half[2];
    uint8_t bytes[BLOCK];
};

/*
 * In one piece, so that who executes there meanwhile (an NMI or machine check
 * handler) finds the old instruction or the new one.  Nobody else writes, but
 * the exchange only succeeds if that is true.  The first 64-bit processors
 * can't do this: there an aligned half changes in one piece.
 */
static void __unpatchable write_block(union block *block,
                                      const union block *new)
{
    union block old;
    unsigned int i;

    if ( cpu_has_cx16 )
    {
        do {
            old = *block;
        } while ( cmpxchg16b(block, &old.whole, &new->whole) != old.whole );
        return;
    }

    for ( i = 0; i < ARRAY_SIZE(new->half); i++ )
        if ( block->half[i] != new->half[i] )
            write_atomic(&block->half[i], new->half[i]);
}

void __unpatchable arch_site_write(const struct arch_site *site,
                                   const void *bytes)
{
    const uint8_t *from = bytes;
    unsigned int done, n, i;

    for ( done = 0; done < site->size; done += n )
    {
        unsigned long addr = (unsigned long)site->alias + done;
        union block *block = (void *)(addr & -BLOCK), new = *block;
        unsigned int offset = addr % BLOCK;

        /* Without a call: it could be memcpy() that was just written. */
        n = min(site->size - done, BLOCK - offset);
        for ( i = 0; i < n; i++ )
            ACCESS_ONCE(new.bytes[offset + i]) = from[done + i];
        write_block(block, &new);
    }
}

static DEFINE_PER_CPU(unsigned int, flushed_for);

/*
 * The text was written by another address than it is fetched by, which
 * processors needn't notice in what they have fetched already.  So even who
 * has written it has to execute a serialising instruction.  Of these, a write
 * of CR4 that changes nothing needs no intercept by a hypervisor below, as
 * CPUID does, nor a stack frame, as IRET does, which shadow stacks forbid to
 * make up.
 *
 * If text was writable for a while, this CPU may have fetched from it then,
 * and the TLB may remember the permission.  What flushes it may have been
 * patched itself, and so comes second.
 */
void __unpatchable arch_serialise(void)
{
    write_cr4(read_cr4());

    if ( this_cpu(flushed_for) != permissions_tightened )
    {
        this_cpu(flushed_for) = permissions_tightened;
        flush_local(FLUSH_TLB_GLOBAL);
    }
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
