/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef HOSTED_XEN_RCUPDATE_H
#define HOSTED_XEN_RCUPDATE_H

#include <xen/spinlock.h>
#include <xen/types.h>

typedef struct {
    int unused;
} rcu_read_lock_t;
#define DEFINE_RCU_READ_LOCK(name) rcu_read_lock_t name

struct rcu_head {
    struct rcu_head *next;
    void (*func)(struct rcu_head *head);
};

static inline void rcu_read_lock(rcu_read_lock_t *lock) {}
static inline void rcu_read_unlock(rcu_read_lock_t *lock) {}
#define rcu_dereference(p) __atomic_load_n(&(p), __ATOMIC_ACQUIRE)
#define rcu_assign_pointer(p, v) __atomic_store_n(&(p), v, __ATOMIC_RELEASE)
void rcu_barrier(void);
void call_rcu(struct rcu_head *head, void (*func)(struct rcu_head *head));

#endif /* HOSTED_XEN_RCUPDATE_H */
