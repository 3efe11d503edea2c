/* SPDX-License-Identifier: LGPL-2.1-only */
/*
 * One action on one payload, attempted until it is done.
 *
 *   start -> [wait] -> [pause guests] -> hypercall -> poll
 *                ^                                     |
 *                +---- retry <---- [resume guests] <---+--> finish
 *
 * An engine that could not bring all CPUs to a halt in time gives up, with
 * -EBUSY.  It is tried again with a longer time-out, and at last with
 * those guests paused that are in the way: the ones that the hypervisor
 * names, or with a stock one those that may be.
 */

#include "libxl_osdeps.h"

#include <xen/errno.h>

#include "libxl_livepatch_internal.h"

/*
 * After an attempt that timed out, CPUs which come late still take part in
 * it.  A stock engine takes one that meets the next attempt for a part of
 * that, and the host hangs; so keep well clear.  Microseconds.
 */
#define DISTANCE_US 250000

/*
 * A stock engine still looks at a payload, and runs its post hook, after
 * it has said that the action is complete.  Don't unload it meanwhile.
 */
#define SETTLE_US 20000

/*
 * Neither makes anybody wait longer, in whatever state the lock's file is.
 */
#define LONGEST_WAIT_US (LIBXL_LIVEPATCH_TIMEOUT_US_MAX + \
                         LIBXL_LIVEPATCH_TIMEOUT_US_CEILING + DISTANCE_US)

/* Between two series of attempts, if there is time for more of them. */
#define BACKOFF_FIRST_US 1000000
#define BACKOFF_LAST_US 60000000

#define POLL_FIRST_US 500
#define POLL_LAST_US 10000

/* Beyond its time-out an action patches, and domain 0 has to run again. */
#define IN_FLIGHT_US 10000000

static void action_ready(libxl__egc *egc, libxl__livepatch_timer *lpt);
static void action_wait(libxl__egc *egc, libxl__livepatch_action *lpa);
static void action_again(libxl__egc *egc, libxl__livepatch_timer *lpt);
static void action_due(libxl__egc *egc, libxl__livepatch_timer *lpt);
static void action_paused(libxl__egc *egc, libxl__livepatch_pauser *lpp,
                          int rc);
static void action_do(libxl__egc *egc, libxl__livepatch_action *lpa);
static void action_poll(libxl__egc *egc, libxl__livepatch_timer *lpt);
static void action_over(libxl__egc *egc, libxl__livepatch_action *lpa,
                        libxl_livepatch_outcome outcome,
                        libxl_livepatch_reason reason, int rc);
static void action_resumed(libxl__egc *egc, libxl__livepatch_pauser *lpp,
                           int rc);
static void action_decide(libxl__egc *egc, libxl__livepatch_action *lpa);
static void action_finish(libxl__egc *egc, libxl__livepatch_action *lpa);

/*----- synchronous helpers -----*/

static bool is_wanted(const libxl__livepatch_action *lpa, uint32_t state)
{
    switch (lpa->op) {
    case LIBXL_LIVEPATCH_OPERATION_APPLY:
    case LIBXL_LIVEPATCH_OPERATION_REPLACE:
        return state == LIVEPATCH_STATE_APPLIED;
    case LIBXL_LIVEPATCH_OPERATION_REVERT:
        return state == LIVEPATCH_STATE_CHECKED;
    default:
        return false;
    }
}

/*
 * Whether an action on the payload is in flight.  rc is -EAGAIN then, but
 * for ever after an action that could not be scheduled, too.
 */
static bool is_in_flight(libxl__gc *gc, const libxl__livepatch_action *lpa,
                         int rc)
{
    if (rc != -XEN_EAGAIN) return false;
    /* Only stock engines leave it so. */
    if (lpa->call->reporter.available) return true;
    return libxl__livepatch_probe(gc, lpa->item->name) == -EBUSY;
}

/* Where the hypervisor has reported why the attempt ended with rc. */
static libxl_livepatch_reason
reported_reason(const libxl__livepatch_action *lpa, int rc)
{
    if (lpa->attempt.reason) return lpa->attempt.reason;
    /*
     * An action on this very payload is in flight, and has no end to tell.
     */
    return rc == -XEN_EBUSY ? LIBXL_LIVEPATCH_REASON_IN_FLIGHT
                            : LIBXL_LIVEPATCH_REASON_HYPERVISOR;
}

