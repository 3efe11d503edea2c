/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * late: while it is applied, an action that was asked for doesn't begin as
 * long as a guest is paused, so that there is time to see what Xen answers
 * meanwhile.  It takes the place of the function by which a CPU learns that
 * there is something to do.
 */
#include "payload.h"

#include <xen/percpu.h>
#include <xen/sched.h>
#include <xen/smp.h>
#include <xen/tasklet.h>
#include <xen/timer.h>

#include <asm/atomic.h>

#define LATE_TIME MILLISECS(10)

#define LATE_PER_CPU(address, type) \
    ((type *)((address) + __per_cpu_offset[smp_processor_id()]))

static struct timer late_timer;
static atomic_t late_calls;

static bool late_is_held(void)
{
    struct domain *d;
    bool held = false;

    rcu_read_lock(&domlist_read_lock);
    for_each_domain ( d )
        held |= d->controller_pause_count;
    rcu_read_unlock(&domlist_read_lock);

    return held;
}

static void cf_check late_look(void *unused)
{
    if ( late_is_held() )
        set_timer(&late_timer, NOW() + LATE_TIME);
    else
        tasklet_schedule_on_cpu(
            LATE_PER_CPU(ADDRESS_per_cpu__livepatch_tasklet, struct tasklet),
            smp_processor_id());
}

/* The CPU that was asked comes twice, then it calls the others. */
void cf_check late_begin(void *unused)
{
    unsigned int calls = atomic_add_return(1, &late_calls);

    if ( calls == 1 )
    {
        init_timer(&late_timer, late_look, NULL, smp_processor_id());
        set_timer(&late_timer, NOW());
        return;
    }
    if ( calls == 2 )
        kill_timer(&late_timer);
    if ( calls == num_online_cpus() + 1 )
        atomic_set(&late_calls, 0);
    *LATE_PER_CPU(ADDRESS_per_cpu__work_to_do, bool_t) = 1;
}
REPLACE_FUNCTION(late, tasklet_fn, late_begin,
                 .old_addr = (void *)ADDRESS_tasklet_fn);
