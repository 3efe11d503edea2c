/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef HOSTED_XEN_RWLOCK_H
#define HOSTED_XEN_RWLOCK_H

#include <xen/spinlock.h>

typedef struct {
    spinlock_t lock;
} rwlock_t;
#define RW_LOCK_UNLOCKED { SPIN_LOCK_UNLOCKED }
#define DEFINE_RWLOCK(l) rwlock_t l = RW_LOCK_UNLOCKED
#define read_lock(l)    spin_lock(&(l)->lock)
#define read_unlock(l)  spin_unlock(&(l)->lock)
#define write_lock(l)   spin_lock(&(l)->lock)
#define write_unlock(l) spin_unlock(&(l)->lock)

#endif /* HOSTED_XEN_RWLOCK_H */
