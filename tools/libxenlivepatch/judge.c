/* SPDX-License-Identifier: LGPL-2.1-only */
/*
 * What speaks against a payload, found out before the hypervisor sees it.
 *
 * The rules are those of Xen's own loaders, and besides them those that
 * they ought to have: a payload that breaks one of these would be loaded,
 * and take the host down sooner or later.
 */

#include "private.h"

/*
 * A damaged file can break some rule thousands of times.  Errors may fill
 * the list, anything else half of it: so no flood of warnings hides them.
 */
#define MAX_FINDINGS 64
#define MAX_DOUBTS   (MAX_FINDINGS / 2)

/* Names in a payload can be as long as the payload. */
#define MAX_WHERE   256
#define MAX_MESSAGE 8192

static const char omission[] = "There is more of this kind: the list of "
    "findings is full.";

void *xlp_alloc(xlp_case *c, size_t num, size_t size)
{
    void *memory = calloc(num ? num : 1, size);

    if (!memory) xlp_keep_rc(c, ENOMEM);
    return memory;
}

char *xlp_kept(xlp_case *c, char *string)
{
    if (!string) xlp_keep_rc(c, ENOMEM);
    return string;
}

/*----- findings -----*/

static void append(xlp_case *c, xenlivepatch_severity severity,
                   xenlivepatch_reason reason, const char *where,
                   const char *message)
{
    xenlivepatch_payload *payload = c->payload;
    xenlivepatch_finding *findings, *finding;

    findings = realloc(payload->findings, (payload->num_findings + 1) *
                       sizeof(*findings));
    if (!findings) {
        xlp_keep_rc(c, ENOMEM);
        return;
    }
    payload->findings = findings;
    finding = &findings[payload->num_findings++];
    finding->severity = severity;
    finding->reason = reason;
    finding->where = where
        ? xlp_kept(c, xenlivepatch_printable(where, MAX_WHERE, false))
        : NULL;
    finding->message =
        xlp_kept(c, xenlivepatch_printable(message, MAX_MESSAGE, false));
}

static bool is_omission(const xenlivepatch_finding *finding)
{
    return finding->message && !strcmp(finding->message, omission);
}

/*
 * Whether the list has room for one of that severity; if not, the last one
 * is to say that there is more.
 */
static bool has_room(xlp_case *c, xenlivepatch_severity severity)
{
    const xenlivepatch_payload *payload = c->payload;

    if (payload->num_findings <
        (severity == XENLIVEPATCH_ERROR ? MAX_FINDINGS : MAX_DOUBTS))
        return true;
    if (!is_omission(&payload->findings[payload->num_findings - 1]))
        append(c, XENLIVEPATCH_NOTE, XENLIVEPATCH_REASON_NONE, NULL,
               omission);
    return false;
}

void xlp_find(xlp_case *c, xlp_weight weight, xenlivepatch_reason reason,
              const char *where, const char *fmt, ...)
{
    xenlivepatch_severity severity = XENLIVEPATCH_ERROR;
    char *message;
    va_list ap;
    int r;

    if (weight == XLP_WARNING)
        severity = XENLIVEPATCH_WARNING;
    if (weight == XLP_CAUTION && c->criteria->force) {
        severity = XENLIVEPATCH_WARNING;
        c->payload->forced = true;
    }
    if (severity == XENLIVEPATCH_ERROR)
        c->payload->acceptable = false;
    if (!has_room(c, severity)) return;

    va_start(ap, fmt);
    r = vasprintf(&message, fmt, ap);
    va_end(ap);
    if (r < 0) {
        xlp_keep_rc(c, ENOMEM);
        return;
    }
    append(c, severity, reason, where, message);
    free(message);
}

/*----- a payload -----*/

xenlivepatch_payload *xenlivepatch_new(void)
{
    return calloc(1, sizeof(xenlivepatch_payload));
}

