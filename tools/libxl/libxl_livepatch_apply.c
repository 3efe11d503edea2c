/* SPDX-License-Identifier: LGPL-2.1-only */
/*
 * Applying payloads, all or none of them; also in place of the whole stack.
 *
 *   judge -> [lock] -> compare with what is loaded -> upload all
 *         -> apply each -> unload what was displaced -> done
 *
 * and from any failure after the first upload
 *
 *   -> revert what was applied -> unload what was uploaded
 *   -> apply again what was displaced -> failed, the host is as before
 *
 * What stands before the first upload is in libxl_livepatch_plan.c.
 */

#include "libxl_osdeps.h"

#include "libxl_livepatch_apply.h"

static void apply_begun(libxl__egc *egc, libxl__livepatch_call *lpc);
static void apply_unload(libxl__egc *egc, apply_state *as);
static void member_unloaded(libxl__egc *egc, libxl__livepatch_action *lpa);
static void apply_upload(libxl__egc *egc, apply_state *as);
static void apply_next(libxl__egc *egc, apply_state *as);
static void applied(libxl__egc *egc, libxl__livepatch_action *lpa);
static void leftover_unloaded(libxl__egc *egc, libxl__livepatch_action *lpa);
static void apply_done(libxl__egc *egc, apply_state *as);
static void undo_begin(libxl__egc *egc, apply_state *as);
static void undo_next(libxl__egc *egc, apply_state *as);
static void undone(libxl__egc *egc, libxl__livepatch_action *lpa);
static void apply_end(libxl__egc *egc, apply_state *as);

/*----- uploading -----*/

static void conclude_abort(libxl__gc *gc, apply_state *as)
{
    libxl__livepatch_conclude(gc, as->call.result,
            LIBXL_LIVEPATCH_OUTCOME_FAILED, LIBXL_LIVEPATCH_REASON_ABORTED,
            NULL, "aborted; the host is as before");
}

/* Returns ERROR_FAIL when the call has been concluded. */
static int upload_members(libxl__gc *gc, apply_state *as)
{
    int i, r;

    for (i = 0; i < as->num_members; i++) {
        member *m = &as->members[i];

        if (m->present || (m->loaded && !m->gone)) continue;
        if (libxl__livepatch_call_aborted(&as->call)) {
            conclude_abort(gc, as);
            return ERROR_FAIL;
        }
        as->call.changed = true;
        r = libxl__livepatch_upload(gc, &m->name, &m->image);
        if (r) {
            libxl__livepatch_conclude_upload(gc, as, m, r);
            return ERROR_FAIL;
        }
        as->call.changes++;
        m->gone = false;
        m->uploaded = true;
    }
    return 0;
}

/*----- describing -----*/

/* Where a payload that we uploaded came from, for its record. */
static void describe_origin(libxl__gc *gc, const member *m,
                            libxl_livepatch_payload *payload)
{
    free(payload->file);
    free(payload->sha256);
    payload->recorded = true;
    payload->file = libxl__strdup(NOGC, m->judgement->file);
    payload->sha256 = libxl__strdup(NOGC, m->judgement->sha256);
}

/* The rest of its record, where the hypervisor does not report it. */
static void describe_member(libxl__gc *gc, const member *m,
                            libxl_livepatch_payload *payload)
{
    const libxl_livepatch_judgement *const judgement = m->judgement;
    int i;

    /* What an earlier call may have known of it, from another file. */
    free(payload->build_id);
    free(payload->depends);
    for (i = 0; i < payload->num_functions; i++)
        libxl_livepatch_function_dispose(&payload->functions[i]);
    free(payload->functions);
    payload->num_functions = 0;

    payload->build_id = libxl__strdup(NOGC, judgement->build_id);
    payload->depends = libxl__strdup(NOGC, judgement->depends);
    payload->reapplicable = judgement->reapplicable;
    payload->uploaded = time(NULL);
    payload->functions = libxl__calloc(NOGC, judgement->num_functions + 1,
                                       sizeof(*payload->functions));
    for (i = 0; i < judgement->num_functions; i++) {
        libxl_livepatch_function_init(&payload->functions[i]);
        libxl_livepatch_function_copy(CTX, &payload->functions[i],
                                      &judgement->functions[i]);
        payload->num_functions++;
    }
}

