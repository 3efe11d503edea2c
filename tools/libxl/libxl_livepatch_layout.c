/* SPDX-License-Identifier: LGPL-2.1-only */
/*
 * Rules for the form of a payload: what Xen does to any section, symbol or
 * relocation, whatever it is for.
 */

#include "libxl_osdeps.h" /* must come before any other headers */

#include "libxl_livepatch_judge.h"

/* Limits of Xen's loader. */
#define MAX_SECTIONS 1024
#define XEN_PAGE_SIZE 4096U

/*
 * What a payload may take of the hypervisor's memory.  The loader has no
 * limit but one for each zero-filled section: this is a file of the
 * biggest size, and as much again to be filled with zeroes.
 */
#define MAX_LOADED (2 * LIBXL__LIVEPATCH_MAX_SIZE)

/*----- the header -----*/

void libxl__livepatch_judge_header(libxl__livepatch_case *lpc)
{
    static const char where[] = "ELF header";
    const GElf_Ehdr *header = &lpc->elf.header;
    unsigned int abi = header->e_ident[EI_OSABI];

    if (header->e_type != ET_REL)
        LPC_ERROR(lpc, FORMAT, where, "The file is a program or a library "
                  "(ELF type %u), not a payload: a payload is linked with "
                  "ld -r", header->e_type);
    else if (header->e_phnum)
        LPC_ERROR(lpc, FORMAT, where, "The payload has %u program headers "
                  "and Xen takes none: link it with ld -r",
                  header->e_phnum);
    if (abi != ELFOSABI_NONE && abi != ELFOSABI_FREEBSD)
        LPC_ERROR(lpc, FORMAT, where, "The payload is marked for "
                  "operating system %u, which Xen refuses: build it with "
                  "a toolchain for Linux or FreeBSD", abi);
    if (header->e_ident[EI_ABIVERSION])
        LPC_ERROR(lpc, FORMAT, where, "The payload is marked with ABI "
                  "version %u, and Xen takes only 0: build it with the "
                  "toolchain that built Xen",
                  header->e_ident[EI_ABIVERSION]);
    if (header->e_shnum >= MAX_SECTIONS)
        LPC_ERROR(lpc, FORMAT, where, "The payload has %u sections and "
                  "Xen takes at most %u: merge some with a linker script",
                  header->e_shnum, MAX_SECTIONS - 1);
}

/*----- sections -----*/

/* A loaded section takes part in the layout of the payload in memory. */
static void judge_loaded(libxl__livepatch_case *lpc,
                         const libxl__livepatch_section *section)
{
    const char *name = section->name;

    if ((section->flags & SHF_WRITE) && (section->flags & SHF_EXECINSTR))
        LPC_ERROR(lpc, FORMAT, name, "Section %s is both writable and "
                  "executable, which Xen refuses: fix its flags", name);
    if (!section->align)
        LPC_ERROR(lpc, FORMAT, name, "Section %s has alignment 0, with "
                  "which Xen would load it over other sections: give it 1",
                  name);
    if (section->align > XEN_PAGE_SIZE)
        LPC_ERROR(lpc, FORMAT, name, "Section %s asks to be aligned to "
                  "%"PRIu64" bytes, and Xen can give it no more than %u: "
                  "lower its alignment", name, section->align,
                  XEN_PAGE_SIZE);
}

static void judge_section(libxl__livepatch_case *lpc,
                          const libxl__livepatch_section *section)
{
    const char *name = section->name;

    if (section->align & (section->align - 1))
        LPC_ERROR(lpc, FORMAT, name, "Section %s has alignment %"PRIu64", "
                  "which is no power of two: the file is damaged, get it "
                  "again", name, section->align);
    else if (section->align && section->addr % section->align)
        LPC_ERROR(lpc, FORMAT, name,
                  "Section %s is at address %#"PRIx64", "
                  "which its alignment of %"PRIu64" doesn't allow: the "
                  "file is damaged, get it again", name, section->addr,
                  section->align);
    if (section->type == SHT_NOBITS &&
        (section->flags & (SHF_WRITE | SHF_ALLOC)) &&
        section->size > LIBXL__LIVEPATCH_MAX_SIZE)
        LPC_ERROR(lpc, FORMAT, name, "Section %s is to be filled with "
                  "%"PRIu64" zeroes, and Xen's limit is %lu: make the "
                  "data smaller", name, section->size,
                  LIBXL__LIVEPATCH_MAX_SIZE);
    if (libxl__livepatch_is_loaded(section))
        judge_loaded(lpc, section);
}

