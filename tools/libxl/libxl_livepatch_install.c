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
 *
 * One that replaces all that is installed is renamed over the lowest of
 * them first: from then on boot leaves the others out, which build on
 * that, and before it is as if nothing had been done.  Only then do the
 * others go, and it gets its own name.
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
    /* What is to be replaced, by name. */
    const char **old;
    int num_old;
    const char *lowest;         /* of these that boot applies, or NULL;
                                   none of the new one's name */
} install_state;

typedef struct {
    revert_state revert;
    const char *xen;
    const char *stored;         /* the name that it is installed under */
    bool hides;                 /* a vendor's file, by an empty one */
    bool written;               /* that is, as the one to come */
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
        /* Loaded it may already be, under another name. */
        m->kept_as = m->name;
        m->kept = libxl__livepatch_installed_path(gc, is->xen, m->name);
    }
    return 0;
}

static bool is_member(const install_state *is,
                      const libxl__livepatch_link *link)
{
    int i;

    for (i = 0; i < is->apply.num_members; i++)
        if (!strcmp(is->apply.members[i].kept_as, link->file.name))
            return true;
    return false;
}

/* Whether boot would find what it builds on; there are no cycles. */
static bool is_founded(const install_state *is,
                       const libxl__livepatch_chain *chain, const char *id)
{
    int i;

    if (libxl__livepatch_same_id(id, is->xen)) return true;
    for (i = 0; i < is->apply.num_members; i++)
        if (libxl__livepatch_same_id(
                is->apply.members[i].judgement->build_id, id))
            return true;
    for (i = 0; i < chain->num; i++)
        if (!is_member(is, &chain->links[i]) &&
            libxl__livepatch_same_id(chain->links[i].judgement.build_id,
                                     id))
            return true;
    return false;
}

static bool has_place(const libxl_livepatch_judgement *one,
                      const libxl_livepatch_judgement *other)
{
    return one != other &&
           libxl__livepatch_same_id(one->depends, other->depends);
}

/* Returns ERROR_INVAL when the call has been concluded. */
static int check_place(libxl__gc *gc, install_state *is,
                       const libxl__livepatch_chain *chain,
                       const libxl_livepatch_judgement *judgement)
{
    libxl_livepatch_result *const result = is->apply.call.result;
    const char *other = NULL;
    int i;

    if (!is_founded(is, chain, judgement->depends))
        return libxl__livepatch_refuse(gc, result,
                LIBXL_LIVEPATCH_REASON_DEPENDENCY,
                LIVEPATCH_ADVICE_INSTALL_BELOW,
                "%s was not installed: what it builds on, %s, is not",
                judgement->file, judgement->depends);
    for (i = 0; i < is->apply.num_members; i++)
        if (has_place(is->apply.members[i].judgement, judgement))
            other = is->apply.members[i].judgement->file;
    for (i = 0; i < chain->num; i++)
        if (!is_member(is, &chain->links[i]) &&
            has_place(&chain->links[i].judgement, judgement))
            other = chain->links[i].judgement.file;
    if (!other) return 0;
    return libxl__livepatch_refuse(gc, result,
            LIBXL_LIVEPATCH_REASON_COLLISION, LIVEPATCH_ADVICE_PLACE_TAKEN,
            "%s was not installed: %s has its place in the stack",
            judgement->file, other);
}

/*
 * What is installed already stays so, and may build on a file that is to
 * be exchanged.  Returns ERROR_INVAL when the call has been concluded.
 */
static int check_link(libxl__gc *gc, install_state *is,
                      const libxl__livepatch_chain *chain,
                      const libxl__livepatch_link *link)
{
    if (link->left_out || is_member(is, link) ||
        is_founded(is, chain, link->judgement.depends))
        return 0;
    return libxl__livepatch_refuse(gc, is->apply.call.result,
            LIBXL_LIVEPATCH_REASON_IN_USE,
            LIVEPATCH_ADVICE_UNINSTALL_ABOVE,
            "nothing was installed: %s, which is, builds on a file that "
            "would be exchanged", link->judgement.file);
}

