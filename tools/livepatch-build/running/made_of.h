/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The patches that a payload was made of, as it tells in its metadata
 * ("patches"): so that one built on top of it doesn't undo them.
 */
#ifndef LIVEPATCH_BUILD_MADE_OF_H
#define LIVEPATCH_BUILD_MADE_OF_H

#include <stdbool.h>
#include <stddef.h>

#define MADE_OF_KEY "patches"

/* The beginnings of their SHA-256 sums, with commas between them; the caller
 * frees it.  NULL and *why if one can't be read. */
char *made_of(const char *const *patches, size_t npatches, char **why);

/* Is each of the first list in the second? */
bool made_of_no_more(const char *those, const char *these);

#endif
