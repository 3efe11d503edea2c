/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The structure of an uploaded file: all of it is checked before anything else
 * is read, and headers are copied, as they may lie at any alignment.
 */
#include <xen/errno.h>
#include <xen/inttypes.h>
#include <xen/lib.h>
#include <xen/string.h>

#include "elf.h"
#include "memory.h"
#include "names.h"
#include "reason.h"

/* No extended numbering: the null section's fields have no second meaning. */
#define MAX_SECTIONS 1024

/* Far more than any compiler makes; keeps work linear in the file's size. */
#define MAX_NAME     1024

static int check_ident(const struct elf_view *elf)
{
    const unsigned char *ident = elf->header.e_ident;

    if ( !IS_ELF(elf->header) )
        return refuse(elf->why, -EINVAL, "the file is not in ELF format");

    if ( ident[EI_CLASS] != ELFCLASS64 || ident[EI_DATA] != ELFDATA2LSB )
        return refuse(elf->why, -EOPNOTSUPP,
                      "ELF header: class %u and byte order %u, "
                      "instead of 64 bits (%u) and little-endian (%u)",
                      ident[EI_CLASS], ident[EI_DATA], ELFCLASS64,
                      ELFDATA2LSB);

    if ( ident[EI_VERSION] != EV_CURRENT ||
         elf->header.e_version != EV_CURRENT )
        return refuse(elf->why, -EOPNOTSUPP,
                      "ELF header: versions %u and %u instead of %u",
                      ident[EI_VERSION], elf->header.e_version, EV_CURRENT);

    if ( (ident[EI_OSABI] != ELFOSABI_NONE &&
          ident[EI_OSABI] != ELFOSABI_FREEBSD) || ident[EI_ABIVERSION] )
        return refuse(elf->why, -EOPNOTSUPP,
                      "ELF header: OS ABI %u, version %u is not known",
                      ident[EI_OSABI], ident[EI_ABIVERSION]);

    return 0;
}

static int check_header(const struct elf_view *elf)
{
    const Elf_Ehdr *header = &elf->header;
    int rc = check_ident(elf);

    if ( rc )
        return rc;

    if ( header->e_type != ET_REL || header->e_phnum )
        return refuse(elf->why, -EOPNOTSUPP,
                      "ELF header: type %u with %u program headers, "
                      "instead of a relocatable file (%u) without any",
                      header->e_type, header->e_phnum, ET_REL);

    if ( header->e_shnum >= MAX_SECTIONS )
        return refuse(elf->why, -EOPNOTSUPP,
                      "ELF header: %u sections; the limit is %u",
                      header->e_shnum, MAX_SECTIONS - 1);

    if ( header->e_shentsize < sizeof(Elf_Shdr) )
        return refuse(elf->why, -EINVAL,
                      "ELF header: section headers of %u bytes instead of %zu",
                      header->e_shentsize, sizeof(Elf_Shdr));

    if ( header->e_shoff < sizeof(*header) || header->e_shoff > elf->size ||
         header->e_shnum * (size_t)header->e_shentsize >
         elf->size - header->e_shoff )
        return refuse(elf->why, -EINVAL,
                      "ELF header: %u section headers of %u bytes at offset "
                      "%#"PRIx64" are not within the file's %zu bytes",
                      header->e_shnum, header->e_shentsize, header->e_shoff,
                      elf->size);

    if ( header->e_shstrndx == SHN_UNDEF ||
         header->e_shstrndx >= header->e_shnum )
        return refuse(elf->why, -EINVAL,
                      "ELF header: the section names are in section %u of %u",
                      header->e_shstrndx, header->e_shnum);

    return 0;
}

/* A section's place in the file, alignment and address. */
static int check_section(const struct elf_view *elf, unsigned int index,
                         Elf_Shdr *header)
{
    if ( !header->sh_addralign )
        header->sh_addralign = 1;

    if ( header->sh_addralign & (header->sh_addralign - 1) )
        return refuse(elf->why, -EOPNOTSUPP,
                      "section %u: alignment %#"PRIx64" is not a power of two",
                      index, header->sh_addralign);

    if ( header->sh_addr & (header->sh_addralign - 1) )
        return refuse(elf->why, -EINVAL,
                      "section %u: address %#"PRIx64" is not a multiple of its "
                      "alignment %#"PRIx64,
                      index, header->sh_addr, header->sh_addralign);

    if ( header->sh_type == SHT_NOBITS || header->sh_type == SHT_NULL )
        return 0;

    if ( header->sh_offset < sizeof(Elf_Ehdr) ||
         header->sh_offset > elf->size ||
         header->sh_size > elf->size - header->sh_offset )
        return refuse(elf->why, -EINVAL,
                      "section %u: %#"PRIx64" bytes at offset %#"PRIx64" are "
                      "not within the file's %#zx bytes",
                      index, header->sh_size, header->sh_offset, elf->size);

    return 0;
}

