/* SPDX-License-Identifier: LGPL-2.1-only */
/*
 * What the parts of the library share.
 *
 *   rules.c      the table of rules: sections with a meaning
 *   judge.c      the order of judging; findings
 *   file.c       reading a file, safely
 *   elf.c        a bounds-checked view of an ELF file in memory: reader.h
 *   layout.c     rules for header, sections and symbols
 *   relocs.c     rules for relocations; where they point
 *   content.c    build-ids, metadata, hooks
 *   tables.c     tables that go with code
 *   functions.c  functions that are replaced
 *   xensyms.c    symbols of a xen-syms, and comparison with them
 *   describe.c   sections and symbols, for who wants to know
 *   text.c       bytes as text
 *   signature.c  who has signed it
 *   signature_room.c  making room for that
 *   sha256.c     sums of a file
 */

#ifndef XENLIVEPATCH_PRIVATE_H
#define XENLIVEPATCH_PRIVATE_H

#ifndef _GNU_SOURCE
#define _GNU_SOURCE             /* vasprintf, memrchr */
#endif

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "reader.h"
#include "xenlivepatch.h"

#define XLP_NUM(array) (sizeof(array) / sizeof(*(array)))

/*----- limits -----*/

/* Of all engines.  Sections are counted with the first, empty one. */
#define XLP_MAX_SECTIONS  1024
#define XLP_MAX_ALIGNMENT 4096U
#define XLP_MAX_ZEROES    XENLIVEPATCH_MAX_SIZE
/*
 * Of this project's engine.  A stock one has none but the room beside
 * Xen's image, and what it takes is gone for other payloads.
 */
#define XLP_MAX_LOADED    (32UL << 20)
/* That engine's, too, whatever a section asks for. */
#define XLP_MIN_ALIGNMENT 16U
/*
 * Of a name: of this project's engine, and what is looked at here.  A
 * stock engine has no limit; compilers stay far below, and with any length
 * the cost of judging would grow by the square of it.
 */
#define XLP_LONG_NAME     1024U
#define XLP_MAX_NAME      4095U
/*
 * No linker makes longer build-ids, and they serve as names elsewhere.
 * Engines have no limit.
 */
#define XLP_MAX_BUILD_ID  64U

/*----- a payload before the judge (judge.c) -----*/

/* Where a pointer points that a relocation fills in. */
typedef enum {
    XLP_TARGET_NONE,            /* no relocation */
    XLP_TARGET_PAYLOAD,         /* offset in a loaded section */
    XLP_TARGET_OUTSIDE,         /* addend behind an undefined symbol */
    XLP_TARGET_ABSOLUTE,        /* offset is an address, less the bias of
                                 * the relocation's addend */
    XLP_TARGET_BAD,             /* anything else */
} xlp_target_kind;

typedef struct {
    xlp_target_kind kind;
    const xlp_section *section;
    const char *symbol;         /* that the relocation names, or NULL */
    uint64_t offset;
} xlp_target;

/* The relocations of one section, by offset. */
typedef struct {
    xlp_reloc *relocs;          /* malloc'd */
    size_t num;
} xlp_relocs;

/* One record of XENLIVEPATCH_FUNCS, as far as the file tells. */
typedef struct {
    const char *name;           /* NULL: none */
    const char *old_symbol;     /* symbol that gives old_addr, or NULL */
    uint64_t old_addr;          /* 0: not a number in the file */
    uint32_t old_size;
    uint32_t new_size;
    xlp_target new_addr;        /* _NONE: made no-operations */
} xlp_record;

typedef struct {
    xlp_elf elf;
    const xenlivepatch_criteria *criteria;
    xenlivepatch_payload *payload;
    xlp_record *records;        /* malloc'd */
    size_t num_records;
    int rc;                     /* of judging itself, not of the payload */
} xlp_case;

static inline void xlp_keep_rc(xlp_case *c, int rc)
{
    if (!c->rc) c->rc = rc;
}

/* The memory, zeroed; NULL, which is kept in c->rc, without any. */
void *xlp_alloc(xlp_case *c, size_t num, size_t size);
/* A string that may be NULL where there is no memory, which is kept. */
char *xlp_kept(xlp_case *c, char *string);

/* What a finding means. */
typedef enum {
    XLP_WARNING,
    /*
     * Our caution: some engine would take it, but it would do harm, at
     * once or later.  Criteria can ask to have no more than a warning.
     */
    XLP_CAUTION,
    /* No engine takes it, or nobody can read it. */
    XLP_REFUSED,
} xlp_weight;

void xlp_find(xlp_case *c, xlp_weight weight, xenlivepatch_reason reason,
              const char *where, const char *fmt, ...)
              __attribute__((format(printf, 5, 6)));

#define WARNING(c, reason, where, ...)                                  \
    xlp_find(c, XLP_WARNING, XENLIVEPATCH_REASON_ ## reason, where,     \
             __VA_ARGS__)
#define CAUTION(c, reason, where, ...)                                  \
    xlp_find(c, XLP_CAUTION, XENLIVEPATCH_REASON_ ## reason, where,     \
             __VA_ARGS__)
#define REFUSED(c, reason, where, ...)                                  \
    xlp_find(c, XLP_REFUSED, XENLIVEPATCH_REASON_ ## reason, where,     \
             __VA_ARGS__)

/*----- the table of rules (rules.c) -----*/

