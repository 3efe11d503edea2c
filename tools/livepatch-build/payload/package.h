/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A package of payloads, by livepatch-package: which stands beside this
 * program, or else where PATH has it.
 */
#ifndef LIVEPATCH_BUILD_PACKAGE_H
#define LIVEPATCH_BUILD_PACKAGE_H

#include <stdbool.h>
#include <stddef.h>

/* There is such a program; or false and *why, before anything is built. */
bool package_possible(char **why);

struct package_order {
    const char *option;         /* "--deb" or "--rpm" */
    const char *xen;            /* NAME=VERSION of the package of Xen */
    const char *const *below;   /* payloads that it stands on, which go along */
    size_t nbelow;
    const char *payload;
};

/* In the payload's folder: returns its path, which the caller frees.  NULL and
 * *why: there is none, and the payload is as it was. */
char *package_make(const struct package_order *order, char **why);

#endif