/* The domain that a stock engine names, which knows no vCPU. */
static const char *waiter_words(libxl__gc *gc, uint32_t domid)
{
    char *name = libxl__livepatch_domain_name(gc, domid);

    if (name) libxl__ptr_add(gc, name);
    return name ? GCSPRINTF("domain %"PRIu32" (%s)", domid, name)
                : GCSPRINTF("domain %"PRIu32, domid);
}

/* Why the hypervisor ended an action with an error. */
static libxl_livepatch_reason find_reason(libxl__gc *gc,
                                          libxl__livepatch_action *lpa,
                                          int rc)
{
    libxl__livepatch_call *const lpc = lpa->call;
    libxl_livepatch_reason told;
    uint32_t waiter;
    bool has_waiter;
    char **lines;

    if (lpa->reported) return reported_reason(lpa, rc);

    lines = libxl__livepatch_console_since(gc, &lpc->seen);
    libxl__livepatch_console_mark(gc, &lpc->seen);
    told = libxl__livepatch_console_reason(lines, NULL);
    has_waiter = libxl__livepatch_console_waiter(lines, &waiter);
    if (has_waiter) lpa->told = waiter_words(gc, waiter);

    if (rc == -XEN_EBUSY)
        return has_waiter ? LIBXL_LIVEPATCH_REASON_WAITQUEUE
                          : LIBXL_LIVEPATCH_REASON_QUIESCE;
    if (told != LIBXL_LIVEPATCH_REASON_NONE) return told;
    if (rc == -XEN_EOPNOTSUPP &&
        lpa->op == LIBXL_LIVEPATCH_OPERATION_REPLACE)
        return LIBXL_LIVEPATCH_REASON_HOOK;
    lpa->silent = !*lines;
    /* Or nothing is known of any. */
    if (libxl_string_list_length(&lpa->item->payload.hooks) ||
        !lpa->item->payload.recorded)
        return LIBXL_LIVEPATCH_REASON_HOOK;
    return LIBXL_LIVEPATCH_REASON_HYPERVISOR;
}

/*
 * What an action was not even begun for, with EBUSY.  For a revert that
 * may also mean that the payload is not on top, or be its hook's word;
 * only when it could not be scheduled the engine has touched rc before.
 */
static libxl_livepatch_reason
find_busy_reason(libxl__gc *gc, libxl__livepatch_action *lpa)
{
    libxl_livepatch_reason told;
    uint32_t state;
    char **lines;
    int rc;

    if (lpa->reported) return reported_reason(lpa, -XEN_EBUSY);

    lines = libxl__livepatch_console_since(gc, &lpa->call->seen);
    told = libxl__livepatch_console_reason(lines, NULL);
    libxl__livepatch_console_mark(gc, &lpa->call->seen);
    if (told == LIBXL_LIVEPATCH_REASON_NOT_ON_TOP) return told;
    if (lpa->op != LIBXL_LIVEPATCH_OPERATION_REVERT ||
        libxl__livepatch_get(gc, lpa->item->name, &state, &rc) ||
        rc == -XEN_EAGAIN)
        return LIBXL_LIVEPATCH_REASON_IN_FLIGHT;
    return rc == -XEN_EBUSY ? LIBXL_LIVEPATCH_REASON_HOOK
                            : LIBXL_LIVEPATCH_REASON_NOT_ON_TOP;
}

static bool is_worth_retrying(libxl_livepatch_reason reason)
{
    return reason == LIBXL_LIVEPATCH_REASON_QUIESCE ||
           reason == LIBXL_LIVEPATCH_REASON_WAITQUEUE ||
           reason == LIBXL_LIVEPATCH_REASON_IN_FLIGHT;
}

/* When lpa may begin, on the clock of libxl__livepatch_now_us. */
static uint64_t not_before(const libxl__livepatch_action *lpa)
{
    const libxl__livepatch_lock *const lock = &lpa->call->lock;
    uint64_t due = 0;

    /*
     * Stock engines alone have these faults.  But somebody else's action
     * has to come to its end with any.
     */
    if (lpa->call->reporter.available)
        return lpa->reason == LIBXL_LIVEPATCH_REASON_IN_FLIGHT
                   ? lock->last_action_us + DISTANCE_US : 0;

    if (lock->last_action_us)
        due = lock->last_action_us + SETTLE_US;
    /* An unload does not ask the CPUs for anything. */
    if (lock->last_failure_us &&
        lpa->op != LIBXL_LIVEPATCH_OPERATION_UNLOAD)
        due = max(due, lock->last_failure_us + DISTANCE_US);
    return due;
}

/*
 * For the next call, in case that this one is killed meanwhile: an action
 * may be about to time out.
 */
