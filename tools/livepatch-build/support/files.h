/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Files and folders.
 */
#ifndef LIVEPATCH_BUILD_FILES_H
#define LIVEPATCH_BUILD_FILES_H

#include <stdbool.h>
#include <stddef.h>
#include <sys/stat.h>

/* The whole of a file, with a zero byte behind it; the caller frees it.  NULL
 * and *why: it can't be read. */
char *files_read(const char *path, size_t *size, char **why);
/* False and *why: it can't be written.  An existing file's place is taken by a
 * new one, and not written over: it may have more names. */
bool files_write(const char *path, const void *bytes, size_t size, char **why);
bool files_exist(const char *path);
/* Does the one hold what the other holds?  No, if one can't be read. */
bool files_equal(const char *one, const char *other);

/* Make a folder, and those above it. */
bool files_make_folder(const char *path, char **why);
/* Remove a file or a folder with all that is in it, if it is there. */
void files_remove(const char *path);

/* Copy a file or a symbolic link, with its mode; time: to be set, or NULL for
 * that of the original. */
bool files_copy(const char *from, const char *to, const struct timespec *time,
                char **why);
/* Give it a second name. */
bool files_link(const char *from, const char *to, char **why);

/*
 * Call visit for everything below the folder, in the order of names: folders
 * before what is in them.  path is relative to the folder.  What is in a folder
 * for which visit returned false is left out; with *why set, the walk ends.
 * Returns false with *why, then or if something can't be read.
 */
typedef bool files_visit(void *context, const char *path,
                         const struct stat *status, char **why);
bool files_walk(const char *folder, files_visit *visit, void *context,
                char **why);

#endif
