/* SPDX-License-Identifier: LGPL-2.1-only */
/*
 * Reverting a payload, and unloading one.
 */

#include "libxl_osdeps.h"

#include "libxl_livepatch_revert.h"

static void revert_done(libxl__egc *egc,
                        libxl__livepatch_transaction *lptx,
                        bool ok);

/*----- synchronous helpers -----*/

static void conclude_done(libxl__gc *gc, revert_state *rs,
                          libxl_livepatch_outcome outcome,
                          const char *what)
{
    libxl__livepatch_succeed(gc, rs->call.result, outcome, "%s %s",
                             rs->gone.name, what);
}

/* The payload as it is at the end, or was before it was unloaded. */
void libxl__livepatch_revert_describe(libxl__gc *gc,
                                      libxl__livepatch_call *lpc)
{
    revert_state *rs = CONTAINER_OF(lpc, *rs, call);
    const libxl__livepatch_entry *entry =
        libxl__livepatch_find_entry(&lpc->set, rs->name);
    const libxl_livepatch_payload *payload =
        entry ? libxl__livepatch_payload_of(lpc, entry) : &rs->gone;

    if (payload->name) libxl__livepatch_show(gc, lpc, payload);
    libxl_livepatch_payload_dispose(&rs->gone);
}

/* It is reverted, or it was not applied, and it stays loaded. */
static void not_unloaded(libxl__gc *gc, libxl__livepatch_transaction *lptx,
                         const libxl__livepatch_action *lpa)
{
    revert_state *rs = CONTAINER_OF(lptx, *rs, transaction);

    libxl__livepatch_conclude(gc, rs->call.result,
            LIBXL_LIVEPATCH_OUTCOME_STRANDED, lpa->reason,
            LIVEPATCH_ADVICE_STILL_LOADED,
            "%s is reverted, but could not be unloaded: %s", rs->gone.name,
            libxl__livepatch_action_error(gc, lpa));
}

/* A stock engine would unload what others are bound to. */
static bool is_in_use(libxl__gc *gc, revert_state *rs)
{
    libxl__livepatch_call *const lpc = &rs->call;
    int i;

    if (lpc->reporter.available) return false;
    for (i = 0; i < lpc->set.num; i++) {
        if (!libxl__livepatch_same_id(lpc->payloads[i].depends,
                                      rs->gone.build_id))
            continue;
        libxl__livepatch_refuse(gc, lpc->result,
                LIBXL_LIVEPATCH_REASON_IN_USE, NULL,
                "%s was not unloaded: %s, which is loaded, builds on it",
                rs->gone.name, lpc->payloads[i].name);
        return true;
    }
    return false;
}

/*----- both calls -----*/

static int start(libxl_ctx *ctx, libxl_livepatch_operation op,
                 const char *name, const libxl_livepatch_params *params,
                 libxl_livepatch_result *result_r,
                 const libxl_asyncop_how *ao_how,
                 const libxl_asyncprogress_how *aop_attempts)
{
    AO_CREATE(ctx, 0, ao_how);
    revert_state *rs;
    int rc;

    GCNEW(rs);
    libxl__livepatch_call_init(&rs->call, ao, op, params, result_r);
    libxl__ao_progress_gethow(&rs->call.aop_attempts, aop_attempts);
    rs->call.begun = libxl__livepatch_revert_begun;
    rs->call.describe = libxl__livepatch_revert_describe;
    rs->unload = op == LIBXL_LIVEPATCH_OPERATION_UNLOAD ||
                 rs->call.params.unload;
    libxl_livepatch_payload_init(&rs->gone);

    rc = libxl__livepatch_take_name(gc, result_r, name, &rs->name);
    if (rc)
        libxl__livepatch_call_end(egc, &rs->call);
    else
        libxl__livepatch_call_begin(egc, &rs->call);
    return AO_INPROGRESS;
}

int libxl_livepatch_revert(libxl_ctx *ctx, const char *name,
                           const libxl_livepatch_params *params,
                           libxl_livepatch_result *result_r,
                           const libxl_asyncop_how *ao_how,
                           const libxl_asyncprogress_how *aop_attempts)
{
    return start(ctx, LIBXL_LIVEPATCH_OPERATION_REVERT, name, params,
                 result_r, ao_how, aop_attempts);
}

int libxl_livepatch_unload(libxl_ctx *ctx, const char *name,
                           const libxl_livepatch_params *params,
                           libxl_livepatch_result *result_r,
                           const libxl_asyncop_how *ao_how)
{
    return start(ctx, LIBXL_LIVEPATCH_OPERATION_UNLOAD, name, params,
                 result_r, ao_how, NULL);
}

