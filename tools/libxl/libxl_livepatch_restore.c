/* SPDX-License-Identifier: LGPL-2.1-only */
/*
 * Bringing the host back to what it was.
 *
 * Not the steps are undone that were taken, but what is found is compared
 * with what was before: so it doesn't matter at which step a call failed
 * or was killed, nor what other tools did meanwhile.
 *
 *   what we applied, which holds the place of the old stack   is reverted
 *   what was applied before            is applied again, from below up
 *   what we loaded                     is unloaded
 *
 * The old stack protects the host, so tidying comes last.  What fails is
 * tried again in the next round, and doesn't keep the rest from being
 * tried; but payloads of the old stack keep their order, as long as there
 * is hope.
 */

#include "libxl_osdeps.h"

#include "libxl_livepatch_internal.h"

/* Between two rounds, microseconds; each time twice as long. */
#define ROUND_FIRST_US 250000
#define ROUND_LAST_US 10000000
/* So many take about half a minute. */
#define ROUNDS_IN_ORDER 8
/* So often a hook may refuse before it is taken at its word. */
#define MAX_VERDICTS 4
/* How long the next call tries to clear up what a killed one has left. */
#define RECOVER_US 10000000

/* Begins what is told of that. */
#define RECOVERING "after a call that was interrupted: "

/*
 * What is to be done next with an item that is not as before, in order: of
 * each all are done with before the next is begun.
 */
typedef enum {
    TAKE_OUT,           /* it holds the place of the old stack */
    UNLOAD_OLD,         /* it can't be applied again as it is */
    UPLOAD_OLD,
    PUT_BACK,
    TIDY,
    KEEP,               /* nothing */
} undo_step;

static void restore_round(libxl__egc *egc,
                          libxl__livepatch_transaction *lptx);
static void restore_next(libxl__egc *egc,
                         libxl__livepatch_transaction *lptx);
static void restore_acted(libxl__egc *egc, libxl__livepatch_action *lpa);
static void restore_again(libxl__egc *egc, libxl__livepatch_timer *lpt);
static void restore_end(libxl__egc *egc,
                        libxl__livepatch_transaction *lptx,
                        undo_step left, int i);

/*----- what is, and what ought to be -----*/

int libxl__livepatch_presence_of(libxl__gc *gc,
                                 const libxl__livepatch_item *item,
                                 libxl__livepatch_presence *presence_r)
{
    uint32_t state;
    int r, rc;

    r = libxl__livepatch_get(gc, item->name, &state, &rc);
    if (r && r != -ENOENT) return r;

    *presence_r = r ? LIVEPATCH_ABSENT
                : state == LIVEPATCH_STATE_APPLIED ? LIVEPATCH_APPLIED
                                                   : LIVEPATCH_LOADED;
    return 0;
}

int libxl__livepatch_is_reached(libxl__gc *gc,
                                const libxl__livepatch_intent *intent)
{
    libxl__livepatch_presence now;
    int i, r;

    for (i = 0; i < intent->num; i++) {
        r = libxl__livepatch_presence_of(gc, &intent->items[i], &now);
        if (r) return r;
        if ((now == LIVEPATCH_APPLIED) !=
            (intent->items[i].wanted == LIVEPATCH_APPLIED))
            return 0;
    }
    return 1;
}

/* Where it has moved, it must not be applied before it is loaded anew. */
static bool has_to_be_anew(const libxl__livepatch_item *item)
{
    return item->anew && item->image.data && !item->reloaded;
}

static undo_step step_for(const libxl__livepatch_item *item,
                          libxl__livepatch_presence now)
{
    if (item->before == LIVEPATCH_APPLIED) {
        if (now == LIVEPATCH_APPLIED)
            return item->in_flight ? PUT_BACK : KEEP;
        if (now == LIVEPATCH_ABSENT)
            return item->image.data ? UPLOAD_OLD : PUT_BACK;
        return has_to_be_anew(item) ? UNLOAD_OLD : PUT_BACK;
    }
    if (item->applied && (now == LIVEPATCH_APPLIED || item->in_flight))
        return TAKE_OUT;
    if (item->before == LIVEPATCH_ABSENT && item->uploaded &&
        now == LIVEPATCH_LOADED)
        return TIDY;
    return KEEP;
}

