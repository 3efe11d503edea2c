/* SPDX-License-Identifier: GPL-2.0-only */
/* SHA-256 as FIPS 180-4 has it, whose names it uses. */
#include <xen/lib.h>
#include <xen/string.h>

#include "sha256.h"

#if XEN_THIS_RELEASE < XEN_RELEASE(4, 21)

/* 4.2.2: of the cube roots of the first 64 primes, 32 bits of the fraction. */
static const uint32_t K[64] = {
    0x428a2f98, 0x71374491, 0xb5c0fbcf, 0xe9b5dba5,
    0x3956c25b, 0x59f111f1, 0x923f82a4, 0xab1c5ed5,
    0xd807aa98, 0x12835b01, 0x243185be, 0x550c7dc3,
    0x72be5d74, 0x80deb1fe, 0x9bdc06a7, 0xc19bf174,
    0xe49b69c1, 0xefbe4786, 0x0fc19dc6, 0x240ca1cc,
    0x2de92c6f, 0x4a7484aa, 0x5cb0a9dc, 0x76f988da,
    0x983e5152, 0xa831c66d, 0xb00327c8, 0xbf597fc7,
    0xc6e00bf3, 0xd5a79147, 0x06ca6351, 0x14292967,
    0x27b70a85, 0x2e1b2138, 0x4d2c6dfc, 0x53380d13,
    0x650a7354, 0x766a0abb, 0x81c2c92e, 0x92722c85,
    0xa2bfe8a1, 0xa81a664b, 0xc24b8b70, 0xc76c51a3,
    0xd192e819, 0xd6990624, 0xf40e3585, 0x106aa070,
    0x19a4c116, 0x1e376c08, 0x2748774c, 0x34b0bcb5,
    0x391c0cb3, 0x4ed8aa4a, 0x5b9cca4f, 0x682e6ff3,
    0x748f82ee, 0x78a5636f, 0x84c87814, 0x8cc70208,
    0x90befffa, 0xa4506ceb, 0xbef9a3f7, 0xc67178f2,
};

/* 5.3.3: the same of the square roots of the first eight. */
static const uint32_t H0[8] = {
    0x6a09e667, 0xbb67ae85, 0x3c6ef372, 0xa54ff53a,
    0x510e527f, 0x9b05688c, 0x1f83d9ab, 0x5be0cd19,
};

static uint32_t rotr(uint32_t x, unsigned int n)
{
    return x >> n | x << (32 - n);
}

static uint32_t read_be32(const uint8_t *p)
{
    return (uint32_t)p[0] << 24 | p[1] << 16 | p[2] << 8 | p[3];
}

static void write_be32(uint8_t *p, uint32_t value)
{
    p[0] = value >> 24;
    p[1] = value >> 16;
    p[2] = value >> 8;
    p[3] = value;
}

/* 6.2.2, step 1: the message schedule. */
static void schedule(uint32_t W[64], const uint8_t *block)
{
    unsigned int t;

    for ( t = 0; t < 16; t++ )
        W[t] = read_be32(block + 4 * t);

    for ( ; t < 64; t++ )
    {
        uint32_t x = W[t - 15], y = W[t - 2];

        W[t] = W[t - 16] + (rotr(x, 7) ^ rotr(x, 18) ^ (x >> 3)) +
               W[t - 7] + (rotr(y, 17) ^ rotr(y, 19) ^ (y >> 10));
    }
}

/* 6.2.2, steps 2 to 4. */
static void compress(uint32_t hash[8], const uint8_t *block)
{
    uint32_t W[64];
    uint32_t a = hash[0], b = hash[1], c = hash[2], d = hash[3];
    uint32_t e = hash[4], f = hash[5], g = hash[6], h = hash[7];
    unsigned int t;

    schedule(W, block);

    for ( t = 0; t < 64; t++ )
    {
        uint32_t T1 = h + (rotr(e, 6) ^ rotr(e, 11) ^ rotr(e, 25)) +
                      ((e & f) ^ (~e & g)) + K[t] + W[t];
        uint32_t T2 = (rotr(a, 2) ^ rotr(a, 13) ^ rotr(a, 22)) +
                      ((a & b) ^ (a & c) ^ (b & c));

        h = g;
        g = f;
        f = e;
        e = d + T1;
        d = c;
        c = b;
        b = a;
        a = T1 + T2;
    }

    hash[0] += a;
    hash[1] += b;
    hash[2] += c;
    hash[3] += d;
    hash[4] += e;
    hash[5] += f;
    hash[6] += g;
    hash[7] += h;
}

void sha256_init(struct sha256_state *state)
{
    memcpy(state->hash, H0, sizeof(H0));
    state->size = 0;
}

void sha256_update(struct sha256_state *state, const void *piece, size_t size)
{
    const uint8_t *next = piece;
    size_t used = state->size % sizeof(state->block);

    state->size += size;

    if ( used && size >= sizeof(state->block) - used )
    {
        memcpy(state->block + used, next, sizeof(state->block) - used);
        next += sizeof(state->block) - used;
        size -= sizeof(state->block) - used;
        used = 0;
        compress(state->hash, state->block);
    }

    if ( !used )
        for ( ; size >= sizeof(state->block); size -= sizeof(state->block) )
        {
            compress(state->hash, next);
            next += sizeof(state->block);
        }

    memcpy(state->block + used, next, size);
}

/* 5.1.1: a bit that is set, zeroes, and the number of bits. */
void sha256_final(struct sha256_state *state, uint8_t digest[SHA256_SIZE])
{
    uint64_t bits = state->size * 8;
    size_t used = state->size % sizeof(state->block);
    unsigned int i;

    state->block[used++] = 0x80;
    memset(state->block + used, 0, sizeof(state->block) - used);

    if ( used > sizeof(state->block) - sizeof(bits) )
    {
        compress(state->hash, state->block);
        memset(state->block, 0, sizeof(state->block));
    }

    write_be32(state->block + 56, bits >> 32);
    write_be32(state->block + 60, bits);
    compress(state->hash, state->block);

    for ( i = 0; i < 8; i++ )
        write_be32(digest + 4 * i, state->hash[i]);
}

#endif /* XEN_THIS_RELEASE */

/*
 * Local variables:
 * mode: C
 * c-file-style: "BSD"
 * c-basic-offset: 4
 * tab-width: 4
 * indent-tabs-mode: nil
 * End:
 */
