/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What an engine takes from a payload's file.
 */
#ifndef FORCED_ENGINE_FILE_H
#define FORCED_ENGINE_FILE_H

#include <stdbool.h>
#include <stddef.h>

enum {
    HOOK_PREAPPLY = 1, HOOK_APPLY = 2, HOOK_POSTAPPLY = 4,
    HOOK_PREREVERT = 8, HOOK_REVERT = 16, HOOK_POSTREVERT = 32,
};
/* With one of these a payload neither replaces others nor is replaced. */
#define HOOKS_VETOING \
    (HOOK_PREAPPLY | HOOK_POSTAPPLY | HOOK_PREREVERT | HOOK_POSTREVERT)

struct engine_file {
    char build_id[41], depends[41], xen_depends[41];
    bool reapplicable;
    unsigned int odd_relocation;    /* a type that no engine knows; or 0 */
    unsigned int hooks;
    char *metadata;
    size_t metadata_size;
    /* Symbols: that it brings, but for replacing functions, and needs. */
    char **defines, **needs;
    int num_defines, num_needs;
};

/* 0, or an errno of Xen's. */
int engine_file_read(struct engine_file *file, const void *bytes,
                     size_t size);
void engine_file_free(struct engine_file *file);

#endif
