/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "hash.h"

#include <string.h>

void hash_begin(struct hash *hash)
{
    SHA256Init(&hash->state);
}

void hash_add(struct hash *hash, const void *bytes, size_t size)
{
    SHA256Update(&hash->state, bytes, size);
}

void hash_add_text(struct hash *hash, const char *text)
{
    hash_add(hash, text, strlen(text) + 1);
}

void hash_end(struct hash *hash, uint8_t digest[32])
{
    SHA256Final(digest, &hash->state);
}
