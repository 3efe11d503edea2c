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
    if (!rc && !m->name.len) rc = ERROR_INVAL;
    if (rc) {
        libxl__livepatch_conclude(gc, result,
                LIBXL_LIVEPATCH_OUTCOME_FAILED,
                LIBXL_LIVEPATCH_REASON_USAGE,
                "Give another one with --name.",
                "\"%s\" can't be the name of a payload, which has 1 to %d "
                "bytes, none of them zero", judgement->name,
                XEN_LIVEPATCH_NAME_SIZE - 1);
        goto out;
    }

    if (libxl__livepatch_read(file->path, &m->image, judgement)) {
        libxl__ptr_add(gc, m->image.data);
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
                if (j != i && same_id(depends[chosen], ids[order_r[j]]))
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
        if (same_id(as->call.payloads[i].build_id, id))
            return &set->entries[i];
    return NULL;
}

/* An upload that the hypervisor says itself why it refused. */
static void conclude_refusal(libxl__gc *gc, apply_state *as,
                             const char *file,
                             libxl_livepatch_reason reason, int r,
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
    };
    const char *advice = "The fault is the payload's: show these words to "
                         "who made it.";
    int i;

    as->call.told = true;
    if (reason == LIBXL_LIVEPATCH_REASON_NONE)
        reason = r == -EEXIST ? LIBXL_LIVEPATCH_REASON_COLLISION
               : r == -ENOMEM ? LIBXL_LIVEPATCH_REASON_MEMORY
                              : LIBXL_LIVEPATCH_REASON_HYPERVISOR;
    for (i = 0; i < ARRAY_SIZE(advices); i++)
        if (advices[i].reason == reason) advice = advices[i].advice;
    libxl__livepatch_conclude(gc, as->call.result,
            LIBXL_LIVEPATCH_OUTCOME_FAILED, reason, advice,
            "%s was refused by the hypervisor: %s", file, failure);
}

void libxl__livepatch_conclude_upload(libxl__gc *gc, apply_state *as,
                                      const member *m, int r)
{
    libxl_livepatch_result *const result = as->call.result;
    const char *failure =
        libxl__livepatch_upload_failure(gc, &as->call.reporter, &m->name, r);
    char *reported[] = { (char *)failure, NULL };
    char **lines = failure
        ? reported
        : libxl__livepatch_console_since(gc, &as->call.seen);
    const char *line = NULL;
    libxl_livepatch_reason reason =
        libxl__livepatch_console_reason(lines, &line);
    const char *file = m->judgement->file;

    if (failure) {
        conclude_refusal(gc, as, file, reason, r, failure);
        return;
    }
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
                "%s was refused by the hypervisor: %s", file, line);
    else
        libxl__livepatch_conclude_errno(gc, result, r,
                GCSPRINTF("%s was refused by the hypervisor", file));
}

/* Payloads of this name are only to find something out. */
#define PROBE "xl-livepatch-probe"

/* A call that was killed may have left its probe behind. */
static void sweep_probe(libxl__gc *gc, apply_state *as)
{
    const libxl__livepatch_name probe = {
        .bytes = (char *)PROBE, .len = strlen(PROBE),
    };

    if (!libxl__livepatch_find_entry(&as->call.set, &probe) ||
        libxl__livepatch_do(gc, &probe, LIVEPATCH_ACTION_UNLOAD, 0, 0))
        return;

    as->call.changed = true;
    as->call.changes++;
    libxl__livepatch_reload(gc, &as->call);
}

static int count_foreign(const apply_state *as)
{
    int i, num = 0;

    for (i = 0; i < as->call.set.num; i++)
        num += !as->call.payloads[i].build_id;
    return num;
}

/*
 * Whether the payload that another tool has loaded under the name of m is
 * the one in m's file: a payload whose build-id is loaded already is
 * refused under any name.  Returns ERROR_INVAL after concluding the call.
 */
