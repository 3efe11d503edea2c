/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef HOSTED_XEN_UNALIGNED_H
#define HOSTED_XEN_UNALIGNED_H

/* What Xen's own SHA-256 asks for. */
#include <endian.h>
#include <string.h>

static inline uint32_t get_unaligned_be32(const void *p)
{
    uint32_t value;

    memcpy(&value, p, sizeof(value));
    return be32toh(value);
}

static inline void put_unaligned_be32(uint32_t value, void *p)
{
    value = htobe32(value);
    memcpy(p, &value, sizeof(value));
}

static inline void put_unaligned_be64(uint64_t value, void *p)
{
    value = htobe64(value);
    memcpy(p, &value, sizeof(value));
}

#endif /* HOSTED_XEN_UNALIGNED_H */
