/* SPDX-License-Identifier: LGPL-2.1-only */
/*
 * What an apply is going to do, and whether anything known speaks against
 * it: all that stands before the first upload.
 */

#include "libxl_osdeps.h"

#include "libxl_livepatch_apply.h"

/*----- reading and judging -----*/

static const libxl_livepatch_finding *
first_error(const libxl_livepatch_judgement *judgement)
{
    int i;

    for (i = 0; i < judgement->num_findings; i++)
        if (judgement->findings[i].severity ==
            LIBXL_LIVEPATCH_SEVERITY_ERROR)
            return &judgement->findings[i];
    return NULL;
}

static void conclude_judgement(libxl__gc *gc, apply_state *as,
                               const libxl_livepatch_judgement *judgement)
{
    const libxl_livepatch_finding *error = first_error(judgement);
    const char *where = error->where;

    /* Many a message begins with its subject anyhow. */
    if (where && !strncmp(error->message, where, strlen(where)))
        where = NULL;
    libxl__livepatch_conclude(gc, as->call.result,
            LIBXL_LIVEPATCH_OUTCOME_FAILED, error->reason,
            "xl livepatch check shows all that is wrong with a file.",
            "%s can't be applied: %s%s%s", judgement->file,
            where ?: "", where ? ": " : "", error->message);
}

/* Returns ERROR_INVAL when the call has been concluded. */
static int judge_member(libxl__gc *gc, apply_state *as,
                        const libxl_livepatch_file *file, member *m)
{
    libxl_livepatch_result *const result = as->call.result;
    libxl_livepatch_judgement *const judgement = m->judgement;
    libxl_livepatch_criteria criteria = {
        .xen_build_id = result->xen_build_id,
    };
    const char *name;
    char *path;
    int rc;

    /*
     * The record outlives the working directory of the caller, and a link
     * like "current" is no name for what it points to today.
     */
    path = realpath(file->path, NULL);
    judgement->file = libxl__livepatch_text(path ?: file->path,
                                            strlen(path ?: file->path));
    judgement->name = file->name
        ? libxl__strdup(NOGC, file->name)
        : libxl__livepatch_default_name(path ?: file->path);
    free(path);
    if (!judgement->file || !judgement->name)
        libxl__alloc_failed(CTX, __func__, 0, 0);

    /*
     * As it was given, "hex:..." for example, but for what is unprintable.
     */
    name = xenlivepatch_printable(judgement->name, SIZE_MAX, false);
    if (!name) libxl__alloc_failed(CTX, __func__, 0, 0);
    libxl__ptr_add(gc, (void *)name);
    rc = libxl__livepatch_parse_name(gc, judgement->name, &m->name);
    if (!rc && !m->name.len) rc = ERROR_INVAL;
    if (rc) {
        libxl__livepatch_conclude(gc, result,
                LIBXL_LIVEPATCH_OUTCOME_FAILED,
                LIBXL_LIVEPATCH_REASON_USAGE,
                "Give another one with --name.",
                "\"%s\" can't be the name of a payload, which has 1 to %d "
                "bytes, none of them zero", name,
                XEN_LIVEPATCH_NAME_SIZE - 1);
    }
    /*
     * One text for a name, in whatever form it was given; and never raw.
     */
    if (!rc)
        name = libxl__livepatch_gc_text(gc, m->name.bytes, m->name.len);
    free(judgement->name);
    judgement->name = libxl__strdup(NOGC, name);
    if (rc) goto out;

    if (libxl__livepatch_read(file->path, &m->image, judgement)) {
        libxl__ptr_add(gc, m->image.data);
        m->forced = as->call.params.force;
        rc = libxl__livepatch_judge(&m->image, &criteria, &m->forced,
                                    judgement);
        if (rc == ERROR_NOMEM) libxl__alloc_failed(CTX, __func__, 0, 0);
    }
    if (!judgement->acceptable) {
        conclude_judgement(gc, as, judgement);
        rc = ERROR_INVAL;
        goto out;
    }
    if (m->forced)
        libxl__livepatch_warn(gc, result,
                "%s was judged unfit, and is used all the same, as "
                "--force demands", judgement->file);
    rc = 0;

 out:
    return rc;
}

/*
 * Find the order in which num payloads build on each other, where it is
 * known: order_r[0] is the index of the lowest, and so on.
 */
