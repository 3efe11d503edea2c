/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A payload being made: its sections, symbols and relocations, before there is
 * a file.
 */
#ifndef LIVEPATCH_BUILD_PAYLOAD_IMAGE_H
#define LIVEPATCH_BUILD_PAYLOAD_IMAGE_H

#include "payload.h"
#include "select/resolve.h"

/* Few sections, each of one purpose: engines take less than 1024. */
enum out {
    OUT_TEXT,
    OUT_REPLACEMENTS,
    OUT_DATA,
    OUT_BSS,
    OUT_PER_CPU,
    OUT_RODATA,
    OUT_BUG_FRAMES_0,
    OUT_BUG_FRAMES_1,
    OUT_BUG_FRAMES_2,
    OUT_BUG_FRAMES_3,
    OUT_ALTERNATIVES,
    OUT_ALTERNATIVE_CALLS,
    OUT_EXCEPTIONS,
    OUT_HOOKS_LOAD,
    OUT_HOOKS_UNLOAD,
    OUT_HOOKS_PREAPPLY,
    OUT_HOOKS_APPLY,
    OUT_HOOKS_POSTAPPLY,
    OUT_HOOKS_PREREVERT,
    OUT_HOOKS_REVERT,
    OUT_HOOKS_POSTREVERT,
    OUT_FUNCTIONS,
    OUT_STRINGS,
    OUT_DEPENDS,
    OUT_XEN_DEPENDS,
    OUT_BUILD_ID,
    OUT_MODINFO,
    OUT_COUNT
};

/* A symbol that is not a section's. */
struct out_symbol {
    char *name;
    unsigned char bind, type;
    unsigned int shndx;         /* SHN_UNDEF, SHN_ABS, or 0xffff: in `out` */
    enum out out;
    uint64_t value, size;
};

struct out_reloc {
    uint64_t offset;
    unsigned int type;
    int64_t addend;
    size_t outside;             /* number in image->outside, or SIZE_MAX: */
    enum out out;               /* the start of this section */
};

struct out_section {
    uint8_t *bytes;             /* NULL: zeroes */
    uint64_t size, align;
    size_t room;
    struct out_reloc *relocs;
    size_t nrelocs, room_relocs;
};

struct image {
    struct out_section sections[OUT_COUNT];
    struct out_symbol *symbols;         /* defined here */
    size_t nsymbols, room_symbols;
    struct out_symbol *outside;         /* one for each use, until sorted */
    size_t noutside, room_outside;
    size_t *outside_number;             /* of each use, once sorted */

    const struct payload_metadata *metadata;
    const struct resolver *resolver;
    struct object_pair **order;         /* by path */
    size_t npairs;
    struct report *report;
};

/* What each section is in the file. */
struct out_kind {
    const char *name;
    uint32_t type;
    uint64_t flags;
};
extern const struct out_kind out_kinds[OUT_COUNT];

enum out out_section_of(const struct atom *atom);       /* OUT_COUNT: none */

/* Room at the end of a section; returns its offset, or UINT64_MAX if the
 * section would be larger than any engine takes. */
uint64_t image_add(struct image *image, enum out out, const void *bytes,
                   uint64_t size, uint64_t align);
void image_add_reloc(struct image *image, enum out out,
                     struct out_reloc reloc);
/* A relocation against what is outside: returns its number, which is SIZE_MAX
 * never.  name is copied. */
size_t image_outside(struct image *image, const char *name,
                     unsigned int shndx, uint64_t value);
void image_free(struct image *image);

void image_refuse(struct image *image, enum refusal refusal,
                  const struct atom *atom, const char *why, ...)
    __attribute__((format(printf, 4, 5)));

/* The selected atoms, in the order of the files; next is NULL at the end. */
typedef void image_visit(struct image *image, struct atom *atom);
void image_each(struct image *image, image_visit *visit);

/* payload_place.c: give each selected atom its place. */
void image_place(struct image *image);
/* payload_relocate.c: their relocations. */
void image_relocate(struct image *image);
/* payload_functions.c: XENLIVEPATCH_FUNCS, and the symbols. */
void image_functions(struct image *image);
void image_symbols(struct image *image);
/* payload_notes.c: what it depends on, room for its build-id, metadata. */
void image_notes(struct image *image);
/* payload_file.c */
bool image_write(struct image *image, const char *path, char **why);

#endif
