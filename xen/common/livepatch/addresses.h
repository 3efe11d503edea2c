/* SPDX-License-Identifier: GPL-2.0-only */
/* What lies at addresses that an uploaded file gives. */
#ifndef LIVEPATCH_ADDRESSES_H
#define LIVEPATCH_ADDRESSES_H

#include "elf.h"

/*
 * The records of a section with one of the special names, *n of them; NULL
 * and 0 if there is none.  See elf_special().
 */
int records_find(const struct elf_view *elf, const char *name, size_t entry,
                 void **records, size_t *n);

/* Whether s is in the image, with its end. */
bool is_image_string(const struct livepatch_image *image, const char *s);

/* Whether all of size bytes at addr are in the image. */
bool is_image(const struct livepatch_image *image, const void *addr,
              size_t size);

/* Whether they are the hypervisor's, of what is still there after boot. */
bool is_hypervisor(const void *addr, size_t size);

/*
 * Whether there is code of the hypervisor, of the payload that is being
 * loaded, or of one that is loaded already.
 */
bool is_code(const struct payload *payload, const void *addr);

#endif /* LIVEPATCH_ADDRESSES_H */
