/* SPDX-License-Identifier: LGPL-2.1-only */
/*
 * Rules for what Xen makes use of in a payload, but for the functions that
 * are replaced: build-ids, metadata, hooks, and the tables that belong to
 * code.
 */

#include "libxl_osdeps.h" /* must come before any other headers */

#include "libxl_livepatch_judge.h"

/*----- build-ids -----*/

/*
 * No linker makes longer ones, and they serve as names elsewhere.  The
 * hypervisor has no limit.
 */
#define MAX_BUILD_ID 64

/* Whether the bytes of section are what Xen is going to see. */
static bool is_literal(libxl__livepatch_case *lpc,
                       const libxl__livepatch_section *section)
{
    libxl__livepatch_relocs relocs;
    bool ok;

    libxl__livepatch_relocs_init(lpc, section, &relocs);
    ok = !libxl__livepatch_is_relocated(&relocs, 0, section->size);
    libxl__livepatch_relocs_dispose(&relocs);
    if (!ok)
        LPC_ERROR(lpc, FORMAT, section->name, "A relocation changes "
                  "section %s, whose content has to be known before: "
                  "build the payload anew", section->name);
    return ok;
}

/* The build-id in the section called name; NULL without a good one. */
static char *read_build_id(libxl__livepatch_case *lpc, const char *name)
{
    const libxl__livepatch_section *section =
        libxl__livepatch_special(lpc, name);
    const uint8_t *id;
    char *hex;
    size_t len;

    if (!section || !is_literal(lpc, section)) return NULL;
    id = libxl__livepatch_elf_build_id(section, &len);
    if (!id || len > MAX_BUILD_ID) {
        LPC_ERROR(lpc, FORMAT, name, "Section %s doesn't begin with a "
                  "note of owner GNU, type 3 and 1 to %u bytes, which a "
                  "build-id is: link the payload with --build-id, and "
                  "with the notes of what it depends on", name,
                  MAX_BUILD_ID);
        return NULL;
    }
    hex = libxl__livepatch_hex(id, len);
    if (!hex) libxl__livepatch_keep_rc(lpc, ERROR_NOMEM);
    return hex;
}

/* Whether the criterion is hexadecimal; it may be of either case. */
static bool is_hex(const char *id)
{
    size_t len = strlen(id);

    return len && !(len % 2) &&
        strspn(id, "0123456789abcdefABCDEF") == len;
}

static void judge_xen_build_id(libxl__livepatch_case *lpc)
{
    const char *made_for = lpc->judgement->xen_build_id;
    const char *host = lpc->criteria ? lpc->criteria->xen_build_id : NULL;

    if (!host) return;
    if (!is_hex(host)) {
        LPC_ERROR(lpc, USAGE, NULL, "\"%s\" is no build-id to compare "
                  "with: give it in hexadecimal, as xl info shows it",
                  host);
        libxl__livepatch_keep_rc(lpc, ERROR_INVAL);
        return;
    }
    if (made_for && strcasecmp(made_for, host))
        LPC_ERROR(lpc, XEN_BUILD_ID, LIVEPATCH_XEN_DEPENDS, "The payload "
                  "is made for Xen build-id %s, this host runs %s: get "
                  "the payload that was built for this very package "
                  "version of Xen", made_for, host);
}

void libxl__livepatch_judge_build_ids(libxl__livepatch_case *lpc)
{
    libxl_livepatch_judgement *judgement = lpc->judgement;
    const char *own;

    judgement->build_id = read_build_id(lpc, LIVEPATCH_BUILD_ID);
    judgement->depends = read_build_id(lpc, LIVEPATCH_DEPENDS);
    judgement->xen_build_id = read_build_id(lpc, LIVEPATCH_XEN_DEPENDS);

    own = judgement->build_id;
    if (own && ((judgement->depends && !strcmp(own, judgement->depends)) ||
                (judgement->xen_build_id &&
                 !strcmp(own, judgement->xen_build_id))))
        LPC_ERROR(lpc, COLLISION, LIVEPATCH_BUILD_ID, "The payload's own "
                  "build-id, %s, is that of what it depends on: link it "
                  "with a build-id of its own", own);
    judge_xen_build_id(lpc);
}

/*----- metadata -----*/

void libxl__livepatch_judge_metadata(libxl__livepatch_case *lpc)
{
    libxl_livepatch_judgement *judgement = lpc->judgement;
    const libxl__livepatch_section *section =
        libxl__livepatch_special(lpc, ".modinfo");
    int r;

    if (section && is_literal(lpc, section)) {
        if (section->data[section->size - 1])
            LPC_ERROR(lpc, FORMAT, section->name, "The metadata in %s "
                      "doesn't end with a zero byte: end each key=value "
                      "with one", section->name);
        r = libxl__livepatch_split_metadata((const char *)section->data,
                                            section->size,
                                            &judgement->metadata,
                                            &judgement->num_metadata);
        if (r) libxl__livepatch_keep_rc(lpc, ERROR_NOMEM);
    }
    judgement->fixes = libxl__livepatch_fixes(judgement->metadata,
                                              judgement->num_metadata);
    if (!judgement->fixes) libxl__livepatch_keep_rc(lpc, ERROR_NOMEM);
}

