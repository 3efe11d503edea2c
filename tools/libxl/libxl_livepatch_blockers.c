/* SPDX-License-Identifier: LGPL-2.1-only */
/*
 * What would keep the host from coming to rest now.
 *
 * A hypervisor that can rehearse is asked to, under the host's lock: it
 * brings its CPUs together as for an action, and tells who did not come.
 * Any other one can't tell, so nothing is done to it, and guests are
 * watched.
 */

#include "libxl_osdeps.h"

#include <xen/errno.h>

#include "libxl_livepatch_internal.h"

/* Guests are watched for so long, microseconds. */
#define WATCH_US 100000

#define POLL_US 2000
/* Beyond its time-out a rehearsal has to be told of, and dom0 to run. */
#define IN_FLIGHT_US 10000000

typedef struct {
    libxl__ao *ao;
    libxl_livepatch_obstacles *obstacles;
    libxl__livepatch_lock lock;
    libxl__livepatch_reporter reporter;
    libxl__livepatch_timer timer;
    libxl__livepatch_sample before;
    uint64_t begun_us;
} blockers_state;

static void blockers_locked(libxl__egc *egc, libxl__livepatch_lock *lpl,
                            int rc);
static void blockers_poll(libxl__egc *egc, libxl__livepatch_timer *lpt);
static void blockers_watch(libxl__egc *egc, blockers_state *bs);
static void blockers_watched(libxl__egc *egc, libxl__livepatch_timer *lpt);
static void blockers_end(libxl__egc *egc, blockers_state *bs);

/*----- what was found -----*/

static void conclude_rehearsal(libxl__gc *gc, blockers_state *bs,
                               libxl_livepatch_report *report)
{
    libxl_livepatch_obstacles *const obstacles = bs->obstacles;
    const libxl_livepatch_attempt attempt = {
        .failure = report->failure,
        .stragglers = report->stragglers,
        .num_stragglers = report->num_stragglers,
        .waiting = report->waiting,
        .num_waiting = report->num_waiting,
    };

    obstacles->rehearsed = true;
    obstacles->stalled_us = report->arrival_us + report->stopped_us;
    if (!report->rc) {
        libxl__livepatch_succeed(gc, obstacles,
                LIBXL_LIVEPATCH_OUTCOME_DONE, "nothing is in the way");
        return;
    }
    libxl__livepatch_conclude(gc, obstacles, LIBXL_LIVEPATCH_OUTCOME_BUSY,
            report->reason, NULL, "%s: %s",
            libxl__livepatch_words_for(report->reason)->message ?:
                "the host did not come to rest",
            libxl__livepatch_obstacle(gc, &attempt) ?:
                strerror(-report->rc));

    MOVE(obstacles->stragglers, report->stragglers);
    MOVE(obstacles->num_stragglers, report->num_stragglers);
    MOVE(obstacles->waiting, report->waiting);
    MOVE(obstacles->num_waiting, report->num_waiting);
}

static void conclude_guess(libxl__gc *gc, blockers_state *bs)
{
    libxl_livepatch_obstacles *const obstacles = bs->obstacles;

    if (libxl__livepatch_guess(gc, &bs->before, &obstacles->suspects,
                               &obstacles->num_suspects)) {
        libxl__livepatch_refuse(gc, obstacles,
                LIBXL_LIVEPATCH_REASON_INTERNAL, NULL,
                "cannot list the domains");
        return;
    }
    libxl__livepatch_succeed(gc, obstacles, LIBXL_LIVEPATCH_OUTCOME_DONE,
            "this hypervisor doesn't tell what is in the way; %s",
            obstacles->num_suspects
                ? "these guests may be, as they ran most or are migrating"
                : "no guest ran much or is migrating");
}

/*----- the call -----*/

