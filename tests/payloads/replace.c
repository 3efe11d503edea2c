/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * replace: made for REPLACE, to take the place of a whole stack.
 * Depends on the hypervisor alone: "Hello Again".
 */
#include "payload.h"

EXTRA_VERSION(replace, "Hello Again");

MODINFO(replace, "description=takes the place of hello and bye\0"
                 "fixes=XSA-182,CVE-2016-6258,XSA-191");
