/* SPDX-License-Identifier: GPL-2.0-only */
/* At boot: the address space for images, and the place for NMIs. */
#include <xen/init.h>
#include <xen/mm.h>
#include <xen/vmap.h>

#include <asm/fixmap.h>
#include <asm/setup.h>

#include "../../../common/livepatch/arch.h"
#include "nmi.h"

/*
 * It begins behind the hypervisor and ends before the CPUs' stubs and the
 * executable fixmap: in the hypervisor's own gigabyte, so that 32 bits are
 * enough for displacements between the two.
 */
void __init arch_livepatch_init(void)
{
    void *start = __2M_rwdata_end;
    void *end = (void *)(XEN_VIRT_END - FIXADDR_X_SIZE -
                         NR_CPUS * PAGE_SIZE);

    BUG_ON(end <= start);
    vm_init_type(VMAP_XEN, start, end);
    nmi_intercept();
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