/* Whether what is loaded under m's name is m, and not another tool's. */
static bool is_members(const libxl__livepatch_call *lpc, const member *m,
                       const libxl_livepatch_payload *payload)
{
    if (!lpc->reporter.available) return !lpc->meddled;
    return payload->build_id &&
           !strcmp(payload->build_id, m->judgement->build_id);
}

static void apply_describe(libxl__gc *gc, libxl__livepatch_call *lpc)
{
    apply_state *as = CONTAINER_OF(lpc, *as, call);
    libxl_livepatch_result *const result = lpc->result;
    int i;

    result->payloads = libxl__calloc(NOGC, as->num_members + 1,
                                     sizeof(*result->payloads));
    for (i = 0; i < as->num_members; i++) {
        const member *m = &as->members[i];
        libxl_livepatch_payload *payload, *shown;
        const libxl__livepatch_entry *entry =
            libxl__livepatch_find_entry(&lpc->set, &m->name);

        if (!entry) continue;
        payload = libxl__livepatch_payload_of(lpc, entry);
        if (is_members(lpc, m, payload) && (m->uploaded ||
             (!payload->recorded && (m->present || m->loaded)))) {
            describe_origin(gc, m, payload);
            if (!lpc->reporter.available) describe_member(gc, m, payload);
        }
        if (m->applied) payload->applied = time(NULL);

        shown = &result->payloads[result->num_payloads++];
        libxl_livepatch_payload_init(shown);
        libxl_livepatch_payload_copy(CTX, shown, payload);
    }
}

/*----- the transaction -----*/

static void act(libxl__egc *egc, apply_state *as,
                const libxl__livepatch_name *name,
                libxl_livepatch_operation op,
                void (*callback)(libxl__egc *, libxl__livepatch_action *))
{
    libxl__livepatch_action *const lpa = &as->action;

    libxl__livepatch_action_init(lpa);
    lpa->call = &as->call;
    lpa->name = *name;
    lpa->op = op;
    lpa->rollback = as->rolling_back;
    /* Whatever was below it is so again, whether it depends on it or not. */
    lpa->nodeps = as->rolling_back &&
                  op == LIBXL_LIVEPATCH_OPERATION_APPLY;
    lpa->callback = callback;
    libxl__livepatch_action_start(egc, lpa);
}

static void apply_dispose(apply_state *as)
{
    int i;

    for (i = 0; i < as->num_displaced; i++)
        libxl_livepatch_payload_dispose(&as->displaced[i].payload);
}

static int start(libxl_ctx *ctx, libxl_livepatch_operation op,
                 const libxl_livepatch_file *files, int num_files,
                 const libxl_livepatch_params *params,
                 libxl_livepatch_result *result_r,
                 const libxl_asyncop_how *ao_how)
{
    AO_CREATE(ctx, 0, ao_how);
    apply_state *as;
    const char *build_id;
    int rc;

    GCNEW(as);
    libxl__livepatch_call_init(&as->call, ao, op, params, result_r);
    if (as->call.params.replace)
        result_r->operation = LIBXL_LIVEPATCH_OPERATION_REPLACE;
    as->call.begun = apply_begun;
    as->upload_only = op == LIBXL_LIVEPATCH_OPERATION_UPLOAD;

    build_id = libxl__livepatch_xen_build_id(gc);
    if (build_id) result_r->xen_build_id = libxl__strdup(NOGC, build_id);

    rc = libxl__livepatch_judge_members(gc, as, files, num_files);
    if (rc) {
        apply_end(egc, as);
        return AO_INPROGRESS;
    }

    as->call.describe = apply_describe;
    libxl__livepatch_call_begin(egc, &as->call);
    return AO_INPROGRESS;
}

int libxl_livepatch_apply(libxl_ctx *ctx,
                          const libxl_livepatch_file *files, int num_files,
                          const libxl_livepatch_params *params,
                          libxl_livepatch_result *result_r,
                          const libxl_asyncop_how *ao_how)
{
    return start(ctx, LIBXL_LIVEPATCH_OPERATION_APPLY, files, num_files,
                 params, result_r, ao_how);
}

