/* SPDX-License-Identifier: LGPL-2.1-only */
/*
 * Reverting a payload, and unloading one.
 */

#include "libxl_osdeps.h"

#include "libxl_livepatch_internal.h"

typedef struct {
    libxl__livepatch_call call;
    libxl__livepatch_action action;
    libxl__livepatch_name name;
    const char *text;           /* the name as it was given */
    bool unload;
    libxl_livepatch_payload gone;   /* what was known of it, for the end */
} revert_state;

static void revert_begun(libxl__egc *egc, libxl__livepatch_call *lpc);
static void reverted(libxl__egc *egc, libxl__livepatch_action *lpa);
static void revert_unload(libxl__egc *egc, revert_state *rs);
static void unloaded(libxl__egc *egc, libxl__livepatch_action *lpa);

/*----- synchronous helpers -----*/

static void conclude_done(libxl__gc *gc, revert_state *rs,
                          libxl_livepatch_outcome outcome, const char *what)
{
    char *name = libxl__livepatch_text(rs->name.bytes, rs->name.len);

    libxl__livepatch_conclude(gc, rs->call.result, outcome,
                              LIBXL_LIVEPATCH_REASON_NONE, NULL,
                              "%s %s", name, what);
    free(name);
}

/* The payload as it is at the end, or was before it was unloaded. */
static void revert_describe(libxl__gc *gc, libxl__livepatch_call *lpc)
{
    revert_state *rs = CONTAINER_OF(lpc, *rs, call);
    libxl_livepatch_result *const result = lpc->result;
    libxl__livepatch_entry *entry =
        libxl__livepatch_find_entry(&lpc->set, &rs->name);
    libxl_livepatch_payload *payload =
        entry ? libxl__livepatch_payload_of(lpc, entry) : &rs->gone;

    if (entry && payload->state != LIBXL_LIVEPATCH_STATE_APPLIED)
        payload->applied = 0;
    if (payload->name) {
        result->payloads = libxl__zalloc(NOGC, sizeof(*result->payloads));
        result->num_payloads = 1;
        libxl_livepatch_payload_init(result->payloads);
        libxl_livepatch_payload_copy(CTX, result->payloads, payload);
    }
    libxl_livepatch_payload_dispose(&rs->gone);
}

/*----- both calls -----*/

static int start(libxl_ctx *ctx, libxl_livepatch_operation op,
                 const char *name, const libxl_livepatch_params *params,
                 libxl_livepatch_result *result_r,
                 const libxl_asyncop_how *ao_how)
{
    AO_CREATE(ctx, 0, ao_how);
    revert_state *rs;
    int rc;

    GCNEW(rs);
    libxl__livepatch_call_init(&rs->call, ao, op, params, result_r);
    rs->call.begun = revert_begun;
    rs->call.describe = revert_describe;
    rs->unload = op == LIBXL_LIVEPATCH_OPERATION_UNLOAD ||
                 rs->call.params.unload;
    libxl_livepatch_payload_init(&rs->gone);

    rs->text = libxl__strdup(gc, name);
    rc = libxl__livepatch_parse_name(gc, name, &rs->name);
    if (rc) {
        libxl__livepatch_conclude(gc, result_r,
                LIBXL_LIVEPATCH_OUTCOME_FAILED,
                LIBXL_LIVEPATCH_REASON_USAGE, NULL,
                "\"%s\" can't be the name of a payload", name);
        libxl__livepatch_call_end(egc, &rs->call);
        return AO_INPROGRESS;
    }
    libxl__livepatch_call_begin(egc, &rs->call);
    return AO_INPROGRESS;
}

int libxl_livepatch_revert(libxl_ctx *ctx, const char *name,
                           const libxl_livepatch_params *params,
                           libxl_livepatch_result *result_r,
                           const libxl_asyncop_how *ao_how)
{
    return start(ctx, LIBXL_LIVEPATCH_OPERATION_REVERT, name, params,
                 result_r, ao_how);
}

int libxl_livepatch_unload(libxl_ctx *ctx, const char *name,
                           const libxl_livepatch_params *params,
                           libxl_livepatch_result *result_r,
                           const libxl_asyncop_how *ao_how)
{
    return start(ctx, LIBXL_LIVEPATCH_OPERATION_UNLOAD, name, params,
                 result_r, ao_how);
}

