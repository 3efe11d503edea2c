/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "sign.h"

#include <stdlib.h>

#include "support/memory.h"
#include "support/run.h"

#define SIGNER "livepatch-sign"

bool sign_possible(char **why)
{
    return run_has_beside(SIGNER, "--sign needs", why);
}

bool sign_payload(const char *path, const char *key, char **why)
{
    char *signer = run_find_beside(SIGNER), *said = NULL;
    /* In a session of its own there is no terminal.  On ours, where we are in
     * the background, a question for a passphrase would stop us for ever. */
    const char *const argv[] = {
        "setsid", "--wait", signer ? signer : SIGNER, "sign", "--key", key,
        path, NULL,
    };
    bool done = !run_program(argv, NULL, NULL, &said);

    if (!done) {
        /* Its reason comes after what OpenSSL said, if it did. */
        fail_with(why, "it can't be signed: %s", run_last_line(said));
    }
    free(said);
    free(signer);
    return done;
}
