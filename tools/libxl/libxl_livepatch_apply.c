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
 */

#include "libxl_osdeps.h"

#include "libxl_livepatch_internal.h"

/* One file of the call. */
typedef struct {
    libxl_livepatch_judgement *judgement;
    libxl__livepatch_image image;
    libxl__livepatch_name name;
    bool present;               /* was applied before */
    bool loaded;                /* was loaded before, and stays so */
    bool uploaded;              /* by us */
    bool applied;               /* by us */
} member;

/* A payload that replace reverts. */
typedef struct {
    libxl__livepatch_name name;
    libxl_livepatch_payload payload;
    libxl__livepatch_image image;       /* if it can't be applied again */
    bool reloaded;
    bool settled;               /* put back, or unloaded after success */
} displaced;

typedef struct {
    libxl__livepatch_call call;
    libxl__livepatch_action action;
    bool upload_only;
    member *members;            /* in the order of their application */
    int num_members;
    displaced *displaced;       /* in the order of their application */
    int num_displaced;
    member *acting;             /* what action is about: one of the two */
    displaced *displacing;
} apply_state;

static void apply_begun(libxl__egc *egc, libxl__livepatch_call *lpc);
static void apply_next(libxl__egc *egc, apply_state *as);
static void applied(libxl__egc *egc, libxl__livepatch_action *lpa);
static void leftover_unloaded(libxl__egc *egc, libxl__livepatch_action *lpa);
static void apply_done(libxl__egc *egc, apply_state *as);
static void undo_begin(libxl__egc *egc, apply_state *as);
static void undo_next(libxl__egc *egc, apply_state *as);
static void undone(libxl__egc *egc, libxl__livepatch_action *lpa);
static void apply_end(libxl__egc *egc, apply_state *as);

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

    libxl__livepatch_conclude(gc, as->call.result,
            LIBXL_LIVEPATCH_OUTCOME_FAILED, error->reason,
            "xl livepatch check shows all that is wrong with a file.",
            "%s can't be applied: %s%s%s", judgement->file,
            error->where ?: "", error->where ? ": " : "", error->message);
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
    char *path;
    int rc;

    /* The record outlives the working directory of the caller. */
    path = realpath(file->path, NULL);
    judgement->file = libxl__livepatch_text(path ?: file->path,
                                            strlen(path ?: file->path));
    free(path);
    judgement->name = file->name
        ? libxl__strdup(NOGC, file->name)
        : libxl__livepatch_default_name(file->path);
    if (!judgement->file || !judgement->name)
        libxl__alloc_failed(CTX, __func__, 0, 0);

    rc = libxl__livepatch_parse_name(gc, judgement->name, &m->name);
    if (rc) {
        libxl__livepatch_conclude(gc, result,
                LIBXL_LIVEPATCH_OUTCOME_FAILED,
                LIBXL_LIVEPATCH_REASON_USAGE,
                "Give another one with --name.",
                "\"%s\" can't be the name of a payload, which has 1 to %d "
                "bytes", judgement->name, XEN_LIVEPATCH_NAME_SIZE - 1);
        goto out;
    }

    if (libxl__livepatch_read(file->path, &m->image, judgement)) {
        rc = libxl__livepatch_judge(&m->image, &criteria, judgement);
        if (rc == ERROR_NOMEM) libxl__alloc_failed(CTX, __func__, 0, 0);
    }
    if (!judgement->acceptable) {
        conclude_judgement(gc, as, judgement);
        rc = ERROR_INVAL;
        goto out;
    }
    rc = 0;

 out:
    return rc;
}

static bool same_id(const char *a, const char *b)
{
    return a && b && !strcasecmp(a, b);
}

