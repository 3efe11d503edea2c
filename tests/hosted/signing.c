/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <openssl/pem.h>
#include <openssl/rsa.h>
#include <openssl/sha.h>

#include <xen/lib.h>

#include "services.h"
#include "signing.h"

#define MAX_KEYS 8

static void need(bool done, const char *what)
{
    if ( !done )
        hosted_fail("signing: %s failed", what);
}

EVP_PKEY *signing_key(const char *name)
{
    static struct { const char *name; EVP_PKEY *key; } keys[MAX_KEYS];
    char path[4096];
    unsigned int i;
    FILE *file;

    for ( i = 0; i < MAX_KEYS && keys[i].name; i++ )
        if ( !strcmp(keys[i].name, name) )
            return keys[i].key;
    need(i < MAX_KEYS, "finding room for a key");
    snprintf(path, sizeof(path), "%s/private-%s.pem", HOSTED_KEYS, name);
    file = fopen(path, "r");
    need(file, path);
    keys[i].key = PEM_read_PrivateKey(file, NULL, NULL, NULL);
    fclose(file);
    need(keys[i].key, path);
    keys[i].name = name;
    return keys[i].key;
}

size_t signing_size(const char *name)
{
    return EVP_PKEY_size(signing_key(name));
}

void image_add_signature(struct image *image, uint32_t type, size_t size)
{
    struct {
        Elf_Note note;
        char owner[4];
        uint8_t signature[1024];
    } note = { { sizeof(note.owner), size, type }, "Xen" };

    need(size <= sizeof(note.signature), "a signature of that size");
    image_add_section(image, SIGNATURE_SECTION, SHT_NOTE, 0, &note,
                      offsetof(typeof(note), signature) + size);
}

uint8_t *image_signature(struct image *image)
{
    return image_data(image, SIGNATURE_SECTION) + sizeof(Elf_Note) + 4;
}

void image_sign(struct image *image, const char *key)
{
    uint8_t digest[SHA256_SIZE], *signature = image_signature(image);
    size_t size;
    void *file = image_build(image, &size);

    memset(signature, 0, signing_size(key));
    signing_digest(file, size, digest);
    signing_sign(key, digest, signature);
}

struct image *image_signed(struct image *image, const char *key)
{
    image_add_signature(image, SIGNATURE_TYPE, signing_size(key));
    image_sign(image, key);
    return image;
}

void signing_digest(const void *data, size_t size, uint8_t digest[SHA256_SIZE])
{
    SHA256(data, size, digest);
}

static EVP_PKEY_CTX *context(EVP_PKEY *key, int (*init)(EVP_PKEY_CTX *))
{
    EVP_PKEY_CTX *ctx = EVP_PKEY_CTX_new(key, NULL);

    need(ctx && init(ctx) > 0 &&
         EVP_PKEY_CTX_set_rsa_padding(ctx, RSA_PKCS1_PADDING) > 0 &&
         EVP_PKEY_CTX_set_signature_md(ctx, EVP_sha256()) > 0, "libcrypto");
    return ctx;
}

void signing_sign(const char *key, const uint8_t digest[SHA256_SIZE],
                  uint8_t *signature)
{
    EVP_PKEY_CTX *ctx = context(signing_key(key), EVP_PKEY_sign_init);
    size_t size = signing_size(key);

    need(EVP_PKEY_sign(ctx, signature, &size, digest, SHA256_SIZE) > 0,
         "signing");
    EVP_PKEY_CTX_free(ctx);
}

bool signing_verify(EVP_PKEY *key, const uint8_t digest[SHA256_SIZE],
                    const uint8_t *signature, size_t size)
{
    EVP_PKEY_CTX *ctx = context(key, EVP_PKEY_verify_init);
    int good = EVP_PKEY_verify(ctx, signature, size, digest, SHA256_SIZE);

    EVP_PKEY_CTX_free(ctx);
    return good == 1;
}

static void to_limbs(const BIGNUM *number, uint64_t *limbs, unsigned int n)
{
    need(BN_bn2lebinpad(number, (uint8_t *)limbs, n * sizeof(*limbs)) > 0,
         "unpacking a number");
}

const struct rsa_key *signing_unpack(const BIGNUM *modulus)
{
    static struct {
        struct rsa_key key;
        uint64_t modulus[RSA_MAX_LIMBS], rr[RSA_MAX_LIMBS];
    } unpacked;
    const unsigned int limbs = BN_num_bits(modulus) / 64;
    BN_CTX *ctx = BN_CTX_new();
    BIGNUM *rr = BN_new();
    uint64_t inverse = 1;
    unsigned int i;

    BN_set_bit(rr, 128 * limbs);
    BN_mod(rr, rr, modulus, ctx);
    to_limbs(modulus, unpacked.modulus, limbs);
    to_limbs(rr, unpacked.rr, limbs);
    BN_free(rr);
    BN_CTX_free(ctx);
    /* Newton's iteration doubles the number of right bits. */
    for ( i = 0; i < 6; i++ )
        inverse *= 2 - unpacked.modulus[0] * inverse;
    unpacked.key = (struct rsa_key){
        .name = "unpacked", .limbs = limbs, .modulus = unpacked.modulus,
        .rr = unpacked.rr, .inverse = -inverse,
    };
    return &unpacked.key;
}

const struct rsa_key *signing_public(const char *key)
{
    BIGNUM *modulus = NULL;
    const struct rsa_key *unpacked;

    need(EVP_PKEY_get_bn_param(signing_key(key), "n", &modulus),
         "finding the modulus");
    unpacked = signing_unpack(modulus);
    BN_free(modulus);
    return unpacked;
}

/*
 * Local variables:
 * mode: C
 * c-file-style: "BSD"
 * c-basic-offset: 4
 * tab-width: 4
 * indent-tabs-mode: nil
 * End:
 */
