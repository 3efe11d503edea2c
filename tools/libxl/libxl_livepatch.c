/* SPDX-License-Identifier: LGPL-2.1-only */
/*
 * Live patching: the calls that only look.
 */

#include "libxl_osdeps.h"

#include "libxl_livepatch_internal.h"

char *libxl__livepatch_xen_build_id(libxl__gc *gc)
{
    /* Far more than any build-id has; Xen itself says if it was not. */
    const size_t max_len = 256;
    xen_build_id_t *id = libxl__zalloc(gc, sizeof(*id) + max_len);
    char *hex, *kept;
    int r;

    id->len = max_len;
    r = xc_version(CTX->xch, XENVER_build_id, id);
    if (r <= 0) return NULL;

    hex = libxl__livepatch_hex(id->buf, r);
    if (!hex) libxl__alloc_failed(CTX, __func__, 0, 0);
    kept = libxl__strdup(gc, hex);
    free(hex);
    return kept;
}

/* What the hypervisor reports of a payload, if it does. */
static void add_report(libxl__gc *gc, libxl__livepatch_reporter *lpr,
                       const libxl__livepatch_name *name,
                       libxl_livepatch_result *result)
{
    libxl_livepatch_report report;

    if (libxl__livepatch_get_report(gc, lpr, name, &report)) return;

    result->reports = libxl__calloc(NOGC, 1, sizeof(*result->reports));
    result->reports[0] = report;
    result->num_reports = 1;
}

/* All payloads, or the one that is called name, which text stands for. */
static int list_payloads(libxl__gc *gc, const char *text,
                         const libxl__livepatch_name *name,
                         libxl_livepatch_result *result)
{
    libxl__livepatch_reporter reporter;
    libxl_livepatch_payload *payloads;
    libxl__livepatch_notes notes;
    libxl__livepatch_set set;
    const char *build_id;
    int i, rc, r;

    result->operation = LIBXL_LIVEPATCH_OPERATION_LIST;
    r = libxl__livepatch_get_set(gc, &set);
    if (r) {
        libxl__livepatch_conclude_errno(gc, result, r,
                                        "cannot list the live patches");
        goto out;
    }
    libxl__livepatch_reporter_init(gc, &reporter);
    libxl__livepatch_notes_load(gc, &notes);
    rc = libxl__livepatch_describe(gc, &reporter, &notes.known, &set,
                                   &payloads);
    libxl__livepatch_notes_dispose(&notes);
    if (rc) {
        libxl__livepatch_conclude_errno(gc, result, -ENOMEM,
                                        "cannot list the live patches");
        goto out;
    }

    build_id = libxl__livepatch_xen_build_id(gc);
    if (build_id) result->xen_build_id = libxl__strdup(NOGC, build_id);
    result->payloads = libxl__calloc(NOGC, set.num + 1,
                                     sizeof(*result->payloads));
    for (i = 0; i < set.num; i++) {
        if (!name ||
            libxl__livepatch_same_name(name, &set.entries[i].name))
            result->payloads[result->num_payloads++] = payloads[i];
        else
            libxl_livepatch_payload_dispose(&payloads[i]);
    }
    free(payloads);
    if (name) add_report(gc, &reporter, name, result);

    if (name && !result->num_payloads)
        libxl__livepatch_conclude_errno(gc, result, -ENOENT,
                                        GCSPRINTF("cannot show %s", text));
    else
        libxl__livepatch_conclude(gc, result, LIBXL_LIVEPATCH_OUTCOME_DONE,
                                  LIBXL_LIVEPATCH_REASON_NONE, NULL,
                                  "payloads loaded: %d", set.num);

 out:
    return libxl__livepatch_outcome_rc(result);
}

int libxl_livepatch_list(libxl_ctx *ctx, libxl_livepatch_result *result_r)
{
    GC_INIT(ctx);
    int rc;

    rc = list_payloads(gc, NULL, NULL, result_r);

    GC_FREE;
    return rc;
}

