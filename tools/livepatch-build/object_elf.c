/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * ELF: sections, symbols and relocations as the file has them.
 */
#include <inttypes.h>
#include <libelf.h>
#include <stdlib.h>
#include <string.h>

#include "memory.h"
#include "object_parts.h"
#include "relocation.h"
#include "tables.h"

/* The file's tables, while they are read. */
struct elf_tables {
    struct reading *reading;
    const Elf64_Shdr *headers;  /* by section */
    size_t symtab;              /* its section; 0: none */
};

#define refuse(reading, format, ...) \
    ((void)fail_with((reading)->why, "%s: " format, (reading)->label, \
                     ##__VA_ARGS__), false)

static const uint8_t *section_bytes(const struct reading *reading,
                                    const Elf64_Shdr *header)
{
    return reading->image + header->sh_offset;
}

/* A string of the string section `table`, or NULL. */
static const char *string_at(const struct elf_tables *tables, size_t table,
                             size_t offset)
{
    const Elf64_Shdr *header = &tables->headers[table];
    const uint8_t *text;

    if (table == 0 || table >= tables->reading->object->nsections ||
        header->sh_type != SHT_STRTAB || offset >= header->sh_size) {
        return NULL;
    }
    text = section_bytes(tables->reading, header);
    return text[header->sh_size - 1] ? NULL : (const char *)text + offset;
}

static bool check_header(struct reading *reading, Elf *elf)
{
    const Elf64_Ehdr *header;

    if (reading->size < sizeof(*header) || elf_kind(elf) != ELF_K_ELF) {
        return refuse(reading, "no ELF object file");
    }
    if (reading->image[EI_CLASS] != ELFCLASS64 ||
        reading->image[EI_DATA] != ELFDATA2LSB) {
        return refuse(reading, "not an object file for x86-64");
    }
    header = elf64_getehdr(elf);
    if (!header) {
        return refuse(reading, "%s", elf_errmsg(-1));
    }
    if (header->e_machine != EM_X86_64) {
        return refuse(reading, "not an object file for x86-64");
    }
    if (header->e_type != ET_REL) {
        return refuse(reading, "not relocatable: it was linked, or is a core");
    }
    return true;
}

/* Copies the section headers, and checks what all of them must be. */
static bool read_headers(struct reading *reading, Elf *elf,
                         Elf64_Shdr *headers, size_t count)
{
    uint64_t total = 0;
    size_t i;

    for (i = 1; i < count; i++) {
        Elf_Scn *section = elf_getscn(elf, i);
        const Elf64_Shdr *header = section ? elf64_getshdr(section) : NULL;
        uint64_t align;

        if (!header) {
            return refuse(reading, "section %zu: %s", i,
                          elf_errmsg(-1));
        }
        /* It need not be aligned. */
        memcpy(&headers[i], header, sizeof(*headers));
        header = &headers[i];
        if (header->sh_type != SHT_NOBITS &&
            (header->sh_offset > reading->size ||
             header->sh_size > reading->size - header->sh_offset)) {
            return refuse(reading, "section %zu reaches beyond the file's "
                          "end", i);
        }
        if (header->sh_type != SHT_NOBITS) {
            total += header->sh_size;
        }
        if (total > reading->size) {
            return refuse(reading, "sections overlap");
        }
        align = header->sh_addralign;
        if (align & (align - 1)) {
            return refuse(reading, "section %zu has an alignment of %" PRIu64
                          ", not a power of two", i, align);
        }
    }
    return true;
}

static bool read_section(struct elf_tables *tables, size_t index,
                         size_t names)
{
    struct reading *reading = tables->reading;
    const Elf64_Shdr *header = &tables->headers[index];
    struct section *section = &reading->object->sections[index];
    const char *name = string_at(tables, names, header->sh_name);

    if (!name) {
        return refuse(reading, "section %zu has no name",
                      index);
    }
    *section = (struct section){
        .object = reading->object,
        .name = name,
        .index = index,
        .type = header->sh_type,
        .flags = header->sh_flags,
        .size = header->sh_size,
        .align = header->sh_addralign ? header->sh_addralign : 1,
        .entsize = header->sh_entsize,
        .special = special_of(name),
        .init = is_init_section(name),
    };
    if (header->sh_type != SHT_NOBITS) {
        section->bytes = section_bytes(reading, header);
    }
    if ((section->flags & SHF_ALLOC) && (section->flags & SHF_COMPRESSED)) {
        return refuse(reading, "section %s is compressed",
                      name);
    }
    if (header->sh_type == SHT_SYMTAB) {
        if (tables->symtab) {
            return refuse(reading, "two symbol tables");
        }
        tables->symtab = index;
    }
    return true;
}

static bool read_sections(struct elf_tables *tables, size_t names)
{
    struct object *object = tables->reading->object;
    size_t i;

    object->sections = must_alloc(object->nsections,
                                  sizeof(*object->sections));
    object->sections[0].object = object;
    object->sections[0].name = "";
    tables->reading->relocations = must_alloc(object->nsections,
                                              sizeof(struct relocations));
    for (i = 1; i < object->nsections; i++) {
        if (!read_section(tables, i, names)) {
            return false;
        }
    }
    return true;
}

static bool place_symbol(struct reading *reading, struct symbol *symbol,
                         unsigned int index)
{
    struct object *object = reading->object;

    if (index == SHN_UNDEF) {
        return true;
    }
    if (index == SHN_ABS) {
        symbol->absolute = true;
        return true;
    }
    if (index == SHN_COMMON) {
        return refuse(reading, "symbol %s is common data: compile with "
                      "-fno-common", symbol->name);
    }
    if (index >= SHN_LORESERVE || index >= object->nsections) {
        return refuse(reading, "symbol %u (%s) is in section %u, which isn't "
                      "there", symbol->index, symbol->name,
                      index);
    }
    symbol->section = &object->sections[index];
    if (symbol->value > symbol->section->size ||
        symbol->size > symbol->section->size - symbol->value) {
        return refuse(reading, "symbol %u (%s) reaches beyond its section %s",
                      symbol->index, symbol->name,
                      symbol->section->name);
    }
    return true;
}

static bool read_symbol(struct elf_tables *tables, size_t index)
{
    struct reading *reading = tables->reading;
    const Elf64_Shdr *header = &tables->headers[tables->symtab];
    struct symbol *symbol = &reading->object->symbols[index];
    Elf64_Sym raw;

    memcpy(&raw, section_bytes(reading, header) + index * sizeof(raw),
           sizeof(raw));
    *symbol = (struct symbol){
        .name = string_at(tables, header->sh_link, raw.st_name),
        .index = index,
        .type = ELF64_ST_TYPE(raw.st_info),
        .bind = ELF64_ST_BIND(raw.st_info),
        .value = raw.st_value,
        .size = raw.st_size,
    };
    if (symbol->type == STT_SECTION) {
        symbol->name = "";
    }
    if (!symbol->name) {
        return refuse(reading, "symbol %zu has no name",
                      index);
    }
    if (symbol->type == STT_FILE && !*reading->object->source) {
        reading->object->source = symbol->name;
    }
    return place_symbol(reading, symbol, raw.st_shndx);
}

static bool read_symbols(struct elf_tables *tables)
{
    struct object *object = tables->reading->object;
    const Elf64_Shdr *header = &tables->headers[tables->symtab];
    size_t i, count = 1;

    if (tables->symtab) {
        count = header->sh_size / sizeof(Elf64_Sym);
        if (header->sh_entsize != sizeof(Elf64_Sym) || !count) {
            return refuse(tables->reading, "a symbol table of no sense");
        }
    }
    object->symbols = must_alloc(count, sizeof(*object->symbols));
    object->symbols[0].name = "";
    object->nsymbols = count;
    for (i = 1; i < count; i++) {
        if (!read_symbol(tables, i)) {
            return false;
        }
    }
    return true;
}

static bool read_relocation(struct reading *reading, struct section *section,
                            const uint8_t *bytes)
{
    struct relocations *relocations = &reading->relocations[section->index];
    struct object *object = reading->object;
    unsigned int type, size;
    size_t symbol;
    Elf64_Rela raw;

    memcpy(&raw, bytes, sizeof(raw));
    type = ELF64_R_TYPE(raw.r_info);
    symbol = ELF64_R_SYM(raw.r_info);
    if (type == R_X86_64_NONE) {
        return true;
    }
    size = relocation_size(type);
    if (!size) {
        return refuse(reading, "%s+0x%" PRIx64 " has a relocation of the "
                      "unknown type %u", section->name,
                      raw.r_offset, type);
    }
    if (size > section->size || raw.r_offset > section->size - size) {
        return refuse(reading, "a relocation of %s lies at 0x%" PRIx64
                      ", beyond its end", section->name,
                      raw.r_offset);
    }
    if (symbol >= object->nsymbols) {
        return refuse(reading, "%s+0x%" PRIx64 " refers to the symbol %zu, "
                      "which isn't there", section->name,
                      raw.r_offset, symbol);
    }
    relocations->refs = must_grow(relocations->refs, &relocations->room,
                                  relocations->nrefs + 1,
                                  sizeof(*relocations->refs));
    relocations->refs[relocations->nrefs++] = (struct ref){
        .offset = raw.r_offset,
        .type = type,
        .symbol = &object->symbols[symbol],
        .addend = raw.r_addend,
    };
    return true;
}

static int compare_refs(const void *left, const void *right)
{
    const struct ref *a = left, *b = right;

    return (a->offset > b->offset) - (a->offset < b->offset);
}

static bool order_relocations(struct reading *reading,
                              const struct section *section)
{
    struct relocations *relocations = &reading->relocations[section->index];
    struct ref *refs = relocations->refs;
    bool ordered = true;
    size_t i;

    for (i = 1; ordered && i < relocations->nrefs; i++) {
        ordered = refs[i - 1].offset <= refs[i].offset;
    }
    if (!ordered) {
        qsort(refs, relocations->nrefs, sizeof(*refs), compare_refs);
    }
    for (i = 1; i < relocations->nrefs; i++) {
        if (refs[i].offset - refs[i - 1].offset <
            relocation_size(refs[i - 1].type)) {
            return refuse(reading, "two relocations at %s+0x%" PRIx64,
                          section->name, refs[i].offset);
        }
    }
    return true;
}

/* Only those of sections that Xen keeps matter. */
static bool read_relocations(struct elf_tables *tables, size_t index)
{
    struct reading *reading = tables->reading;
    const Elf64_Shdr *header = &tables->headers[index];
    struct section *target;
    const uint8_t *bytes;
    uint64_t i, count;

    if (header->sh_info == 0 ||
        header->sh_info >= reading->object->nsections) {
        return refuse(reading, "relocations for section %u, which isn't "
                      "there", header->sh_info);
    }
    target = &reading->object->sections[header->sh_info];
    if (!(target->flags & SHF_ALLOC) || is_dropped_section(target->name)) {
        return true;
    }
    if (header->sh_type == SHT_REL || header->sh_link != tables->symtab ||
        header->sh_entsize != sizeof(Elf64_Rela) || !target->bytes) {
        return refuse(reading, "relocations of no sense for section %s",
                      target->name);
    }
    bytes = section_bytes(reading, header);
    count = header->sh_size / sizeof(Elf64_Rela);
    for (i = 0; i < count; i++) {
        if (!read_relocation(reading, target,
                             bytes + i * sizeof(Elf64_Rela))) {
            return false;
        }
    }
    return true;
}

static bool read_all_relocations(struct elf_tables *tables)
{
    struct object *object = tables->reading->object;
    size_t i;

    for (i = 1; i < object->nsections; i++) {
        uint32_t type = tables->headers[i].sh_type;

        if ((type == SHT_RELA || type == SHT_REL) &&
            !read_relocations(tables, i)) {
            return false;
        }
    }
    for (i = 1; i < object->nsections; i++) {
        if (!order_relocations(tables->reading, &object->sections[i])) {
            return false;
        }
    }
    return true;
}

/* Hand-written sources are named .S; what has no name wasn't compiled. */
static bool is_assembly(const char *source)
{
    size_t length = strlen(source);

    return !length || (length > 2 && (!strcmp(source + length - 2, ".S") ||
                                      !strcmp(source + length - 2, ".s")));
}

static bool read_elf(struct reading *reading, Elf *elf)
{
    struct elf_tables tables = { .reading = reading };
    Elf64_Shdr *headers;
    size_t names;
    bool done;

    if (!check_header(reading, elf)) {
        return false;
    }
    if (elf_getshdrnum(elf, &reading->object->nsections) ||
        elf_getshdrstrndx(elf, &names) || !reading->object->nsections) {
        reading->object->nsections = 0;
        return refuse(reading, "no sections");
    }
    headers = must_alloc(reading->object->nsections, sizeof(*headers));
    tables.headers = headers;
    done = read_headers(reading, elf, headers, reading->object->nsections) &&
           read_sections(&tables, names) && read_symbols(&tables) &&
           read_all_relocations(&tables);
    free(headers);
    reading->object->assembly = is_assembly(reading->object->source);
    return done;
}

bool object_elf_read(struct reading *reading)
{
    Elf *elf;
    bool done;

    elf_version(EV_CURRENT);
    elf = elf_memory((char *)reading->image, reading->size);
    if (!elf) {
        return refuse(reading, "no ELF object file");
    }
    done = read_elf(reading, elf);
    elf_end(elf);
    return done;
}
