/* SPDX-License-Identifier: GPL-2.0-only */
/* Build-ids, and what depends on what. */
#ifndef LIVEPATCH_BUILD_ID_H
#define LIVEPATCH_BUILD_ID_H

#include "elf.h"

/*
 * Reads the three build-ids from the file as it was uploaded (nothing has to
 * be loaded) and compares the hypervisor's: the first check of content.
 * payload->id and the others point into the file until build_id_load().
 */
int build_id_read(struct elf_view *elf, struct payload *payload);

/* Makes them point into the image.  Refuses an id that is loaded: -EEXIST. */
int build_id_load(struct elf_view *elf, struct payload *payload);

bool build_id_equal(const struct livepatch_build_id *a,
                    const struct livepatch_build_id *b);

/* Whether it depends on the hypervisor itself. */
bool build_id_on_xen(const struct payload *payload);

/* The hypervisor's; len 0 if it has none. */
struct livepatch_build_id build_id_of_xen(void);

#endif /* LIVEPATCH_BUILD_ID_H */
