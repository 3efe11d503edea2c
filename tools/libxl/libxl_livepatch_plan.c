/* SPDX-License-Identifier: LGPL-2.1-only */
/*
 * What an apply is going to do, and whether anything known speaks against
 * it: all that stands before the first upload.
 */

#include "libxl_osdeps.h"

#include "libxl_livepatch_apply.h"
#include "libxl_livepatch_installed.h"

/*----- reading and judging -----*/

static int refuse_judged(libxl__gc *gc, apply_state *as,
                         const libxl_livepatch_judgement *judgement)
{
    const libxl_livepatch_finding *error =
        libxl__livepatch_first_error(judgement);
    const char *where = error->where;

    /* Many a message begins with its subject anyhow. */
    if (where && !strncmp(error->message, where, strlen(where)))
        where = NULL;
    return libxl__livepatch_refuse(gc, as->call.result, error->reason,
            NULL, "%s can't be applied: %s%s%s", judgement->file,
            where ?: "", where ? ": " : "", error->message);
}

/* Returns ERROR_INVAL when the call has been concluded. */
static int judge_member(libxl__gc *gc, apply_state *as,
                        const libxl_livepatch_file *file, member *m)
{
    libxl_livepatch_result *const result = as->call.result;
    libxl_livepatch_judgement *const judgement = m->judgement;
    libxl_livepatch_criteria criteria = {
        .xen_build_id = as->any_xen ? NULL : result->xen_build_id,
        .keys = as->call.params.keys,
    };
    const char *name;
    char *path;
    int rc;

    /*
     * The record outlives the working directory of the caller, and a link
     * like "current" is no name for what it points to today.
     */
    path = realpath(file->path, NULL);
    path = path ? libxl__livepatch_owned(gc, path) : file->path;
    judgement->file = libxl__livepatch_text(NOGC, path);
    name = file->name ?:
        libxl__livepatch_owned(gc, xenlivepatch_default_name(path));
    rc = libxl__livepatch_take_name(gc, result, name, &m->name);
    /* One without a name, of another tool, can be shown and taken out. */
    if (!rc && !*m->name)
        rc = libxl__livepatch_refuse(gc, result,
                LIBXL_LIVEPATCH_REASON_USAGE, LIVEPATCH_ADVICE_NAME,
                "\"\" can't be the name of a payload, which has 1 to %d "
                "bytes", XEN_LIVEPATCH_NAME_SIZE - 1);
    /*
     * One text for a name, in whatever form it was given; and never raw.
     */
    judgement->name = libxl__livepatch_text(NOGC, rc ? name : m->name);
    if (rc) return rc;

    if (libxl__livepatch_read(file->path, &m->image, judgement)) {
        libxl__ptr_add(gc, m->image.data);
        m->forced = as->call.params.force;
        rc = libxl__livepatch_judge(&m->image, &criteria, &m->forced,
                                    judgement);
        if (rc == ERROR_NOMEM) libxl__alloc_failed(CTX, __func__, 0, 0);
    }
    if (!judgement->acceptable) return refuse_judged(gc, as, judgement);

    if (m->forced)
        libxl__livepatch_warn(gc, result,
                "%s was judged unfit, and is used all the same, as "
                "--force demands", judgement->file);
    return 0;
}

/* One of several payloads that may build on each other. */
typedef struct {
    const char *build_id, *depends;
    int index;                  /* in the array that it comes from */
} stacked;

/*
 * Bring the lowest to the front, and so on, as far as it is known what
 * builds on what; the rest keeps its order.
 */
static void order_stack(stacked *stack, int num)
{
    stacked lowest;
    int placed, i, j;

    for (placed = 0; placed < num; placed++) {
        for (i = placed; i < num; i++) {
            for (j = placed; j < num; j++)
                if (j != i && libxl__livepatch_same_id(stack[i].depends,
                                                       stack[j].build_id))
                    break;
            if (j < num) continue;
            lowest = stack[i];
            memmove(&stack[placed + 1], &stack[placed],
                    (i - placed) * sizeof(*stack));
            stack[placed] = lowest;
            break;
        }
        /* Else it is a circle: the hypervisor will say so. */
    }
}

