/* SPDX-License-Identifier: GPL-2.0-only */
/* Relocation sections: which field, by which symbol. */
#include <xen/errno.h>
#include <xen/inttypes.h>
#include <xen/lib.h>
#include <xen/string.h>

#include "arch.h"
#include "reason.h"
#include "relocate.h"

/* Whether a symbol has an address, so that a field can refer to it. */
static int check_symbol(const struct elf_view *elf,
                        const struct elf_section *table, unsigned int index,
                        uint64_t symbol)
{
    if ( symbol == STN_UNDEF )
        return refuse(elf->why, -EOPNOTSUPP,
                      "%s: relocation %u is against no symbol",
                      table->name, index);

    if ( symbol >= elf->nsymbols )
        return refuse(elf->why, -EINVAL,
                      "%s: relocation %u is against symbol %"PRIu64" of %u",
                      table->name, index, symbol, elf->nsymbols);

    if ( !elf->symbols[symbol].resolved )
    {
        const struct elf_symbol *entry = &elf->symbols[symbol];

        return refuse(elf->why, -EINVAL,
                      "%s: relocation %u is against symbol %"PRIu64" (%s), "
                      "whose section %s is not loaded",
                      table->name, index, symbol, entry->name,
                      elf->sections[entry->section].name);
    }

    return 0;
}

static const char *why_not(int rc)
{
    switch ( rc )
    {
    case -EOPNOTSUPP:
        return "the type is not known";

    case -EOVERFLOW:
        return "the result does not fit the field";

    default:
        return "the field is not within the section";
    }
}

static int relocate_one(const struct elf_view *elf,
                        const struct elf_section *table,
                        const struct elf_section *target, unsigned int index)
{
    const struct elf_symbol *symbol;
    uint64_t room = target->header.sh_size;
    Elf_RelA entry;
    int rc;

    memcpy(&entry, table->data + index * sizeof(entry), sizeof(entry));

    rc = check_symbol(elf, table, index, ELF_R_SYM(entry.r_info));
    if ( rc )
        return rc;

    symbol = &elf->symbols[ELF_R_SYM(entry.r_info)];

    if ( entry.r_offset <= room )
        rc = arch_relocate(ELF_R_TYPE(entry.r_info),
                           target->loaded + entry.r_offset,
                           room - entry.r_offset,
                           symbol->value + entry.r_addend);
    else
        rc = -EINVAL;

    if ( rc )
        return refuse(elf->why, rc,
                      "%s: relocation %u of type %u, at %s+%#"PRIx64" against "
                      "%s (%#"PRIx64") %+"PRId64": %s",
                      table->name, index,
                      (unsigned int)ELF_R_TYPE(entry.r_info), target->name,
                      entry.r_offset,
                      symbol->name[0] ? symbol->name : "a section",
                      symbol->value, entry.r_addend, why_not(rc));

    return 0;
}

static int check_table(const struct elf_view *elf,
                       const struct elf_section *table)
{
    if ( table->header.sh_type == SHT_REL )
        return refuse(elf->why, -EOPNOTSUPP,
                      "section %s: relocations without addends are not known",
                      table->name);

    if ( table->header.sh_link != elf->symtab )
        return refuse(elf->why, -EINVAL,
                      "section %s: its symbols are in section %u instead of %u",
                      table->name, table->header.sh_link, elf->symtab);

    if ( table->header.sh_entsize != sizeof(Elf_RelA) ||
         table->header.sh_size % sizeof(Elf_RelA) )
        return refuse(elf->why, -EINVAL,
                      "section %s: %#"PRIx64" bytes in entries of %"PRIu64
                      " instead of %zu",
                      table->name, table->header.sh_size,
                      table->header.sh_entsize, sizeof(Elf_RelA));

    return 0;
}

int relocate_sections(struct elf_view *elf)
{
    unsigned int i, j;

    for ( i = 1; i < elf->nsections; i++ )
    {
        const struct elf_section *table = &elf->sections[i], *target;
        uint32_t index = table->header.sh_info;
        int rc;

        if ( table->header.sh_type != SHT_RELA &&
             table->header.sh_type != SHT_REL )
            continue;

        if ( !index || index >= elf->nsections )
            return refuse(elf->why, -EINVAL,
                          "section %s relocates section %u of %u",
                          table->name, index, elf->nsections);

        target = &elf->sections[index];
        if ( !target->loaded )
            continue;

        rc = check_table(elf, table);

        for ( j = 0; !rc && j < table->header.sh_size / sizeof(Elf_RelA); j++ )
            rc = relocate_one(elf, table, target, j);

        if ( rc )
            return rc;
    }

    return 0;
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