/* Bring members into the order in which they build on each other. */
static void order_members(apply_state *as)
{
    int i, j, k;

    for (i = 0; i < as->num_members; i++) {
        for (j = i; j < as->num_members; j++) {
            const char *below = as->members[j].judgement->depends;
            member chosen = as->members[j];
            bool waits = false;

            for (k = i; k < as->num_members; k++)
                if (k != j && same_id(below,
                                as->members[k].judgement->build_id))
                    waits = true;
            if (waits) continue;
            memmove(&as->members[i + 1], &as->members[i],
                    (j - i) * sizeof(member));
            as->members[i] = chosen;
            break;
        }
        /* A circle: the hypervisor will say so. */
    }
}

static int check_duplicates(libxl__gc *gc, apply_state *as)
{
    int i, j;

    for (i = 0; i < as->num_members; i++) {
        for (j = 0; j < i; j++) {
            const member *a = &as->members[j], *b = &as->members[i];
            bool id = same_id(a->judgement->build_id,
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

/*----- comparing with what is loaded -----*/

static libxl__livepatch_entry *find_by_id(apply_state *as, const char *id)
{
    libxl__livepatch_set *const set = &as->call.set;
    int i;

    for (i = 0; i < set->num; i++)
        if (same_id(as->call.payloads[i].build_id, id))
            return &set->entries[i];
    return NULL;
}

static void conclude_upload(libxl__gc *gc, apply_state *as, const member *m,
                            int r)
{
    libxl_livepatch_result *const result = as->call.result;
    char **lines = libxl__livepatch_console_since(gc, &as->call.seen);
    libxl_livepatch_reason reason = libxl__livepatch_console_reason(lines);
    const char *file = m->judgement->file;

    if (reason == LIBXL_LIVEPATCH_REASON_SYMBOL)
        libxl__livepatch_conclude(gc, result,
                LIBXL_LIVEPATCH_OUTCOME_FAILED, reason,
                "It is made for another Xen, or for another stack of live "
                "patches; get the payload that is made for this one.",
                "%s was refused by the hypervisor: it needs a symbol that "
                "is not there", file);
    else if (r == -EEXIST && reason == LIBXL_LIVEPATCH_REASON_COLLISION)
        libxl__livepatch_conclude(gc, result,
                LIBXL_LIVEPATCH_OUTCOME_FAILED, reason,
                "Unload the other payload, or have one of them built anew "
                "with a symbol of another name.",
                "%s was refused by the hypervisor: it defines a symbol "
                "that is defined already", file);
    else if (r == -EEXIST)
        libxl__livepatch_conclude(gc, result,
                LIBXL_LIVEPATCH_OUTCOME_FAILED,
                LIBXL_LIVEPATCH_REASON_COLLISION,
                "xl livepatch list shows what is loaded.",
                "%s was refused by the hypervisor: it is loaded already, "
                "under another name", file);
    else if (reason != LIBXL_LIVEPATCH_REASON_NONE)
        libxl__livepatch_conclude(gc, result,
                LIBXL_LIVEPATCH_OUTCOME_FAILED, reason, NULL,
                "%s was refused by the hypervisor: %s", file, lines[0]);
    else
        libxl__livepatch_conclude_errno(gc, result, r,
                GCSPRINTF("%s was refused by the hypervisor", file));
}

/*
 * Whether the payload that another tool has loaded under the name of m is
 * the one in m's file: a payload whose build-id is loaded already is
 * refused under any name.  Returns ERROR_INVAL after concluding the call.
 */
static int probe_foreign(libxl__gc *gc, apply_state *as, member *m)
{
    libxl__livepatch_name probe;
    char **lines;
    int r;

    probe.bytes = GCSPRINTF("xl-livepatch-probe-%d", (int)getpid());
    probe.len = strlen(probe.bytes);

    r = libxl__livepatch_upload(gc, &probe, &m->image);
    if (!r) {
        as->call.changed = true;
        libxl__livepatch_do(gc, &probe, LIVEPATCH_ACTION_UNLOAD, 0, 0);
        libxl__livepatch_conclude(gc, as->call.result,
                LIBXL_LIVEPATCH_OUTCOME_FAILED,
                LIBXL_LIVEPATCH_REASON_COLLISION,
                "Give another name with --name, or revert and unload the "
                "other payload.",
                "%s was not applied: another payload is loaded under the "
                "name %s", m->judgement->file, m->judgement->name);
        return ERROR_INVAL;
    }
    lines = libxl__livepatch_console_since(gc, &as->call.seen);
    if (r == -EEXIST && libxl__livepatch_console_reason(lines) !=
                            LIBXL_LIVEPATCH_REASON_COLLISION)
        return 0;

    conclude_upload(gc, as, m, r);
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

    if (!payload->recorded && as->call.params.dry_run) {
        libxl__livepatch_warn(gc, as->call.result,
                "another tool loaded a payload under the name %s; whether "
                "it is this one is not known before it is tried",
                payload->name);
    } else if (!payload->recorded) {
        int rc = probe_foreign(gc, as, m);

        if (rc) return rc;
    } else if (!same_id(payload->build_id, m->judgement->build_id)) {
        libxl__livepatch_conclude(gc, as->call.result,
                LIBXL_LIVEPATCH_OUTCOME_FAILED,
                LIBXL_LIVEPATCH_REASON_COLLISION,
                "Give another name with --name, or revert and unload the "
                "other payload.",
                "%s was not applied: another payload, with build-id %s, is "
                "loaded under the name %s", m->judgement->file,
                payload->build_id, payload->name);
        return ERROR_INVAL;
    }

    m->present = entry->state == LIVEPATCH_STATE_APPLIED;
    m->loaded = !m->present;
    return 0;
}

/*
 * The build-id that the next payload has to depend on; NULL where that is
 * not known, as with payloads of another tool.
 */
static const char *find_top(apply_state *as)
{
    libxl__livepatch_call *const lpc = &as->call;
    const char *top = lpc->result->xen_build_id;
    int i, j, num_tops = 0;

    for (i = 0; i < lpc->set.num; i++) {
        const libxl_livepatch_payload *p = &lpc->payloads[i];
        bool covered = false;

        if (p->state != LIBXL_LIVEPATCH_STATE_APPLIED) continue;
        if (!p->recorded) return NULL;
        for (j = 0; j < lpc->set.num; j++)
            if (lpc->payloads[j].state == LIBXL_LIVEPATCH_STATE_APPLIED &&
                same_id(lpc->payloads[j].depends, p->build_id))
                covered = true;
        if (covered) continue;
        top = p->build_id;
        num_tops++;
    }
    return num_tops > 1 ? NULL : top;
}

/* Where it is known that they can't go there, say so before the upload. */
static int check_dependencies(libxl__gc *gc, apply_state *as)
{
    const char *top = as->call.params.replace
        ? as->call.result->xen_build_id : find_top(as);
    int i;

    if (as->upload_only || as->call.params.nodeps) return 0;

    for (i = 0; i < as->num_members; i++) {
        const member *m = &as->members[i];

        if (m->present) continue;
        if (top && !same_id(m->judgement->depends, top)) {
            libxl__livepatch_conclude(gc, as->call.result,
                    LIBXL_LIVEPATCH_OUTCOME_FAILED,
                    LIBXL_LIVEPATCH_REASON_DEPENDENCY,
                    same_id(m->judgement->depends,
                            as->call.result->xen_build_id)
                        ? "It is made for a host without live patches: "
                          "xl livepatch replace puts it in the place of "
                          "all that are applied."
                        : "Apply together with it, or before it, the "
                          "payload that it builds on; or get the payload "
                          "that is made for this host.",
                    "%s can't be applied: it builds on build-id %s, but on "
                    "top of the stack would be %s", m->judgement->file,
                    m->judgement->depends, top);
            return ERROR_INVAL;
        }
        top = m->judgement->build_id;
    }
    return 0;
}

/*----- what replace displaces -----*/

/* Whether d could be applied again; if its file is needed, reads it. */
static bool can_put_back(libxl__gc *gc, displaced *d)
{
    libxl_livepatch_judgement again;
    char *path;
    size_t len;
    bool ok = false;

    if (!d->payload.recorded) return false;
    if (d->payload.reapplicable) return true;
    if (!d->payload.file || !d->payload.sha256) return false;

    path = libxl__livepatch_bytes(d->payload.file, &len);
    if (!path) return false;
    libxl_livepatch_judgement_init(&again);
    if (libxl__livepatch_read(path, &d->image, &again) &&
        !libxl__livepatch_judge(&d->image, NULL, &again) &&
        again.sha256)
        ok = !strcmp(again.sha256, d->payload.sha256);
    libxl_livepatch_judgement_dispose(&again);
    free(path);
    return ok;
}

/* Order by dependency, as far as records tell it. */
static void order_displaced(apply_state *as)
{
    int i, j, k;

    for (i = 0; i < as->num_displaced; i++) {
        for (j = i; j < as->num_displaced; j++) {
            displaced chosen = as->displaced[j];
            bool waits = false;

            for (k = i; k < as->num_displaced; k++)
                if (k != j && same_id(chosen.payload.depends,
                                as->displaced[k].payload.build_id))
                    waits = true;
            if (waits) continue;
            memmove(&as->displaced[i + 1], &as->displaced[i],
                    (j - i) * sizeof(displaced));
            as->displaced[i] = chosen;
            break;
        }
    }
}

static int plan_replace(libxl__gc *gc, apply_state *as)
{
    libxl__livepatch_call *const lpc = &as->call;
    const libxl_livepatch_judgement *first = as->members[0].judgement;
    int i;

    if (!first->replaceable) {
        libxl__livepatch_conclude(gc, lpc->result,
                LIBXL_LIVEPATCH_OUTCOME_FAILED, LIBXL_LIVEPATCH_REASON_HOOK,
                "Revert and unload what is applied, then apply it.",
                "%s can't replace others: it has hooks that run before or "
                "after an action, with which the hypervisor does not do "
                "that", first->file);
        return ERROR_INVAL;
    }

    as->displaced = libxl__calloc(gc, lpc->set.num + 1,
                                  sizeof(*as->displaced));
    for (i = 0; i < lpc->set.num; i++) {
        displaced *d = &as->displaced[as->num_displaced];

        if (lpc->payloads[i].state != LIBXL_LIVEPATCH_STATE_APPLIED)
            continue;
        d->name = lpc->set.entries[i].name;
        libxl_livepatch_payload_init(&d->payload);
        libxl_livepatch_payload_copy(CTX, &d->payload, &lpc->payloads[i]);
        as->num_displaced++;

        if (can_put_back(gc, d) || lpc->params.no_undo) continue;
        libxl__livepatch_conclude(gc, lpc->result,
                LIBXL_LIVEPATCH_OUTCOME_FAILED,
                LIBXL_LIVEPATCH_REASON_CANNOT_UNDO,
                "Revert and unload it yourself, or accept with --no-undo "
                "that the host may be left unpatched.",
                "%s was not applied: it would displace %s, which could not "
                "be put back if it failed, as %s", first->file,
                d->payload.name,
                !d->payload.recorded
                    ? "another tool loaded it"
                    : "it can't be applied twice and its file has gone or "
                      "changed");
        return ERROR_INVAL;
    }
    order_displaced(as);
    return 0;
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
                "nothing was replaced: one of the payloads is in the stack "
                "that they would displace");
        return ERROR_INVAL;
    }
    return 0;
}

/* All that can be said before anything changes. */
static int plan(libxl__gc *gc, apply_state *as)
{
    int i, rc;

    for (i = 0; i < as->num_members; i++) {
        rc = compare_member(gc, as, &as->members[i]);
        if (rc) goto out;
    }
    if (as->upload_only) {
        rc = 0;
        if (!as->members[0].present && !as->members[0].loaded) goto out;
        libxl__livepatch_conclude(gc, as->call.result,
                LIBXL_LIVEPATCH_OUTCOME_ALREADY,
                LIBXL_LIVEPATCH_REASON_NONE, NULL,
                "%s is loaded already", as->members[0].judgement->name);
        rc = ERROR_INVAL;
        goto out;
    }

    rc = check_present(gc, as);
    if (rc) goto out;
    rc = check_dependencies(gc, as);
    if (rc) goto out;
    if (as->call.params.replace) {
        rc = plan_replace(gc, as);
        if (rc) goto out;
    }
    rc = 0;

 out:
    return rc;
}

/*----- uploading -----*/

/*
 * Returns ERROR_FAIL when the call has been concluded.  A payload that is
 * loaded may have been reverted; where the hypervisor would then not apply
 * it, it is loaded anew.
 */
static int upload_members(libxl__gc *gc, apply_state *as)
{
    int i, r;

    for (i = 0; i < as->num_members; i++) {
        member *m = &as->members[i];

        if (m->present) continue;
        if (libxl__livepatch_call_aborted(&as->call)) {
            libxl__livepatch_conclude(gc, as->call.result,
                    LIBXL_LIVEPATCH_OUTCOME_FAILED,
                    LIBXL_LIVEPATCH_REASON_ABORTED, NULL, "aborted");
            return ERROR_FAIL;
        }
        if (m->loaded) {
            if (m->judgement->reapplicable) continue;
            as->call.changed = true;
            r = libxl__livepatch_do(gc, &m->name, LIVEPATCH_ACTION_UNLOAD,
                                    0, 0);
            if (r) {
                libxl__livepatch_conclude_errno(gc, as->call.result, r,
                    GCSPRINTF("%s could not be loaded anew",
                              m->judgement->name));
                return ERROR_FAIL;
            }
        }
        as->call.changed = true;
        r = libxl__livepatch_upload(gc, &m->name, &m->image);
        if (r) {
            conclude_upload(gc, as, m, r);
            if (m->loaded)
                libxl__livepatch_warn(gc, as->call.result,
                        "%s was loaded before, and is not any more",
                        m->judgement->name);
            return ERROR_FAIL;
        }
        m->uploaded = true;
    }
    return 0;
}

/*----- describing -----*/

/* What is known of a payload that we uploaded, for its record. */
static void describe_member(libxl__gc *gc, const member *m,
                            libxl_livepatch_payload *payload)
{
    const libxl_livepatch_judgement *const judgement = m->judgement;
    int i;

    payload->recorded = true;
    payload->build_id = libxl__strdup(NOGC, judgement->build_id);
    payload->depends = libxl__strdup(NOGC, judgement->depends);
    payload->file = libxl__strdup(NOGC, judgement->file);
    payload->sha256 = libxl__strdup(NOGC, judgement->sha256);
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
        if (!payload->recorded && (m->uploaded || m->present || m->loaded))
            describe_member(gc, m, payload);
        if (m->applied) payload->applied = time(NULL);

        shown = &result->payloads[result->num_payloads++];
        libxl_livepatch_payload_init(shown);
        libxl_livepatch_payload_copy(CTX, shown, payload);
    }
}

/*----- the transaction -----*/

static void apply_dispose(apply_state *as)
{
    int i;

    for (i = 0; i < as->num_members; i++)
        free(as->members[i].image.data);
    for (i = 0; i < as->num_displaced; i++) {
        libxl_livepatch_payload_dispose(&as->displaced[i].payload);
        free(as->displaced[i].image.data);
    }
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
    int i, rc;

    GCNEW(as);
    libxl__livepatch_call_init(&as->call, ao, op, params, result_r);
    if (as->call.params.replace)
        result_r->operation = LIBXL_LIVEPATCH_OPERATION_REPLACE;
    as->call.begun = apply_begun;
    as->upload_only = op == LIBXL_LIVEPATCH_OPERATION_UPLOAD;
    as->members = libxl__calloc(gc, num_files + 1, sizeof(*as->members));

    build_id = libxl__livepatch_xen_build_id(gc);
    if (build_id) result_r->xen_build_id = libxl__strdup(NOGC, build_id);

    result_r->judgements = libxl__calloc(NOGC, num_files + 1,
                                         sizeof(*result_r->judgements));
    for (i = 0; i < num_files; i++)
        libxl_livepatch_judgement_init(&result_r->judgements[i]);
    for (i = 0; i < num_files; i++) {
        as->members[i].judgement = &result_r->judgements[i];
        as->num_members = ++result_r->num_judgements;
        rc = judge_member(gc, as, &files[i], &as->members[i]);
        if (rc) goto out;
    }
    if (!num_files) {
        libxl__livepatch_conclude(gc, result_r,
                LIBXL_LIVEPATCH_OUTCOME_FAILED,
                LIBXL_LIVEPATCH_REASON_USAGE, NULL, "no file is given");
        goto out;
    }
    order_members(as);
    rc = check_duplicates(gc, as);
    if (rc) goto out;

    as->call.describe = apply_describe;
    libxl__livepatch_call_begin(egc, &as->call);
    return AO_INPROGRESS;

 out:
    apply_end(egc, as);
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

    rc = plan(gc, as);
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

    rc = upload_members(gc, as);
    if (rc) {
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
    lpa->rollback = as->call.undoing;
    lpa->callback = callback;
    libxl__livepatch_action_start(egc, lpa);
}

static void apply_next(libxl__egc *egc, apply_state *as)
{
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

    /* Nothing is undone from here on. */
    as->call.undoing = true;
    for (i = 0; i < as->num_displaced; i++) {
        displaced *d = &as->displaced[i];

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

static void undo_begin(libxl__egc *egc, apply_state *as)
{
    STATE_AO_GC(as->call.ao);
    libxl__livepatch_entry *entry;
    int i;

    as->call.undoing = true;

    /* What a failed replace left of the stack. */
    if (as->num_displaced) libxl__livepatch_reload(gc, &as->call);
    for (i = 0; i < as->num_displaced; i++) {
        displaced *d = &as->displaced[i];

        entry = libxl__livepatch_find_entry(&as->call.set, &d->name);
        d->settled = entry && entry->state == LIVEPATCH_STATE_APPLIED;
    }
    undo_next(egc, as);
}

/* Newest first; then the old stack, oldest first. */
static void undo_next(libxl__egc *egc, apply_state *as)
{
    displaced *d;
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
        if (!m->uploaded || m->loaded) continue;
        as->acting = m;
        act(egc, as, &m->name, LIBXL_LIVEPATCH_OPERATION_UNLOAD, undone);
        return;
    }
    for (i = 0; i < as->num_displaced; i++) {
        d = &as->displaced[i];
        if (d->settled) continue;
        as->displacing = d;
        act(egc, as, &d->name,
            d->image.data && !d->reloaded
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
    libxl_livepatch_result *const result = as->call.result;
    displaced *const d = as->displacing;
    member *const m = as->acting;
    bool unload = lpa->op == LIBXL_LIVEPATCH_OPERATION_UNLOAD;
    const char *name = m ? m->judgement->name : d->payload.name;
    int r = 0;

    if (lpa->outcome == LIBXL_LIVEPATCH_OUTCOME_DONE && d && unload) {
        r = libxl__livepatch_upload(gc, &d->name, &d->image);
        d->reloaded = !r;
    }
    if (lpa->outcome != LIBXL_LIVEPATCH_OUTCOME_DONE || r) {
        libxl__livepatch_conclude(gc, result,
                LIBXL_LIVEPATCH_OUTCOME_STRANDED,
                result->reason,
                d ? "The host may lack the fixes that it had.  See xl "
                    "livepatch list, and apply what is missing."
                  : "See xl livepatch list; revert and unload what should "
                    "not be there, newest first.",
                "%s; then %s could not be %s (error %d)",
                result->message, name,
                d ? "put back" : unload ? "unloaded" : "reverted",
                r ? -r : -lpa->rc);
        apply_end(egc, as);
        return;
    }

    if (d && !unload) {
        d->settled = true;
        libxl__livepatch_append(gc, &result->undone,
                                GCSPRINTF("applied %s again", name));
    } else if (m) {
        if (unload)
            m->uploaded = false;
        else
            m->applied = false;
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
