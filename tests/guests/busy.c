/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * busy: never sleeps, and makes one cheap hypercall after the other.  Its CPU
 * can be quiesced at any time all the same.
 */
#include "guest.h"

#include <public/version.h>

const char guest_name[] = "busy";

void guest_main(void)
{
    for ( ;; )
    {
        heartbeat();
        hypercall(__HYPERVISOR_xen_version, XENVER_version, 0, 0, 0);
    }
}
