/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Evidence that two atoms are one: the same code refers to them at the same
 * place.
 */
#ifndef LIVEPATCH_BUILD_EVIDENCE_H
#define LIVEPATCH_BUILD_EVIDENCE_H

#include "object/object.h"

struct evidence;

struct evidence *evidence_new(void);
void evidence_free(struct evidence *evidence);

/*
 * Look at what two twins refer to.  Where their references run alike, those to
 * atoms of equal identity that have no twin yet are evidence.
 */
void evidence_gather(struct evidence *evidence, const struct atom *old,
                     const struct atom *new);

/*
 * Make twins of those for which more speaks than for any other choice of
 * either, and forget all evidence.  Returns how many.
 */
size_t evidence_settle(struct evidence *evidence);

#endif
