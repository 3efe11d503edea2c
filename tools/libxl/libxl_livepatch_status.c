/* SPDX-License-Identifier: LGPL-2.1-only */
/*
 * What is not as it is intended to be.
 *
 * What is installed is to be applied.  The rest is known from what a call
 * notes before it changes anything: as long as the note is there, and
 * nobody holds the host's lock, the call was killed, or could not put
 * everything back.
 */

#include "libxl_osdeps.h"

#include "libxl_livepatch_installed.h"

static const char *words_for(libxl__livepatch_presence now,
                             libxl__livepatch_presence goal)
{
    if (goal == LIVEPATCH_APPLIED)
        return now == LIVEPATCH_ABSENT
            ? "it was applied before, and is not even loaded"
            : "it was applied before, and is not";
    if (now == LIVEPATCH_APPLIED)
        return "it is applied, although the rest of its call is not done";
    return "it is loaded, although it is of no more use";
}

static libxl_livepatch_state state_of(libxl__livepatch_presence presence)
{
    return presence == LIVEPATCH_APPLIED ? LIBXL_LIVEPATCH_STATE_APPLIED
         : presence == LIVEPATCH_LOADED ? LIBXL_LIVEPATCH_STATE_CHECKED
                                        : LIBXL_LIVEPATCH_STATE_UNKNOWN;
}

/* One that patches nothing may be gone: it is no loss. */
static bool is_as_intended(libxl__livepatch_presence now,
                           libxl__livepatch_presence goal)
{
    return now == goal || (goal == LIVEPATCH_LOADED &&
                           now == LIVEPATCH_ABSENT);
}

static void add_deviations(libxl__gc *gc,
                           const libxl__livepatch_intent *intent,
                           libxl_livepatch_condition *condition)
{
    const bool reached = libxl__livepatch_is_reached(gc, intent) > 0;
    libxl__livepatch_presence now, goal;
    libxl_livepatch_deviation *d;
    int i;

    condition->deviations = libxl__calloc(NOGC, intent->num + 1,
                                     sizeof(*condition->deviations));
    for (i = 0; i < intent->num; i++) {
        const libxl__livepatch_item *const item = &intent->items[i];

        /* As the call has come so far or not. */
        goal = reached ? item->wanted : item->before;
        if (libxl__livepatch_presence_of(gc, item, &now) ||
            is_as_intended(now, goal))
            continue;
        d = &condition->deviations[condition->num_deviations++];
        libxl_livepatch_deviation_init(d);
        d->name = libxl__strdup(NOGC, item->payload.name);
        if (item->payload.build_id)
            d->build_id = libxl__strdup(NOGC, item->payload.build_id);
        d->state = state_of(now);
        d->wanted = state_of(goal);
        d->loaded = now != LIVEPATCH_ABSENT;
        d->message = libxl__strdup(NOGC, words_for(now, goal));
    }
}

/*----- what is installed -----*/

/* What another tool has loaded may be known by its name alone. */
static bool is_the_same(const libxl_livepatch_payload *payload,
                        const libxl_livepatch_installation *installed)
{
    if (payload->state != LIBXL_LIVEPATCH_STATE_APPLIED) return false;
    return payload->build_id && installed->build_id
        ? libxl__livepatch_same_id(payload->build_id, installed->build_id)
        : !strcmp(payload->name, installed->name);
}

static void add_installed(libxl__gc *gc, const libxl__livepatch_link *link,
                          libxl_livepatch_condition *condition)
{
    libxl_livepatch_installation *const one =
        &condition->installed[condition->num_installed++];
    int i;

    libxl_livepatch_installation_init(one);
    one->name = libxl__livepatch_text(NOGC, link->file.name);
    one->file = libxl__livepatch_text(NOGC, link->file.path);
    one->vendors = link->file.vendors;
    if (link->judgement.build_id)
        one->build_id = libxl__strdup(NOGC, link->judgement.build_id);
    if (link->left_out)
        one->left_out = libxl__strdup(NOGC, link->left_out);
    for (i = 0; i < condition->num_payloads; i++)
        one->applied |= is_the_same(&condition->payloads[i], one);
}

static bool is_lasting(const libxl_livepatch_condition *condition,
                       const libxl_livepatch_payload *payload)
{
    int i;

    for (i = 0; i < condition->num_installed; i++)
        if (!condition->installed[i].left_out &&
            is_the_same(payload, &condition->installed[i]))
            return true;
    return false;
}

