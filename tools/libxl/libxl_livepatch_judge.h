/* SPDX-License-Identifier: LGPL-2.1-only */
/*
 * What the judge's parts share.
 *
 *   libxl_livepatch_file.c       reading a file, safely
 *   libxl_livepatch_judge.c      the order of the rules; findings
 *   libxl_livepatch_layout.c     header, sections, symbols, relocations
 *   libxl_livepatch_content.c    build-ids, metadata, hooks, tables
 *   libxl_livepatch_functions.c  the functions to be replaced
 *   libxl_livepatch_symbols.c    comparison with a xen-syms
 */

#ifndef LIBXL_LIVEPATCH_JUDGE_H
#define LIBXL_LIVEPATCH_JUDGE_H

#include "libxl_livepatch_elf.h"

/* Names that the payload format gives to sections. */
#define LIVEPATCH_FUNCS       ".livepatch.funcs"
#define LIVEPATCH_HOOKS       ".livepatch.hooks."
#define LIVEPATCH_DEPENDS     ".livepatch.depends"
#define LIVEPATCH_XEN_DEPENDS ".livepatch.xen_depends"
#define LIVEPATCH_BUILD_ID    ".note.gnu.build-id"

/* Where a pointer points that a relocation fills in. */
typedef enum {
    LIVEPATCH_TARGET_NONE,      /* no relocation */
    LIVEPATCH_TARGET_PAYLOAD,   /* offset in a loaded section */
    LIVEPATCH_TARGET_OUTSIDE,   /* addend behind an undefined symbol */
    LIVEPATCH_TARGET_BAD,       /* anything else */
} libxl__livepatch_target_kind;

typedef struct {
    libxl__livepatch_target_kind kind;
    const libxl__livepatch_section *section;
    const char *symbol;
    uint64_t offset;
} libxl__livepatch_target;

/* The relocations of one section, by offset. */
typedef struct {
    libxl__livepatch_reloc *relocs;     /* malloc'd */
    size_t num;
} libxl__livepatch_relocs;

/* One record of LIVEPATCH_FUNCS, as far as the file tells. */
typedef struct {
    const char *name;           /* NULL: none */
    const char *old_symbol;     /* symbol that gives old_addr, or NULL */
    uint64_t old_addr;          /* 0: not a number in the file */
    uint32_t old_size;
    uint32_t new_size;
    libxl__livepatch_target new_addr;   /* _NONE: made no-operations */
} libxl__livepatch_record;

/* A payload before the judge. */
typedef struct {
    libxl__livepatch_elf elf;
    const libxl_livepatch_criteria *criteria;   /* may be NULL */
    libxl_livepatch_judgement *judgement;
    libxl__livepatch_record *records;           /* malloc'd */
    size_t num_records;
    int rc;                     /* of judging itself, not of the payload */
} libxl__livepatch_case;

/* Add a finding; a failure to do so is kept in lpc->rc. */
#define LPC_FIND(lpc, severity, reason, where, ...)                     \
    libxl__livepatch_keep_rc(lpc,                                       \
        libxl__livepatch_find((lpc)->judgement,                         \
                              LIBXL_LIVEPATCH_SEVERITY_ ## severity,    \
                              LIBXL_LIVEPATCH_REASON_ ## reason,        \
                              where, __VA_ARGS__))
#define LPC_ERROR(lpc, reason, where, ...) \
    LPC_FIND(lpc, ERROR, reason, where, __VA_ARGS__)
#define LPC_WARNING(lpc, reason, where, ...) \
    LPC_FIND(lpc, WARNING, reason, where, __VA_ARGS__)

static inline void libxl__livepatch_keep_rc(libxl__livepatch_case *lpc,
                                            int rc)
{
    if (!lpc->rc) lpc->rc = rc;
}

/*----- libxl_livepatch_file.c -----*/

/*
 * Read a regular file of at most max bytes.  advice tells what to do about
 * a bigger one.  Returns 0, ERROR_NOMEM, or ERROR_INVAL with a finding in
 * judgement.
 */
_hidden int
libxl__livepatch_read_file(const char *path, uint64_t max,
                           const char *advice,
                           libxl__livepatch_image *image_r,
                           libxl_livepatch_judgement *judgement);

/*----- libxl_livepatch_layout.c -----*/

_hidden void libxl__livepatch_judge_header(libxl__livepatch_case *lpc);
_hidden void libxl__livepatch_judge_sections(libxl__livepatch_case *lpc);
_hidden void libxl__livepatch_judge_symbols(libxl__livepatch_case *lpc);
_hidden void libxl__livepatch_judge_relocs(libxl__livepatch_case *lpc);

/*
 * The section called name, one of those that Xen itself makes use of: NULL
 * where there is none, or where it is unfit, which judge_sections has told
 * then.
 */
_hidden const libxl__livepatch_section *
libxl__livepatch_special(const libxl__livepatch_case *lpc,
                         const char *name);

/* Whether Xen adds the symbol to those that other payloads can use. */
_hidden bool
libxl__livepatch_is_exported(const libxl__livepatch_case *lpc,
                             const libxl__livepatch_symbol *symbol);

/* The relocations of section, for _target; ENOMEM is kept in lpc->rc. */
_hidden void
libxl__livepatch_relocs_init(libxl__livepatch_case *lpc,
                             const libxl__livepatch_section *section,
                             libxl__livepatch_relocs *relocs);
_hidden void
libxl__livepatch_relocs_dispose(libxl__livepatch_relocs *relocs);

/* What a relocation of that type at offset makes the place point to. */
_hidden libxl__livepatch_target
libxl__livepatch_target_at(const libxl__livepatch_case *lpc,
                           const libxl__livepatch_relocs *relocs,
                           uint64_t offset, uint32_t type);

/* Whether any relocation changes one of size bytes from offset on. */
_hidden bool
libxl__livepatch_is_relocated(const libxl__livepatch_relocs *relocs,
                              uint64_t offset, uint64_t size);

/* Whether target and size bytes after it are code of the payload. */
_hidden bool
libxl__livepatch_target_is_text(const libxl__livepatch_target *target,
                                uint64_t size);

/*----- libxl_livepatch_content.c -----*/

_hidden void libxl__livepatch_judge_build_ids(libxl__livepatch_case *lpc);
_hidden void libxl__livepatch_judge_metadata(libxl__livepatch_case *lpc);
_hidden void libxl__livepatch_judge_hooks(libxl__livepatch_case *lpc);
_hidden void libxl__livepatch_judge_tables(libxl__livepatch_case *lpc);

/*----- libxl_livepatch_functions.c -----*/

/* Fills in lpc->records. */
_hidden void libxl__livepatch_judge_functions(libxl__livepatch_case *lpc);

/*----- libxl_livepatch_symbols.c -----*/

/*
 * Compare with criteria->xen_syms.  A file that can't be used makes
 * lpc->rc ERROR_INVAL.
 */
_hidden void libxl__livepatch_judge_xen_syms(libxl__livepatch_case *lpc);

#endif /* LIBXL_LIVEPATCH_JUDGE_H */

/*
 * Local variables:
 * mode: C
 * c-basic-offset: 4
 * indent-tabs-mode: nil
 * End:
 */
