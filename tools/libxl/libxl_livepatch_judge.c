/* SPDX-License-Identifier: LGPL-2.1-only */
/*
 * What speaks against a payload, found out before the hypervisor sees it.
 *
 * The rules are those of Xen's own loader, and besides them those that it
 * ought to have: a payload that breaks one of these would be loaded, and
 * take the host down sooner or later.
 */

#include "libxl_osdeps.h" /* must come before any other headers */

#include <sha2.h>

#include "libxl_livepatch_judge.h"
#include "libxl_livepatch_text.h"

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

static int append(libxl_livepatch_judgement *judgement,
                  libxl_livepatch_severity severity,
                  libxl_livepatch_reason reason,
                  const char *where, const char *message)
{
    libxl_livepatch_finding *findings, *finding;
    int num = judgement->num_findings;

    findings = realloc(judgement->findings, (num + 1) * sizeof(*findings));
    if (!findings) return ERROR_NOMEM;
    judgement->findings = findings;

    finding = &findings[num];
    libxl_livepatch_finding_init(finding);
    judgement->num_findings++;
    finding->severity = severity;
    finding->reason = reason;
    if (where) {
        finding->where = libxl__livepatch_printable(where, MAX_WHERE);
        if (!finding->where) return ERROR_NOMEM;
    }
    finding->message = libxl__livepatch_printable(message, MAX_MESSAGE);
    return finding->message ? 0 : ERROR_NOMEM;
}

static bool is_omission(const libxl_livepatch_finding *finding)
{
    return finding->message && !strcmp(finding->message, omission);
}

/*
 * Whether the list has room for one of that severity; if not, the last one
 * is to say that there is more.
 */
static bool has_room(libxl_livepatch_judgement *judgement,
                     libxl_livepatch_severity severity, int *rc_r)
{
    int num = judgement->num_findings;
    int max = severity == LIBXL_LIVEPATCH_SEVERITY_ERROR
        ? MAX_FINDINGS : MAX_DOUBTS;

    *rc_r = 0;
    if (num < max) return true;
    if (!is_omission(&judgement->findings[num - 1]))
        *rc_r = append(judgement, LIBXL_LIVEPATCH_SEVERITY_NOTE,
                       LIBXL_LIVEPATCH_REASON_NONE, NULL, omission);
    return false;
}

int libxl__livepatch_find(libxl_livepatch_judgement *judgement,
                          libxl_livepatch_severity severity,
                          libxl_livepatch_reason reason,
                          const char *where, const char *fmt, ...)
{
    char *message;
    va_list ap;
    int rc, r;

    if (severity == LIBXL_LIVEPATCH_SEVERITY_ERROR)
        judgement->acceptable = false;
    if (!has_room(judgement, severity, &rc)) return rc;

    va_start(ap, fmt);
    r = vasprintf(&message, fmt, ap);
    va_end(ap);
    if (r < 0) return ERROR_NOMEM;

    rc = append(judgement, severity, reason, where, message);
    free(message);
    return rc;
}

/* What the file is, whatever it holds. */
static int identify(const libxl__livepatch_image *image,
                    libxl_livepatch_judgement *judgement)
{
    uint8_t digest[SHA256_DIGEST_LENGTH];
    SHA2_CTX context;

    SHA256Init(&context);
    SHA256Update(&context, image->data, image->size);
    SHA256Final(digest, &context);

    judgement->size = image->size;
    judgement->sha256 = libxl__livepatch_hex(digest, sizeof(digest));
    return judgement->sha256 ? 0 : ERROR_NOMEM;
}

/*
 * Xen applies a payload again after a revert only if it has no data of its
 * own that might have changed meanwhile.
 */
static bool is_reapplicable(const libxl__livepatch_elf *elf)
{
    const libxl__livepatch_section *section;
    size_t i;

    for (i = 1; i < elf->num_sections; i++) {
        section = &elf->sections[i];
        if (libxl__livepatch_is_loaded(section) &&
            (section->flags & SHF_WRITE) && section->size &&
            strcmp(section->name, LIVEPATCH_FUNCS))
            return false;
    }
    return true;
}

static bool has_errors(const libxl_livepatch_judgement *judgement)
{
    int i;

    for (i = 0; i < judgement->num_findings; i++) {
        if (judgement->findings[i].severity ==
            LIBXL_LIVEPATCH_SEVERITY_ERROR)
            return true;
    }
    return false;
}

static void judge_content(libxl__livepatch_case *lpc)
{
    libxl__livepatch_judge_header(lpc);
    libxl__livepatch_judge_sections(lpc);
    libxl__livepatch_judge_symbols(lpc);
    libxl__livepatch_judge_relocs(lpc);
    libxl__livepatch_judge_build_ids(lpc);
    libxl__livepatch_judge_metadata(lpc);
    libxl__livepatch_judge_hooks(lpc);
    libxl__livepatch_judge_functions(lpc);
    libxl__livepatch_judge_tables(lpc);
    lpc->judgement->reapplicable = is_reapplicable(&lpc->elf);
    if (lpc->criteria && lpc->criteria->xen_syms)
        libxl__livepatch_judge_xen_syms(lpc);
}

int libxl__livepatch_judge(const libxl__livepatch_image *image,
                           const libxl_livepatch_criteria *criteria,
                           libxl_livepatch_judgement *judgement)
{
    libxl__livepatch_case lpc = {
        .criteria = criteria,
        .judgement = judgement,
    };
    int rc;

    rc = identify(image, judgement);
    if (rc) goto out;
    rc = libxl__livepatch_elf_open(&lpc.elf, image,
                                   judgement->file ? : "The payload",
                                   judgement);
    if (rc == ERROR_INVAL) {
        /* The findings say it; judging itself has succeeded. */
        rc = 0;
        goto out;
    }
    if (rc) goto out;

    judge_content(&lpc);
    rc = lpc.rc;
    judgement->acceptable = !rc && !has_errors(judgement);
 out:
    libxl__livepatch_elf_close(&lpc.elf);
    free(lpc.records);
    return rc;
}

/*
 * Local variables:
 * mode: C
 * c-basic-offset: 4
 * indent-tabs-mode: nil
 * End:
 */
