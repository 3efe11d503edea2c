/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * wrong_depends: the right hypervisor, but stacks on a payload that nobody has.
 * Uploads; refused when it is applied.
 */
#include "payload.h"

EXTRA_VERSION(wrong_depends, "Wrong stack");
