/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef HOSTED_ASM_ENDBR_H
#define HOSTED_ASM_ENDBR_H

#include <string.h>

#include <xen/types.h>

#define ENDBR64_LEN 4

static inline bool is_endbr64(const void *ptr)
{
    return !memcmp(ptr, "\xf3\x0f\x1e\xfa", ENDBR64_LEN);
}

/* What takes the place of an ENDBR64 that nothing needs. */
static inline bool is_endbr64_poison(const void *ptr)
{
    return !memcmp(ptr, "\x66\x0f\x1f\x01", ENDBR64_LEN);
}

#endif /* HOSTED_ASM_ENDBR_H */
