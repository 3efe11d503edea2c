/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "layout_path.h"

#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include "support/memory.h"

/* Does this part of a path go back over the one at the end of the result? */
static bool goes_back(const char *part, size_t length, const char *result,
                      size_t used)
{
    const char *last = result + used;

    if (length != 2 || memcmp(part, "..", 2) || !used) {
        return false;
    }
    while (last > result && last[-1] != '/') {
        last--;
    }
    return strcmp(last, "..") != 0;
}

/* "./a/../b//c" is "b/c". */
static char *simplify(const char *path)
{
    char *result = must_alloc(1, strlen(path) + 2);
    size_t used = 0, length;

    for (; *path; path += length) {
        path += strspn(path, "/");
        length = strcspn(path, "/");
        if (!length || (length == 1 && *path == '.')) {
            continue;
        }
        if (goes_back(path, length, result, used)) {
            while (used && result[--used] != '/') {
            }
            result[used] = '\0';
            continue;
        }
        if (used) {
            result[used++] = '/';
        }
        memcpy(result + used, path, length);
        used += length;
        result[used] = '\0';
    }
    return result;
}

const char *path_of_file(struct names *names, const char *directory,
                         const char *file)
{
    const char *base = directory ? strrchr(directory, '/') : NULL;
    size_t length = directory ? strlen(directory) : 0;
    const char *name;
    char *simple;

    if (!file) {
        return names_get(names, "?");
    }
    if (length && !strncmp(file, directory, length) && file[length] == '/') {
        file += length + 1;
    }
    simple = simplify(file);
    if (*file == '/') {
        name = names_print(names, "/%s", simple);
    } else if (base && !strcmp(base, "/xen")) {
        name = names_print(names, "xen/%s", simple);
    } else {
        name = names_get(names, simple);
    }
    free(simple);
    return name;
}