/* Bring members into the order in which they build on each other. */
static void order_members(libxl__gc *gc, apply_state *as)
{
    int num = as->num_members, i;
    stacked *stack = libxl__calloc(gc, num, sizeof(*stack));
    member *ordered = libxl__calloc(gc, num, sizeof(*ordered));

    for (i = 0; i < num; i++)
        stack[i] = (stacked){ as->members[i].judgement->build_id,
                              as->members[i].judgement->depends, i };
    order_stack(stack, num);
    for (i = 0; i < num; i++)
        ordered[i] = as->members[stack[i].index];
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

            if (!id && strcmp(a->name, b->name))
                continue;
            return libxl__livepatch_refuse(gc, as->call.result,
                    LIBXL_LIVEPATCH_REASON_COLLISION,
                    LIVEPATCH_ADVICE_TWICE,
                    "%s and %s have the same %s", a->judgement->file,
                    b->judgement->file, id ? "build-id" : "name");
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

    if (!num_files)
        return libxl__livepatch_refuse(gc, result,
                LIBXL_LIVEPATCH_REASON_USAGE, NULL, "no file is given");

    as->members = libxl__calloc(gc, num_files, sizeof(*as->members));
    result->judgements = libxl__calloc(NOGC, num_files,
                                       sizeof(*result->judgements));
    for (i = 0; i < num_files; i++) {
        libxl_livepatch_judgement_init(&result->judgements[i]);
        result->num_judgements++;
        as->members[i].judgement = &result->judgements[i];
        as->num_members++;
        rc = judge_member(gc, as, &files[i], &as->members[i]);
        if (rc) return rc;
    }
    order_members(gc, as);
    return check_duplicates(gc, as);
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

void libxl__livepatch_conclude_upload(libxl__gc *gc,
                                      libxl__livepatch_call *lpc,
                                      const libxl__livepatch_item *item,
                                      int r)
{
    const char *what = GCSPRINTF("%s was refused by the hypervisor",
                                 item->payload.file), *failure;
    libxl_livepatch_reason reason;

    failure = libxl__livepatch_upload_failure(gc, &lpc->reporter,
                                              item->name, r, &reason);
    if (failure) {
        lpc->told = true;
        libxl__livepatch_refuse(gc, lpc->result, reason,
                reason == LIBXL_LIVEPATCH_REASON_FORMAT
                    ? LIVEPATCH_ADVICE_FAULTY : NULL,
                "%s: %s", what, failure);
        return;
    }
    reason = libxl__livepatch_console_reason(
        libxl__livepatch_console_since(gc, &lpc->seen), &failure);
    /*
     * No other errno says these; the words may be hidden by the log level.
     */
    if (r == -ENOENT) reason = LIBXL_LIVEPATCH_REASON_SYMBOL;
    if (reason == LIBXL_LIVEPATCH_REASON_COLLISION)
        failure = "it defines a symbol that is defined already";
    else if (r == -EEXIST)
        reason = LIBXL_LIVEPATCH_REASON_COLLISION;

    if (reason == LIBXL_LIVEPATCH_REASON_NONE)
        libxl__livepatch_conclude_errno(gc, lpc->result, r, what);
    else
        libxl__livepatch_refuse(gc, lpc->result, reason, NULL,
                "%s: %s", what, failure ?:
                libxl__livepatch_words_for(reason)->message);
}

static int refuse_taken(libxl__gc *gc, apply_state *as, const member *m,
                          const libxl_livepatch_payload *payload)
{
    return libxl__livepatch_refuse(gc, as->call.result,
            LIBXL_LIVEPATCH_REASON_COLLISION, LIVEPATCH_ADVICE_NAME_TAKEN,
            payload->build_id
                ? "%s was not applied: another payload, with build-id %s, "
                  "is loaded under the name %s"
                : "%s was not applied: another tool loaded a payload, %s, "
                  "under the name %s, and whether it is this one can't be "
                  "known", m->judgement->file,
            payload->build_id ?: "whose build-id isn't known",
            payload->name);
}

/* Find out whether m is loaded or applied already. */
static int compare_member(libxl__gc *gc, apply_state *as, member *m)
{
    const libxl__livepatch_entry *entry;
    const libxl_livepatch_payload *payload;

    entry = libxl__livepatch_find_entry(&as->call.set, m->name);
    if (!entry) {
        entry = find_by_id(as, m->judgement->build_id);
        if (!entry) return 0;
        m->name = entry->name;
        free(m->judgement->name);
        m->judgement->name = libxl__livepatch_text(NOGC, m->name);
    }
    payload = libxl__livepatch_payload_of(&as->call, entry);

    if (!libxl__livepatch_same_id(payload->build_id,
                                  m->judgement->build_id)) {
        /* Where it is displaced anyhow its name gets free in time. */
        m->namesake = as->call.params.replace &&
                      payload->state == LIBXL_LIVEPATCH_STATE_APPLIED;
        return m->namesake ? 0 : refuse_taken(gc, as, m, payload);
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
    return entry > libxl__livepatch_find_entry(&lpc->set, m->name) &&
           !libxl__livepatch_same_id(lpc->payloads[i].depends,
                                     lpc->result->xen_build_id);
}

static bool is_member(const apply_state *as, const char *name)
{
    int i;

    for (i = 0; i < as->num_members; i++)
        if (!strcmp(as->members[i].name, name)) return true;
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
                is_member(as, lpc->set.entries[j].name))
                continue;
            return libxl__livepatch_refuse(gc, lpc->result,
                    LIBXL_LIVEPATCH_REASON_IN_USE,
                    LIVEPATCH_ADVICE_TOGETHER,
                    "%s was not applied: it has to be loaded anew, and "
                    "%s, which was loaded after it, may use what is in it",
                    m->judgement->file, lpc->payloads[j].name);
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
                                      top.build_id))
            return libxl__livepatch_refuse(gc, as->call.result,
                    LIBXL_LIVEPATCH_REASON_DEPENDENCY,
                    libxl__livepatch_same_id(m->judgement->depends,
                            as->call.result->xen_build_id)
                        ? LIVEPATCH_ADVICE_FOR_BARE_XEN : NULL,
                    "%s can't be applied: it builds on build-id %s, but "
                    "on top of the stack would be %s (%s)",
                    m->judgement->file,
                    m->judgement->depends, top.build_id, top.what);
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

    path = xenlivepatch_bytes(payload->file, &len);
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
 * All that is applied, in the order in which that happened, by index in
 * the call's set.  Records tell when, or the hypervisor's report; and
 * dependencies decide where they tell more.
 */