static void note_begin(libxl__gc *gc, const libxl__livepatch_action *lpa)
{
    libxl__livepatch_lock pessimistic = lpa->call->lock;

    if (lpa->op == LIBXL_LIVEPATCH_OPERATION_UNLOAD) return;
    pessimistic.last_action_us = lpa->attempt_us + lpa->timeout_us;
    pessimistic.last_failure_us = pessimistic.last_action_us;
    libxl__livepatch_lock_note(gc, &pessimistic);
}

static void note_end(libxl__gc *gc, libxl__livepatch_action *lpa,
                     libxl_livepatch_reason reason)
{
    libxl__livepatch_lock *const lock = &lpa->call->lock;

    lock->last_action_us = libxl__livepatch_now_us();
    if (is_worth_retrying(reason))
        lock->last_failure_us = lock->last_action_us;
    /* It is somebody else's that may time out yet. */
    if (reason == LIBXL_LIVEPATCH_REASON_IN_FLIGHT)
        lock->last_failure_us += LIBXL_LIVEPATCH_TIMEOUT_US_CEILING;
    libxl__livepatch_lock_note(gc, lock);
}

static void begin_attempt(libxl__gc *gc, libxl__livepatch_action *lpa)
{
    libxl_livepatch_attempt *const attempt = &lpa->attempt;

    lpa->began = false;
    lpa->reported = false;
    lpa->told = NULL;
    lpa->culprit = NULL;
    lpa->attempt_us = libxl__livepatch_now_us();
    lpa->poll_us = POLL_FIRST_US;
    attempt->operation = lpa->op;
    attempt->rollback = lpa->rollback;
    attempt->payload = libxl__strdup(NOGC, lpa->item->payload.name);
    attempt->start_us = lpa->attempt_us - lpa->call->start_us;
    if (lpa->op != LIBXL_LIVEPATCH_OPERATION_UNLOAD)
        attempt->timeout_us = lpa->timeout_us;
}

/* Sleep in the event loop; an abort may end it early. */
static void wait_for(libxl__egc *egc, libxl__livepatch_action *lpa,
                     uint64_t us,
                     void (*callback)(libxl__egc *,
                                      libxl__livepatch_timer *))
{
    lpa->timer.callback = callback;
    libxl__livepatch_wait(egc, lpa->call->ao, &lpa->timer, us,
                          !lpa->call->undoing);
}

/* Tell who follows the call of the attempt that was logged last. */
static void report_attempt(libxl__egc *egc, libxl__livepatch_action *lpa)
{
    libxl__livepatch_call *const lpc = lpa->call;
    const libxl_livepatch_result *const result = lpc->result;
    const libxl_livepatch_attempt *const last =
        &result->attempts[result->num_attempts - 1];
    STATE_AO_GC(lpc->ao);
    libxl_event *event;

    event = NEW_EVENT(egc, LIVEPATCH_ATTEMPT, INVALID_DOMID,
                      lpc->aop_attempts.for_event);
    libxl_livepatch_attempt_copy(CTX, &event->u.livepatch_attempt.attempt,
                                 last);
    libxl__ao_progress_report(egc, ao, &lpc->aop_attempts, event);
}

static void log_attempt(libxl__egc *egc, libxl__livepatch_action *lpa)
{
    STATE_AO_GC(lpa->call->ao);
    libxl_livepatch_result *const result = lpa->call->result;
    int num = result->num_attempts;

    result->attempts =
        libxl__realloc(NOGC, result->attempts,
                       (num + 1) * sizeof(*result->attempts));
    result->attempts[num] = lpa->attempt;
    result->num_attempts++;
    libxl_livepatch_attempt_init(&lpa->attempt);
    report_attempt(egc, lpa);
}

/* Ask the hypervisor what became of the attempt, and why. */
static void explain(libxl__gc *gc, libxl__livepatch_action *lpa)
{
    libxl__livepatch_call *const lpc = lpa->call;
    const char *obstacle;

    lpa->reported = libxl__livepatch_explain_attempt(gc, &lpc->reporter,
                                                     lpa->item->name,
                                                     &lpa->attempt,
                                                     &lpa->culprit);
    if (!lpa->reported) return;

    obstacle = libxl__livepatch_obstacle(gc, &lpa->attempt);
    if (!obstacle) return;
    lpa->told = libxl__strdup(gc, obstacle);
    lpc->told = true;
}

/*
 * How many of the suspects to pause next, after so many were not enough.
 * The same number means that there is nothing left to try.
 */
