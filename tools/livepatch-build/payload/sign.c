/* SPDX-License-Identifier: GPL-2.0-or-later */
#define _GNU_SOURCE

#include "sign.h"

#include <limits.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "support/memory.h"
#include "support/run.h"

#define SIGNER "livepatch-sign"

static char *find_signer(void)
{
    char self[PATH_MAX];
    ssize_t length = readlink("/proc/self/exe", self, sizeof(self) - 1);
    char *beside, *found;

    if (length > 0) {
        self[length] = '\0';
        *strrchr(self, '/') = '\0';
        beside = must_print("%s/%s", self, SIGNER);
        found = run_find(beside);
        free(beside);
        if (found) {
            return found;
        }
    }
    return run_find(SIGNER);
}

bool sign_possible(char **why)
{
    char *signer = find_signer();
    bool found = signer;

    free(signer);
    return found || fail_with(why, "--sign needs " SIGNER ", which is neither "
                              "beside livepatch-build nor in PATH: install it, "
                              "or sign the payload where it is");
}

/* What it says last: its reason, after what OpenSSL said, if it did. */
static const char *last_line(char *text)
{
    size_t length = strlen(text);
    char *newline;

    while (length && text[length - 1] == '\n') {
        text[--length] = '\0';
    }
    newline = strrchr(text, '\n');
    return newline ? newline + 1 : text;
}

bool sign_payload(const char *path, const char *key, char **why)
{
    char *signer = find_signer(), *said = NULL;
    /* In a session of its own there is no terminal.  On ours, where we are in
     * the background, a question for a passphrase would stop us for ever. */
    const char *const argv[] = {
        "setsid", "--wait", signer ? signer : SIGNER, "sign", "--key", key,
        path, NULL,
    };
    bool done = !run_program(argv, NULL, NULL, &said);

    if (!done) {
        fail_with(why, "it can't be signed: %s", last_line(said));
    }
    free(said);
    free(signer);
    return done;
}
