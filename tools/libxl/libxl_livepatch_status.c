/* SPDX-License-Identifier: LGPL-2.1-only */
/*
 * What is not as it is intended to be.
 *
 * That is known from what a call notes before it changes anything: as long
 * as the note is there, and nobody holds the host's lock, the call was
 * killed, or could not put everything back.
 */

#include "libxl_osdeps.h"

#include "libxl_livepatch_internal.h"

static const char *words_for(libxl__livepatch_presence now,
                             libxl__livepatch_presence goal)
{
    if (goal == LIVEPATCH_APPLIED)
        return now == LIVEPATCH_ABSENT
            ? "it was applied before, and is not even loaded"
            : "it was applied before, and is not";
    if (now == LIVEPATCH_APPLIED)
        return "it is applied, although the rest of its call is not done";
    return "it is loaded, although it is of no more use";
}

static libxl_livepatch_state state_of(libxl__livepatch_presence presence)
{
    return presence == LIVEPATCH_APPLIED ? LIBXL_LIVEPATCH_STATE_APPLIED
         : presence == LIVEPATCH_LOADED ? LIBXL_LIVEPATCH_STATE_CHECKED
                                        : LIBXL_LIVEPATCH_STATE_UNKNOWN;
}

/* One that patches nothing may be gone: it is no loss. */
static bool is_as_intended(libxl__livepatch_presence now,
                           libxl__livepatch_presence goal)
{
    return now == goal || (goal == LIVEPATCH_LOADED &&
                           now == LIVEPATCH_ABSENT);
}

static void add_deviations(libxl__gc *gc,
                           const libxl__livepatch_intent *intent,
                           libxl_livepatch_condition *condition)
{
    const bool reached = libxl__livepatch_is_reached(gc, intent) > 0;
    libxl__livepatch_presence now, goal;
    libxl_livepatch_deviation *d;
    int i;

    condition->deviations = libxl__calloc(NOGC, intent->num + 1,
                                     sizeof(*condition->deviations));
    for (i = 0; i < intent->num; i++) {
        const libxl__livepatch_item *const item = &intent->items[i];

        /* As the call has come so far or not. */
        goal = reached ? item->wanted : item->before;
        if (libxl__livepatch_presence_of(gc, item, &now) ||
            is_as_intended(now, goal))
            continue;
        d = &condition->deviations[condition->num_deviations++];
        libxl_livepatch_deviation_init(d);
        d->name = libxl__strdup(NOGC, item->payload.name);
        if (item->payload.build_id)
            d->build_id = libxl__strdup(NOGC, item->payload.build_id);
        d->state = state_of(now);
        d->wanted = state_of(goal);
        d->loaded = now != LIVEPATCH_ABSENT;
        d->message = libxl__strdup(NOGC, words_for(now, goal));
    }
}

static void conclude(libxl__gc *gc, const libxl__livepatch_intent *intent,
                     libxl_livepatch_condition *condition)
{
    const char *op =
        libxl_livepatch_operation_to_string(intent->operation);
    const bool paused = libxl__livepatch_pauses_pending(gc);

    if (condition->in_progress) {
        libxl__livepatch_conclude(gc, condition,
                LIBXL_LIVEPATCH_OUTCOME_BUSY,
                LIBXL_LIVEPATCH_REASON_LOCKED,
                NULL, condition->lock_holder > 0
                    ? "a call is under way, of process %d"
                    : "a call is under way",
                condition->lock_holder);
        return;
    }
    if (condition->num_deviations) {
        condition->interrupted = intent->operation;
        libxl__livepatch_conclude(gc, condition,
                LIBXL_LIVEPATCH_OUTCOME_STRANDED,
                LIBXL_LIVEPATCH_REASON_INTERRUPTED, NULL,
                "a call (%s) was interrupted or could not be undone; "
                "payloads that are not as intended: %d", op,
                condition->num_deviations);
    } else if (paused) {
        libxl__livepatch_conclude(gc, condition,
                LIBXL_LIVEPATCH_OUTCOME_STRANDED,
                LIBXL_LIVEPATCH_REASON_INTERRUPTED, NULL,
                "a call was killed while it had paused guests, which are "
                "still paused");
    } else {
        libxl__livepatch_succeed(gc, condition,
                LIBXL_LIVEPATCH_OUTCOME_DONE, "all is as intended");
    }
}

int libxl_livepatch_status(libxl_ctx *ctx,
                           libxl_livepatch_condition *condition_r)
{
    GC_INIT(ctx);
    libxl__livepatch_reporter reporter;
    libxl__livepatch_notes notes;
    pid_t holder;
    int rc, r;

    condition_r->operation = LIBXL_LIVEPATCH_OPERATION_STATUS;
    holder = libxl__livepatch_lock_holder(gc);
    condition_r->in_progress = holder;
    if (holder > 0) condition_r->lock_holder = holder;

    r = libxl__livepatch_notes_load(gc, &notes);
    if (r)
        libxl__livepatch_warn(gc, condition_r,
                "what is known of loaded payloads can't be read from "
                XEN_RUN_DIR "/livepatch.notes: %s", strerror(-r));
    rc = libxl__livepatch_get_payloads(gc, condition_r, &reporter,
                                       &notes.known, NULL);
    if (rc) goto out;

    if (notes.intent.operation && !condition_r->in_progress)
        add_deviations(gc, &notes.intent, condition_r);
    conclude(gc, &notes.intent, condition_r);

 out:
    libxl__livepatch_notes_dispose(&notes);
    rc = libxl__livepatch_outcome_rc(condition_r);
    GC_FREE;
    return rc;
}

/*
 * Local variables:
 * mode: C
 * c-basic-offset: 4
 * indent-tabs-mode: nil
 * End:
 */
