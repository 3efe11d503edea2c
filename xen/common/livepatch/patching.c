/* SPDX-License-Identifier: GPL-2.0-only */
/* The plan of an action, and what is done while every CPU is stopped. */

#include <xen/errno.h>
#include <xen/kernel.h>
#include <xen/lib.h>
#include <xen/list.h>
#include <xen/livepatch_payload.h>
#include <xen/spinlock.h>
#include <xen/string.h>

#include "arch.h"
#include "hooks.h"
#include "memory.h"
#include "patching.h"
#include "payloads.h"
#include "reason.h"

/* The plan that has views of its payloads' sites now, for revert_payload(). */
static struct patching_plan *prepared;

/* -- Preparing ----------------------------------------------------------- */

static bool runs_hooks(const struct payload *payload, bool apply)
{
    const struct livepatch_hooks *hooks = &payload->hooks;

    return apply ? hooks->apply || hooks->nload
                 : hooks->revert || hooks->nunload;
}

static void step_finish(struct patching_step *step)
{
    unsigned int i;

    for ( i = 0; step->sites && i < step->payload->nfuncs; i++ )
        arch_site_unmap(&step->sites[i]);

    table_free(step->sites);
    table_free(step->before);
}

static int step_prepare(struct patching_step *step, struct payload *payload,
                        struct livepatch_reason *why)
{
    const struct arch_site *last = NULL;
    unsigned int i;
    int rc;

    step->payload = payload;
    step->sites = table_alloc(payload->nfuncs, sizeof(*step->sites));
    if ( !step->sites )
        return refuse_no_memory(why, "the sites of the functions");

    if ( payload->hooks.revert )
    {
        step->before = table_alloc(payload->nfuncs, sizeof(*step->before));
        if ( !step->before )
            return refuse_no_memory(why, "a copy of the functions' sites");
    }

    for ( i = 0; i < payload->nfuncs; i++ )
    {
        const struct livepatch_func *func = &payload->funcs[i];
        const struct livepatch_fstate *state = &payload->fstate[i];

        rc = arch_site_map(&step->sites[i], func->old_addr + state->offset,
                           state->length, last);
        if ( rc )
            return refuse_as(LIVEPATCH_REASON_MEMORY, why, rc,
                             "function %s: no writable view of %u bytes at %p+%u",
                             func->name ?: "(no name)", state->length,
                             func->old_addr, state->offset);

        /* Functions of one source file lie together. */
        if ( state->length )
            last = &step->sites[i];
    }

    return 0;
}

static int displaced_prepare(struct patching_plan *plan)
{
    struct livepatch_reason *why = &plan->payload->why;
    struct payload *payload;
    unsigned int n = 0, i = 0;
    int rc = 0;

    list_for_each_entry ( payload, &payloads_stack, stack )
        n++;

    plan->displaced = table_alloc(n, sizeof(*plan->displaced));
    if ( !plan->displaced )
        return refuse_no_memory(why, "the payloads to be replaced");

    plan->ndisplaced = n;

    list_for_each_entry_reverse ( payload, &payloads_stack, stack )
    {
        rc = step_prepare(&plan->displaced[i++], payload, why);
        if ( rc )
            break;

        /* They are applied again if what comes after them fails. */
        if ( runs_hooks(payload, false) || runs_hooks(payload, true) )
            plan->hooked = true;
    }

    return rc;
}

int patching_prepare(struct patching_plan *plan, struct payload *payload,
                     uint32_t action)
{
    int rc;

    *plan = (struct patching_plan){
        .action = action,
        .payload = payload,
        .hooked = runs_hooks(payload, action != LIVEPATCH_ACTION_REVERT),
    };
    prepared = plan;

    rc = step_prepare(&plan->target, payload, &payload->why);
    if ( !rc && action == LIVEPATCH_ACTION_REPLACE )
        rc = displaced_prepare(plan);
    if ( rc )
        patching_finish(plan);

    return rc;
}

void patching_finish(struct patching_plan *plan)
{
    unsigned int i;

    prepared = NULL;

    for ( i = 0; i < plan->ndisplaced; i++ )
        step_finish(&plan->displaced[i]);

    table_free(plan->displaced);
    step_finish(&plan->target);

    plan->ndisplaced = 0;
    plan->displaced = NULL;
    plan->target = (struct patching_step){};
}

/* -- While every CPU is stopped ------------------------------------------ */

/* Also before an apply hook, which may write there itself. */
static void __unpatchable keep_originals(const struct patching_step *step)
{
    unsigned int i;

    for ( i = 0; i < step->payload->nfuncs; i++ )
        memcpy(step->payload->fstate[i].original, step->sites[i].text,
               step->sites[i].size);
}

