/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * hello: the plain case.  xl info shows xen_extra "Hello World".
 * Nothing in it is writable, so it can be applied again after a revert.
 */
#include "payload.h"

EXTRA_VERSION(hello, "Hello World");

MODINFO(hello,
        "description=xen_extra_version says Hello World\0"
        "fixes=XSA-182,CVE-2016-6258");
