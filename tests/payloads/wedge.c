/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * wedge: on a stock engine its first apply answers EBUSY and leaves rc at
 * -EAGAIN for ever, since the preapply hook makes the CPU maps look locked.
 */
#include "payload.h"

#include <xen/cpu.h>
#include <xen/rwlock.h>
#include <xen/timer.h>
#include <xen/xmalloc.h>

#define WEDGE_TIME MILLISECS(200)

#define wedge_lock ((rwlock_t *)ADDRESS_cpu_add_remove_lock)

static unsigned int wedge_attempts;

/*
 * The lock is "held" by a CPU that doesn't exist.  A timer calls Xen's own
 * function to release it, and is leaked on purpose: the payload may be
 * unloaded before it fires.
 */
static int cf_check wedge_preapply(livepatch_payload_t *payload)
{
    struct timer *release;

    if ( wedge_attempts++ )
        return 0;

    release = xzalloc(struct timer);
    if ( !release )
        return -ENOMEM;
    if ( atomic_cmpxchg(&wedge_lock->cnts, 0, _QW_LOCKED | _QW_CPUMASK) )
    {
        xfree(release);
        return -EDEADLK;
    }
    preempt_disable(); /* cpu_hotplug_done() enables it again */
    init_timer(release, (void (*)(void *))cpu_hotplug_done, NULL,
               smp_processor_id());
    set_timer(release, NOW() + WEDGE_TIME);
    printk(XENLOG_WARNING "wedge: CPU maps are locked for 200 ms\n");

    return 0;
}
LIVEPATCH_PREAPPLY_HOOK(wedge_preapply);

EXTRA_VERSION(wedge, "Wedged World");
