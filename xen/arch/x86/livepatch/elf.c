/* SPDX-License-Identifier: GPL-2.0-only */
/* Whether an ELF file is for this machine. */
#include <xen/errno.h>

#include "../../../common/livepatch/arch.h"
#include "../../../common/livepatch/reason.h"

int arch_elf_check(const Elf_Ehdr *header, struct livepatch_reason *why)
{
    if ( header->e_machine != EM_X86_64 )
        return refuse(why, -EOPNOTSUPP,
                      "ELF header: machine %u instead of x86-64 (%u)",
                      header->e_machine, EM_X86_64);

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
