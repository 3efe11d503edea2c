/* SPDX-License-Identifier: GPL-2.0-only */
/* An action in flight, with the hooks before and after. */

#include <xen/err.h>
#include <xen/errno.h>
#include <xen/lib.h>
#include <xen/livepatch_payload.h>
#include <xen/spinlock.h>
#include <xen/string.h>
#include <xen/time.h>

#include "flight.h"
#include "obstacles.h"
#include "patching.h"
#include "payloads.h"
#include "quiesce.h"
#include "reason.h"

#define DEFAULT_TIMEOUT MILLISECS(30)

/* How much of a payload's metadata the console gets. */
#define METADATA_SIZE 512

/*
 * The one action that was begun and has not ended.  It has the plan, and the
 * payloads in it, for itself until `active` is false again; that one is
 * protected by payloads_lock.
 */
static struct {
    bool active;
    s_time_t timeout;
    struct patching_plan plan;
} flight;

const struct payload *flight_payload(void)
{
    return flight.active ? flight.plan.payload : NULL;
}

const char *action_name(uint32_t action)
{
    static const char *const names[] = {
        [PATCHING_REHEARSAL] = "REHEARSAL",
        [LIVEPATCH_ACTION_UNLOAD] = "UNLOAD",
        [LIVEPATCH_ACTION_REVERT] = "REVERT",
        [LIVEPATCH_ACTION_APPLY] = "APPLY",
        [LIVEPATCH_ACTION_REPLACE] = "REPLACE",
    };

    return names[action];
}

/* What a hook returned, if tools take it for what it is. */
static int judge(struct payload *payload, const char *what, int rc)
{
    if ( rc == -EAGAIN )
        return refuse_as(LIVEPATCH_REASON_HOOK, &payload->why, -EBUSY,
                         "%s: a hook returned -EAGAIN, which would mean \"in flight\"",
                         what);

    if ( rc > 0 || rc < -MAX_ERRNO )
        return refuse_as(LIVEPATCH_REASON_HOOK, &payload->why, -EINVAL,
                         "%s: a hook returned %d, which is no error code",
                         what, rc);

    return rc;
}

static livepatch_precall_t *pre_hook(const struct patching_plan *plan)
{
    const struct livepatch_hooks *hooks = &plan->payload->hooks;

    return plan->action == LIVEPATCH_ACTION_REVERT ? hooks->prerevert
                                                   : hooks->preapply;
}

static livepatch_postcall_t *post_hook(const struct patching_plan *plan)
{
    const struct livepatch_hooks *hooks = &plan->payload->hooks;

    return plan->action == LIVEPATCH_ACTION_REVERT ? hooks->postrevert
                                                   : hooks->postapply;
}

static int call_pre_hook(const struct patching_plan *plan)
{
    livepatch_precall_t *hook = pre_hook(plan);
    const char *what = action_name(plan->action);
    struct payload *payload = plan->payload;
    int rc = hook ? hook(payload) : 0;

    if ( !rc )
        return 0;

    payload->rc = judge(payload, what, rc);
    if ( payload->rc == rc )
        refuse_as(LIVEPATCH_REASON_HOOK, &payload->why, rc,
                  "%s: its %s hook returned %d", what,
                  plan->action == LIVEPATCH_ACTION_REVERT ? "prerevert"
                                                          : "preapply", rc);

    return payload->rc;
}

/*
 * The hook afterwards undoes what the one before did.  One without such a
 * partner has only the action to follow.
 */
static void call_post_hook(const struct patching_plan *plan, bool done)
{
    livepatch_postcall_t *hook = post_hook(plan);
    struct payload *payload = plan->payload;

    if ( !hook || (!done && !pre_hook(plan)) )
        return;

    hook(payload);
    /* It may have written to this. */
    payload->rc = judge(payload, action_name(plan->action), payload->rc);
}