enum {
    XLP_NEEDED       = 1 << 0,
    XLP_PATCHES      = 1 << 1,  /* one of these has to be there */
    XLP_MAY_BE_EMPTY = 1 << 2,
    XLP_TABLE        = 1 << 3,  /* of code, shown with its entries */
    XLP_SINGLE       = 1 << 4,  /* a hook: one pointer, may be NULL */
    XLP_NO_REPLACE   = 1 << 5,  /* forbids replace */
};

typedef struct xlp_rule xlp_rule;
struct xlp_rule {
    const char *name;           /* of a section that Xen looks for */
    unsigned int entry;         /* its size is a multiple of that */
    unsigned int flags;
    /* Looks at the content of a section whose form is good. */
    void (*judge)(xlp_case *c, const xlp_section *section,
                  const xlp_rule *rule);
    const char *hook;           /* the kind, where it is one of hooks */
};

extern const xlp_rule xlp_rules[];
extern const size_t xlp_num_rules;

/* NULL: the section has no meaning for Xen. */
const xlp_rule *xlp_find_rule(const char *name);

/* The section of that name if its form is good: NULL otherwise. */
const xlp_section *xlp_special(const xlp_case *c, const char *name);

/* The forms of all of them. */
void xlp_judge_specials(xlp_case *c);
/* Then their contents. */
void xlp_judge_contents(xlp_case *c);

/*----- file.c -----*/

/*
 * Read a regular file of at most max bytes; advice tells what to do about
 * a bigger one.  *data_r is malloc'd.  EINVAL comes with a finding.
 */
int xlp_read_file(xlp_case *c, const char *path, uint64_t max,
                  const char *advice, void **data_r, uint64_t *size_r);

/*----- layout.c -----*/

/*
 * xlp_elf_open, of a file that needs symbols, too; label names it in the
 * findings that come with EINVAL.
 */
int xlp_open(xlp_case *c, xlp_elf *elf, const void *image, size_t size,
             const char *label);

void xlp_judge_header(xlp_case *c);
void xlp_judge_sections(xlp_case *c);
void xlp_judge_symbols(xlp_case *c);

/* One of a section, symbol or function. */
void xlp_judge_name(xlp_case *c, const char *name);

/* Whether Xen adds the symbol to those that other payloads can use. */
bool xlp_is_exported(const xlp_case *c, const xlp_symbol *symbol);

/*----- relocs.c -----*/

void xlp_judge_relocs(xlp_case *c);

/* The relocations of section, for _target; ENOMEM is kept in c->rc. */
void xlp_relocs_init(xlp_case *c, const xlp_section *section,
                     xlp_relocs *relocs);
void xlp_relocs_dispose(xlp_relocs *relocs);

/* What a relocation of that type at offset makes the place point to. */
xlp_target xlp_target_at(const xlp_case *c, const xlp_relocs *relocs,
                         uint64_t offset, uint32_t type);

/* Whether any relocation changes one of size bytes from offset on. */
bool xlp_is_relocated(const xlp_relocs *relocs, uint64_t offset,
                      uint64_t size);

/* Whether target and size bytes after it are code of the payload. */
bool xlp_target_is_text(const xlp_target *target, uint64_t size);

/* What is there, by its symbol, as text; NULL if that is not known. */
char *xlp_target_name(xlp_case *c, const xlp_target *target);

/*----- the contents of sections -----*/

void xlp_judge_build_id(xlp_case *c, const xlp_section *section,
                        const xlp_rule *rule);
void xlp_judge_metadata(xlp_case *c, const xlp_section *section,
                        const xlp_rule *rule);
void xlp_judge_hooks(xlp_case *c, const xlp_section *section,
                     const xlp_rule *rule);
void xlp_judge_functions(xlp_case *c, const xlp_section *section,
                         const xlp_rule *rule);
void xlp_judge_alternatives(xlp_case *c, const xlp_section *section,
                            const xlp_rule *rule);
void xlp_judge_bug_frames(xlp_case *c, const xlp_section *section,
                          const xlp_rule *rule);
void xlp_judge_exceptions(xlp_case *c, const xlp_section *section,
                          const xlp_rule *rule);
void xlp_judge_alternative_calls(xlp_case *c, const xlp_section *section,
                                 const xlp_rule *rule);

/* All build-ids together, and with the criteria. */
void xlp_compare_build_ids(xlp_case *c);

/*----- xensyms.c -----*/

/* A file that can't be used makes c->rc EINVAL. */
void xlp_judge_xen_syms(xlp_case *c);

/*----- describe.c -----*/

void xlp_describe(xlp_case *c);

/*----- signature.c -----*/

/* With the criteria's keys; one that can't be used makes c->rc EINVAL. */
void xlp_judge_signature(xlp_case *c, const void *data, size_t size);

/* A note with its owner, before the signature. */
typedef struct {
    Elf64_Nhdr header;
    char owner[sizeof(XENLIVEPATCH_SIGNATURE_OWNER)];
} xlp_note_head;

/*----- sha256.c -----*/

#define XLP_SHA256_LEN 32

void xlp_sha256(const void *data, size_t size,
                uint8_t digest[XLP_SHA256_LEN]);

#endif /* XENLIVEPATCH_PRIVATE_H */

/*
 * Local variables:
 * mode: C
 * c-basic-offset: 4
 * indent-tabs-mode: nil
 * End:
 */
