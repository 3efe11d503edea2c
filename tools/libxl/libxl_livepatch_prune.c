/* SPDX-License-Identifier: LGPL-2.1-only */
/*
 * Removing what is installed for Xens that are gone.
 */

#include "libxl_osdeps.h"

#include "libxl_livepatch_installed.h"

typedef struct {
    libxl__livepatch_call call;
    libxl__livepatch_bootable *xens;
    int num_xens;
} prune_state;

static const char *find_bootable(const prune_state *ps, const char *id)
{
    int i;

    for (i = 0; i < ps->num_xens; i++)
        if (libxl__livepatch_same_id(ps->xens[i].build_id, id))
            return ps->xens[i].file;
    return NULL;
}

/* Returns an error when the call has been concluded. */
static int find_xens(libxl__gc *gc, prune_state *ps)
{
    libxl_livepatch_result *const result = ps->call.result;
    int i, r;

    if (libxl__livepatch_need_xen(gc, result)) return ERROR_FAIL;

    r = libxl__livepatch_bootable_list(gc, &ps->xens, &ps->num_xens);
    if (r)
        return libxl__livepatch_refuse(gc, result,
                LIBXL_LIVEPATCH_REASON_STORE, NULL,
                "nothing was removed: " LIVEPATCH_BOOT " can't be read: "
                "%s", strerror(-r));
    if (!find_bootable(ps, result->xen_build_id))
        return libxl__livepatch_refuse(gc, result,
                LIBXL_LIVEPATCH_REASON_STORE, LIVEPATCH_ADVICE_NO_BOOT,
                "nothing was removed: the running Xen is not in "
                LIVEPATCH_BOOT ", so others may be elsewhere, too");
    for (i = 0; i < ps->num_xens; i++)
        if (!ps->xens[i].build_id)
            return libxl__livepatch_refuse(gc, result,
                    LIBXL_LIVEPATCH_REASON_STORE, LIVEPATCH_ADVICE_NO_XEN,
                    "nothing was removed: %s tells no build-id, by which "
                    "it is known what is installed for it",
                    libxl__livepatch_text(gc, ps->xens[i].file));
    return 0;
}

/* Returns an error when the call has been concluded. */
static int prune_one(libxl__gc *gc, prune_state *ps, const char *id)
{
    libxl_livepatch_result *const result = ps->call.result;
    int r = 0;

    if (!ps->call.params.dry_run)
        r = libxl__livepatch_installed_prune(gc, id);
    libxl__livepatch_warn_unsynced(gc, result, r);
    if (r >= 0) {
        libxl__livepatch_append(gc, &result->pruned, id);
        return 0;
    }
    libxl__livepatch_conclude(gc, result,
            result->pruned ? LIBXL_LIVEPATCH_OUTCOME_STRANDED
                           : LIBXL_LIVEPATCH_OUTCOME_FAILED,
            LIBXL_LIVEPATCH_REASON_STORE, NULL,
            LIVEPATCH_INSTALLED "/%s can't be removed: %s", id,
            strerror(-r));
    return ERROR_FAIL;
}

static void prune(libxl__gc *gc, prune_state *ps)
{
    libxl_livepatch_result *const result = ps->call.result;
    const bool dry_run = ps->call.params.dry_run;
    char **ids;
    int num, r;

    r = libxl__livepatch_installed_xens(gc, false, &ids);
    if (r) {
        libxl__livepatch_refuse(gc, result, LIBXL_LIVEPATCH_REASON_STORE,
                NULL, LIVEPATCH_INSTALLED " can't be read: %s",
                strerror(-r));
        return;
    }
    for (; *ids; ids++)
        if (!find_bootable(ps, *ids) && prune_one(gc, ps, *ids)) return;

    num = libxl_string_list_length(&result->pruned);
    if (!num)
        libxl__livepatch_succeed(gc, result,
                LIBXL_LIVEPATCH_OUTCOME_ALREADY,
                "nothing is installed for a Xen that is gone");
    else
        libxl__livepatch_succeed(gc, result,
                dry_run ? LIBXL_LIVEPATCH_OUTCOME_PLANNED
                        : LIBXL_LIVEPATCH_OUTCOME_DONE,
                "what is installed for Xens that are gone %s: %d",
                dry_run ? "would be removed" : "was removed", num);
}

static void prune_begun(libxl__egc *egc, libxl__livepatch_call *lpc)
{
    prune_state *ps = CONTAINER_OF(lpc, *ps, call);
    STATE_AO_GC(lpc->ao);

    if (!find_xens(gc, ps)) prune(gc, ps);
    libxl__livepatch_call_end(egc, lpc);
}

int libxl_livepatch_prune(libxl_ctx *ctx,
                          const libxl_livepatch_params *params,
                          libxl_livepatch_result *result_r,
                          const libxl_asyncop_how *ao_how)
{
    AO_CREATE(ctx, 0, ao_how);
    prune_state *ps;

    GCNEW(ps);
    libxl__livepatch_call_init(&ps->call, ao,
                               LIBXL_LIVEPATCH_OPERATION_PRUNE, params,
                               result_r);
    result_r->xen_build_id = libxl__livepatch_xen_build_id(gc);
    ps->call.begun = prune_begun;
    libxl__livepatch_call_begin(egc, &ps->call);
    return AO_INPROGRESS;
}

/*
 * Local variables:
 * mode: C
 * c-basic-offset: 4
 * indent-tabs-mode: nil
 * End:
 */