static void free_contents(xenlivepatch_payload *payload)
{
    size_t i;

    for (i = 0; i < payload->num_functions; i++) {
        free(payload->functions[i].name);
        free(payload->functions[i].replacement);
    }
    for (i = 0; i < payload->num_hooks; i++)
        free(payload->hooks[i].function);
    for (i = 0; i < payload->num_sections; i++)
        free(payload->sections[i].name);
    for (i = 0; i < payload->num_symbols; i++)
        free(payload->symbols[i].name);
    free(payload->functions);
    free(payload->hooks);
    free(payload->sections);
    free(payload->symbols);
}

void xenlivepatch_free(xenlivepatch_payload *payload)
{
    size_t i;

    if (!payload) return;
    for (i = 0; i < payload->num_findings; i++) {
        free(payload->findings[i].where);
        free(payload->findings[i].message);
    }
    free(payload->findings);
    free(payload->data);
    free(payload->sha256);
    free(payload->signer);
    free(payload->build_id);
    free(payload->depends);
    free(payload->xen_build_id);
    xenlivepatch_metadata_free(payload->metadata, payload->num_metadata);
    xenlivepatch_strings_free(payload->fixes);
    free_contents(payload);
    free(payload);
}

/*----- judging -----*/

/*
 * Xen applies a payload again after a revert only if it has no data of its
 * own that might have changed meanwhile.
 */
static bool is_reapplicable(const xlp_elf *elf)
{
    const xlp_section *section;
    size_t i;

    for (i = 1; i < elf->num_sections; i++) {
        section = &elf->sections[i];
        if (xlp_is_loaded(section) && (section->flags & SHF_WRITE) &&
            section->size && strcmp(section->name, XENLIVEPATCH_FUNCS))
            return false;
    }
    return true;
}

static void judge(xlp_case *c)
{
    xlp_judge_header(c);
    xlp_judge_sections(c);
    xlp_judge_symbols(c);
    xlp_judge_relocs(c);
    c->payload->replaceable = true;
    xlp_judge_contents(c);
    c->payload->fixes = xenlivepatch_fixes(c->payload->metadata,
                                           c->payload->num_metadata);
    if (!c->payload->fixes) xlp_keep_rc(c, ENOMEM);
    c->payload->reapplicable = is_reapplicable(&c->elf);
    xlp_compare_build_ids(c);
    xlp_describe(c);
    if (c->criteria->xen_syms && !c->rc)
        xlp_judge_xen_syms(c);
}

int xenlivepatch_judge(xenlivepatch_payload *payload, const void *data,
                       size_t size, const char *label,
                       const xenlivepatch_criteria *criteria)
{
    static const xenlivepatch_criteria none = {};
    uint8_t digest[XLP_SHA256_LEN];
    xlp_case c = {
        .criteria = criteria ? criteria : &none,
        .payload = payload,
    };
    int rc;

    xlp_sha256(data, size, digest);
    payload->size = size;
    payload->sha256 = xenlivepatch_hex(digest, sizeof(digest));
    if (!payload->sha256) return ENOMEM;

    payload->acceptable = true;
    rc = xlp_open(&c, &c.elf, data, size, label);
    if (!rc) {
        xlp_judge_signature(&c, data, size);
        judge(&c);
        rc = c.rc;
    } else if (rc == EINVAL) {
        /* The findings say it; judging itself has succeeded. */
        rc = 0;
    }
    if (rc) payload->acceptable = false;
    xlp_elf_close(&c.elf);
    free(c.records);
    return rc;
}

int xenlivepatch_read(xenlivepatch_payload *payload, const char *path)
{
    static const xenlivepatch_criteria none = {};
    xlp_case c = { .criteria = &none, .payload = payload };
    int rc;

    rc = xlp_read_file(&c, path, XENLIVEPATCH_MAX_SIZE, "Xen takes no "
                       "bigger payload; if it is one, strip its debug "
                       "information (strip --strip-debug)",
                       &payload->data, &payload->size);
    if (rc == ENOMEM)
        REFUSED(&c, MEMORY, path, "%s can't be read: there is not enough "
                "memory in this domain", path);
    return rc;
}
