/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * An object file, taken apart into atoms: the smallest ranges of a section
 * that can be compared, kept or left out by themselves.  A function is an atom,
 * and so are a variable, a string, an entry of the exception table.  What an
 * atom refers to are other atoms, or symbols that the object doesn't define.
 */
#ifndef LIVEPATCH_BUILD_OBJECT_H
#define LIVEPATCH_BUILD_OBJECT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum atom_kind {
    ATOM_FUNCTION,      /* code that has a name; foo.cold is one of its own */
    ATOM_DATA,          /* what has a name and is no code */
    ATOM_STRING,        /* one string of a mergeable section */
    ATOM_CONSTANT,      /* unnamed read-only data, as .rodata.cst8 */
    ATOM_CODE,          /* unnamed code: a fixup, an alternative's code */
    ATOM_ENTRY,         /* an entry of a special section (enum special) */
};

/* Tables whose entries belong to the code that they name. */
enum special {
    SPECIAL_NONE,
    SPECIAL_BUG_FRAMES,         /* .bug_frames.N */
    SPECIAL_ALTERNATIVES,       /* .altinstructions */
    SPECIAL_ALTERNATIVE_CALLS,  /* .alt_call_sites (4.21 and later) */
    SPECIAL_EXCEPTIONS,         /* .ex_table */
    SPECIAL_PRE_EXCEPTIONS,     /* .ex_table.pre: entry code's, never patched */
    SPECIAL_HOOKS,              /* XENLIVEPATCH_HOOKS: pointers */
    SPECIAL_OTHER,              /* other lists that the linker collects, of
                                 * named data: .init.setup, .initcall*.init,
                                 * .data.schedulers, .rodata.vpci, ... */
};

struct symbol {
    const char *name;           /* "" for a section's */
    unsigned int index;         /* in the symbol table */
    unsigned char type, bind;   /* STT_*, STB_* */
    uint64_t value, size;
    struct section *section;    /* NULL: undefined, or absolute */
    bool absolute;
    struct atom *atom;          /* in which it lies; NULL as for section */
    uint64_t offset;            /* in that atom */
};

/* A relocation, understood: which byte of what it means. */
struct ref {
    uint64_t offset;            /* from the start of the atom it is in */
    unsigned int type;          /* R_* of the machine */
    struct symbol *symbol;      /* as in the file; a section's is possible */
    int64_t addend;             /* as in the file */
    struct atom *target;        /* NULL: the symbol is undefined or absolute, or
                                 * in a section that has no atoms */
    /*
     * The byte meant, from the target's or the symbol's start: the addend
     * without what only makes up for the distance between the field and the
     * end of the instruction, and in .bug_frames without the line's bits.  It
     * can lie outside of the target: an array's end, or one less than its
     * beginning.
     */
    int64_t place;
    int64_t bias;               /* addend in terms of place, of that distance: a
                                 * relocation against the target's own symbol
                                 * has the addend place + bias */
};

struct atom {
    enum atom_kind kind;
    struct section *section;
    uint64_t offset, size;      /* in the section; a function's size includes
                                 * what inline assembly put behind its end,
                                 * which its symbol's doesn't */
    const uint8_t *bytes;       /* NULL: .bss */
    struct symbol *symbol;      /* what it is called by, or NULL */
    struct ref *refs;           /* in ascending order of offset */
    size_t nrefs;
    /*
     * Of an ATOM_ENTRY, or of an ATOM_CODE that is a fixup or a replacement:
     * the function that it serves, and where in it.  NULL if there is none
     * (an alternative in a fixup belongs to the fixup's function).
     */
    struct atom *owner;
    uint64_t owner_offset;
    /* Of a function (or of unnamed code): the entries that it owns, ascending
     * by table and owner_offset; an entry's refs name its fixup or
     * replacement. */
    struct atom **entries;
    size_t nentries;

    /* Filled in by pair.c and compare.c. */
    struct atom *twin;          /* its like in the other object, or NULL */
    int verdict;                /* enum verdict, compare.h */
    const char *difference;     /* the first one, in words, or NULL */
    uint64_t identity;          /* atoms of both objects with an equal one mean
                                 * the same: identity.h */
    /* Filled in by prove.c. */
    uint64_t address;           /* in what runs; 0: not known */
    /* Filled in by select.c. */
    bool selected;              /* goes into the payload */
    const char *selected_for;   /* why, in words */
    bool refused;               /* the report has it */
    int gap;                    /* enum gap, select.h */
    uint64_t output;            /* for the writer's use */
};

struct section {
    struct object *object;
    const char *name;
    unsigned int index;
    uint32_t type;              /* SHT_* */
    uint64_t flags, size, align, entsize;
    const uint8_t *bytes;       /* NULL: SHT_NOBITS */
    enum special special;
    bool init;                  /* .init.*: gone once Xen has booted */
    struct atom **atoms;        /* in ascending order, without gaps that aren't
                                 * padding; none for what isn't allocated, or is
                                 * dropped when Xen is linked (.discard) */
    size_t natoms;
};

struct object {
    const char *path;           /* for messages: as given */
    const char *source;         /* STT_FILE: common/grant_table.c; "" if none */
    bool assembly;              /* hand-written: its symbols have no sizes */
    struct section *sections;   /* by index; [0] is empty */
    size_t nsections;
    struct symbol *symbols;     /* by index; [0] is empty */
    size_t nsymbols;
    struct atom **atoms;        /* of all sections */
    size_t natoms;
    void *memory;               /* private */
};

/*
 * Read an object file: ELF64 little-endian, relocatable.
 *
 * path: the file; label: what messages call it (and object->path), kept.
 *
 * Returns the object, which the caller frees with object_free(); or NULL with
 * *why (a string that the caller frees) saying what is wrong and where.  Any
 * file whatever may be given: every offset, index and size is checked.
 */
struct object *object_read(const char *path, const char *label, char **why);
struct object *object_read_memory(const void *image, size_t size,
                                  const char *label, char **why);
void object_free(struct object *object);

/* The atom that holds this byte of the section, or NULL. */
struct atom *section_atom(const struct section *section, uint64_t offset);

/* What people call it: "common/grant_table.c: release_grant_for_copy", or for
 * what has no name its section and offset.  A buffer of its own for each of
 * the last eight calls. */
const char *atom_name(const struct atom *atom);

/* A text of must_print(), to live as long as the object: returns it. */
const char *object_keep(struct object *object, char *text);

const char *atom_kind_name(enum atom_kind kind);

#endif
