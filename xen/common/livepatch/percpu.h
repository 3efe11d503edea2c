/* SPDX-License-Identifier: GPL-2.0-only */
/* New per-CPU variables of payloads. */
#ifndef LIVEPATCH_PERCPU_H
#define LIVEPATCH_PERCPU_H

#include <xen/livepatch_payload.h>

#include "elf.h"

/*
 * Gives each section .bss.percpu its place in the CPUs' areas, as section->
 * loaded: its address in what is linked, as per_cpu() takes it.  It reads as
 * zero on each CPU.
 */
int livepatch_percpu_load(struct elf_view *elf, struct payload *payload);

/* All zero again.  None of the CPUs can go offline meanwhile, as that would
 * need the caller's to stop. */
void percpu_clear(const struct payload *payload);

/* A second time does nothing. */
void percpu_free(struct payload *payload);

#endif /* LIVEPATCH_PERCPU_H */
