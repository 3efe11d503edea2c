/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * third_bad: stacks on bye as third does, but expects other bytes than those
 * of xen_extra_version: uploaded, then refused when hello and bye are in place.
 */
#include "payload.h"

EXTRA_VERSION(third_bad, "Third, never seen",
              .expect = { .enabled = 1, .len = 4,
                          .data = { 0x0f, 0x0b, 0x0f, 0x0b } });
