/* SPDX-License-Identifier: GPL-2.0-only */
/* .livepatch.funcs: the functions to patch. */
#ifndef LIVEPATCH_FUNCTIONS_H
#define LIVEPATCH_FUNCTIONS_H

#include "elf.h"

/*
 * Finds the records and checks each: version, sizes, addresses, that the old
 * function is the hypervisor's or another payload's (which becomes a
 * provider), isn't init code nor part of the engine, that no two records
 * overlap, and that expectations are well-formed.  Resolves an old_addr of 0
 * by name.  Fills payload->funcs, nfuncs and fstate, with the bytes to be
 * written, and payload->parked.  A payload without the section has no functions.
 */
int functions_load(struct elf_view *elf, struct payload *payload);
void functions_free(struct payload *payload);

/* Whether addr is the replacement of one of the payload's functions. */
bool functions_replaces(const struct payload *payload, unsigned long addr);

/* Of a record that was loaded, for messages. */
static inline const char *function_name(const struct livepatch_func *func)
{
    return func->name ? func->name : "(no name)";
}

#endif /* LIVEPATCH_FUNCTIONS_H */
