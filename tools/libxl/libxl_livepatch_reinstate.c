/* SPDX-License-Identifier: LGPL-2.1-only */
/*
 * What boot does: apply all that is installed for the running Xen.
 *
 * Payloads lie upon each other in one stack, so what is installed is put
 * into a chain from Xen upwards.  Whatever can't be in it, a damaged file
 * or what was being applied when the host went down, is left out with what
 * builds on it.  The rest is an apply like any other: all or nothing.
 */

#include "libxl_osdeps.h"

#include "libxl_livepatch_apply.h"
#include "libxl_livepatch_installed.h"

typedef struct {
    const libxl__livepatch_installed *file;
    libxl_livepatch_judgement judgement;
    bool fit;                   /* nothing speaks against it so far */
} candidate;

typedef struct {
    apply_state apply;
    candidate *candidates;
    int num;
    int num_left_out;
    libxl__livepatch_trials trials;
    bool on_trial;              /* what is applied was noted there */
} reinstate_state;

/*----- what is to be applied -----*/

static void leave_out(libxl__gc *gc, reinstate_state *rs, candidate *c,
                      const char *why)
{
    c->fit = false;
    rs->num_left_out++;
    libxl__livepatch_warn(gc, rs->apply.call.result,
                          "%s is installed, but was left out: %s",
                          c->judgement.file, why);
}

static void judge(libxl__gc *gc, reinstate_state *rs, candidate *c)
{
    const libxl_livepatch_criteria criteria = {
        .xen_build_id = rs->apply.call.result->xen_build_id,
        .keys = rs->apply.call.params.keys,
    };
    const libxl_livepatch_finding *error;
    libxl__livepatch_image image = {};

    c->fit = true;
    libxl_livepatch_judgement_init(&c->judgement);
    c->judgement.file = libxl__livepatch_text(NOGC, c->file->path);
    if (libxl__livepatch_read(c->file->path, &image, &c->judgement) &&
        libxl__livepatch_judge(&image, &criteria, NULL,
                               &c->judgement) == ERROR_NOMEM)
        libxl__alloc_failed(CTX, __func__, 0, 0);
    free(image.data);

    if (!c->judgement.acceptable) {
        error = libxl__livepatch_first_error(&c->judgement);
        leave_out(gc, rs, c, error ? error->message : "it can't be read");
    } else if (libxl__livepatch_has_crashed(&rs->trials,
                                            c->judgement.sha256)) {
        leave_out(gc, rs, c, "the host went down after it was applied at "
                  "an earlier boot");
    }
}

/* The only one that builds on id; two can't both be applied. */
static candidate *find_next(libxl__gc *gc, reinstate_state *rs,
                            const char *id)
{
    candidate *found = NULL;
    int i;

    for (i = 0; i < rs->num; i++) {
        candidate *const c = &rs->candidates[i];

        if (!c->fit || !libxl__livepatch_same_id(c->judgement.depends, id))
            continue;
        if (!found) {
            found = c;
            continue;
        }
        if (found->fit)
            leave_out(gc, rs, found,
                      GCSPRINTF("%s is made for the same place in the "
                                "stack", c->judgement.file));
        leave_out(gc, rs, c,
                  GCSPRINTF("%s is made for the same place in the stack",
                            found->judgement.file));
    }
    return found && found->fit ? found : NULL;
}

/* From Xen upwards; returns how many there are. */
static int find_chain(libxl__gc *gc, reinstate_state *rs,
                      libxl_livepatch_file *files_r)
{
    const char *id = rs->apply.call.result->xen_build_id;
    candidate *c;
    int num = 0, i;

    while (num < rs->num && (c = find_next(gc, rs, id))) {
        files_r[num++] = (libxl_livepatch_file){
            .path = (char *)c->file->path,
            .name = libxl__livepatch_text(gc, c->file->name),
        };
        c->fit = false;
        id = c->judgement.build_id;
    }
    for (i = 0; i < rs->num; i++)
        if (rs->candidates[i].fit)
            leave_out(gc, rs, &rs->candidates[i],
                      "what it builds on is not installed, or was left "
                      "out, too");
    return num;
}

/* Returns an error when the call has been concluded. */
static int find_members(libxl__gc *gc, reinstate_state *rs)
{
    libxl_livepatch_result *const result = rs->apply.call.result;
    libxl__livepatch_installed *list;
    libxl_livepatch_file *files;
    int num, i, r;

    r = libxl__livepatch_installed_list(gc, result->xen_build_id,
                                        &list, &num);
    if (r)
        return libxl__livepatch_refuse(gc, result,
                LIBXL_LIVEPATCH_REASON_STORE, NULL,
                "nothing was applied: what is installed in "
                LIVEPATCH_INSTALLED " or " LIVEPATCH_VENDORS " can't be "
                "read: %s", strerror(-r));
    if (!num)
        return libxl__livepatch_succeed(gc, result,
                LIBXL_LIVEPATCH_OUTCOME_ALREADY,
                "nothing is installed for this Xen");

    rs->candidates = libxl__calloc(gc, num, sizeof(*rs->candidates));
    for (i = 0; i < num; i++) {
        rs->candidates[i].file = &list[i];
        judge(gc, rs, &rs->candidates[rs->num++]);
    }
    files = libxl__calloc(gc, num, sizeof(*files));
    num = find_chain(gc, rs, files);
    if (!num)
        return libxl__livepatch_succeed(gc, result,
                LIBXL_LIVEPATCH_OUTCOME_ALREADY,
                "nothing was applied of what is installed");
    return libxl__livepatch_judge_members(gc, &rs->apply, files, num);
}

