/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Types as the debug information tells of them, in a form that can be compared
 * across objects.  Every string in here is in a table of names: equal strings
 * are equal pointers.
 */
#ifndef LIVEPATCH_BUILD_LAYOUT_TYPES_H
#define LIVEPATCH_BUILD_LAYOUT_TYPES_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "layout_table.h"

/* What a member is in the end: without typedefs and qualifiers. */
enum shape_kind {
    SHAPE_VOID, SHAPE_NUMBER, SHAPE_POINTER, SHAPE_AGGREGATE, SHAPE_ENUM,
    SHAPE_FUNCTION,
};

struct shape {
    enum shape_kind kind;
    uint64_t size;              /* of one element, in bytes; 0: not known */
    uint64_t count;             /* elements; 1 if it is no array */
    unsigned int encoding;      /* of a number: DW_ATE_* */
    unsigned int wrapped;       /* of an aggregate that is one number: that's */
    bool constant;
    const char *dimensions;     /* "[2][3]", or "" */
    const char *tag;            /* of an aggregate or enum; NULL: it has none */
    const char *words;          /* as C says it: "struct domain *" */
    struct shape *target;       /* of a pointer */
};

/*
 * A member.  Those of nameless aggregates are their holder's members, under
 * paths as "arch.x"; or "table[].x" for an array of such, at its first element,
 * and "list->x" for what a pointer leads to.
 */
struct member {
    const char *path;
    uint64_t bit, bits;         /* where it begins, and how long it is */
    bool field;                 /* a bit-field */
    bool apart;                 /* behind a pointer, not in its holder */
    bool whole;                 /* of an array of nameless aggregates, all; the
                                 * members of its element follow */
    struct shape shape;
};

struct enumerator {
    const char *name;
    int64_t value;
};

enum type_kind { TYPE_STRUCT, TYPE_UNION, TYPE_ENUM, TYPE_VARIABLE };

struct type {
    enum type_kind kind;
    const char *name;           /* in words: "struct domain", "mfn_t" */
    const char *tag;            /* as shapes have it */
    const char *key;            /* its tag and where it is visible: what its
                                 * like in another build also has */
    const char *file;           /* "xen/include/xen/sched.h" */
    int line;
    uint64_t size, alignment;   /* alignment 0: as its members ask for */
    bool constant;              /* of a variable */
    struct member *members;
    size_t nmembers;
    struct enumerator *enumerators;
    size_t nenumerators;

    uint64_t hash;
    struct type *next;          /* in its bucket */
    struct type *same_tag;      /* for layout_memory.c */
    bool old, new;              /* in which builds it is */
    size_t in_old, in_new;      /* the last object that has it */
    bool nameless;              /* an enum of constants alone */
};

/* Each type once, however many objects have it. */
struct types {
    struct arena arena;
    struct names names;
    struct type **all;          /* in the order in which they were met */
    size_t ntypes, room;
    struct type **buckets;      /* by hash */
    size_t nbuckets;
};

/* The type that is the same, or NULL.  Fills in the type's hash, by which it
 * can then be kept. */
struct type *types_find(const struct types *types, struct type *type);
/* Keeps a copy; what the type points to is in the arena. */
struct type *types_keep(struct types *types, const struct type *type);
void types_free(struct types *types);

#endif
