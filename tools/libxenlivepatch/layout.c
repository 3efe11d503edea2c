/* SPDX-License-Identifier: LGPL-2.1-only */
/*
 * Rules for the form of a payload: what Xen does to any section or symbol,
 * whatever it is for.
 */

#include "private.h"

/*----- the header -----*/

int xlp_open(xlp_case *c, xlp_elf *elf, const void *image, size_t size,
             const char *label)
{
    static const char *const advice[] = {
        [XLP_NO_ELF] = "",
        [XLP_OTHER_MACHINE] = ": get the one for this architecture",
        [XLP_DAMAGED] = "; get the file again",
    };
    const xlp_fault *fault = &elf->fault;
    int rc = xlp_elf_open(elf, image, size);

    if (rc == EINVAL)
        xlp_find(c, XLP_REFUSED, fault->kind == XLP_NO_ELF
                 ? XENLIVEPATCH_REASON_FILE : XENLIVEPATCH_REASON_FORMAT,
                 *fault->where ? fault->where : NULL, "%s %s%s", label,
                 fault->what, advice[fault->kind]);
    if (rc) return c->rc ? : rc;
    if (elf->num_symbols) return 0;
    REFUSED(c, FORMAT, ".symtab", "%s has no symbols: use a file that has "
            "not been stripped", label);
    return c->rc ? : EINVAL;
}

void xlp_judge_header(xlp_case *c)
{
    static const char where[] = "ELF header";
    const GElf_Ehdr *header = &c->elf.header;
    unsigned int abi = header->e_ident[EI_OSABI];

    if (header->e_type != ET_REL)
        REFUSED(c, FORMAT, where, "The file is a program or a library "
                "(ELF type %u), not a payload: a payload is linked with "
                "ld -r", header->e_type);
    else if (header->e_phnum)
        REFUSED(c, FORMAT, where, "The payload has %u program headers "
                "and Xen takes none: link it with ld -r",
                header->e_phnum);
    if (abi != ELFOSABI_NONE && abi != ELFOSABI_FREEBSD)
        REFUSED(c, FORMAT, where, "The payload is marked for "
                "operating system %u, which Xen refuses: build it with "
                "a toolchain for Linux or FreeBSD", abi);
    if (header->e_ident[EI_ABIVERSION])
        REFUSED(c, FORMAT, where, "The payload is marked with ABI "
                "version %u, and Xen takes only 0: build it with the "
                "toolchain that built Xen",
                header->e_ident[EI_ABIVERSION]);
    if (c->payload->size > XENLIVEPATCH_MAX_SIZE)
        REFUSED(c, FORMAT, NULL, "The payload has %"PRIu64" bytes, and "
                "Xen takes no more than %lu: strip its debug information "
                "(strip --strip-debug)", c->payload->size,
                XENLIVEPATCH_MAX_SIZE);
    if (header->e_shnum >= XLP_MAX_SECTIONS)
        REFUSED(c, FORMAT, where, "The payload has %u sections and "
                "Xen takes at most %u: merge some with a linker script",
                header->e_shnum, XLP_MAX_SECTIONS - 1);
}

void xlp_judge_name(xlp_case *c, const char *name)
{
    if (strlen(name) > XLP_LONG_NAME)
        CAUTION(c, FORMAT, name, "The name %.32s... has %zu bytes, and "
                "engines other than the stock one take at most %u: give "
                "it a shorter one", name, strlen(name), XLP_LONG_NAME);
}

/*----- sections -----*/

/* A loaded section takes part in the layout of the payload in memory. */
static void judge_loaded(xlp_case *c, const xlp_section *section)
{
    const char *name = section->name;

    if ((section->flags & SHF_WRITE) && (section->flags & SHF_EXECINSTR))
        REFUSED(c, FORMAT, name, "Section %s is both writable and "
                "executable, which Xen refuses: fix its flags", name);
    if (!section->align)
        CAUTION(c, FORMAT, name, "Section %s has alignment 0, with "
                "which Xen would load it over other sections: give it 1",
                name);
    if (section->align > XLP_MAX_ALIGNMENT)
        CAUTION(c, FORMAT, name, "Section %s asks to be aligned to "
                "%"PRIu64" bytes, and Xen can give it no more than %u: "
                "lower its alignment", name, section->align,
                XLP_MAX_ALIGNMENT);
}

