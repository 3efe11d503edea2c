/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * false_revert: applied by the engine; its revert hook says that all is taken
 * back, and has left the jump where it was.
 */
#include "payload.h"

static int cf_check false_revert_revert(livepatch_payload_t *payload)
{
    payload->fstate[0].applied = LIVEPATCH_FUNC_NOT_APPLIED;
    return 0;
}
LIVEPATCH_REVERT_HOOK(false_revert_revert);

EXTRA_VERSION(false_revert, "False World");
