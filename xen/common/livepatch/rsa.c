/* SPDX-License-Identifier: GPL-2.0-only */
/* RSA signatures: RFC 8017, 8.2.2. */
#include <xen/lib.h>
#include <xen/string.h>

#include "rsa.h"

/* What EMSA-PKCS1-v1_5 puts in front of a SHA-256 digest (RFC 8017, 9.2,
 * note 1): the DER form of its DigestInfo. */
static const uint8_t digest_info[] = {
    0x30, 0x31, 0x30, 0x0d, 0x06, 0x09, 0x60, 0x86, 0x48, 0x01,
    0x65, 0x03, 0x04, 0x02, 0x01, 0x05, 0x00, 0x04, 0x20,
};

/* From bytes, of which the most significant comes first. */
static void to_limbs(uint64_t *limbs, const uint8_t *bytes, unsigned int n)
{
    unsigned int i;

    while ( n-- )
        for ( limbs[n] = i = 0; i < sizeof(*limbs); i++ )
            limbs[n] = limbs[n] << 8 | *bytes++;
}

static bool is_below(const uint64_t *a, const uint64_t *b, unsigned int n)
{
    while ( --n && a[n] == b[n] )
        ;

    return a[n] < b[n];
}

static void subtract(uint64_t *a, const uint64_t *b, unsigned int n)
{
    unsigned int i;
    bool borrow = false;

    for ( i = 0; i < n; i++ )
    {
        uint64_t difference = a[i] - b[i] - borrow;

        borrow = borrow ? difference >= a[i] : difference > a[i];
        a[i] = difference;
    }
}

/* sum[0..n) += a[0..n) * b.  Returns the limb that belongs into sum[n]. */
static uint64_t add_product(uint64_t *sum, const uint64_t *a, uint64_t b,
                            unsigned int n)
{
    uint64_t carry = 0;
    unsigned int i;

    for ( i = 0; i < n; i++ )
    {
        /* At most (2^64 - 1)^2 + 2 * (2^64 - 1), which is 2^128 - 1. */
        unsigned __int128 wide = (unsigned __int128)a[i] * b + sum[i] + carry;

        sum[i] = wide;
        carry = wide >> 64;
    }

    return carry;
}

/*
 * Montgomery's multiplication: out = a * b / 2^(64 * limbs) mod modulus.  a and
 * b are below the modulus, and so is out, which may be either of them.
 */
static void multiply(const struct rsa_key *key, uint64_t *out,
                     const uint64_t *a, const uint64_t *b)
{
    const unsigned int n = key->limbs;
    static uint64_t product[2 * RSA_MAX_LIMBS];
    uint64_t over = 0;
    unsigned int i;

    memset(product, 0, sizeof(product));

    for ( i = 0; i < n; i++ )
        product[i + n] = add_product(product + i, a, b[i], n);

    /* Multiples of the modulus make one low limb after the other zero. */
    for ( i = 0; i < n; i++ )
    {
        unsigned __int128 wide =
            add_product(product + i, key->modulus, product[i] * key->inverse,
                        n);

        wide += (unsigned __int128)product[i + n] + over;
        product[i + n] = wide;
        over = wide >> 64;
    }

    /* What is left is below twice the modulus. */
    memcpy(out, product + n, rsa_size(key));
    if ( over || !is_below(out, key->modulus, n) )
        subtract(out, key->modulus, n);
}

/* out = base^65537 mod modulus, for a base below the modulus. */
static void power(const struct rsa_key *key, uint64_t *out,
                  const uint64_t *base)
{
    unsigned int i;

    /* Each multiplication loses a factor of 2^(64 * limbs); so out has one too
     * much, until it is multiplied by the base itself. */
    multiply(key, out, base, key->rr);

    for ( i = 0; i < 16; i++ )
        multiply(key, out, out, out);

    multiply(key, out, out, base);
}

/* The only message that is right: 00 01 ff ... ff 00, DigestInfo, digest. */
static void encode(uint8_t *message, size_t size,
                   const uint8_t digest[SHA256_SIZE])
{
    const size_t padding = size - sizeof(digest_info) - SHA256_SIZE;

    memset(message, 0xff, padding);
    message[0] = 0;
    message[1] = 1;
    message[padding - 1] = 0;
    memcpy(message + padding, digest_info, sizeof(digest_info));
    memcpy(message + size - SHA256_SIZE, digest, SHA256_SIZE);
}

bool rsa_verify(const struct rsa_key *key, const uint8_t *signature,
                const uint8_t digest[SHA256_SIZE])
{
    static uint64_t base[RSA_MAX_LIMBS], found[RSA_MAX_LIMBS];
    static uint8_t expected[RSA_MAX_BYTES];

    /* Else there would be a second signature of the same message. */
    to_limbs(base, signature, key->limbs);
    if ( !is_below(base, key->modulus, key->limbs) )
        return false;

    power(key, found, base);
    encode(expected, rsa_size(key), digest);
    to_limbs(base, expected, key->limbs);

    return !memcmp(found, base, rsa_size(key));
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
