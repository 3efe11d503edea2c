/* SPDX-License-Identifier: GPL-2.0-only */
/* Tables whose size an uploaded file decides. */
#ifndef LIVEPATCH_MEMORY_H
#define LIVEPATCH_MEMORY_H

#include <xen/types.h>

/*
 * Zeroed memory for n entries of size bytes, aligned for any type; NULL if
 * there is none.  n may be 0: the result then is not NULL and has no bytes.
 */
void *table_alloc(size_t n, size_t size);
void table_free(void *entries);

#endif /* LIVEPATCH_MEMORY_H */
