/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A payload on its way to be signed. */
#ifndef LIVEPATCH_SIGN_PAYLOAD_H
#define LIVEPATCH_SIGN_PAYLOAD_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <xenlivepatch.h>

struct signee {
    const char *path;
    uint8_t *bytes;                 /* malloc'd */
    size_t size;
    xenlivepatch_signature place;   /* of the signature */
};

/* All of these return false after saying why. */

/* A file that some hypervisor would take, so that nobody signs what is not a
 * payload.  To be followed by signee_free() in any case. */
bool signee_read(struct signee *signee, const char *path);
void signee_free(struct signee *signee);

/* Room for a signature of that many bytes.  One that is there is going to be
 * replaced, if it has the same size. */
bool signee_make_room(struct signee *signee, size_t size);

/* It must have room already, or a signature. */
bool signee_find(struct signee *signee);

void signee_digest(const struct signee *signee, uint8_t digest[32]);

/* The file at path is complete, and on the disk, or as it was before. */
bool signee_write(const struct signee *signee, const char *path);

#endif
