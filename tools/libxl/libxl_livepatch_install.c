/* SPDX-License-Identifier: LGPL-2.1-only */
/*
 * Installing payloads, and uninstalling them.
 *
 *   write the files -> apply -> rename them      or, if that failed, drop
 *   revert and unload -> remove the file         or, if that failed, not
 *
 * So a payload that crashes the host is not found there after the boot,
 * and when the files could not be written nothing is applied.  Whoever is
 * killed in between leaves what is installed as it was.
 */

#include "libxl_osdeps.h"

#include "libxl_livepatch_apply.h"
#include "libxl_livepatch_installed.h"
#include "libxl_livepatch_revert.h"

typedef struct {
    apply_state apply;
    const char *xen;            /* its build-id */
    bool running;               /* it does, and they are to be applied */
    bool written;
} install_state;

typedef struct {
    revert_state revert;
    const char *xen;
} uninstall_state;

/* All went well up to that; whether the host is as before depends. */
static void not_stored(libxl__gc *gc, libxl__livepatch_call *lpc,
                       const char *what)
{
    libxl_livepatch_result *const result = lpc->result;

    result->outcome = LIBXL_LIVEPATCH_OUTCOME_UNDECIDED;
    libxl__livepatch_conclude(gc, result,
            lpc->changed ? LIBXL_LIVEPATCH_OUTCOME_STRANDED
                         : LIBXL_LIVEPATCH_OUTCOME_FAILED,
            LIBXL_LIVEPATCH_REASON_STORE, NULL, "%s, %s",
            result->message, what);
}

/*----- installing -----*/

/* Returns ERROR_INVAL when the call has been concluded. */
static int check_members(libxl__gc *gc, install_state *is)
{
    libxl_livepatch_result *const result = is->apply.call.result;
    int i;

    is->xen = is->apply.members[0].judgement->xen_build_id;
    for (i = 0; i < is->apply.num_members; i++) {
        member *const m = &is->apply.members[i];

        if (!libxl__livepatch_same_id(m->judgement->xen_build_id, is->xen))
            return libxl__livepatch_refuse(gc, result,
                    LIBXL_LIVEPATCH_REASON_XEN_BUILD_ID,
                    LIVEPATCH_ADVICE_ONE_XEN,
                    "%s is made for another Xen than %s",
                    m->judgement->file,
                    is->apply.members[0].judgement->file);
        if (!libxl__livepatch_installed_takes(m->name))
            return libxl__livepatch_refuse(gc, result,
                    LIBXL_LIVEPATCH_REASON_USAGE,
                    LIVEPATCH_ADVICE_FILE_NAME,
                    "%s can't be installed under the name %s",
                    m->judgement->file, m->judgement->name);
        m->kept = libxl__livepatch_installed_path(gc, is->xen, m->name);
    }
    return 0;
}

static void drop_members(libxl__gc *gc, install_state *is)
{
    int i;

    for (i = 0; is->written && i < is->apply.num_members; i++)
        libxl__livepatch_installed_drop(gc, is->xen,
                                        is->apply.members[i].name);
}

/* Returns ERROR_INVAL when the call has been concluded. */
static int write_members(libxl__gc *gc, install_state *is)
{
    int i, r;

    is->written = true;
    for (i = 0; i < is->apply.num_members; i++) {
        const member *const m = &is->apply.members[i];

        r = libxl__livepatch_installed_write(gc, is->xen, m->name,
                                             m->image.data, m->image.size);
        if (r)
            return libxl__livepatch_refuse(gc, is->apply.call.result,
                    LIBXL_LIVEPATCH_REASON_STORE, NULL,
                    "%s was neither applied nor installed: %s can't be "
                    "written: %s", m->judgement->file, m->kept,
                    strerror(-r));
    }
    return 0;
}