/*----- hooks -----*/

static const struct {
    const char *name;
    bool single;                /* exactly one pointer; may be NULL */
    bool forbids_replace;
} hook_kinds[] = {
    { "load" },
    { "unload" },
    { "preapply", .single = true, .forbids_replace = true },
    { "apply", .single = true },
    { "postapply", .single = true, .forbids_replace = true },
    { "prerevert", .single = true, .forbids_replace = true },
    { "revert", .single = true },
    { "postrevert", .single = true, .forbids_replace = true },
};

/* The pointer at offset: whether there is a hook that Xen can call. */
static bool judge_hook(libxl__livepatch_case *lpc,
                       const libxl__livepatch_section *section,
                       const libxl__livepatch_relocs *relocs,
                       uint64_t offset, bool single)
{
    const char *name = section->name;
    libxl__livepatch_target target =
        libxl__livepatch_target_at(lpc, relocs, offset, R_X86_64_64);
    bool null = !libxl__livepatch_elf_number(section, offset, 8);

    if (target.kind == LIVEPATCH_TARGET_NONE && null) {
        if (single)
            LPC_WARNING(lpc, HOOK, name, "The hook in %s is a null "
                        "pointer, so nothing will be called: is a "
                        "relocation missing?", name);
        else
            LPC_ERROR(lpc, HOOK, name, "The hook at %s+%#"PRIx64" is a "
                      "null pointer, and calling it would crash the host: "
                      "build the payload anew", name, offset);
        return false;
    }
    if (target.kind == LIVEPATCH_TARGET_OUTSIDE)
        LPC_WARNING(lpc, HOOK, name, "The hook at %s+%#"PRIx64" is %s, "
                    "which is not in the payload: make sure that it may "
                    "be called as a hook", name, offset, target.symbol);
    else if (!libxl__livepatch_target_is_text(&target, 1))
        LPC_ERROR(lpc, HOOK, name, "The hook at %s+%#"PRIx64" doesn't "
                  "point to code of the payload, and calling it would "
                  "crash the host: build the payload anew", name, offset);
    return true;
}

/* Whether the section called so has any hook in it. */
static bool judge_hook_section(libxl__livepatch_case *lpc,
                               const char *name, bool single)
{
    const libxl__livepatch_section *section =
        libxl__livepatch_special(lpc, name);
    libxl__livepatch_relocs relocs;
    uint64_t offset;
    bool any = false;

    if (!section) return false;
    if (single && section->size != 8)
        LPC_ERROR(lpc, HOOK, name, "Section %s has %"PRIu64" hooks, and "
                  "Xen takes one: let one function call the others", name,
                  section->size / 8);

    libxl__livepatch_relocs_init(lpc, section, &relocs);
    for (offset = 0; offset < section->size; offset += 8)
        any |= judge_hook(lpc, section, &relocs, offset, single);
    libxl__livepatch_relocs_dispose(&relocs);
    return any;
}

void libxl__livepatch_judge_hooks(libxl__livepatch_case *lpc)
{
    libxl_livepatch_judgement *judgement = lpc->judgement;
    char section[sizeof(LIVEPATCH_HOOKS "postrevert")];
    size_t i, num = 0;

    judgement->replaceable = true;
    judgement->hooks = calloc(ARRAY_SIZE(hook_kinds) + 1,
                              sizeof(*judgement->hooks));
    if (!judgement->hooks) {
        libxl__livepatch_keep_rc(lpc, ERROR_NOMEM);
        return;
    }
    for (i = 0; i < ARRAY_SIZE(hook_kinds); i++) {
        snprintf(section, sizeof(section), LIVEPATCH_HOOKS "%s",
                 hook_kinds[i].name);
        if (!judge_hook_section(lpc, section, hook_kinds[i].single))
            continue;
        if (hook_kinds[i].forbids_replace) judgement->replaceable = false;
        judgement->hooks[num] = strdup(hook_kinds[i].name);
        if (judgement->hooks[num])
            num++;
        else
            libxl__livepatch_keep_rc(lpc, ERROR_NOMEM);
    }
}

/*----- tables that belong to code -----*/

/* struct alt_instr of the hypervisor, packed. */
#define ALT_SIZE       14
#define ALT_REPL       4
#define ALT_CPUID      8
#define ALT_ORIG_LEN   10
#define ALT_REPL_LEN   11
#define ALT_PAD_LEN    12
#define ALT_MAX_LEN    254
#define ALT_CPUID_NOT  0x8000U
/* CPU features are numbered in 32-bit words; no Xen has so many. */
#define ALT_MAX_CPUID  (64U * 32)

/* Where an entry of a table is, for messages. */
#define ENTRY_FMT "Entry %"PRIu64" of %s"

