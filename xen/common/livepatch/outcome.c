/* SPDX-License-Identifier: GPL-2.0-only */
/* What follows from what was done: states, the stack, and words. */

#include <xen/errno.h>
#include <xen/lib.h>
#include <xen/list.h>
#include <xen/livepatch_payload.h>

#include "patching.h"
#include "payloads.h"
#include "reason.h"

/* vCPUs and payloads that words name; of more there is the number. */
#define MAX_NAMED 4

/* -- States -------------------------------------------------------------- */

static void now_applied(struct payload *payload)
{
    payload->state = LIVEPATCH_STATE_APPLIED;
    payload->reverted = false;
    list_add_tail(&payload->stack, &payloads_stack);
}

static void now_reverted(struct payload *payload)
{
    payload->state = LIVEPATCH_STATE_CHECKED;
    payload->reverted = true;
    list_del_init(&payload->stack);
}

static void succeeded(const struct patching_plan *plan)
{
    unsigned int i;

    if ( plan->action == PATCHING_REHEARSAL )
        return;

    for ( i = 0; i < plan->ndisplaced; i++ )
    {
        now_reverted(plan->displaced[i].payload);
        plan->displaced[i].payload->rc = 0;
    }

    if ( plan->action == LIVEPATCH_ACTION_REVERT )
        now_reverted(plan->payload);
    else
        now_applied(plan->payload);
}

/* -- Words --------------------------------------------------------------- */

static void waiting_words(const struct patching_plan *plan)
{
    char list[MAX_NAMED * sizeof("d65535v65535, ")];
    unsigned int i, used = 0;

    for ( i = 0; i < plan->nwaiting && i < MAX_NAMED; i++ )
        used += scnprintf(list + used, sizeof(list) - used, "%sd%uv%u",
                          i ? ", " : "", plan->waiting[i].domid,
                          plan->waiting[i].vcpu);

    refuse_as(LIVEPATCH_REASON_WAITQUEUE, &plan->payload->why, plan->rc,
              "%u%s vCPU(s) sleep inside the hypervisor, and would return into text that changes: %s%s; the monitor, pager or sharer of the domain has to serve its ring",
              plan->nwaiting,
              plan->nwaiting == PATCHING_MAX_WAITING ? " or more" : "", list,
              plan->nwaiting > MAX_NAMED ? ", ..." : "");
}

static void hook_words(const struct patching_plan *plan)
{
    const struct payload *payload = plan->payload;
    const struct payload *culprit = plan->culprit;
    bool own = culprit == payload;
    const char *hook = own && plan->action != LIVEPATCH_ACTION_REVERT
                       ? "apply" : "revert";
    const char *left = plan->rollback_failed ? "" :
                       plan->action == LIVEPATCH_ACTION_APPLY
                       ? "; nothing is changed" : "; what was applied still is";

    if ( plan->failure == PATCHING_INCONSISTENT )
        refuse_as(LIVEPATCH_REASON_HOOK, &plan->payload->why, plan->rc,
                  "the %s hook of %s returned %d, but has done only a part of its work, which was undone%s",
                  hook, culprit->name, plan->hook_rc, left);
    else
        refuse_as(LIVEPATCH_REASON_HOOK, &plan->payload->why, plan->rc,
                  "the %s hook of %s returned %d%s", hook, culprit->name,
                  plan->hook_rc, left);

    if ( !own )
        blame(&plan->payload->why, culprit, 0);
}

/* Those that are gone are the last of the array's beginning: the lowest of
 * them is the one that couldn't be applied again. */
static void loss_words(const struct patching_plan *plan)
{
    struct livepatch_reason *why = &plan->payload->why;
    const struct payload *lowest = plan->displaced[0].payload;
    char names[96];
    unsigned int i, n = 0, used = 0;

    for ( i = 0; i < plan->ndisplaced && plan->displaced[i].gone; i++ )
    {
        lowest = plan->displaced[i].payload;
        if ( n++ < MAX_NAMED )
            used += scnprintf(names + used, sizeof(names) - used, "%s%s",
                              i ? ", " : "", lowest->name);
    }

    refuse_as(LIVEPATCH_REASON_HOOK, why, plan->rc,
              "THE SYSTEM MAY BE INSECURE: REPLACE failed at a hook of %s (%d), and %u payload(s) couldn't be applied again, as the apply hook of %s returned %d: %s",
              plan->culprit->name, plan->hook_rc, n, lowest->name,
              plan->rollback_rc, names);
    blame(why, lowest, 0);

    for ( i = 0; i < n; i++ )
    {
        struct payload *gone = plan->displaced[i].payload;

        now_reverted(gone);
        gone->rc = refuse_as(LIVEPATCH_REASON_HOOK, &gone->why, -EINVAL,
                             "reverted for a REPLACE with %s that failed, and not applied again, as the apply hook of %s returned %d",
                             plan->payload->name, lowest->name,
                             plan->rollback_rc);
        if ( gone != lowest )
            blame(&gone->why, lowest, 0);
    }
}

void patching_record(struct patching_plan *plan)
{
    plan->payload->rc = plan->rc;

    if ( !plan->rc )
        succeeded(plan);
    else if ( plan->failure == PATCHING_WAITING )
        waiting_words(plan);
    else
        hook_words(plan);

    if ( plan->rollback_failed )
        loss_words(plan);

    payloads_changed();
}

/*
 * Called without the lock, as the hooks after an action are, and with IRQs
 * off, where waiting for it is out of the question.  The payload belongs to
 * the action; who walks along the stack meanwhile still finds his way.
 */
void revert_payload_tail(struct payload *payload)
{
    if ( payload->state != LIVEPATCH_STATE_APPLIED )
        return;

    payload->state = LIVEPATCH_STATE_CHECKED;
    payload->reverted = true;
    list_del_rcu(&payload->stack);
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
