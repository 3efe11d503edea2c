/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Actions: what is refused at once, and what becomes of the others with all
 * CPUs at rest, or not.
 */
#include "libxl_osdeps.h"

#undef NDEBUG
#include <assert.h>
#include <string.h>

#include <xenctrl.h>
#include <xen/errno.h>

#include "engine_inside.h"
#include "faults.h"
#include "world.h"

static struct engine_payload *top(void)
{
    return engine.num_applied ? engine.applied[engine.num_applied - 1]
                              : NULL;
}

void engine_push(struct engine_payload *p)
{
    p->state = LIVEPATCH_STATE_APPLIED;
    engine.applied[engine.num_applied++] = p;
    if (p->dangles) strcpy(engine.dangled, p->name);
}

void engine_pop(void)
{
    struct engine_payload *p = engine.applied[--engine.num_applied];

    p->state = LIVEPATCH_STATE_CHECKED;
    p->reverted = true;
    p->rc = 0;
}

static bool is_running(int domid)
{
    const struct world_domain *d = domid ? world_find(domid) : NULL;

    return d && !d->count;
}

/* A pause doesn't wake who sleeps there. */
static bool is_waiting(void)
{
    if (!engine.waiter || !engine.waits) return false;
    if (engine.waits > 0) engine.waits--;
    return true;
}

/*----- an engine that reports: all or nothing -----*/

/* Whether somebody was in the way. */
static bool is_hindered(struct engine_payload *p)
{
    if (is_running(engine.stubborn))
        p->late[p->num_late++] = engine.stubborn;
    else if (is_running(engine.late_then))
        p->late[p->num_late++] = engine.late_then;
    if (engine.idle_late) {
        engine.idle_late--;
        p->late[p->num_late++] = ENGINE_IDLE;
    }
    if (engine.dom0_late) {
        engine.dom0_late--;
        p->late[p->num_late++] = 0;
    }
    if (!p->num_late && is_waiting()) p->waits = engine.waiter;

    if (p->num_late)
        engine_refuse_for(p, LIVEPATCH_REASON_QUIESCE,
                          "%d CPUs did not arrive in time", p->num_late);
    else if (p->waits)
        engine_refuse_for(p, LIVEPATCH_REASON_WAITQUEUE,
                          "d%dv0 sleeps inside the hypervisor", p->waits);
    else
        return false;
    p->rc = -XEN_EBUSY;
    return true;
}

static void perform_well(struct engine_payload *p, uint32_t cmd)
{
    const struct engine_refusal *r;

    p->finished_us = faults_now_us();
    engine_state_changed();
    if (is_hindered(p)) return;
    if (p == &engine.rehearsal) {
        p->rc = 0;
        return;
    }
    r = engine_refusal(p, cmd, false);
    p->rc = r ? r->rc : 0;
    if (r && !r->in_vain) return;
    if (cmd == LIVEPATCH_ACTION_REPLACE)
        while (engine.num_applied) engine_pop();
    if (cmd == LIVEPATCH_ACTION_REVERT)
        engine_pop();
    else
        engine_push(p);
    p->rc = r ? r->rc : 0;
}

/*----- a stock engine: one thing after the other -----*/

/* Nobody looks whether somebody sleeps in what is reverted. */
static int revert_top(void)
{
    struct engine_payload *p = top();
    const struct engine_refusal *r =
        engine_refusal(p, LIVEPATCH_ACTION_REVERT, false);

    if (!r || r->in_vain) engine_pop();
    p->rc = r ? r->rc : 0;
    return p->rc;
}

static int check_waitqueues(const struct engine_payload *p)
{
    if (!is_waiting()) return 0;
    engine_say("(XEN) livepatch: d%d found with active waitqueue\n",
               engine.waiter);
    engine_say_of(p, "Safety checks failed: %d", -XEN_EBUSY);
    return -XEN_EBUSY;
}

