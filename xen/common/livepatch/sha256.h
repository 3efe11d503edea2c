/* SPDX-License-Identifier: GPL-2.0-only */
/* SHA-256 (FIPS 180-4) of a message that comes in pieces. */
#ifndef LIVEPATCH_SHA256_H
#define LIVEPATCH_SHA256_H

#include <xen/types.h>

#include "compat.h"

#define SHA256_SIZE 32          /* Of a digest, in bytes. */

/* From then on Xen has its own; what stable releases before it have got takes
 * a message in one piece alone. */
#if XEN_THIS_RELEASE >= XEN_RELEASE(4, 21)

#include <xen/sha2.h>

#define sha256_state  sha2_256_state
#define sha256_init   sha2_256_init
#define sha256_update sha2_256_update
#define sha256_final  sha2_256_final

#else

struct sha256_state {
    uint32_t hash[SHA256_SIZE / sizeof(uint32_t)];
    uint8_t block[64];          /* The last one, so far. */
    uint64_t size;              /* Bytes of the message so far. */
};

void sha256_init(struct sha256_state *state);
void sha256_update(struct sha256_state *state, const void *piece, size_t size);
/* Nothing may be done with the state any more, but to begin anew. */
void sha256_final(struct sha256_state *state, uint8_t digest[SHA256_SIZE]);

#endif

#endif /* LIVEPATCH_SHA256_H */
