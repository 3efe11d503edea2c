/* SPDX-License-Identifier: GPL-2.0-or-later */
/* patches_init: replaces a function that is gone since the host booted. */
#include "payload.h"

void patches_init_percpu(void)
{
}
REPLACE_FUNCTION(patches_init, percpu_init_areas, patches_init_percpu);