static void note_old(libxl__gc *gc, install_state *is,
                     const libxl__livepatch_chain *chain)
{
    int i;

    is->num_old = chain->num;
    is->old = libxl__calloc(gc, chain->num + 1, sizeof(*is->old));
    for (i = 0; i < chain->num; i++)
        is->old[i] = chain->links[i].file.name;
    if (chain->num_fit &&
        strcmp(is->old[0], is->apply.members[0].kept_as))
        is->lowest = is->old[0];
}

/*
 * What boot would leave out is not installed.  Returns an error when the
 * call has been concluded.
 */
static int check_places(libxl__gc *gc, install_state *is)
{
    const libxl__livepatch_trials none = { .boot = "" };
    const libxl__livepatch_chain empty = {};
    const libxl__livepatch_chain *stays = &empty;
    libxl__livepatch_chain chain;
    int i, r, rc = 0;

    r = libxl__livepatch_chain_find(gc, is->xen, NULL, &none, &chain);
    if (r)
        return libxl__livepatch_refuse(gc, is->apply.call.result,
                LIBXL_LIVEPATCH_REASON_STORE, NULL,
                "what is installed for Xen %s can't be read: %s", is->xen,
                strerror(-r));
    if (is->apply.call.params.replace)
        note_old(gc, is, &chain);
    else
        stays = &chain;
    for (i = 0; i < is->apply.num_members && !rc; i++)
        rc = check_place(gc, is, stays, is->apply.members[i].judgement);
    for (i = 0; i < stays->num_fit && !rc; i++)
        rc = check_link(gc, is, stays, &stays->links[i]);
    libxl__livepatch_chain_dispose(&chain);
    return rc;
}

static void drop_members(libxl__gc *gc, install_state *is)
{
    int i;

    for (i = 0; is->written && i < is->apply.num_members; i++)
        libxl__livepatch_installed_drop(gc, is->xen,
                                        is->apply.members[i].kept_as);
    if (is->written && is->lowest)
        libxl__livepatch_installed_drop(gc, is->xen, is->lowest);
}