/* How much memory the payload takes, not counting gaps by alignment. */
static void judge_loaded_size(libxl__livepatch_case *lpc)
{
    const libxl__livepatch_elf *elf = &lpc->elf;
    uint64_t sum = 0;
    size_t i;

    for (i = 1; i < elf->num_sections && sum <= MAX_LOADED; i++) {
        if (!libxl__livepatch_is_loaded(&elf->sections[i])) continue;
        if (elf->sections[i].size > MAX_LOADED)
            sum = MAX_LOADED + 1;
        else
            sum += elf->sections[i].size;
    }
    if (sum > MAX_LOADED)
        LPC_ERROR(lpc, FORMAT, NULL, "The payload would take more than "
                  "%lu bytes of the hypervisor's memory: make the data "
                  "that it brings along smaller", MAX_LOADED);
}

/* Sections that the hypervisor looks for by name. */
static const struct {
    const char *name;
    unsigned int entry;         /* the size is a multiple of that */
    bool mandatory;
    bool patching;              /* one of these at least has to be there */
    bool may_be_empty;
} specials[] = {
    { LIVEPATCH_FUNCS, 104, .patching = true },
    { LIVEPATCH_HOOKS "load", 8, .patching = true },
    { LIVEPATCH_HOOKS "unload", 8, .patching = true },
    { LIVEPATCH_HOOKS "preapply", 8, .patching = true },
    { LIVEPATCH_HOOKS "apply", 8, .patching = true },
    { LIVEPATCH_HOOKS "postapply", 8, .patching = true },
    { LIVEPATCH_HOOKS "prerevert", 8, .patching = true },
    { LIVEPATCH_HOOKS "revert", 8, .patching = true },
    { LIVEPATCH_HOOKS "postrevert", 8, .patching = true },
    { LIVEPATCH_DEPENDS, 1, .mandatory = true },
    { LIVEPATCH_XEN_DEPENDS, 1, .mandatory = true },
    { LIVEPATCH_BUILD_ID, 1, .mandatory = true },
    { ".modinfo", 1 },
    { ".bug_frames.0", 8, .may_be_empty = true },
    { ".bug_frames.1", 8, .may_be_empty = true },
    { ".bug_frames.2", 8, .may_be_empty = true },
    { ".bug_frames.3", 8, .may_be_empty = true },
    { ".altinstructions", 14, .may_be_empty = true },
    { ".altinstr_replacement", 1, .may_be_empty = true },
    { ".alt_call_sites", 4, .may_be_empty = true },
    { ".ex_table", 8, .may_be_empty = true },
};

static int find_special(const char *name)
{
    int i;

    for (i = 0; i < ARRAY_SIZE(specials); i++) {
        if (!strcmp(specials[i].name, name)) return i;
    }
    return -1;
}

/* Whether Xen would find loaded data of the right size in it. */
static bool is_fit(const libxl__livepatch_section *section, int special)
{
    if (!libxl__livepatch_is_loaded(section)) return false;
    if (!section->size) return specials[special].may_be_empty;
    return section->data && !(section->size % specials[special].entry);
}

const libxl__livepatch_section *
libxl__livepatch_special(const libxl__livepatch_case *lpc,
                         const char *name)
{
    const libxl__livepatch_section *section =
        libxl__livepatch_elf_section(&lpc->elf, name);

    if (!section || !is_fit(section, find_special(name))) return NULL;
    return section;
}

static void judge_special(libxl__livepatch_case *lpc,
                          const libxl__livepatch_section *section,
                          int special)
{
    const char *name = section->name;

    if (section != libxl__livepatch_elf_section(&lpc->elf, name))
        LPC_ERROR(lpc, FORMAT, name, "There are two sections called %s, "
                  "and Xen would ignore the second one: link the payload "
                  "with ld -r, which merges them", name);
    else if (!libxl__livepatch_is_loaded(section))
        LPC_ERROR(lpc, FORMAT, name, "Section %s is not marked to be "
                  "loaded (ALLOC), and Xen would use it at a wrong "
                  "address: fix its flags", name);
    else if (!section->size && !specials[special].may_be_empty)
        LPC_ERROR(lpc, FORMAT, name, "Section %s is empty: fill it in or "
                  "leave it out", name);
    else if (section->size % specials[special].entry)
        LPC_ERROR(lpc, FORMAT, name, "Section %s has %"PRIu64" bytes, "
                  "which is no multiple of its entries' %u: build the "
                  "payload for this hypervisor", name, section->size,
                  specials[special].entry);
    else if (section->size && !section->data)
        LPC_ERROR(lpc, FORMAT, name, "Section %s has no content in the "
                  "file (NOBITS): build the payload anew", name);
}