static stacked *list_applied(libxl__gc *gc, apply_state *as, int *num_r)
{
    const libxl__livepatch_call *const lpc = &as->call;
    const libxl_livepatch_payload *const payloads = lpc->payloads;
    stacked *list = libxl__calloc(gc, lpc->set.num + 1, sizeof(*list));
    int num = 0, i, j;

    for (i = 0; i < lpc->set.num; i++) {
        const libxl_livepatch_payload *p = &payloads[i];

        if (p->state != LIBXL_LIVEPATCH_STATE_APPLIED) continue;
        for (j = num++; j > 0 && payloads[list[j - 1].index].applied_us >
                                 p->applied_us; j--)
            list[j] = list[j - 1];
        list[j] = (stacked){ p->build_id, p->depends, i };
    }
    order_stack(list, num);
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

        return libxl__livepatch_refuse(gc, as->call.result,
                LIBXL_LIVEPATCH_REASON_CANNOT_UNDO, NULL,
                "%s was not applied: it would displace %s, which could "
                "not be put back if it failed, as %s",
                as->members[0].judgement->file, d->payload.name,
                !d->payload.recorded
                    ? "nothing is recorded of it: another tool loaded it, "
                      "or the record could not be written"
                    : "it would have to be loaded anew and its file has "
                      "gone or changed");
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
    for (i = 0; i < intent->num; i++)
        if (has_veto(&intent->items[i].payload.hooks)) break;
    if (i == intent->num && first->replaceable) return 0;

    return libxl__livepatch_refuse(gc, as->call.result,
            LIBXL_LIVEPATCH_REASON_HOOK, LIVEPATCH_ADVICE_HOOKS_REPLACED,
            "%s can't replace %s: %s has hooks that run before or after "
            "an action, with which the hypervisor does not do that",
            first->file,
            i < intent->num ? intent->items[i].payload.name : "others",
            i < intent->num ? "that" : "it");
}

static bool is_fixed_by(const apply_state *as, const char *fix)
{
    int i;
    char **f;

    for (i = 0; i < as->num_members; i++)
        for (f = as->members[i].judgement->fixes; f && *f; f++)
            if (libxl_livepatch_same_fix(*f, fix)) return true;
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
    return libxl__livepatch_refuse(gc, as->call.result,
            LIBXL_LIVEPATCH_REASON_LOSES_FIX, NULL,
            "nothing was replaced: %s fixes %s, and what would take its "
            "place doesn't say so", of, lost);
}

static bool brings(const apply_state *as, const char *build_id)
{
    int i;

    for (i = 0; i < as->num_members; i++)
        if (libxl__livepatch_same_id(as->members[i].judgement->build_id,
                                     build_id)) return true;
    return false;
}