static bool is_installed(const member *m)
{
    libxl_livepatch_judgement there;
    libxl__livepatch_image image = {};
    bool same;

    libxl_livepatch_judgement_init(&there);
    same = libxl__livepatch_read(m->kept, &image, &there) &&
           image.size == m->image.size &&
           !memcmp(image.data, m->image.data, image.size);
    free(image.data);
    libxl_livepatch_judgement_dispose(&there);
    return same;
}

/* Whoever installs it anew wants it tried again after a crash. */
static int forget_trials(libxl__gc *gc, install_state *is)
{
    libxl__livepatch_trials trials;
    int i, num, r;

    r = libxl__livepatch_trials_load(gc, is->xen, &trials);
    if (r) return r;
    num = trials.num;
    for (i = 0; i < is->apply.num_members; i++)
        libxl__livepatch_trials_forget(&trials,
                is->apply.members[i].judgement->sha256, false);
    return trials.num == num ? 0
        : libxl__livepatch_trials_store(gc, is->xen, &trials);
}

static void commit_members(libxl__gc *gc, install_state *is)
{
    libxl_livepatch_result *const result = is->apply.call.result;
    int i, r, num = 0;

    r = forget_trials(gc, is);
    for (i = 0; i < is->apply.num_members && r >= 0; i++) {
        const member *const m = &is->apply.members[i];

        if (is_installed(m)) continue;
        r = libxl__livepatch_installed_commit(gc, is->xen, m->name);
        libxl__livepatch_warn_unsynced(gc, result, r);
        num += r >= 0;
    }
    is->apply.call.changed |= num > 0;
    if (r < 0)
        not_stored(gc, &is->apply.call,
                   GCSPRINTF("and is not installed: " LIVEPATCH_INSTALLED
                             "/%s can't be changed: %s",
                             is->xen, strerror(-r)));
    else
        libxl__livepatch_complete_message(gc, result,
                num ? LIBXL_LIVEPATCH_OUTCOME_DONE : result->outcome,
                !is->running
                    ? GCSPRINTF("and is installed for Xen %s", is->xen)
                    : num ? "and installed" : "and was installed already");
}

static void install_describe(libxl__gc *gc, libxl__livepatch_call *lpc)
{
    install_state *is = CONTAINER_OF(lpc, *is, apply.call);

    if (is->running) libxl__livepatch_apply_describe(gc, lpc);
    if (!is->written) return;

    if (!libxl__livepatch_outcome_rc(lpc->result))
        commit_members(gc, is);
    drop_members(gc, is);
}

static void install_begun(libxl__egc *egc, libxl__livepatch_call *lpc)
{
    install_state *is = CONTAINER_OF(lpc, *is, apply.call);
    STATE_AO_GC(lpc->ao);

    if (!lpc->params.dry_run && write_members(gc, is)) {
        libxl__livepatch_call_end(egc, lpc);
        return;
    }
    if (is->running) {
        libxl__livepatch_apply_begun(egc, lpc);
        return;
    }
    libxl__livepatch_succeed(gc, lpc->result,
            lpc->params.dry_run ? LIBXL_LIVEPATCH_OUTCOME_PLANNED
                                : LIBXL_LIVEPATCH_OUTCOME_ALREADY,
            lpc->params.dry_run ? "%s would be installed"
                                : "%s is not applied now",
            is->apply.members[0].judgement->name);
    libxl__livepatch_call_end(egc, lpc);
}

/* Returns ERROR_INVAL when the call has been concluded. */
static int install_check(libxl__gc *gc, install_state *is,
                         const libxl_livepatch_file *files, int num_files)
{
    libxl__livepatch_call *const lpc = &is->apply.call;

    if (lpc->params.replace)
        return libxl__livepatch_refuse(gc, lpc->result,
                LIBXL_LIVEPATCH_REASON_USAGE,
                LIVEPATCH_ADVICE_REPLACE_APART,
                "what is installed can't replace others");
    if (!lpc->params.boot_only &&
        libxl__livepatch_need_xen(gc, lpc->result))
        return ERROR_FAIL;
    return libxl__livepatch_judge_members(gc, &is->apply, files,
                                          num_files) ?:
           check_members(gc, is);
}