static int widen(const libxl__livepatch_action *lpa)
{
    if (!lpa->num_pausing) return lpa->num_likely;
    if (lpa->num_pausing < lpa->num_guests / 2) return lpa->num_guests / 2;
    return lpa->num_guests;
}

/*
 * Whom to pause next; the same number as before means that there is nobody
 * who could be in the way.  ERROR_* if that can't be found out.
 */
static int choose_guests(libxl__gc *gc, libxl__livepatch_action *lpa,
                         const libxl_livepatch_attempt *attempt)
{
    libxl__livepatch_call *const lpc = lpa->call;
    int rc;

    if (lpa->reported &&
        lpc->params.pause != LIBXL_LIVEPATCH_PAUSE_MODE_ALL) {
        rc = libxl__livepatch_named(gc, lpc, attempt, &lpa->guests,
                                    &lpa->num_guests);
        lpa->num_likely = lpa->num_guests;
        lpa->none_to_pause = !rc && !lpa->num_guests;
        return rc ?: lpa->num_guests;
    }
    if (!lpa->guests) {
        rc = libxl__livepatch_suspects(gc, lpc, &lpa->sample,
                                       &lpa->guests, &lpa->num_guests,
                                       &lpa->num_likely);
        if (rc) return rc;
    }
    return widen(lpa);
}

/* From the shortest timeout on, and at first with nobody paused. */
static void begin_series(libxl__livepatch_action *lpa)
{
    const libxl_livepatch_params *const params = &lpa->call->params;

    lpa->timeout_us = params->timeout_us;
    lpa->retries = params->retries;
    if (lpa->rollback) {
        /* What was asked for is over; now the host has to come back. */
        lpa->timeout_us = max(lpa->timeout_us,
                          (uint32_t)LIBXL_LIVEPATCH_TIMEOUT_US_DEFAULT);
        lpa->retries = max(lpa->retries, LIBXL_LIVEPATCH_RETRIES_DEFAULT);
    }
    lpa->num_tries = 0;
    lpa->guests = NULL;
    lpa->num_guests = lpa->num_likely = lpa->num_pausing = 0;
}

/*
 * Whether pausing guests may help.  A vCPU that sleeps in a waitqueue
 * sleeps on when its domain is paused; and guests have nothing to do with
 * somebody else's action.
 */
static bool is_worth_pausing(const libxl__livepatch_action *lpa)
{
    return lpa->reason == LIBXL_LIVEPATCH_REASON_QUIESCE &&
           lpa->call->params.pause != LIBXL_LIVEPATCH_PAUSE_MODE_NEVER &&
           !lpa->pauser_failed;
}

/*
 * A stock engine looks for sleepers only after a replace has reverted the
 * old stack: that has to be back before anything else is tried.
 */
static bool has_lost_the_stack(const libxl__livepatch_action *lpa)
{
    return lpa->op == LIBXL_LIVEPATCH_OPERATION_REPLACE &&
           lpa->reason == LIBXL_LIVEPATCH_REASON_WAITQUEUE &&
           !lpa->call->reporter.available;
}

/*
 * Whether the call has time for another series of attempts after so long.
 */
static bool has_time_for(const libxl__livepatch_action *lpa, uint64_t us)
{
    libxl__livepatch_call *const lpc = lpa->call;

    return lpc->deadline_us && !lpa->rollback &&
           !libxl__livepatch_call_aborted(lpc) &&
           libxl__livepatch_now_us() + us < lpc->deadline_us;
}

/*----- the action -----*/

void libxl__livepatch_action_start(libxl__egc *egc,
                                   libxl__livepatch_action *lpa)
{
    libxl__livepatch_timer_init(&lpa->timer);
    libxl_livepatch_attempt_init(&lpa->attempt);
    begin_series(lpa);
    lpa->backoff_us = BACKOFF_FIRST_US;
    lpa->attempt_us = libxl__livepatch_now_us();
    lpa->poll_us = POLL_FIRST_US;
    action_ready(egc, &lpa->timer);
}

