/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * RSA signatures: published vectors, and libcrypto's verdict on as many others
 * as there is time for: RSA_SECONDS in the environment, or a few.
 */
#include "loading.h"

#include <stdlib.h>
#include <ucontext.h>

#include <openssl/rand.h>
#include <openssl/rsa.h>

#include "signing.h"
#include "vectors.h"

static const char *const keys[] = { "first", "middle", "large" };

static BIGNUM *number(const uint8_t *bytes, size_t size)
{
    BIGNUM *n = BN_bin2bn(bytes, size, NULL);

    assert_non_null(n);
    return n;
}

/* -- Published vectors --------------------------------------------------- */

static bool is_good(const struct vector *v)
{
    BIGNUM *modulus = number(v->fields[0].bytes, v->fields[0].size);
    const struct rsa_key *key = signing_unpack(modulus);
    uint8_t digest[SHA256_SIZE];

    BN_free(modulus);
    signing_digest(v->fields[1].bytes, v->fields[1].size, digest);
    /* The length is judged before a key is chosen. */
    return v->fields[2].size == rsa_size(key) &&
           rsa_verify(key, v->fields[2].bytes, digest);
}

static void published(void **state)
{
    struct vector *v;
    unsigned int n[2] = {};

    vectors_open("rsa");
    while ( (v = vectors_next()) )
    {
        bool good;

        assert_int_equal(v->nfields, 4);
        good = v->fields[3].bytes[0];
        if ( is_good(v) != good )
            fail_msg("vector %u is %sgood", n[0] + n[1], good ? "" : "not ");
        n[good]++;
    }
    print_message("%u good ones, %u bad ones\n", n[1], n[0]);
    assert_true(n[0] >= 14 && n[1] >= 3);
}

/* -- Moduli whose limbs are nearly all ones, or nearly all zeroes --------- */

/*
 * Such a prime is a modulus as any other for who verifies, and the root that
 * makes the signature can be had: all carries that there can be are met.
 */
static void sign_with_prime(const BIGNUM *prime, BIGNUM *message,
                            uint8_t *signature, size_t size)
{
    BN_CTX *ctx = BN_CTX_new();
    BIGNUM *order = BN_dup(prime), *root = BN_new();

    BN_sub_word(order, 1);
    BN_set_word(root, 65537);
    assert_non_null(BN_mod_inverse(root, root, order, ctx));
    assert_true(BN_mod_exp(message, message, root, prime, ctx));
    assert_int_equal(BN_bn2binpad(message, signature, size), size);
    BN_free(order);
    BN_free(root);
    BN_CTX_free(ctx);
}

/* What has to be signed, put together in another way than rsa.c does it. */
static BIGNUM *message_of(const uint8_t digest[SHA256_SIZE], size_t size)
{
    static const char info[] = "3031300d060960864801650304020105000420";
    char hex[2 * RSA_MAX_BYTES + 1];
    BIGNUM *message = NULL;
    unsigned int i;
    int at = snprintf(hex, sizeof(hex), "0001");

    while ( at < 2 * (size - 1 - SHA256_SIZE) - (sizeof(info) - 1) )
        at += snprintf(hex + at, 3, "ff");
    at += snprintf(hex + at, sizeof(hex) - at, "00%s", info);
    for ( i = 0; i < SHA256_SIZE; i++ )
        at += snprintf(hex + at, 3, "%02x", digest[i]);
    assert_int_equal(at, 2 * size);
    assert_int_equal(BN_hex2bn(&message, hex), at);
    return message;
}

