/* SPDX-License-Identifier: LGPL-2.1-only */
/*
 * What boot does: apply all that is installed for the running Xen.
 *
 * What can't be is left out, see libxl_livepatch_chain.c.  The rest is an
 * apply like any other: all or nothing.  A package that has exchanged what
 * is installed asks for it in place of what is applied.
 */

#include "libxl_osdeps.h"

#include "libxl_livepatch_apply.h"
#include "libxl_livepatch_installed.h"

typedef struct {
    apply_state apply;
    libxl__livepatch_chain chain;
    libxl__livepatch_trials trials;
    bool on_trial;              /* what is applied was noted there */
} reinstate_state;

/*----- what is to be applied -----*/

/* Returns an error when the call has been concluded. */
static int find_members(libxl__gc *gc, reinstate_state *rs)
{
    libxl_livepatch_result *const result = rs->apply.call.result;
    libxl__livepatch_chain *const chain = &rs->chain;
    libxl_livepatch_file *files;
    int i, r;

    r = libxl__livepatch_chain_find(gc, result->xen_build_id,
                                    rs->apply.call.params.keys,
                                    &rs->trials, chain);
    if (r)
        return libxl__livepatch_refuse(gc, result,
                LIBXL_LIVEPATCH_REASON_STORE, NULL,
                "nothing was applied: what is installed in "
                LIVEPATCH_INSTALLED " or " LIVEPATCH_VENDORS " can't be "
                "read: %s", strerror(-r));
    for (i = chain->num_fit; i < chain->num; i++)
        libxl__livepatch_warn(gc, result,
                              "%s is installed, but was left out: %s",
                              chain->links[i].judgement.file,
                              chain->links[i].left_out);
    if (!chain->num_fit)
        return libxl__livepatch_succeed(gc, result,
                LIBXL_LIVEPATCH_OUTCOME_ALREADY, chain->num
                    ? "nothing was applied of what is installed"
                    : "nothing is installed for this Xen");

    files = libxl__calloc(gc, chain->num_fit, sizeof(*files));
    for (i = 0; i < chain->num_fit; i++)
        files[i] = (libxl_livepatch_file){
            .path = (char *)chain->links[i].file.path,
            .name = libxl__livepatch_text(gc, chain->links[i].file.name),
        };
    return libxl__livepatch_judge_members(gc, &rs->apply, files,
                                          chain->num_fit);
}

/*----- trials -----*/

static int store_trials(libxl__gc *gc, reinstate_state *rs)
{
    const char *xen = rs->apply.call.result->xen_build_id;

    return libxl__livepatch_trials_store(gc, xen, &rs->trials);
}

static void begin_trials(libxl__gc *gc, libxl__livepatch_call *lpc)
{
    reinstate_state *rs = CONTAINER_OF(lpc, *rs, apply.call);
    int i, r;

    for (i = 0; i < rs->apply.num_members; i++)
        if (!rs->apply.members[i].present)
            libxl__livepatch_trials_add(gc, &rs->trials,
                rs->apply.members[i].judgement->sha256);
    rs->on_trial = true;
    r = store_trials(gc, rs);
    if (r < 0)
        libxl__livepatch_warn(gc, lpc->result,
                "a crash of the host would not be recognised as one that "
                "live patches may have caused: " LIVEPATCH_INSTALLED
                "/%s can't be changed: %s",
                lpc->result->xen_build_id, strerror(-r));
}

/* Nobody may take the end of this boot for a crash any more. */
static void not_forgotten(libxl__gc *gc, reinstate_state *rs, int r)
{
    libxl_livepatch_result *const result = rs->apply.call.result;

    libxl__livepatch_refuse(gc, result, LIBXL_LIVEPATCH_REASON_STORE, NULL,
            "the next boot will take the end of this one for a crash: "
            LIVEPATCH_INSTALLED "/%s can't be changed: %s",
            result->xen_build_id, strerror(-r));
}

/* What was not applied has done no harm. */
static void end_trials(libxl__gc *gc, reinstate_state *rs)
{
    int i, r;

    for (i = 0; i < rs->apply.num_members; i++)
        if (!rs->apply.members[i].present)
            libxl__livepatch_trials_forget(&rs->trials,
                rs->apply.members[i].judgement->sha256, true);
    r = store_trials(gc, rs);
    if (r < 0)
        libxl__livepatch_warn(gc, rs->apply.call.result,
                "the next boot will leave out what this one has tried: "
                LIVEPATCH_INSTALLED "/%s can't be changed: %s",
                rs->apply.call.result->xen_build_id, strerror(-r));
}

static void settle(libxl__gc *gc, reinstate_state *rs)
{
    libxl__livepatch_call *const lpc = &rs->apply.call;
    int num = rs->trials.num, r;

    libxl__livepatch_trials_forget(&rs->trials, NULL, true);
    num -= rs->trials.num;
    if (num && !lpc->params.dry_run && (r = store_trials(gc, rs)) < 0) {
        not_forgotten(gc, rs, r);
        return;
    }
    libxl__livepatch_succeed(gc, lpc->result,
            !num ? LIBXL_LIVEPATCH_OUTCOME_ALREADY :
            lpc->params.dry_run ? LIBXL_LIVEPATCH_OUTCOME_PLANNED
                                : LIBXL_LIVEPATCH_OUTCOME_DONE,
            "payloads applied at boot with which the host has run well: "
            "%d", num);
}

