/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * provider: has a function that the payload user calls, and none of its own
 * that would be patched.
 */
#include "payload.h"

const char *provider_text(void)
{
    return "Provided";
}

static void cf_check provider_on_load(void)
{
    printk(XENLOG_ERR "provider: ready\n");
}
LIVEPATCH_LOAD_HOOK(provider_on_load);
