/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * machine_check: replaces the handler of machine checks.  The new one only says
 * that it was called, and forgets what there was in bank 4.
 */
#include "payload.h"

#include <xen/smp.h>

#include <asm/msr.h>

#define MCG_STATUS      0x17a
#define BANK_4_STATUS   0x411

void cf_check machine_check_handler(const struct cpu_user_regs *regs)
{
    printk(XENLOG_WARNING "machine_check: the payload's handler on CPU %u\n",
           smp_processor_id());
    wrmsrl(BANK_4_STATUS, 0);
    wrmsrl(MCG_STATUS, 0);
}
REPLACE_FUNCTION(machine_check, mcheck_cmn_handler, machine_check_handler);