/* With a hook in the place of Xen's own routine nobody looks either. */
static int apply(struct engine_payload *p, uint32_t cmd)
{
    const struct engine_refusal *r;

    if (!(p->file.hooks & HOOK_APPLY) && check_waitqueues(p))
        return -XEN_EBUSY;
    r = engine_refusal(p, cmd, false);
    if (!r || r->in_vain) engine_push(p);
    return r ? r->rc : 0;
}

/* The stack is gone before what comes in its place is looked at. */
static int replace(struct engine_payload *p)
{
    const struct engine_refusal *r;

    while (engine.num_applied)
        if (revert_top()) return -XEN_EINVAL;
    if (!(p->file.hooks & HOOK_APPLY)) {
        r = engine_refusal(p, LIVEPATCH_ACTION_REPLACE, false);
        if (r) {
            engine_say_of(p, "SYSTEM MIGHT BE INSECURE: Replace action has "
                          "been aborted after reverting ALL payloads!");
            return r->rc;
        }
    }
    return apply(p, LIVEPATCH_ACTION_REPLACE);
}

static void perform(struct engine_payload *p, uint32_t cmd)
{
    if (engine.reports) {
        perform_well(p, cmd);
        return;
    }
    if (is_running(engine.stubborn)) {
        engine_say_of(p, "Timed out on semaphore in CPU quiesce phase 0/1");
        p->rc = -XEN_EBUSY;
        engine.timed_out_us = faults_now_us();
        return;
    }
    p->rc = cmd == LIVEPATCH_ACTION_REVERT  ? revert_top() :
            cmd == LIVEPATCH_ACTION_REPLACE ? replace(p) : apply(p, cmd);
}

/*----- in flight -----*/

struct engine_payload *engine_land(void)
{
    struct engine_payload *p = engine.flying;

    engine.flying = NULL;
    if (p) perform(p, engine.flying_cmd);
    return p;
}

void engine_tick(void)
{
    if (engine.flying && engine.looks_left >= 0 && engine.looks_left-- == 0)
        engine_land();
}

/* A stock engine sets rc before it is known whether that works. */
static int schedule(struct engine_payload *p, uint32_t cmd)
{
    if (!engine.reports) p->rc = -XEN_EAGAIN;
    if (engine.flying) {
        engine_refuse_for(p, LIVEPATCH_REASON_IN_FLIGHT, "an action on %s is in flight",
                          engine.flying->name);
        return XEN_EBUSY;
    }
    if (engine.unschedulable) {
        engine.unschedulable--;
        if (!engine.reports)
            engine_say_of(p, "unable to get cpu_maps lock!");
        engine_refuse_for(p, LIVEPATCH_REASON_IN_FLIGHT,
                          "the CPUs can't be stopped now");
        return XEN_EBUSY;
    }
    p->rc = -XEN_EAGAIN;
    engine_state_changed();
    if (engine.timed_out_us &&
        faults_now_us() - engine.timed_out_us < ENGINE_DISTANCE_US)
        engine.too_soon = true;
    engine.flying = p;
    engine.flying_cmd = cmd;
    engine.looks_left = engine.looks;
    return 0;
}

/* An action on nothing, which is in flight as any other is. */
int engine_rehearse(void)
{
    struct engine_payload *const p = &engine.rehearsal;

    if (!engine.reports) return XEN_EOPNOTSUPP;
    if (engine.flying) return XEN_EBUSY;
    *p = (struct engine_payload){ .name = "all CPUs", .rc = -XEN_EAGAIN };
    engine.rehearsals++;
    engine.flying = p;
    engine.looks_left = engine.looks;
    return 0;
}

/*----- at once -----*/

/* A hook before the action, or what is looked at before that. */
static int refuse_at_once(struct engine_payload *p, uint32_t cmd)
{
    const bool reverts = cmd == LIVEPATCH_ACTION_REVERT;
    const struct engine_refusal *r = engine_refusal(p, cmd, true);

    if (r && p->file.hooks & (reverts ? HOOK_PREREVERT : HOOK_PREAPPLY)) {
        if (!engine.reports)
            engine_say_of(p, "pre-%s hook failed (rc=%d), aborting!",
                          reverts ? "revert" : "apply", r->rc);
        p->rc = r->rc;
    }
    return r ? -r->rc : schedule(p, cmd);
}

