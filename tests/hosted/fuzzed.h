/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What the fuzzers share. */
#ifndef HOSTED_FUZZED_H
#define HOSTED_FUZZED_H

#include <stddef.h>
#include <stdint.h>

#include "services.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* Inputs of fuzz_operations, in its own language. */
struct sequence {
    const char *name;
    const uint8_t *bytes;
    size_t size;
};
extern const struct sequence sequences[];
extern const unsigned int nsequences;

/* At the start of each input. */
void fuzz_start(void);

#endif /* HOSTED_FUZZED_H */
