/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * stubborn: makes the hypercall that the payload slow slows down, over and
 * over.  While slow is applied its vCPU leaves the hypervisor only to be paused.
 */
#include "guest.h"

#include "../payloads/slow_call.h"

const char guest_name[] = "stubborn";

void guest_main(void)
{
    uint64_t start, held;
    long answer;

    for ( ;; )
    {
        heartbeat();
        start = now();
        answer = hypercall(__HYPERVISOR_vm_assist, 0, SLOW_CALL_TYPE, 0, 0);
        held = now() - start;
        if ( answer == SLOW_CALL_PAUSED || answer == SLOW_CALL_GAVE_UP )
            say("held %u ms, %s", held / MS,
                answer == SLOW_CALL_PAUSED ? "until paused" : "gave up");
        else
            sleep_until(now() + 10 * MS); /* slow isn't applied */
    }
}
