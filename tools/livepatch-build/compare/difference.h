/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The first difference between twins, in words.
 */
#ifndef LIVEPATCH_BUILD_DIFFERENCE_H
#define LIVEPATCH_BUILD_DIFFERENCE_H

#include "object/object.h"

/* NULL if there is none; the caller frees it.  Identities are known. */
char *find_difference(const struct atom *old, const struct atom *new);

/* Are these variables the same, but for the section that they are in? */
bool differ_by_section_alone(const struct atom *old, const struct atom *new);

#endif