static void order_stack(int num, const char *const *ids,
                        const char *const *depends, int *order_r)
{
    int placed, i, j;

    for (i = 0; i < num; i++)
        order_r[i] = i;
    for (placed = 0; placed < num; placed++) {
        for (i = placed; i < num; i++) {
            int chosen = order_r[i];

            for (j = placed; j < num; j++)
                if (j != i && libxl__livepatch_same_id(depends[chosen],
                                                       ids[order_r[j]]))
                    break;
            if (j < num) continue;
            memmove(&order_r[placed + 1], &order_r[placed],
                    (i - placed) * sizeof(*order_r));
            order_r[placed] = chosen;
            break;
        }
        /* Else it is a circle: the hypervisor will say so. */
    }
}

/* Bring members into the order in which they build on each other. */
static void order_members(libxl__gc *gc, apply_state *as)
{
    int num = as->num_members, i;
    const char **ids = libxl__calloc(gc, num + 1, sizeof(*ids));
    const char **depends = libxl__calloc(gc, num + 1, sizeof(*depends));
    int *order = libxl__calloc(gc, num + 1, sizeof(*order));
    member *ordered = libxl__calloc(gc, num + 1, sizeof(*ordered));

    for (i = 0; i < num; i++) {
        ids[i] = as->members[i].judgement->build_id;
        depends[i] = as->members[i].judgement->depends;
    }
    order_stack(num, ids, depends, order);
    for (i = 0; i < num; i++)
        ordered[i] = as->members[order[i]];
    as->members = ordered;
}

static int check_duplicates(libxl__gc *gc, apply_state *as)
{
    int i, j;

    for (i = 0; i < as->num_members; i++) {
        for (j = 0; j < i; j++) {
            const member *a = &as->members[j], *b = &as->members[i];
            bool id = libxl__livepatch_same_id(a->judgement->build_id,
                              b->judgement->build_id);

            if (!id && !libxl__livepatch_same_name(&a->name, &b->name))
                continue;
            libxl__livepatch_conclude(gc, as->call.result,
                    LIBXL_LIVEPATCH_OUTCOME_FAILED,
                    LIBXL_LIVEPATCH_REASON_COLLISION,
                    "Give each file once, and files of the same name in "
                    "calls of their own, with --name.",
                    "%s and %s have the same %s", a->judgement->file,
                    b->judgement->file, id ? "build-id" : "name");
            return ERROR_INVAL;
        }
    }
    return 0;
}

int libxl__livepatch_judge_members(libxl__gc *gc, apply_state *as,
                                   const libxl_livepatch_file *files,
                                   int num_files)
{
    libxl_livepatch_result *const result = as->call.result;
    int i, rc;

    if (!num_files) {
        libxl__livepatch_conclude(gc, result,
                LIBXL_LIVEPATCH_OUTCOME_FAILED,
                LIBXL_LIVEPATCH_REASON_USAGE, NULL, "no file is given");
        rc = ERROR_INVAL;
        goto out;
    }

    as->members = libxl__calloc(gc, num_files, sizeof(*as->members));
    result->judgements = libxl__calloc(NOGC, num_files,
                                       sizeof(*result->judgements));
    for (i = 0; i < num_files; i++) {
        libxl_livepatch_judgement_init(&result->judgements[i]);
        result->num_judgements++;
        as->members[i].judgement = &result->judgements[i];
        as->num_members++;
        rc = judge_member(gc, as, &files[i], &as->members[i]);
        if (rc) goto out;
    }
    order_members(gc, as);
    rc = check_duplicates(gc, as);

 out:
    return rc;
}

/*----- comparing with what is loaded -----*/

static libxl__livepatch_entry *find_by_id(apply_state *as, const char *id)
{
    libxl__livepatch_set *const set = &as->call.set;
    int i;

    for (i = 0; i < set->num; i++)
        if (libxl__livepatch_same_id(as->call.payloads[i].build_id, id))
            return &set->entries[i];
    return NULL;
}