/* Wait for an action of somebody else on this payload. */
static void action_ready(libxl__egc *egc, libxl__livepatch_timer *lpt)
{
    libxl__livepatch_action *lpa = CONTAINER_OF(lpt, *lpa, timer);
    STATE_AO_GC(lpa->call->ao);
    uint32_t state;
    int rc, r;

    r = libxl__livepatch_get(gc, lpa->item->name, &state, &rc);
    if (r) {
        lpa->outcome = LIBXL_LIVEPATCH_OUTCOME_FAILED;
        lpa->reason = r == -ENOENT ? LIBXL_LIVEPATCH_REASON_NO_SUCH_PAYLOAD
                                   : LIBXL_LIVEPATCH_REASON_HYPERVISOR;
        lpa->rc = r;
        action_finish(egc, lpa);
        return;
    }
    if (is_in_flight(gc, lpa, rc)) {
        note_end(gc, lpa, LIBXL_LIVEPATCH_REASON_QUIESCE);
        if ((libxl__livepatch_now_us() - lpa->attempt_us < IN_FLIGHT_US ||
             has_time_for(lpa, POLL_LAST_US)) &&
            !libxl__livepatch_call_aborted(lpa->call)) {
            wait_for(egc, lpa, POLL_LAST_US, action_ready);
            return;
        }
        lpa->outcome = LIBXL_LIVEPATCH_OUTCOME_BUSY;
        lpa->reason = LIBXL_LIVEPATCH_REASON_IN_FLIGHT;
        lpa->rc = -EBUSY;
        action_finish(egc, lpa);
        return;
    }
    if (is_wanted(lpa, state)) {
        lpa->outcome = LIBXL_LIVEPATCH_OUTCOME_DONE;
        action_finish(egc, lpa);
        return;
    }
    action_wait(egc, lpa);
}

static void action_again(libxl__egc *egc, libxl__livepatch_timer *lpt)
{
    action_wait(egc, CONTAINER_OF(lpt, libxl__livepatch_action, timer));
}

/*
 * Until it is due, and through the event loop in any case: nowhere else
 * can the call be aborted, and an action may be over as soon as it is
 * begun.
 */
static void action_wait(libxl__egc *egc, libxl__livepatch_action *lpa)
{
    uint64_t now = libxl__livepatch_now_us();
    uint64_t due = not_before(lpa);

    /* A time far ahead is no time of this boot. */
    if (due <= now || due - now > LONGEST_WAIT_US) due = now;
    wait_for(egc, lpa, due - now, action_due);
}

static void action_due(libxl__egc *egc, libxl__livepatch_timer *lpt)
{
    libxl__livepatch_action *lpa = CONTAINER_OF(lpt, *lpa, timer);
    libxl__livepatch_call *const lpc = lpa->call;
    libxl__livepatch_pauser *const lpp = &lpc->pauser;

    if (libxl__livepatch_call_aborted(lpc)) {
        lpa->outcome = LIBXL_LIVEPATCH_OUTCOME_FAILED;
        lpa->reason = LIBXL_LIVEPATCH_REASON_ABORTED;
        action_finish(egc, lpa);
        return;
    }
    if (!lpa->num_pausing) {
        action_do(egc, lpa);
        return;
    }

    lpp->user = lpa;
    lpp->guests = lpa->guests;
    lpp->num_guests = lpa->num_pausing;
    lpp->callback = action_paused;
    libxl__livepatch_pauser_start(egc, lpp);
}

static void action_paused(libxl__egc *egc, libxl__livepatch_pauser *lpp,
                          int rc)
{
    libxl__livepatch_action *lpa = lpp->user;
    STATE_AO_GC(lpa->call->ao);

    if (rc) {
        libxl__livepatch_warn(gc, lpa->call->result,
                "cannot pause guests: libxl-livepatch-pauser failed");
        lpa->num_pausing = 0;
        lpa->outcome = LIBXL_LIVEPATCH_OUTCOME_BUSY;
        lpa->reason = LIBXL_LIVEPATCH_REASON_QUIESCE;
        action_finish(egc, lpa);
        return;
    }
    if (libxl__livepatch_call_aborted(lpa->call)) {
        begin_attempt(gc, lpa);
        action_over(egc, lpa, LIBXL_LIVEPATCH_OUTCOME_FAILED,
                    LIBXL_LIVEPATCH_REASON_ABORTED, 0);
        return;
    }
    action_do(egc, lpa);
}

