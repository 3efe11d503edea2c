/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef HOSTED_XEN_STRING_H
#define HOSTED_XEN_STRING_H

#include <string.h>

#include <xen/types.h>

/* Xen's own; older C libraries don't have them. */
#define strlcpy hosted_strlcpy
#define strlcat hosted_strlcat
size_t strlcpy(char *dst, const char *src, size_t size);
size_t strlcat(char *dst, const char *src, size_t size);
void *memchr_inv(const void *s, int c, size_t n);

#endif /* HOSTED_XEN_STRING_H */
