/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What the payload slow and the guest stubborn agree on: vm_assist with this
 * type.  No assist has that number, so an unpatched Xen answers -EINVAL.
 */
#ifndef TESTS_SLOW_CALL_H
#define TESTS_SLOW_CALL_H

#define SLOW_CALL_TYPE          0x510ca11

/* What it answers when patched. */
#define SLOW_CALL_PAUSED        0   /* the vCPU was to be paused */
#define SLOW_CALL_GAVE_UP       1   /* nobody paused it in all that time */

#endif