static void judge_special_sections(libxl__livepatch_case *lpc)
{
    const libxl__livepatch_elf *elf = &lpc->elf;
    bool found[ARRAY_SIZE(specials)] = { false }, patching = false;
    size_t i;
    int special;

    for (i = 1; i < elf->num_sections; i++) {
        special = find_special(elf->sections[i].name);
        if (special < 0) continue;
        found[special] = true;
        patching |= specials[special].patching;
        judge_special(lpc, &elf->sections[i], special);
    }

    for (i = 0; i < ARRAY_SIZE(specials); i++) {
        if (specials[i].mandatory && !found[i])
            LPC_ERROR(lpc, FORMAT, specials[i].name, "Section %s is "
                      "missing: the file is no finished payload; link it "
                      "with its build-id and the notes that say what it "
                      "depends on", specials[i].name);
    }
    if (!patching)
        LPC_ERROR(lpc, FORMAT, NULL, "The payload neither replaces a "
                  "function nor has a hook, so there is nothing to apply: "
                  "is it the right file?");
}

void libxl__livepatch_judge_sections(libxl__livepatch_case *lpc)
{
    size_t i;

    for (i = 1; i < lpc->elf.num_sections; i++)
        judge_section(lpc, &lpc->elf.sections[i]);
    judge_loaded_size(lpc);
    judge_special_sections(lpc);
}

/*----- symbols -----*/

bool libxl__livepatch_is_exported(const libxl__livepatch_case *lpc,
                                  const libxl__livepatch_symbol *symbol)
{
    const libxl__livepatch_section *section;

    if (symbol->section == SHN_UNDEF ||
        symbol->section >= lpc->elf.num_sections ||
        !*symbol->name)
        return false;
    section = &lpc->elf.sections[symbol->section];
    if (!libxl__livepatch_is_loaded(section)) return false;
    return !(section->flags & SHF_MERGE) || strncmp(symbol->name, ".L", 2);
}

static void judge_symbol(libxl__livepatch_case *lpc, size_t index,
                         const libxl__livepatch_symbol *symbol)
{
    const char *name = *symbol->name ? symbol->name : "(without a name)";

    if (symbol->section == SHN_ABS) return;
    if (symbol->section == SHN_COMMON)
        LPC_ERROR(lpc, FORMAT, name, "Symbol %s is a common one, which "
                  "Xen refuses: compile with -fno-common", name);
    else if (symbol->section >= SHN_LORESERVE ||
             symbol->section >= lpc->elf.num_sections)
        LPC_ERROR(lpc, FORMAT, name, "Symbol %s is in section %u, and "
                  "there are only %zu: the file is damaged, get it again",
                  name, symbol->section, lpc->elf.num_sections);
    else if (symbol->section == SHN_UNDEF && !*symbol->name)
        LPC_ERROR(lpc, SYMBOL, NULL, "Symbol %zu has neither a name nor a "
                  "place, so Xen can't find it: the file is damaged, get "
                  "it again", index);
}

/*
 * Names that the compiler makes up for statics within functions, such as
 * __func__.0, unless a builder has put the file's name before them.
 */
static bool is_made_up(const char *name)
{
    const char *dot = strrchr(name, '.');

    return dot && dot > name && dot[1] &&
        dot[1 + strspn(dot + 1, "0123456789")] == '\0' &&
        !strchr(name, '#');
}

void libxl__livepatch_judge_symbols(libxl__livepatch_case *lpc)
{
    libxl__livepatch_symbol symbol;
    size_t i;

    for (i = 1; i < lpc->elf.num_symbols; i++) {
        symbol = libxl__livepatch_elf_symbol(&lpc->elf, i);
        judge_symbol(lpc, i, &symbol);
        if (symbol.binding == STB_LOCAL && symbol.type != STT_SECTION &&
            is_made_up(symbol.name) &&
            libxl__livepatch_is_exported(lpc, &symbol))
            LPC_WARNING(lpc, COLLISION, symbol.name, "The local symbol %s "
                        "is likely to be in other payloads too, and Xen "
                        "doesn't load two that share one: give it a "
                        "unique name", symbol.name);
    }
}

/*----- relocations -----*/

/* Bytes that a relocation changes; 0: a type that Xen doesn't know. */
static unsigned int reloc_size(uint32_t type)
{
    switch (type) {
    case R_X86_64_64:
        return 8;
    case R_X86_64_PC32:
    case R_X86_64_PLT32:
        return 4;
    default:
        return 0;
    }
}