static void try_prime(unsigned int bits, bool low, unsigned int distance)
{
    uint8_t signature[RSA_MAX_BYTES], digest[SHA256_SIZE];
    BIGNUM *prime = BN_new();
    const struct rsa_key *key;
    unsigned int i;

    BN_set_bit(prime, low ? bits - 1 : bits);
    if ( low )
        BN_add_word(prime, distance);
    else
        BN_sub_word(prime, distance);
    assert_int_equal(BN_check_prime(prime, NULL, NULL), 1);
    key = signing_unpack(prime);

    for ( i = 0; i < 20; i++ )
    {
        BIGNUM *message;

        RAND_bytes(digest, sizeof(digest));
        message = message_of(digest, bits / 8);
        sign_with_prime(prime, message, signature, bits / 8);
        BN_free(message);
        assert_true(rsa_verify(key, signature, digest));
        signature[i * 7] ^= 1 << i % 8;
        assert_false(rsa_verify(key, signature, digest));
    }
    BN_free(prime);
}

static void extreme_moduli(void **state)
{
    try_prime(2048, false, 1557);
    try_prime(2048, true, 1919);
    try_prime(3072, false, 47);
    try_prime(3072, true, 2291);
    try_prime(4096, false, 2549);
    try_prime(4096, true, 579);
}

/* -- Numbers that aren't below the modulus -------------------------------- */

/* signature + modulus is the same residue, where it has room. */
static void second_form(void **state)
{
    uint8_t signature[RSA_MAX_BYTES], digest[SHA256_SIZE] = {};
    EVP_PKEY *pkey = signing_key("first");
    const size_t size = signing_size("first");
    const struct rsa_key *key = signing_public("first");
    BIGNUM *modulus = NULL, *sum;

    assert_true(EVP_PKEY_get_bn_param(pkey, "n", &modulus));
    do {
        digest[0]++;
        signing_sign("first", digest, signature);
        assert_true(rsa_verify(key, signature, digest));
        sum = number(signature, size);
        BN_add(sum, sum, modulus);
        if ( BN_num_bits(sum) <= 8 * size )
            break;
        BN_free(sum);
    } while ( digest[0] );
    assert_true(BN_bn2binpad(sum, signature, size) > 0);
    assert_false(rsa_verify(key, signature, digest));

    /* The modulus itself, and the largest number there is. */
    assert_true(BN_bn2binpad(modulus, signature, size) > 0);
    assert_false(rsa_verify(key, signature, digest));
    memset(signature, 0xff, size);
    assert_false(rsa_verify(key, signature, digest));
    BN_free(sum);
    BN_free(modulus);
}

/* -- What libcrypto says -------------------------------------------------- */

static unsigned int below(unsigned int n)
{
    return rand() % n;
}

/* Bits, bytes, ends, or all of it are others. */
static void damage(uint8_t *signature, size_t size)
{
    size_t at = below(size);

    switch ( below(5) )
    {
    case 0: signature[at] ^= 1 << below(8); break;
    case 1: signature[at] += 1 + below(255); break;
    case 2: memset(signature + at, below(2) ? 0 : 0xff, size - at); break;
    case 3: memset(signature, below(2) ? 0 : 0xff, at + 1); break;
    case 4: RAND_bytes(signature + at, size - at); break;
    }
}

static double seconds(void)
{
    const char *wanted = getenv("RSA_SECONDS");

    return wanted ? atof(wanted) : getenv("HOSTED_BRIEF") ? 0.1 : 4;
}

static EVP_PKEY *new_key(unsigned int bits)
{
    EVP_PKEY *key = EVP_RSA_gen(bits);

    assert_non_null(key);
    return key;
}

static void sign_with(EVP_PKEY *pkey, const uint8_t digest[SHA256_SIZE],
                      uint8_t *signature, size_t size)
{
    EVP_PKEY_CTX *ctx = EVP_PKEY_CTX_new(pkey, NULL);

    assert_true(EVP_PKEY_sign_init(ctx) > 0);
    assert_true(EVP_PKEY_CTX_set_signature_md(ctx, EVP_sha256()) > 0);
    assert_true(EVP_PKEY_sign(ctx, signature, &size, digest,
                              SHA256_SIZE) > 0);
    EVP_PKEY_CTX_free(ctx);
}