static int read_sections(struct elf_view *elf)
{
    const void *next = elf->file + elf->header.e_shoff;
    unsigned int i;

    elf->sections = table_alloc(elf->header.e_shnum, sizeof(*elf->sections));
    if ( !elf->sections )
        return refuse_no_memory(elf->why, "the sections");

    elf->nsections = elf->header.e_shnum;
    elf->sections[0].name = "";

    for ( i = 1; i < elf->nsections; i++ )
    {
        struct elf_section *section = &elf->sections[i];
        int rc;

        next += elf->header.e_shentsize;
        memcpy(&section->header, next, sizeof(section->header));

        rc = check_section(elf, i, &section->header);
        if ( rc )
            return rc;

        if ( section->header.sh_type == SHT_NULL )
            section->header.sh_flags = section->header.sh_size = 0;
        else if ( section->header.sh_type != SHT_NOBITS )
            section->data = elf->file + section->header.sh_offset;
    }

    return 0;
}

/* Strings end inside the table, if its last byte ends one. */
static int check_strings(const struct elf_view *elf, unsigned int index,
                         const char *what)
{
    const struct elf_section *table = &elf->sections[index];
    const char *strings = table->data;

    if ( table->header.sh_type != SHT_STRTAB || !table->header.sh_size )
        return refuse(elf->why, -EINVAL,
                      "section %u should hold %s, but is of type %u and has "
                      "%"PRIu64" bytes",
                      index, what, table->header.sh_type,
                      table->header.sh_size);

    if ( strings[0] || strings[table->header.sh_size - 1] )
        return refuse(elf->why, -EINVAL,
                      "section %u: %s do not begin and end with a zero byte",
                      index, what);

    return 0;
}

/* A name from a string table that was checked, or NULL. */
static const char *name_at(const struct elf_section *table, uint64_t offset)
{
    const char *name = table->data;

    if ( offset >= table->header.sh_size )
        return NULL;

    name += offset;

    return strnlen(name, MAX_NAME + 1) <= MAX_NAME ? name : NULL;
}

static int name_sections(struct elf_view *elf)
{
    const struct elf_section *names = &elf->sections[elf->header.e_shstrndx];
    unsigned int i;
    int rc = check_strings(elf, elf->header.e_shstrndx, "the section names");

    if ( rc )
        return rc;

    elf->hashed = table_alloc(elf->nsections, sizeof(*elf->hashed));
    if ( !elf->hashed )
        return refuse_no_memory(elf->why, "the section names");

    ASSERT(elf->nsections);

    /* From the last to the first, which then leads its chain. */
    for ( i = elf->nsections - 1; i; i-- )
    {
        struct elf_section *section = &elf->sections[i];
        uint32_t *head;

        section->name = name_at(names, section->header.sh_name);
        if ( !section->name )
            return refuse(elf->why, -EINVAL,
                          "section %u: its name at %#x is not within the "
                          "%#"PRIx64" bytes of names, or longer than %u",
                          i, section->header.sh_name, names->header.sh_size,
                          MAX_NAME);

        head = &elf->hashed[name_hash(section->name) % elf->nsections];
        section->next_hashed = *head;
        *head = i;
    }

    return 0;
}

static int find_symtab(struct elf_view *elf)
{
    const Elf_Shdr *header;
    unsigned int i;

    for ( i = 1; i < elf->nsections; i++ )
    {
        if ( elf->sections[i].header.sh_type != SHT_SYMTAB )
            continue;

        if ( elf->symtab )
            return refuse(elf->why, -EOPNOTSUPP,
                          "sections %u and %u are both symbol tables",
                          elf->symtab, i);
        elf->symtab = i;
    }

    if ( !elf->symtab )
        return refuse(elf->why, -EINVAL, "the file has no symbol table");

    header = &elf->sections[elf->symtab].header;
    if ( header->sh_entsize != sizeof(Elf_Sym) || !header->sh_size ||
         header->sh_size % sizeof(Elf_Sym) )
        return refuse(elf->why, -EINVAL,
                      "symbol table: %#"PRIx64" bytes in entries of %"PRIu64
                      " instead of %zu",
                      header->sh_size, header->sh_entsize, sizeof(Elf_Sym));

    if ( header->sh_link == SHN_UNDEF || header->sh_link >= elf->nsections )
        return refuse(elf->why, -EINVAL,
                      "symbol table: its names are in section %u of %u",
                      header->sh_link, elf->nsections);

    return check_strings(elf, header->sh_link, "the symbol names");
}

