/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * slow_cpu: a load hook that takes 200 ms, with every CPU stopped.
 * The apply succeeds, and the host stood still for that long.
 */
#include "payload.h"

#include <xen/time.h>

#include <asm/processor.h>

#define SLOW_CPU_TIME MILLISECS(200)

static void cf_check slow_cpu_on_load(void)
{
    s_time_t end = NOW() + SLOW_CPU_TIME;

    while ( NOW() < end )
        cpu_relax();
    printk(XENLOG_WARNING
           "slow_cpu: load hook kept the host standing for 200 ms\n");
}
LIVEPATCH_LOAD_HOOK(slow_cpu_on_load);

EXTRA_VERSION(slow_cpu, "Slow World");
