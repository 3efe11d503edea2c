/* SPDX-License-Identifier: LGPL-2.1-only */
/*
 * What libxenlivepatch finds out about a payload, in libxl's types.
 */

#include "libxl_osdeps.h" /* must come before any other headers */

#include "libxl_livepatch_internal.h"

static libxl_livepatch_reason reason_of(xenlivepatch_reason reason)
{
    switch (reason) {
#define SAME(reason)                                                    \
    case XENLIVEPATCH_REASON_##reason:                                  \
        return LIBXL_LIVEPATCH_REASON_##reason
    SAME(NONE);
    SAME(USAGE);
    SAME(FILE);
    SAME(FORMAT);
    SAME(XEN_BUILD_ID);
    SAME(SYMBOL);
    SAME(COLLISION);
    SAME(EXPECTATION);
    SAME(HOOK);
    SAME(MEMORY);
    SAME(SIGNATURE);
#undef SAME
    }
    return LIBXL_LIVEPATCH_REASON_INTERNAL;
}

static libxl_livepatch_severity severity_of(xenlivepatch_severity severity)
{
    return severity == XENLIVEPATCH_ERROR ? LIBXL_LIVEPATCH_SEVERITY_ERROR
        : severity == XENLIVEPATCH_WARNING
        ? LIBXL_LIVEPATCH_SEVERITY_WARNING : LIBXL_LIVEPATCH_SEVERITY_NOTE;
}

static int errno_to_rc(int r)
{
    return !r ? 0 : r == ENOMEM ? ERROR_NOMEM : ERROR_INVAL;
}

static int take_findings(xenlivepatch_payload *payload,
                         libxl_livepatch_judgement *judgement)
{
    libxl_livepatch_finding *findings;
    size_t i;

    judgement->acceptable = payload->acceptable;
    if (!payload->num_findings) return 0;
    findings = realloc(judgement->findings,
                       (judgement->num_findings + payload->num_findings) *
                       sizeof(*findings));
    if (!findings) return ENOMEM;
    judgement->findings = findings;
    findings += judgement->num_findings;
    for (i = 0; i < payload->num_findings; i++) {
        findings[i].severity = severity_of(payload->findings[i].severity);
        findings[i].reason = reason_of(payload->findings[i].reason);
        MOVE(findings[i].where, payload->findings[i].where);
        MOVE(findings[i].message, payload->findings[i].message);
    }
    judgement->num_findings += payload->num_findings;
    return 0;
}

static int take_metadata(xenlivepatch_metadata *from, size_t num,
                         libxl_livepatch_metadata **md_r, int *num_r)
{
    libxl_livepatch_metadata *md;
    size_t i;

    if (!num) return 0;
    md = calloc(num, sizeof(*md));
    if (!md) return ENOMEM;
    for (i = 0; i < num; i++) {
        MOVE(md[i].key, from[i].key);
        MOVE(md[i].value, from[i].value);
    }
    *md_r = md;
    *num_r = num;
    return 0;
}

static int take_functions(xenlivepatch_payload *payload,
                          libxl_livepatch_judgement *judgement)
{
    const xenlivepatch_function *from;
    libxl_livepatch_function *to;
    size_t i;

    if (!payload->num_functions) return 0;
    judgement->functions = calloc(payload->num_functions,
                                  sizeof(*judgement->functions));
    if (!judgement->functions) return ENOMEM;
    judgement->num_functions = payload->num_functions;
    for (i = 0; i < payload->num_functions; i++) {
        from = &payload->functions[i];
        to = &judgement->functions[i];
        MOVE(to->name, payload->functions[i].name);
        to->old_size = from->old_size;
        to->new_size = from->new_size;
        to->nop = from->nop;
        if (from->old_addr &&
            asprintf(&to->old_addr, "0x%"PRIx64, from->old_addr) < 0) {
            to->old_addr = NULL;
            return ENOMEM;
        }
    }
    return 0;
}