static const struct {
    bool newest_first;
    libxl_livepatch_operation op;
    const char *done, *failed;
} undo[] = {
    [TAKE_OUT] = { true, LIBXL_LIVEPATCH_OPERATION_REVERT,
                   "reverted", "reverted" },
    [UNLOAD_OLD] = { true, LIBXL_LIVEPATCH_OPERATION_UNLOAD,
                     NULL, "put back" },
    [UPLOAD_OLD] = { false, LIBXL_LIVEPATCH_OPERATION_UPLOAD,
                     NULL, "put back" },
    [PUT_BACK] = { false, LIBXL_LIVEPATCH_OPERATION_APPLY,
                   "applied", "put back" },
    [TIDY] = { true, LIBXL_LIVEPATCH_OPERATION_UNLOAD,
               "unloaded", "unloaded" },
};

/*
 * Whether there is no hope for it: some refusals are about what the
 * payload is, and not about how busy the host is.
 */
static bool is_lost(const libxl__livepatch_item *item)
{
    return item->verdicts >= MAX_VERDICTS;
}

static void note_verdict(libxl__livepatch_item *item,
                         libxl_livepatch_reason reason)
{
    if (reason == LIBXL_LIVEPATCH_REASON_NOT_REAPPLICABLE ||
        (reason == LIBXL_LIVEPATCH_REASON_NO_SUCH_PAYLOAD &&
         !item->image.data))
        item->verdicts = MAX_VERDICTS;
    else if (reason == LIBXL_LIVEPATCH_REASON_HOOK)
        item->verdicts++;
}

/*
 * Whether an old one has to wait for those below it: two that patch the
 * same function must be in their order.  After some rounds without success
 * what lies above goes ahead, and then what lies below can't follow.
 */
static bool has_to_wait(const libxl__livepatch_intent *intent,
                        const undo_step *steps, int i, int round)
{
    int j;

    for (j = 0; j < intent->num; j++) {
        if (intent->items[j].before != LIVEPATCH_APPLIED) continue;
        if (j < i && steps[j] != KEEP && round <= ROUNDS_IN_ORDER &&
            !is_lost(&intent->items[j]))
            return true;
        if (j > i && steps[j] == KEEP) return true;
    }
    return false;
}

/*
 * The next step that was not tried in this round, and its item.  KEEP if
 * there is none: then *left_r is the first that remains nevertheless.
 */
static undo_step find_step(libxl__gc *gc,
                           libxl__livepatch_transaction *lptx,
                           int *item_r, undo_step *left_r)
{
    libxl__livepatch_intent *const intent = &lptx->call->notes.intent;
    const int num = intent->num;
    undo_step *steps = libxl__calloc(gc, num + 1, sizeof(*steps));
    bool in_place = false;
    undo_step step;
    int i, n;

    *left_r = KEEP;
    lptx->hope = false;
    for (i = 0; i < num; i++) {
        libxl__livepatch_item *const item = &intent->items[i];
        libxl__livepatch_presence now;

        /* Unless it can be learnt, take it to be lost. */
        if (libxl__livepatch_presence_of(gc, item, &now))
            now = item->before == LIVEPATCH_APPLIED ? LIVEPATCH_LOADED
                : item->applied ? LIVEPATCH_APPLIED : LIVEPATCH_LOADED;
        steps[i] = step_for(item, now);
        in_place |= steps[i] == TAKE_OUT;
    }
    for (step = TAKE_OUT; step < KEEP; step++) {
        const bool old = step != TAKE_OUT && step != TIDY;

        for (n = 0; n < num; n++) {
            i = undo[step].newest_first ? num - 1 - n : n;
            if (steps[i] != step) continue;
            if (*left_r == KEEP) {
                *left_r = step;
                *item_r = i;
            }
            if (is_lost(&intent->items[i])) continue;
            lptx->hope = true;
            /* On top of what takes its place it could not be reverted. */
            if (intent->items[i].tried == lptx->round || (old && in_place))
                continue;
            if (step == PUT_BACK &&
                has_to_wait(intent, steps, i, lptx->round))
                continue;
            *item_r = i;
            return step;
        }
    }
    return KEEP;
}

/*----- doing it -----*/

