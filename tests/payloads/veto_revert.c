/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * veto_revert: applies; the first revert is vetoed with EPERM by a prerevert
 * hook, the second one passes.
 */
#include "payload.h"

static unsigned int veto_revert_attempts;

static int cf_check veto_revert_prerevert(livepatch_payload_t *payload)
{
    if ( veto_revert_attempts++ )
    {
        printk(XENLOG_WARNING "veto_revert: revert allowed\n");
        return 0;
    }
    printk(XENLOG_ERR "veto_revert: the first revert is always refused\n");
    return -EPERM;
}
LIVEPATCH_PREREVERT_HOOK(veto_revert_prerevert);

EXTRA_VERSION(veto_revert, "Stubborn World");
