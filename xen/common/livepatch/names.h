/* SPDX-License-Identifier: GPL-2.0-only */
/* Hashes of section and symbol names. */
#ifndef LIVEPATCH_NAMES_H
#define LIVEPATCH_NAMES_H

#include <xen/types.h>

/* FNV-1a.  Whoever uses it must bear that names can be made to collide. */
static inline uint32_t name_hash(const char *name)
{
    uint32_t hash = 2166136261U;

    for ( ; *name; name++ )
        hash = (hash ^ (unsigned char)*name) * 16777619U;

    return hash;
}

#endif /* LIVEPATCH_NAMES_H */
