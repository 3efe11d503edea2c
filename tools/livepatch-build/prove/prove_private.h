/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What prove*.c share. */
#ifndef LIVEPATCH_BUILD_PROVE_PRIVATE_H
#define LIVEPATCH_BUILD_PROVE_PRIVATE_H

#include "prove.h"

/* An entry of a table of what runs, by the code that it is about. */
struct line {
    uint64_t code, address;
};

struct lines {
    const char *section;        /* as it is called in objects */
    bool known;                 /* its place in the image */
    struct line *lines;         /* ascending by code, then by address */
    size_t count;
};

#define NTABLES 8

/* A string of the version that may differ: which, and what it says. */
struct version {
    char *name, *here, *there;
};

struct proof {
    const struct running *running;
    struct lines tables[NTABLES];
    struct proof_counts counts;
    struct proof_note *differences, *exemptions;
    size_t ndifferences, difference_room, nexemptions, exemption_room;
    uint64_t *seen;             /* functions of what runs that an object has */
    size_t nseen, seen_room;
    struct version *versions;
    size_t nversions, version_room;
    char *prefix;               /* of paths of files there; NULL: none seen */
    char *compiler;             /* .comment of the objects */
    char *options;              /* from their debug information */
    bool compilers_differ;
    uint8_t *config;            /* compressed */
    size_t config_size;
    proof_bare *bare;           /* or NULL */
    void *bare_context;
    size_t nbare;               /* how many were asked for */
};

/* One object against what runs. */
struct view {
    struct proof *proof;
    const struct running *running;
    const struct object *object;
    struct object *bare;        /* the same without debug information, if it
                                 * was asked for */
    bool asked;
    unsigned int *units;        /* of each local symbol; 0: not known */
    uint64_t *bases;            /* of each section; 0: not known */
    uint64_t *outside;          /* address of each symbol it doesn't define */
    enum { NOT_YET, FOUND, NOWHERE } *looked_up;
    /* Of the function being compared: */
    const struct atom *function;
    bool line_differs;          /* the line of a BUG frame */
    bool version_differs;
};

/* prove_place.c: where the object's parts are. */
void view_open(struct view *view, struct proof *proof,
               const struct object *object);
void view_close(struct view *view);
/* False: what runs has no such symbol. */
bool view_outside(struct view *view, const struct symbol *symbol,
                  uint64_t *address);
/* An atom was found: what lies in the same section has its place with it. */
void view_set(struct view *view, struct atom *atom, uint64_t address);
/* By what else is in its section; 0: not known. */
uint64_t view_place(const struct view *view, const struct atom *atom);
/* A name by which an atom can be told. */
bool view_is_named(const struct atom *atom);

/* prove_compare.c: an atom's bytes at that address; NULL if they are the same,
 * or the first difference (the caller frees it). */
char *view_compare(struct view *view, const struct atom *atom,
                   uint64_t address);
/* With the table entries that it owns. */
char *view_compare_function(struct view *view, const struct atom *atom);

/* prove_string.c */

/* Does the reference lead to a string that differs from build to build?  How is
 * noted. */
bool string_may_differ(struct view *view, const struct ref *ref,
                       uint64_t address);
/* In words, which the caller frees. */
char *string_difference(const struct view *view, const struct atom *target,
                        uint64_t address);

/* prove_table.c */
void tables_read(struct proof *proof);
void tables_free(struct proof *proof);
const struct lines *tables_find(const struct proof *proof,
                                const char *section);
/* The entry number `ordinal` of those about that code; 0: there is none. */
uint64_t table_entry(const struct lines *lines, uint64_t code, size_t ordinal);
size_t table_count(const struct lines *lines, uint64_t start, uint64_t end);

/* prove_verdict.c: remember what tells builds from one another; and say. */
void verdict_collect(struct proof *proof, const struct object *object);
/* The options that differ, in words; NULL: none, or it isn't known. */
char *verdict_config(const struct proof *proof);
char *verdict_explain(const struct proof *proof);

/* prove.c */
void proof_version(struct proof *proof, const char *name, const char *here,
                   const char *there);

#endif
