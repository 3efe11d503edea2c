/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * expect_ok: expects the first bytes of xen_extra_version as they are.
 * It applies on an unpatched host, and not over another payload's jump.
 */
#include "payload.h"

EXTRA_VERSION(expect_ok, "As expected",
              .expect = { .enabled = 1, .len = COUNT_xen_extra_version,
                          .data = { BYTES_xen_extra_version } });
