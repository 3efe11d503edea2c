/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * An uploaded file as bounds-checked sections and symbols.  Nothing else reads
 * its bytes, and nothing writes them.
 */
#ifndef LIVEPATCH_ELF_H
#define LIVEPATCH_ELF_H

#include <xen/types.h>

#include <xen/elfstructs.h>
#include <xen/livepatch_payload.h>

struct elf_section {
    Elf_Shdr header;            /* A copy; an alignment of 0 reads as 1. */
    const char *name;
    const void *data;           /* In the file, header.sh_size bytes, at any
                                   alignment; NULL for SHT_NOBITS. */
    void *loaded;               /* Where the layout put it; NULL: nowhere. */
    uint32_t next_hashed;       /* For elf_find(). */
};

struct elf_symbol {
    const char *name;           /* "" for none. */
    uint64_t value;             /* As in the file; the address, once the
                                   symbols are resolved. */
    uint64_t size;
    uint16_t section;           /* Index, SHN_UNDEF or SHN_ABS. */
    uint8_t binding;            /* STB_* */
    uint8_t type;               /* STT_* */
    bool resolved;              /* value is an address. */
};

struct elf_view {
    struct livepatch_reason *why;
    const void *file;
    size_t size;
    Elf_Ehdr header;
    unsigned int nsections;     /* Section 0 is the null section. */
    struct elf_section *sections;
    unsigned int symtab;        /* Index of the symbol table. */
    unsigned int nsymbols;      /* Symbol 0 is the null symbol. */
    struct elf_symbol *symbols;
    uint32_t *hashed;           /* Sections by name. */
};

/*
 * Checks all of the file's structure, and reads its tables.  On failure
 * nothing is kept.  The file must stay until elf_close().
 */
int elf_open(struct elf_view *elf, const void *file, size_t size,
             struct livepatch_reason *why);
void elf_close(struct elf_view *elf);

/* The first section of that name, or NULL. */
struct elf_section *elf_find(const struct elf_view *elf, const char *name);

static inline bool elf_is_alloc(const struct elf_section *section)
{
    return section->header.sh_flags & SHF_ALLOC;
}

/*
 * The loaded bytes of a section with one of the special names.  *size is 0 and
 * NULL is returned if there is none.  Refuses one that isn't loaded (-EINVAL),
 * isn't a multiple of entry bytes.  Empty ones give a size of 0 and an address
 * that is not NULL.  Whatever the file says, it is aligned for any type.
 */
int elf_special(const struct elf_view *elf, const char *name, size_t entry,
                void **data, size_t *size);

#endif /* LIVEPATCH_ELF_H */
