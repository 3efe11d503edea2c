/* SPDX-License-Identifier: LGPL-2.1-only */
/*
 * A payload file, seen through libelf.
 *
 * libelf is made for files from a compiler.  So whatever it takes for
 * granted is looked at before it is called: header, section headers, and
 * that all data lies within the file.
 */

#include "libxl_osdeps.h" /* must come before any other headers */

#include "libxl_livepatch_elf.h"

/* Compilers for C stay far below; Xen itself has no limit. */
#define MAX_NAME 4095U

/* A file that is being opened. */
typedef struct {
    libxl__livepatch_elf *elf;
    const libxl__livepatch_image *image;
    const char *what;
    libxl_livepatch_judgement *judgement;
} opening;

/* Add a finding because of which nothing more can be told of the file. */
#define UNUSABLE(o, reason, where, fmt, ...)                            \
    unusable(libxl__livepatch_find((o)->judgement,                      \
                                   LIBXL_LIVEPATCH_SEVERITY_ERROR,      \
                                   LIBXL_LIVEPATCH_REASON_ ## reason,   \
                                   where, "%s " fmt,                    \
                                   (o)->what, ## __VA_ARGS__))

static int unusable(int rc)
{
    return rc ? rc : ERROR_INVAL;
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

static int check_magic(const opening *o)
{
    const libxl__livepatch_image *image = o->image;
    size_t i;

    if (image->size >= SELFMAG && !memcmp(image->data, ELFMAG, SELFMAG))
        return 0;

    for (i = 0; i < ARRAY_SIZE(other_formats); i++) {
        if (image->size >= other_formats[i].len &&
            !memcmp(image->data, other_formats[i].magic,
                    other_formats[i].len))
            return UNUSABLE(o, FILE, NULL, "is not an ELF file but %s",
                            other_formats[i].description);
    }
    return UNUSABLE(o, FILE, NULL, "is not an ELF file: live patches and "
                    "xen-syms both begin with the bytes 7f 45 4c 46");
}

/*
 * Byte order and width come first: the rest means something else in files
 * of another kind.
 */
static int check_header(const opening *o, Elf64_Ehdr *header)
{
    static const char where[] = "ELF header";

    if (o->image->size < sizeof(*header))
        return UNUSABLE(o, FORMAT, where, "ends within the ELF header, "
                        "after %zu bytes: get the file again",
                        o->image->size);
    memcpy(header, o->image->data, sizeof(*header));

    if (header->e_ident[EI_CLASS] != ELFCLASS64 ||
        header->e_ident[EI_DATA] != ELFDATA2LSB ||
        header->e_machine != EM_X86_64)
        return UNUSABLE(o, FORMAT, where, "is not for 64-bit x86 (class "
                        "%u, byte order %u, machine %u): get the one for "
                        "this architecture",
                        header->e_ident[EI_CLASS],
                        header->e_ident[EI_DATA], header->e_machine);
    if (header->e_ident[EI_VERSION] != EV_CURRENT ||
        header->e_version != EV_CURRENT)
        return UNUSABLE(o, FORMAT, where, "has an unknown ELF version "
                        "(%u, %u): the file is damaged, get it again",
                        header->e_ident[EI_VERSION], header->e_version);
    return 0;
}

static int check_section_table(const opening *o, const Elf64_Ehdr *header)
{
    static const char where[] = "section headers";
    uint64_t need = header->e_shnum * sizeof(Elf64_Shdr);

    if (!header->e_shnum)
        return UNUSABLE(o, FORMAT, where, "has no sections: it was "
                        "stripped or is damaged, get it again");
    if (header->e_shentsize != sizeof(Elf64_Shdr))
        return UNUSABLE(o, FORMAT, where, "has section headers of %u "
                        "bytes each, not %zu: the file is damaged, get "
                        "it again",
                        header->e_shentsize, sizeof(Elf64_Shdr));
    if (header->e_shoff < sizeof(*header) ||
        header->e_shoff > o->image->size ||
        need > o->image->size - header->e_shoff)
        return UNUSABLE(o, FORMAT, where, "is cut short or damaged: %u "
                        "section headers are to start at byte %"PRIu64", "
                        "but it has only %zu bytes; get the file again",
                        header->e_shnum, header->e_shoff, o->image->size);
    if (header->e_shstrndx == SHN_UNDEF ||
        header->e_shstrndx >= header->e_shnum)
        return UNUSABLE(o, FORMAT, where, "names section %u of %u as the "
                        "table of section names: the file is damaged, get "
                        "it again", header->e_shstrndx, header->e_shnum);
    return 0;
}

/* Each section by itself; all bad ones are told. */
static int check_section_headers(const opening *o,
                                 const Elf64_Ehdr *header)
{
    const uint8_t *table = o->image->data;
    Elf64_Shdr shdr;
    char where[32];
    size_t i, entry;
    int rc, bad = 0;

    for (i = 1; i < header->e_shnum; i++) {
        memcpy(&shdr, table + header->e_shoff + i * sizeof(shdr),
               sizeof(shdr));
        snprintf(where, sizeof(where), "section %zu", i);
        entry = shdr.sh_type == SHT_RELA ? sizeof(Elf64_Rela)
            : shdr.sh_type == SHT_SYMTAB ? sizeof(Elf64_Sym) : 0;
        rc = 0;
        if (shdr.sh_offset < sizeof(*header))
            rc = UNUSABLE(o, FORMAT, where, "is damaged: section %zu "
                          "starts at byte %"PRIu64", within the ELF "
                          "header; get the file again", i, shdr.sh_offset);
        else if (shdr.sh_type != SHT_NOBITS &&
                 (shdr.sh_offset > o->image->size ||
                  shdr.sh_size > o->image->size - shdr.sh_offset))
            rc = UNUSABLE(o, FORMAT, where, "is cut short or damaged: "
                          "section %zu is to have %"PRIu64" bytes from "
                          "byte %"PRIu64" on, but the file has only %zu; "
                          "get it again", i, shdr.sh_size, shdr.sh_offset,
                          o->image->size);
        else if (entry && (shdr.sh_entsize != entry ||
                           shdr.sh_size % entry))
            rc = UNUSABLE(o, FORMAT, where, "is damaged: the table in "
                          "section %zu has %"PRIu64" bytes in entries of "
                          "%"PRIu64", not whole ones of %zu; get the file "
                          "again", i, shdr.sh_size, shdr.sh_entsize,
                          entry);
        if (rc == ERROR_NOMEM) return rc;
        if (rc) bad = rc;
    }
    return bad;
}

/* libelf refused something: either memory, or what we failed to check. */
static int libelf_refused(const opening *o, const char *where)
{
    if (errno == ENOMEM) return ERROR_NOMEM;
    return UNUSABLE(o, FORMAT, where, "can't be read by libelf (%s): the "
                    "file is damaged, get it again", elf_errmsg(-1));
}

static int load_section(const opening *o, size_t index)
{
    libxl__livepatch_section *section = &o->elf->sections[index];
    char where[32];
    Elf_Scn *scn;
    GElf_Shdr shdr;

    snprintf(where, sizeof(where), "section %zu", index);
    errno = 0;
    scn = elf_getscn(o->elf->libelf, index);
    if (!scn || !gelf_getshdr(scn, &shdr)) return libelf_refused(o, where);

    section->type = shdr.sh_type;
    section->flags = shdr.sh_flags;
    section->addr = shdr.sh_addr;
    section->size = shdr.sh_size;
    section->align = shdr.sh_addralign;
    section->entsize = shdr.sh_entsize;
    section->link = shdr.sh_link;
    section->info = shdr.sh_info;
    if (shdr.sh_type == SHT_NOBITS || !shdr.sh_size) return 0;

    section->libelf = elf_rawdata(scn, NULL);
    if (!section->libelf || section->libelf->d_size != shdr.sh_size)
        return libelf_refused(o, where);
    section->data = section->libelf->d_buf;
    return 0;
}

static int load_sections(const opening *o)
{
    libxl__livepatch_elf *elf = o->elf;
    size_t i;
    int rc;

    errno = 0;
    if (elf_version(EV_CURRENT) == EV_NONE) return libelf_refused(o, NULL);
    elf->libelf = elf_memory(o->image->data, o->image->size);
    if (!elf->libelf) return libelf_refused(o, NULL);
    if (!gelf_getehdr(elf->libelf, &elf->header))
        return libelf_refused(o, "ELF header");

    elf->sections = calloc(elf->header.e_shnum, sizeof(*elf->sections));
    if (!elf->sections) return ERROR_NOMEM;
    elf->num_sections = elf->header.e_shnum;
    elf->sections[0].name = "";
    for (i = 1; i < elf->num_sections; i++) {
        rc = load_section(o, i);
        if (rc) return rc;
    }
    return 0;
}

/* Whether every offset below size is the start of a string. */
static bool is_string_table(const libxl__livepatch_section *section)
{
    return section->type == SHT_STRTAB && section->data &&
        !section->data[0] && !section->data[section->size - 1];
}

static int name_sections(const opening *o)
{
    libxl__livepatch_elf *elf = o->elf;
    const libxl__livepatch_section *names =
        &elf->sections[elf->header.e_shstrndx];
    GElf_Shdr shdr;
    size_t i;

    if (!is_string_table(names))
        return UNUSABLE(o, FORMAT, "section headers", "is damaged: "
                        "section %u, named as the table of section names, "
                        "is no table of strings; get the file again",
                        elf->header.e_shstrndx);

    for (i = 1; i < elf->num_sections; i++) {
        errno = 0;
        if (!gelf_getshdr(elf_getscn(elf->libelf, i), &shdr))
            return libelf_refused(o, "section headers");
        elf->sections[i].name =
            libxl__livepatch_elf_string(names, shdr.sh_name, MAX_NAME);
        if (!elf->sections[i].name)
            return UNUSABLE(o, FORMAT, "section headers", "is damaged: "
                            "the name of section %zu is not in the table "
                            "of names, or has more than %u bytes; get the "
                            "file again", i, MAX_NAME);
    }
    return 0;
}

static int find_symtab(const opening *o)
{
    libxl__livepatch_elf *elf = o->elf;
    size_t i;

    for (i = 1; i < elf->num_sections; i++) {
        if (elf->sections[i].type != SHT_SYMTAB) continue;
        if (elf->symtab)
            return UNUSABLE(o, FORMAT, elf->sections[i].name, "has two "
                            "symbol tables, %s and %s, and Xen takes one: "
                            "link the payload with ld -r",
                            elf->sections[elf->symtab].name,
                            elf->sections[i].name);
        elf->symtab = i;
    }
    if (!elf->symtab || !elf->sections[elf->symtab].data)
        return UNUSABLE(o, FORMAT, ".symtab", "has no symbols: use a file "
                        "that has not been stripped");
    elf->num_symbols =
        elf->sections[elf->symtab].size / sizeof(Elf64_Sym);
    return 0;
}

static int check_symbol_names(const opening *o)
{
    libxl__livepatch_elf *elf = o->elf;
    const libxl__livepatch_section *symtab = &elf->sections[elf->symtab];
    const libxl__livepatch_section *names;
    GElf_Sym sym;
    size_t i;

    if (!symtab->link || symtab->link >= elf->num_sections ||
        !is_string_table(&elf->sections[symtab->link]))
        return UNUSABLE(o, FORMAT, symtab->name, "is damaged: the symbol "
                        "table %s names section %u for its strings, which "
                        "is no table of strings; get the file again",
                        symtab->name, symtab->link);
    names = &elf->sections[symtab->link];

    for (i = 1; i < elf->num_symbols; i++) {
        errno = 0;
        if (!gelf_getsym(symtab->libelf, i, &sym))
            return libelf_refused(o, symtab->name);
        if (!libxl__livepatch_elf_string(names, sym.st_name, MAX_NAME))
            return UNUSABLE(o, FORMAT, symtab->name, "is damaged: the "
                            "name of symbol %zu is not in %s, or has more "
                            "than %u bytes; get the file again", i,
                            names->name, MAX_NAME);
    }
    return 0;
}

int libxl__livepatch_elf_open(libxl__livepatch_elf *elf,
                              const libxl__livepatch_image *image,
                              const char *what,
                              libxl_livepatch_judgement *judgement)
{
    const opening o = { elf, image, what, judgement };
    Elf64_Ehdr header;
    int rc;

    FILLZERO(*elf);
    rc = check_magic(&o);
    if (rc) return rc;
    rc = check_header(&o, &header);
    if (rc) return rc;
    rc = check_section_table(&o, &header);
    if (rc) return rc;
    rc = check_section_headers(&o, &header);
    if (rc) return rc;
    rc = load_sections(&o);
    if (rc) return rc;
    rc = name_sections(&o);
    if (rc) return rc;
    rc = find_symtab(&o);
    if (rc) return rc;
    return check_symbol_names(&o);
}

void libxl__livepatch_elf_close(libxl__livepatch_elf *elf)
{
    elf_end(elf->libelf);
    free(elf->sections);
    FILLZERO(*elf);
}

const libxl__livepatch_section *
libxl__livepatch_elf_section(const libxl__livepatch_elf *elf,
                             const char *name)
{
    size_t i;

    for (i = 1; i < elf->num_sections; i++) {
        if (!strcmp(elf->sections[i].name, name))
            return &elf->sections[i];
    }
    return NULL;
}

libxl__livepatch_symbol
libxl__livepatch_elf_symbol(const libxl__livepatch_elf *elf, size_t index)
{
    const libxl__livepatch_section *symtab = &elf->sections[elf->symtab];
    libxl__livepatch_symbol symbol = { .name = "" };
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
libxl__livepatch_elf_num_relocs(const libxl__livepatch_section *section)
{
    if (section->type != SHT_RELA) return 0;
    return section->size / sizeof(Elf64_Rela);
}

libxl__livepatch_reloc
libxl__livepatch_elf_reloc(const libxl__livepatch_section *section,
                           size_t index)
{
    libxl__livepatch_reloc reloc = { .type = R_X86_64_NONE };
    GElf_Rela rela;

    if (!gelf_getrela(section->libelf, index, &rela)) return reloc;
    reloc.offset = rela.r_offset;
    reloc.addend = rela.r_addend;
    reloc.type = GELF_R_TYPE(rela.r_info);
    reloc.symbol = GELF_R_SYM(rela.r_info);
    return reloc;
}

uint64_t
libxl__livepatch_elf_number(const libxl__livepatch_section *section,
                            uint64_t offset, size_t size)
{
    uint64_t number = 0;

    if (!section->data || offset > section->size ||
        size > section->size - offset)
        return 0;
    while (size--)
        number = number << 8 | section->data[offset + size];
    return number;
}

const char *
libxl__livepatch_elf_string(const libxl__livepatch_section *section,
                            uint64_t offset, size_t max)
{
    const char *string;
    size_t left;

    if (!section->data || offset >= section->size) return NULL;
    string = (const char *)section->data + offset;
    left = section->size - offset;
    if (!memchr(string, '\0', left > max ? max + 1 : left)) return NULL;
    return string;
}

const uint8_t *
libxl__livepatch_elf_build_id(const libxl__livepatch_section *section,
                              size_t *len_r)
{
    static const char owner[] = "GNU";
    uint64_t room, size;

    if (!section->data ||
        section->size <= sizeof(Elf64_Nhdr) + sizeof(owner))
        return NULL;
    if (libxl__livepatch_elf_number(section, 0, 4) != sizeof(owner) ||
        libxl__livepatch_elf_number(section, 8, 4) != NT_GNU_BUILD_ID ||
        memcmp(section->data + sizeof(Elf64_Nhdr), owner, sizeof(owner)))
        return NULL;
    size = libxl__livepatch_elf_number(section, 4, 4);
    room = section->size - sizeof(Elf64_Nhdr) - sizeof(owner);
    if (!size || size > room) return NULL;

    *len_r = size;
    return section->data + sizeof(Elf64_Nhdr) + sizeof(owner);
}

/*
 * Local variables:
 * mode: C
 * c-basic-offset: 4
 * indent-tabs-mode: nil
 * End:
 */
