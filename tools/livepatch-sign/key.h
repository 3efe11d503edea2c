/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A private key that signs, wherever OpenSSL finds it: a file, or a token by
 * its URI, where openssl.cnf names the provider for that.
 */
#ifndef LIVEPATCH_SIGN_KEY_H
#define LIVEPATCH_SIGN_KEY_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct key;

/* NULL, after saying why on standard error.  Asks for a passphrase on the
 * terminal, if there is one to ask for. */
struct key *key_open(const char *where);
void key_free(struct key *key);

/* Bytes of its signatures. */
size_t key_size(const struct key *key);

/* size bytes, key_size() of them, for a SHA-256 digest; false after saying
 * why.  What was made is verified before it is believed. */
bool key_sign(const struct key *key, const uint8_t digest[32],
              uint8_t *signature);

#endif
