/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * veto: a preapply hook that says no with EPERM, and why.
 * Nothing must be changed by the attempt.
 */
#include "payload.h"

static int cf_check veto_preapply(livepatch_payload_t *payload)
{
    printk(XENLOG_ERR "veto: this host must not be patched, its owner says\n");
    return -EPERM;
}
LIVEPATCH_PREAPPLY_HOOK(veto_preapply);

EXTRA_VERSION(veto, "Vetoed World");
