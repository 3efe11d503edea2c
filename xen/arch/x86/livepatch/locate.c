/* SPDX-License-Identifier: GPL-2.0-only */
/* Asking CPUs by NMI where they are. */

#include <xen/compiler.h>
#include <xen/kernel.h>
#include <xen/percpu.h>
#include <xen/smp.h>
#include <xen/string.h>
#include <xen/time.h>

#include <asm/apic.h>
#include <asm/cpufeature.h>
#include <asm/nmi.h>
#include <asm/processor.h>
#include <asm/regs.h>
#include <asm/system.h>

#include "../../../common/livepatch/arch.h"
#include "../../../common/livepatch/sync.h"
#include "nmi.h"

enum request {
    NONE,
    ASKED,                      /* An NMI of ours is on its way. */
    GIVEN_UP,                   /* It still is; nobody waits for the answer. */
};

struct whereabouts {
    enum request request;
    uint32_t where;             /* LIVEPATCH_REPORT_WHERE_* */
    uint64_t ip;
    bool owes;                  /* Itself, an NMI: see arch_settle(). */
};
static DEFINE_PER_CPU(struct whereabouts, whereabouts);

/*
 * AMD's processors leave the guest when an NMI comes, and take it when STGI
 * lets them.  There is one STGI in Xen: behind the exit from a guest.
 */
static bool __unpatchable behind_stgi(const struct cpu_user_regs *regs)
{
    static const uint8_t stgi[] = { 0x0f, 0x01, 0xdc };
    const void *before = (const void *)regs->rip - sizeof(stgi);

    return cpu_has_svm && is_kernel_text(before) &&
           !memcmp(before, stgi, sizeof(stgi));
}

/*
 * An NMI of ours can't be told from another's.  But whichever comes first is
 * taken for ours, and the second one then looks for the other's causes.
 */
bool __unpatchable locate_answer(const struct cpu_user_regs *regs)
{
    struct whereabouts *mine = &this_cpu(whereabouts);

    if ( load_acquire(&mine->request) == NONE )
        return false;

    if ( guest_mode(regs) || behind_stgi(regs) )
    {
        mine->where = LIVEPATCH_REPORT_WHERE_GUEST;
        mine->ip = guest_mode(regs) ? regs->rip : 0;
    }
    else
    {
        mine->where = LIVEPATCH_REPORT_WHERE_HYPERVISOR;
        mine->ip = regs->rip;
    }

    if ( xchg(&mine->request, NONE) == GIVEN_UP )
        mine->owes = true;

    return true;
}

static void ask(unsigned int cpu)
{
    struct whereabouts *its = &per_cpu(whereabouts, cpu);

    /* An NMI that was sent earlier and that it couldn't take yet will do. */
    if ( claim(&its->request, GIVEN_UP, ASKED) )
        return;

    if ( claim(&its->request, NONE, ASKED) )
        nmi_send(cpu);
}

/* Whether it has answered by now; if not, it need not any more. */
static bool has_answered(struct whereabouts *its)
{
    return !claim(&its->request, ASKED, GIVEN_UP);
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

/*
 * Not within the NMI, as that may have come while another IPI was being sent,
 * of which it would change the destination.
 */
void arch_settle(void)
{
    if ( unlikely(this_cpu(whereabouts).owes) )
    {
        this_cpu(whereabouts).owes = false;
        make_up_for(smp_processor_id());
    }
}

void arch_locate(struct quiesce_straggler *stragglers, unsigned int n,
                 s_time_t timeout)
{
    s_time_t deadline = NOW() + timeout;
    unsigned int i;

    for ( i = 0; i < n; i++ )
        ask(stragglers[i].cpu);

    for ( i = 0; i < n; i++ )
    {
        struct whereabouts *its = &per_cpu(whereabouts, stragglers[i].cpu);

        while ( load_acquire(&its->request) == ASKED && NOW() < deadline )
            cpu_relax();

        if ( !has_answered(its) )
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
