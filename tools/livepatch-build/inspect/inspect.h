/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What is found in a payload, by whatever builder it was made.
 */
#ifndef LIVEPATCH_BUILD_INSPECT_H
#define LIVEPATCH_BUILD_INSPECT_H

#include <stdbool.h>
#include <stdio.h>
#include <xenlivepatch.h>

/* A file that some engine would take, or one that lacks no more than the note
 * which old ones don't want.  NULL and *why: it is no payload. */
xenlivepatch_payload *inspect_read(const char *path, char **why);

/* The value of an entry of the metadata; NULL if there is none. */
const char *inspect_value(const xenlivepatch_payload *payload,
                          const char *key);

/* path is text.  False: it couldn't be written. */
bool inspect_print(const xenlivepatch_payload *payload, const char *path,
                   FILE *out);
bool inspect_print_json(const xenlivepatch_payload *payload, const char *path,
                        FILE *out);

#endif