int libxl_livepatch_upload(libxl_ctx *ctx, const libxl_livepatch_file *file,
                           const libxl_livepatch_params *params,
                           libxl_livepatch_result *result_r,
                           const libxl_asyncop_how *ao_how)
{
    return start(ctx, LIBXL_LIVEPATCH_OPERATION_UPLOAD, file, 1,
                 params, result_r, ao_how);
}

static void apply_begun(libxl__egc *egc, libxl__livepatch_call *lpc)
{
    apply_state *as = CONTAINER_OF(lpc, *as, call);
    STATE_AO_GC(lpc->ao);
    int i, rc;

    rc = libxl__livepatch_plan(gc, as);
    if (rc) {
        apply_end(egc, as);
        return;
    }
    for (i = 0; i < as->num_displaced; i++)
        libxl__livepatch_append(gc, &lpc->result->displaced,
                                as->displaced[i].payload.name);
    if (lpc->params.dry_run) {
        libxl__livepatch_conclude(gc, lpc->result,
                LIBXL_LIVEPATCH_OUTCOME_PLANNED,
                LIBXL_LIVEPATCH_REASON_NONE, NULL,
                "payloads that would be %s: %d; displaced: %d",
                as->upload_only ? "uploaded" : "applied",
                as->num_members, as->num_displaced);
        apply_end(egc, as);
        return;
    }

    apply_unload(egc, as);
}

/* Payloads that are to be loaded anew; newest first. */
static void apply_unload(libxl__egc *egc, apply_state *as)
{
    int i;

    for (i = as->num_members - 1; i >= 0; i--) {
        member *m = &as->members[i];

        if (!m->anew || m->gone) continue;
        as->acting = m;
        act(egc, as, &m->name, LIBXL_LIVEPATCH_OPERATION_UNLOAD,
            member_unloaded);
        return;
    }
    apply_upload(egc, as);
}

static void member_unloaded(libxl__egc *egc, libxl__livepatch_action *lpa)
{
    apply_state *as = CONTAINER_OF(lpa, *as, action);
    STATE_AO_GC(as->call.ao);
    member *const m = as->acting;
    uint32_t state;
    int rc;

    if (lpa->outcome == LIBXL_LIVEPATCH_OUTCOME_DONE) {
        m->gone = true;
    } else if (!libxl__livepatch_get(gc, &m->name, &state, &rc) &&
               state == LIVEPATCH_STATE_APPLIED) {
        /* Another tool was about to apply it, and has. */
        m->present = true;
        m->anew = false;
    } else {
        libxl__livepatch_conclude_action(gc, lpa);
        undo_begin(egc, as);
        return;
    }
    apply_unload(egc, as);
}

static void apply_upload(libxl__egc *egc, apply_state *as)
{
    libxl__livepatch_call *const lpc = &as->call;
    STATE_AO_GC(lpc->ao);
    int rc;

    rc = upload_members(gc, as);
    if (rc) {
        undo_begin(egc, as);
        return;
    }
    if (as->upload_only && libxl__livepatch_call_aborted(lpc)) {
        conclude_abort(gc, as);
        undo_begin(egc, as);
        return;
    }
    if (as->upload_only) {
        libxl__livepatch_conclude(gc, lpc->result,
                LIBXL_LIVEPATCH_OUTCOME_DONE, LIBXL_LIVEPATCH_REASON_NONE,
                NULL, "%s is loaded", as->members[0].judgement->name);
        apply_end(egc, as);
        return;
    }
    apply_next(egc, as);
}