/* Each kind once: those of one kind follow each other. */
static int take_hooks(const xenlivepatch_payload *payload,
                      libxl_livepatch_judgement *judgement)
{
    const char *kind;
    size_t i, num = 0;

    judgement->hooks = calloc(payload->num_hooks + 1,
                              sizeof(*judgement->hooks));
    if (!judgement->hooks) return ENOMEM;
    for (i = 0; i < payload->num_hooks; i++) {
        kind = payload->hooks[i].kind;
        if (num && !strcmp(kind, judgement->hooks[num - 1])) continue;
        judgement->hooks[num] = strdup(kind);
        if (!judgement->hooks[num++]) return ENOMEM;
    }
    return 0;
}

static int take_content(xenlivepatch_payload *payload,
                        libxl_livepatch_judgement *judgement)
{
    judgement->size = payload->size;
    MOVE(judgement->sha256, payload->sha256);
    MOVE(judgement->build_id, payload->build_id);
    MOVE(judgement->depends, payload->depends);
    MOVE(judgement->xen_build_id, payload->xen_build_id);
    MOVE(judgement->signer, payload->signer);
    judgement->reapplicable = payload->reapplicable;
    judgement->replaceable = payload->replaceable;
    MOVE(judgement->fixes, payload->fixes);
    return take_metadata(payload->metadata, payload->num_metadata,
                         &judgement->metadata,
                         &judgement->num_metadata) ? :
        take_functions(payload, judgement) ? :
        take_hooks(payload, judgement);
}

bool libxl__livepatch_read(const char *path,
                           libxl__livepatch_image *image_r,
                           libxl_livepatch_judgement *judgement)
{
    xenlivepatch_payload *payload = xenlivepatch_new();
    int r = payload ? xenlivepatch_read(payload, path) : ENOMEM;

    if (!r) {
        MOVE(image_r->data, payload->data);
        image_r->size = payload->size;
    } else if (payload) {
        /* Where memory doesn't suffice for this, false has to do. */
        take_findings(payload, judgement);
    }
    xenlivepatch_free(payload);
    return !r;
}

int libxl__livepatch_judge(const libxl__livepatch_image *image,
                           const libxl_livepatch_criteria *criteria,
                           bool *force_io,
                           libxl_livepatch_judgement *judgement)
{
    xenlivepatch_payload *payload = xenlivepatch_new();
    xenlivepatch_criteria wanted = { .force = force_io && *force_io };
    int r, taken;

    if (criteria) {
        wanted.xen_build_id = criteria->xen_build_id;
        wanted.xen_syms = criteria->xen_syms;
        wanted.keys = criteria->keys;
    }
    r = payload ? xenlivepatch_judge(payload, image->data, image->size,
                                     judgement->file ? : "The payload",
                                     &wanted)
                : ENOMEM;
    if (payload) {
        taken = take_findings(payload, judgement) ? :
            take_content(payload, judgement);
        if (taken) r = taken;
        if (force_io) *force_io = payload->forced;
    }
    if (r) judgement->acceptable = false;
    xenlivepatch_free(payload);
    return errno_to_rc(r);
}

const libxl_livepatch_finding *
libxl__livepatch_first_error(const libxl_livepatch_judgement *judgement)
{
    int i;

    for (i = 0; i < judgement->num_findings; i++)
        if (judgement->findings[i].severity ==
            LIBXL_LIVEPATCH_SEVERITY_ERROR)
            return &judgement->findings[i];
    return NULL;
}

int libxl__livepatch_split_metadata(const char *bytes, size_t len,
                                    libxl_livepatch_metadata **md_r,
                                    int *num_r, libxl_string_list *fixes_r)
{
    xenlivepatch_metadata *metadata = NULL;
    size_t num = 0;
    int r;

    r = xenlivepatch_split_metadata(bytes, len, &metadata, &num);
    if (!r) {
        *fixes_r = xenlivepatch_fixes(metadata, num);
        r = *fixes_r ? take_metadata(metadata, num, md_r, num_r) : ENOMEM;
    }
    xenlivepatch_metadata_free(metadata, num);
    return r;
}

/*
 * Local variables:
 * mode: C
 * c-basic-offset: 4
 * indent-tabs-mode: nil
 * End:
 */