static int probe_foreign(libxl__gc *gc, apply_state *as, member *m)
{
    const libxl__livepatch_name probe = {
        .bytes = (char *)PROBE, .len = strlen(PROBE),
    };
    char **lines;
    int r;

    /* It would then be loaded, but perhaps under another name. */
    if (count_foreign(as) > 1) {
        libxl__livepatch_conclude(gc, as->call.result,
                LIBXL_LIVEPATCH_OUTCOME_FAILED,
                LIBXL_LIVEPATCH_REASON_COLLISION,
                "Handle it with the tool that loaded it, or unload it; or "
                "give another name with --name.",
                "%s was not applied: other tools loaded several payloads, "
                "and whether the one called %s is this one can't be known",
                m->judgement->file, m->judgement->name);
        return ERROR_INVAL;
    }

    r = libxl__livepatch_upload(gc, &probe, &m->image);
    if (!r) {
        as->call.changed = true;
        r = libxl__livepatch_do(gc, &probe, LIVEPATCH_ACTION_UNLOAD, 0, 0);
        as->call.changes += r ? 1 : 2;
        if (r)
            libxl__livepatch_conclude(gc, as->call.result,
                LIBXL_LIVEPATCH_OUTCOME_STRANDED,
                LIBXL_LIVEPATCH_REASON_COLLISION,
                "Run xl livepatch unload " PROBE ".",
                "%s was not applied: another payload is loaded under the "
                "name %s; and %s, which was loaded to find that out, could "
                "not be unloaded: %s", m->judgement->file,
                m->judgement->name, probe.bytes, strerror(-r));
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
    if (r == -EEXIST && libxl__livepatch_console_reason(lines, NULL) !=
                            LIBXL_LIVEPATCH_REASON_COLLISION)
        return 0;

    libxl__livepatch_conclude_upload(gc, as, m, r);
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

    if (!payload->build_id && as->call.params.dry_run) {
        libxl__livepatch_warn(gc, as->call.result,
                "another tool loaded a payload under the name %s; whether "
                "it is this one is not known before it is tried",
                payload->name);
        return 0;
    } else if (!payload->build_id) {
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
    /*
     * What was reverted may not be applicable again.  And what builds on
     * another payload may use symbols of that, which has moved if it was
     * loaded anew since.  Neither is so with engines that report: they
     * restore a payload's data, and don't unload what another one uses.
     */
    m->anew = m->loaded && !as->call.reporter.available &&
              (!m->judgement->reapplicable ||
               !same_id(m->judgement->depends,
                        as->call.result->xen_build_id));
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
                same_id(lpc->payloads[j].depends, p->build_id))
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
        if (top.build_id && !same_id(m->judgement->depends, top.build_id)) {
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
                    "top of the stack would be %s (%s)", m->judgement->file,
                    m->judgement->depends, top.build_id, top.what);
            return ERROR_INVAL;
        }
        top = (stack_top){ m->judgement->build_id, m->judgement->name };
    }
    return 0;
}

/*----- what replace displaces -----*/

/* Whether d could be applied again; if it is to be anew, reads its file. */
static bool can_put_back(libxl__gc *gc, displaced_payload *d)
{
    libxl_livepatch_judgement again;
    char *path;
    size_t len;
    bool ok = false;

    if (!d->payload.recorded) return false;
    if (!d->anew) return true;
    if (!d->payload.file || !d->payload.sha256) return false;

    path = libxl__livepatch_bytes(d->payload.file, &len);
    if (!path) return false;
    libxl_livepatch_judgement_init(&again);
    if (libxl__livepatch_read(path, &d->image, &again) &&
        !libxl__livepatch_judge(&d->image, NULL, &again) &&
        again.sha256)
        ok = !strcmp(again.sha256, d->payload.sha256);
    libxl__ptr_add(gc, d->image.data);
    /* Another file must not take its place. */
    if (!ok) d->image.data = NULL;
    libxl_livepatch_judgement_dispose(&again);
    free(path);
    return ok;
}

