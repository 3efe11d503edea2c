/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * For authors of patches that livepatch-build makes a payload of:
 *
 *     #include <xen/livepatch_patch.h>
 *
 * in any source file of the patch; the build has it, whatever the tree.
 *
 * Hooks, for what code alone can't do, such as data that exist already and are
 * to be changed.  Each macro takes a function of the patched file, which must
 * be static and cf_check:
 *
 *     LIVEPATCH_LOAD_HOOK(fn)        void fn(void), while every CPU is stopped:
 *     LIVEPATCH_UNLOAD_HOOK(fn)      at apply, and at revert
 *     LIVEPATCH_PREAPPLY_HOOK(fn)    int fn(livepatch_payload_t *), before it:
 *     LIVEPATCH_PREREVERT_HOOK(fn)   anything but 0 forbids it
 *     LIVEPATCH_POSTAPPLY_HOOK(fn)   void fn(livepatch_payload_t *), afterwards
 *     LIVEPATCH_POSTREVERT_HOOK(fn)
 *     LIVEPATCH_APPLY_HOOK(fn)       int fn(livepatch_payload_t *), in place of
 *     LIVEPATCH_REVERT_HOOK(fn)      what the engine does itself
 *
 * While every CPU is stopped interrupts are off: nothing may be allocated there
 * or printed at length, and no lock is needed.  A patch whose load hook changes
 * data has an unload hook that changes them back.  A payload with a hook that
 * runs before or after can't replace others, nor be replaced.
 *
 * For what each CPU sets as it comes up, such as an MSR:
 *
 *     int livepatch_on_each_cpu(fn, arg)   void fn(void *arg), on all of them
 *
 * in a hook that runs before or after: at the apply itself other CPUs stand
 * still.  It is -EBUSY while a CPU comes or goes; a PREAPPLY hook returns that,
 * and nothing is applied.  A CPU that comes up later has the new code; one that
 * does between that hook and the apply has neither.
 *
 * Shadow variables, for a field that a structure in memory hasn't got:
 *
 *     livepatch_shadow_get()             livepatch_shadow_detach()
 *     livepatch_shadow_attach()          livepatch_shadow_detach_all()
 *     livepatch_shadow_get_or_attach()
 *
 * The engine of this project has them.  For another one the payload brings its
 * own, if one source file of the patch says, in front of this #include, how
 * many it may have at a time, and of how many bytes:
 *
 *     #define LIVEPATCH_SHADOW_ROOM 256
 *     #define LIVEPATCH_SHADOW_SIZE 16
 *
 * They lie in the payload, so they may be made in a hook, too; they go with it,
 * and are no other payload's.  Without this the build is refused, and names the
 * call that isn't there.
 *
 * tests/builder/examples has a patch of either kind.
 */
#ifndef XEN_LIVEPATCH_PATCH_H
#define XEN_LIVEPATCH_PATCH_H

#include <xen/cpu.h>
#include <xen/errno.h>
#include <xen/livepatch_payload.h>
#include <xen/smp.h>

static inline int livepatch_on_each_cpu(void (*fn)(void *), void *arg)
{
    /* Not waited for: a CPU that goes waits for this one in its idle loop. */
    if ( !get_cpu_maps() )
        return -EBUSY;

    on_each_cpu(fn, arg, 1);
    put_cpu_maps();

    return 0;
}

#if __has_include(<xen/livepatch_shadow.h>)
#include <xen/livepatch_shadow.h>
#else

/* Not in this tree: declared, so that it is the builder that tells. */
#include <xen/types.h>

typedef int livepatch_shadow_ctor_t(void *obj, void *data, void *arg);
typedef void livepatch_shadow_dtor_t(void *obj, void *data);

void *livepatch_shadow_get(const void *obj, unsigned long id);
void *livepatch_shadow_attach(void *obj, unsigned long id, size_t size,
                              livepatch_shadow_ctor_t *ctor, void *arg);
void *livepatch_shadow_get_or_attach(void *obj, unsigned long id, size_t size,
                                     livepatch_shadow_ctor_t *ctor, void *arg);
void livepatch_shadow_detach(void *obj, unsigned long id,
                             livepatch_shadow_dtor_t *dtor);
void livepatch_shadow_detach_all(unsigned long id,
                                 livepatch_shadow_dtor_t *dtor);

#endif

#endif /* XEN_LIVEPATCH_PATCH_H */

#if defined(LIVEPATCH_SHADOW_ROOM) && !defined(XEN_LIVEPATCH_SHADOW_H) && \
    !defined(LIVEPATCH_SHADOW_OWN)