static void __unpatchable keep_before(const struct patching_step *step)
{
    unsigned int i;

    for ( i = 0; i < step->payload->nfuncs; i++ )
        memcpy(step->before[i], step->sites[i].text, step->sites[i].size);
}

static void __unpatchable apply_by_engine(const struct patching_step *step)
{
    struct payload *payload = step->payload;
    unsigned int i;

    hooks_call_load(payload);

    for ( i = 0; i < payload->nfuncs; i++ )
    {
        arch_site_write(&step->sites[i], payload->fstate[i].patch);
        payload->fstate[i].applied = LIVEPATCH_FUNC_APPLIED;
    }

    /* Somebody else's hook may follow, and call what was written. */
    arch_serialise();
}

static void __unpatchable revert_by_engine(const struct patching_step *step)
{
    struct payload *payload = step->payload;
    unsigned int i = payload->nfuncs;

    while ( i-- )
    {
        arch_site_write(&step->sites[i], payload->fstate[i].original);
        payload->fstate[i].applied = LIVEPATCH_FUNC_NOT_APPLIED;
    }

    arch_serialise();

    hooks_call_unload(payload);
}

/* A jump into what may be unloaded next, or NOPs; not those that were there. */
static bool __unpatchable leaves_patch(const struct patching_step *step)
{
    const struct payload *payload = step->payload;
    unsigned int i;

    for ( i = 0; i < payload->nfuncs; i++ )
    {
        const struct livepatch_fstate *state = &payload->fstate[i];
        const struct arch_site *site = &step->sites[i];

        if ( memcmp(site->text, state->original, site->size) &&
             !memcmp(site->text, state->patch, site->size) )
            return true;
    }

    return false;
}

/* Everything as it was before the hook: bytes and marks. */
static void __unpatchable undo_hook(const struct patching_step *step,
                                    bool apply)
{
    unsigned int i;

    for ( i = 0; i < step->payload->nfuncs; i++ )
    {
        struct livepatch_fstate *state = &step->payload->fstate[i];
        const struct arch_site *site = &step->sites[i];
        const uint8_t *bytes = apply ? state->original : step->before[i];

        if ( memcmp(site->text, bytes, site->size) )
            arch_site_write(site, bytes);

        state->applied = apply ? LIVEPATCH_FUNC_NOT_APPLIED
                               : LIVEPATCH_FUNC_APPLIED;
    }

    arch_serialise();
}

struct fault {
    enum patching_failure failure;
    struct payload *culprit;
    int hook_rc;
};

/*
 * A hook in the engine's place: all of it was done if it returned 0, else
 * nothing.  Whatever it says, nothing is left half done.
 */
static int __unpatchable act_by_hook(const struct patching_step *step,
                                     bool apply, struct fault *fault)
{
    struct payload *payload = step->payload;
    const struct livepatch_hooks *hooks = &payload->hooks;
    bool applied, consistent;
    int rc;

    /* It may take locks that are taken with IRQs on elsewhere. */
    spin_debug_disable();
    rc = apply ? hooks->apply(payload) : hooks->revert(payload);
    arch_serialise();
    spin_debug_enable();

    applied = rc ? !apply : apply;
    consistent = !payload->nfuncs ||
                 hooks_agreement(payload) == (applied ? HOOK_ALL_APPLIED
                                                      : HOOK_NONE_APPLIED);

    if ( consistent && !applied && !rc )
        consistent = !leaves_patch(step);

    if ( consistent && !rc )
        return 0;

    undo_hook(step, apply);

    *fault = (struct fault){
        .failure = !consistent ? PATCHING_INCONSISTENT :
                   apply ? PATCHING_APPLY_HOOK : PATCHING_REVERT_HOOK,
        .culprit = payload,
        .hook_rc = rc,
    };

    return consistent ? rc : -EINVAL;
}

static int __unpatchable apply_step(const struct patching_step *step,
                                    struct fault *fault)
{
    /* From here on CPUs that are offline may come into it, and stay. */
    step->payload->entered = true;
    keep_originals(step);

    if ( step->payload->hooks.apply )
        return act_by_hook(step, true, fault);

    apply_by_engine(step);

    return 0;
}

static int __unpatchable revert_step(const struct patching_step *step,
                                     struct fault *fault)
{
    if ( step->payload->hooks.revert )
    {
        keep_before(step);
        return act_by_hook(step, false, fault);
    }

    revert_by_engine(step);

    return 0;
}

/*
 * Applies the first n of those that were displaced again, the lowest first,
 * on their data as it is.  If one of them can't be, those that were above it
 * stay away as well: they were made for text that has it.
 */
