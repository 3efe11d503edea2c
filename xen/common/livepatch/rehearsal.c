/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * An action on nothing: all that keeps one from being done, and nothing of
 * what is done.  It flies as any other does, so that no rule of the rendezvous
 * stands here a second time.
 */

#include <xen/errno.h>
#include <xen/livepatch_payload.h>

#include "flight.h"
#include "obstacles.h"
#include "patching.h"
#include "reason.h"
#include "rehearsal.h"

/* Neither loaded nor applied, with no function and no hook.  The name is for
 * words: "an action on all CPUs is in flight". */
static struct payload all_cpus = { .name = "all CPUs" };

const struct payload *rehearsal_last(void)
{
    return all_cpus.why.about ? &all_cpus : NULL;
}

int rehearsal_begin(uint32_t timeout)
{
    const struct payload *other = flight_payload();

    if ( other )
    {
        struct livepatch_reason why = {};

        return refuse_as(LIVEPATCH_REASON_IN_FLIGHT, &why, -EBUSY,
                         "REHEARSAL: an action on %s is in flight",
                         other->name);
    }

    all_cpus.why = (struct livepatch_reason){ .about = all_cpus.name };
    all_cpus.times = (struct livepatch_times){};
    all_cpus.rc = 0;
    obstacles_forget(&all_cpus);

    return flight_start(&all_cpus, PATCHING_REHEARSAL, timeout);
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
