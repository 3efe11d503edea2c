/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Is the base build what runs?  Function by function, after relocation.
 */
#ifndef LIVEPATCH_BUILD_PROVE_H
#define LIVEPATCH_BUILD_PROVE_H

#include "object/object.h"
#include "report/report.h"
#include "running/running.h"

/* What is to be known for sure of these objects of the base build (all that
 * are linked, given once): */
struct proof;
struct proof *proof_new(const struct running *running);
void proof_free(struct proof *proof);

/*
 * Where what runs has no debug information: how to get an object of the base as
 * it is without; NULL if it can't be had, and the caller's to free.
 */
typedef struct object *proof_bare(void *context, const struct object *object);
void proof_use_bare(struct proof *proof, proof_bare *bare, void *context);

/* Compare an object's functions, and what they refer to, with what runs.  Sets
 * the address of each atom that was found there. */
void proof_object(struct proof *proof, const struct object *object);

struct proof_note {
    char *file, *name, *why;            /* the proof's own */
};
/* What differs; and what was not compared, or may differ: compile date and
 * host, lines of BUG frames, objects that aren't linked. */
size_t proof_differences(const struct proof *proof,
                         const struct proof_note **differences);
size_t proof_exemptions(const struct proof *proof,
                        const struct proof_note **exemptions);

struct proof_counts {
    size_t equal, differing, exempt;    /* functions, each in one of them */
    size_t data_equal, data_differing;  /* initialised data that has a name */
};
struct proof_counts proof_counts(const struct proof *proof);

/*
 * Tell the report how many functions are equal, how many not (with names and
 * the first difference of each), how many exempt and why; and if they differ
 * in a way that a wrong number of CPUs, optimisation level, compiler or patch
 * level explains, which: in the words of *verdict (the caller frees it; NULL
 * if all is well).  Returns true if all are equal or exempt, the data as well.
 */
bool proof_conclude(struct proof *proof, struct report *report, char **verdict);

/*
 * The address that each atom of the base object has in what runs, for the
 * selection: as proof_object() found it, or else by its name if the compiler
 * gave it no number.  0: not known.
 */
uint64_t proof_address(const struct running *running, const struct atom *atom);

#endif