/* Returns what can't be read, in words, or NULL. */
static const char *compare_installed(libxl__gc *gc, libxl_string_list keys,
                                     libxl_livepatch_condition *condition)
{
    libxl__livepatch_trials trials;
    libxl__livepatch_chain chain;
    int i, r;

    if (!condition->xen_build_id) return NULL;

    r = libxl__livepatch_trials_load(gc, condition->xen_build_id, &trials)
        ?: libxl__livepatch_chain_find(gc, condition->xen_build_id, keys,
                                       &trials, &chain);
    if (r)
        return GCSPRINTF("what is installed in " LIVEPATCH_INSTALLED " or "
                         LIVEPATCH_VENDORS " can't be read: %s",
                         strerror(-r));

    condition->installed = libxl__calloc(NOGC, chain.num + 1,
                                         sizeof(*condition->installed));
    for (i = 0; i < chain.num; i++)
        add_installed(gc, &chain.links[i], condition);
    libxl__livepatch_chain_dispose(&chain);

    for (i = 0; i < condition->num_payloads; i++) {
        const libxl_livepatch_payload *const p = &condition->payloads[i];

        if (p->state == LIBXL_LIVEPATCH_STATE_APPLIED &&
            !is_lasting(condition, p))
            libxl__livepatch_append(gc, &condition->lost_by_boot, p->name);
    }
    return NULL;
}

/*
 * Of the administrator's, folders are left when their Xen is gone.  A
 * vendor's tell that the Xen which a package was for isn't the one that
 * runs.
 */
static void list_other_xens(libxl__gc *gc,
                            libxl_livepatch_condition *condition)
{
    libxl__livepatch_installed *list;
    char **ids = NULL;
    int num, r;

    r = libxl__livepatch_installed_xens(gc, true, &ids);
    if (r)
        libxl__livepatch_warn(gc, condition,
                LIVEPATCH_INSTALLED " or " LIVEPATCH_VENDORS
                " can't be read: %s", strerror(-r));
    for (; ids && *ids; ids++) {
        if (libxl__livepatch_same_id(*ids, condition->xen_build_id))
            continue;
        r = libxl__livepatch_installed_list(gc, *ids, &list, &num);
        /* What can't be read may hold some. */
        if (r || num)
            libxl__livepatch_append(gc, &condition->other_xens, *ids);
    }
}

static void add_bootable(libxl__gc *gc,
                         const libxl__livepatch_bootable *xen,
                         const char *next,
                         libxl_livepatch_condition *condition)
{
    libxl_livepatch_bootable *const one =
        &condition->bootable[condition->num_bootable++];
    libxl__livepatch_installed *list;
    int num;

    libxl_livepatch_bootable_init(one);
    one->file = libxl__livepatch_text(NOGC, xen->file);
    one->next = next && !strcmp(strrchr(xen->file, '/') + 1, next);
    if (!xen->build_id) return;
    one->build_id = libxl__strdup(NOGC, xen->build_id);
    one->running = libxl__livepatch_same_id(xen->build_id,
                                            condition->xen_build_id);
    if (!libxl__livepatch_installed_list(gc, xen->build_id, &list, &num))
        one->num_installed = num;
}

static void list_bootable(libxl__gc *gc,
                          libxl_livepatch_condition *condition)
{
    libxl__livepatch_bootable *list;
    const char *next;
    int i, num, r;

    r = libxl__livepatch_bootable_list(gc, &list, &num);
    if (r)
        libxl__livepatch_warn(gc, condition,
                LIVEPATCH_BOOT " can't be read: %s", strerror(-r));
    condition->next_known = libxl__livepatch_grub_default(gc, &next);
    condition->bootable = libxl__calloc(NOGC, num + 1,
                                        sizeof(*condition->bootable));
    for (i = 0; i < num; i++)
        add_bootable(gc, &list[i], next, condition);
}

/*----- what the host is fixed for -----*/

static void add_fix(libxl__gc *gc, libxl_livepatch_condition *condition,
                    const char *fix)
{
    char **known;

    for (known = condition->fixes; known && *known; known++)
        if (libxl_livepatch_same_fix(*known, fix)) return;
    libxl__livepatch_append(gc, &condition->fixes, fix);
}

static void describe_xen(libxl__gc *gc,
                         libxl_livepatch_condition *condition)
{
    const libxl_version_info *info = libxl_get_version_info(CTX);
    char **fix;
    int i;

    if (info)
        condition->xen_version =
            libxl__sprintf(NOGC, "%d.%d%s", info->xen_version_major,
                           info->xen_version_minor,
                           info->xen_version_extra);
    for (i = 0; i < condition->num_payloads; i++) {
        if (condition->payloads[i].state != LIBXL_LIVEPATCH_STATE_APPLIED)
            continue;
        for (fix = condition->payloads[i].fixes; fix && *fix; fix++)
            add_fix(gc, condition, *fix);
    }
}