static void revert_begun(libxl__egc *egc, libxl__livepatch_call *lpc)
{
    revert_state *rs = CONTAINER_OF(lpc, *rs, call);
    libxl__livepatch_action *const lpa = &rs->action;
    STATE_AO_GC(lpc->ao);
    const libxl__livepatch_entry *entry;
    bool applied;

    entry = libxl__livepatch_find_entry(&lpc->set, &rs->name);
    if (!entry) {
        libxl__livepatch_conclude_errno(gc, lpc->result, -ENOENT,
            GCSPRINTF("cannot %s %s",
                      lpc->result->operation ==
                          LIBXL_LIVEPATCH_OPERATION_REVERT
                          ? "revert" : "unload", rs->text));
        goto end;
    }
    libxl_livepatch_payload_copy(CTX, &rs->gone,
                                 libxl__livepatch_payload_of(lpc, entry));
    applied = entry->state == LIVEPATCH_STATE_APPLIED;

    if (applied &&
        lpc->result->operation == LIBXL_LIVEPATCH_OPERATION_UNLOAD) {
        libxl__livepatch_conclude(gc, lpc->result,
                LIBXL_LIVEPATCH_OUTCOME_FAILED,
                LIBXL_LIVEPATCH_REASON_WRONG_STATE,
                "Revert it first; xl livepatch revert --unload does both.",
                "%s was not unloaded: it is applied", rs->gone.name);
        goto end;
    }
    if (!applied && !rs->unload) {
        conclude_done(gc, rs, LIBXL_LIVEPATCH_OUTCOME_ALREADY,
                      "is reverted already");
        goto end;
    }
    if (lpc->params.dry_run) {
        conclude_done(gc, rs, LIBXL_LIVEPATCH_OUTCOME_PLANNED,
                      !applied ? "would be unloaded" :
                      rs->unload ? "would be reverted and unloaded"
                                 : "would be reverted");
        goto end;
    }
    if (!applied) {
        revert_unload(egc, rs);
        return;
    }

    libxl__livepatch_action_init(lpa);
    lpa->call = lpc;
    lpa->name = rs->name;
    lpa->op = LIBXL_LIVEPATCH_OPERATION_REVERT;
    lpa->has_hooks = true;      /* it may have; the engine doesn't tell */
    lpa->callback = reverted;
    libxl__livepatch_action_start(egc, lpa);
    return;

 end:
    libxl__livepatch_call_end(egc, lpc);
}

static void reverted(libxl__egc *egc, libxl__livepatch_action *lpa)
{
    revert_state *rs = CONTAINER_OF(lpa, *rs, action);
    STATE_AO_GC(rs->call.ao);

    if (lpa->outcome != LIBXL_LIVEPATCH_OUTCOME_DONE) {
        libxl__livepatch_conclude_action(gc, lpa);
        libxl__livepatch_call_end(egc, &rs->call);
        return;
    }
    if (rs->unload) {
        /* To stop now would be neither here nor there. */
        rs->call.undoing = true;
        revert_unload(egc, rs);
        return;
    }
    conclude_done(gc, rs, LIBXL_LIVEPATCH_OUTCOME_DONE, "is reverted");
    libxl__livepatch_call_end(egc, &rs->call);
}

static void revert_unload(libxl__egc *egc, revert_state *rs)
{
    libxl__livepatch_action *const lpa = &rs->action;

    libxl__livepatch_action_init(lpa);
    lpa->call = &rs->call;
    lpa->name = rs->name;
    lpa->op = LIBXL_LIVEPATCH_OPERATION_UNLOAD;
    lpa->callback = unloaded;
    libxl__livepatch_action_start(egc, lpa);
}

static void unloaded(libxl__egc *egc, libxl__livepatch_action *lpa)
{
    revert_state *rs = CONTAINER_OF(lpa, *rs, action);
    STATE_AO_GC(rs->call.ao);

    if (lpa->outcome == LIBXL_LIVEPATCH_OUTCOME_DONE) {
        rs->gone.state = LIBXL_LIVEPATCH_STATE_UNKNOWN;
        conclude_done(gc, rs, LIBXL_LIVEPATCH_OUTCOME_DONE, "is unloaded");
    } else if (rs->call.undoing) {
        libxl__livepatch_conclude(gc, rs->call.result,
                LIBXL_LIVEPATCH_OUTCOME_STRANDED, lpa->reason,
                "It patches nothing any more.  Try xl livepatch unload.",
                "%s is reverted, but could not be unloaded", rs->gone.name);
    } else {
        libxl__livepatch_conclude_action(gc, lpa);
    }
    libxl__livepatch_call_end(egc, &rs->call);
}

/*
 * Local variables:
 * mode: C
 * c-basic-offset: 4
 * indent-tabs-mode: nil
 * End:
 */