int libxl_livepatch_install(libxl_ctx *ctx,
                            const libxl_livepatch_file *files,
                            int num_files,
                            const libxl_livepatch_params *params,
                            libxl_livepatch_result *result_r,
                            const libxl_asyncop_how *ao_how,
                            const libxl_asyncprogress_how *aop_attempts)
{
    AO_CREATE(ctx, 0, ao_how);
    libxl__livepatch_call *lpc;
    install_state *is;

    GCNEW(is);
    lpc = &is->apply.call;
    libxl__livepatch_call_init(lpc, ao, LIBXL_LIVEPATCH_OPERATION_INSTALL,
                               params, result_r);
    libxl__ao_progress_gethow(&lpc->aop_attempts, aop_attempts);
    result_r->xen_build_id = libxl__livepatch_xen_build_id(gc);
    is->apply.any_xen = true;
    lpc->begun = install_begun;

    if (install_check(gc, is, files, num_files)) {
        libxl__livepatch_call_end(egc, lpc);
        return AO_INPROGRESS;
    }
    is->running = !lpc->params.boot_only &&
        libxl__livepatch_same_id(is->xen, result_r->xen_build_id);
    lpc->describe = install_describe;
    libxl__livepatch_call_begin(egc, lpc);
    return AO_INPROGRESS;
}

/*----- uninstalling -----*/

/* Its file; NULL with *r_r 0 if it isn't installed. */
static const char *find_installed(libxl__gc *gc, const uninstall_state *us,
                                  int *r_r)
{
    libxl__livepatch_installed *list;
    int num, i;

    *r_r = libxl__livepatch_installed_list(gc, us->xen, &list, &num);
    for (i = 0; i < num; i++)
        if (!strcmp(list[i].name, us->revert.name)) return list[i].path;
    return NULL;
}

/* Whether a payload of that name is loaded; false if it is another one. */
static bool is_loaded(libxl__gc *gc, uninstall_state *us, const char *path)
{
    libxl__livepatch_call *const lpc = &us->revert.call;
    const libxl__livepatch_entry *entry =
        libxl__livepatch_find_entry(&lpc->set, us->revert.name);
    const char *id = entry
        ? libxl__livepatch_payload_of(lpc, entry)->build_id : NULL;
    libxl_livepatch_judgement installed;
    libxl__livepatch_image image = {};
    bool other;

    if (!entry ||
        !libxl__livepatch_same_id(us->xen, lpc->result->xen_build_id))
        return false;
    libxl_livepatch_judgement_init(&installed);
    if (libxl__livepatch_read(path, &image, &installed))
        libxl__livepatch_judge(&image, NULL, NULL, &installed);
    /* What isn't known, as of a damaged file, tells of no other one. */
    other = id && installed.build_id && strcmp(id, installed.build_id);
    free(image.data);
    libxl_livepatch_judgement_dispose(&installed);
    if (other)
        libxl__livepatch_warn(gc, lpc->result,
                "a payload called %s is loaded, and stays: it is not the "
                "one that was installed",
                libxl__livepatch_text(gc, us->revert.name));
    return !other;
}

static void uninstall_describe(libxl__gc *gc, libxl__livepatch_call *lpc)
{
    uninstall_state *us = CONTAINER_OF(lpc, *us, revert.call);
    libxl_livepatch_result *const result = lpc->result;
    bool hidden;
    int r;

    libxl__livepatch_revert_describe(gc, lpc);
    if (result->outcome != LIBXL_LIVEPATCH_OUTCOME_DONE) return;

    r = libxl__livepatch_installed_remove(gc, us->xen, us->revert.name,
                                          &hidden);
    libxl__livepatch_warn_unsynced(gc, result, r);
    if (r < 0)
        not_stored(gc, lpc,
                   GCSPRINTF("and is still installed: " LIVEPATCH_INSTALLED
                             "/%s can't be changed: %s",
                             us->xen, strerror(-r)));
    else
        libxl__livepatch_complete_message(gc, result, result->outcome,
                hidden ? "and is installed no longer: the vendor's file "
                         "is hidden by an empty one in "
                         LIVEPATCH_INSTALLED
                       : "and is installed no longer");
}

