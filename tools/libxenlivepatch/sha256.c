/* SPDX-License-Identifier: LGPL-2.1-only */
/*
 * SHA-256: of FreeBSD's libmd, NetBSD's C library, or the portable libmd,
 * which has other names for the same.
 */

#include <sys/types.h>

#ifdef __FreeBSD__
#include <sha256.h>
#else
#include <sha2.h>
#endif

#include "private.h"

#if !defined(__FreeBSD__) && !defined(__NetBSD__)
typedef SHA2_CTX SHA256_CTX;
#define SHA256_Init   SHA256Init
#define SHA256_Update SHA256Update
#define SHA256_Final  SHA256Final
#endif

void xenlivepatch_digest(const void *data, size_t size,
                         const xenlivepatch_signature *signature,
                         uint8_t digest_r[XENLIVEPATCH_DIGEST_LEN])
{
    static const uint8_t zeroes[64];
    const uint8_t *bytes = data;
    const size_t end = signature->offset + signature->size;
    size_t left = signature->size, part;
    SHA256_CTX context;

    SHA256_Init(&context);
    SHA256_Update(&context, bytes, signature->offset);
    for (; left; left -= part) {
        part = left < sizeof(zeroes) ? left : sizeof(zeroes);
        SHA256_Update(&context, zeroes, part);
    }
    SHA256_Update(&context, bytes + end, size - end);
    SHA256_Final(digest_r, &context);
}

void xlp_sha256(const void *data, size_t size,
                uint8_t digest[XLP_SHA256_LEN])
{
    SHA256_CTX context;

    SHA256_Init(&context);
    SHA256_Update(&context, data, size);
    SHA256_Final(digest, &context);
}
