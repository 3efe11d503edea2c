/* SPDX-License-Identifier: GPL-2.0-only */
/* Page permissions: of an image for good, of all text for a while. */
#include <xen/mm.h>
#include <xen/virtual_region.h>

#include <asm/flushtlb.h>
#include <asm/page.h>

#include "../../../common/livepatch/arch.h"
#include "permissions.h"

unsigned int permissions_tightened;

int arch_protect(const void *va, unsigned int pages, enum arch_permission p)
{
    unsigned long start = (unsigned long)va;

    return modify_xen_mappings(start, start + pages * PAGE_SIZE,
                               p == ARCH_RX ? PAGE_HYPERVISOR_RX :
                               p == ARCH_RW ? PAGE_HYPERVISOR_RW
                                            : PAGE_HYPERVISOR_RO);
}

/*
 * Permissions change, not CR0.WP: with shadow stacks enabled that bit can't be
 * cleared.  Relaxing matters to this CPU's TLB alone, as the others stand
 * still; after the tightening every CPU flushes its own, in arch_serialise().
 *
 * Tightening clears the dirty bits that writing has set: read-only and dirty
 * would make a page a shadow stack.
 */
void __unpatchable arch_relax(void)
{
    relax_virtual_region_perms();
    flush_local(FLUSH_TLB_GLOBAL);
}

void __unpatchable arch_tighten(void)
{
    tighten_virtual_region_perms();
    permissions_tightened++;
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
