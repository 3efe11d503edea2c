/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * In an object that isn't linked, references from .debug_info to strings and
 * abbreviations are relocations.  Those are done here in a copy of the file in
 * memory, before libdw sees it.
 */
#include "layout_dwarf.h"

#include <errno.h>
#include <fcntl.h>
#include <gelf.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "memory.h"

#define LARGEST (256 * 1024 * 1024)

static bool read_file(struct debug_file *file, const char *path, char **why)
{
    int fd = open(path, O_RDONLY | O_CLOEXEC);
    struct stat status;
    ssize_t got = 1;
    size_t done = 0;

    if (fd < 0 || fstat(fd, &status)) {
        fail_with(why, "%s: %s", path, strerror(errno));
        if (fd >= 0) {
            close(fd);
        }
        return false;
    }
    if (!S_ISREG(status.st_mode) || status.st_size > LARGEST) {
        close(fd);
        fail_with(why, "%s: not an object file", path);
        return false;
    }
    file->size = (size_t)status.st_size;
    file->image = must_alloc(1, file->size + 1);
    while (done < file->size && got > 0) {
        got = read(fd, file->image + done, file->size - done);
        if (got < 0 && errno == EINTR) {
            got = 1;
            continue;
        }
        done += got > 0 ? (size_t)got : 0;
    }
    if (done < file->size) {
        fail_with(why, "%s: %s", path,
                  got < 0 ? strerror(errno) : "cut short while being read");
    }
    close(fd);
    return done == file->size;
}

/* A section's bytes, or NULL if not all of them are in the file. */
static char *section_bytes(const struct debug_file *file,
                           const GElf_Shdr *header)
{
    if (header->sh_type == SHT_NOBITS || header->sh_offset > file->size ||
        header->sh_size > file->size - header->sh_offset) {
        return NULL;
    }
    return file->image + header->sh_offset;
}

struct place {
    char *bytes;
    uint64_t size;
    const char *symbols;
    uint64_t nsymbols;
};

static bool relocate_one(const struct place *place, const Elf64_Rela *rela)
{
    uint64_t width = ELF64_R_TYPE(rela->r_info) == R_X86_64_64 ? 8 : 4;
    uint64_t value;
    Elf64_Sym symbol;

    switch (ELF64_R_TYPE(rela->r_info)) {
    case R_X86_64_NONE:
        return true;
    case R_X86_64_64: case R_X86_64_32: case R_X86_64_32S:
        break;
    default:
        return false;
    }
    if (ELF64_R_SYM(rela->r_info) >= place->nsymbols ||
        place->size < width || rela->r_offset > place->size - width) {
        return false;
    }
    memcpy(&symbol, place->symbols + ELF64_R_SYM(rela->r_info) * sizeof(symbol),
           sizeof(symbol));
    value = symbol.st_value + (uint64_t)rela->r_addend;
    memcpy(place->bytes + rela->r_offset, &value, width);
    return true;
}

static bool relocate_section(const struct debug_file *file,
                             const GElf_Shdr *table, const GElf_Shdr *target)
{
    const char *entries = section_bytes(file, table);
    struct place place = { section_bytes(file, target), target->sh_size, 0, 0 };
    GElf_Shdr symbols;
    uint64_t at;

    if (!entries || !place.bytes || target->sh_flags & SHF_COMPRESSED ||
        !gelf_getshdr(elf_getscn(file->elf, table->sh_link), &symbols) ||
        symbols.sh_type != SHT_SYMTAB) {
        return false;
    }
    place.symbols = section_bytes(file, &symbols);
    place.nsymbols = symbols.sh_size / sizeof(Elf64_Sym);
    if (!place.symbols) {
        return false;
    }
    for (at = 0; table->sh_size - at >= sizeof(Elf64_Rela);
         at += sizeof(Elf64_Rela)) {
        Elf64_Rela rela;

        memcpy(&rela, entries + at, sizeof(rela));
        if (!relocate_one(&place, &rela)) {
            return false;
        }
    }
    return true;
}

/* What the reading of types needs: .debug_line has the files' names. */
static bool is_needed(const char *name)
{
    return name && (!strcmp(name, ".debug_info") ||
                    !strcmp(name, ".debug_line"));
}

static bool relocate(const struct debug_file *file)
{
    Elf_Scn *section = NULL;
    size_t names;

    if (elf_getshdrstrndx(file->elf, &names)) {
        return false;
    }
    while ((section = elf_nextscn(file->elf, section))) {
        GElf_Shdr table, target;

        if (!gelf_getshdr(section, &table) || table.sh_type != SHT_RELA ||
            !gelf_getshdr(elf_getscn(file->elf, table.sh_info), &target) ||
            !is_needed(elf_strptr(file->elf, names, target.sh_name))) {
            continue;
        }
        if (!relocate_section(file, &table, &target)) {
            return false;
        }
    }
    return true;
}

static bool is_object(Elf *elf)
{
    GElf_Ehdr header;

    return elf_kind(elf) == ELF_K_ELF && gelf_getehdr(elf, &header) &&
           header.e_ident[EI_CLASS] == ELFCLASS64 &&
           header.e_ident[EI_DATA] == ELFDATA2LSB &&
           header.e_type == ET_REL && header.e_machine == EM_X86_64;
}

/* Data alone has no debug information where it isn't made by the compiler. */
static bool has_code(const struct debug_file *file)
{
    Elf_Scn *section = NULL;
    GElf_Shdr header;

    while ((section = elf_nextscn(file->elf, section))) {
        if (!gelf_getshdr(section, &header) ||
            (header.sh_flags & SHF_EXECINSTR && header.sh_size)) {
            return true;
        }
    }
    return false;
}

bool debug_open(struct debug_file *file, const char *path, char **why)
{
    *file = (struct debug_file){ 0 };
    if (!read_file(file, path, why)) {
        return false;
    }
    elf_version(EV_CURRENT);
    file->elf = elf_memory(file->image, file->size);
    if (!file->elf || !is_object(file->elf)) {
        fail_with(why, "%s: not an x86-64 object file", path);
        return false;
    }
    if (!relocate(file)) {
        fail_with(why, "%s: relocations of its debug information are damaged, "
                  "or of a kind that isn't known", path);
        return false;
    }
    file->dwarf = dwarf_begin_elf(file->elf, DWARF_C_READ, NULL);
    if (!file->dwarf && has_code(file)) {
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
    if (file->elf) {
        elf_end(file->elf);
    }
    free(file->image);
    *file = (struct debug_file){ 0 };
}
