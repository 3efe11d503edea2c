/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * hooks: load and unload hooks that count in .data and .bss and say so.
 * Writable data: a stock engine refuses to apply it again after a revert.
 */
#include "payload.h"

static unsigned int hooks_loads = 100;  /* .data: counts from 100 */
static unsigned int hooks_unloads;      /* .bss: counts from 0 */

static void cf_check hooks_on_load(void)
{
    printk(XENLOG_WARNING "hooks: load hook ran, count %u\n", ++hooks_loads);
}
LIVEPATCH_LOAD_HOOK(hooks_on_load);

static void cf_check hooks_on_unload(void)
{
    printk(XENLOG_WARNING
           "hooks: unload hook ran, count %u\n", ++hooks_unloads);
}
LIVEPATCH_UNLOAD_HOOK(hooks_on_unload);

EXTRA_VERSION(hooks, "Hooked World");
