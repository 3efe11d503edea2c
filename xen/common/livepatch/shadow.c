/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Shadow variables: a hash table of fields that payloads have added.
 *
 * Readers walk a bucket's chain without a lock; a variable that was taken out
 * of it is freed only when no reader can stand on it any more.  The lock is
 * held with IRQs off throughout, so no CPU that has stopped for a rendezvous
 * holds it: the hooks that run then may take it, too, and what they detach is
 * freed later.
 */
#include <xen/cache.h>
#include <xen/lib.h>
#include <xen/livepatch_shadow.h>
#include <xen/rcupdate.h>
#include <xen/spinlock.h>
#include <xen/xmalloc.h>

struct shadow {
    struct shadow *next;
    const void *obj;
    unsigned long id;
    struct rcu_head rcu;
    uint8_t data[] __aligned(16);
};

#define SHADOW_BITS 10

static struct shadow *shadow_table[1U << SHADOW_BITS];
static DEFINE_SPINLOCK(shadow_lock);
static DEFINE_RCU_READ_LOCK(shadow_rcu);

static struct shadow **bucket_of(const void *obj, unsigned long id)
{
    /* Odd numbers without a pattern: every bit reaches the upper ones. */
    uint64_t mixed = ((unsigned long)obj ^ id * 0xc2b2ae3d27d4eb4fUL) *
                     0x9e3779b97f4a7c15UL;

    return &shadow_table[mixed >> (64 - SHADOW_BITS)];
}

static struct shadow *find(const void *obj, unsigned long id)
{
    struct shadow *var = rcu_dereference(*bucket_of(obj, id));

    while ( var && (var->obj != obj || var->id != id) )
        var = rcu_dereference(var->next);

    return var;
}

static void cf_check free_shadow(struct rcu_head *rcu)
{
    xfree(container_of(rcu, struct shadow, rcu));
}

/* Takes a variable out of its chain, where *link points to it. */
static void unlink_and_free(struct shadow **link, livepatch_shadow_dtor_t *dtor)
{
    struct shadow *var = *link;

    /* Readers that stand on it still find the way to the next one. */
    ACCESS_ONCE(*link) = var->next;
    if ( dtor )
        dtor((void *)var->obj, var->data);
    call_rcu(&var->rcu, free_shadow);
}

void *livepatch_shadow_get(const void *obj, unsigned long id)
{
    struct shadow *var;

    rcu_read_lock(&shadow_rcu);
    var = find(obj, id);
    rcu_read_unlock(&shadow_rcu);

    return var ? var->data : NULL;
}

/* The existing variable, or the fresh one put in its place, or NULL. */
static struct shadow *find_or_add(struct shadow *fresh, void *obj,
                                  livepatch_shadow_ctor_t *ctor, void *arg)
{
    struct shadow **bucket = bucket_of(obj, fresh->id), *var;
    unsigned long flags;

    spin_lock_irqsave(&shadow_lock, flags);
    var = find(obj, fresh->id);
    if ( !var && (!ctor || !ctor(obj, fresh->data, arg)) )
    {
        var = fresh;
        var->next = *bucket;
        rcu_assign_pointer(*bucket, var);
    }
    spin_unlock_irqrestore(&shadow_lock, flags);

    return var;
}

static void *attach(void *obj, unsigned long id, size_t size,
                    livepatch_shadow_ctor_t *ctor, void *arg, bool *existed)
{
    void *data = livepatch_shadow_get(obj, id);
    struct shadow *fresh, *var;

    *existed = data;
    if ( data || size > ULONG_MAX - sizeof(*fresh) )
        return data;

    /* Its memory can't be had in the lock. */
    fresh = _xzalloc(sizeof(*fresh) + size, __alignof__(*fresh));
    if ( !fresh )
        return NULL;
    fresh->obj = obj;
    fresh->id = id;

    var = find_or_add(fresh, obj, ctor, arg);
    if ( var != fresh )
    {
        *existed = var;
        xfree(fresh);
    }

    return var ? var->data : NULL;
}

void *livepatch_shadow_attach(void *obj, unsigned long id, size_t size,
                              livepatch_shadow_ctor_t *ctor, void *arg)
{
    bool existed;
    void *data = attach(obj, id, size, ctor, arg, &existed);

    return existed ? NULL : data;
}

void *livepatch_shadow_get_or_attach(void *obj, unsigned long id, size_t size,
                                     livepatch_shadow_ctor_t *ctor, void *arg)
{
    bool existed;

    return attach(obj, id, size, ctor, arg, &existed);
}

void livepatch_shadow_detach(void *obj, unsigned long id,
                             livepatch_shadow_dtor_t *dtor)
{
    struct shadow **link;
    unsigned long flags;

    spin_lock_irqsave(&shadow_lock, flags);
    for ( link = bucket_of(obj, id); *link; link = &(*link)->next )
        if ( (*link)->obj == obj && (*link)->id == id )
        {
            unlink_and_free(link, dtor);
            break;
        }
    spin_unlock_irqrestore(&shadow_lock, flags);
}

void livepatch_shadow_detach_all(unsigned long id,
                                 livepatch_shadow_dtor_t *dtor)
{
    struct shadow **link;
    unsigned int i;
    unsigned long flags;

    spin_lock_irqsave(&shadow_lock, flags);
    for ( i = 0; i < ARRAY_SIZE(shadow_table); i++ )
        for ( link = &shadow_table[i]; *link; )
            if ( (*link)->id == id )
                unlink_and_free(link, dtor);
            else
                link = &(*link)->next;
    spin_unlock_irqrestore(&shadow_lock, flags);
}

/*
 * Local variables:
 * mode: C
 * c-file-style: "BSD"
 * c-basic-offset: 4
 * tab-width: 4
 * indent-tabs-mode: nil
 * End:
 */
