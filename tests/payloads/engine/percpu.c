/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * percpu: a new per-CPU variable counts how often each CPU was asked for
 * xen_extra, which tells the sum: "Call 1", "Call 2".
 */
#include "payload.h"

#include <xen/percpu.h>
#include <xen/smp.h>

#include <asm/system.h>

static DEFINE_PER_CPU(unsigned int, percpu_calls);

/* What makes room for it, which other engines don't have. */
extern int livepatch_percpu_load(void);
static const void *const percpu_needs __used = livepatch_percpu_load;

const char *percpu_extra_version(void)
{
    static char percpu_text[16];
    unsigned int cpu, sum = 0;

    /* Not in a crash, say. */
    if ( !local_irq_is_enabled() )
        return "Uncounted";

    this_cpu(percpu_calls)++;
    for_each_online_cpu ( cpu )
        sum += per_cpu(percpu_calls, cpu);
    snprintf(percpu_text, sizeof(percpu_text), "Call %u", sum);
    return percpu_text;
}
REPLACE_FUNCTION(percpu, xen_extra_version, percpu_extra_version);
