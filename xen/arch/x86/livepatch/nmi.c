/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * NMIs while all CPUs are stopped: noted, and sent again afterwards.
 *
 * An NMI says nothing but that there was one; its causes are found by looking
 * for them, and they stay until somebody has.  SERR and IOCHK stay set in port
 * 0x61 until their enable bits are toggled.  The watchdog's counter isn't
 * loaded again before the handler has seen that it ran over; Intel's masks
 * itself in the APIC until then.  So one NMI later does for all of one CPU's
 * that there were: just as the processor itself remembers one, not how many.
 *
 * Xen has place for one NMI callback, and whoever sets it reads it first and
 * writes it then: two at once may both be told of the same old one, and one of
 * theirs is lost.  A crash may need the place at any time, so ours is set when
 * nobody else can want it, at boot, and never again.  When there is nothing to
 * do for it, it passes on all NMIs.
 */

#include <xen/cpumask.h>
#include <xen/init.h>
#include <xen/percpu.h>
#include <xen/smp.h>

#include <asm/apic.h>
#include <asm/nmi.h>
#include <asm/system.h>

#include "../../../common/livepatch/arch.h"
#include "../../../common/livepatch/sync.h"
#include "nmi.h"

static bool holding;
static DEFINE_PER_CPU(bool, noted);

/* Of those that see a note, exactly one gets it. */
static bool __unpatchable take_note(unsigned int cpu)
{
    return xchg(&per_cpu(noted, cpu), false);
}

/*
 * Whether the NMI was left for later.  arch_nmi_release() stops the holding
 * and then looks for notes; here it is the other way round, with a barrier
 * between in both.  So if it missed the note, the second look here finds that
 * there is nothing to wait for any more.
 */
static bool __unpatchable note(unsigned int cpu)
{
    if ( !load_acquire(&holding) )
        return false;

    (void)xchg(&per_cpu(noted, cpu), true);

    return load_acquire(&holding) || !take_note(cpu);
}

static int cf_check __unpatchable intercept(const struct cpu_user_regs *regs,
                                            int cpu)
{
    return locate_answer(regs) || note(cpu);
}

void __init nmi_intercept(void)
{
    set_nmi_callback(intercept);
}

void __unpatchable nmi_send(unsigned int cpu)
{
    if ( cpu == smp_processor_id() )
        self_nmi();
    else
        send_IPI_mask(cpumask_of(cpu), APIC_DM_NMI);
}

void __unpatchable arch_nmi_hold(void)
{
    store_release(&holding, true);
}

void __unpatchable arch_nmi_release(void)
{
    unsigned int cpu;

    (void)xchg(&holding, false);

    for_each_online_cpu ( cpu )
        if ( take_note(cpu) )
            nmi_send(cpu);
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
