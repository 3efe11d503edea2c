/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Shadow variables: fields that a payload adds to structures which exist
 * already.  Each is keyed by the address of the structure it belongs to and by
 * a number that the payload's author chooses; all payloads share the numbers.
 *
 * A shadow variable lives until it is detached: it doesn't end with its
 * structure, nor with the payload that made it.
 */
#ifndef XEN_LIVEPATCH_SHADOW_H
#define XEN_LIVEPATCH_SHADOW_H

#include <xen/types.h>

/*
 * Initialises a new variable of obj; anything but 0 discards it.  Called with
 * a lock held and IRQs off: it must not call these functions itself, nor
 * allocate or free memory.
 */
typedef int livepatch_shadow_ctor_t(void *obj, void *data, void *arg);

/* Called for a variable that is about to be freed, under the same rules. */
typedef void livepatch_shadow_dtor_t(void *obj, void *data);

/*
 * The variable's data, or NULL if there is none.  Takes no lock, and may be
 * called anywhere but in an NMI or machine-check handler.  What it returns
 * stays valid until somebody detaches it: callers must know that nobody does
 * meanwhile, as by the lock that protects obj.
 */
void *livepatch_shadow_get(const void *obj, unsigned long id);

/*
 * Attaches size zeroed bytes to obj and returns them.  NULL if there is one
 * already, if ctor (which may be NULL) says no, or without memory.  May be
 * called where xmalloc() may: not while every CPU is stopped.
 */
void *livepatch_shadow_attach(void *obj, unsigned long id, size_t size,
                              livepatch_shadow_ctor_t *ctor, void *arg);

/* The same, but returns the existing one if there is one. */
void *livepatch_shadow_get_or_attach(void *obj, unsigned long id, size_t size,
                                     livepatch_shadow_ctor_t *ctor, void *arg);

/* Detaches and frees one, after calling dtor (which may be NULL). */
void livepatch_shadow_detach(void *obj, unsigned long id,
                             livepatch_shadow_dtor_t *dtor);

/*
 * Detaches and frees all of a number, whatever they belong to: for hooks,
 * also those that run while every CPU is stopped.
 */
void livepatch_shadow_detach_all(unsigned long id,
                                 livepatch_shadow_dtor_t *dtor);

#endif /* XEN_LIVEPATCH_SHADOW_H */

/*
 * Local variables:
 * mode: C
 * c-file-style: "BSD"
 * c-basic-offset: 4
 * tab-width: 4
 * indent-tabs-mode: nil
 * End:
 */
