/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A signature, by livepatch-sign: which stands beside this program, or else
 * where PATH has it.
 */
#ifndef LIVEPATCH_BUILD_SIGN_H
#define LIVEPATCH_BUILD_SIGN_H

#include <stdbool.h>

/* There is such a program; or false and *why, before anything is built. */
bool sign_possible(char **why);

/*
 * Sign a file, whose place the signed one takes.  key is what livepatch-sign
 * takes, a file or a URI; nobody is asked for a passphrase.  False and *why,
 * and the file is as it was.
 */
bool sign_payload(const char *path, const char *key, char **why);

#endif