static void action_do(libxl__egc *egc, libxl__livepatch_action *lpa)
{
    libxl__livepatch_call *const lpc = lpa->call;
    libxl_livepatch_attempt *const attempt = &lpa->attempt;
    STATE_AO_GC(lpc->ao);
    /* What was below an old one is so again, depended on or not. */
    uint32_t flags = lpa->rollback || lpc->params.nodeps
                         ? LIVEPATCH_ACTION_APPLY_NODEPS : 0;
    int r;

    /* What each guest runs during the last attempt before pausing. */
    if (!lpc->reporter.available && !lpa->num_pausing &&
        lpa->num_tries == lpa->retries &&
        lpc->params.pause != LIBXL_LIVEPATCH_PAUSE_MODE_NEVER &&
        lpa->op != LIBXL_LIVEPATCH_OPERATION_UNLOAD)
        libxl__livepatch_sample_usage(gc, &lpa->sample);

    begin_attempt(gc, lpa);
    note_begin(gc, lpa);
    lpc->changed = true;
    r = libxl__livepatch_do(gc, lpa->item->name, lpa->op,
                            attempt->timeout_us, flags);
    if (!r && lpa->op == LIBXL_LIVEPATCH_OPERATION_UNLOAD) {
        action_over(egc, lpa, LIBXL_LIVEPATCH_OUTCOME_DONE,
                    LIBXL_LIVEPATCH_REASON_NONE, 0);
        return;
    }
    if (!r) {
        lpa->began = true;
        action_poll(egc, &lpa->timer);
        return;
    }

    /* It never began. */
    explain(gc, lpa);
    action_over(egc, lpa, LIBXL_LIVEPATCH_OUTCOME_FAILED,
                r == -EBUSY ? find_busy_reason(gc, lpa)
                            : find_reason(gc, lpa, r), r);
}

static void action_poll(libxl__egc *egc, libxl__livepatch_timer *lpt)
{
    libxl__livepatch_action *lpa = CONTAINER_OF(lpt, *lpa, timer);
    STATE_AO_GC(lpa->call->ao);
    uint64_t now;
    uint32_t state = 0;
    int rc = -XEN_EAGAIN, r;

    r = libxl__livepatch_get(gc, lpa->item->name, &state, &rc);
    now = libxl__livepatch_now_us();
    if (!r && rc != -XEN_EAGAIN) {
        lpa->attempt.duration_us = now - lpa->attempt_us;
        explain(gc, lpa);
        if (is_wanted(lpa, state) && rc)
            libxl__livepatch_warn(gc, lpa->call->result,
                    "the hypervisor reports error %d, although the action "
                    "took effect", -rc);
        if (is_wanted(lpa, state))
            action_over(egc, lpa, LIBXL_LIVEPATCH_OUTCOME_DONE,
                        LIBXL_LIVEPATCH_REASON_NONE, rc);
        else
            action_over(egc, lpa, LIBXL_LIVEPATCH_OUTCOME_FAILED,
                        find_reason(gc, lpa, rc), rc);
        return;
    }

    if (r == -ENOENT) {
        /* Another tool has unloaded it since; so it had been reverted. */
        action_over(egc, lpa,
                    lpa->op == LIBXL_LIVEPATCH_OPERATION_REVERT
                        ? LIBXL_LIVEPATCH_OUTCOME_DONE
                        : LIBXL_LIVEPATCH_OUTCOME_FAILED,
                    LIBXL_LIVEPATCH_REASON_NO_SUCH_PAYLOAD, r);
        return;
    }
    if (now - lpa->attempt_us > lpa->timeout_us + IN_FLIGHT_US) {
        action_over(egc, lpa, LIBXL_LIVEPATCH_OUTCOME_STRANDED,
                    LIBXL_LIVEPATCH_REASON_IN_FLIGHT, r ? r : rc);
        return;
    }
    /* An abort must not make this a busy loop: it can't change a thing. */
    lpa->timer.callback = action_poll;
    lpa->poll_us = min(lpa->poll_us * 2, (uint64_t)POLL_LAST_US);
    libxl__livepatch_wait(egc, ao, &lpa->timer, lpa->poll_us, false);
}

/*
 * How long at most the host stood still for the attempt.  CPUs that wait
 * for others give up at the time-out; patching itself is not bounded by
 * it.  The hypervisor may have reported it.
 */
static uint64_t stalled(const libxl__livepatch_action *lpa)
{
    const libxl_livepatch_attempt *attempt = &lpa->attempt;
    uint64_t us = attempt->stalled_us ?: attempt->duration_us;

    if (!lpa->began) return 0;
    if (attempt->reason == LIBXL_LIVEPATCH_REASON_QUIESCE)
        return min(us, (uint64_t)attempt->timeout_us);
    return us;
}

