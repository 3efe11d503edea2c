/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * References the other way round: who refers to an atom, within its object.
 */
#ifndef LIVEPATCH_BUILD_USERS_H
#define LIVEPATCH_BUILD_USERS_H

#include "object/object.h"

struct users;

struct users *users_new(const struct object *object);
void users_free(struct users *users);

/* How many atoms refer to this one, each counted once; *list has them in the
 * order of the file, and lives as long as users. */
size_t users_of(const struct users *users, const struct atom *target,
                struct atom *const **list);

#endif
