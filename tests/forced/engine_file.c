/* SPDX-License-Identifier: GPL-2.0-or-later */
#undef NDEBUG
#include <assert.h>
#include <gelf.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <xen/errno.h>
#include <xen-tools/libs.h>

#include "engine_file.h"

#define FUNC_SIZE 104           /* of a record, and what it is about */
#define FUNC_NEW_ADDR 8

static const char *section_name(Elf *elf, const GElf_Shdr *shdr)
{
    size_t names;

    elf_getshdrstrndx(elf, &names);
    return elf_strptr(elf, names, shdr->sh_name);
}

static Elf_Scn *find_section(Elf *elf, const char *name, GElf_Shdr *shdr)
{
    Elf_Scn *scn = NULL;

    while ((scn = elf_nextscn(elf, scn)))
        if (gelf_getshdr(scn, shdr) &&
            !strcmp(section_name(elf, shdr), name))
            return scn;
    return NULL;
}

static Elf_Data *find_symbols(Elf *elf, GElf_Shdr *shdr, size_t *num)
{
    Elf_Scn *scn = find_section(elf, ".symtab", shdr);

    *num = scn && shdr->sh_entsize ? shdr->sh_size / shdr->sh_entsize : 0;
    return scn ? elf_getdata(scn, NULL) : NULL;
}

/* The build-id in a note that has no other padding than "GNU\0". */
static bool read_id(Elf *elf, const char *section, char id[41])
{
    GElf_Shdr shdr;
    Elf_Scn *scn = find_section(elf, section, &shdr);
    const uint8_t *bytes;
    int i;

    if (!scn || shdr.sh_size < 36) return false;
    bytes = elf_rawdata(scn, NULL)->d_buf;
    for (i = 0; i < 20; i++)
        sprintf(id + 2 * i, "%02x", bytes[16 + i]);
    return true;
}

static bool is_reapplicable(Elf *elf)
{
    Elf_Scn *scn = NULL;
    GElf_Shdr shdr;

    while ((scn = elf_nextscn(elf, scn)))
        if (gelf_getshdr(scn, &shdr) && (shdr.sh_flags & SHF_WRITE) &&
            (shdr.sh_flags & SHF_ALLOC) && shdr.sh_size &&
            strcmp(section_name(elf, &shdr), ".livepatch.funcs"))
            return false;
    return true;
}

static unsigned int find_hooks(Elf *elf)
{
    static const char *const names[] = {
        "preapply", "apply", "postapply", "prerevert", "revert",
        "postrevert",
    };
    unsigned int found = 0, i;
    char section[40];
    GElf_Shdr shdr;

    for (i = 0; i < ARRAY_SIZE(names); i++) {
        snprintf(section, sizeof(section), ".livepatch.hooks.%s", names[i]);
        if (find_section(elf, section, &shdr)) found |= 1U << i;
    }
    return found;
}

/* 0 if there is none; only those of what is loaded matter. */
static unsigned int odd_relocation(Elf *elf)
{
    GElf_Shdr shdr, target;
    Elf_Scn *scn = NULL;
    GElf_Rela rela;
    size_t i;

    while ((scn = elf_nextscn(elf, scn))) {
        if (!gelf_getshdr(scn, &shdr) || shdr.sh_type != SHT_RELA ||
            !gelf_getshdr(elf_getscn(elf, shdr.sh_info), &target) ||
            !(target.sh_flags & SHF_ALLOC))
            continue;
        for (i = 0; i < shdr.sh_size / shdr.sh_entsize; i++) {
            assert(gelf_getrela(elf_getdata(scn, NULL), i, &rela));
            switch (GELF_R_TYPE(rela.r_info)) {
            case R_X86_64_NONE:
            case R_X86_64_64:
            case R_X86_64_PC32:
            case R_X86_64_PLT32:
                break;
            default:
                return GELF_R_TYPE(rela.r_info);
            }
        }
    }
    return 0;
}

