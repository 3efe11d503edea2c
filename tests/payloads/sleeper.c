/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * sleeper: an attempt to apply it puts the first guest's vCPU to sleep in a
 * waitqueue, and the next one wakes it.  Both fail with EPERM: it is never
 * applied, so that neither a replace nor a revert has to do with it.
 *
 * Nothing of this is the payload's own memory, which may be unloaded
 * meanwhile.
 */
#include "payload.h"

#include <xen/sched.h>
#include <xen/vm_event.h>
#include <xen/wait.h>
#include <xen/xmalloc.h>

/* How Xen's struct waitqueue_vcpu begins, which nobody else is shown. */
struct sleeper {
    struct list_head list;
    struct vcpu *vcpu;
};

static struct domain *sleeper_domain(void)
{
    struct domain *d;

    for_each_domain ( d )
        if ( d->domain_id && d->vcpu && d->vcpu[0] )
            return d;

    return NULL;
}

/* That of a guest which is watched, without anybody who watches. */
static struct waitqueue_head *sleeper_queue(struct domain *d)
{
    struct vm_event_domain *ved = d->vm_event_monitor;

    if ( !ved )
    {
        ved = xzalloc(struct vm_event_domain);
        if ( !ved )
            return NULL;
        init_waitqueue_head(&ved->wq);
        d->vm_event_monitor = ved;
    }

    return &ved->wq;
}

static int cf_check sleeper_preapply(livepatch_payload_t *payload)
{
    struct domain *d = sleeper_domain();
    struct waitqueue_head *queue = d ? sleeper_queue(d) : NULL;
    struct sleeper *sleeper;

    if ( !queue )
        return -ESRCH;

    if ( !list_empty(&queue->list) )
    {
        wake_up_nr(queue, UINT_MAX);
        printk(XENLOG_ERR "sleeper: d%dv0 is awake\n", d->domain_id);
        return -EPERM;
    }

    sleeper = xzalloc(struct sleeper);
    if ( !sleeper )
        return -ENOMEM;
    /* What wake_up_nr() undoes. */
    sleeper->vcpu = d->vcpu[0];
    vcpu_pause_nosync(sleeper->vcpu);
    get_knownalive_domain(d);
    list_add_tail(&sleeper->list, &queue->list);
    printk(XENLOG_ERR "sleeper: d%dv0 sleeps\n", d->domain_id);

    return -EPERM;
}
LIVEPATCH_PREAPPLY_HOOK(sleeper_preapply);