void libxl__livepatch_restore(libxl__egc *egc,
                              libxl__livepatch_transaction *lptx)
{
    libxl__livepatch_call *const lpc = lptx->call;
    STATE_AO_GC(lpc->ao);

    lpc->undoing = true;
    lptx->was_aborted = libxl__ao_aborting(ao);
    lptx->give_up_us = libxl__livepatch_now_us() +
        (lptx->recovering ? RECOVER_US : LIBXL__LIVEPATCH_RESTORE_US);
    lptx->round = 0;
    lptx->round_us = ROUND_FIRST_US;
    libxl__livepatch_timer_init(&lptx->timer);
    restore_round(egc, lptx);
}

static void restore_round(libxl__egc *egc,
                          libxl__livepatch_transaction *lptx)
{
    lptx->round++;
    restore_next(egc, lptx);
}

static void restore_next(libxl__egc *egc,
                         libxl__livepatch_transaction *lptx)
{
    libxl__livepatch_call *const lpc = lptx->call;
    STATE_AO_GC(lpc->ao);
    libxl__livepatch_item *item;
    undo_step step, left;
    uint64_t us;
    int i = 0, r;       /* gcc 14 doesn't see that find_step sets it */

    while ((step = find_step(gc, lptx, &i, &left)) != KEEP) {
        item = &lpc->notes.intent.items[i];
        item->tried = lptx->round;
        if (step != UPLOAD_OLD) {
            lptx->undoing = step;
            libxl__livepatch_act(egc, lptx, item, undo[step].op, true,
                                 restore_acted);
            return;
        }
        r = libxl__livepatch_upload_item(gc, lpc, item);
        if (r) {
            lptx->obstacle = libxl__strdup(gc, strerror(-r));
            continue;
        }
        item->reloaded = true;
        item->tried = 0;
    }
    if (!lptx->hope || libxl__livepatch_now_us() >= lptx->give_up_us ||
        (!lptx->was_aborted && libxl__ao_aborting(ao))) {
        restore_end(egc, lptx, left, i);
        return;
    }
    us = lptx->round_us;
    lptx->round_us = min(us * 2, (uint64_t)ROUND_LAST_US);
    lptx->timer.callback = restore_again;
    libxl__livepatch_wait(egc, ao, &lptx->timer, us, !lptx->was_aborted);
}

static void restore_acted(libxl__egc *egc, libxl__livepatch_action *lpa)
{
    libxl__livepatch_transaction *lptx = CONTAINER_OF(lpa, *lptx, action);
    libxl__livepatch_call *const lpc = lptx->call;
    STATE_AO_GC(lpc->ao);
    libxl__livepatch_item *const item = lpa->item;

    if (lpa->outcome != LIBXL_LIVEPATCH_OUTCOME_DONE) {
        lptx->obstacle = libxl__livepatch_action_error(gc, lpa);
        note_verdict(item, lpa->reason);
        restore_next(egc, lptx);
        return;
    }
    item->in_flight = false;
    if (lpa->op == LIBXL_LIVEPATCH_OPERATION_REVERT) item->applied = false;
    if (lpa->op == LIBXL_LIVEPATCH_OPERATION_UNLOAD) item->tried = 0;
    libxl__livepatch_note_done(gc, lpc, item, lpa->op);
    if (undo[lptx->undoing].done)
        libxl__livepatch_append(gc, lptx->recovering
                ? &lpc->result->warnings : &lpc->result->undone,
            GCSPRINTF("%s%s %s%s", lptx->recovering ? RECOVERING : "",
                      undo[lptx->undoing].done, item->payload.name,
                      lptx->undoing == PUT_BACK ? " again" : ""));
    restore_next(egc, lptx);
}

static void restore_again(libxl__egc *egc, libxl__livepatch_timer *lpt)
{
    libxl__livepatch_transaction *lptx = CONTAINER_OF(lpt, *lptx, timer);

    restore_round(egc, lptx);
}

/* What the first that is left to do means. */
static void conclude_left(libxl__gc *gc,
                          libxl__livepatch_transaction *lptx,
                          undo_step left, int i)
{
    libxl__livepatch_call *const lpc = lptx->call;
    libxl_livepatch_result *const result = lpc->result;
    const char *what = GCSPRINTF("%s could not be %s: %s",
                                 lpc->notes.intent.items[i].payload.name,
                                 undo[left].failed,
                                 lptx->obstacle ?: "aborted");

    if (lptx->recovering) {
        libxl__livepatch_warn(gc, result, RECOVERING "%s", what);
        return;
    }
    libxl__livepatch_conclude(gc, result, LIBXL_LIVEPATCH_OUTCOME_STRANDED,
            result->reason,
            left == TIDY
                ? LIVEPATCH_ADVICE_NOT_TIDY
                : LIVEPATCH_ADVICE_NOT_PUT_BACK,
            "%s; then %s", result->message, what);
}