/* An upload that the hypervisor says itself why it refused. */
static void conclude_refusal(libxl__gc *gc, libxl__livepatch_call *lpc,
                             const char *file,
                             libxl_livepatch_reason reason,
                             const char *failure)
{
    static const struct {
        libxl_livepatch_reason reason;
        const char *advice;
    } advices[] = {
        { LIBXL_LIVEPATCH_REASON_SYMBOL,
          "It is made for another Xen, or for another stack of live "
          "patches; get the payload that is made for this one." },
        { LIBXL_LIVEPATCH_REASON_COLLISION,
          "xl livepatch list shows what is loaded." },
        { LIBXL_LIVEPATCH_REASON_MEMORY,
          "Free memory in Xen (xl info, free_memory)." },
        { LIBXL_LIVEPATCH_REASON_XEN_BUILD_ID,
          "Get the payload that was built for this very package version "
          "of Xen." },
        { LIBXL_LIVEPATCH_REASON_SIGNATURE, NULL /* its own */ },
    };
    const char *advice = "The fault is the payload's: show these words to "
                         "who made it.";
    int i;

    lpc->told = true;
    for (i = 0; i < ARRAY_SIZE(advices); i++)
        if (advices[i].reason == reason) advice = advices[i].advice;
    libxl__livepatch_conclude(gc, lpc->result,
            LIBXL_LIVEPATCH_OUTCOME_FAILED, reason, advice,
            "%s was refused by the hypervisor: %s", file, failure);
}

void libxl__livepatch_conclude_upload(libxl__gc *gc,
                                      libxl__livepatch_call *lpc,
                                      const libxl__livepatch_item *item,
                                      int r)
{
    libxl_livepatch_result *const result = lpc->result;
    const char *file = item->payload.file, *line = NULL, *failure;
    libxl_livepatch_reason reason;

    failure = libxl__livepatch_upload_failure(gc, &lpc->reporter,
                                              &item->name, r, &reason);
    if (failure) {
        conclude_refusal(gc, lpc, file, reason, failure);
        return;
    }
    reason = libxl__livepatch_console_reason(
        libxl__livepatch_console_since(gc, &lpc->seen), &line);
    /*
     * No other errno says that; the words may be hidden by the log level.
     */
    if (r == -ENOENT) reason = LIBXL_LIVEPATCH_REASON_SYMBOL;
    if (reason == LIBXL_LIVEPATCH_REASON_SYMBOL)
        libxl__livepatch_conclude(gc, result,
                LIBXL_LIVEPATCH_OUTCOME_FAILED, reason,
                "It is made for another Xen, or for another stack of live "
                "patches; get the payload that is made for this one.",
                "%s was refused by the hypervisor: it needs a symbol that "
                "is not there", file);
    else if (r == -EEXIST)
        libxl__livepatch_conclude(gc, result,
                LIBXL_LIVEPATCH_OUTCOME_FAILED,
                LIBXL_LIVEPATCH_REASON_COLLISION,
                "xl livepatch list shows what is loaded.  Unload the "
                "other payload, or have one of them built anew with a "
                "symbol of another name.",
                "%s was refused by the hypervisor: %s", file,
                reason == LIBXL_LIVEPATCH_REASON_COLLISION
                    ? "it defines a symbol that is defined already"
                    : "its name, its build-id or a symbol that it defines "
                      "is there already");
    else if (reason != LIBXL_LIVEPATCH_REASON_NONE)
        libxl__livepatch_conclude(gc, result,
                LIBXL_LIVEPATCH_OUTCOME_FAILED, reason, NULL,
                "%s was refused by the hypervisor: %s", file, line);
    else
        libxl__livepatch_conclude_errno(gc, result, r,
                GCSPRINTF("%s was refused by the hypervisor", file));
}

/* Whether replace is about to take the payload out anyhow. */
static bool is_displaced(const apply_state *as,
                         const libxl_livepatch_payload *payload)
{
    return as->call.params.replace &&
           payload->state == LIBXL_LIVEPATCH_STATE_APPLIED;
}

static int conclude_taken(libxl__gc *gc, apply_state *as, const member *m,
                          const libxl_livepatch_payload *payload)
{
    libxl__livepatch_conclude(gc, as->call.result,
            LIBXL_LIVEPATCH_OUTCOME_FAILED,
            LIBXL_LIVEPATCH_REASON_COLLISION,
            "Give another name with --name, or revert and unload the "
            "other payload.",
            payload->build_id
                ? "%s was not applied: another payload, with build-id %s, "
                  "is loaded under the name %s"
                : "%s was not applied: another tool loaded a payload, %s, "
                  "under the name %s, and whether it is this one can't be "
                  "known", m->judgement->file,
            payload->build_id ?: "whose build-id isn't known",
            payload->name);
    return ERROR_INVAL;
}

