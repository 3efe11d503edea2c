/* SPDX-License-Identifier: GPL-2.0-only */
/* Symbols: what a payload needs, and what it offers to others. */
#ifndef LIVEPATCH_SYMBOLS_H
#define LIVEPATCH_SYMBOLS_H

#include "elf.h"

/*
 * Gives every symbol of the file its address: those of sections that are
 * loaded, and the undefined ones from the hypervisor or from the payloads
 * which are loaded already.  The latter become providers: see
 * payload_bind().  Symbols of freed init sections are refused with -ENXIO
 * unless force is given.
 */
int symbols_resolve(struct elf_view *elf, struct payload *payload, bool force);

/*
 * Makes the payload's own table, for lookups by address (all symbols) and by
 * name (global ones that are not replacements of a patched function).  A
 * global one that exists already, in the hypervisor or in another payload,
 * is refused with -EEXIST.  Needs the functions: see functions.h.
 */
int symbols_publish(struct elf_view *elf, struct payload *payload);

void symbols_free(struct payload *payload);

/* Address and size of a published symbol; 0: none of that name. */
unsigned long symbols_find(const struct payload *payload, const char *name);

/*
 * The nearest symbol at or below an address inside the payload, or NULL.
 * Lock-free, for any context.
 */
const char *symbols_name(const struct payload *payload, unsigned long addr,
                         unsigned long *size, unsigned long *offset);

/*
 * The address of a symbol of the hypervisor or of a loaded payload; 0: none.
 * *provider is that payload, or NULL.  payloads_lock must be held.
 */
unsigned long symbols_lookup_anywhere(const char *name,
                                      struct payload **provider);

#endif /* LIVEPATCH_SYMBOLS_H */
