/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The format of a payload's notes, for the writer and for inspect.
 */
#ifndef LIVEPATCH_BUILD_PAYLOAD_NOTES_H
#define LIVEPATCH_BUILD_PAYLOAD_NOTES_H

#include <stdint.h>

#define PAYLOAD_ID_SIZE 20      /* of SHA-1, as the linker's */

/* The head of a build-id's note. */
struct build_id_note {
    uint32_t name_size, size, type;
    char name[4];
};

#endif