static void apply_next(libxl__egc *egc, apply_state *as)
{
    STATE_AO_GC(as->call.ao);
    libxl__livepatch_action *const lpa = &as->action;
    bool first = as->call.params.replace;
    int i;

    for (i = 0; i < as->num_members; i++) {
        member *m = &as->members[i];

        if (m->present || m->applied) {
            first = false;
            continue;
        }
        as->acting = m;
        libxl__livepatch_action_init(lpa);
        lpa->call = &as->call;
        lpa->name = m->name;
        lpa->op = first ? LIBXL_LIVEPATCH_OPERATION_REPLACE
                        : LIBXL_LIVEPATCH_OPERATION_APPLY;
        lpa->nodeps = as->call.params.nodeps;
        lpa->has_hooks = libxl_string_list_length(&m->judgement->hooks);
        lpa->callback = applied;
        libxl__livepatch_action_start(egc, lpa);
        return;
    }

    if (libxl__livepatch_call_aborted(&as->call)) {
        conclude_abort(gc, as);
        undo_begin(egc, as);
        return;
    }
    /* Nothing is undone from here on. */
    as->call.undoing = true;
    for (i = 0; i < as->num_displaced; i++) {
        displaced_payload *d = &as->displaced[i];

        if (d->settled) continue;
        as->displacing = d;
        act(egc, as, &d->name, LIBXL_LIVEPATCH_OPERATION_UNLOAD,
            leftover_unloaded);
        return;
    }
    apply_done(egc, as);
}

static void applied(libxl__egc *egc, libxl__livepatch_action *lpa)
{
    apply_state *as = CONTAINER_OF(lpa, *as, action);
    STATE_AO_GC(as->call.ao);

    if (lpa->outcome == LIBXL_LIVEPATCH_OUTCOME_DONE) {
        as->acting->applied = true;
        apply_next(egc, as);
        return;
    }
    libxl__livepatch_conclude_action(gc, lpa);
    if (lpa->outcome == LIBXL_LIVEPATCH_OUTCOME_STRANDED) {
        /* What the hypervisor still works on can't be undone. */
        apply_end(egc, as);
        return;
    }
    undo_begin(egc, as);
}

static void leftover_unloaded(libxl__egc *egc, libxl__livepatch_action *lpa)
{
    apply_state *as = CONTAINER_OF(lpa, *as, action);
    STATE_AO_GC(as->call.ao);

    if (lpa->outcome != LIBXL_LIVEPATCH_OUTCOME_DONE)
        libxl__livepatch_warn(gc, as->call.result,
                "%s, which was replaced, stays loaded: the hypervisor did "
                "not unload it (error %d)", as->displacing->payload.name,
                -lpa->rc);
    as->displacing->settled = true;
    apply_next(egc, as);
}

static void apply_done(libxl__egc *egc, apply_state *as)
{
    STATE_AO_GC(as->call.ao);
    int num = as->num_members;

    libxl__livepatch_conclude(gc, as->call.result,
            LIBXL_LIVEPATCH_OUTCOME_DONE, LIBXL_LIVEPATCH_REASON_NONE, NULL,
            num == 1 ? "%s is applied" : "%s and %d more are applied",
            as->members[0].judgement->name, num - 1);
    apply_end(egc, as);
}

/*----- undoing it -----*/

/* Returns ERROR_FAIL when the call has been concluded. */
static int load_again(libxl__gc *gc, apply_state *as, member *m)
{
    libxl_livepatch_result *const result = as->call.result;
    int r;

    r = libxl__livepatch_upload(gc, &m->name, &m->image);
    if (r) {
        libxl__livepatch_conclude(gc, result,
                LIBXL_LIVEPATCH_OUTCOME_STRANDED, result->reason,
                "It patched nothing.  Upload its file when that is put "
                "right.",
                "%s; and %s, which was loaded before, is not any more: %s",
                result->message, m->judgement->name, strerror(-r));
        return ERROR_FAIL;
    }
    as->call.changes++;
    m->gone = false;
    return 0;
}

static void undo_begin(libxl__egc *egc, apply_state *as)
{
    STATE_AO_GC(as->call.ao);
    uint32_t state;
    int i, rc, r;

    as->call.undoing = true;
    as->rolling_back = true;

    /*
     * What a failed replace left of the stack.  What that can't be learnt of
     * is put back: the engine refuses where it need not be.
     */
    for (i = 0; i < as->num_displaced; i++) {
        displaced_payload *d = &as->displaced[i];

        if (as->call.result->num_attempts) {
            r = libxl__livepatch_get(gc, &d->name, &state, &rc);
            d->settled = !r && state == LIVEPATCH_STATE_APPLIED;
        } else {
            d->settled = true;
        }
    }
    undo_next(egc, as);
}