static bool was_installed(const libxl_livepatch_payload *payload)
{
    const char *file = payload->file ?: "";

    return !strncmp(file, LIVEPATCH_INSTALLED "/",
                    strlen(LIVEPATCH_INSTALLED "/")) ||
           !strncmp(file, LIVEPATCH_VENDORS "/",
                    strlen(LIVEPATCH_VENDORS "/"));
}

/*
 * Nobody has named what a package takes the place of.  What a person has
 * applied, and doesn't tell what it fixes, isn't to get lost by that.
 */
static int check_strangers(libxl__gc *gc, apply_state *as)
{
    const libxl__livepatch_intent *const intent = &as->call.notes.intent;
    libxl_livepatch_result *const result = as->call.result;
    int i;

    if (result->operation != LIBXL_LIVEPATCH_OPERATION_RESTORE ||
        as->call.params.lose_fixes)
        return 0;
    for (i = 0; i < intent->num; i++) {
        const libxl_livepatch_payload *const p = &intent->items[i].payload;

        if ((p->fixes && *p->fixes) || was_installed(p) ||
            brings(as, p->build_id))
            continue;
        return libxl__livepatch_refuse(gc, result,
                LIBXL_LIVEPATCH_REASON_LOSES_FIX, NULL,
                "nothing was replaced: %s was applied without having been "
                "installed, and doesn't say what it fixes", p->name);
    }
    return 0;
}

static int plan_replace(libxl__gc *gc, apply_state *as)
{
    libxl__livepatch_call *const lpc = &as->call;
    const stacked *applied = list_applied(gc, as, &as->num_displaced);
    libxl__livepatch_item *d;
    int i;

    for (i = 0; i < as->num_displaced; i++) {
        d = libxl__livepatch_add_item(gc, &lpc->notes.intent,
                                      &lpc->payloads[applied[i].index]);
        d->name = lpc->set.entries[applied[i].index].name;
        d->before = LIVEPATCH_APPLIED;
        d->wanted = LIVEPATCH_ABSENT;
    }
    for (i = 0; i < as->num_members; i++)
        as->exchange |= as->members[i].namesake;

    return check_hooks(gc, as) ?: check_fixes(gc, as) ?:
           check_strangers(gc, as) ?: check_undo(gc, as);
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
        (!lpc->params.replace || num_present == num_applied))
        return libxl__livepatch_succeed(gc, result,
                LIBXL_LIVEPATCH_OUTCOME_ALREADY,
                as->num_members == 1 ? "%s is applied already"
                                     : "all are applied already, %s first",
                as->members[0].judgement->name);
    if (lpc->params.replace && num_present)
        return libxl__livepatch_refuse(gc, result,
                LIBXL_LIVEPATCH_REASON_WRONG_STATE,
                LIVEPATCH_ADVICE_REVERT_ABOVE,
                "nothing was replaced: one of the payloads is in the "
                "stack that they would displace");
    return 0;
}

/*----- the steps -----*/

/* What is known of a member, for its record. */
static void describe_member(libxl__gc *gc, const member *m,
                            libxl_livepatch_payload *payload)
{
    const libxl_livepatch_judgement *const judgement = m->judgement;

    /* Nothing of this is the payload's own: it is copied from there. */
    libxl_livepatch_payload_init(payload);
    payload->name = judgement->name;
    payload->recorded = true;
    payload->forced = m->forced;
    payload->signer = judgement->signer;
    payload->build_id = judgement->build_id;
    payload->depends = judgement->depends;
    payload->reapplicable = judgement->reapplicable;
    payload->file = m->kept ? libxl__livepatch_text(gc, m->kept)
                            : judgement->file;
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
        describe_member(gc, m, &payload);
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
        if (rc) return rc;
    }
    if (as->upload_only &&
        (as->members[0].present || as->members[0].loaded))
        return libxl__livepatch_succeed(gc, as->call.result,
                LIBXL_LIVEPATCH_OUTCOME_ALREADY,
                "%s is loaded already", as->members[0].judgement->name);
    if (!as->upload_only) {
        rc = check_present(gc, as) ?: check_dependencies(gc, as) ?:
             check_users(gc, as);
        if (rc) return rc;
    }
    if (as->call.params.replace) {
        rc = plan_replace(gc, as);
        if (rc) return rc;
    }
    add_members(gc, as);
    add_steps(gc, as);
    return 0;
}

/*
 * Local variables:
 * mode: C
 * c-basic-offset: 4
 * indent-tabs-mode: nil
 * End:
 */
