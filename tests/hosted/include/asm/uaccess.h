/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef HOSTED_ASM_UACCESS_H
#define HOSTED_ASM_UACCESS_H

#include <xen/types.h>

struct exception_table_entry {
    int32_t addr, cont;
};

void sort_exception_table(struct exception_table_entry *start,
                          const struct exception_table_entry *stop);

#endif /* HOSTED_ASM_UACCESS_H */