static void uninstall_begun(libxl__egc *egc, libxl__livepatch_call *lpc)
{
    uninstall_state *us = CONTAINER_OF(lpc, *us, revert.call);
    libxl_livepatch_result *const result = lpc->result;
    STATE_AO_GC(lpc->ao);
    const char *const name = libxl__livepatch_text(gc, us->revert.name);
    const char *path;
    int r;

    path = find_installed(gc, us, &r);
    if (!path) {
        if (r)
            libxl__livepatch_refuse(gc, result,
                    LIBXL_LIVEPATCH_REASON_STORE, NULL,
                    "what is installed for Xen %s can't be read: %s",
                    us->xen, strerror(-r));
        else
            libxl__livepatch_refuse(gc, result,
                    LIBXL_LIVEPATCH_REASON_NO_SUCH_PAYLOAD,
                    LIVEPATCH_ADVICE_NOT_INSTALLED,
                    "%s is not installed for Xen %s", name, us->xen);
    } else if (is_loaded(gc, us, path)) {
        libxl__livepatch_revert_begun(egc, lpc);
        return;
    } else {
        libxl__livepatch_succeed(gc, result,
                lpc->params.dry_run ? LIBXL_LIVEPATCH_OUTCOME_PLANNED
                                    : LIBXL_LIVEPATCH_OUTCOME_DONE,
                "%s was not applied", name);
    }
    libxl__livepatch_call_end(egc, lpc);
}

/* Returns ERROR_INVAL when the call has been concluded. */
static int take_xen(libxl__gc *gc, uninstall_state *us, const char *id)
{
    libxl_livepatch_result *const result = us->revert.call.result;

    result->xen_build_id = libxl__livepatch_xen_build_id(gc);
    if (!id && libxl__livepatch_need_xen(gc, result)) return ERROR_FAIL;
    if (!id) id = result->xen_build_id;
    us->xen = libxl__strdup(gc, id);
    if (libxl__livepatch_is_build_id(id)) return 0;
    return libxl__livepatch_refuse(gc, result,
            LIBXL_LIVEPATCH_REASON_USAGE, LIVEPATCH_ADVICE_BUILD_ID,
            "\"%s\" is no build-id of a Xen",
            libxl__livepatch_text(gc, id));
}

int libxl_livepatch_uninstall(libxl_ctx *ctx, const char *name,
                              const char *xen_build_id,
                              const libxl_livepatch_params *params,
                              libxl_livepatch_result *result_r,
                              const libxl_asyncop_how *ao_how,
                              const libxl_asyncprogress_how *aop_attempts)
{
    AO_CREATE(ctx, 0, ao_how);
    libxl__livepatch_call *lpc;
    uninstall_state *us;

    GCNEW(us);
    lpc = &us->revert.call;
    libxl__livepatch_call_init(lpc, ao,
                               LIBXL_LIVEPATCH_OPERATION_UNINSTALL,
                               params, result_r);
    libxl__ao_progress_gethow(&lpc->aop_attempts, aop_attempts);
    us->revert.unload = true;
    libxl_livepatch_payload_init(&us->revert.gone);
    lpc->begun = uninstall_begun;
    lpc->describe = uninstall_describe;

    if (libxl__livepatch_take_name(gc, result_r, name, &us->revert.name) ||
        take_xen(gc, us, xen_build_id)) {
        libxl__livepatch_call_end(egc, lpc);
        return AO_INPROGRESS;
    }
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
