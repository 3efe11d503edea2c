/* SPDX-License-Identifier: GPL-2.0-only */
/* The state machine: which action is allowed when, and what follows it. */

#include <xen/cpumask.h>
#include <xen/errno.h>
#include <xen/lib.h>
#include <xen/list.h>
#include <xen/livepatch_payload.h>
#include <xen/rcupdate.h>
#include <xen/xmalloc.h>

#include "actions.h"
#include "build_id.h"
#include "expectations.h"
#include "flight.h"
#include "functions.h"
#include "hooks.h"
#include "layout.h"
#include "load.h"
#include "obstacles.h"
#include "payloads.h"
#include "percpu.h"
#include "reason.h"

/* The last action of all. */
static struct {
    const struct payload *payload;
    uint32_t action;
} last;

uint32_t actions_last(const struct payload *payload)
{
    return last.payload == payload ? last.action : 0;
}

void actions_forget(const struct payload *payload)
{
    if ( last.payload == payload )
        last.payload = NULL;

    obstacles_forget(payload);
}

/* The names of those who use the payload, as far as they fit into buf. */
static unsigned int list_users(const struct payload *payload, bool applied,
                               char *buf, size_t size)
{
    const struct payload *user;
    unsigned int n = 0;
    size_t used = 0;

    buf[0] = '\0';

    list_for_each_entry ( user, &payloads_loaded, list )
    {
        if ( !payload_is_bound(user, payload) ||
             (applied && user->state != LIVEPATCH_STATE_APPLIED) )
            continue;

        used += scnprintf(buf + used, size - used, "%s%s", n++ ? ", " : "",
                          user->name);
    }

    return n;
}

/* Nobody who found it before it left the list looks at it any more. */
static void cf_check free_payload(struct rcu_head *head)
{
    struct payload *payload = container_of(head, struct payload, rcu);

    unload_payload(payload);
    xfree(payload);
}

/*
 * A CPU that is offline takes no part in a revert.  It idles in what the payload
 * replaced, or comes there after an NMI, and leaves it only when it is brought up.
 * So the code has to stay, and what it may use.  This is decided here and now:
 * who is online has left the payload and can't come back, also if he goes offline
 * next, as its jumps are gone since the revert, for which nobody came or went.
 */
static void keep_for_parked(struct payload *payload)
{
    char name[PRINTABLE_NAME_SIZE];
    unsigned int i;

    if ( !payload->parked || !payload->entered ||
         cpumask_subset(&cpu_present_map, &cpu_online_map) )
        return;

    for ( i = 0; i < payload->nproviders; i++ )
        payload->providers[i]->parked = payload->providers[i]->entered = true;

    printk(XENLOG_WARNING
           "livepatch: %s: its %u pages are kept for ever, as it replaces what CPUs run while offline, and one that is offline may be in it\n",
           printable_name(name, payload->name), payload->image.pages);
    layout_keep(payload);
}

/*
 * Waits for nobody, as cpu_down() may be waiting for this CPU: from here on
 * the payload isn't there, and its memory goes in some CPU's softirq.
 */
static int unload(struct payload *payload)
{
    char name[PRINTABLE_NAME_SIZE], users[128];

    if ( payload->state != LIVEPATCH_STATE_CHECKED )
        return refuse_as(LIVEPATCH_REASON_STATE, &payload->why, -EINVAL,
                         "UNLOAD: it is applied; revert it first");

    if ( payload->users )
    {
        list_users(payload, false, users, sizeof(users));
        return refuse_as(LIVEPATCH_REASON_IN_USE, &payload->why, -EBUSY,
                         "UNLOAD: other payloads use what is in it: %s",
                         users);
    }

    actions_forget(payload);
    keep_for_parked(payload);
    payload_unbind_all(payload);
    percpu_free(payload);
    payloads_remove(payload);
    printk(XENLOG_INFO "livepatch: %s: finished UNLOAD with rc=0\n",
           printable_name(name, payload->name));
    call_rcu(&payload->rcu, free_payload);

    return 0;
}

static int may_revert(struct payload *payload)
{
    const struct payload *top = payloads_top();

    if ( payload != top )
        return blame(&payload->why, top,
                     refuse_as(LIVEPATCH_REASON_NOT_ON_TOP, &payload->why,
                               -EBUSY,
                               "REVERT: %s was applied after it; revert that first",
                               top->name));

    return 0;
}

/*
 * Whoever is applied again begins with the data that he was uploaded with, if
 * nobody who is running works with the data as it is.
 */
static int begin_afresh(struct payload *payload, uint32_t action)
{
    char users[128];

    if ( !payload->reverted )
        return 0;

    if ( list_users(payload, true, users, sizeof(users)) )
        return refuse_as(LIVEPATCH_REASON_IN_USE, &payload->why, -EBUSY,
                         "%s: its data can't be reset, as applied payloads use it: %s",
                         action_name(action), users);

    layout_restore(payload);
    percpu_clear(payload);

    return 0;
}