/* Find out whether m is loaded or applied already. */
static int compare_member(libxl__gc *gc, apply_state *as, member *m)
{
    const libxl__livepatch_entry *entry;
    const libxl_livepatch_payload *payload;

    entry = libxl__livepatch_find_entry(&as->call.set, &m->name);
    if (!entry) {
        entry = find_by_id(as, m->judgement->build_id);
        if (!entry) return 0;
        m->name = entry->name;
        free(m->judgement->name);
        m->judgement->name = libxl__livepatch_text(m->name.bytes,
                                                   m->name.len);
    }
    payload = libxl__livepatch_payload_of(&as->call, entry);

    if (!libxl__livepatch_same_id(payload->build_id,
                                  m->judgement->build_id)) {
        /* Its name gets free in time. */
        m->namesake = is_displaced(as, payload);
        return m->namesake ? 0 : conclude_taken(gc, as, m, payload);
    }

    m->present = entry->state == LIVEPATCH_STATE_APPLIED;
    m->loaded = !m->present;
    /*
     * What was reverted may not be applicable again.  And what builds on
     * another payload may use symbols of that, which has moved if it was
     * loaded anew since.  Neither is so with engines that report: they
     * restore a payload's data, and don't unload what another one uses.
     */
    m->anew = m->loaded && !as->call.reporter.available &&
              (!m->judgement->reapplicable ||
               !libxl__livepatch_same_id(m->judgement->depends,
                                         as->call.result->xen_build_id));
    return 0;
}

/*
 * Whether the payload at index i may be bound to what m has.  A stock
 * engine doesn't look: it unloads m, and leaves the other with addresses
 * in freed memory.
 */
static bool may_use(const apply_state *as, const member *m, int i)
{
    const libxl__livepatch_call *const lpc = &as->call;
    const libxl__livepatch_entry *const entry = &lpc->set.entries[i];

    /* Only what was loaded later could find m's symbols. */
    return entry > libxl__livepatch_find_entry(&lpc->set, &m->name) &&
           !libxl__livepatch_same_id(lpc->payloads[i].depends,
                                     lpc->result->xen_build_id);
}

static bool is_member(const apply_state *as,
                      const libxl__livepatch_name *name)
{
    int i;

    for (i = 0; i < as->num_members; i++)
        if (libxl__livepatch_same_name(&as->members[i].name, name))
            return true;
    return false;
}

/* Whether what is to be loaded anew may be in use by what is not. */
static int check_users(libxl__gc *gc, apply_state *as)
{
    libxl__livepatch_call *const lpc = &as->call;
    int i, j;

    for (i = 0; i < as->num_members; i++) {
        const member *m = &as->members[i];

        if (!m->anew) continue;
        for (j = 0; j < lpc->set.num; j++) {
            if (!may_use(as, m, j) ||
                is_member(as, &lpc->set.entries[j].name))
                continue;
            libxl__livepatch_conclude(gc, lpc->result,
                    LIBXL_LIVEPATCH_OUTCOME_FAILED,
                    LIBXL_LIVEPATCH_REASON_IN_USE,
                    "Unload that first, or apply both in one call.",
                    "%s was not applied: it has to be loaded anew, and "
                    "%s, which was loaded after it, may use what is in it",
                    m->judgement->file, lpc->payloads[j].name);
            return ERROR_INVAL;
        }
    }
    return 0;
}

/* What the next payload has to depend on. */
typedef struct {
    const char *build_id;       /* NULL: not known */
    const char *what;
} stack_top;

static stack_top xen_itself(const apply_state *as)
{
    return (stack_top){ as->call.result->xen_build_id, "Xen itself" };
}

/* Not known where there are payloads of another tool, for example. */
static stack_top find_top(apply_state *as)
{
    libxl__livepatch_call *const lpc = &as->call;
    const stack_top unknown = { NULL, NULL };
    stack_top top = xen_itself(as);
    int i, j, num_tops = 0;

    for (i = 0; i < lpc->set.num; i++) {
        const libxl_livepatch_payload *p = &lpc->payloads[i];
        bool covered = false;

        if (p->state != LIBXL_LIVEPATCH_STATE_APPLIED) continue;
        if (!p->build_id) return unknown;
        for (j = 0; j < lpc->set.num; j++)
            if (lpc->payloads[j].state == LIBXL_LIVEPATCH_STATE_APPLIED &&
                libxl__livepatch_same_id(lpc->payloads[j].depends,
                                         p->build_id))
                covered = true;
        if (covered) continue;
        top = (stack_top){ p->build_id, p->name };
        num_tops++;
    }
    return num_tops > 1 ? unknown : top;
}

