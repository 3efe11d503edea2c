/* SPDX-License-Identifier: GPL-2.0-or-later */
/* SHA-256, Xen's own or ours: against NIST's vectors and libcrypto. */
#include "loading.h"

#include <stdio.h>

#include "../../xen/common/livepatch/sha256.h"
#include "signing.h"
#include "vectors.h"

/* In pieces of so many bytes. */
static void digest_of(const uint8_t *message, size_t size, size_t piece,
                      uint8_t digest[SHA256_SIZE])
{
    struct sha256_state state;
    size_t at;

    sha256_init(&state);
    for ( at = 0; at < size; at += piece )
        sha256_update(&state, message + at, min(piece, size - at));
    sha256_final(&state, digest);
}

static void nist(void **state)
{
    struct vector *v;
    uint8_t digest[SHA256_SIZE];
    unsigned int n = 0;

    vectors_open("sha256");
    while ( (v = vectors_next()) )
    {
        assert_int_equal(v->nfields, 2);
        assert_int_equal(v->fields[1].size, SHA256_SIZE);
        digest_of(v->fields[0].bytes, v->fields[0].size, SIZE_MAX, digest);
        assert_memory_equal(digest, v->fields[1].bytes, SHA256_SIZE);
        n++;
    }
    /* CAVS has 65 short messages and 64 long ones. */
    assert_int_equal(n, 65 + 64);
}

/* All lengths around the ends of three blocks, in pieces of all lengths. */
static void pieces(void **state)
{
    uint8_t message[200], expected[SHA256_SIZE], digest[SHA256_SIZE];
    size_t size, piece;

    for ( size = 0; size < sizeof(message); size++ )
        message[size] = rand();
    for ( size = 0; size <= sizeof(message); size++ )
    {
        signing_digest(message, size, expected);
        for ( piece = 1; piece <= 130; piece++ )
        {
            digest_of(message, size, piece, digest);
            assert_memory_equal(digest, expected, SHA256_SIZE);
        }
    }
}

/* The number of bits doesn't fit in 32 of them. */
static void long_message(void **state)
{
    const size_t size = getenv("HOSTED_BRIEF") ? 1000 : (1ul << 29) + 1;
    uint8_t *message = calloc(1, size);
    uint8_t expected[SHA256_SIZE], digest[SHA256_SIZE];

    assert_non_null(message);
    signing_digest(message, size, expected);
    digest_of(message, size, 1 << 20, digest);
    assert_memory_equal(digest, expected, SHA256_SIZE);
    free(message);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(nist), cmocka_unit_test(pieces),
        cmocka_unit_test(long_message),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
