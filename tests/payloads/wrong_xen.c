/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * wrong_xen: built for a hypervisor with another build-id.
 * Refused at upload.
 */
#include "payload.h"

EXTRA_VERSION(wrong_xen, "Wrong Xen");