/* Where it is known that they can't go there, say so before the upload. */
static int check_dependencies(libxl__gc *gc, apply_state *as)
{
    stack_top top = as->call.params.replace ? xen_itself(as)
                                            : find_top(as);
    int i;

    if (as->upload_only || as->call.params.nodeps) return 0;

    for (i = 0; i < as->num_members; i++) {
        const member *m = &as->members[i];

        if (m->present) continue;
        if (top.build_id &&
            !libxl__livepatch_same_id(m->judgement->depends,
                                      top.build_id)) {
            libxl__livepatch_conclude(gc, as->call.result,
                    LIBXL_LIVEPATCH_OUTCOME_FAILED,
                    LIBXL_LIVEPATCH_REASON_DEPENDENCY,
                    libxl__livepatch_same_id(m->judgement->depends,
                            as->call.result->xen_build_id)
                        ? "It is made for a host without live patches: "
                          "xl livepatch replace puts it in the place of "
                          "all that are applied."
                        : "Apply together with it, or before it, the "
                          "payload that it builds on; or get the payload "
                          "that is made for this host.",
                    "%s can't be applied: it builds on build-id %s, but "
                    "on top of the stack would be %s (%s)",
                    m->judgement->file,
                    m->judgement->depends, top.build_id, top.what);
            return ERROR_INVAL;
        }
        top = (stack_top){ m->judgement->build_id, m->judgement->name };
    }
    return 0;
}

/*----- what replace displaces -----*/

bool libxl__livepatch_read_again(libxl__gc *gc,
                                 const libxl_livepatch_payload *payload,
                                 libxl__livepatch_image *image_r)
{
    libxl_livepatch_judgement again;
    char *path;
    size_t len;
    bool ok = false;

    if (!payload->file || !payload->sha256) return false;

    path = libxl__livepatch_bytes(payload->file, &len);
    if (!path) return false;
    libxl_livepatch_judgement_init(&again);
    if (libxl__livepatch_read(path, image_r, &again) &&
        !libxl__livepatch_judge(image_r, NULL, NULL, &again) &&
        again.sha256)
        ok = !strcmp(again.sha256, payload->sha256);
    libxl__ptr_add(gc, image_r->data);
    /* Another file must not take its place. */
    if (!ok) FILLZERO(*image_r);
    libxl_livepatch_judgement_dispose(&again);
    free(path);
    return ok;
}

/*
 * All that is applied, into the order in which that happened.  Records
 * tell when, or the hypervisor's report; and dependencies decide where
 * they tell more.
 */
static libxl_livepatch_payload **list_applied(libxl__gc *gc,
                                              apply_state *as,
                                              int *num_r)
{
    libxl__livepatch_call *const lpc = &as->call;
    const int most = lpc->set.num + 1;
    libxl_livepatch_payload **found = libxl__calloc(gc, most,
                                                    sizeof(*found));
    libxl_livepatch_payload **list = libxl__calloc(gc, most,
                                                   sizeof(*list));
    const char **ids = libxl__calloc(gc, most, sizeof(*ids));
    const char **depends = libxl__calloc(gc, most, sizeof(*depends));
    int *order = libxl__calloc(gc, most, sizeof(*order));
    int num = 0, i, j;

    for (i = 0; i < lpc->set.num; i++) {
        libxl_livepatch_payload *p = &lpc->payloads[i];

        if (p->state != LIBXL_LIVEPATCH_STATE_APPLIED) continue;
        for (j = num++; j > 0 &&
                        found[j - 1]->applied_us > p->applied_us; j--)
            found[j] = found[j - 1];
        found[j] = p;
    }
    for (i = 0; i < num; i++) {
        ids[i] = found[i]->build_id;
        depends[i] = found[i]->depends;
    }
    order_stack(num, ids, depends, order);
    for (i = 0; i < num; i++)
        list[i] = found[order[i]];
    *num_r = num;
    return list;
}

/*
 * Whether all that will be displaced could be put back; if they have to be
 * loaded anew, reads their files.
 */
