/* SPDX-License-Identifier: GPL-2.0-only */
/* CONFIG_LIVEPATCH_SIGNING_KEYS, as tools/livepatch-keys.py writes them. */
#ifndef LIVEPATCH_SIGNATURE_KEYS_H
#define LIVEPATCH_SIGNATURE_KEYS_H

#include "rsa.h"

/* A NULL is behind the last one. */
extern const struct rsa_key *const signature_keys[];

#endif /* LIVEPATCH_SIGNATURE_KEYS_H */
