/* SPDX-License-Identifier: LGPL-2.1-only */
/*
 * Steps that are taken all or not at all.
 *
 *   note what is intended -> step -> step -> ... -> done
 *                              |
 *                              +-> what a failure leaves is put right in
 *                                  libxl_livepatch_restore.c
 *
 * What is intended is on the disk before the first step: so a call that is
 * killed is finished, or undone, by the next one.
 */

#include "libxl_osdeps.h"

#include "libxl_livepatch_internal.h"

static void step_next(libxl__egc *egc, libxl__livepatch_transaction *lptx);
static void step_done(libxl__egc *egc, libxl__livepatch_action *lpa);

/*----- what is known of payloads -----*/

libxl__livepatch_item *
libxl__livepatch_add_item(libxl__gc *gc, libxl__livepatch_intent *intent,
                          const libxl_livepatch_payload *payload)
{
    libxl__livepatch_item *item;

    intent->items = libxl__realloc(NOGC, intent->items,
                                   (intent->num + 1) * sizeof(*item));
    item = &intent->items[intent->num++];
    FILLZERO(*item);
    libxl_livepatch_payload_init(&item->payload);
    libxl_livepatch_payload_copy(CTX, &item->payload, payload);
    return item;
}

void libxl__livepatch_intent_dispose(libxl__livepatch_intent *intent)
{
    int i;

    for (i = 0; i < intent->num; i++)
        libxl_livepatch_payload_dispose(&intent->items[i].payload);
    free(intent->items);
    FILLZERO(*intent);
}

/* Nothing under its name is what a call has loaded before. */
static void free_name(libxl__livepatch_intent *intent,
                      const libxl__livepatch_item *item)
{
    int i;

    for (i = 0; i < intent->num; i++)
        if (!strcmp(intent->items[i].name, item->name))
            intent->items[i].uploaded = intent->items[i].applied = false;
}

void libxl__livepatch_note_done(libxl__gc *gc, libxl__livepatch_call *lpc,
                                libxl__livepatch_item *item,
                                libxl_livepatch_operation op)
{
    libxl__livepatch_known *const known = &lpc->notes.known;
    const char *name = item->payload.name;
    int i;

    switch (op) {
    case LIBXL_LIVEPATCH_OPERATION_UNLOAD:
        libxl__livepatch_known_unloaded(known, name);
        item->unloaded = true;
        free_name(&lpc->notes.intent, item);
        break;
    case LIBXL_LIVEPATCH_OPERATION_REVERT:
        libxl__livepatch_known_applied(known, name, false);
        break;
    case LIBXL_LIVEPATCH_OPERATION_REPLACE:
        for (i = 0; i < known->num; i++)
            known->payloads[i].applied_us = 0;
        /* fall through */
    default:
        libxl__livepatch_known_applied(known, name, true);
        break;
    }
}

void libxl__livepatch_act(libxl__egc *egc,
                          libxl__livepatch_transaction *lptx,
                          libxl__livepatch_item *item,
                          libxl_livepatch_operation op, bool rollback,
                          libxl__livepatch_action_callback *callback)
{
    lptx->action = (libxl__livepatch_action){
        .call = lptx->call,
        .item = item,
        .op = op,
        .rollback = rollback,
        .callback = callback,
    };
    libxl__livepatch_action_start(egc, &lptx->action);
}

int libxl__livepatch_upload_item(libxl__gc *gc, libxl__livepatch_call *lpc,
                                 libxl__livepatch_item *item)
{
    int r;

    lpc->changed = true;
    r = libxl__livepatch_upload(gc, item->name, &item->image);
    if (r) return r;

    free_name(&lpc->notes.intent, item);
    libxl__livepatch_known_uploaded(gc, &lpc->notes.known, &item->payload);
    return 0;
}

/*----- the steps -----*/

void libxl__livepatch_transaction_add(libxl__gc *gc,
                                      libxl__livepatch_transaction *lptx,
                                      libxl_livepatch_operation op,
                                      int item, bool tidying)
{
    lptx->steps = libxl__realloc(gc, lptx->steps, (lptx->num_steps + 1) *
                                                  sizeof(*lptx->steps));
    lptx->steps[lptx->num_steps++] =
        (libxl__livepatch_step){ op, item, tidying };
}

void libxl__livepatch_transaction_run(libxl__egc *egc,
                                      libxl__livepatch_transaction *lptx)
{
    libxl__livepatch_call *const lpc = lptx->call;
    STATE_AO_GC(lpc->ao);
    int r;

    r = libxl__livepatch_notes_store(gc, &lpc->notes);
    if (r) {
        libxl__livepatch_refuse(gc, lpc->result,
                LIBXL_LIVEPATCH_REASON_INTERNAL, LIVEPATCH_ADVICE_RUN_DIR,
                "nothing was changed: what is intended can't be written "
                "down in " XEN_RUN_DIR ", so that it could not be undone "
                "if this process were killed: %s", strerror(-r));
        lpc->notes.intent.operation = LIBXL_LIVEPATCH_OPERATION_UNKNOWN;
        lptx->callback(egc, lptx, false);
        return;
    }
    lptx->next = 0;
    step_next(egc, lptx);
}

