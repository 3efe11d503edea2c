/* SPDX-License-Identifier: LGPL-2.1-only */
/*
 * An ELF file, seen through libelf.
 *
 * libelf is made for files from a compiler.  So whatever it takes for
 * granted is looked at before it is called: header, section headers, and
 * that all data lies within the file.
 */

#include "private.h"

/* Nothing more can be told of the file than what is wrong with it. */
#define UNUSABLE(elf, kind, where, ...) \
    unusable_for(elf, XLP_ ## kind, where, __VA_ARGS__)

static int unusable_for(xlp_elf *elf, xlp_fault_kind kind,
                        const char *where, const char *fmt, ...)
                        __attribute__((format(printf, 4, 5)));

static int unusable_for(xlp_elf *elf, xlp_fault_kind kind,
                        const char *where, const char *fmt, ...)
{
    va_list ap;
    int r;

    elf->fault.kind = kind;
    snprintf(elf->fault.where, sizeof(elf->fault.where), "%s", where);
    va_start(ap, fmt);
    r = vasprintf(&elf->fault.what, fmt, ap);
    va_end(ap);
    if (r >= 0) return EINVAL;
    elf->fault.what = NULL;
    return ENOMEM;
}

/* What people hand in instead of an ELF file. */
static const struct {
    const char *magic;
    size_t len;
    const char *description;
} other_formats[] = {
    { "\x1f\x8b", 2, "compressed with gzip: unpack it first" },
    { "\xfd" "7zXZ", 5, "compressed with xz: unpack it first" },
    { "BZh", 3, "compressed with bzip2: unpack it first" },
    { "\x28\xb5\x2f\xfd", 4, "compressed with zstd: unpack it first" },
    { "PK\x03\x04", 4, "a zip archive: unpack it first" },
    { "!<arch>\n", 8, "an archive, such as a .deb or .a: name the payload "
      "that is in it" },
    { "\xed\xab\xee\xdb", 4, "an RPM package: install or unpack it, and "
      "name the payload that is in it" },
    { "MZ", 2, "a program for EFI, such as xen.efi" },
    { "#!", 2, "a script" },
    { "diff ", 5, "a patch to sources: a payload is built from it" },
    { "--- ", 4, "a patch to sources: a payload is built from it" },
};

static int check_magic(xlp_elf *elf)
{
    size_t i;

    if (elf->size >= SELFMAG && !memcmp(elf->image, ELFMAG, SELFMAG))
        return 0;

    for (i = 0; i < XLP_NUM(other_formats); i++) {
        if (elf->size >= other_formats[i].len &&
            !memcmp(elf->image, other_formats[i].magic,
                    other_formats[i].len))
            return UNUSABLE(elf, NO_ELF, "", "is not an ELF file but %s",
                            other_formats[i].description);
    }
    return UNUSABLE(elf, NO_ELF, "", "is not an ELF file: it doesn't begin "
                    "with the bytes 7f 45 4c 46, as live patches, xen-syms "
                    "and object files do");
}

/*
 * Byte order and width come first: the rest means something else in files
 * of another kind.
 */
static int check_header(xlp_elf *elf, Elf64_Ehdr *header)
{
    static const char where[] = "ELF header";

    if (elf->size < sizeof(*header))
        return UNUSABLE(elf, DAMAGED, where, "ends within the ELF header, "
                        "after %zu bytes", elf->size);
    memcpy(header, elf->image, sizeof(*header));

    if (header->e_ident[EI_CLASS] != ELFCLASS64 ||
        header->e_ident[EI_DATA] != ELFDATA2LSB ||
        header->e_machine != EM_X86_64)
        return UNUSABLE(elf, OTHER_MACHINE, where, "is not for 64-bit x86 "
                        "(class %u, byte order %u, machine %u)",
                        header->e_ident[EI_CLASS],
                        header->e_ident[EI_DATA], header->e_machine);
    if (header->e_ident[EI_VERSION] != EV_CURRENT ||
        header->e_version != EV_CURRENT)
        return UNUSABLE(elf, DAMAGED, where, "has an unknown ELF version "
                        "(%u, %u)", header->e_ident[EI_VERSION],
                        header->e_version);
    return 0;
}

static int check_section_table(xlp_elf *elf, const Elf64_Ehdr *header)
{
    static const char where[] = "section headers";
    uint64_t need = header->e_shnum * sizeof(Elf64_Shdr);

    if (!header->e_shnum)
        return UNUSABLE(elf, DAMAGED, where, "has no sections: it was "
                        "stripped, or is damaged");
    if (header->e_shentsize != sizeof(Elf64_Shdr))
        return UNUSABLE(elf, DAMAGED, where, "is damaged: it has section "
                        "headers of %u bytes each, not %zu",
                        header->e_shentsize, sizeof(Elf64_Shdr));
    if (header->e_shoff < sizeof(*header) || header->e_shoff > elf->size ||
        need > elf->size - header->e_shoff)
        return UNUSABLE(elf, DAMAGED, where, "is cut short or damaged: "
                        "%u section headers are to start at byte "
                        "%"PRIu64", but it has only %zu bytes",
                        header->e_shnum, header->e_shoff, elf->size);
    if (header->e_shstrndx == SHN_UNDEF ||
        header->e_shstrndx >= header->e_shnum)
        return UNUSABLE(elf, DAMAGED, where, "is damaged: it names "
                        "section %u of %u as the table of section names",
                        header->e_shstrndx, header->e_shnum);
    return 0;
}

/* Each section by itself. */
static int check_section_headers(xlp_elf *elf, const Elf64_Ehdr *header)
{
    Elf64_Shdr shdr;
    char where[32];
    size_t i, entry;

    for (i = 1; i < header->e_shnum; i++) {
        memcpy(&shdr, elf->image + header->e_shoff + i * sizeof(shdr),
               sizeof(shdr));
        snprintf(where, sizeof(where), "section %zu", i);
        entry = shdr.sh_type == SHT_RELA ? sizeof(Elf64_Rela)
            : shdr.sh_type == SHT_SYMTAB ? sizeof(Elf64_Sym) : 0;
        if (shdr.sh_offset < sizeof(*header))
            return UNUSABLE(elf, DAMAGED, where, "is damaged: section "
                            "%zu starts at byte %"PRIu64", within the ELF "
                            "header", i, shdr.sh_offset);
        if (shdr.sh_type != SHT_NOBITS &&
            (shdr.sh_offset > elf->size ||
             shdr.sh_size > elf->size - shdr.sh_offset))
            return UNUSABLE(elf, DAMAGED, where, "is cut short or "
                            "damaged: section %zu is to have %"PRIu64" "
                            "bytes from byte %"PRIu64" on, but the file "
                            "has only %zu", i, shdr.sh_size,
                            shdr.sh_offset, elf->size);
        if (entry && (shdr.sh_entsize != entry || shdr.sh_size % entry))
            return UNUSABLE(elf, DAMAGED, where, "is damaged: the table "
                            "in section %zu has %"PRIu64" bytes in "
                            "entries of %"PRIu64", not whole ones of %zu",
                            i, shdr.sh_size, shdr.sh_entsize, entry);
    }
    return 0;
}

/* libelf refused something: either memory, or what we failed to check. */
static int libelf_refused(xlp_elf *elf, const char *where)
{
    if (errno == ENOMEM) return ENOMEM;
    return UNUSABLE(elf, DAMAGED, where, "is damaged: it can't be read by "
                    "libelf (%s)", elf_errmsg(-1));
}

static int load_section(xlp_elf *elf, size_t index)
{
    xlp_section *section = &elf->sections[index];
    char where[32];
    Elf_Scn *scn;
    GElf_Shdr shdr;

    snprintf(where, sizeof(where), "section %zu", index);
    errno = 0;
    scn = elf_getscn(elf->libelf, index);
    if (!scn || !gelf_getshdr(scn, &shdr))
        return libelf_refused(elf, where);

    section->type = shdr.sh_type;
    section->flags = shdr.sh_flags;
    section->addr = shdr.sh_addr;
    section->size = shdr.sh_size;
    section->align = shdr.sh_addralign;
    section->entsize = shdr.sh_entsize;
    section->link = shdr.sh_link;
    section->info = shdr.sh_info;
    if (shdr.sh_type == SHT_NOBITS) return 0;
    section->data = elf->image + shdr.sh_offset;
    if (!shdr.sh_size) return 0;

    section->libelf = elf_rawdata(scn, NULL);
    if (!section->libelf || section->libelf->d_size != shdr.sh_size)
        return libelf_refused(elf, where);
    return 0;
}

static int load_sections(xlp_elf *elf)
{
    size_t i;
    int rc;

    errno = 0;
    if (elf_version(EV_CURRENT) == EV_NONE) return libelf_refused(elf, "");
    elf->libelf = elf_memory((char *)elf->image, elf->size);
    if (!elf->libelf) return libelf_refused(elf, "");
    if (!gelf_getehdr(elf->libelf, &elf->header))
        return libelf_refused(elf, "ELF header");

    elf->sections = calloc(elf->header.e_shnum, sizeof(*elf->sections));
    if (!elf->sections) return ENOMEM;
    elf->num_sections = elf->header.e_shnum;
    elf->sections[0].name = "";
    for (i = 1; i < elf->num_sections; i++) {
        rc = load_section(elf, i);
        if (rc) return rc;
    }
    return 0;
}

/* Whether every offset below size is the start of a string. */
static bool is_string_table(const xlp_section *section)
{
    return section->type == SHT_STRTAB && section->size &&
        !section->data[0] && !section->data[section->size - 1];
}

/* One that is not too long for a name. */
static const char *short_string(const xlp_section *table, uint64_t offset)
{
    const char *string;

    if (offset >= table->size) return NULL;
    string = (const char *)table->data + offset;
    return strnlen(string, XLP_MAX_NAME + 1) <= XLP_MAX_NAME
        ? string : NULL;
}

static int name_sections(xlp_elf *elf)
{
    const xlp_section *names = &elf->sections[elf->header.e_shstrndx];
    GElf_Shdr shdr;
    size_t i;

    if (!is_string_table(names))
        return UNUSABLE(elf, DAMAGED, "section headers", "is damaged: "
                        "section %u, named as the table of section names, "
                        "is no table of strings", elf->header.e_shstrndx);

    for (i = 1; i < elf->num_sections; i++) {
        errno = 0;
        if (!gelf_getshdr(elf_getscn(elf->libelf, i), &shdr))
            return libelf_refused(elf, "section headers");
        elf->sections[i].name = short_string(names, shdr.sh_name);
        if (!elf->sections[i].name)
            return UNUSABLE(elf, DAMAGED, "section headers", "is damaged: "
                            "the name of section %zu is not in the table "
                            "of names, or has more than %u bytes", i,
                            XLP_MAX_NAME);
    }
    return 0;
}

static int find_symtab(xlp_elf *elf)
{
    size_t i;

    for (i = 1; i < elf->num_sections; i++) {
        if (elf->sections[i].type != SHT_SYMTAB) continue;
        if (elf->symtab)
            return UNUSABLE(elf, DAMAGED, elf->sections[i].name, "is "
                            "damaged: it has two symbol tables, %s and %s",
                            elf->sections[elf->symtab].name,
                            elf->sections[i].name);
        elf->symtab = i;
    }
    if (elf->symtab)
        elf->num_symbols =
            elf->sections[elf->symtab].size / sizeof(Elf64_Sym);
    return 0;
}

static int check_symbol_names(xlp_elf *elf)
{
    const xlp_section *symtab = &elf->sections[elf->symtab];
    const xlp_section *names;
    GElf_Sym sym;
    size_t i;

    if (!elf->num_symbols) return 0;
    if (!symtab->link || symtab->link >= elf->num_sections ||
        !is_string_table(&elf->sections[symtab->link]))
        return UNUSABLE(elf, DAMAGED, symtab->name, "is damaged: the "
                        "symbol table %s names section %u for its "
                        "strings, which is no table of strings",
                        symtab->name, symtab->link);
    names = &elf->sections[symtab->link];

    for (i = 1; i < elf->num_symbols; i++) {
        errno = 0;
        if (!gelf_getsym(symtab->libelf, i, &sym))
            return libelf_refused(elf, symtab->name);
        if (!short_string(names, sym.st_name))
            return UNUSABLE(elf, DAMAGED, symtab->name, "is damaged: the "
                            "name of symbol %zu is not in %s, or has more "
                            "than %u bytes", i, names->name, XLP_MAX_NAME);
    }
    return 0;
}

int xlp_elf_open(xlp_elf *elf, const void *image, size_t size)
{
    Elf64_Ehdr header;
    int rc;

    *elf = (xlp_elf){ .image = image, .size = size };
    rc = check_magic(elf);
    if (rc) return rc;
    rc = check_header(elf, &header);
    if (rc) return rc;
    rc = check_section_table(elf, &header);
    if (rc) return rc;
    rc = check_section_headers(elf, &header);
    if (rc) return rc;
    rc = load_sections(elf);
    if (rc) return rc;
    rc = name_sections(elf);
    if (rc) return rc;
    rc = find_symtab(elf);
    if (rc) return rc;
    return check_symbol_names(elf);
}

void xlp_elf_close(xlp_elf *elf)
{
    elf_end(elf->libelf);
    free(elf->sections);
    free(elf->fault.what);
    memset(elf, 0, sizeof(*elf));
}

const xlp_section *
xlp_elf_section(const xlp_elf *elf, const char *name)
{
    size_t i;

    for (i = 1; i < elf->num_sections; i++) {
        if (!strcmp(elf->sections[i].name, name))
            return &elf->sections[i];
    }
    return NULL;
}

xlp_symbol
xlp_elf_symbol(const xlp_elf *elf, size_t index)
{
    const xlp_section *symtab = &elf->sections[elf->symtab];
    xlp_symbol symbol = { .name = "" };
    GElf_Sym sym;

    if (!gelf_getsym(symtab->libelf, index, &sym)) return symbol;
    /* check_symbol_names has seen it */
    if (index)
        symbol.name = (const char *)elf->sections[symtab->link].data +
            sym.st_name;
    symbol.value = sym.st_value;
    symbol.size = sym.st_size;
    symbol.section = sym.st_shndx;
    symbol.type = GELF_ST_TYPE(sym.st_info);
    symbol.binding = GELF_ST_BIND(sym.st_info);
    return symbol;
}

size_t
xlp_num_relocs(const xlp_section *section)
{
    if (section->type != SHT_RELA) return 0;
    return section->size / sizeof(Elf64_Rela);
}

xlp_reloc
xlp_reloc_at(const xlp_section *section, size_t index)
{
    xlp_reloc reloc = { .type = R_X86_64_NONE };
    GElf_Rela rela;

    if (!gelf_getrela(section->libelf, index, &rela)) return reloc;
    reloc.offset = rela.r_offset;
    reloc.addend = rela.r_addend;
    reloc.type = GELF_R_TYPE(rela.r_info);
    reloc.symbol = GELF_R_SYM(rela.r_info);
    return reloc;
}

uint64_t
xlp_number(const xlp_section *section, uint64_t offset, size_t size)
{
    uint64_t number = 0;

    if (!section->data || offset > section->size ||
        size > section->size - offset)
        return 0;
    while (size--)
        number = number << 8 | section->data[offset + size];
    return number;
}

const char *xlp_string(const xlp_section *section, uint64_t offset)
{
    if (!section->data || offset >= section->size ||
        !memchr(section->data + offset, '\0', section->size - offset))
        return NULL;
    return (const char *)section->data + offset;
}

const uint8_t *
xlp_build_id(const xlp_section *section, size_t *len_r)
{
    static const char owner[] = "GNU";
    uint64_t room, size;

    if (!section->data ||
        section->size <= sizeof(Elf64_Nhdr) + sizeof(owner))
        return NULL;
    if (xlp_number(section, 0, 4) != sizeof(owner) ||
        xlp_number(section, 8, 4) != NT_GNU_BUILD_ID ||
        memcmp(section->data + sizeof(Elf64_Nhdr), owner, sizeof(owner)))
        return NULL;
    size = xlp_number(section, 4, 4);
    room = section->size - sizeof(Elf64_Nhdr) - sizeof(owner);
    if (!size || size > room) return NULL;

    *len_r = size;
    return section->data + sizeof(Elf64_Nhdr) + sizeof(owner);
}
