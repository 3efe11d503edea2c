/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * patches_engine: replaces a function of the engine, on whose stack a CPU
 * stands while it would be written.
 */
#include "payload.h"

void patches_engine_check(void)
{
}
REPLACE_FUNCTION(patches_engine, check_for_livepatch_work,
                 patches_engine_check);