static void action_over(libxl__egc *egc, libxl__livepatch_action *lpa,
                        libxl_livepatch_outcome outcome,
                        libxl_livepatch_reason reason, int rc)
{
    libxl__livepatch_call *const lpc = lpa->call;
    libxl_livepatch_attempt *const attempt = &lpa->attempt;
    STATE_AO_GC(lpc->ao);

    if (!attempt->duration_us)
        attempt->duration_us = libxl__livepatch_now_us() - lpa->attempt_us;
    attempt->outcome = outcome;
    attempt->reason = reason;
    attempt->rc = rc;
    attempt->stalled_us = stalled(lpa);
    if (is_worth_retrying(reason) &&
        outcome == LIBXL_LIVEPATCH_OUTCOME_FAILED)
        attempt->outcome = LIBXL_LIVEPATCH_OUTCOME_BUSY;

    /* An unload leaves nothing behind that has to settle. */
    if (lpa->op != LIBXL_LIVEPATCH_OPERATION_UNLOAD ||
        is_worth_retrying(reason))
        note_end(gc, lpa, reason);

    if (lpa->num_pausing) {
        lpc->pauser.callback = action_resumed;
        libxl__livepatch_pauser_end(egc, &lpc->pauser);
        return;
    }
    action_decide(egc, lpa);
}

static void action_resumed(libxl__egc *egc, libxl__livepatch_pauser *lpp,
                           int rc)
{
    libxl__livepatch_action *lpa = lpp->user;
    libxl_livepatch_attempt *const attempt = &lpa->attempt;
    STATE_AO_GC(lpa->call->ao);
    const char *times = NULL;
    int i;

    attempt->paused = libxl__calloc(NOGC, lpa->num_pausing,
                                    sizeof(*attempt->paused));
    for (i = 0; i < lpa->num_pausing; i++) {
        const libxl__livepatch_guest *guest = &lpa->guests[i];
        libxl_livepatch_pause *pause;

        if (!guest->paused) continue;
        pause = &attempt->paused[attempt->num_paused++];
        libxl_livepatch_pause_init(pause);
        pause->domid = guest->domid;
        memcpy(pause->uuid.uuid, guest->uuid, sizeof(guest->uuid));
        pause->name = libxl__livepatch_domain_name(gc, guest->domid);
        pause->paused_us = guest->paused_us;
        times = GCSPRINTF("%s%sdomain %"PRIu32" after %"PRIu64" us",
                          times ?: "", times ? ", " : "", guest->domid,
                          guest->paused_us);
    }
    if (lpp->expired)
        libxl__livepatch_warn(gc, lpa->call->result,
                "guests were resumed before the attempt had ended, as "
                "their longest pause was over: %s", times ?: "none");
    lpa->not_paused = attempt->num_paused < lpa->num_pausing;
    if (rc) {
        lpa->pauser_failed = true;
        libxl__livepatch_warn(gc, lpa->call->result,
                "the process that had paused guests died; another one "
                "resumes them");
    }
    action_decide(egc, lpa);
}

static void action_decide(libxl__egc *egc, libxl__livepatch_action *lpa)
{
    libxl__livepatch_call *const lpc = lpa->call;
    libxl_livepatch_result *const result = lpc->result;
    STATE_AO_GC(lpc->ao);
    int next;

    lpa->outcome = lpa->attempt.outcome;
    lpa->reason = lpa->attempt.reason;
    lpa->rc = lpa->attempt.rc;
    log_attempt(egc, lpa);

    if (lpa->outcome != LIBXL_LIVEPATCH_OUTCOME_BUSY ||
        has_lost_the_stack(lpa))
        goto finish;

    if (!lpa->num_pausing && lpa->num_tries < lpa->retries) {
        uint32_t ceiling = max(lpc->params.timeout_us,
                          (uint32_t)LIBXL_LIVEPATCH_TIMEOUT_US_CEILING);

        lpa->num_tries++;
        lpa->timeout_us = min(lpa->timeout_us * 2, ceiling);
        action_wait(egc, lpa);
        return;
    }
    if (is_worth_pausing(lpa)) {
        next = choose_guests(gc, lpa,
                             &result->attempts[result->num_attempts - 1]);
        if (next > 0 && next != lpa->num_pausing) {
            lpa->num_pausing = next;
            action_wait(egc, lpa);
            return;
        }
    }
    if (has_time_for(lpa, lpa->backoff_us)) {
        uint64_t us = lpa->backoff_us;

        lpa->backoff_us = min(us * 2, (uint64_t)BACKOFF_LAST_US);
        begin_series(lpa);
        result->attempts[result->num_attempts - 1].wait_us = us;
        report_attempt(egc, lpa);
        wait_for(egc, lpa, us, action_again);
        return;
    }

 finish:
    action_finish(egc, lpa);
}

