/* SPDX-License-Identifier: LGPL-2.1-only */
/*
 * Rules for relocations, and where they make places point to.
 */

#include "private.h"

/* Bytes that a relocation changes; 0: a type that no engine knows. */
static unsigned int reloc_size(uint32_t type)
{
    switch (type) {
    case R_X86_64_64:
    case R_X86_64_PC64:
        return 8;
    case R_X86_64_PC32:
    case R_X86_64_PLT32:
    case R_X86_64_32:
    case R_X86_64_32S:
        return 4;
    case R_X86_64_16:
    case R_X86_64_PC16:
        return 2;
    case R_X86_64_8:
    case R_X86_64_PC8:
        return 1;
    default:
        return 0;
    }
}

/* Whether a stock engine knows it, too. */
static bool is_usual(uint32_t type)
{
    return type == R_X86_64_64 || type == R_X86_64_PC32 ||
        type == R_X86_64_PLT32;
}

/* What type means for the place: PLT32 is PC32 where there is no PLT. */
static uint32_t plain_type(uint32_t type)
{
    return type == R_X86_64_PLT32 ? R_X86_64_PC32 : type;
}

/* Whether a distance to there fits into 4 bytes, as far as is known. */
static bool is_near(const xlp_symbol *symbol, int64_t addend)
{
    uint64_t value = symbol->section == SHN_UNDEF ? 0 : symbol->value;
    uint64_t distance = value + addend;

    return distance + INT32_MAX <= 2 * (uint64_t)INT32_MAX;
}

static void judge_reloc(xlp_case *c, const xlp_section *target,
                        const xlp_reloc *reloc)
{
    const xlp_elf *elf = &c->elf;
    const char *name = target->name;
    xlp_symbol symbol;
    unsigned int size = reloc_size(reloc->type);

    if (!reloc->symbol || reloc->symbol >= elf->num_symbols) {
        REFUSED(c, FORMAT, name, "A relocation at %s+%#"PRIx64" names "
                "symbol %u, and Xen needs one of 1 to %zu: the file is "
                "damaged, get it again", name, reloc->offset,
                reloc->symbol, elf->num_symbols - 1);
        return;
    }
    symbol = xlp_elf_symbol(elf, reloc->symbol);
    if (symbol.section != SHN_UNDEF &&
        symbol.section < elf->num_sections &&
        !xlp_is_loaded(&elf->sections[symbol.section]))
        REFUSED(c, FORMAT, name, "A relocation at %s+%#"PRIx64" needs "
                "an address in section %s, which isn't loaded: fix the "
                "flags of that section", name, reloc->offset,
                elf->sections[symbol.section].name);
    if (reloc->type == R_X86_64_NONE) return;
    if (!is_usual(reloc->type))
        xlp_find(c, size ? XLP_CAUTION : XLP_REFUSED,
                 XENLIVEPATCH_REASON_FORMAT, name, "A relocation at "
                 "%s+%#"PRIx64" is of type %u, and a stock Xen knows "
                 "R_X86_64_64, PC32 and PLT32 only: compile with Xen's "
                 "own flags", name, reloc->offset, reloc->type);
    else if (reloc->offset >= target->size ||
             target->size - reloc->offset < size)
        REFUSED(c, FORMAT, name, "A relocation at %s+%#"PRIx64" goes "
                "beyond the section's %"PRIu64" bytes: the file is "
                "damaged, get it again", name, reloc->offset,
                target->size);
    else if (size == 4 && symbol.section != SHN_ABS &&
             !is_near(&symbol, reloc->addend))
        REFUSED(c, FORMAT, name, "A relocation at %s+%#"PRIx64" is to "
                "put a distance of more than 2 GiB into 4 bytes: the "
                "file is damaged, get it again", name, reloc->offset);
}

static void judge_reloc_section(xlp_case *c, const xlp_section *section)
{
    const xlp_elf *elf = &c->elf;
    const xlp_section *target = xlp_relocated(elf, section);
    const char *name = section->name;
    xlp_reloc reloc;
    size_t i;

    if (!target) {
        CAUTION(c, FORMAT, name, "The relocations in %s are for "
                "section %u, which there is not: the file is damaged, "
                "get it again", name, section->info);
        return;
    }
    /* What isn't loaded, Xen doesn't relocate either. */
    if (!xlp_is_loaded(target)) return;

    if (!xlp_has_symtab(elf, section))
        REFUSED(c, FORMAT, name, "The relocations in %s take symbols "
                "from section %u instead of %s: the file is damaged, "
                "get it again", name, section->link,
                elf->sections[elf->symtab].name);
    if (section->type == SHT_REL && section->size)
        REFUSED(c, FORMAT, name, "The relocations in %s are without "
                "addends (REL), which Xen refuses: build the payload "
                "for 64-bit x86", name);
    for (i = 0; i < xlp_num_relocs(section); i++) {
        reloc = xlp_reloc_at(section, i);
        judge_reloc(c, target, &reloc);
    }
}

void xlp_judge_relocs(xlp_case *c)
{
    const xlp_section *section;
    size_t i;

    for (i = 1; i < c->elf.num_sections; i++) {
        section = &c->elf.sections[i];
        if (xlp_has_relocs(section))
            judge_reloc_section(c, section);
    }
}