static void judge_alternative(libxl__livepatch_case *lpc,
                              const libxl__livepatch_section *section,
                              const libxl__livepatch_relocs *relocs,
                              const libxl__livepatch_section *replacements,
                              uint64_t at)
{
    const char *name = section->name;
    uint64_t entry = at / ALT_SIZE;
    unsigned int cpuid = libxl__livepatch_elf_number(section,
                                                     at + ALT_CPUID, 2);
    unsigned int repl_len = libxl__livepatch_elf_number(
        section, at + ALT_REPL_LEN, 1);
    unsigned int len =
        libxl__livepatch_elf_number(section, at + ALT_ORIG_LEN, 1) +
        libxl__livepatch_elf_number(section, at + ALT_PAD_LEN, 1);
    libxl__livepatch_target orig, repl;

    orig = libxl__livepatch_target_at(lpc, relocs, at, R_X86_64_PC32);
    repl = libxl__livepatch_target_at(lpc, relocs, at + ALT_REPL,
                                      R_X86_64_PC32);
    if (!libxl__livepatch_target_is_text(&orig, len))
        LPC_ERROR(lpc, FORMAT, name, ENTRY_FMT " is to change code that "
                  "is not in the payload, and would overwrite memory of "
                  "the host: build the payload anew", entry, name);
    if (repl.kind != LIVEPATCH_TARGET_PAYLOAD ||
        repl.section != replacements ||
        repl.offset > replacements->size ||
        repl_len > replacements->size - repl.offset)
        LPC_ERROR(lpc, FORMAT, name, ENTRY_FMT " takes code from outside "
                  "of .altinstr_replacement: build the payload anew",
                  entry, name);
    if (repl_len > len || len > ALT_MAX_LEN)
        LPC_ERROR(lpc, FORMAT, name, ENTRY_FMT " is to put %u bytes of "
                  "code into %u bytes, of at most %u, which would crash "
                  "the host: build the payload anew", entry, name,
                  repl_len, len, ALT_MAX_LEN);
    if ((cpuid & ~ALT_CPUID_NOT) >= ALT_MAX_CPUID)
        LPC_ERROR(lpc, FORMAT, name, ENTRY_FMT " depends on CPU feature "
                  "%u, which there is not, and that would crash the host: "
                  "build the payload anew", entry, name,
                  cpuid & ~ALT_CPUID_NOT);
}

static void judge_alternatives(libxl__livepatch_case *lpc)
{
    const libxl__livepatch_section *section, *replacements;
    libxl__livepatch_relocs relocs;
    uint64_t at;

    section = libxl__livepatch_special(lpc, ".altinstructions");
    if (!section || !section->size) return;
    replacements = libxl__livepatch_special(lpc, ".altinstr_replacement");
    if (!replacements) {
        LPC_ERROR(lpc, FORMAT, section->name, "Section %s is without the "
                  "section .altinstr_replacement that it takes code from: "
                  "build the payload anew", section->name);
        return;
    }
    libxl__livepatch_relocs_init(lpc, section, &relocs);
    for (at = 0; at < section->size; at += ALT_SIZE) {
        judge_alternative(lpc, section, &relocs, replacements, at);
        if (libxl__livepatch_is_relocated(&relocs, at + ALT_CPUID,
                                          ALT_SIZE - ALT_CPUID))
            LPC_ERROR(lpc, FORMAT, section->name, ENTRY_FMT " has its "
                      "lengths changed by a relocation: build the payload "
                      "anew", at / ALT_SIZE, section->name);
    }
    libxl__livepatch_relocs_dispose(&relocs);
}

/*
 * Tables whose entries begin with distances to code, each of them filled
 * in by a relocation.
 */
static void judge_code_table(libxl__livepatch_case *lpc, const char *name,
                             unsigned int step, uint64_t size)
{
    const libxl__livepatch_section *section =
        libxl__livepatch_special(lpc, name);
    libxl__livepatch_relocs relocs;
    libxl__livepatch_target target;
    uint64_t at;

    if (!section || !section->size) return;
    libxl__livepatch_relocs_init(lpc, section, &relocs);
    for (at = 0; at < section->size; at += step) {
        target = libxl__livepatch_target_at(lpc, &relocs, at,
                                            R_X86_64_PC32);
        if (!libxl__livepatch_target_is_text(&target, size))
            LPC_ERROR(lpc, FORMAT, name, "The distance at %s+%#"PRIx64" "
                      "doesn't lead to code of the payload: build the "
                      "payload anew", name, at);
    }
    libxl__livepatch_relocs_dispose(&relocs);
}

void libxl__livepatch_judge_tables(libxl__livepatch_case *lpc)
{
    judge_alternatives(lpc);
    /* Both the faulting instruction and where to go on. */
    judge_code_table(lpc, ".ex_table", 4, 1);
    /* Calls through a pointer, of 6 bytes each. */
    judge_code_table(lpc, ".alt_call_sites", 4, 6);
}

/*
 * Local variables:
 * mode: C
 * c-basic-offset: 4
 * indent-tabs-mode: nil
 * End:
 */
