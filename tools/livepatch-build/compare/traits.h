/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What an atom is like: questions that selection, resolution and writer ask.
 */
#ifndef LIVEPATCH_BUILD_TRAITS_H
#define LIVEPATCH_BUILD_TRAITS_H

#include "object/object.h"

/* A name with a number that the compiler has given: foo.1, bar.isra.0. */
bool is_numbered(const char *name);

/* The part of a function that was split off as unlikely: foo.cold. */
bool is_cold(const struct atom *atom);

bool is_global(const struct atom *atom);

/* Data that nobody writes once Xen is linked. */
bool is_constant_data(const struct atom *atom);

bool is_per_cpu(const struct atom *atom);
bool is_set_at_boot(const struct atom *atom);       /* .data.ro_after_init */

/*
 * Code that has its place beside what else is in its section: the assembler
 * resolves references within a section, and leaves no trace of them, such as of
 * a function's to the unlikely code that it has put behind it.
 */
bool is_bound_to_section(const struct atom *atom);

/* A selected function that takes the place of one that runs. */
bool is_patched(const struct atom *atom);

/* Whether pointers may lead to the entry in Xen of a function that is patched.
 * With CET they must find ENDBR64 there; where the patch has put it, it isn't
 * found. */
bool is_entry_for_pointers(const struct atom *atom);

/* A call or jump: the displacement follows its opcode.  Other references of
 * code take an address. */
bool is_branch(const struct atom *atom, const struct ref *ref);

#endif
