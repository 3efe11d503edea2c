/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * half_revert: hooks in the engine's place, which write no code.  The revert
 * hook takes the first of two functions back and says that it could not do
 * more, the first time.  From then on it takes back all of them.
 */
#include "payload.h"

static bool half_revert_again;

static int cf_check half_revert_apply(livepatch_payload_t *payload)
{
    unsigned int i;

    for ( i = 0; i < payload->nfuncs; i++ )
        payload->fstate[i].applied = LIVEPATCH_FUNC_APPLIED;
    return 0;
}
LIVEPATCH_APPLY_HOOK(half_revert_apply);

static int cf_check half_revert_revert(livepatch_payload_t *payload)
{
    unsigned int i, n = half_revert_again ? payload->nfuncs : 1;

    for ( i = 0; i < n; i++ )
        payload->fstate[i].applied = LIVEPATCH_FUNC_NOT_APPLIED;
    if ( half_revert_again )
        return 0;
    half_revert_again = true;
    return -EIO;
}
LIVEPATCH_REVERT_HOOK(half_revert_revert);

EXTRA_VERSION(half_revert, "Never seen");

unsigned int half_revert_minor_version(void)
{
    return 42;
}
REPLACE_FUNCTION(half_revert, xen_minor_version, half_revert_minor_version);
