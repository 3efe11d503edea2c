/* SPDX-License-Identifier: GPL-2.0-or-later */
/* uses_init: calls a function that is gone since the host booted. */
#include "payload.h"

const char *uses_init_extra_version(void)
{
    percpu_init_areas();
    return "Never seen";
}
REPLACE_FUNCTION(uses_init, xen_extra_version, uses_init_extra_version);
