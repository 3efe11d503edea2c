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
 * Shadow variables, for a field that a structure in memory hasn't got:
 *
 *     livepatch_shadow_get()             livepatch_shadow_detach()
 *     livepatch_shadow_attach()          livepatch_shadow_detach_all()
 *     livepatch_shadow_get_or_attach()
 *
 * They need the engine of this project in the Xen that runs; for another one
 * the build is refused, and names the call that isn't there.
 *
 * tests/builder/examples has a patch of either kind.
 */
#ifndef XEN_LIVEPATCH_PATCH_H
#define XEN_LIVEPATCH_PATCH_H

#include <xen/livepatch_payload.h>

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
