/* SPDX-License-Identifier: GPL-2.0-or-later */
/* idle: sleeps, but for one heartbeat a second. */
#include "guest.h"

const char guest_name[] = "idle";

void guest_main(void)
{
    for ( ;; )
    {
        heartbeat();
        sleep_until(now() + SECOND);
    }
}