/*----- trials -----*/

static void warn_trials(libxl__gc *gc, reinstate_state *rs, int r)
{
    if (r < 0)
        libxl__livepatch_warn(gc, rs->apply.call.result,
                "a crash of the host would not be recognised as one that "
                "live patches may have caused: "
                LIVEPATCH_INSTALLED "/%s can't be changed: %s",
                rs->apply.call.result->xen_build_id, strerror(-r));
}

static void store_trials(libxl__gc *gc, reinstate_state *rs)
{
    warn_trials(gc, rs, libxl__livepatch_trials_store(gc,
                            rs->apply.call.result->xen_build_id,
                            &rs->trials));
}

static void begin_trials(libxl__gc *gc, libxl__livepatch_call *lpc)
{
    reinstate_state *rs = CONTAINER_OF(lpc, *rs, apply.call);
    int i;

    for (i = 0; i < rs->apply.num_members; i++)
        if (!rs->apply.members[i].present)
            libxl__livepatch_trials_add(gc, &rs->trials,
                rs->apply.members[i].judgement->sha256);
    rs->on_trial = true;
    store_trials(gc, rs);
}

/* What was not applied has done no harm. */
static void end_trials(libxl__gc *gc, reinstate_state *rs)
{
    int i;

    for (i = 0; i < rs->apply.num_members; i++)
        if (!rs->apply.members[i].present)
            libxl__livepatch_trials_forget(&rs->trials,
                rs->apply.members[i].judgement->sha256, true);
    store_trials(gc, rs);
}

static void settle(libxl__gc *gc, reinstate_state *rs)
{
    libxl_livepatch_result *const result = rs->apply.call.result;
    const int num = rs->trials.num;

    libxl__livepatch_trials_forget(&rs->trials, NULL, true);
    if (rs->trials.num < num) store_trials(gc, rs);
    libxl__livepatch_succeed(gc, result,
            rs->trials.num < num ? LIBXL_LIVEPATCH_OUTCOME_DONE
                                 : LIBXL_LIVEPATCH_OUTCOME_ALREADY,
            "payloads applied at boot with which the host has run well: "
            "%d", num - rs->trials.num);
}

/*----- the call -----*/

static void reinstate_describe(libxl__gc *gc, libxl__livepatch_call *lpc)
{
    reinstate_state *rs = CONTAINER_OF(lpc, *rs, apply.call);
    libxl_livepatch_result *const result = lpc->result;
    const bool ok = !libxl__livepatch_outcome_rc(result);
    int i;

    libxl__livepatch_apply_describe(gc, lpc);
    for (i = 0; i < rs->num; i++)
        libxl_livepatch_judgement_dispose(&rs->candidates[i].judgement);
    if (rs->on_trial && !ok &&
        result->outcome != LIBXL_LIVEPATCH_OUTCOME_STRANDED)
        end_trials(gc, rs);
    if (ok && rs->num_left_out && !lpc->params.dry_run)
        libxl__livepatch_conclude(gc, result,
                LIBXL_LIVEPATCH_OUTCOME_STRANDED,
                LIBXL_LIVEPATCH_REASON_LEFT_OUT, NULL,
                "%s; payloads that are installed and were left out: %d",
                result->message, rs->num_left_out);
}

static void reinstate_begun(libxl__egc *egc, libxl__livepatch_call *lpc)
{
    reinstate_state *rs = CONTAINER_OF(lpc, *rs, apply.call);
    libxl_livepatch_result *const result = lpc->result;
    STATE_AO_GC(lpc->ao);
    int num;

    if (libxl__livepatch_need_xen(gc, result)) {
        libxl__livepatch_call_end(egc, lpc);
        return;
    }
    warn_trials(gc, rs, libxl__livepatch_trials_load(gc,
                            result->xen_build_id, &rs->trials));
    if (lpc->params.settled) {
        settle(gc, rs);
    } else if (libxl__livepatch_boot_is_off(gc)) {
        libxl__livepatch_succeed(gc, result,
                LIBXL_LIVEPATCH_OUTCOME_ALREADY,
                "nothing was applied of what is installed, as the command "
                "line of dom0's kernel has xl.livepatch=off");
    } else {
        num = rs->trials.num;
        if (lpc->params.retry)
            libxl__livepatch_trials_forget(&rs->trials, NULL, false);
        if (rs->trials.num < num && !lpc->params.dry_run)
            store_trials(gc, rs);
        if (!find_members(gc, rs)) {
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
    lpc->params.replace = false;
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