#define LIVEPATCH_SHADOW_OWN

#include <xen/lib.h>
#include <xen/spinlock.h>
#include <xen/string.h>

/*
 * No memory is allocated: what would free it might be called after the payload
 * has gone, and hooks could not.  Readers take no lock: a variable is there for
 * them once its obj is, which is written last.
 */
static struct livepatch_shadow {
    const void *obj;            /* NULL: free */
    unsigned long id;
    uint8_t data[LIVEPATCH_SHADOW_SIZE] __aligned(16);
} livepatch_shadows[LIVEPATCH_SHADOW_ROOM];

/* Held with IRQs off: no CPU that stopped for hooks to run holds it. */
static DEFINE_SPINLOCK(livepatch_shadows_lock);

static struct livepatch_shadow *livepatch_shadow_find(const void *obj,
                                                      unsigned long id)
{
    unsigned int i;

    for ( i = 0; i < LIVEPATCH_SHADOW_ROOM; i++ )
    {
        struct livepatch_shadow *shadow = &livepatch_shadows[i];

        if ( ACCESS_ONCE(shadow->obj) != obj )
            continue;
        smp_rmb();
        if ( !obj || shadow->id == id )
            return shadow;
    }

    return NULL;
}

void *livepatch_shadow_get(const void *obj, unsigned long id)
{
    struct livepatch_shadow *shadow = livepatch_shadow_find(obj, id);

    return shadow ? shadow->data : NULL;
}

static void *livepatch_shadow_add(void *obj, unsigned long id, size_t size,
                                  livepatch_shadow_ctor_t *ctor, void *arg)
{
    struct livepatch_shadow *shadow = livepatch_shadow_find(NULL, 0);

    if ( !shadow || size > sizeof(shadow->data) )
        return NULL;

    memset(shadow->data, 0, sizeof(shadow->data));
    shadow->id = id;
    if ( ctor && ctor(obj, shadow->data, arg) )
        return NULL;
    smp_wmb();
    ACCESS_ONCE(shadow->obj) = obj;

    return shadow->data;
}

void *livepatch_shadow_attach(void *obj, unsigned long id, size_t size,
                              livepatch_shadow_ctor_t *ctor, void *arg)
{
    unsigned long flags;
    void *data = NULL;

    spin_lock_irqsave(&livepatch_shadows_lock, flags);
    if ( !livepatch_shadow_find(obj, id) )
        data = livepatch_shadow_add(obj, id, size, ctor, arg);
    spin_unlock_irqrestore(&livepatch_shadows_lock, flags);

    return data;
}

void *livepatch_shadow_get_or_attach(void *obj, unsigned long id, size_t size,
                                     livepatch_shadow_ctor_t *ctor, void *arg)
{
    unsigned long flags;
    void *data = livepatch_shadow_get(obj, id);

    if ( data )
        return data;

    spin_lock_irqsave(&livepatch_shadows_lock, flags);
    data = livepatch_shadow_get(obj, id) ?:
           livepatch_shadow_add(obj, id, size, ctor, arg);
    spin_unlock_irqrestore(&livepatch_shadows_lock, flags);

    return data;
}

static void livepatch_shadow_end(struct livepatch_shadow *shadow,
                                 livepatch_shadow_dtor_t *dtor)
{
    if ( dtor )
        dtor((void *)shadow->obj, shadow->data);
    ACCESS_ONCE(shadow->obj) = NULL;
}

void livepatch_shadow_detach(void *obj, unsigned long id,
                             livepatch_shadow_dtor_t *dtor)
{
    struct livepatch_shadow *shadow;
    unsigned long flags;

    spin_lock_irqsave(&livepatch_shadows_lock, flags);
    shadow = livepatch_shadow_find(obj, id);
    if ( shadow )
        livepatch_shadow_end(shadow, dtor);
    spin_unlock_irqrestore(&livepatch_shadows_lock, flags);
}

void livepatch_shadow_detach_all(unsigned long id,
                                 livepatch_shadow_dtor_t *dtor)
{
    unsigned long flags;
    unsigned int i;

    spin_lock_irqsave(&livepatch_shadows_lock, flags);
    for ( i = 0; i < LIVEPATCH_SHADOW_ROOM; i++ )
        if ( livepatch_shadows[i].obj && livepatch_shadows[i].id == id )
            livepatch_shadow_end(&livepatch_shadows[i], dtor);
    spin_unlock_irqrestore(&livepatch_shadows_lock, flags);
}

#endif /* LIVEPATCH_SHADOW_OWN */
