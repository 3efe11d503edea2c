/* SPDX-License-Identifier: GPL-2.0-only */
/* Calls through pointers that never change, made direct. */
#ifndef LIVEPATCH_ALTERNATIVE_CALLS_H
#define LIVEPATCH_ALTERNATIVE_CALLS_H

#include "elf.h"

/* ff 15 (call) or ff 25 (jmp), and where the pointer is, in 32 bits. */
#define ALTERNATIVE_CALL_SIZE 6

/*
 * Makes the call or jump at site, which is in the payload's code, go directly
 * where the pointer points now; a trap, if it is NULL.  A payload that it
 * points into becomes a provider.  section and i are for messages: the entry
 * that it belongs to.
 */
int alternative_call_resolve(const struct elf_view *elf,
                             struct payload *payload,
                             const char *section, size_t i, uint8_t *site);

#endif /* LIVEPATCH_ALTERNATIVE_CALLS_H */