static int depends_on_top(struct payload *payload)
{
    const struct payload *top = payloads_top();
    struct livepatch_build_id xen = build_id_of_xen();
    char needed[PRINTABLE_ID_SIZE], found[PRINTABLE_ID_SIZE];

    if ( top ? build_id_equal(&payload->depends, &top->id)
             : build_id_on_xen(payload) )
        return 0;

    return refuse_as(LIVEPATCH_REASON_DEPENDENCY, &payload->why, -EINVAL,
                     "APPLY: it depends on build-id %s, but the last applied is %s with %s",
                     printable_id(needed, &payload->depends),
                     top ? top->name : "none, and Xen",
                     printable_id(found, top ? &top->id : &xen));
}

/* NOPs over a part of another payload's jump or NOPs would leave the rest of
 * an instruction behind them. */
static int leaves_no_rest(struct payload *payload)
{
    unsigned int i;

    for ( i = 0; i < payload->nfuncs; i++ )
    {
        const struct livepatch_func *func = &payload->funcs[i];
        const struct livepatch_fstate *state = &payload->fstate[i];
        unsigned int end = state->offset + state->length;
        const struct payload *other;

        if ( func->new_addr || !state->length )
            continue;

        other = patching_across(func->old_addr + end);
        if ( other )
            return refuse_as(LIVEPATCH_REASON_COLLISION, &payload->why, -EINVAL,
                             "APPLY: function %.80s: %u bytes of NOPs would end within what %s has written there",
                             function_name(func), end, other->name);
    }

    return 0;
}

static int may_apply(struct payload *payload, uint32_t flags)
{
    int rc = 0;

    if ( !(flags & LIVEPATCH_ACTION_APPLY_NODEPS) )
        rc = depends_on_top(payload);

    return rc ?: leaves_no_rest(payload)
              ?: begin_afresh(payload, LIVEPATCH_ACTION_APPLY)
              ?: expectations_met(payload, false);
}

/* Hooks before and after an action can't be run for a revert that may have to
 * be undone. */
static int hooks_allow_replace(struct payload *payload)
{
    const struct payload *applied;

    if ( hooks_forbid_replace(payload) )
        return refuse_as(LIVEPATCH_REASON_HOOK, &payload->why, -EOPNOTSUPP,
                         "REPLACE: it has hooks before or after actions");

    list_for_each_entry ( applied, &payloads_stack, stack )
        if ( hooks_forbid_replace(applied) )
            return blame(&payload->why, applied,
                         refuse_as(LIVEPATCH_REASON_HOOK, &payload->why,
                                   -EOPNOTSUPP,
                                   "REPLACE: %s, which is applied, has hooks before or after actions",
                                   applied->name));

    return 0;
}

static int may_replace(struct payload *payload)
{
    char needed[PRINTABLE_ID_SIZE];
    int rc;

    if ( !build_id_on_xen(payload) )
        return refuse_as(LIVEPATCH_REASON_DEPENDENCY, &payload->why, -EINVAL,
                         "REPLACE: it depends on build-id %s, which is not Xen's",
                         printable_id(needed, &payload->depends));

    rc = hooks_allow_replace(payload);

    return rc ?: begin_afresh(payload, LIVEPATCH_ACTION_REPLACE)
              ?: expectations_met(payload, true);
}

/* Tools may repeat these. */
static bool has_no_effect(const struct payload *payload, uint32_t action)
{
    switch ( action )
    {
    case LIVEPATCH_ACTION_REVERT:
        return payload->state != LIVEPATCH_STATE_APPLIED;

    case LIVEPATCH_ACTION_APPLY:
    case LIVEPATCH_ACTION_REPLACE:
        return payload->state != LIVEPATCH_STATE_CHECKED;

    default:
        return false;
    }
}

static int may_begin(struct payload *payload, uint32_t action, uint32_t flags)
{
    switch ( action )
    {
    case LIVEPATCH_ACTION_REVERT:
        return may_revert(payload);

    case LIVEPATCH_ACTION_APPLY:
        return may_apply(payload, flags);

    default:
        return may_replace(payload);
    }
}

int actions_begin(struct payload *payload, uint32_t action, uint32_t flags,
                  uint32_t timeout)
{
    const struct payload *other = flight_payload();
    int rc;

    /*
     * Tools ask by an action that doesn't exist whether one is in flight.  So
     * this comes first, and neither answer is a failure to remember.
     */
    if ( payload->busy )
        return -EBUSY;

    if ( action < LIVEPATCH_ACTION_UNLOAD ||
         action > LIVEPATCH_ACTION_REPLACE )
        return -EOPNOTSUPP;

    if ( has_no_effect(payload, action) )
        return 0;

    last.payload = payload;
    last.action = action;
    reason_clear(&payload->why);
    obstacles_forget(payload);

    if ( other )
        return refuse_as(LIVEPATCH_REASON_IN_FLIGHT, &payload->why, -EBUSY,
                         "%s: an action on %s is in flight",
                         action_name(action), other->name);

    if ( action == LIVEPATCH_ACTION_UNLOAD )
        return unload(payload);

    rc = may_begin(payload, action, flags);

    return rc ?: flight_start(payload, action, timeout);
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
