/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Names of source files in debug information.
 */
#ifndef LIVEPATCH_BUILD_LAYOUT_PATH_H
#define LIVEPATCH_BUILD_LAYOUT_PATH_H

#include "layout_table.h"

/* A file's name as people give it, "xen/include/xen/sched.h", from what the
 * compiler was given and the directory in which it ran; each may be NULL. */
const char *path_of_file(struct names *names, const char *directory,
                         const char *file);

#endif
