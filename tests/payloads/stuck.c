/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * stuck: applies, and its revert hook then fails every time with EIO.
 * A host that has it can't be rolled back: only a reboot removes it.
 */
#include "payload.h"

static int cf_check stuck_revert(livepatch_payload_t *payload)
{
    printk(XENLOG_ERR "stuck: can't be reverted, a device still uses it\n");
    return -EIO;
}
LIVEPATCH_REVERT_HOOK(stuck_revert);

EXTRA_VERSION(stuck, "Stuck World");