static void read_metadata(Elf *elf, struct engine_file *file)
{
    GElf_Shdr shdr;
    Elf_Scn *scn = find_section(elf, ".modinfo", &shdr);

    if (!scn || !shdr.sh_size) return;
    file->metadata_size = shdr.sh_size;
    file->metadata = malloc(shdr.sh_size);
    memcpy(file->metadata, elf_rawdata(scn, NULL)->d_buf, shdr.sh_size);
}

/* Whether a record says that this is the function to be run. */
static bool is_replacing(Elf *elf, Elf_Data *symbols, const GElf_Sym *sym)
{
    GElf_Shdr shdr;
    Elf_Scn *scn = find_section(elf, ".rela.livepatch.funcs", &shdr);
    GElf_Rela rela;
    GElf_Sym target;
    size_t i;

    for (i = 0; scn && i < shdr.sh_size / shdr.sh_entsize; i++)
        if (gelf_getrela(elf_getdata(scn, NULL), i, &rela) &&
            rela.r_offset % FUNC_SIZE == FUNC_NEW_ADDR &&
            gelf_getsym(symbols, GELF_R_SYM(rela.r_info), &target) &&
            target.st_shndx == sym->st_shndx &&
            target.st_value + rela.r_addend == sym->st_value)
            return true;
    return false;
}

/* Whether it has a place in memory, and is no leftover of assembly. */
static bool is_loaded(Elf *elf, const GElf_Sym *sym, const char *name)
{
    GElf_Shdr shdr;

    return sym->st_shndx != SHN_UNDEF && sym->st_shndx < SHN_LORESERVE &&
        gelf_getshdr(elf_getscn(elf, sym->st_shndx), &shdr) &&
        (shdr.sh_flags & SHF_ALLOC) && *name &&
        !((shdr.sh_flags & SHF_MERGE) && !strncmp(name, ".L", 2));
}

static void add(char ***names, int *num, const char *name)
{
    *names = realloc(*names, (*num + 1) * sizeof(**names));
    (*names)[(*num)++] = strdup(name);
}

static void read_symbols(Elf *elf, struct engine_file *file)
{
    GElf_Shdr shdr;
    size_t num, i;
    Elf_Data *symbols = find_symbols(elf, &shdr, &num);
    GElf_Sym sym;
    const char *name;

    for (i = 1; i < num; i++) {
        assert(gelf_getsym(symbols, i, &sym));
        name = elf_strptr(elf, shdr.sh_link, sym.st_name);
        if (sym.st_shndx == SHN_UNDEF)
            add(&file->needs, &file->num_needs, name);
        else if (is_loaded(elf, &sym, name) &&
                 !is_replacing(elf, symbols, &sym))
            add(&file->defines, &file->num_defines, name);
    }
}

int engine_file_read(struct engine_file *file, const void *bytes,
                     size_t size)
{
    Elf *elf = elf_memory((char *)bytes, size);
    GElf_Ehdr ehdr;
    int r = XEN_EINVAL;

    memset(file, 0, sizeof(*file));
    if (!elf || !gelf_getehdr(elf, &ehdr) || ehdr.e_type != ET_REL) {
        elf_end(elf);
        return XEN_EOPNOTSUPP;
    }
    if (read_id(elf, ".note.gnu.build-id", file->build_id) &&
        read_id(elf, ".livepatch.depends", file->depends) &&
        read_id(elf, ".livepatch.xen_depends", file->xen_depends)) {
        file->reapplicable = is_reapplicable(elf);
        file->odd_relocation = odd_relocation(elf);
        file->hooks = find_hooks(elf);
        read_metadata(elf, file);
        read_symbols(elf, file);
        r = 0;
    }
    elf_end(elf);
    return r;
}

static void free_names(char **names, int num)
{
    while (num) free(names[--num]);
    free(names);
}

void engine_file_free(struct engine_file *file)
{
    free(file->metadata);
    free_names(file->defines, file->num_defines);
    free_names(file->needs, file->num_needs);
}