static void __unpatchable roll_back(struct patching_plan *plan, unsigned int n)
{
    struct fault fault = {};

    while ( n-- )
        if ( apply_step(&plan->displaced[n], &fault) )
        {
            plan->rollback_failed = true;
            plan->rollback_rc = fault.hook_rc;

            do {
                plan->displaced[n].gone = true;
            } while ( n-- );

            return;
        }

    plan->rolled_back = true;
}

static int __unpatchable replace(struct patching_plan *plan,
                                 struct fault *fault)
{
    unsigned int n;
    int rc = 0;

    for ( n = 0; n < plan->ndisplaced; n++ )
        if ( revert_step(&plan->displaced[n], fault) )
        {
            /* Whatever the hook said: it isn't the payload's own. */
            rc = -EINVAL;
            break;
        }

    if ( !rc )
        rc = apply_step(&plan->target, fault);

    if ( rc )
        roll_back(plan, n);

    return rc;
}

static int __unpatchable act(struct patching_plan *plan, struct fault *fault)
{
    switch ( plan->action )
    {
    case PATCHING_REHEARSAL:
        return 0;

    case LIVEPATCH_ACTION_APPLY:
        return apply_step(&plan->target, fault);

    case LIVEPATCH_ACTION_REVERT:
        return revert_step(&plan->target, fault);

    default:
        return replace(plan, fault);
    }
}

void cf_check __unpatchable patching_act(void *arg)
{
    struct patching_plan *plan = arg;
    struct fault fault = {};

    /* Whatever the action, and with hooks as without. */
    plan->nwaiting = min(arch_waiting(plan->waiting, PATCHING_MAX_WAITING),
                         PATCHING_MAX_WAITING + 0u);
    if ( plan->nwaiting )
    {
        plan->rc = -EBUSY;
        plan->failure = PATCHING_WAITING;
        return;
    }

    if ( plan->hooked )
        arch_relax();

    plan->rc = act(plan, &fault);
    plan->failure = fault.failure;
    plan->culprit = fault.culprit;
    plan->hook_rc = fault.hook_rc;

    if ( plan->hooked )
        arch_tighten();
}

/* -- Services ------------------------------------------------------------ */

/* Puts what the payload saved over a copy of the text at start. */
static void unpatch_copy(const struct payload *payload, unsigned long start,
                         void *buf, size_t size)
{
    unsigned int i;

    for ( i = 0; i < payload->nfuncs; i++ )
    {
        const struct livepatch_fstate *state = &payload->fstate[i];
        unsigned long site = (unsigned long)payload->funcs[i].old_addr +
                             state->offset;
        unsigned long from = max(start, site);
        unsigned long to = min(start + size, site + state->length);

        if ( state->applied == LIVEPATCH_FUNC_APPLIED && from < to )
            memcpy(buf + (from - start), state->original + (from - site),
                   to - from);
    }
}

void patching_read_unpatched(const void *addr, void *buf, size_t size)
{
    const struct payload *payload;

    memcpy(buf, addr, size);

    /* It may have been applied, but not been put on the stack yet. */
    if ( prepared && prepared->payload->state != LIVEPATCH_STATE_APPLIED )
        unpatch_copy(prepared->payload, (unsigned long)addr, buf, size);

    /* The oldest last: what it saved was there before all others. */
    list_for_each_entry_reverse ( payload, &payloads_stack, stack )
        unpatch_copy(payload, (unsigned long)addr, buf, size);
}

const struct payload *patching_across(const void *addr)
{
    const struct payload *payload;
    unsigned int i;

    list_for_each_entry ( payload, &payloads_stack, stack )
        for ( i = 0; i < payload->nfuncs; i++ )
        {
            const struct livepatch_fstate *state = &payload->fstate[i];
            const void *site = payload->funcs[i].old_addr + state->offset;

            if ( state->applied == LIVEPATCH_FUNC_APPLIED && site < addr &&
                 addr < site + state->length )
                return payload;
        }

    return NULL;
}

/*
 * For the hook after a revert which the revert hook has refused: the plan of
 * that revert has the sites.  Called with IRQs off, so no others can be had.
 *
 * After an APPLY that didn't come to pass there are neither saved bytes to be
 * written, nor load hooks that were called.
 */
int __unpatchable revert_payload(struct payload *payload)
{
    if ( !prepared || prepared->payload != payload )
        return -EBUSY;

    if ( payload->state != LIVEPATCH_STATE_APPLIED ||
         (payload->nfuncs && hooks_agreement(payload) != HOOK_ALL_APPLIED) )
        return -EINVAL;

    if ( payload->hooks.nunload )
        arch_relax();

    revert_by_engine(&prepared->target);

    if ( payload->hooks.nunload )
    {
        arch_tighten();
        arch_serialise();
    }

    return 0;
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
