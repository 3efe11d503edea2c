/* SPDX-License-Identifier: LGPL-2.1-only */
/*
 * A bounds-checked view of an ELF file in memory.
 *
 * Nothing but libxl_livepatch_elf.c looks into the file's headers and
 * tables; it asks libelf, after it has made sure that libelf can cope.
 * What the accessors hand out lies within the image.
 */

#ifndef LIBXL_LIVEPATCH_ELF_H
#define LIBXL_LIVEPATCH_ELF_H

#include <gelf.h>

#include "libxl_livepatch_internal.h"

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
    const uint8_t *data;        /* size bytes; NULL: none in the file */
    Elf_Data *libelf;           /* the same, where data is set */
} libxl__livepatch_section;

typedef struct {
    const char *name;
    uint64_t value;
    uint64_t size;
    uint16_t section;           /* or SHN_UNDEF, SHN_ABS, ... */
    uint8_t type;               /* STT_* */
    uint8_t binding;            /* STB_* */
} libxl__livepatch_symbol;

typedef struct {
    uint64_t offset;
    int64_t addend;
    uint32_t type;              /* R_X86_64_* */
    uint32_t symbol;
} libxl__livepatch_reloc;

/* All fields are there to be read only. */
typedef struct {
    Elf *libelf;
    GElf_Ehdr header;
    libxl__livepatch_section *sections;     /* [0] is all zero */
    size_t num_sections;
    size_t symtab;              /* section; 0: there is none */
    size_t num_symbols;         /* [0] means no symbol */
} libxl__livepatch_elf;

/*
 * Look at image, which has to outlive the view.  what names the file in
 * findings.  Returns 0, ERROR_NOMEM, or ERROR_INVAL where the file is not
 * an ELF file for x86-64 with sound tables, and then adds findings to the
 * judgement.  To be followed by _close in any case.
 */
_hidden int
libxl__livepatch_elf_open(libxl__livepatch_elf *elf,
                          const libxl__livepatch_image *image,
                          const char *what,
                          libxl_livepatch_judgement *judgement);
_hidden void libxl__livepatch_elf_close(libxl__livepatch_elf *elf);

/* The first section called name, as Xen finds it; NULL without one. */
_hidden const libxl__livepatch_section *
libxl__livepatch_elf_section(const libxl__livepatch_elf *elf,
                             const char *name);

/* The symbol at index, which has to be below num_symbols. */
_hidden libxl__livepatch_symbol
libxl__livepatch_elf_symbol(const libxl__livepatch_elf *elf, size_t index);

/*
 * How many relocations section holds: 0 where it is none of RELA type, or
 * not made of whole entries.
 */
_hidden size_t
libxl__livepatch_elf_num_relocs(const libxl__livepatch_section *section);

/* The one at index, which has to be below the number. */
_hidden libxl__livepatch_reloc
libxl__livepatch_elf_reloc(const libxl__livepatch_section *section,
                           size_t index);

/*
 * The little-endian number of size bytes (1, 2, 4 or 8) at offset of a
 * section's data; 0 where the section's data doesn't reach that far.
 */
_hidden uint64_t
libxl__livepatch_elf_number(const libxl__livepatch_section *section,
                            uint64_t offset, size_t size);

/* The string of up to max bytes at offset; NULL where there is none. */
_hidden const char *
libxl__livepatch_elf_string(const libxl__livepatch_section *section,
                            uint64_t offset, size_t max);

/*
 * The description of a GNU build-id note at the start of section, the form
 * in which Xen accepts it.  NULL where there is none.
 */
_hidden const uint8_t *
libxl__livepatch_elf_build_id(const libxl__livepatch_section *section,
                              size_t *len_r);

/* Whether the section is loaded, and of which kind it is. */
static inline bool
libxl__livepatch_is_loaded(const libxl__livepatch_section *section)
    { return section->flags & SHF_ALLOC; }
static inline bool
libxl__livepatch_is_text(const libxl__livepatch_section *section)
    { return (section->flags & SHF_ALLOC) &&
             (section->flags & SHF_EXECINSTR); }

#endif /* LIBXL_LIVEPATCH_ELF_H */

/*
 * Local variables:
 * mode: C
 * c-basic-offset: 4
 * indent-tabs-mode: nil
 * End:
 */