static bool is_per_cpu(const xlp_section *section)
{
    const char *end = section->name + strlen(XENLIVEPATCH_PER_CPU);

    return xlp_is_loaded(section) &&
        !strncmp(section->name, XENLIVEPATCH_PER_CPU,
                 strlen(XENLIVEPATCH_PER_CPU)) && (!*end || *end == '.');
}

static bool names_room(const xlp_case *c)
{
    xlp_symbol symbol;
    size_t i;

    for (i = 1; i < c->elf.num_symbols; i++) {
        symbol = xlp_elf_symbol(&c->elf, i);
        if (symbol.section == SHN_UNDEF &&
            !strcmp(symbol.name, XENLIVEPATCH_PER_CPU_LOAD))
            return true;
    }
    return false;
}

static bool is_relocated(const xlp_case *c, const xlp_section *section)
{
    const xlp_section *other;
    size_t i;

    for (i = 1; i < c->elf.num_sections; i++) {
        other = &c->elf.sections[i];
        if ((other->type == SHT_RELA || other->type == SHT_REL) &&
            xlp_relocated(&c->elf, other) == section)
            return true;
    }
    return false;
}

static void judge_per_cpu(xlp_case *c, const xlp_section *section)
{
    const char *name = section->name;

    if (!names_room(c))
        CAUTION(c, FORMAT, name, "Section %s holds per-CPU variables, "
                "which a stock Xen would take for ordinary ones: let "
                "livepatch-build make the payload", name);
    else if (section->type != SHT_NOBITS ||
             !(section->flags & SHF_WRITE) || is_relocated(c, section))
        REFUSED(c, FORMAT, name, "Section %s gives values to per-CPU "
                "variables, which begin as zero: set them in a hook",
                name);
    else if (section->align > XENLIVEPATCH_PER_CPU_ALIGN ||
             section->size > XENLIVEPATCH_PER_CPU_SIZE)
        REFUSED(c, FORMAT, name, "Section %s has %"PRIu64" bytes of "
                "per-CPU variables, aligned to %"PRIu64", and Xen has "
                "room for %u, aligned to %u: use an array of NR_CPUS "
                "elements", name, section->size, section->align,
                XENLIVEPATCH_PER_CPU_SIZE, XENLIVEPATCH_PER_CPU_ALIGN);
}

static void judge_section(xlp_case *c, const xlp_section *section)
{
    const char *name = section->name;

    xlp_judge_name(c, name);
    if (section->align & (section->align - 1))
        REFUSED(c, FORMAT, name, "Section %s has alignment %"PRIu64", "
                "which is no power of two: the file is damaged, get it "
                "again", name, section->align);
    else if (section->align && section->addr % section->align)
        REFUSED(c, FORMAT, name,
                "Section %s is at address %#"PRIx64", "
                "which its alignment of %"PRIu64" doesn't allow: the "
                "file is damaged, get it again", name, section->addr,
                section->align);
    if (section->type == SHT_NOBITS &&
        (section->flags & (SHF_WRITE | SHF_ALLOC)) &&
        section->size > XLP_MAX_ZEROES)
        xlp_find(c, xlp_is_loaded(section) ? XLP_REFUSED : XLP_CAUTION,
                 XENLIVEPATCH_REASON_FORMAT, name, "Section %s is to be "
                 "filled with %"PRIu64" zeroes, and Xen's limit is %lu: "
                 "make the data smaller", name, section->size,
                 XLP_MAX_ZEROES);
    if (xlp_is_loaded(section))
        judge_loaded(c, section);
    if (is_per_cpu(section))
        judge_per_cpu(c, section);
}

static uint64_t round_up(uint64_t size, uint64_t alignment)
{
    return (size + alignment - 1) / alignment * alignment;
}