/* What type means for the place: PLT32 is PC32 where there is no PLT. */
static uint32_t plain_type(uint32_t type)
{
    return type == R_X86_64_PLT32 ? R_X86_64_PC32 : type;
}

/* Whether a distance to there fits into 4 bytes, as far as is known. */
static bool is_near(const libxl__livepatch_symbol *symbol, int64_t addend)
{
    uint64_t value = symbol->section == SHN_UNDEF ? 0 : symbol->value;
    uint64_t distance = value + addend;

    return distance + INT32_MAX <= 2 * (uint64_t)INT32_MAX;
}

static void judge_reloc(libxl__livepatch_case *lpc,
                        const libxl__livepatch_section *target,
                        const libxl__livepatch_reloc *reloc)
{
    const libxl__livepatch_elf *elf = &lpc->elf;
    const char *name = target->name;
    libxl__livepatch_symbol symbol;
    unsigned int size = reloc_size(reloc->type);

    if (!reloc->symbol || reloc->symbol >= elf->num_symbols) {
        LPC_ERROR(lpc, FORMAT, name, "A relocation at %s+%#"PRIx64" names "
                  "symbol %u, and Xen needs one of 1 to %zu: the file is "
                  "damaged, get it again", name, reloc->offset,
                  reloc->symbol, elf->num_symbols - 1);
        return;
    }
    symbol = libxl__livepatch_elf_symbol(elf, reloc->symbol);
    if (symbol.section != SHN_UNDEF &&
        symbol.section < elf->num_sections &&
        !libxl__livepatch_is_loaded(&elf->sections[symbol.section]))
        LPC_ERROR(lpc, FORMAT, name, "A relocation at %s+%#"PRIx64" needs "
                  "an address in section %s, which isn't loaded: fix the "
                  "flags of that section", name, reloc->offset,
                  elf->sections[symbol.section].name);
    if (reloc->type == R_X86_64_NONE) return;
    if (!size)
        LPC_ERROR(lpc, FORMAT, name, "A relocation at %s+%#"PRIx64" is of "
                  "type %u, and Xen knows R_X86_64_64, PC32 and PLT32 "
                  "only: compile with Xen's own flags", name,
                  reloc->offset, reloc->type);
    else if (reloc->offset >= target->size ||
             target->size - reloc->offset < size)
        LPC_ERROR(lpc, FORMAT, name, "A relocation at %s+%#"PRIx64" goes "
                  "beyond the section's %"PRIu64" bytes: the file is "
                  "damaged, get it again", name, reloc->offset,
                  target->size);
    else if (size == 4 && symbol.section != SHN_ABS &&
             !is_near(&symbol, reloc->addend))
        LPC_ERROR(lpc, FORMAT, name, "A relocation at %s+%#"PRIx64" is to "
                  "put a distance of more than 2 GiB into 4 bytes: the "
                  "file is damaged, get it again", name, reloc->offset);
}

static void judge_reloc_section(libxl__livepatch_case *lpc,
                                const libxl__livepatch_section *section)
{
    const libxl__livepatch_elf *elf = &lpc->elf;
    const char *name = section->name;
    libxl__livepatch_reloc reloc;
    size_t i;

    if (!section->info || section->info >= elf->num_sections) {
        LPC_ERROR(lpc, FORMAT, name, "The relocations in %s are for "
                  "section %u, which there is not: the file is damaged, "
                  "get it again", name, section->info);
        return;
    }
    /* What isn't loaded, Xen doesn't relocate either. */
    if (!libxl__livepatch_is_loaded(&elf->sections[section->info])) return;

    if (section->link != elf->symtab)
        LPC_ERROR(lpc, FORMAT, name, "The relocations in %s take symbols "
                  "from section %u instead of %s: the file is damaged, "
                  "get it again", name, section->link,
                  elf->sections[elf->symtab].name);
    if (section->type == SHT_REL && section->size)
        LPC_ERROR(lpc, FORMAT, name, "The relocations in %s are without "
                  "addends (REL), which Xen refuses: build the payload "
                  "for 64-bit x86", name);
    for (i = 0; i < libxl__livepatch_elf_num_relocs(section); i++) {
        reloc = libxl__livepatch_elf_reloc(section, i);
        judge_reloc(lpc, &elf->sections[section->info], &reloc);
    }
}

void libxl__livepatch_judge_relocs(libxl__livepatch_case *lpc)
{
    const libxl__livepatch_section *section;
    size_t i;

    for (i = 1; i < lpc->elf.num_sections; i++) {
        section = &lpc->elf.sections[i];
        if (section->type == SHT_RELA || section->type == SHT_REL)
            judge_reloc_section(lpc, section);
    }
}

