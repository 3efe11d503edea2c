/* SPDX-License-Identifier: GPL-2.0-only */
/* Asking CPUs by NMI where they are. */

#include <xen/percpu.h>
#include <xen/time.h>

#include <asm/apic.h>
#include <asm/nmi.h>
#include <asm/processor.h>
#include <asm/regs.h>
#include <asm/system.h>

#include "../../../common/livepatch/arch.h"
#include "../../../common/livepatch/sync.h"
#include "nmi.h"

struct whereabouts {
    bool asked;                 /* An NMI of ours is on its way. */
    uint32_t where;             /* LIVEPATCH_REPORT_WHERE_* */
    uint64_t ip;
};
static DEFINE_PER_CPU(struct whereabouts, whereabouts);

/*
 * An NMI of ours can't be told from another's.  But whichever comes first is
 * taken for ours, and the second one then looks for the other's causes.
 */
bool locate_answer(const struct cpu_user_regs *regs)
{
    struct whereabouts *mine = &this_cpu(whereabouts);

    if ( !load_acquire(&mine->asked) )
        return false;

    mine->ip = regs->rip;
    store_release(&mine->where, guest_mode(regs)
                                ? LIVEPATCH_REPORT_WHERE_GUEST
                                : LIVEPATCH_REPORT_WHERE_HYPERVISOR);
    store_release(&mine->asked, false);

    return true;
}

static void ask(unsigned int cpu)
{
    struct whereabouts *its = &per_cpu(whereabouts, cpu);

    /* An NMI that was sent earlier and that it couldn't take yet will do. */
    if ( load_acquire(&its->asked) )
        return;

    its->where = LIVEPATCH_REPORT_WHERE_UNKNOWN;
    store_release(&its->asked, true);
    nmi_send(cpu);
}

static bool has_answered(unsigned int cpu)
{
    return !load_acquire(&per_cpu(whereabouts, cpu).asked);
}

/*
 * Whose NMI came at the same moment as ours got one for both, and its causes
 * weren't looked for.  The watchdog's counter wouldn't start again without
 * that.  It finds no fault with an NMI too many, except if it was told to.
 */
static void make_up_for(unsigned int cpu)
{
    if ( nmi_watchdog != NMI_NONE && !watchdog_force )
        nmi_send(cpu);
}

void arch_locate(struct quiesce_straggler *stragglers, unsigned int n,
                 s_time_t timeout)
{
    s_time_t deadline = NOW() + timeout;
    unsigned int i;

    nmi_intercept();

    for ( i = 0; i < n; i++ )
        ask(stragglers[i].cpu);

    for ( i = 0; i < n; i++ )
    {
        const struct whereabouts *its = &per_cpu(whereabouts,
                                                 stragglers[i].cpu);

        while ( !has_answered(stragglers[i].cpu) && NOW() < deadline )
            cpu_relax();

        if ( !has_answered(stragglers[i].cpu) )
            continue;

        stragglers[i].where = its->where;
        stragglers[i].ip = its->ip;
        make_up_for(stragglers[i].cpu);
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
