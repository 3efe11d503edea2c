/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A payload: writing one, and showing one.
 */
#ifndef LIVEPATCH_BUILD_PAYLOAD_H
#define LIVEPATCH_BUILD_PAYLOAD_H

#include <stdio.h>

#include "select/select.h"

struct payload_metadata {
    const char *name;           /* the payload's, in front of new symbols */
    const char *const *entries; /* "fixes=XSA-182", "description=..." */
    size_t nentries;
    const char *key;            /* to sign it with, or NULL: see sign.h */
};

/*
 * Write the selected atoms, with tables, notes, symbols and metadata.  The same
 * inputs give the same bytes.  Within the engine's limits, or refused.
 *
 * The file appears whole or not at all: it is written beside `output` and
 * renamed.  The report learns its build-id.  False and *why (the caller frees
 * it): the file can't be written, or the change was refused (see
 * report_refusals()).
 */
bool payload_write(const char *output, struct object_pair *pairs,
                   size_t npairs, const struct running *running,
                   const struct payload_metadata *metadata,
                   struct report *report, char **why);

/* `livepatch-build inspect`: functions, hooks, tables, symbols, metadata and
 * build-ids, for people or as JSON.  False and *why: not a payload. */
bool payload_inspect(const char *path, bool json, FILE *out, char **why);

#endif
