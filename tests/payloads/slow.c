/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * slow: vm_assist with a type of our own stays in the hypervisor until the
 * caller's domain or vCPU is paused, so that its CPU can't be quiesced before.
 */
#include "payload.h"
#include "slow_call.h"

#include <xen/sched.h>
#include <xen/softirq.h>
#include <xen/time.h>

#include <asm/processor.h>

/* Long enough for any test; no host is lost to a forgotten guest. */
#define SLOW_LIMIT SECONDS(120)

/*
 * No lock is held and interrupts are on.  Softirqs but the scheduler's are
 * served, as Xen's own long operations do, since unloading a payload waits for
 * an RCU barrier on every CPU.  The rendezvous needs the idle vCPU and waits
 * for the scheduler, until the way back into the guest.
 */
static long slow_stay(const struct vcpu *v)
{
    s_time_t limit = NOW() + SLOW_LIMIT;

    while ( vcpu_runnable(v) )
    {
        if ( NOW() > limit )
            return SLOW_CALL_GAVE_UP;
        process_pending_softirqs();
        cpu_relax();
    }

    return SLOW_CALL_PAUSED;
}

/* For every other type, what Xen's own does. */
long slow_vm_assist(unsigned int cmd, unsigned int type)
{
    struct domain *d = current->domain;
    const unsigned long known = arch_vm_assist_valid_mask(d);

    if ( type == SLOW_CALL_TYPE )
        return slow_stay(current);

    if ( type >= BITS_PER_LONG || !(known & (1UL << type)) )
        return -EINVAL;

    if ( cmd == VMASST_CMD_enable )
        set_bit(type, &d->vm_assist);
    else if ( cmd == VMASST_CMD_disable )
        clear_bit(type, &d->vm_assist);
    else
        return -ENOSYS;

    return 0;
}
REPLACE_FUNCTION(slow, do_vm_assist, slow_vm_assist);

MODINFO(slow, "description=lets a guest keep its CPU in the hypervisor");
