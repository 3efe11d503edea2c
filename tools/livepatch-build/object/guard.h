/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Which variables have to say what, so that code gets to a place in it.
 */
#ifndef LIVEPATCH_BUILD_GUARD_H
#define LIVEPATCH_BUILD_GUARD_H

#include "object.h"

/* A condition that holds on every path from the function's entry. */
struct guard {
    const struct ref *variable;
    unsigned int condition;     /* as in Jcc's opcode */
    uint64_t compared;          /* with this number, as it is in the code */
};

struct guards {
    struct guard *list;
    size_t count, room;
};

/* Those of the instruction that a reference is in.  Conditions that don't
 * depend on a variable directly are left out. */
void guards_find(const struct atom *code, const struct ref *ref,
                 struct guards *guards);
void guards_free(struct guards *guards);

/* Whether a guard in a base build means the same as one in its like. */
bool guard_is_same(const struct guard *old, const struct guard *new);

#endif
