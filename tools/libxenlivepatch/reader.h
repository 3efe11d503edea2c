/* SPDX-License-Identifier: LGPL-2.1-only */
/*
 * The one reader of ELF files: payloads, xen-syms, compilers' objects.
 *
 * It is the library's own, and no part of its ABI.  livepatch-build, which
 * compiles the library into itself, reads with it, too.
 */

#ifndef XENLIVEPATCH_READER_H
#define XENLIVEPATCH_READER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <gelf.h>

/*----- an ELF file (elf.c) -----*/

typedef struct {
    const char *name;
    uint32_t type;
    uint64_t flags;
    uint64_t addr;
    uint64_t size;
    uint64_t align;
    uint64_t entsize;
    uint32_t link;
    uint32_t info;
    const uint8_t *data;        /* size bytes of the image; NULL: NOBITS */
    Elf_Data *libelf;           /* the same, or NULL: there are none */
} xlp_section;

typedef struct {
    const char *name;
    uint64_t value;
    uint64_t size;
    uint16_t section;           /* or SHN_UNDEF, SHN_ABS, ... */
    uint8_t type;               /* STT_* */
    uint8_t binding;            /* STB_* */
} xlp_symbol;

typedef struct {
    uint64_t offset;
    int64_t addend;
    uint32_t type;              /* R_X86_64_* */
    uint32_t symbol;
} xlp_reloc;

typedef enum {
    XLP_NO_ELF,                 /* a file of another kind */
    XLP_OTHER_MACHINE,
    XLP_DAMAGED,
} xlp_fault_kind;

/* Why a file can't be used. */
typedef struct {
    xlp_fault_kind kind;
    char where[32];             /* in it; "": nowhere in particular */
    char *what;                 /* what is to follow the file's name, or
                                 * "it"; without advice */
} xlp_fault;

/* All fields are there to be read only. */
typedef struct {
    const uint8_t *image;
    size_t size;
    Elf *libelf;
    GElf_Ehdr header;
    xlp_section *sections;      /* [0] is all zero, with the name "" */
    size_t num_sections;
    size_t symtab;              /* section; 0: there is none */
    size_t num_symbols;         /* [0] means no symbol; 0: has none */
    xlp_fault fault;
} xlp_elf;

/*
 * Look at size bytes at image, which have to outlive the view.  Returns 0,
 * ENOMEM, or EINVAL where that is not an ELF file for x86-64 with sound
 * tables; then elf->fault says why.  To be followed by _close in any case.
 */
int xlp_elf_open(xlp_elf *elf, const void *image, size_t size);
void xlp_elf_close(xlp_elf *elf);

/* The first section called name, as Xen finds it; NULL without one. */
const xlp_section *xlp_elf_section(const xlp_elf *elf, const char *name);

/* The symbol at index, which has to be below num_symbols. */
xlp_symbol xlp_elf_symbol(const xlp_elf *elf, size_t index);

/* The section that a symbol is in; NULL: none, or one that there isn't. */
static inline const xlp_section *
xlp_section_of(const xlp_elf *elf, const xlp_symbol *symbol)
{
    return symbol->section != SHN_UNDEF &&
        symbol->section < elf->num_sections
            ? &elf->sections[symbol->section] : NULL;
}

/* Whether the section holds relocations, be they of a use or not. */
static inline bool xlp_has_relocs(const xlp_section *section)
{
    return section->type == SHT_RELA || section->type == SHT_REL;
}

/* The section that those are for; NULL: one that there isn't. */
static inline const xlp_section *
xlp_relocated(const xlp_elf *elf, const xlp_section *relocs)
{
    return relocs->info && relocs->info < elf->num_sections
        ? &elf->sections[relocs->info] : NULL;
}

/* Whether their symbols are the file's. */
static inline bool
xlp_has_symtab(const xlp_elf *elf, const xlp_section *relocs)
{
    return relocs->link == elf->symtab;
}

/* How many relocations section holds: 0 where it is none of RELA type. */
size_t xlp_num_relocs(const xlp_section *section);
/* The one at index, which has to be below the number. */
xlp_reloc xlp_reloc_at(const xlp_section *section, size_t index);

/*
 * The little-endian number of size bytes (1, 2, 4 or 8) at offset of a
 * section's data; 0 where the section's data doesn't reach that far.
 */
uint64_t xlp_number(const xlp_section *section, uint64_t offset,
                    size_t size);

/* The string at offset; NULL where there is none. */
const char *xlp_string(const xlp_section *section, uint64_t offset);

/*
 * The description of a GNU build-id note at the start of section, the form
 * in which Xen accepts it.  NULL where there is none.
 */
const uint8_t *xlp_build_id(const xlp_section *section, size_t *len_r);

/* Whether the section is loaded, and of which kind it is. */
static inline bool xlp_is_loaded(const xlp_section *section)
{
    return section->flags & SHF_ALLOC;
}

static inline bool xlp_is_text(const xlp_section *section)
{
    return xlp_is_loaded(section) && (section->flags & SHF_EXECINSTR);
}

/*----- the symbols of a xen-syms (xensyms.c) -----*/

typedef struct {
    const char *name;           /* as in Xen's own table: of a local one
                                 * path/file.c#name */
    const char *bare;           /* without the file */
    size_t unit;                /* of a local one; 0: of none, or global */
    uint64_t addr;
    uint64_t size;
    const xlp_section *section; /* NULL: absolute */
    uint8_t type;               /* STT_* */
    bool local;
    bool in_table;              /* in Xen's own */
} xlp_xen_symbol;

typedef struct {
    xlp_xen_symbol *symbols;    /* malloc'd, as all of these */
    size_t num_symbols;
    const char **units;         /* objects' source files; [0] is "" */
    size_t num_units;
    char *names;                /* what names of local ones point into */
} xlp_xen_symbols;

/*
 * All that have a name and are defined, in the order of the file, which
 * has to outlive them.  Returns 0 or ENOMEM; to be followed by _dispose in
 * any case.
 */
int xlp_xen_symbols_read(xlp_xen_symbols *xen, const xlp_elf *elf);
void xlp_xen_symbols_dispose(xlp_xen_symbols *xen);

#endif /* XENLIVEPATCH_READER_H */

/*
 * Local variables:
 * mode: C
 * c-basic-offset: 4
 * indent-tabs-mode: nil
 * End:
 */