/* Good ones, and for each of these many damaged ones, until then. */
static void compare(EVP_PKEY *pkey, double end, unsigned long n[2])
{
    uint8_t signature[RSA_MAX_BYTES], other[RSA_MAX_BYTES];
    uint8_t digest[SHA256_SIZE];
    const size_t size = EVP_PKEY_size(pkey);
    const struct rsa_key *key;
    BIGNUM *modulus = NULL;
    unsigned int i;

    assert_true(EVP_PKEY_get_bn_param(pkey, "n", &modulus));
    key = signing_unpack(modulus);
    BN_free(modulus);
    do {
        RAND_bytes(digest, sizeof(digest));
        sign_with(pkey, digest, signature, size);
        assert_true(rsa_verify(key, signature, digest));
        n[1]++;
        for ( i = 0; i < 50; i++, n[0]++ )
        {
            memcpy(other, signature, size);
            damage(other, size);
            if ( rsa_verify(key, other, digest) !=
                 signing_verify(pkey, digest, other, size) )
                fail_msg("libcrypto says something else");
        }
    } while ( loading_cpu_time() < end );
}

static void differential(void **state)
{
    static const unsigned int bits[] = { 2048, 3072, 4096 };
    const double all = seconds() * 1e9, start = loading_cpu_time();
    unsigned long n[2] = {};
    unsigned int made = 0;

    do {
        EVP_PKEY *key = new_key(bits[made++ % ARRAY_SIZE(bits)]);

        compare(key, loading_cpu_time() + all / 12, n);
        EVP_PKEY_free(key);
    } while ( made < ARRAY_SIZE(bits) || loading_cpu_time() < start + all );
    print_message("%u keys, %lu good and %lu damaged signatures\n", made,
                  n[1], n[0]);
}

/* A signature is of one digest, and of one key. */
static void of_another(void **state)
{
    uint8_t signature[RSA_MAX_BYTES], digest[SHA256_SIZE];
    unsigned int i, bit;

    for ( i = 0; i < ARRAY_SIZE(keys); i++ )
    {
        const struct rsa_key *key = signing_public(keys[i]);

        memset(digest, i, sizeof(digest));
        signing_sign(keys[i], digest, signature);
        for ( bit = 0; bit < 8 * SHA256_SIZE; bit++ )
        {
            digest[bit / 8] ^= 1 << bit % 8;
            assert_false(rsa_verify(key, signature, digest));
            digest[bit / 8] ^= 1 << bit % 8;
        }
        assert_true(rsa_verify(key, signature, digest));
    }
    signing_sign("second", digest, signature);
    assert_false(rsa_verify(signing_public("first"), signature, digest));
}

/* -- The stack ------------------------------------------------------------ */

static struct {
    uint8_t stack[128 << 10], signature[RSA_MAX_BYTES], digest[SHA256_SIZE];
    const struct rsa_key *key;
    ucontext_t here, there;
    bool good;
} own;

static void verify_there(void)
{
    own.good = rsa_verify(own.key, own.signature, own.digest);
}

/* Xen has 8 KiB for all of a hypercall, so numbers are elsewhere.  Most of what is
 * used here is the sanitizers'. */
static size_t stack_used(void)
{
    size_t unused = 0;

    memset(own.stack, 0xa5, sizeof(own.stack));
    getcontext(&own.there);
    own.there.uc_stack.ss_sp = own.stack;
    own.there.uc_stack.ss_size = sizeof(own.stack);
    own.there.uc_link = &own.here;
    makecontext(&own.there, verify_there, 0);
    swapcontext(&own.here, &own.there);
    while ( own.stack[unused] == 0xa5 )
        unused++;
    return sizeof(own.stack) - unused;
}

static void little_stack(void **state)
{
    size_t used;

    signing_sign("large", own.digest, own.signature);
    own.key = signing_public("large");
    used = stack_used();
    assert_true(own.good);
    print_message("%zu bytes of stack\n", used);
    assert_in_range(used, 1, 3072);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(published), cmocka_unit_test(extreme_moduli),
        cmocka_unit_test(second_form), cmocka_unit_test(of_another),
        cmocka_unit_test(little_stack), cmocka_unit_test(differential),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
