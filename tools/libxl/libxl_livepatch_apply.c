/* SPDX-License-Identifier: LGPL-2.1-only */
/*
 * Applying payloads, all or none of them; also in place of the whole
 * stack.
 *
 *   judge -> [lock] -> compare with what is loaded, find the steps
 *         -> the transaction -> done, or failed with the host as before
 *
 * The steps are
 *
 *   upload all -> apply each
 *   upload all -> replace by the first, apply the others -> unload the old
 *   revert the old -> unload them -> upload all -> apply each
 *
 * the last where the new ones can't be loaded beside the old, since these
 * have their names or symbols.
 */

#include "libxl_osdeps.h"

#include "libxl_livepatch_apply.h"

static void apply_done(libxl__egc *egc, libxl__livepatch_transaction *lptx,
                       bool ok);

/*----- synchronous helpers -----*/

/* The members as they are at the end. */
void libxl__livepatch_apply_describe(libxl__gc *gc,
                                     libxl__livepatch_call *lpc)
{
    apply_state *as = CONTAINER_OF(lpc, *as, call);
    const libxl__livepatch_entry *entry;
    int i;

    for (i = 0; i < as->num_members; i++) {
        entry = libxl__livepatch_find_entry(&lpc->set,
                                            as->members[i].name);
        if (entry)
            libxl__livepatch_show(gc, lpc,
                                  libxl__livepatch_payload_of(lpc, entry));
    }
}

static void leftover(libxl__gc *gc, libxl__livepatch_transaction *lptx,
                     const libxl__livepatch_action *lpa)
{
    libxl__livepatch_warn(gc, lptx->call->result,
            "%s, which was replaced, stays loaded: it was not "
            "unloaded: %s", lpa->item->payload.name,
            libxl__livepatch_action_error(gc, lpa));
}

static void conclude_plan(libxl__gc *gc, apply_state *as)
{
    if (as->exchange)
        libxl__livepatch_warn(gc, as->call.result,
                "what is replaced has the name of what takes its place, "
                "so it would be reverted first: for some milliseconds "
                "neither would be in force");
    libxl__livepatch_succeed(gc, as->call.result,
            LIBXL_LIVEPATCH_OUTCOME_PLANNED,
            "payloads that would be %s: %d; displaced: %d",
            as->upload_only ? "uploaded" : "applied",
            as->num_members, as->num_displaced);
}

/*----- both calls -----*/

static int start(libxl_ctx *ctx, libxl_livepatch_operation op,
                 const libxl_livepatch_file *files, int num_files,
                 const libxl_livepatch_params *params,
                 libxl_livepatch_result *result_r,
                 const libxl_asyncop_how *ao_how,
                 const libxl_asyncprogress_how *aop_attempts)
{
    AO_CREATE(ctx, 0, ao_how);
    apply_state *as;
    int rc;

    GCNEW(as);
    libxl__livepatch_call_init(&as->call, ao, op, params, result_r);
    libxl__ao_progress_gethow(&as->call.aop_attempts, aop_attempts);
    if (as->call.params.replace)
        result_r->operation = LIBXL_LIVEPATCH_OPERATION_REPLACE;
    as->call.begun = libxl__livepatch_apply_begun;
    as->upload_only = op == LIBXL_LIVEPATCH_OPERATION_UPLOAD;

    result_r->xen_build_id = libxl__livepatch_xen_build_id(gc);
    rc = libxl__livepatch_judge_members(gc, as, files, num_files);
    if (rc) {
        libxl__livepatch_call_end(egc, &as->call);
        return AO_INPROGRESS;
    }

    as->call.describe = libxl__livepatch_apply_describe;
    libxl__livepatch_call_begin(egc, &as->call);
    return AO_INPROGRESS;
}

int libxl_livepatch_apply(libxl_ctx *ctx,
                          const libxl_livepatch_file *files, int num_files,
                          const libxl_livepatch_params *params,
                          libxl_livepatch_result *result_r,
                          const libxl_asyncop_how *ao_how,
                          const libxl_asyncprogress_how *aop_attempts)
{
    return start(ctx, LIBXL_LIVEPATCH_OPERATION_APPLY, files, num_files,
                 params, result_r, ao_how, aop_attempts);
}

int libxl_livepatch_upload(libxl_ctx *ctx,
                           const libxl_livepatch_file *file,
                           const libxl_livepatch_params *params,
                           libxl_livepatch_result *result_r,
                           const libxl_asyncop_how *ao_how)
{
    return start(ctx, LIBXL_LIVEPATCH_OPERATION_UPLOAD, file, 1,
                 params, result_r, ao_how, NULL);
}

void libxl__livepatch_apply_begun(libxl__egc *egc,
                                  libxl__livepatch_call *lpc)
{
    apply_state *as = CONTAINER_OF(lpc, *as, call);
    libxl__livepatch_transaction *const lptx = &as->transaction;
    libxl__livepatch_intent *const intent = &lpc->notes.intent;
    STATE_AO_GC(lpc->ao);
    int i, rc;

    rc = libxl__livepatch_plan(gc, as);
    if (rc) {
        libxl__livepatch_call_end(egc, lpc);
        return;
    }
    for (i = 0; i < as->num_displaced; i++)
        libxl__livepatch_append(gc, &lpc->result->displaced,
                                intent->items[i].payload.name);
    if (lpc->params.dry_run) {
        conclude_plan(gc, as);
        libxl__livepatch_call_end(egc, lpc);
        return;
    }

    if (as->prepare) as->prepare(gc, lpc);
    intent->operation = lpc->result->operation;
    lptx->call = lpc;
    lptx->untidy = leftover;
    lptx->collided = libxl__livepatch_plan_exchange;
    lptx->callback = apply_done;
    libxl__livepatch_transaction_run(egc, lptx);
}

static void apply_done(libxl__egc *egc, libxl__livepatch_transaction *lptx,
                       bool ok)
{
    apply_state *as = CONTAINER_OF(lptx, *as, transaction);
    STATE_AO_GC(as->call.ao);
    libxl_livepatch_result *const result = as->call.result;
    const char *name = as->members[0].judgement->name;
    const int num = as->num_members;

    if (ok && as->upload_only)
        libxl__livepatch_succeed(gc, result, LIBXL_LIVEPATCH_OUTCOME_DONE,
                "%s is loaded", name);
    else if (ok)
        libxl__livepatch_succeed(gc, result, LIBXL_LIVEPATCH_OUTCOME_DONE,
                num == 1 ? "%s is applied" : "%s and %d more are applied",
                name, num - 1);
    if (ok && result->unpatched_us)
        libxl__livepatch_warn(gc, result,
                "the old patches had to be reverted before the new ones "
                "could be loaded: for %"PRIu64" ms neither were in force",
                (result->unpatched_us + 999) / 1000);
    libxl__livepatch_call_end(egc, &as->call);
}

/*
 * Local variables:
 * mode: C
 * c-basic-offset: 4
 * indent-tabs-mode: nil
 * End:
 */
