/* SPDX-License-Identifier: GPL-2.0-only */
/* Sorting of many by numbers, in linear time. */
#ifndef LIVEPATCH_ORDER_H
#define LIVEPATCH_ORDER_H

#include <xen/types.h>

/* What stands for an entry of another table. */
struct order {
    uint64_t key;
    uint32_t index;             /* Which one. */
};

/* Sorts n of them by their keys; equal ones stay as they are.  spare has room
 * for as many. */
void order_by_key(struct order *entries, struct order *spare, unsigned int n);

#endif /* LIVEPATCH_ORDER_H */