static int check_undo(libxl__gc *gc, apply_state *as)
{
    libxl__livepatch_intent *const intent = &as->call.notes.intent;
    bool anew = as->exchange;
    int i;

    for (i = 0; i < intent->num; i++) {
        libxl__livepatch_item *const d = &intent->items[i];
        bool ok;

        /* What lies above one that moves may use symbols of it. */
        if (!d->payload.reapplicable) anew = true;
        d->anew = anew;
        /* An engine that reports puts back what a replace took out. */
        ok = as->call.reporter.available && !as->exchange;
        if (!ok && !d->image.data && d->payload.recorded && d->anew)
            libxl__livepatch_read_again(gc, &d->payload, &d->image);
        ok |= d->image.data || (d->payload.recorded && !d->anew);
        if (ok || as->call.params.no_undo) continue;

        libxl__livepatch_conclude(gc, as->call.result,
                LIBXL_LIVEPATCH_OUTCOME_FAILED,
                LIBXL_LIVEPATCH_REASON_CANNOT_UNDO,
                "Revert and unload it yourself, or accept with --no-undo "
                "that the host may be left unpatched.",
                "%s was not applied: it would displace %s, which could "
                "not be put back if it failed, as %s",
                as->members[0].judgement->file, d->payload.name,
                !d->payload.recorded
                    ? "nothing is recorded of it: another tool loaded it, "
                      "or the record could not be written"
                    : "it would have to be loaded anew and its file has "
                      "gone or changed");
        return ERROR_INVAL;
    }
    return 0;
}

static bool has_veto(const libxl_string_list *hooks)
{
    char **hook;

    for (hook = *hooks; hook && *hook; hook++)
        if (!strncmp(*hook, "pre", 3) || !strncmp(*hook, "post", 4))
            return true;
    return false;
}

/* Engines don't replace where a hook before or after an action is. */
static int check_hooks(libxl__gc *gc, apply_state *as)
{
    const libxl_livepatch_judgement *first = as->members[0].judgement;
    const libxl__livepatch_intent *const intent = &as->call.notes.intent;
    int i;

    if (as->exchange) return 0;
    for (i = 0; i < intent->num; i++) {
        if (!has_veto(&intent->items[i].payload.hooks)) continue;
        libxl__livepatch_conclude(gc, as->call.result,
                LIBXL_LIVEPATCH_OUTCOME_FAILED,
                LIBXL_LIVEPATCH_REASON_HOOK,
                "Revert and unload what is applied, then apply it.",
                "%s can't replace %s: that has hooks which run before or "
                "after an action, with which the hypervisor does not do "
                "that", first->file, intent->items[i].payload.name);
        return ERROR_INVAL;
    }
    if (first->replaceable) return 0;

    libxl__livepatch_conclude(gc, as->call.result,
            LIBXL_LIVEPATCH_OUTCOME_FAILED, LIBXL_LIVEPATCH_REASON_HOOK,
            "Revert and unload what is applied, then apply it.",
            "%s can't replace others: it has hooks that run before or "
            "after an action, with which the hypervisor does not do that",
            first->file);
    return ERROR_INVAL;
}

/* XSA-182, xsa182 and XSA 182 are one and the same. */
static bool same_fix(const char *a, const char *b)
{
    for (;;) {
        while (*a && !CTYPE(isalnum, *a)) a++;
        while (*b && !CTYPE(isalnum, *b)) b++;
        if (!*a || !*b) return *a == *b;
        if (CTYPE(tolower, *a++) != CTYPE(tolower, *b++)) return false;
    }
}

static bool is_fixed_by(const apply_state *as, const char *fix)
{
    int i;
    char **f;

    for (i = 0; i < as->num_members; i++)
        for (f = as->members[i].judgement->fixes; f && *f; f++)
            if (same_fix(*f, fix)) return true;
    return false;
}

