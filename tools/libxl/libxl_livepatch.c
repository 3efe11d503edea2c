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
    int r;

    id->len = max_len;
    r = xc_version(CTX->xch, XENVER_build_id, id);
    if (r <= 0) return NULL;

    return libxl__livepatch_owned(NOGC, xenlivepatch_hex(id->buf, r));
}

int libxl__livepatch_get_payloads(libxl__gc *gc,
                                  libxl__livepatch_any result,
                                  libxl__livepatch_reporter *lpr,
                                  const libxl__livepatch_known *known,
                                  const char *name)
{
    libxl_livepatch_listing *const listing = result.listing;
    libxl_livepatch_payload *payloads;
    libxl__livepatch_set set;
    int i, rc;

    rc = libxl__livepatch_get_set(gc, result, &set);
    if (rc) return rc;

    libxl__livepatch_reporter_init(gc, lpr);
    payloads = libxl__livepatch_describe(gc, lpr, known, &set);
    listing->xen_build_id = libxl__livepatch_xen_build_id(gc);
    listing->payloads = payloads;
    for (i = 0; i < set.num; i++) {
        if (!name || !strcmp(name, set.entries[i].name))
            payloads[listing->num_payloads++] = payloads[i];
        else
            libxl_livepatch_payload_dispose(&payloads[i]);
    }
    return 0;
}

bool libxl_livepatch_same_fix(const char *a, const char *b)
{
    for (;;) {
        while (*a && !CTYPE(isalnum, *a)) a++;
        while (*b && !CTYPE(isalnum, *b)) b++;
        if (!*a || !*b) return *a == *b;
        if (CTYPE(tolower, *a++) != CTYPE(tolower, *b++)) return false;
    }
}

int libxl_livepatch_list(libxl_ctx *ctx,
                         libxl_livepatch_listing *listing_r)
{
    GC_INIT(ctx);
    libxl__livepatch_reporter reporter;
    libxl__livepatch_notes notes;
    int rc;

    listing_r->operation = LIBXL_LIVEPATCH_OPERATION_LIST;
    libxl__livepatch_notes_load(gc, &notes);
    rc = libxl__livepatch_get_payloads(gc, listing_r, &reporter,
                                       &notes.known, NULL);
    libxl__livepatch_notes_dispose(&notes);
    if (!rc)
        libxl__livepatch_succeed(gc, listing_r,
                                 LIBXL_LIVEPATCH_OUTCOME_DONE,
                                 "payloads loaded: %d",
                                 listing_r->num_payloads);
    rc = libxl__livepatch_outcome_rc(listing_r);

    GC_FREE;
    return rc;
}

int libxl_livepatch_info(libxl_ctx *ctx, const char *name,
                         libxl_livepatch_details *details_r)
{
    GC_INIT(ctx);
    const char *text = libxl__livepatch_text(gc, name);
    libxl__livepatch_reporter reporter;
    const char *wanted;
    libxl__livepatch_notes notes;
    libxl_livepatch_report report;
    int rc, r;

    details_r->operation = LIBXL_LIVEPATCH_OPERATION_LIST;
    rc = libxl__livepatch_take_name(gc, details_r, name, &wanted);
    if (rc) goto out;

    libxl__livepatch_notes_load(gc, &notes);
    rc = libxl__livepatch_get_payloads(gc, details_r, &reporter,
                                       &notes.known, wanted);
    libxl__livepatch_notes_dispose(&notes);
    if (rc) goto out;

    if (!details_r->num_payloads) {
        libxl__livepatch_conclude_errno(gc, details_r, -ENOENT,
                                        GCSPRINTF("cannot show %s", text));
        goto out;
    }
    r = libxl__livepatch_get_report(gc, &reporter, wanted, 0, &report);
    if (!r) {
        details_r->reports = libxl__calloc(NOGC, 1, sizeof(report));
        details_r->reports[0] = report;
        details_r->num_reports = 1;
    }
    libxl__livepatch_succeed(gc, details_r, LIBXL_LIVEPATCH_OUTCOME_DONE,
                             "%s is loaded", details_r->payloads[0].name);

 out:
    rc = libxl__livepatch_outcome_rc(details_r);
    GC_FREE;
    return rc;
}

/*----- checking, which needs no ctx -----*/

static int check_file(const libxl_livepatch_file *file,
                      const libxl_livepatch_criteria *criteria,
                      libxl_livepatch_judgement *judgement)
{
    libxl__livepatch_image image = {};
    int rc;

    judgement->file = xenlivepatch_text(file->path, strlen(file->path));
    judgement->name = file->name
                          ? strdup(file->name)
                          : xenlivepatch_default_name(file->path);
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

static void conclude_check(libxl_livepatch_verdict *verdict)
{
    const libxl_livepatch_finding *error;
    int i, bad = 0;

    for (i = 0; i < verdict->num_judgements; i++) {
        if (verdict->judgements[i].acceptable) continue;
        error = libxl__livepatch_first_error(&verdict->judgements[i]);
        if (error && verdict->reason == LIBXL_LIVEPATCH_REASON_NONE)
            verdict->reason = error->reason;
        bad++;
    }
    verdict->outcome = bad ? LIBXL_LIVEPATCH_OUTCOME_FAILED
                           : LIBXL_LIVEPATCH_OUTCOME_DONE;
    if (asprintf(&verdict->message, "%d of %d payloads can be applied",
                 verdict->num_judgements - bad,
                 verdict->num_judgements) < 0)
        verdict->message = NULL;
}

int libxl_livepatch_check(const libxl_livepatch_file *files, int num_files,
                          const libxl_livepatch_criteria *criteria,
                          libxl_livepatch_verdict *verdict_r)
{
    int i, rc;

    verdict_r->operation = LIBXL_LIVEPATCH_OPERATION_CHECK;
    if (criteria && criteria->xen_build_id) {
        verdict_r->xen_build_id = strdup(criteria->xen_build_id);
        if (!verdict_r->xen_build_id) goto nomem;
    }
    verdict_r->judgements = calloc(num_files + 1,
                                   sizeof(*verdict_r->judgements));
    if (!verdict_r->judgements) goto nomem;

    for (i = 0; i < num_files; i++) {
        libxl_livepatch_judgement *judgement =
            &verdict_r->judgements[verdict_r->num_judgements++];

        libxl_livepatch_judgement_init(judgement);
        rc = check_file(&files[i], criteria, judgement);
        if (rc == ERROR_NOMEM) goto nomem;
    }
    conclude_check(verdict_r);
    return libxl__livepatch_outcome_rc(verdict_r);

 nomem:
    verdict_r->outcome = LIBXL_LIVEPATCH_OUTCOME_FAILED;
    verdict_r->reason = LIBXL_LIVEPATCH_REASON_MEMORY;
    return ERROR_NOMEM;
}

/*
 * Local variables:
 * mode: C
 * c-basic-offset: 4
 * indent-tabs-mode: nil
 * End:
 */
