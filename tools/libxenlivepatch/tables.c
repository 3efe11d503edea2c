/* SPDX-License-Identifier: LGPL-2.1-only */
/*
 * Rules for the tables that go with code.  Engines differ in what they
 * look at here, and none of them finds all of it.
 */

#include "private.h"

/* struct alt_instr of the hypervisor, packed. */
#define ALT_REPL       4
#define ALT_CPUID      8
#define ALT_ORIG_LEN   10
#define ALT_REPL_LEN   11
#define ALT_PAD_LEN    12
#define ALT_DONE       13
#define ALT_MAX_LEN    254
#define ALT_CPUID_NOT  0x8000U
/* CPU features are numbered in 32-bit words; no Xen has so many. */
#define ALT_MAX_CPUID  (64U * 32)

/* Where an entry of a table is, for messages. */
#define ENTRY_FMT "Entry %"PRIu64" of %s"

static void judge_alternative(xlp_case *c, const xlp_section *section,
                              const xlp_relocs *relocs,
                              const xlp_section *replacements,
                              uint64_t at, uint64_t entry)
{
    const char *name = section->name;
    unsigned int cpuid = xlp_number(section, at + ALT_CPUID, 2) &
        ~ALT_CPUID_NOT;
    unsigned int repl_len = xlp_number(section, at + ALT_REPL_LEN, 1);
    unsigned int len = xlp_number(section, at + ALT_ORIG_LEN, 1) +
        xlp_number(section, at + ALT_PAD_LEN, 1);
    xlp_target orig, repl;

    orig = xlp_target_at(c, relocs, at, R_X86_64_PC32);
    repl = xlp_target_at(c, relocs, at + ALT_REPL, R_X86_64_PC32);
    if (!xlp_target_is_text(&orig, len))
        CAUTION(c, FORMAT, name, ENTRY_FMT " is to change code that is "
                "not in the payload, and would overwrite memory of the "
                "host: build the payload anew", entry, name);
    if (repl.kind != XLP_TARGET_PAYLOAD || repl.section != replacements ||
        repl.offset > replacements->size ||
        repl_len > replacements->size - repl.offset)
        CAUTION(c, FORMAT, name, ENTRY_FMT " takes code from outside of "
                ".altinstr_replacement: build the payload anew", entry,
                name);
    if (repl_len > len || len > ALT_MAX_LEN)
        CAUTION(c, FORMAT, name, ENTRY_FMT " is to put %u bytes of code "
                "into %u bytes, of at most %u, which would crash the "
                "host: build the payload anew", entry, name, repl_len,
                len, ALT_MAX_LEN);
    if (xlp_number(section, at + ALT_DONE, 1))
        CAUTION(c, FORMAT, name, ENTRY_FMT " is marked as done already, "
                "and Xen would leave it out: build the payload anew",
                entry, name);
    if (cpuid >= ALT_MAX_CPUID)
        CAUTION(c, FORMAT, name, ENTRY_FMT " depends on CPU feature %u, "
                "which there is not, and that would crash the host: build "
                "the payload anew", entry, name, cpuid);
}

void xlp_judge_alternatives(xlp_case *c, const xlp_section *section,
                            const xlp_rule *rule)
{
    const xlp_section *replacements =
        xlp_special(c, ".altinstr_replacement");
    xlp_relocs relocs;
    uint64_t at, entry;

    if (!replacements) {
        CAUTION(c, FORMAT, section->name, "Section %s is without the "
                "section .altinstr_replacement that it takes code from: "
                "build the payload anew", section->name);
        return;
    }
    xlp_relocs_init(c, section, &relocs);
    for (at = 0; at < section->size; at += rule->entry) {
        entry = at / rule->entry;
        judge_alternative(c, section, &relocs, replacements, at, entry);
        if (xlp_is_relocated(&relocs, at + ALT_CPUID,
                             rule->entry - ALT_CPUID))
            CAUTION(c, FORMAT, section->name, ENTRY_FMT " has its lengths "
                    "changed by a relocation: build the payload anew",
                    entry, section->name);
    }
    xlp_relocs_dispose(&relocs);
}

/*
 * A table of distances to size bytes of code, each of them filled in by a
 * relocation.
 */
static void judge_distances(xlp_case *c, const xlp_section *section,
                            uint64_t size)
{
    xlp_relocs relocs;
    xlp_target target;
    uint64_t at;

    xlp_relocs_init(c, section, &relocs);
    for (at = 0; at < section->size; at += 4) {
        target = xlp_target_at(c, &relocs, at, R_X86_64_PC32);
        if (!xlp_target_is_text(&target, size))
            CAUTION(c, FORMAT, section->name, "The distance at "
                    "%s+%#"PRIx64" doesn't lead to code of the payload: "
                    "build the payload anew", section->name, at);
    }
    xlp_relocs_dispose(&relocs);
}

/*
 * Where BUG() and the like are: a distance of 24 bits, with bits of the
 * number of the line above it.
 */
void xlp_judge_bug_frames(xlp_case *c, const xlp_section *section,
                          const xlp_rule *rule)
{
    xlp_relocs relocs;
    xlp_target target;
    uint64_t at;

    xlp_relocs_init(c, section, &relocs);
    for (at = 0; at < section->size; at += rule->entry) {
        target = xlp_target_at(c, &relocs, at, R_X86_64_PC32);
        target.offset = (int32_t)((uint32_t)target.offset << 8) >> 8;
        if (!xlp_target_is_text(&target, 1))
            CAUTION(c, FORMAT, section->name, ENTRY_FMT " is not about "
                    "code of the payload: build the payload anew",
                    at / rule->entry, section->name);
    }
    xlp_relocs_dispose(&relocs);
}

/* Both the faulting instruction and where to go on. */
void xlp_judge_exceptions(xlp_case *c, const xlp_section *section,
                          const xlp_rule *rule)
{
    judge_distances(c, section, 1);
}

/* Calls through a pointer, of 6 bytes each. */
void xlp_judge_alternative_calls(xlp_case *c, const xlp_section *section,
                                 const xlp_rule *rule)
{
    judge_distances(c, section, 6);
}
