/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * SHA-256: what a base build was made of.
 */
#ifndef LIVEPATCH_BUILD_HASH_H
#define LIVEPATCH_BUILD_HASH_H

#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#include <sha2.h>

struct hash {
    SHA2_CTX state;
};

/* Any number of hash_add between begin and end. */
void hash_begin(struct hash *hash);
void hash_add(struct hash *hash, const void *bytes, size_t size);
/* A string with its end, so that "a", "bc" is not "ab", "c". */
void hash_add_text(struct hash *hash, const char *text);
void hash_end(struct hash *hash, uint8_t digest[32]);

#endif
