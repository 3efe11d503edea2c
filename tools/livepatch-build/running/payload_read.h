/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A payload that is there already, by whatever builder it was made.
 */
#ifndef LIVEPATCH_BUILD_PAYLOAD_READ_H
#define LIVEPATCH_BUILD_PAYLOAD_READ_H

#include <xenlivepatch.h>

/* A file that some engine would take, or one that lacks no more than the note
 * which old ones don't want.  NULL and *why: it is no payload. */
xenlivepatch_payload *payload_read(const char *path, char **why);

/* The value of an entry of the metadata; NULL if there is none. */
const char *payload_value(const xenlivepatch_payload *payload,
                          const char *key);

#endif
