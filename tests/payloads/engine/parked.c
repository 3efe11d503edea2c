/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * parked: what CPUs idle in that are offline.  xen_extra_version tells how often
 * one of them has come there.
 */
#include "payload.h"

#include <asm/system.h>

static unsigned int parked_count;
static char parked_text[16];

/* On a CPU that has nothing of its own any more, not even per-CPU data. */
void cf_check parked_dead_idle(void)
{
    asm volatile ( "lock incl %0" : "+m" (parked_count) );
    wbinvd();
    halt();
}
REPLACE_FUNCTION(parked, default_dead_idle, parked_dead_idle);

const char *parked_extra_version(void)
{
    snprintf(parked_text, sizeof(parked_text), "Parked %u", parked_count);
    return parked_text;
}
REPLACE_FUNCTION(parked, xen_extra_version, parked_extra_version);
