/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * apply_hook_fail: an apply hook that fails with EINVAL.  With REPLACE a stock
 * engine has reverted the whole stack by then, and leaves the host unpatched.
 */
#include "payload.h"

static int cf_check apply_hook_fail_apply(livepatch_payload_t *payload)
{
    printk(XENLOG_ERR "apply_hook_fail: apply hook ran, and fails\n");
    return -EINVAL;
}
LIVEPATCH_APPLY_HOOK(apply_hook_fail_apply);

EXTRA_VERSION(apply_hook_fail, "Failed World");