static void action_finish(libxl__egc *egc, libxl__livepatch_action *lpa)
{
    STATE_AO_GC(lpa->call->ao);

    /* Not to be tried again by somebody who wants it no more. */
    if (lpa->outcome == LIBXL_LIVEPATCH_OUTCOME_BUSY &&
        libxl__livepatch_call_aborted(lpa->call)) {
        lpa->outcome = LIBXL_LIVEPATCH_OUTCOME_FAILED;
        lpa->reason = LIBXL_LIVEPATCH_REASON_ABORTED;
    }
    if (lpa->reason == LIBXL_LIVEPATCH_REASON_ABORTED) lpa->told = NULL;
    libxl__livepatch_timer_dispose(gc, &lpa->timer);
    lpa->callback(egc, lpa);
}

/*----- what became of it, in words -----*/

static const char *participle(libxl_livepatch_operation op)
{
    switch (op) {
    case LIBXL_LIVEPATCH_OPERATION_REPLACE:
        return "applied in place of all";
    case LIBXL_LIVEPATCH_OPERATION_REVERT:
        return "reverted";
    case LIBXL_LIVEPATCH_OPERATION_UNLOAD:
        return "unloaded";
    default:
        return "applied";
    }
}

const char *libxl__livepatch_action_error(libxl__gc *gc,
                                    const libxl__livepatch_action *lpa)
{
    bool hindered = lpa->reason == LIBXL_LIVEPATCH_REASON_QUIESCE ||
                    lpa->reason == LIBXL_LIVEPATCH_REASON_WAITQUEUE;
    bool hook = lpa->reason == LIBXL_LIVEPATCH_REASON_HOOK;
    const char *message =
        libxl__livepatch_words_for(lpa->reason)->message;

    if (lpa->told && !hindered) return lpa->told;
    if (lpa->told) return GCSPRINTF("%s: %s", message, lpa->told);
    if (message && !hook) return message;

    if (lpa->outcome == LIBXL_LIVEPATCH_OUTCOME_STRANDED)
        return "the hypervisor still works on it";
    if (hook && lpa->op == LIBXL_LIVEPATCH_OPERATION_REPLACE &&
        lpa->rc == -XEN_EOPNOTSUPP)
        return "one of those that are applied has hooks that run before "
               "or after an action, with which the hypervisor doesn't "
               "replace";
    return GCSPRINTF("%s refused, with error %d (%s)%s",
                     hook ? "a hook of it" : "the hypervisor",
                     -lpa->rc, strerror(-lpa->rc),
                     lpa->silent
                         ? ", and its console doesn't say why" : "");
}

/* Where there is better advice than for the reason alone; or NULL. */
static const char *action_advice(libxl__gc *gc,
                                 const libxl__livepatch_action *lpa)
{
    if (lpa->none_to_pause)
        return LIVEPATCH_ADVICE_NONE_TO_PAUSE;
    if (lpa->reason == LIBXL_LIVEPATCH_REASON_QUIESCE && lpa->not_paused)
        return LIVEPATCH_ADVICE_NOT_PAUSED;
    if (lpa->reason == LIBXL_LIVEPATCH_REASON_HOOK && lpa->culprit &&
        lpa->rc != -XEN_EOPNOTSUPP)
        return GCSPRINTF(LIVEPATCH_ADVICE_HOOK_OF, lpa->culprit);
    if (lpa->reason == LIBXL_LIVEPATCH_REASON_HOOK &&
        lpa->op == LIBXL_LIVEPATCH_OPERATION_REPLACE)
        return LIVEPATCH_ADVICE_HOOKS_REPLACED;
    if (lpa->reason == LIBXL_LIVEPATCH_REASON_HYPERVISOR && lpa->silent)
        return LIVEPATCH_ADVICE_LOGLEVEL;
    return NULL;
}

void libxl__livepatch_conclude_action(libxl__gc *gc,
                                      const libxl__livepatch_action *lpa)
{
    libxl_livepatch_result *const result = lpa->call->result;
    const char *what = GCSPRINTF("%s was not %s",
                                 lpa->item->payload.name,
                                 participle(lpa->op));

    /* As long as it can be undone it is no more than a failure. */
    if (lpa->outcome == LIBXL_LIVEPATCH_OUTCOME_STRANDED)
        libxl__livepatch_refuse(gc, result, lpa->reason, NULL,
                "%s in time: the hypervisor still worked on it", what);
    else
        libxl__livepatch_conclude(gc, result, lpa->outcome, lpa->reason,
                                  action_advice(gc, lpa), "%s: %s", what,
                                  libxl__livepatch_action_error(gc, lpa));
}

/*
 * Local variables:
 * mode: C
 * c-basic-offset: 4
 * indent-tabs-mode: nil
 * End:
 */