static int compare_relocs(const void *a, const void *b)
{
    const xlp_reloc *one = a;
    const xlp_reloc *other = b;

    return (one->offset > other->offset) - (one->offset < other->offset);
}

void xlp_relocs_init(xlp_case *c, const xlp_section *section,
                     xlp_relocs *relocs)
{
    const xlp_elf *elf = &c->elf;
    const xlp_section *from;
    size_t i, j, most = 0;

    memset(relocs, 0, sizeof(*relocs));
    for (i = 1; i < elf->num_sections; i++) {
        if (xlp_relocated(elf, &elf->sections[i]) == section)
            most += xlp_num_relocs(&elf->sections[i]);
    }
    if (!most) return;
    relocs->relocs = xlp_alloc(c, most, sizeof(*relocs->relocs));
    if (!relocs->relocs) return;

    for (i = 1; i < elf->num_sections; i++) {
        from = &elf->sections[i];
        if (xlp_relocated(elf, from) != section) continue;
        for (j = 0; j < xlp_num_relocs(from); j++) {
            relocs->relocs[relocs->num] =
                xlp_reloc_at(from, j);
            relocs->num += !!reloc_size(relocs->relocs[relocs->num].type);
        }
    }
    qsort(relocs->relocs, relocs->num, sizeof(*relocs->relocs),
          compare_relocs);
}

void xlp_relocs_dispose(xlp_relocs *relocs)
{
    free(relocs->relocs);
    memset(relocs, 0, sizeof(*relocs));
}

/* The first relocation at offset or behind it. */
static size_t first_reloc(const xlp_relocs *relocs, uint64_t offset)
{
    size_t low = 0, high = relocs->num, middle;

    while (low < high) {
        middle = low + (high - low) / 2;
        if (relocs->relocs[middle].offset < offset)
            low = middle + 1;
        else
            high = middle;
    }
    return low;
}

/*
 * How many relocations change any of size bytes from offset on, but no
 * more than two; the last of them in *reloc_r.
 */
static unsigned int find_relocs(const xlp_relocs *relocs, uint64_t offset,
                                uint64_t size, const xlp_reloc **reloc_r)
{
    size_t i = first_reloc(relocs, offset > 7 ? offset - 7 : 0);
    const xlp_reloc *reloc;
    unsigned int found = 0;

    for (; i < relocs->num && found < 2; i++) {
        reloc = &relocs->relocs[i];
        if (reloc->offset >= offset + size) break;
        if (reloc->offset + reloc_size(reloc->type) <= offset) continue;
        *reloc_r = reloc;
        found++;
    }
    return found;
}

bool xlp_is_relocated(const xlp_relocs *relocs, uint64_t offset,
                      uint64_t size)
{
    const xlp_reloc *reloc;

    return find_relocs(relocs, offset, size, &reloc);
}

xlp_target
xlp_target_at(const xlp_case *c, const xlp_relocs *relocs, uint64_t offset,
              uint32_t type)
{
    const xlp_elf *elf = &c->elf;
    xlp_target target = { .kind = XLP_TARGET_BAD };
    const xlp_reloc *reloc;
    const xlp_section *section;
    xlp_symbol symbol;
    unsigned int found;

    found = find_relocs(relocs, offset, reloc_size(type), &reloc);
    if (!found) {
        target.kind = XLP_TARGET_NONE;
        return target;
    }
    if (found > 1 || reloc->offset != offset ||
        plain_type(reloc->type) != type ||
        !reloc->symbol || reloc->symbol >= elf->num_symbols)
        return target;

    symbol = xlp_elf_symbol(elf, reloc->symbol);
    target.symbol = symbol.name;
    target.offset = reloc->addend;
    if (symbol.section == SHN_UNDEF) {
        target.kind = XLP_TARGET_OUTSIDE;
        return target;
    }
    if (symbol.section == SHN_ABS) {
        target.kind = XLP_TARGET_ABSOLUTE;
        target.offset += symbol.value;
        return target;
    }
    if (symbol.section >= elf->num_sections) return target;
    section = &elf->sections[symbol.section];
    if (!xlp_is_loaded(section)) return target;
    target.kind = XLP_TARGET_PAYLOAD;
    target.section = section;
    target.offset += symbol.value;
    return target;
}

bool xlp_target_is_text(const xlp_target *target, uint64_t size)
{
    return target->kind == XLP_TARGET_PAYLOAD &&
        xlp_is_text(target->section) &&
        target->offset < target->section->size &&
        size <= target->section->size - target->offset;
}

char *xlp_target_name(xlp_case *c, const xlp_target *target)
{
    xlp_symbol symbol;
    size_t i;

    if (target->kind == XLP_TARGET_OUTSIDE)
        return xlp_kept(c, xenlivepatch_text(target->symbol,
                                             strlen(target->symbol)));
    if (target->kind != XLP_TARGET_PAYLOAD) return NULL;
    for (i = 1; i < c->elf.num_symbols; i++) {
        symbol = xlp_elf_symbol(&c->elf, i);
        if (xlp_section_of(&c->elf, &symbol) == target->section &&
            symbol.value == target->offset && *symbol.name)
            return xlp_kept(c, xenlivepatch_text(symbol.name,
                                                 strlen(symbol.name)));
    }
    return NULL;
}