static int compare_relocs(const void *a, const void *b)
{
    const libxl__livepatch_reloc *one = a;
    const libxl__livepatch_reloc *other = b;

    return (one->offset > other->offset) - (one->offset < other->offset);
}

void libxl__livepatch_relocs_init(libxl__livepatch_case *lpc,
                                  const libxl__livepatch_section *section,
                                  libxl__livepatch_relocs *relocs)
{
    const libxl__livepatch_elf *elf = &lpc->elf;
    const libxl__livepatch_section *from;
    size_t index = section - elf->sections, i, j, most = 0;

    FILLZERO(*relocs);
    for (i = 1; i < elf->num_sections; i++) {
        if (elf->sections[i].info == index)
            most += libxl__livepatch_elf_num_relocs(&elf->sections[i]);
    }
    if (!most) return;
    relocs->relocs = calloc(most, sizeof(*relocs->relocs));
    if (!relocs->relocs) {
        libxl__livepatch_keep_rc(lpc, ERROR_NOMEM);
        return;
    }

    for (i = 1; i < elf->num_sections; i++) {
        from = &elf->sections[i];
        if (from->info != index) continue;
        for (j = 0; j < libxl__livepatch_elf_num_relocs(from); j++) {
            relocs->relocs[relocs->num] =
                libxl__livepatch_elf_reloc(from, j);
            relocs->num += !!reloc_size(relocs->relocs[relocs->num].type);
        }
    }
    qsort(relocs->relocs, relocs->num, sizeof(*relocs->relocs),
          compare_relocs);
}

void libxl__livepatch_relocs_dispose(libxl__livepatch_relocs *relocs)
{
    free(relocs->relocs);
    FILLZERO(*relocs);
}

/* The first relocation at offset or behind it. */
static size_t first_reloc(const libxl__livepatch_relocs *relocs,
                          uint64_t offset)
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
static unsigned int find_relocs(const libxl__livepatch_relocs *relocs,
                                uint64_t offset, uint64_t size,
                                const libxl__livepatch_reloc **reloc_r)
{
    size_t i = first_reloc(relocs, offset > 7 ? offset - 7 : 0);
    const libxl__livepatch_reloc *reloc;
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

bool libxl__livepatch_is_relocated(const libxl__livepatch_relocs *relocs,
                                   uint64_t offset, uint64_t size)
{
    const libxl__livepatch_reloc *reloc;

    return find_relocs(relocs, offset, size, &reloc);
}

libxl__livepatch_target
libxl__livepatch_target_at(const libxl__livepatch_case *lpc,
                           const libxl__livepatch_relocs *relocs,
                           uint64_t offset, uint32_t type)
{
    const libxl__livepatch_elf *elf = &lpc->elf;
    libxl__livepatch_target target = { .kind = LIVEPATCH_TARGET_BAD };
    const libxl__livepatch_reloc *reloc;
    const libxl__livepatch_section *section;
    libxl__livepatch_symbol symbol;
    unsigned int found;

    found = find_relocs(relocs, offset, reloc_size(type), &reloc);
    if (!found) {
        target.kind = LIVEPATCH_TARGET_NONE;
        return target;
    }
    if (found > 1 || reloc->offset != offset ||
        plain_type(reloc->type) != type ||
        !reloc->symbol || reloc->symbol >= elf->num_symbols)
        return target;

    symbol = libxl__livepatch_elf_symbol(elf, reloc->symbol);
    target.symbol = symbol.name;
    target.offset = reloc->addend;
    if (symbol.section == SHN_UNDEF) {
        target.kind = LIVEPATCH_TARGET_OUTSIDE;
        return target;
    }
    if (symbol.section >= elf->num_sections) return target;
    section = &elf->sections[symbol.section];
    if (!libxl__livepatch_is_loaded(section)) return target;
    target.kind = LIVEPATCH_TARGET_PAYLOAD;
    target.section = section;
    target.offset += symbol.value;
    return target;
}

bool libxl__livepatch_target_is_text(const libxl__livepatch_target *target,
                                     uint64_t size)
{
    return target->kind == LIVEPATCH_TARGET_PAYLOAD &&
        libxl__livepatch_is_text(target->section) &&
        target->offset < target->section->size &&
        size <= target->section->size - target->offset;
}

/*
 * Local variables:
 * mode: C
 * c-basic-offset: 4
 * indent-tabs-mode: nil
 * End:
 */