/*
 * How much memory the payload takes: code, data and read-only data have
 * pages of their own.
 */
static void judge_loaded_size(xlp_case *c)
{
    uint64_t spans[3] = { 0 }, align, *span, sum;
    const xlp_section *section;
    size_t i;

    for (i = 1; i < c->elf.num_sections; i++) {
        section = &c->elf.sections[i];
        if (!xlp_is_loaded(section) || is_per_cpu(section)) continue;
        span = &spans[section->flags & SHF_EXECINSTR ? 0
                      : section->flags & SHF_WRITE ? 1 : 2];
        align = section->align < XLP_MIN_ALIGNMENT ? XLP_MIN_ALIGNMENT
            : section->align > XLP_MAX_ALIGNMENT ? XLP_MAX_ALIGNMENT
            : section->align;
        *span = section->size > XLP_MAX_LOADED || *span > XLP_MAX_LOADED
            ? XLP_MAX_LOADED + 1
            : round_up(*span, align) + section->size;
    }
    sum = round_up(spans[0], XLP_MAX_ALIGNMENT) +
        round_up(spans[1], XLP_MAX_ALIGNMENT) +
        round_up(spans[2], XLP_MAX_ALIGNMENT);
    if (sum > XLP_MAX_LOADED)
        CAUTION(c, FORMAT, NULL, "The payload would take more than %lu "
                "bytes of the hypervisor's memory: make the data that it "
                "brings along smaller", XLP_MAX_LOADED);
}

void xlp_judge_sections(xlp_case *c)
{
    size_t i;

    for (i = 1; i < c->elf.num_sections; i++)
        judge_section(c, &c->elf.sections[i]);
    judge_loaded_size(c);
    xlp_judge_specials(c);
}

/*----- symbols -----*/

bool xlp_is_exported(const xlp_case *c, const xlp_symbol *symbol)
{
    const xlp_section *section = xlp_section_of(&c->elf, symbol);

    return section && xlp_is_loaded(section) && *symbol->name &&
        (!(section->flags & SHF_MERGE) || strncmp(symbol->name, ".L", 2));
}

static void judge_symbol(xlp_case *c, size_t index,
                         const xlp_symbol *symbol)
{
    const xlp_section *section = xlp_section_of(&c->elf, symbol);
    const char *name = *symbol->name ? symbol->name : "(without a name)";

    xlp_judge_name(c, name);
    if (symbol->section == SHN_ABS) return;
    if (section && xlp_is_loaded(section) && symbol->value > section->size)
        CAUTION(c, FORMAT, name, "Symbol %s is at %#"PRIx64", beyond the "
                "%"PRIu64" bytes of its section: the file is damaged, get "
                "it again", name, symbol->value, section->size);
    if (symbol->section == SHN_COMMON)
        REFUSED(c, FORMAT, name, "Symbol %s is a common one, which "
                "Xen refuses: compile with -fno-common", name);
    else if (symbol->section >= SHN_LORESERVE ||
             symbol->section >= c->elf.num_sections)
        REFUSED(c, FORMAT, name, "Symbol %s is in section %u, and "
                "there are only %zu: the file is damaged, get it again",
                name, symbol->section, c->elf.num_sections);
    else if (symbol->section == SHN_UNDEF && !*symbol->name)
        REFUSED(c, SYMBOL, NULL, "Symbol %zu has neither a name nor a "
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

void xlp_judge_symbols(xlp_case *c)
{
    xlp_symbol symbol;
    size_t i;

    for (i = 1; i < c->elf.num_symbols; i++) {
        symbol = xlp_elf_symbol(&c->elf, i);
        judge_symbol(c, i, &symbol);
        if (symbol.binding == STB_LOCAL && symbol.type != STT_SECTION &&
            is_made_up(symbol.name) && xlp_is_exported(c, &symbol))
            WARNING(c, COLLISION, symbol.name, "The local symbol %s "
                    "is likely to be in other payloads too, and Xen "
                    "doesn't load two that share one: give it a "
                    "unique name", symbol.name);
    }
}
