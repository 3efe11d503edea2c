/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef HOSTED_XEN_SYMBOLS_H
#define HOSTED_XEN_SYMBOLS_H

#include <xen/types.h>

#define KSYM_NAME_LEN 127

typedef const char *symbols_lookup_t(unsigned long addr,
                                     unsigned long *symbolsize,
                                     unsigned long *offset, char *namebuf);

symbols_lookup_t symbols_lookup;
unsigned long symbols_lookup_by_name(const char *symname);
/* The one of this number, which becomes the next one's; "": no more. */
int xensyms_read(uint32_t *symnum, char *type, unsigned long *address,
                 char *name);

#endif /* HOSTED_XEN_SYMBOLS_H */
