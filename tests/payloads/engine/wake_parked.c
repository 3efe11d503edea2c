/* SPDX-License-Identifier: GPL-2.0-or-later */
/* wake_parked: when it is applied, each CPU that is offline gets an NMI. */
#include "payload.h"

#include <xen/cpumask.h>

#include <asm/apic.h>
#include <asm/smp.h>

static void cf_check wake_parked_load(void)
{
    unsigned int cpu;

    for_each_present_cpu ( cpu )
    {
        if ( cpu_online(cpu) )
            continue;

        apic_wait_icr_idle();
        apic_icr_write(APIC_DM_NMI | APIC_DEST_PHYSICAL,
                       x86_cpu_to_apicid[cpu]);
    }
}
LIVEPATCH_LOAD_HOOK(wake_parked_load);
