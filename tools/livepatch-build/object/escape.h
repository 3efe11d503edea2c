/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Where an address goes that code takes: into memory, to another function, or
 * back to the caller.
 *
 * It is followed through registers, along all branches within a function; where
 * it is in memory, on the stack or in a table, to what is loaded or copied from
 * there.  What a function called with a pointer to such memory does is looked
 * at if its code is at hand, else it is taken for one that uses it meanwhile.
 * The function's cold part is not followed.
 */
#ifndef LIVEPATCH_BUILD_ESCAPE_H
#define LIVEPATCH_BUILD_ESCAPE_H

#include "object.h"

struct escape {
    enum { ESCAPE_STORED, ESCAPE_PASSED, ESCAPE_RETURNED } how;
    /* The variable that it is stored in, or function that it is passed to;
     * NULL: where a pointer leads. */
    const struct ref *to;
    /* Passed: */
    bool itself;                /* not only a pointer to memory that has it */
    bool as_source;             /* such memory is the second argument, and the
                                 * first is not on the stack: as of memcpy() */
    uint64_t registers;         /* for escapes_of_arguments() */
};

typedef void escape_found(void *context, const struct escape *escape);

/* Of the address that a reference of a function's takes. */
void escapes_of_address(const struct atom *code, const struct ref *ref,
                        escape_found *found, void *context);

/* Of an address that the datum has which this reference leads to. */
void escapes_of_content(const struct atom *code, const struct ref *ref,
                        escape_found *found, void *context);

/* Of what a function is passed in these registers. */
void escapes_of_arguments(const struct atom *code, uint64_t registers,
                          escape_found *found, void *context);

#endif