/* An older cumulative payload would take back what a newer one fixed. */
static int check_fixes(libxl__gc *gc, apply_state *as)
{
    libxl__livepatch_intent *const intent = &as->call.notes.intent;
    const char *lost = NULL, *of = NULL;
    char **fix;
    int i;

    for (i = 0; i < intent->num; i++) {
        for (fix = intent->items[i].payload.fixes; fix && *fix; fix++) {
            if (is_fixed_by(as, *fix)) continue;
            lost = lost ? GCSPRINTF("%s, %s", lost, *fix) : *fix;
            of = intent->items[i].payload.name;
        }
    }
    if (!lost) return 0;
    if (as->call.params.lose_fixes) {
        libxl__livepatch_warn(gc, as->call.result,
                              "the host is no longer fixed for %s", lost);
        return 0;
    }
    libxl__livepatch_conclude(gc, as->call.result,
            LIBXL_LIVEPATCH_OUTCOME_FAILED,
            LIBXL_LIVEPATCH_REASON_LOSES_FIX,
            "Get a payload that fixes these, too; or accept with "
            "--lose-fixes that the host is open to them again.",
            "nothing was replaced: %s fixes %s, and what would take its "
            "place doesn't say so", of, lost);
    return ERROR_INVAL;
}

static int plan_replace(libxl__gc *gc, apply_state *as)
{
    libxl__livepatch_call *const lpc = &as->call;
    libxl_livepatch_payload **applied;
    libxl__livepatch_item *d;
    int i, num, rc;

    applied = list_applied(gc, as, &num);
    for (i = 0; i < num; i++) {
        d = libxl__livepatch_add_item(gc, &lpc->notes.intent, applied[i]);
        d->name = lpc->set.entries[applied[i] - lpc->payloads].name;
        d->before = LIVEPATCH_APPLIED;
        d->wanted = LIVEPATCH_ABSENT;
    }
    as->num_displaced = num;
    for (i = 0; i < as->num_members; i++)
        as->exchange |= as->members[i].namesake;

    rc = check_hooks(gc, as);
    if (rc) goto out;
    rc = check_fixes(gc, as);
    if (rc) goto out;
    rc = check_undo(gc, as);

 out:
    return rc;
}

/* Members that are applied already, where that makes a difference. */
static int check_present(libxl__gc *gc, apply_state *as)
{
    libxl__livepatch_call *const lpc = &as->call;
    libxl_livepatch_result *const result = lpc->result;
    int i, num_present = 0, num_applied = 0;

    for (i = 0; i < as->num_members; i++)
        num_present += as->members[i].present;
    for (i = 0; i < lpc->set.num; i++)
        num_applied += lpc->payloads[i].state ==
                           LIBXL_LIVEPATCH_STATE_APPLIED;

    if (num_present == as->num_members &&
        (!lpc->params.replace || num_present == num_applied)) {
        libxl__livepatch_conclude(gc, result,
                LIBXL_LIVEPATCH_OUTCOME_ALREADY,
                LIBXL_LIVEPATCH_REASON_NONE, NULL,
                as->num_members == 1 ? "%s is applied already"
                                     : "all are applied already, %s first",
                as->members[0].judgement->name);
        return ERROR_INVAL;
    }
    if (lpc->params.replace && num_present) {
        libxl__livepatch_conclude(gc, result,
                LIBXL_LIVEPATCH_OUTCOME_FAILED,
                LIBXL_LIVEPATCH_REASON_WRONG_STATE,
                "Revert what is applied on top of it instead.",
                "nothing was replaced: one of the payloads is in the "
                "stack that they would displace");
        return ERROR_INVAL;
    }
    return 0;
}

/*----- the steps -----*/

/* What is known of a member, for its record. */
static void describe_member(libxl__gc *gc, const apply_state *as,
                            const member *m,
                            libxl_livepatch_payload *payload)
{
    const libxl_livepatch_judgement *const judgement = m->judgement;

    /* Nothing of this is the payload's own: it is copied from there. */
    libxl_livepatch_payload_init(payload);
    payload->name = judgement->name;
    payload->recorded = true;
    payload->forced = m->forced;
    payload->build_id = judgement->build_id;
    payload->depends = judgement->depends;
    payload->reapplicable = judgement->reapplicable;
    payload->file = judgement->file;
    payload->sha256 = judgement->sha256;
    payload->hooks = judgement->hooks;
    payload->functions = judgement->functions;
    payload->num_functions = judgement->num_functions;
}

static void add_members(libxl__gc *gc, apply_state *as)
{
    libxl_livepatch_payload payload;
    libxl__livepatch_item *item;
    int i;

    for (i = 0; i < as->num_members; i++) {
        member *const m = &as->members[i];

        if (m->present) continue;
        describe_member(gc, as, m, &payload);
        item = libxl__livepatch_add_item(gc, &as->call.notes.intent,
                                         &payload);
        m->item = item - as->call.notes.intent.items;
        item->name = m->name;
        item->image = m->image;
        item->before = m->loaded ? LIVEPATCH_LOADED : LIVEPATCH_ABSENT;
        item->wanted = as->upload_only ? LIVEPATCH_LOADED
                                       : LIVEPATCH_APPLIED;
    }
}

