/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What is found in a payload, by whatever builder it was made.
 */
#ifndef LIVEPATCH_BUILD_INSPECT_H
#define LIVEPATCH_BUILD_INSPECT_H

#include <stdbool.h>
#include <stdio.h>
#include <xenlivepatch.h>

/* path is text.  False: it couldn't be written. */
bool inspect_print(const xenlivepatch_payload *payload, const char *path,
                   FILE *out);
bool inspect_print_json(const xenlivepatch_payload *payload, const char *path,
                        FILE *out);

#endif