static int check_symbol(const struct elf_view *elf, unsigned int index,
                        const struct elf_symbol *symbol)
{
    const struct elf_section *section;

    if ( symbol->section == SHN_UNDEF || symbol->section == SHN_ABS )
        return 0;

    if ( symbol->section == SHN_COMMON )
        return refuse(elf->why, -EINVAL,
                      "symbol %u (%s) is common: compile with -fno-common",
                      index, symbol->name);

    if ( symbol->section >= SHN_LORESERVE )
        return refuse(elf->why, -EOPNOTSUPP,
                      "symbol %u (%s): section index %#x is reserved",
                      index, symbol->name, symbol->section);

    if ( symbol->section >= elf->nsections )
        return refuse(elf->why, -EINVAL,
                      "symbol %u (%s) is in section %u of %u",
                      index, symbol->name, symbol->section, elf->nsections);

    section = &elf->sections[symbol->section];
    if ( elf_is_alloc(section) && symbol->value > section->header.sh_size )
        return refuse(elf->why, -EINVAL,
                      "symbol %u (%s): value %#"PRIx64" is beyond the %#"PRIx64
                      " bytes of section %s",
                      index, symbol->name, symbol->value,
                      section->header.sh_size, section->name);

    return 0;
}

static int read_symbols(struct elf_view *elf)
{
    const struct elf_section *table, *names;
    unsigned int i, n;
    int rc = find_symtab(elf);

    if ( rc )
        return rc;

    table = &elf->sections[elf->symtab];
    names = &elf->sections[table->header.sh_link];
    n = table->header.sh_size / sizeof(Elf_Sym);

    elf->symbols = table_alloc(n, sizeof(*elf->symbols));
    if ( !elf->symbols )
        return refuse_no_memory(elf->why, "the symbols");

    elf->nsymbols = n;
    elf->symbols[0].name = "";

    for ( i = 1; i < n; i++ )
    {
        struct elf_symbol *symbol = &elf->symbols[i];
        Elf_Sym entry;

        memcpy(&entry, table->data + i * sizeof(entry), sizeof(entry));

        symbol->name = name_at(names, entry.st_name);
        if ( !symbol->name )
            return refuse(elf->why, -EINVAL,
                          "symbol %u: its name at %#x is not within the "
                          "%#"PRIx64" bytes of names, or longer than %u",
                          i, entry.st_name, names->header.sh_size, MAX_NAME);

        symbol->value = entry.st_value;
        symbol->size = entry.st_size;
        symbol->section = entry.st_shndx;
        symbol->binding = ELF_ST_BIND(entry.st_info);
        symbol->type = ELF_ST_TYPE(entry.st_info);

        rc = check_symbol(elf, i, symbol);
        if ( rc )
            return rc;
    }

    return 0;
}

int elf_open(struct elf_view *elf, const void *file, size_t size,
             struct livepatch_reason *why)
{
    int rc;

    *elf = (struct elf_view){ .why = why, .file = file, .size = size };

    if ( size < sizeof(elf->header) )
        return refuse(why, -EINVAL,
                      "the file has %zu bytes; an ELF header has %zu",
                      size, sizeof(elf->header));

    memcpy(&elf->header, file, sizeof(elf->header));

    rc = check_header(elf);
    if ( !rc )
        rc = read_sections(elf);
    if ( !rc )
        rc = name_sections(elf);
    if ( !rc )
        rc = read_symbols(elf);

    if ( rc )
        elf_close(elf);

    return rc;
}

void elf_close(struct elf_view *elf)
{
    table_free(elf->sections);
    table_free(elf->hashed);
    table_free(elf->symbols);

    elf->sections = NULL;
    elf->hashed = NULL;
    elf->symbols = NULL;
    elf->nsections = elf->nsymbols = 0;
}

struct elf_section *elf_find(const struct elf_view *elf, const char *name)
{
    unsigned int i = elf->hashed[name_hash(name) % elf->nsections];

    while ( i && strcmp(elf->sections[i].name, name) )
        i = elf->sections[i].next_hashed;

    return i ? &elf->sections[i] : NULL;
}

int elf_special(const struct elf_view *elf, const char *name, size_t entry,
                void **data, size_t *size)
{
    const struct elf_section *section = elf_find(elf, name);

    *data = NULL;
    *size = 0;

    if ( !section )
        return 0;

    if ( !section->loaded )
        return refuse(elf->why, -EINVAL,
                      "section %s is not to be loaded: it lacks the ALLOC flag",
                      name);

    if ( section->header.sh_size % entry )
        return refuse(elf->why, -EINVAL,
                      "section %s: %"PRIu64" bytes are not a multiple of %zu",
                      name, section->header.sh_size, entry);

    *data = section->loaded;
    *size = section->header.sh_size;

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