static int check_depends(struct engine_payload *p, bool on_hypervisor)
{
    if (!top()) on_hypervisor = true;
    if (!strcmp(p->file.depends,
                on_hypervisor ? engine.build_id : top()->file.build_id))
        return 0;
    if (!engine.reports)
        engine_say_of(p, "check against %s build-id failed",
                      on_hypervisor ? "hypervisor" : top()->name);
    engine_refuse_for(p, LIVEPATCH_REASON_DEPENDENCY,
                      "APPLY: it depends on build-id %s", p->file.depends);
    return XEN_EINVAL;
}

static int act_apply(struct engine_payload *p, uint32_t flags)
{
    if (p->reverted && !p->file.reapplicable && !engine.reports) {
        engine_say_of(p, "can't revert as payload has .data. Please unload");
        p->rc = -XEN_EINVAL;
        return 0;
    }
    if (!(flags & LIVEPATCH_ACTION_APPLY_NODEPS) && check_depends(p, false))
        return XEN_EINVAL;
    return refuse_at_once(p, LIVEPATCH_ACTION_APPLY);
}

/* Which may apply what has been reverted and has data. */
static int act_replace(struct engine_payload *p)
{
    unsigned int hooks = p->file.hooks;
    int i;

    if (check_depends(p, true)) return XEN_EINVAL;
    for (i = 0; i < engine.num_applied; i++)
        hooks |= engine.applied[i]->file.hooks;
    if (!(hooks & HOOKS_VETOING)) return schedule(p, LIVEPATCH_ACTION_REPLACE);
    if (!engine.reports)
        engine_say_of(p, "REPLACE action is not supported on livepatches "
                      "with vetoing hooks!");
    engine_refuse_for(p, LIVEPATCH_REASON_HOOK,
                      "REPLACE: it has hooks before or after actions");
    return XEN_EOPNOTSUPP;
}

static int act_revert(struct engine_payload *p)
{
    if (p == top()) return refuse_at_once(p, LIVEPATCH_ACTION_REVERT);
    if (!engine.reports)
        engine_say_of(p, "can't unload. Top is %s", top()->name);
    engine_refuse_for(p, LIVEPATCH_REASON_NOT_ON_TOP,
                      "REVERT: %s was applied after it", top()->name);
    return XEN_EBUSY;
}

static int act_unload(struct engine_payload *p)
{
    const struct engine_refusal *r;

    if (p->state != LIVEPATCH_STATE_CHECKED) return XEN_EINVAL;
    r = engine_refusal(p, LIVEPATCH_ACTION_UNLOAD, true);
    if (r) return -r->rc;
    engine_unload_payload(p);
    return 0;
}

int engine_act(struct engine_payload *p, uint32_t cmd, uint32_t flags)
{
    if (!p) return XEN_ENOENT;
    if (engine.flying == p) return XEN_EBUSY;

    if (cmd >= LIVEPATCH_ACTION_UNLOAD && cmd <= LIVEPATCH_ACTION_REPLACE) {
        engine.last = p;
        engine.last_cmd = cmd;
        p->failure[0] = '\0';
        p->reason = 0;
        p->culprit = NULL;
        p->num_late = 0;
        p->waits = 0;
    }
    /* In the wrong state nothing is done, and that is success. */
    switch (cmd) {
    case LIVEPATCH_ACTION_UNLOAD:
        return act_unload(p);
    case LIVEPATCH_ACTION_REVERT:
        return p->state == LIVEPATCH_STATE_APPLIED ? act_revert(p) : 0;
    case LIVEPATCH_ACTION_APPLY:
        return p->state == LIVEPATCH_STATE_CHECKED ? act_apply(p, flags) : 0;
    case LIVEPATCH_ACTION_REPLACE:
        return p->state == LIVEPATCH_STATE_CHECKED ? act_replace(p) : 0;
    default:
        return XEN_EOPNOTSUPP;
    }
}