int libxl_livepatch_info(libxl_ctx *ctx, const char *name,
                         libxl_livepatch_result *result_r)
{
    GC_INIT(ctx);
    libxl__livepatch_name wanted;
    int rc;

    rc = libxl__livepatch_parse_name(gc, name, &wanted);
    if (rc) {
        libxl__livepatch_conclude(gc, result_r,
                LIBXL_LIVEPATCH_OUTCOME_FAILED,
                LIBXL_LIVEPATCH_REASON_USAGE, NULL,
                "\"%s\" can't be the name of a payload", name);
        goto out;
    }
    rc = list_payloads(gc, name, &wanted, result_r);

 out:
    GC_FREE;
    return rc;
}

/*----- checking; this works without a ctx -----*/

static int check_file(const libxl_livepatch_file *file,
                      const libxl_livepatch_criteria *criteria,
                      libxl_livepatch_judgement *judgement)
{
    libxl__livepatch_image image = {};
    int rc;

    judgement->file = libxl__livepatch_text(file->path,
                                            strlen(file->path));
    judgement->name = file->name
                          ? strdup(file->name)
                          : libxl__livepatch_default_name(file->path);
    if (!judgement->file || !judgement->name) {
        rc = ERROR_NOMEM;
        goto out;
    }
    if (!libxl__livepatch_read(file->path, &image, judgement)) {
        rc = 0;
        goto out;
    }
    rc = libxl__livepatch_judge(&image, criteria, NULL, judgement);

 out:
    free(image.data);
    return rc;
}

static void conclude_check(libxl_livepatch_result *result)
{
    int i, j, bad = 0;

    for (i = 0; i < result->num_judgements; i++) {
        const libxl_livepatch_judgement *judgement = &result->judgements[i];

        if (judgement->acceptable) continue;
        bad++;
        for (j = 0; j < judgement->num_findings; j++) {
            const libxl_livepatch_finding *f = &judgement->findings[j];

            if (f->severity == LIBXL_LIVEPATCH_SEVERITY_ERROR &&
                result->reason == LIBXL_LIVEPATCH_REASON_NONE)
                result->reason = f->reason;
        }
    }
    result->outcome = bad ? LIBXL_LIVEPATCH_OUTCOME_FAILED
                          : LIBXL_LIVEPATCH_OUTCOME_DONE;
    if (asprintf(&result->message, "%d of %d payloads can be applied",
                 result->num_judgements - bad, result->num_judgements) < 0)
        result->message = NULL;
}

int libxl_livepatch_check(libxl_ctx *ctx,
                          const libxl_livepatch_file *files, int num_files,
                          const libxl_livepatch_criteria *criteria,
                          libxl_livepatch_result *result_r)
{
    libxl_livepatch_criteria wanted = {};
    int i, rc;

    if (criteria) wanted = *criteria;
    result_r->operation = LIBXL_LIVEPATCH_OPERATION_CHECK;

    if (ctx) {
        GC_INIT(ctx);
        const char *running = libxl__livepatch_xen_build_id(gc);

        if (running)
            result_r->xen_build_id = libxl__strdup(NOGC, running);
        if (!wanted.xen_build_id)
            wanted.xen_build_id = result_r->xen_build_id;
        GC_FREE;
    }

    result_r->judgements = calloc(num_files + 1,
                                  sizeof(*result_r->judgements));
    if (!result_r->judgements) {
        rc = ERROR_NOMEM;
        goto out;
    }
    for (i = 0; i < num_files; i++) {
        libxl_livepatch_judgement *judgement =
            &result_r->judgements[result_r->num_judgements++];

        libxl_livepatch_judgement_init(judgement);
        rc = check_file(&files[i], &wanted, judgement);
        if (rc == ERROR_NOMEM) goto out;
    }
    conclude_check(result_r);
    rc = libxl__livepatch_outcome_rc(result_r);

 out:
    if (rc == ERROR_NOMEM) {
        result_r->outcome = LIBXL_LIVEPATCH_OUTCOME_FAILED;
        result_r->reason = LIBXL_LIVEPATCH_REASON_MEMORY;
    }
    return rc;
}

/*
 * Local variables:
 * mode: C
 * c-basic-offset: 4
 * indent-tabs-mode: nil
 * End:
 */