/* What patched nothing is not worth another upload. */
static void tell_lost(libxl__gc *gc, libxl__livepatch_transaction *lptx)
{
    libxl__livepatch_intent *const intent = &lptx->call->notes.intent;
    int i;

    for (i = 0; i < intent->num; i++)
        if (intent->items[i].unloaded && !intent->items[i].uploaded &&
            intent->items[i].before == LIVEPATCH_LOADED)
            libxl__livepatch_warn(gc, lptx->call->result,
                    "%s, which was loaded but not applied, is not loaded "
                    "any more", intent->items[i].payload.name);
}

/* left and i are what find_step found last. */
static void restore_end(libxl__egc *egc,
                        libxl__livepatch_transaction *lptx,
                        undo_step left, int i)
{
    libxl__livepatch_call *const lpc = lptx->call;
    STATE_AO_GC(lpc->ao);

    libxl__livepatch_timer_dispose(gc, &lptx->timer);
    if (left != KEEP) conclude_left(gc, lptx, left, i);
    tell_lost(gc, lptx);
    lptx->callback(egc, lptx, lptx->recovering && left == KEEP);
}

/*----- after a call that was killed -----*/

/* The file of a payload that could not be applied again as it is. */
static void find_image(libxl__gc *gc, libxl__livepatch_item *item,
                       bool *anew_io)
{
    if (item->before != LIVEPATCH_APPLIED) return;

    /* What lies above one that moves may use symbols of it. */
    *anew_io |= !item->payload.reapplicable;
    item->anew = *anew_io;
    /* Also if it has been unloaded. */
    libxl__livepatch_read_again(gc, &item->payload, &item->image);
}

/*
 * What is there is what was noted; unless two had the one name, which a
 * stock engine doesn't tell apart.
 */
static void adopt(libxl__gc *gc, libxl__livepatch_call *lpc,
                  const libxl__livepatch_item *item)
{
    const libxl__livepatch_intent *const intent = &lpc->notes.intent;
    libxl__livepatch_presence now;
    int i, namesakes = 0;

    for (i = 0; i < intent->num; i++)
        namesakes += !strcmp(intent->items[i].name, item->name);
    if (namesakes == 1 && !libxl__livepatch_presence_of(gc, item, &now) &&
        now != LIVEPATCH_ABSENT)
        libxl__livepatch_known_adopt(gc, &lpc->notes.known, &item->payload,
                                     now == LIVEPATCH_APPLIED);
}

void libxl__livepatch_adopt(libxl__gc *gc, libxl__livepatch_call *lpc)
{
    int i;

    for (i = 0; i < lpc->notes.intent.num; i++)
        adopt(gc, lpc, &lpc->notes.intent.items[i]);
}

void libxl__livepatch_recover(libxl__egc *egc,
                              libxl__livepatch_transaction *lptx)
{
    libxl__livepatch_call *const lpc = lptx->call;
    libxl__livepatch_intent *const intent = &lpc->notes.intent;
    STATE_AO_GC(lpc->ao);
    bool anew = false;
    int i;

    lptx->recovering = true;
    lpc->changed = true;
    libxl__livepatch_adopt(gc, lpc);
    if (libxl__livepatch_is_reached(gc, intent) > 0) {
        for (i = intent->num - 1; i >= 0; i--)
            if (intent->items[i].wanted == LIVEPATCH_ABSENT)
                libxl__livepatch_transaction_add(gc, lptx,
                        LIBXL_LIVEPATCH_OPERATION_UNLOAD, i, true);
        libxl__livepatch_transaction_run(egc, lptx);
        return;
    }
    for (i = 0; i < intent->num; i++) {
        libxl__livepatch_item *const item = &intent->items[i];

        item->uploaded = item->wanted > LIVEPATCH_ABSENT;
        item->applied = item->wanted == LIVEPATCH_APPLIED;
        find_image(gc, item, &anew);
    }
    libxl__livepatch_restore(egc, lptx);
}

/*
 * Local variables:
 * mode: C
 * c-basic-offset: 4
 * indent-tabs-mode: nil
 * End:
 */