/* In the caller's lock. */
static void set_busy(bool busy)
{
    struct patching_plan *plan = &flight.plan;
    unsigned int i;

    plan->payload->busy = busy;
    for ( i = 0; i < plan->ndisplaced; i++ )
        plan->displaced[i].payload->busy = busy;

    flight.active = busy;
    payloads_changed();
}

/* The end, in the caller's lock. */
static void land(void)
{
    set_busy(false);
    patching_finish(&flight.plan);
}

/* Results and states after the rendezvous, in the caller's lock. */
static void record(const struct quiesce_result *result)
{
    struct patching_plan *plan = &flight.plan;
    struct payload *payload = plan->payload;

    if ( result->rc )
        payload->rc = obstacles_refuse(payload, result, flight.timeout);
    else
    {
        patching_record(plan);
        payload->rc = judge(payload, action_name(plan->action), plan->rc);
    }

    payload->times.finished = NOW();
    payload->times.arrival = result->arrival;
    payload->times.stopped = result->stopped;
    payload->times.patching = result->patching;
    payload->times.stall = result->stall;
    payload->times.attempts = result->attempts;

    obstacles_keep(payload, plan, result);
    payloads_changed();
}

/* Metadata is "key=value", NUL, "key=value", NUL, ... */
static void print_metadata(const char *name,
                           const struct livepatch_span *modinfo)
{
    size_t size = min_t(size_t, modinfo->size, METADATA_SIZE), i;
    char text[METADATA_SIZE + 1];

    if ( !size )
        return;

    memcpy(text, modinfo->addr, size);
    text[size] = '\0';

    for ( i = 0; i + 1 < size; i++ )
        if ( text[i] == '\0' )
            text[i] = ';';
        else if ( text[i] < ' ' || text[i] > '~' )
            text[i] = '?';

    printk(XENLOG_INFO "livepatch: %s: %s%s\n", name, text,
           size < modinfo->size ? "..." : "");
}

static void announce(void)
{
    const struct patching_plan *plan = &flight.plan;
    const struct payload *payload = plan->payload;
    char name[PRINTABLE_NAME_SIZE];

    printk(XENLOG_INFO "livepatch: %s: finished %s with rc=%d\n",
           printable_name(name, payload->name), action_name(plan->action),
           payload->rc);

    if ( !payload->rc && payload->state == LIVEPATCH_STATE_APPLIED )
        print_metadata(name, &payload->modinfo);
}

static void cf_check finish(void *arg, const struct quiesce_result *result)
{
    const struct patching_plan *plan = arg;

    spin_lock(&payloads_lock);
    record(result);
    spin_unlock(&payloads_lock);

    call_post_hook(plan, !result->rc && plan->failure != PATCHING_WAITING);
    announce();

    spin_lock(&payloads_lock);
    land();
    spin_unlock(&payloads_lock);
}

int flight_start(struct payload *payload, uint32_t action, uint32_t timeout)
{
    struct patching_plan *plan = &flight.plan;
    const struct quiesce_work work = {
        .timeout = timeout ?: DEFAULT_TIMEOUT,
        .act = patching_act,
        .done = finish,
        .arg = plan,
    };
    int rc;

    rc = patching_prepare(plan, payload, action);
    if ( rc )
        return rc;

    rc = call_pre_hook(plan);
    if ( rc )
    {
        patching_finish(plan);
        payloads_changed();
        return rc;
    }

    flight.timeout = work.timeout;
    set_busy(true);

    rc = quiesce_start(&work);
    if ( rc )
    {
        if ( rc == -ENOMEM )
            refuse_no_memory(&payload->why, "stopping the CPUs");
        else
            refuse_as(LIVEPATCH_REASON_IN_FLIGHT, &payload->why, rc,
                      "%s: the CPUs can't be stopped now", action_name(action));
        payload->rc = rc;
        call_post_hook(plan, false);
        land();
    }

    return rc;
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
