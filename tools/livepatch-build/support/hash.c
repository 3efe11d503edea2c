/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "hash.h"

#include <string.h>

/* The first 32 bits of the fractions of the cube roots of the first primes. */
static const uint32_t rounds[64] = {
    0x428a2f98, 0x71374491, 0xb5c0fbcf, 0xe9b5dba5, 0x3956c25b, 0x59f111f1,
    0x923f82a4, 0xab1c5ed5, 0xd807aa98, 0x12835b01, 0x243185be, 0x550c7dc3,
    0x72be5d74, 0x80deb1fe, 0x9bdc06a7, 0xc19bf174, 0xe49b69c1, 0xefbe4786,
    0x0fc19dc6, 0x240ca1cc, 0x2de92c6f, 0x4a7484aa, 0x5cb0a9dc, 0x76f988da,
    0x983e5152, 0xa831c66d, 0xb00327c8, 0xbf597fc7, 0xc6e00bf3, 0xd5a79147,
    0x06ca6351, 0x14292967, 0x27b70a85, 0x2e1b2138, 0x4d2c6dfc, 0x53380d13,
    0x650a7354, 0x766a0abb, 0x81c2c92e, 0x92722c85, 0xa2bfe8a1, 0xa81a664b,
    0xc24b8b70, 0xc76c51a3, 0xd192e819, 0xd6990624, 0xf40e3585, 0x106aa070,
    0x19a4c116, 0x1e376c08, 0x2748774c, 0x34b0bcb5, 0x391c0cb3, 0x4ed8aa4a,
    0x5b9cca4f, 0x682e6ff3, 0x748f82ee, 0x78a5636f, 0x84c87814, 0x8cc70208,
    0x90befffa, 0xa4506ceb, 0xbef9a3f7, 0xc67178f2,
};

static uint32_t turn(uint32_t word, unsigned int bits)
{
    return word >> bits | word << (32 - bits);
}

static void expand(const uint8_t *block, uint32_t words[64])
{
    for (size_t i = 0; i < 16; i++) {
        words[i] = (uint32_t)block[4 * i] << 24 |
                   (uint32_t)block[4 * i + 1] << 16 |
                   (uint32_t)block[4 * i + 2] << 8 | block[4 * i + 3];
    }
    for (size_t i = 16; i < 64; i++) {
        uint32_t early = words[i - 15], late = words[i - 2];

        words[i] = words[i - 16] + words[i - 7] +
                   (turn(early, 7) ^ turn(early, 18) ^ early >> 3) +
                   (turn(late, 17) ^ turn(late, 19) ^ late >> 10);
    }
}

static void add_block(struct hash *hash, const uint8_t *block)
{
    uint32_t words[64], s[8];

    expand(block, words);
    memcpy(s, hash->state, sizeof(s));
    for (size_t i = 0; i < 64; i++) {
        uint32_t high = turn(s[4], 6) ^ turn(s[4], 11) ^ turn(s[4], 25);
        uint32_t low = turn(s[0], 2) ^ turn(s[0], 13) ^ turn(s[0], 22);
        uint32_t choice = (s[4] & s[5]) ^ (~s[4] & s[6]);
        uint32_t majority = (s[0] & s[1]) ^ (s[0] & s[2]) ^ (s[1] & s[2]);
        uint32_t first = s[7] + high + choice + rounds[i] + words[i];

        memmove(s + 1, s, 7 * sizeof(*s));
        s[4] += first;
        s[0] = first + low + majority;
    }
    for (size_t i = 0; i < 8; i++) {
        hash->state[i] += s[i];
    }
}

void hash_begin(struct hash *hash)
{
    static const uint32_t start[8] = {
        0x6a09e667, 0xbb67ae85, 0x3c6ef372, 0xa54ff53a,
        0x510e527f, 0x9b05688c, 0x1f83d9ab, 0x5be0cd19,
    };

    memcpy(hash->state, start, sizeof(start));
    hash->length = 0;
}

void hash_add(struct hash *hash, const void *bytes, size_t size)
{
    const uint8_t *from = bytes;

    while (size) {
        size_t used = hash->length % sizeof(hash->block);
        size_t part = sizeof(hash->block) - used;

        part = part < size ? part : size;
        memcpy(hash->block + used, from, part);
        hash->length += part;
        from += part;
        size -= part;
        if (used + part == sizeof(hash->block)) {
            add_block(hash, hash->block);
        }
    }
}

void hash_add_text(struct hash *hash, const char *text)
{
    hash_add(hash, text, strlen(text) + 1);
}

void hash_end(struct hash *hash, uint8_t digest[32])
{
    uint64_t bits = hash->length * 8;
    uint8_t length[8];
    static const uint8_t mark = 0x80, zero = 0;

    for (size_t i = 0; i < 8; i++) {
        length[i] = (uint8_t)(bits >> (56 - 8 * i));
    }
    hash_add(hash, &mark, 1);
    while (hash->length % 64 != 56) {
        hash_add(hash, &zero, 1);
    }
    hash_add(hash, length, sizeof(length));
    for (size_t i = 0; i < 32; i++) {
        digest[i] = (uint8_t)(hash->state[i / 4] >> (24 - 8 * (i % 4)));
    }
}
