/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Signatures by RSASSA-PKCS1-v1_5 over SHA-256 (RFC 8017, 8.2), with keys whose
 * public exponent is 65537.
 */
#ifndef LIVEPATCH_RSA_H
#define LIVEPATCH_RSA_H

#include <xen/types.h>

#include "sha256.h"

/* Of the modulus, and so of a signature: 2048 to 4096 bits. */
#define RSA_MIN_BYTES 256
#define RSA_MAX_BYTES 512

/* The arithmetic is on limbs, the least significant of which comes first. */
#define RSA_MAX_LIMBS (RSA_MAX_BYTES / sizeof(uint64_t))

/* A public key as tools/livepatch-keys.py unpacks it. */
struct rsa_key {
    const char *name;           /* Of the key's file. */
    unsigned int limbs;         /* Of the modulus, whose top bit is set. */
    const uint64_t *modulus;
    const uint64_t *rr;         /* 2^(128 * limbs) mod modulus. */
    uint64_t inverse;           /* -1 / modulus mod 2^64 */
};

/* Of the modulus, in bytes: signatures have just this length. */
static inline size_t rsa_size(const struct rsa_key *key)
{
    return key->limbs * sizeof(*key->modulus);
}

/*
 * Whether the rsa_size() bytes of the signature are what the key's owner makes
 * of a message with that digest.  Its numbers are static, as they would be a
 * third of Xen's stack: the caller holds payloads_lock.  How long it takes tells
 * what the signature is, which everybody may know.
 */
bool rsa_verify(const struct rsa_key *key, const uint8_t *signature,
                const uint8_t digest[SHA256_SIZE]);

#endif /* LIVEPATCH_RSA_H */
