/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * vCPUs that sleep inside the hypervisor.  What they had on the stack was
 * copied away, with addresses in text that they will return to.
 *
 * Such a vCPU is pinned to its CPU, from before the copy until it has gone on
 * from there: longer than it is in the queue, which it is taken from as soon
 * as it is woken.  One that has lost its pinning crashes instead of going on.
 */

#include <xen/sched.h>

#include "../../../common/livepatch/arch.h"

unsigned int __unpatchable arch_waiting(struct patching_waiting *waiting,
                                        unsigned int max)
{
    const struct domain *d;
    const struct vcpu *v;
    unsigned int n = 0;

    /* No lock: everybody else is stopped. */
    for_each_domain ( d )
    {
        /* Its vCPUs are paused, for good. */
        if ( d->is_dying )
            continue;

        for_each_vcpu ( d, v )
            if ( v->affinity_broken & VCPU_AFFINITY_WAIT )
            {
                if ( n < max )
                    waiting[n] = (struct patching_waiting){
                        .domid = d->domain_id,
                        .vcpu = v->vcpu_id,
                    };
                n++;
            }
    }

    return n;
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