int libxl_livepatch_blockers(libxl_ctx *ctx,
                             const libxl_livepatch_params *params,
                             libxl_livepatch_obstacles *obstacles_r,
                             const libxl_asyncop_how *ao_how)
{
    AO_CREATE(ctx, 0, ao_how);
    libxl__livepatch_set set;
    blockers_state *bs;

    GCNEW(bs);
    bs->ao = ao;
    bs->obstacles = obstacles_r;
    libxl__livepatch_lock_init(&bs->lock);
    libxl__livepatch_timer_init(&bs->timer);
    obstacles_r->operation = LIBXL_LIVEPATCH_OPERATION_BLOCKERS;
    obstacles_r->timeout_us =
        (params ? params->timeout_us : 0)
            ?: LIBXL_LIVEPATCH_TIMEOUT_US_DEFAULT;
    if (libxl__livepatch_check_timeout(gc, obstacles_r,
                                       obstacles_r->timeout_us) ||
        libxl__livepatch_get_set(gc, obstacles_r, &set)) {
        blockers_end(egc, bs);
        return AO_INPROGRESS;
    }

    libxl__livepatch_reporter_init(gc, &bs->reporter);
    if (!bs->reporter.available) {
        blockers_watch(egc, bs);
        return AO_INPROGRESS;
    }
    bs->lock.ao = ao;
    bs->lock.result = (libxl__livepatch_any)obstacles_r;
    bs->lock.wait_us = params ? params->lock_wait_us
                              : LIBXL_LIVEPATCH_LOCK_WAIT_US_DEFAULT;
    bs->lock.callback = blockers_locked;
    libxl__livepatch_lock_take(egc, &bs->lock);
    return AO_INPROGRESS;
}

static void blockers_locked(libxl__egc *egc, libxl__livepatch_lock *lpl,
                            int rc)
{
    blockers_state *bs = CONTAINER_OF(lpl, *bs, lock);
    STATE_AO_GC(bs->ao);
    int r;

    if (rc) {
        blockers_end(egc, bs);
        return;
    }

    r = libxl__livepatch_rehearse(gc, bs->obstacles->timeout_us);
    if (r) {
        libxl__livepatch_conclude_errno(gc, bs->obstacles, r,
                                        "cannot rehearse");
        blockers_end(egc, bs);
        return;
    }
    /*
     * From here on an abort comes too late: the hypervisor has no cancel.
     */
    bs->begun_us = libxl__livepatch_now_us();
    blockers_poll(egc, &bs->timer);
}

static void blockers_poll(libxl__egc *egc, libxl__livepatch_timer *lpt)
{
    blockers_state *bs = CONTAINER_OF(lpt, *bs, timer);
    STATE_AO_GC(bs->ao);
    libxl_livepatch_report report;
    int r;

    r = libxl__livepatch_get_report(gc, &bs->reporter, NULL,
                                    LIVEPATCH_REPORT_ABOUT_REHEARSAL,
                                    &report);
    if (r) {
        libxl__livepatch_conclude_errno(gc, bs->obstacles, r,
                "what a rehearsal has found can't be learnt");
        blockers_end(egc, bs);
        return;
    }
    if (report.rc != -XEN_EAGAIN) {
        conclude_rehearsal(gc, bs, &report);
        libxl_livepatch_report_dispose(&report);
        blockers_end(egc, bs);
        return;
    }
    libxl_livepatch_report_dispose(&report);

    if (libxl__livepatch_now_us() - bs->begun_us >
        bs->obstacles->timeout_us + IN_FLIGHT_US) {
        libxl__livepatch_conclude(gc, bs->obstacles,
                LIBXL_LIVEPATCH_OUTCOME_BUSY,
                LIBXL_LIVEPATCH_REASON_IN_FLIGHT, NULL,
                "the hypervisor still rehearses");
        blockers_end(egc, bs);
        return;
    }
    bs->timer.callback = blockers_poll;
    libxl__livepatch_wait(egc, ao, &bs->timer, POLL_US, false);
}

static void blockers_watch(libxl__egc *egc, blockers_state *bs)
{
    STATE_AO_GC(bs->ao);

    /* Without it whole lifetimes are compared. */
    libxl__livepatch_sample_usage(gc, &bs->before);
    bs->timer.callback = blockers_watched;
    libxl__livepatch_wait(egc, ao, &bs->timer, WATCH_US, true);
}

static void blockers_watched(libxl__egc *egc, libxl__livepatch_timer *lpt)
{
    blockers_state *bs = CONTAINER_OF(lpt, *bs, timer);
    STATE_AO_GC(bs->ao);

    if (libxl__ao_aborting(ao))
        libxl__livepatch_refuse(gc, bs->obstacles,
                LIBXL_LIVEPATCH_REASON_ABORTED, NULL,
                "aborted while guests were watched");
    else
        conclude_guess(gc, bs);
    blockers_end(egc, bs);
}

static void blockers_end(libxl__egc *egc, blockers_state *bs)
{
    STATE_AO_GC(bs->ao);

    libxl__livepatch_timer_dispose(gc, &bs->timer);
    libxl__livepatch_lock_dispose(gc, &bs->lock);
    libxl__ao_complete(egc, ao,
                       libxl__livepatch_outcome_rc(bs->obstacles));
}

/*
 * Local variables:
 * mode: C
 * c-basic-offset: 4
 * indent-tabs-mode: nil
 * End:
 */