static int count_missing(const libxl_livepatch_condition *condition)
{
    int i, num = 0;

    for (i = 0; i < condition->num_installed; i++)
        num += !condition->installed[i].applied ||
               condition->installed[i].left_out;
    return num;
}

/*----- the call -----*/

/* unread, or NULL: what can't be read. */
static void conclude(libxl__gc *gc, const libxl__livepatch_intent *intent,
                     const char *unread,
                     libxl_livepatch_condition *condition)
{
    const int num_missing = count_missing(condition);
    const char *op =
        libxl_livepatch_operation_to_string(intent->operation);
    const bool paused = libxl__livepatch_pauses_pending(gc);

    if (condition->in_progress) {
        libxl__livepatch_conclude(gc, condition,
                LIBXL_LIVEPATCH_OUTCOME_BUSY,
                LIBXL_LIVEPATCH_REASON_LOCKED,
                NULL, condition->lock_holder > 0
                    ? "a call is under way, of process %d"
                    : "a call is under way",
                condition->lock_holder);
        return;
    }
    if (condition->num_deviations) {
        condition->interrupted = intent->operation;
        libxl__livepatch_conclude(gc, condition,
                LIBXL_LIVEPATCH_OUTCOME_STRANDED,
                LIBXL_LIVEPATCH_REASON_INTERRUPTED, NULL,
                "a call (%s) was interrupted or could not be undone; "
                "payloads that are not as intended: %d", op,
                condition->num_deviations);
    } else if (paused) {
        libxl__livepatch_conclude(gc, condition,
                LIBXL_LIVEPATCH_OUTCOME_STRANDED,
                LIBXL_LIVEPATCH_REASON_INTERRUPTED, NULL,
                "a call was killed while it had paused guests, which are "
                "still paused");
    } else if (unread) {
        libxl__livepatch_conclude(gc, condition,
                LIBXL_LIVEPATCH_OUTCOME_STRANDED,
                LIBXL_LIVEPATCH_REASON_STORE, LIVEPATCH_ADVICE_UNREAD,
                "nobody can tell whether all is as intended: %s", unread);
    } else if (num_missing) {
        libxl__livepatch_conclude(gc, condition,
                LIBXL_LIVEPATCH_OUTCOME_STRANDED,
                LIBXL_LIVEPATCH_REASON_LEFT_OUT, NULL,
                "payloads that are installed and not applied, or would "
                "be left out by a boot: %d", num_missing);
    } else {
        libxl__livepatch_succeed(gc, condition,
                LIBXL_LIVEPATCH_OUTCOME_DONE, "all is as intended");
    }
}

int libxl_livepatch_status(libxl_ctx *ctx,
                           const libxl_livepatch_params *params,
                           libxl_livepatch_condition *condition_r)
{
    GC_INIT(ctx);
    libxl__livepatch_reporter reporter;
    libxl__livepatch_notes notes;
    const char *unread = NULL, *unread_store;
    pid_t holder;
    int rc, r;

    condition_r->operation = LIBXL_LIVEPATCH_OPERATION_STATUS;
    holder = libxl__livepatch_lock_holder(gc);
    condition_r->in_progress = holder;
    if (holder > 0) condition_r->lock_holder = holder;

    r = libxl__livepatch_notes_load(gc, &notes);
    if (r)
        unread = GCSPRINTF("what is known of loaded payloads can't be "
                           "read from " XEN_RUN_DIR "/livepatch.notes: %s",
                           strerror(-r));
    rc = libxl__livepatch_get_payloads(gc, condition_r, &reporter,
                                       &notes.known, NULL);
    if (rc) goto out;

    condition_r->totals = notes.totals;
    if (notes.intent.operation && !condition_r->in_progress)
        add_deviations(gc, &notes.intent, condition_r);
    describe_xen(gc, condition_r);
    unread_store = compare_installed(gc, params ? params->keys : NULL,
                                     condition_r);
    list_other_xens(gc, condition_r);
    list_bootable(gc, condition_r);
    conclude(gc, &notes.intent, unread ?: unread_store, condition_r);

 out:
    libxl__livepatch_notes_dispose(&notes);
    rc = libxl__livepatch_outcome_rc(condition_r);
    GC_FREE;
    return rc;
}

/*
 * Local variables:
 * mode: C
 * c-basic-offset: 4
 * indent-tabs-mode: nil
 * End:
 */
