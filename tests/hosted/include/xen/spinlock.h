/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef HOSTED_XEN_SPINLOCK_H
#define HOSTED_XEN_SPINLOCK_H

/*
 * Locks that notice a holder who takes them again, as long as threads take
 * the place of CPUs; and that let other pretended CPUs run while they wait.
 */
#include <pthread.h>

#include <asm/processor.h>
#include <asm/system.h>
#include <xen/types.h>

typedef struct spinlock {
    pthread_mutex_t mutex;
    int held;
    unsigned int holder;
} spinlock_t;

#define SPIN_LOCK_UNLOCKED { .mutex = PTHREAD_MUTEX_INITIALIZER }
#define DEFINE_SPINLOCK(l) spinlock_t l = SPIN_LOCK_UNLOCKED

void spin_lock_init(spinlock_t *lock);
void spin_lock(spinlock_t *lock);
bool spin_trylock(spinlock_t *lock);
void spin_unlock(spinlock_t *lock);
bool spin_is_locked(const spinlock_t *lock);

#define spin_lock_irqsave(l, f) \
    do { local_irq_save(f); spin_lock(l); } while ( 0 )
#define spin_unlock_irqrestore(l, f) \
    do { spin_unlock(l); local_irq_restore(f); } while ( 0 )

/* Whether checks of how locks are used are off: for tests. */
extern unsigned int hosted_spin_debug_disabled;
#define spin_debug_enable()  ((void)hosted_spin_debug_disabled--)
#define spin_debug_disable() ((void)hosted_spin_debug_disabled++)

#endif /* HOSTED_XEN_SPINLOCK_H */
