/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * expect_bad: expects bytes that no function has (ud2, twice).
 * It uploads; applying it is refused with both byte strings on the console.
 */
#include "payload.h"

EXTRA_VERSION(expect_bad, "Never seen",
              .expect = { .enabled = 1, .len = 4,
                          .data = { 0x0f, 0x0b, 0x0f, 0x0b } });