/* Take out the old stack, which the new one can't be loaded beside. */
static void add_exchange(libxl__gc *gc, apply_state *as)
{
    libxl__livepatch_transaction *const lptx = &as->transaction;
    int i;

    for (i = as->num_displaced - 1; i >= 0; i--)
        libxl__livepatch_transaction_add(gc, lptx,
                LIBXL_LIVEPATCH_OPERATION_REVERT, i, false);
    for (i = as->num_displaced - 1; i >= 0; i--)
        libxl__livepatch_transaction_add(gc, lptx,
                LIBXL_LIVEPATCH_OPERATION_UNLOAD, i, false);
}

static void add_steps(libxl__gc *gc, apply_state *as)
{
    libxl__livepatch_transaction *const lptx = &as->transaction;
    libxl__livepatch_item *const items = as->call.notes.intent.items;
    bool first = as->call.params.replace && !as->exchange;
    int i;

    lptx->num_steps = 0;
    if (as->exchange) add_exchange(gc, as);
    for (i = as->num_members - 1; i >= 0; i--)
        if (as->members[i].anew)
            libxl__livepatch_transaction_add(gc, lptx,
                    LIBXL_LIVEPATCH_OPERATION_UNLOAD, as->members[i].item,
                    false);
    for (i = 0; i < as->num_members; i++) {
        const member *const m = &as->members[i];

        if (m->present || (m->loaded && !m->anew) ||
            items[m->item].uploaded)
            continue;
        libxl__livepatch_transaction_add(gc, lptx,
                LIBXL_LIVEPATCH_OPERATION_UPLOAD, m->item, false);
    }
    for (i = 0; i < as->num_members && !as->upload_only; i++) {
        if (as->members[i].present) continue;
        libxl__livepatch_transaction_add(gc, lptx,
                first ? LIBXL_LIVEPATCH_OPERATION_REPLACE
                      : LIBXL_LIVEPATCH_OPERATION_APPLY,
                as->members[i].item, false);
        first = false;
    }
    for (i = as->num_displaced - 1; i >= 0 && !as->exchange; i--)
        libxl__livepatch_transaction_add(gc, lptx,
                LIBXL_LIVEPATCH_OPERATION_UNLOAD, i, true);
}

/*
 * What is to be replaced has a symbol, or a build-id, of what is to come:
 * so it has to go first.
 */
bool libxl__livepatch_plan_exchange(libxl__gc *gc,
                                    libxl__livepatch_transaction *lptx)
{
    apply_state *as = CONTAINER_OF(lptx, *as, transaction);

    if (as->exchange || !as->num_displaced) return false;

    as->exchange = true;
    if (check_undo(gc, as)) return false;
    add_steps(gc, as);
    return true;
}

/* All that can be said before anything changes. */
int libxl__livepatch_plan(libxl__gc *gc, apply_state *as)
{
    int i, rc;

    for (i = 0; i < as->num_members; i++) {
        rc = compare_member(gc, as, &as->members[i]);
        if (rc) goto out;
    }
    if (as->upload_only &&
        (as->members[0].present || as->members[0].loaded)) {
        libxl__livepatch_conclude(gc, as->call.result,
                LIBXL_LIVEPATCH_OUTCOME_ALREADY,
                LIBXL_LIVEPATCH_REASON_NONE, NULL,
                "%s is loaded already", as->members[0].judgement->name);
        rc = ERROR_INVAL;
        goto out;
    }
    if (!as->upload_only) {
        rc = check_present(gc, as);
        if (rc) goto out;
        rc = check_dependencies(gc, as);
        if (rc) goto out;
        rc = check_users(gc, as);
        if (rc) goto out;
    }
    if (as->call.params.replace) {
        rc = plan_replace(gc, as);
        if (rc) goto out;
    }
    add_members(gc, as);
    add_steps(gc, as);
    rc = 0;

 out:
    return rc;
}

/*
 * Local variables:
 * mode: C
 * c-basic-offset: 4
 * indent-tabs-mode: nil
 * End:
 */
