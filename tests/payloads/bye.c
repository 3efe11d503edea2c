/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * bye: stacks on hello (it depends on hello's build-id): "Bye World!".
 * Replaces the same function, so a wrong order would show.
 */
#include "payload.h"

EXTRA_VERSION(bye, "Bye World!");

MODINFO(bye, "description=xen_extra_version says Bye World!\0"
             "fixes=XSA-191");
