/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * half_apply: an apply hook that says that it has done its work, and has done
 * half of it: the first of two functions.
 */
#include "payload.h"

static int cf_check half_apply_apply(livepatch_payload_t *payload)
{
    payload->fstate[0].applied = LIVEPATCH_FUNC_APPLIED;
    return 0;
}
LIVEPATCH_APPLY_HOOK(half_apply_apply);

EXTRA_VERSION(half_apply, "Half a World");

unsigned int half_apply_minor_version(void)
{
    return 42;
}
REPLACE_FUNCTION(half_apply, xen_minor_version, half_apply_minor_version);