/*
 * Whether what is applied is another stack, in whose place this one goes.
 * One that has only grown needs no replacing.
 */
static bool is_in_the_way(const reinstate_state *rs)
{
    const libxl__livepatch_call *const lpc = &rs->apply.call;
    const char *lowest = rs->apply.members[0].judgement->build_id;
    bool any = false;
    int i;

    for (i = 0; i < lpc->set.num; i++) {
        if (lpc->payloads[i].state != LIBXL_LIVEPATCH_STATE_APPLIED)
            continue;
        if (libxl__livepatch_same_id(lpc->payloads[i].build_id, lowest))
            return false;
        any = true;
    }
    return any;
}

/*----- the call -----*/

static void reinstate_describe(libxl__gc *gc, libxl__livepatch_call *lpc)
{
    reinstate_state *rs = CONTAINER_OF(lpc, *rs, apply.call);
    libxl_livepatch_result *const result = lpc->result;
    const int num_left_out = rs->chain.num - rs->chain.num_fit;
    const bool ok = !libxl__livepatch_outcome_rc(result);

    libxl__livepatch_apply_describe(gc, lpc);
    libxl__livepatch_chain_dispose(&rs->chain);
    if (ok ? !lpc->params.until_settled && !lpc->params.dry_run &&
             (rs->on_trial || lpc->params.retry)
           : rs->on_trial &&
             result->outcome != LIBXL_LIVEPATCH_OUTCOME_STRANDED)
        end_trials(gc, rs);
    if (ok && num_left_out && !lpc->params.dry_run)
        libxl__livepatch_conclude(gc, result,
                LIBXL_LIVEPATCH_OUTCOME_STRANDED,
                LIBXL_LIVEPATCH_REASON_LEFT_OUT, NULL,
                "%s; payloads that are installed and were left out: %d",
                result->message, num_left_out);
}

static void reinstate_begun(libxl__egc *egc, libxl__livepatch_call *lpc)
{
    reinstate_state *rs = CONTAINER_OF(lpc, *rs, apply.call);
    libxl_livepatch_result *const result = lpc->result;
    STATE_AO_GC(lpc->ao);
    int r;

    if (libxl__livepatch_need_xen(gc, result)) {
        libxl__livepatch_call_end(egc, lpc);
        return;
    }
    r = libxl__livepatch_trials_load(gc, result->xen_build_id,
                                     &rs->trials);
    if (lpc->params.settled && r) {
        not_forgotten(gc, rs, r);
    } else if (lpc->params.settled) {
        settle(gc, rs);
    } else if (libxl__livepatch_boot_is_off(gc)) {
        libxl__livepatch_succeed(gc, result,
                LIBXL_LIVEPATCH_OUTCOME_ALREADY,
                "nothing was applied of what is installed, as the command "
                "line of dom0's kernel has xl.livepatch=off");
    } else if (r && !lpc->params.retry) {
        libxl__livepatch_refuse(gc, result, LIBXL_LIVEPATCH_REASON_STORE,
                LIVEPATCH_ADVICE_TRIALS_UNREAD,
                "nothing was applied, as nobody can tell what the host "
                "has crashed with: " LIVEPATCH_INSTALLED "/%s can't be "
                "read: %s", result->xen_build_id, strerror(-r));
    } else {
        if (lpc->params.retry)
            libxl__livepatch_trials_forget(&rs->trials, NULL, false);
        if (!find_members(gc, rs)) {
            lpc->params.replace &= is_in_the_way(rs);
            libxl__livepatch_apply_begun(egc, lpc);
            return;
        }
    }
    libxl__livepatch_call_end(egc, lpc);
}

int libxl_livepatch_restore(libxl_ctx *ctx,
                            const libxl_livepatch_params *params,
                            libxl_livepatch_result *result_r,
                            const libxl_asyncop_how *ao_how,
                            const libxl_asyncprogress_how *aop_attempts)
{
    AO_CREATE(ctx, 0, ao_how);
    libxl__livepatch_call *lpc;
    reinstate_state *rs;

    GCNEW(rs);
    lpc = &rs->apply.call;
    libxl__livepatch_call_init(lpc, ao, LIBXL_LIVEPATCH_OPERATION_RESTORE,
                               params, result_r);
    libxl__ao_progress_gethow(&lpc->aop_attempts, aop_attempts);
    result_r->xen_build_id = libxl__livepatch_xen_build_id(gc);
    lpc->begun = reinstate_begun;
    lpc->describe = reinstate_describe;
    rs->apply.prepare = begin_trials;

    libxl__livepatch_call_begin(egc, lpc);
    return AO_INPROGRESS;
}

/*
 * Local variables:
 * mode: C
 * c-basic-offset: 4
 * indent-tabs-mode: nil
 * End:
 */
