/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Where an address goes that code takes: into memory, to another function, or
 * back to the caller.
 *
 * It is followed through registers, along all branches within a function.  What
 * is put on the stack is not followed further: that is gone when the function
 * returns, unless what is there is copied elsewhere, which is rare.  Nor is
 * the function's cold part.
 */
#ifndef LIVEPATCH_BUILD_ESCAPE_H
#define LIVEPATCH_BUILD_ESCAPE_H

#include "object.h"

struct escape {
    enum { ESCAPE_STORED, ESCAPE_PASSED, ESCAPE_RETURNED } how;
    /* The variable that it is stored in, or function that it is passed to;
     * NULL: where a pointer leads. */
    const struct ref *to;
    unsigned int registers;     /* passed in these: bits, by number */
};

typedef void escape_found(void *context, const struct escape *escape);

/* Of the address that a reference of a function's takes. */
void escapes_of_address(const struct atom *code, const struct ref *ref,
                        escape_found *found, void *context);

/* Of what a function is passed in these registers. */
void escapes_of_arguments(const struct atom *code, unsigned int registers,
                          escape_found *found, void *context);

#endif
