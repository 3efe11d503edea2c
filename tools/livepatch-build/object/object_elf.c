/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * ELF: sections, symbols and relocations as the file has them.
 */
#include <errno.h>
#include <inttypes.h>
#include <reader.h>
#include <stdlib.h>
#include <string.h>

#include "support/memory.h"
#include "object_parts.h"
#include "arch/arch.h"
#include "arch/relocation.h"
#include "tables.h"

#define refuse(reading, format, ...) \
    ((void)fail_with((reading)->why, "%s: " format, (reading)->label, \
                     ##__VA_ARGS__), false)

static bool open_elf(struct reading *reading, xlp_elf *elf)
{
    int error = xlp_elf_open(elf, reading->image, reading->size);

    if (error == ENOMEM) {
        must_have(NULL);
    }
    if (error) {
        return refuse(reading, "not an object file for %s: it %s",
                      arch->name, elf->fault.what);
    }
    if (elf->header.e_type != ET_REL) {
        return refuse(reading, "not relocatable: it was linked, or is a core");
    }
    return true;
}

static bool read_section(struct reading *reading, const xlp_section *from,
                         struct section *section, size_t index)
{
    if (from->align & (from->align - 1)) {
        return refuse(reading, "section %zu has an alignment of %" PRIu64
                      ", not a power of two", index, from->align);
    }
    *section = (struct section){
        .object = reading->object,
        .name = from->name,
        .index = index,
        .type = from->type,
        .flags = from->flags,
        .size = from->size,
        .align = from->align ? from->align : 1,
        .entsize = from->entsize,
        .bytes = from->data,
        .special = special_of(from->name),
        .init = is_init_section(from->name),
    };
    if ((section->flags & SHF_ALLOC) && (section->flags & SHF_COMPRESSED)) {
        return refuse(reading, "section %s is compressed", section->name);
    }
    return true;
}

static bool read_sections(struct reading *reading, const xlp_elf *elf)
{
    struct object *object = reading->object;
    uint64_t total = 0;
    size_t i;

    object->nsections = elf->num_sections;
    object->sections = must_alloc(object->nsections,
                                  sizeof(*object->sections));
    object->sections[0].object = object;
    object->sections[0].name = "";
    reading->relocations = must_alloc(object->nsections,
                                      sizeof(struct relocations));
    for (i = 1; i < object->nsections; i++) {
        const xlp_section *from = &elf->sections[i];

        if (!read_section(reading, from, &object->sections[i], i)) {
            return false;
        }
        total += from->data ? from->size : 0;
        if (total > reading->size) {
            return refuse(reading, "sections overlap");
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

static bool read_symbol(struct reading *reading, const xlp_elf *elf,
                        size_t index)
{
    xlp_symbol from = xlp_elf_symbol(elf, index);
    struct symbol *symbol = &reading->object->symbols[index];

    *symbol = (struct symbol){
        .name = from.type == STT_SECTION ? "" : from.name,
        .index = index,
        .type = from.type,
        .bind = from.binding,
        .value = from.value,
        .size = from.size,
    };
    if (symbol->type == STT_FILE && !*reading->object->source) {
        reading->object->source = symbol->name;
    }
    return place_symbol(reading, symbol, from.section);
}

static bool read_symbols(struct reading *reading, const xlp_elf *elf)
{
    struct object *object = reading->object;
    size_t i;

    object->nsymbols = elf->num_symbols ? elf->num_symbols : 1;
    object->symbols = must_alloc(object->nsymbols, sizeof(*object->symbols));
    object->symbols[0].name = "";
    for (i = 1; i < object->nsymbols; i++) {
        if (!read_symbol(reading, elf, i)) {
            return false;
        }
    }
    return true;
}

static bool read_relocation(struct reading *reading, struct section *section,
                            const xlp_reloc *from)
{
    struct relocations *relocations = &reading->relocations[section->index];
    struct object *object = reading->object;
    unsigned int size = relocation_of(from->type)->size;

    if (from->type == RELOCATION_NONE) {
        return true;
    }
    if (!size) {
        return refuse(reading, "%s+0x%" PRIx64 " has a relocation of the "
                      "unknown type %u", section->name, from->offset,
                      from->type);
    }
    if (size > section->size || from->offset > section->size - size) {
        return refuse(reading, "a relocation of %s lies at 0x%" PRIx64
                      ", beyond its end", section->name, from->offset);
    }
    if (from->symbol >= object->nsymbols) {
        return refuse(reading, "%s+0x%" PRIx64 " refers to the symbol %u, "
                      "which isn't there", section->name, from->offset,
                      from->symbol);
    }
    relocations->refs = must_grow(relocations->refs, &relocations->room,
                                  relocations->nrefs + 1,
                                  sizeof(*relocations->refs));
    relocations->refs[relocations->nrefs++] = (struct ref){
        .offset = from->offset,
        .type = from->type,
        .symbol = &object->symbols[from->symbol],
        .addend = from->addend,
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
            relocation_of(refs[i - 1].type)->size) {
            return refuse(reading, "two relocations at %s+0x%" PRIx64,
                          section->name, refs[i].offset);
        }
    }
    return true;
}

/* Only those of sections that Xen keeps matter. */
static bool read_relocations(struct reading *reading, const xlp_elf *elf,
                             const xlp_section *from)
{
    const xlp_section *relocated = xlp_relocated(elf, from);
    struct section *target;

    if (!relocated) {
        return refuse(reading, "relocations for section %u, which isn't "
                      "there", from->info);
    }
    target = &reading->object->sections[relocated - elf->sections];
    if (!(target->flags & SHF_ALLOC) || is_dropped_section(target->name)) {
        return true;
    }
    if (from->type == SHT_REL || !xlp_has_symtab(elf, from) ||
        !target->bytes) {
        return refuse(reading, "relocations of no sense for section %s",
                      target->name);
    }
    for (size_t i = 0; i < xlp_num_relocs(from); i++) {
        xlp_reloc relocation = xlp_reloc_at(from, i);

        if (!read_relocation(reading, target, &relocation)) {
            return false;
        }
    }
    return true;
}

static bool read_all_relocations(struct reading *reading, const xlp_elf *elf)
{
    for (size_t i = 1; i < elf->num_sections; i++) {
        if (xlp_has_relocs(&elf->sections[i]) &&
            !read_relocations(reading, elf, &elf->sections[i])) {
            return false;
        }
    }
    for (size_t i = 1; i < elf->num_sections; i++) {
        if (!order_relocations(reading, &reading->object->sections[i])) {
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

bool object_elf_read(struct reading *reading)
{
    xlp_elf elf;
    bool done = open_elf(reading, &elf) && read_sections(reading, &elf) &&
                read_symbols(reading, &elf) &&
                read_all_relocations(reading, &elf);

    xlp_elf_close(&elf);
    reading->object->assembly = is_assembly(reading->object->source);
    return done;
}