static void add_steps(libxl__gc *gc, revert_state *rs, bool applied)
{
    libxl__livepatch_transaction *const lptx = &rs->transaction;
    libxl__livepatch_intent *const intent = &rs->call.notes.intent;
    libxl__livepatch_item *item;

    item = libxl__livepatch_add_item(gc, intent, &rs->gone);
    item->name = rs->name;
    item->before = applied ? LIVEPATCH_APPLIED : LIVEPATCH_LOADED;
    item->wanted = rs->unload ? LIVEPATCH_ABSENT : LIVEPATCH_LOADED;
    if (applied)
        libxl__livepatch_transaction_add(gc, lptx,
                LIBXL_LIVEPATCH_OPERATION_REVERT, 0, false);
    if (rs->unload)
        libxl__livepatch_transaction_add(gc, lptx,
                LIBXL_LIVEPATCH_OPERATION_UNLOAD, 0, applied);
}

/*
 * Returns whether there is anything to do; if not the call is concluded.
 */
static bool revert_plan(libxl__gc *gc, revert_state *rs)
{
    libxl__livepatch_call *const lpc = &rs->call;
    const libxl_livepatch_operation op = lpc->result->operation;
    const libxl__livepatch_entry *entry;
    bool applied;

    entry = libxl__livepatch_find_entry(&lpc->set, rs->name);
    if (!entry) {
        libxl__livepatch_conclude_errno(gc, lpc->result, -ENOENT,
            GCSPRINTF("cannot %s %s",
                      op == LIBXL_LIVEPATCH_OPERATION_REVERT
                          ? "revert" : "unload",
                      libxl__livepatch_text(gc, rs->name)));
        return false;
    }
    libxl_livepatch_payload_copy(CTX, &rs->gone,
                                 libxl__livepatch_payload_of(lpc, entry));
    applied = entry->state == LIVEPATCH_STATE_APPLIED;

    if (applied && op == LIBXL_LIVEPATCH_OPERATION_UNLOAD) {
        libxl__livepatch_refuse(gc, lpc->result,
                LIBXL_LIVEPATCH_REASON_WRONG_STATE,
                LIVEPATCH_ADVICE_REVERT_FIRST,
                "%s was not unloaded: it is applied", rs->gone.name);
        return false;
    }
    if (!applied && !rs->unload) {
        conclude_done(gc, rs, LIBXL_LIVEPATCH_OUTCOME_ALREADY,
                      "is reverted already");
        return false;
    }
    if (rs->unload && is_in_use(gc, rs)) return false;
    if (lpc->params.dry_run) {
        conclude_done(gc, rs, LIBXL_LIVEPATCH_OUTCOME_PLANNED,
                      !applied ? "would be unloaded" :
                      rs->unload ? "would be reverted and unloaded"
                                 : "would be reverted");
        return false;
    }
    add_steps(gc, rs, applied);
    return true;
}

void libxl__livepatch_revert_begun(libxl__egc *egc,
                                   libxl__livepatch_call *lpc)
{
    revert_state *rs = CONTAINER_OF(lpc, *rs, call);
    libxl__livepatch_transaction *const lptx = &rs->transaction;
    STATE_AO_GC(lpc->ao);

    if (!revert_plan(gc, rs)) {
        libxl__livepatch_call_end(egc, lpc);
        return;
    }
    lpc->notes.intent.operation = lpc->result->operation;
    lptx->call = lpc;
    lptx->untidy = not_unloaded;
    lptx->callback = revert_done;
    libxl__livepatch_transaction_run(egc, lptx);
}

static void revert_done(libxl__egc *egc,
                        libxl__livepatch_transaction *lptx,
                        bool ok)
{
    revert_state *rs = CONTAINER_OF(lptx, *rs, transaction);
    STATE_AO_GC(rs->call.ao);

    if (ok && rs->unload) {
        rs->gone.state = LIBXL_LIVEPATCH_STATE_UNKNOWN;
        rs->gone.applied_us = 0;
        rs->gone.position = 0;
    }
    if (ok)
        conclude_done(gc, rs, LIBXL_LIVEPATCH_OUTCOME_DONE,
                      rs->unload ? "is unloaded" : "is reverted");
    libxl__livepatch_call_end(egc, &rs->call);
}

/*
 * Local variables:
 * mode: C
 * c-basic-offset: 4
 * indent-tabs-mode: nil
 * End:
 */