/*
 * Into the order in which they were applied.  Records tell the second, the
 * hypervisor's report the microsecond, and dependencies decide where they
 * tell more; those of one call are in that order from the start.
 */
static void order_displaced(libxl__gc *gc, apply_state *as)
{
    int num = as->num_displaced, i, j;
    const char **ids = libxl__calloc(gc, num + 1, sizeof(*ids));
    const char **depends = libxl__calloc(gc, num + 1, sizeof(*depends));
    int *order = libxl__calloc(gc, num + 1, sizeof(*order));
    displaced_payload *ordered = libxl__calloc(gc, num + 1, sizeof(*ordered));

    for (i = 1; i < num; i++) {
        displaced_payload later = as->displaced[i];

        for (j = i; j > 0 && as->displaced[j - 1].applied_us >
                                 later.applied_us; j--)
            as->displaced[j] = as->displaced[j - 1];
        as->displaced[j] = later;
    }
    for (i = 0; i < num; i++) {
        ids[i] = as->displaced[i].payload.build_id;
        depends[i] = as->displaced[i].payload.depends;
    }
    order_stack(num, ids, depends, order);
    for (i = 0; i < num; i++)
        ordered[i] = as->displaced[order[i]];
    as->displaced = ordered;
}

/* Whether all that will be displaced could be put back. */
static int check_undo(libxl__gc *gc, apply_state *as)
{
    bool anew = false;
    int i;

    /* An engine that reports replaces all or nothing, and applies again. */
    if (as->call.reporter.available) return 0;

    for (i = 0; i < as->num_displaced; i++) {
        displaced_payload *d = &as->displaced[i];

        /* What lies above one that moves may use symbols of it. */
        if (!d->payload.reapplicable) anew = true;
        d->anew = anew;
        if (can_put_back(gc, d) || as->call.params.no_undo) continue;

        libxl__livepatch_conclude(gc, as->call.result,
                LIBXL_LIVEPATCH_OUTCOME_FAILED,
                LIBXL_LIVEPATCH_REASON_CANNOT_UNDO,
                "Revert and unload it yourself, or accept with --no-undo "
                "that the host may be left unpatched.",
                "%s was not applied: it would displace %s, which could not "
                "be put back if it failed, as %s",
                as->members[0].judgement->file, d->payload.name,
                !d->payload.recorded
                    ? "another tool loaded it"
                    : "it would have to be loaded anew and its file has "
                      "gone or changed");
        return ERROR_INVAL;
    }
    return 0;
}

static uint64_t applied_us(libxl__gc *gc, libxl__livepatch_call *lpc,
                           const displaced_payload *d)
{
    uint64_t us = d->payload.applied * 1000000;
    libxl_livepatch_report report;

    if (libxl__livepatch_get_report(gc, &lpc->reporter, &d->name, &report))
        return us;

    if (report.finished_us) us = report.finished_us;
    libxl_livepatch_report_dispose(&report);
    return us;
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
        displaced_payload *d = &as->displaced[as->num_displaced];

        if (lpc->payloads[i].state != LIBXL_LIVEPATCH_STATE_APPLIED)
            continue;
        d->name = lpc->set.entries[i].name;
        libxl_livepatch_payload_init(&d->payload);
        libxl_livepatch_payload_copy(CTX, &d->payload, &lpc->payloads[i]);
        d->applied_us = applied_us(gc, lpc, d);
        as->num_displaced++;
    }
    order_displaced(gc, as);
    return check_undo(gc, as);
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
int libxl__livepatch_plan(libxl__gc *gc, apply_state *as)
{
    int i, rc;

    if (!as->call.params.dry_run) sweep_probe(gc, as);

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

/*
 * Local variables:
 * mode: C
 * c-basic-offset: 4
 * indent-tabs-mode: nil
 * End:
 */
