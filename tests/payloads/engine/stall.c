/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * stall: an apply hook that takes 1.5 s with every CPU stopped, and writes no
 * code: xen_extra stays as it is.
 */
#include "payload.h"

#include <xen/time.h>

#include <asm/processor.h>

#define STALL_TIME MILLISECS(1500)

static int cf_check stall_apply(livepatch_payload_t *payload)
{
    s_time_t end = NOW() + STALL_TIME;
    unsigned int i;

    while ( NOW() < end )
        cpu_relax();
    for ( i = 0; i < payload->nfuncs; i++ )
        payload->fstate[i].applied = LIVEPATCH_FUNC_APPLIED;
    return 0;
}
LIVEPATCH_APPLY_HOOK(stall_apply);

static int cf_check stall_revert(livepatch_payload_t *payload)
{
    unsigned int i;

    for ( i = 0; i < payload->nfuncs; i++ )
        payload->fstate[i].applied = LIVEPATCH_FUNC_NOT_APPLIED;
    return 0;
}
LIVEPATCH_REVERT_HOOK(stall_revert);

EXTRA_VERSION(stall, "Never seen");
