/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Payloads of many kinds: for fuzzers to begin with, and for tests. */
#ifndef HOSTED_SAMPLES_H
#define HOSTED_SAMPLES_H

#include "payload.h"

/* All that a payload can have; it can be applied and reverted.  Patches
 * xen_one, xen_nop and xen_endbr, and offers rich_for_others. */
struct image *sample_rich(uint8_t id, uint8_t depends);

struct sample {
    const char *name;
    struct image *(*make)(void);
};
extern const struct sample samples[];
extern const unsigned int nsamples;

#endif /* HOSTED_SAMPLES_H */
