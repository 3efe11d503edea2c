/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * .altinstructions: instructions that are replaced by others, which are in
 * .altinstr_replacement, if the processor has a feature or lacks it.
 */

#include <xen/errno.h>
#include <xen/lib.h>
#include <xen/string.h>

#include <asm/alternative.h>
#include <asm/cpufeature.h>

#include "addresses.h"
#include "alternative_calls.h"
#include "compat.h"
#include "layout.h"
#include "reason.h"
#include "tables.h"

#define SECTION      ".altinstructions"
#define REPLACEMENTS ".altinstr_replacement"

/* What the hypervisor's own code for this takes at most. */
#define LENGTH_MAX 254

static int check_place(const struct elf_view *elf,
                       const struct payload *payload,
                       const struct livepatch_span *replacements,
                       const struct alt_instr *alt, size_t i)
{
    unsigned int length = alt->orig_len + alt->pad_len;

    if ( !span_holds(&payload->image.text, ALT_ORIG_PTR(alt), length) )
        return refuse(elf->why, -EINVAL,
                      "section %s, entry %zu: %u bytes at %p, to be replaced, "
                      "are not in the payload's code",
                      SECTION, i, length, ALT_ORIG_PTR(alt));

    if ( alt->repl_len &&
         !span_holds(replacements, ALT_REPL_PTR(alt), alt->repl_len) )
        return refuse(elf->why, -EINVAL,
                      "section %s, entry %zu: the replacement, %u bytes at "
                      "%p, is not in section %s",
                      SECTION, i, alt->repl_len, ALT_REPL_PTR(alt),
                      REPLACEMENTS);

    return 0;
}

static int check_fields(const struct elf_view *elf,
                        const struct alt_instr *alt, size_t i)
{
    unsigned int length = alt->orig_len + alt->pad_len;
    unsigned int feature = alt->cpuid & ~ALT_FLAG_NOT;

    if ( alt->repl_len > length || length > LENGTH_MAX )
        return refuse(elf->why, -ENOSPC,
                      "section %s, entry %zu: %u bytes can't replace %u (of "
                      "at most %u)",
                      SECTION, i, alt->repl_len, length, LENGTH_MAX);

    if ( feature >= NCAPINTS * 32 )
        return refuse(elf->why, -ERANGE,
                      "section %s, entry %zu: there is no processor feature "
                      "%u, only %u",
                      SECTION, i, feature, NCAPINTS * 32);

    if ( alt->priv )
        return refuse(elf->why, -EINVAL,
                      "section %s, entry %zu is marked as done already",
                      SECTION, i);

    return 0;
}

/*
 * Up to 4.20, calls through pointers that never change are alternatives, too,
 * with a replacement that calls itself.  0xe8 is a call, 0xe9 a jump.
 */
static bool is_altcall(const struct alt_instr *alt)
{
    const uint8_t *orig = ALT_ORIG_PTR(alt), *repl = ALT_REPL_PTR(alt);
    int32_t displacement;

    if ( alt->cpuid != X86_FEATURE_ALWAYS ||
         alt->orig_len < ALTERNATIVE_CALL_SIZE ||
         alt->repl_len < 5 || (*repl & 0xfe) != 0xe8 )
        return false;

    memcpy(&displacement, repl + 1, sizeof(displacement));

    return displacement == -5 && orig[0] == 0xff &&
           orig[1] == (*repl & 1 ? 0x25 : 0x15);
}

/* Makes these direct, and marks them as done. */
static int apply_altcalls(const struct elf_view *elf,
                          struct payload *payload,
                          struct alt_instr *alts, size_t n)
{
    size_t i;

    for ( i = 0; i < n; i++ )
    {
        unsigned int length = alts[i].orig_len + alts[i].pad_len;
        uint8_t *orig = ALT_ORIG_PTR(&alts[i]);
        int rc;

        if ( !is_altcall(&alts[i]) )
            continue;

        rc = alternative_call_resolve(elf, payload, SECTION, i, orig);
        if ( rc )
            return rc;

        add_nops(orig + ALTERNATIVE_CALL_SIZE,
                 length - ALTERNATIVE_CALL_SIZE);
        alts[i].priv = 1;
    }

    return 0;
}

int alternatives_load(struct elf_view *elf, struct payload *payload)
{
    const struct elf_section *section = elf_find(elf, REPLACEMENTS);
    struct livepatch_span replacements = {};
    struct alt_instr *alts;
    void *records;
    size_t i, n;
    int rc = records_find(elf, SECTION, sizeof(*alts), &records, &n);

    alts = records;

    if ( section && section->loaded )
    {
        replacements.addr = section->loaded;
        replacements.size = section->header.sh_size;
    }

    for ( i = 0; !rc && i < n; i++ )
    {
        rc = check_place(elf, payload, &replacements, &alts[i], i);
        if ( !rc )
            rc = check_fields(elf, &alts[i], i);
    }

    if ( !rc )
        rc = apply_altcalls(elf, payload, alts, n);

    if ( !rc && n )
    {
        rc = compat_apply_alternatives(alts, alts + n);
        if ( rc )
            refuse_as(LIVEPATCH_REASON_HYPERVISOR, elf->why, rc,
                      "section %s: the hypervisor refuses it", SECTION);
    }

    return rc;
}

/*
 * Local variables:
 * mode: C
 * c-file-style: "BSD"
 * c-basic-offset: 4
 * tab-width: 4
 * indent-tabs-mode: nil
 * End:
 */
