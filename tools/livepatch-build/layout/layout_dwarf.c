/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * In an object that isn't linked, references from .debug_info to strings and
 * abbreviations are relocations.  Those are done here in a copy of the file in
 * memory, before libdw sees it.
 */
#include "layout_dwarf.h"

#include <errno.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "arch/arch.h"
#include "arch/relocation.h"
#include "support/files.h"
#include "support/memory.h"

static bool relocate_one(const struct debug_file *file,
                         const xlp_section *target, const xlp_reloc *reloc)
{
    uint64_t width = relocation_of(reloc->type)->size;
    uint64_t value;

    if (reloc->type == RELOCATION_NONE) {
        return true;
    }
    if (relocation_of(reloc->type)->means != RELOCATION_ADDRESS) {
        return false;
    }
    if (reloc->symbol >= file->elf.num_symbols || !target->data ||
        target->flags & SHF_COMPRESSED || target->size < width ||
        reloc->offset > target->size - width) {
        return false;
    }
    value = xlp_elf_symbol(&file->elf, reloc->symbol).value +
            (uint64_t)reloc->addend;
    memcpy(file->image + (target->data - file->elf.image) + reloc->offset,
           &value, width);
    return true;
}

/* What the reading of types needs: .debug_line has the files' names. */
static bool is_needed(const xlp_section *section)
{
    return section && (!strcmp(section->name, ".debug_info") ||
                       !strcmp(section->name, ".debug_line"));
}

static bool relocate(const struct debug_file *file)
{
    const xlp_elf *elf = &file->elf;

    for (size_t i = 1; i < elf->num_sections; i++) {
        const xlp_section *table = &elf->sections[i];
        const xlp_section *target = xlp_relocated(elf, table);
        size_t count = xlp_num_relocs(table);

        if (!count || !is_needed(target)) {
            continue;
        }
        if (!xlp_has_symtab(elf, table)) {
            return false;
        }
        for (size_t j = 0; j < count; j++) {
            xlp_reloc reloc = xlp_reloc_at(table, j);

            if (!relocate_one(file, target, &reloc)) {
                return false;
            }
        }
    }
    return true;
}

/* Data alone has no debug information where it isn't made by the compiler; nor
 * has code that is written as bytes, as what 4.21 has in .init for 32 bits. */
static bool has_code(const xlp_elf *elf)
{
    for (size_t i = 1; i < elf->num_sections; i++) {
        const xlp_section *section = &elf->sections[i];

        if (section->flags & SHF_EXECINSTR && section->size &&
            !starts_with(section->name, ".init")) {
            return true;
        }
    }
    return false;
}

static bool open_object(struct debug_file *file, const char *path, char **why)
{
    int error = xlp_elf_open(&file->elf, file->image, file->size);

    if (error == ENOMEM) {
        must_have(NULL);
    }
    if (error) {
        fail_with(why, "%s: not an object file for %s: it %s", path,
                  arch->name, file->elf.fault.what);
    } else if (file->elf.header.e_type != ET_REL) {
        fail_with(why, "%s: not an object file: it was linked", path);
        error = EINVAL;
    }
    return !error;
}

bool debug_open(struct debug_file *file, const char *path, char **why)
{
    *file = (struct debug_file){ 0 };
    file->image = files_read(path, &file->size, why);
    if (!file->image || !open_object(file, path, why)) {
        return false;
    }
    if (!relocate(file)) {
        fail_with(why, "%s: relocations of its debug information are damaged, "
                  "or of a kind that isn't known", path);
        return false;
    }
    file->dwarf = dwarf_begin_elf(file->elf.libelf, DWARF_C_READ, NULL);
    if (!file->dwarf && has_code(&file->elf)) {
        fail_with(why, "%s: no debug information (is it compiled with -g?): %s",
                  path, dwarf_errmsg(-1));
        return false;
    }
    return true;
}

void debug_close(struct debug_file *file)
{
    if (file->dwarf) {
        dwarf_end(file->dwarf);
    }
    xlp_elf_close(&file->elf);
    free(file->image);
    *file = (struct debug_file){ 0 };
}
