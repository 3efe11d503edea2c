/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Signing payloads, and verifying in another way than the engine does, with
 * OpenSSL's libcrypto.
 *
 * The engine is built with the keys `first` and `second` of 2048 bits, `middle`
 * of 3072 and `large` of 4096; `stranger` has 2048 and is unknown to it.
 */
#ifndef HOSTED_SIGNING_H
#define HOSTED_SIGNING_H

#include <openssl/bn.h>
#include <openssl/evp.h>

#include "payload.h"
#include "rsa.h"

#define SIGNATURE_SECTION ".note.Xen.signature"

/* The private key of that name, read once. */
EVP_PKEY *signing_key(const char *name);
/* How long its signatures are. */
size_t signing_size(const char *name);

/* Before there is a file: the note, with zeroes for the signature. */
void image_add_signature(struct image *image, uint32_t type, size_t size);
#define SIGNATURE_TYPE 1        /* Version 1, RSA, SHA-256. */

/* Both of it: the note, and the signature of the file. */
struct image *image_signed(struct image *image, const char *key);
/* The signature in the note of a file that is built, made anew. */
void image_sign(struct image *image, const char *key);
/* Where it is in the file. */
uint8_t *image_signature(struct image *image);

/* A signature of the digest, of signing_size() bytes. */
void signing_sign(const char *key, const uint8_t digest[SHA256_SIZE],
                  uint8_t *signature);
void signing_digest(const void *data, size_t size,
                    uint8_t digest[SHA256_SIZE]);

/* What the engine is told of a key, whose modulus it is. */
const struct rsa_key *signing_unpack(const BIGNUM *modulus);
/* That of the key; and what libcrypto says to a signature. */
const struct rsa_key *signing_public(const char *key);
bool signing_verify(EVP_PKEY *key, const uint8_t digest[SHA256_SIZE],
                    const uint8_t *signature, size_t size);

#endif /* HOSTED_SIGNING_H */
