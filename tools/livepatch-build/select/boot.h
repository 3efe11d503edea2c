/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Functions that run at boot or as a CPU is brought up, and never else: to
 * patch one has no effect on what runs.
 */
#ifndef LIVEPATCH_BUILD_BOOT_H
#define LIVEPATCH_BUILD_BOOT_H

#include "running/running.h"

struct boot;

struct boot *boot_new(const struct running *running);
void boot_free(struct boot *boot);

/* The function at this address; false if in doubt. */
bool boot_only(const struct boot *boot, uint64_t address);

#endif