static void begin_action(libxl__egc *egc,
                         libxl__livepatch_transaction *lptx,
                         const libxl__livepatch_step *step,
                         libxl__livepatch_item *item)
{
    /* The old stack is gone as soon as one of it is to be reverted. */
    if (step->op == LIBXL_LIVEPATCH_OPERATION_REVERT &&
        lptx->call->params.replace && !lptx->unpatched_us)
        lptx->unpatched_us = libxl__livepatch_now_us();
    if (step->op == LIBXL_LIVEPATCH_OPERATION_APPLY ||
        step->op == LIBXL_LIVEPATCH_OPERATION_REPLACE)
        item->applied = true;
    libxl__livepatch_act(egc, lptx, item, step->op, false, step_done);
}

/* Returns ERROR_FAIL when the call has been concluded. */
static int upload(libxl__gc *gc, libxl__livepatch_transaction *lptx,
                  libxl__livepatch_item *item)
{
    libxl__livepatch_call *const lpc = lptx->call;
    int r;

    r = libxl__livepatch_upload_item(gc, lpc, item);
    if (!r) {
        item->uploaded = true;
        lptx->next++;
        return 0;
    }
    if (r == -EEXIST && lptx->collided && lptx->collided(gc, lptx)) {
        lptx->next = 0;
        return 0;
    }
    libxl__livepatch_conclude_upload(gc, lpc, item, r);
    return ERROR_FAIL;
}

/* Whether nothing but tidying is left to do. */
static bool is_committed(const libxl__livepatch_transaction *lptx)
{
    return lptx->next == lptx->num_steps ||
           lptx->steps[lptx->next].tidying;
}

static void step_next(libxl__egc *egc, libxl__livepatch_transaction *lptx)
{
    libxl__livepatch_call *const lpc = lptx->call;
    STATE_AO_GC(lpc->ao);
    const libxl__livepatch_step *step;
    libxl__livepatch_item *item;

    for (;;) {
        if (libxl__livepatch_call_aborted(lpc)) {
            libxl__livepatch_refuse(gc, lpc->result,
                    LIBXL_LIVEPATCH_REASON_ABORTED, NULL,
                    "aborted; the host is as before");
            libxl__livepatch_restore(egc, lptx);
            return;
        }
        if (is_committed(lptx)) {
            /* Nothing is undone from here on. */
            lpc->undoing = true;
            if (lptx->unpatched_us && !lpc->result->unpatched_us)
                lpc->result->unpatched_us =
                    libxl__livepatch_now_us() - lptx->unpatched_us;
        }
        if (lptx->next == lptx->num_steps) {
            lptx->callback(egc, lptx, true);
            return;
        }
        step = &lptx->steps[lptx->next];
        item = &lpc->notes.intent.items[step->item];
        if (item->settled) {
            lptx->next++;
            continue;
        }
        if (step->op != LIBXL_LIVEPATCH_OPERATION_UPLOAD) {
            begin_action(egc, lptx, step, item);
            return;
        }
        if (upload(gc, lptx, item)) {
            libxl__livepatch_restore(egc, lptx);
            return;
        }
    }
}

/*
 * Whether another tool was about to apply what was to be loaded anew for
 * that, and has.
 */
static bool is_settled(libxl__gc *gc, const libxl__livepatch_item *item,
                       const libxl__livepatch_step *step)
{
    libxl__livepatch_presence now;

    return step->op == LIBXL_LIVEPATCH_OPERATION_UNLOAD &&
           item->wanted == LIVEPATCH_APPLIED &&
           !libxl__livepatch_presence_of(gc, item, &now) &&
           now == LIVEPATCH_APPLIED;
}

static void step_done(libxl__egc *egc, libxl__livepatch_action *lpa)
{
    libxl__livepatch_transaction *lptx = CONTAINER_OF(lpa, *lptx, action);
    libxl__livepatch_call *const lpc = lptx->call;
    STATE_AO_GC(lpc->ao);
    libxl__livepatch_item *const item = lpa->item;
    const libxl__livepatch_step *const step = &lptx->steps[lptx->next];
    /* Gone is what an unload wanted. */
    const bool gone = step->op == LIBXL_LIVEPATCH_OPERATION_UNLOAD &&
        lpa->reason == LIBXL_LIVEPATCH_REASON_NO_SUCH_PAYLOAD;

    if (lpa->outcome == LIBXL_LIVEPATCH_OUTCOME_DONE || gone) {
        if (!gone) libxl__livepatch_note_done(gc, lpc, item, step->op);
        lptx->next++;
        step_next(egc, lptx);
        return;
    }
    if (is_settled(gc, item, step)) {
        item->settled = true;
        step_next(egc, lptx);
        return;
    }
    if (step->tidying) {
        if (lptx->untidy) lptx->untidy(gc, lptx, lpa);
        lptx->next++;
        step_next(egc, lptx);
        return;
    }
    item->in_flight = lpa->outcome == LIBXL_LIVEPATCH_OUTCOME_STRANDED;
    libxl__livepatch_conclude_action(gc, lpa);
    libxl__livepatch_restore(egc, lptx);
}

/*
 * Local variables:
 * mode: C
 * c-basic-offset: 4
 * indent-tabs-mode: nil
 * End:
 */