/* Newest first; then the old stack, oldest first. */
static void undo_next(libxl__egc *egc, apply_state *as)
{
    STATE_AO_GC(as->call.ao);
    displaced_payload *d;
    member *m;
    int i;

    as->acting = NULL;
    as->displacing = NULL;
    for (i = as->num_members - 1; i >= 0; i--) {
        m = &as->members[i];
        if (!m->applied) continue;
        as->acting = m;
        act(egc, as, &m->name, LIBXL_LIVEPATCH_OPERATION_REVERT, undone);
        return;
    }
    for (i = as->num_members - 1; i >= 0; i--) {
        m = &as->members[i];
        if (m->gone) {
            if (load_again(gc, as, m)) {
                apply_end(egc, as);
                return;
            }
        }
        if (!m->uploaded || (m->loaded && !m->spoilt)) continue;
        as->acting = m;
        act(egc, as, &m->name, LIBXL_LIVEPATCH_OPERATION_UNLOAD, undone);
        return;
    }
    for (i = 0; i < as->num_displaced; i++) {
        d = &as->displaced[i];
        if (d->settled) continue;
        as->displacing = d;
        act(egc, as, &d->name,
            d->anew && d->image.data && !d->reloaded
                ? LIBXL_LIVEPATCH_OPERATION_UNLOAD
                : LIBXL_LIVEPATCH_OPERATION_APPLY, undone);
        return;
    }
    apply_end(egc, as);
}

static void undone(libxl__egc *egc, libxl__livepatch_action *lpa)
{
    apply_state *as = CONTAINER_OF(lpa, *as, action);
    STATE_AO_GC(as->call.ao);
    uint32_t state;
    int rc;
    libxl_livepatch_result *const result = as->call.result;
    displaced_payload *const d = as->displacing;
    member *const m = as->acting;
    bool unload = lpa->op == LIBXL_LIVEPATCH_OPERATION_UNLOAD;
    const char *name = m ? m->judgement->name : d->payload.name;
    int r = 0;

    if (lpa->outcome != LIBXL_LIVEPATCH_OUTCOME_DONE && d && unload &&
        !libxl__livepatch_get(gc, &d->name, &state, &rc) &&
        state == LIVEPATCH_STATE_APPLIED) {
        d->settled = true;
        undo_next(egc, as);
        return;
    }
    if (lpa->outcome == LIBXL_LIVEPATCH_OUTCOME_DONE && d && unload) {
        r = libxl__livepatch_upload(gc, &d->name, &d->image);
        d->reloaded = !r;
        if (!r) as->call.changes++;
    }
    if (lpa->outcome != LIBXL_LIVEPATCH_OUTCOME_DONE || r) {
        libxl__livepatch_conclude(gc, result,
                LIBXL_LIVEPATCH_OUTCOME_STRANDED,
                result->reason,
                d ? "The host may lack the fixes that it had.  See xl "
                    "livepatch list, and apply what is missing."
                  : "See xl livepatch list; revert and unload what should "
                    "not be there, newest first.",
                "%s; then %s could not be %s: %s",
                result->message, name,
                d ? "put back" : unload ? "unloaded" : "reverted",
                r ? strerror(-r) : libxl__livepatch_action_error(gc, lpa));
        apply_end(egc, as);
        return;
    }

    if (d && !unload) {
        d->settled = true;
        libxl__livepatch_append(gc, &result->undone,
                                GCSPRINTF("applied %s again", name));
    } else if (m) {
        if (unload) {
            m->uploaded = false;
            m->gone = m->loaded;
            m->spoilt = false;
        } else {
            m->applied = false;
            m->spoilt = !m->judgement->reapplicable &&
                        !as->call.reporter.available;
        }
        libxl__livepatch_append(gc, &result->undone,
                GCSPRINTF("%s %s", unload ? "unloaded" : "reverted", name));
    }
    undo_next(egc, as);
}

static void apply_end(libxl__egc *egc, apply_state *as)
{
    apply_dispose(as);
    libxl__livepatch_call_end(egc, &as->call);
}

/*
 * Local variables:
 * mode: C
 * c-basic-offset: 4
 * indent-tabs-mode: nil
 * End:
 */
