/* SPDX-License-Identifier: LGPL-2.1-only */
/*
 * Whose signatures "xl livepatch" demands, beside what the hypervisor may
 * demand itself: this binds xl alone.
 */

#define _GNU_SOURCE

#include <dirent.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include <libxl.h>

#include "xl.h"
#include "xl_livepatch.h"
#include "xl_utils.h"

#define SUFFIX ".pem"

#define JUDGES_FILES \
    (LIVEPATCH_APPLY | LIVEPATCH_REPLACE | LIVEPATCH_UPLOAD | \
     LIVEPATCH_CHECK | LIVEPATCH_INSTALL | LIVEPATCH_RESTORE | \
     LIVEPATCH_STATUS)

static bool is_key(const struct dirent *entry)
{
    size_t len = strlen(entry->d_name);

    return entry->d_name[0] != '.' && len > strlen(SUFFIX) &&
           !strcmp(entry->d_name + len - strlen(SUFFIX), SUFFIX);
}

static int read_folder(DIR *folder, libxl_string_list *keys)
{
    struct dirent *entry;
    char *path;

    for (;;) {
        errno = 0;
        entry = readdir(folder);
        if (!entry) return errno;

        if (!is_key(entry)) continue;
        xasprintf(&path, "%s/%s", LIVEPATCH_KEYS, entry->d_name);
        livepatch_add_string(keys, path);
        free(path);
    }
}

bool livepatch_find_keys(livepatch_command *cmd)
{
    libxl_string_list *keys = cmd->verb->id == LIVEPATCH_CHECK
        ? &cmd->criteria.keys : &cmd->params.keys;
    DIR *folder;
    int error;

    if (!(cmd->verb->id & JUDGES_FILES) || *keys || cmd->params.settled)
        return true;

    folder = opendir(LIVEPATCH_KEYS);
    if (!folder && errno == ENOENT) return true;

    error = folder ? read_folder(folder, keys) : errno;
    if (folder) closedir(folder);
    /* It tells what it can, and acts on nothing. */
    if (cmd->verb->id == LIVEPATCH_STATUS && (error || !*keys)) {
        xasprintf(&cmd->uncompared,
                  "what is installed was not compared with the keys in "
                  "%s, %s", LIVEPATCH_KEYS,
                  error ? "which can't be read" : "as there are none");
        return true;
    }
    if (error)
        return livepatch_refuse(cmd, LIBXL_LIVEPATCH_REASON_SIGNATURE,
                "Run it as root.",
                "whose signatures this host demands can't be read from "
                "%s: %s", LIVEPATCH_KEYS, strerror(error));
    if (!*keys)
        return livepatch_refuse(cmd, LIBXL_LIVEPATCH_REASON_SIGNATURE,
                "Put the public keys there of those who sign for this "
                "host; or remove the folder, and no signature is "
                "demanded by xl.",
                "this host demands signatures, but there is no key, a "
                "file *%s, in %s", SUFFIX, LIVEPATCH_KEYS);
    return true;
}

/*
 * Local variables:
 * mode: C
 * c-basic-offset: 4
 * indent-tabs-mode: nil
 * End:
 */
