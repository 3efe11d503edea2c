/* SPDX-License-Identifier: GPL-2.0-only */
/* Where a payload's sections go in memory, and with which permissions. */
#ifndef LIVEPATCH_LAYOUT_H
#define LIVEPATCH_LAYOUT_H

#include "elf.h"

/*
 * Places every SHF_ALLOC section in text, data or read-only data, allocates
 * the image, copies the sections there, and sets section->loaded.
 */
int layout_load(struct elf_view *elf, struct payload *payload);

/*
 * Ends the time in which the image may be changed: keeps a pristine copy of
 * the data and sets the final permissions.
 */
int layout_seal(struct payload *payload);

/* The data as it was when the image was sealed. */
void layout_restore(struct payload *payload);

void layout_free(struct payload *payload);

/* The image stays mapped, whatever becomes of the payload. */
void layout_keep(struct payload *payload);

/* Whether all of size bytes at addr lie in the span. */
bool span_holds(const struct livepatch_span *span, const void *addr,
                size_t size);

#endif /* LIVEPATCH_LAYOUT_H */