/* Returns ERROR_INVAL when the call has been concluded. */
static int write_members(libxl__gc *gc, install_state *is)
{
    int i, r;

    is->written = true;
    for (i = 0; i < is->apply.num_members; i++) {
        const member *const m = &is->apply.members[i];

        r = libxl__livepatch_installed_write(gc, is->xen, m->kept_as,
                                             m->image.data, m->image.size);
        if (!r && is->lowest)
            r = libxl__livepatch_installed_write(gc, is->xen, is->lowest,
                                                 m->image.data,
                                                 m->image.size);
        if (r)
            return libxl__livepatch_refuse(gc, is->apply.call.result,
                    LIBXL_LIVEPATCH_REASON_STORE, NULL,
                    "%s was neither applied nor installed: %s can't be "
                    "written: %s", m->judgement->file,
                    libxl__livepatch_text(gc, m->kept), strerror(-r));
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

/* A vendor's file would be found again: that is hidden. */
static int take_out(libxl__gc *gc, const char *xen, const char *name)
{
    if (!libxl__livepatch_installed_is_vendors(gc, xen, name))
        return libxl__livepatch_installed_remove(gc, xen, name);
    return libxl__livepatch_installed_write(gc, xen, name, "", 0) ?:
           libxl__livepatch_installed_commit(gc, xen, name);
}

/*
 * In place of all that is installed.  At each step boot finds either that
 * or the new one, which may be there twice for a while.
 */
static int commit_in_place(libxl__gc *gc, install_state *is)
{
    const char *const name = is->apply.members[0].kept_as;
    const char *const first = is->lowest ?: name;
    int i, r;

    r = libxl__livepatch_installed_commit(gc, is->xen, first);
    for (i = 0; i < is->num_old && r >= 0; i++)
        if (strcmp(is->old[i], first) && strcmp(is->old[i], name))
            r = take_out(gc, is->xen, is->old[i]);
    if (r < 0 || !strcmp(first, name)) return r;

    r = libxl__livepatch_installed_commit(gc, is->xen, name);
    return r < 0 ? r : take_out(gc, is->xen, first);
}

static void commit_members(libxl__gc *gc, install_state *is)
{
    libxl_livepatch_result *const result = is->apply.call.result;
    int i, r, num = 0;

    r = forget_trials(gc, is);
    for (i = 0; i < is->apply.num_members && r >= 0; i++) {
        const member *const m = &is->apply.members[i];

        if (is_installed(m) && is->num_old <= 1) continue;
        r = is->apply.call.params.replace
            ? commit_in_place(gc, is)
            : libxl__livepatch_installed_commit(gc, is->xen, m->kept_as);
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
    else if (lpc->result->outcome == LIBXL_LIVEPATCH_OUTCOME_STRANDED)
        libxl__livepatch_warn(gc, lpc->result, "nothing was installed");
    drop_members(gc, is);
}

static void install_begun(libxl__egc *egc, libxl__livepatch_call *lpc)
{
    install_state *is = CONTAINER_OF(lpc, *is, apply.call);
    STATE_AO_GC(lpc->ao);

    if (check_places(gc, is) ||
        (!lpc->params.dry_run && write_members(gc, is))) {
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

    if (lpc->params.force || lpc->params.nodeps)
        return libxl__livepatch_refuse(gc, lpc->result,
                LIBXL_LIVEPATCH_REASON_USAGE, NULL,
                "what is installed can't be forced, as boot doesn't");
    /* The others would have to be there before the first is. */
    if (lpc->params.replace && num_files > 1)
        return libxl__livepatch_refuse(gc, lpc->result,
                LIBXL_LIVEPATCH_REASON_USAGE,
                LIVEPATCH_ADVICE_INSTALL_ATOP,
                "one file can be installed in place of all others");
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

static void uninstall_describe(libxl__gc *gc, libxl__livepatch_call *lpc)
{
    uninstall_state *us = CONTAINER_OF(lpc, *us, revert.call);
    libxl_livepatch_result *const result = lpc->result;
    int r;

    libxl__livepatch_revert_describe(gc, lpc);
    if (!us->written) return;
    if (result->outcome != LIBXL_LIVEPATCH_OUTCOME_DONE) {
        libxl__livepatch_installed_drop(gc, us->xen, us->stored);
        return;
    }
    if (us->hides) {
        r = libxl__livepatch_installed_commit(gc, us->xen, us->stored);
    } else {
        libxl__livepatch_installed_drop(gc, us->xen, us->stored);
        r = libxl__livepatch_installed_remove(gc, us->xen, us->stored);
    }
    libxl__livepatch_warn_unsynced(gc, result, r);
    if (r < 0)
        not_stored(gc, lpc,
                   GCSPRINTF("and is still installed: " LIVEPATCH_INSTALLED
                             "/%s can't be changed: %s",
                             us->xen, strerror(-r)));
    else
        libxl__livepatch_complete_message(gc, result, result->outcome,
                us->hides ? "and is installed no longer: the vendor's "
                            "file is hidden by an empty one in "
                            LIVEPATCH_INSTALLED
                          : "and is installed no longer");
}

/*
 * What hides a vendor's file, and shows for any that the change can be
 * made: before anything is reverted.  Returns ERROR_INVAL when the call
 * has been concluded.
 */
static int write_mask(libxl__gc *gc, uninstall_state *us)
{
    int r = libxl__livepatch_installed_write(gc, us->xen, us->stored, "",
                                             0);

    if (r)
        return libxl__livepatch_refuse(gc, us->revert.call.result,
                LIBXL_LIVEPATCH_REASON_STORE, NULL,
                "nothing was reverted, and %s is still installed: "
                LIVEPATCH_INSTALLED "/%s can't be written to: %s",
                libxl__livepatch_text(gc, us->stored), us->xen,
                strerror(-r));
    us->written = true;
    return 0;
}

/*
 * The payload of the file, under whatever name it is loaded; NULL if it
 * isn't.  Where its build-id isn't known, as with a damaged file, its name
 * has to do.
 */
static const libxl__livepatch_entry *
find_loaded(libxl__gc *gc, uninstall_state *us,
            const libxl__livepatch_link *link)
{
    libxl__livepatch_call *const lpc = &us->revert.call;
    const libxl__livepatch_entry *entry, *found = NULL;
    const char *id;
    int i;

    if (!libxl__livepatch_same_id(us->xen, lpc->result->xen_build_id))
        return NULL;
    for (i = 0; i < lpc->set.num; i++) {
        entry = &lpc->set.entries[i];
        id = lpc->payloads[i].build_id;
        if (id && link->judgement.build_id
                ? libxl__livepatch_same_id(id, link->judgement.build_id)
                : !strcmp(entry->name, us->stored))
            found = entry;
        else if (!strcmp(entry->name, us->stored))
            libxl__livepatch_warn(gc, lpc->result,
                    "a payload called %s is loaded, and stays: it is not "
                    "the one that was installed", lpc->payloads[i].name);
    }
    return found;
}

/* Returns ERROR_INVAL when the call has been concluded. */
static int find_installed(libxl__gc *gc, uninstall_state *us,
                          const libxl__livepatch_chain *chain,
                          const libxl__livepatch_link **link_r)
{
    libxl_livepatch_result *const result = us->revert.call.result;
    const char *const name = libxl__livepatch_text(gc, us->stored);
    const libxl__livepatch_link *const end = chain->links + chain->num;
    const libxl__livepatch_link *link = chain->links, *other;

    while (link < end && strcmp(link->file.name, us->stored)) link++;
    if (link == end)
        return libxl__livepatch_refuse(gc, result,
                LIBXL_LIVEPATCH_REASON_NO_SUCH_PAYLOAD,
                LIVEPATCH_ADVICE_NOT_INSTALLED,
                "%s is not installed for Xen %s", name, us->xen);
    *link_r = link;
    if (!link->judgement.build_id || link->left_out) return 0;
    for (other = chain->links; other < end; other++)
        if (!other->left_out &&
            libxl__livepatch_same_id(other->judgement.depends,
                                     link->judgement.build_id))
            return libxl__livepatch_refuse(gc, result,
                    LIBXL_LIVEPATCH_REASON_IN_USE,
                    LIVEPATCH_ADVICE_UNINSTALL_ABOVE,
                    "%s is still installed: %s, which is, builds on it",
                    name, other->judgement.file);
    return 0;
}

/* Returns whether anything is to be reverted; else the call has ended. */
static bool uninstall_plan(libxl__gc *gc, uninstall_state *us,
                           const libxl__livepatch_chain *chain)
{
    libxl__livepatch_call *const lpc = &us->revert.call;
    const libxl__livepatch_entry *loaded;
    const libxl__livepatch_link *link = NULL;

    if (find_installed(gc, us, chain, &link)) return false;

    us->hides = libxl__livepatch_installed_is_vendors(gc, us->xen,
                                                      us->stored);
    loaded = find_loaded(gc, us, link);
    if (!lpc->params.dry_run && write_mask(gc, us)) return false;
    if (loaded) {
        us->revert.name = loaded->name;
        return true;
    }
    libxl__livepatch_succeed(gc, lpc->result,
            lpc->params.dry_run ? LIBXL_LIVEPATCH_OUTCOME_PLANNED
                                : LIBXL_LIVEPATCH_OUTCOME_DONE,
            "%s was not applied", libxl__livepatch_text(gc, us->stored));
    return false;
}

static void uninstall_begun(libxl__egc *egc, libxl__livepatch_call *lpc)
{
    uninstall_state *us = CONTAINER_OF(lpc, *us, revert.call);
    const libxl__livepatch_trials none = { .boot = "" };
    STATE_AO_GC(lpc->ao);
    libxl__livepatch_chain chain;
    bool to_revert = false;
    int r;

    r = libxl__livepatch_chain_find(gc, us->xen, NULL, &none, &chain);
    if (r)
        libxl__livepatch_refuse(gc, lpc->result,
                LIBXL_LIVEPATCH_REASON_STORE, NULL,
                "what is installed for Xen %s can't be read: %s", us->xen,
                strerror(-r));
    else
        to_revert = uninstall_plan(gc, us, &chain);
    libxl__livepatch_chain_dispose(&chain);
    if (to_revert)
        libxl__livepatch_revert_begun(egc, lpc);
    else
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
    us->stored = us->revert.name;
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
