/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "made_of.h"

#include <stdlib.h>
#include <string.h>

#include "support/files.h"
#include "support/hash.h"
#include "support/memory.h"
#include "report/printable.h"

#define BYTES 8     /* of each sum: nobody counterfeits his own patches */

static char *sum_of(const char *path, char **why)
{
    struct hash hash;
    uint8_t digest[32];
    size_t size;
    char *text = files_read(path, &size, why);

    if (!text) {
        return NULL;
    }
    hash_begin(&hash);
    hash_add(&hash, text, size);
    hash_end(&hash, digest);
    free(text);
    return printable_hex(digest, BYTES);
}

char *made_of(const char *const *patches, size_t npatches, char **why)
{
    char *list = must_copy("");

    for (size_t i = 0; i < npatches; i++) {
        char *sum = sum_of(patches[i], why), *longer;

        if (!sum) {
            free(list);
            return NULL;
        }
        longer = must_print("%s%s%s", list, i ? "," : "", sum);
        free(list);
        free(sum);
        list = longer;
    }
    return list;
}

static bool has(const char *list, const char *word, size_t size)
{
    while (*list) {
        size_t length = strcspn(list, ",");

        if (length == size && !memcmp(list, word, size)) {
            return true;
        }
        list += length + (list[length] == ',');
    }
    return false;
}

bool made_of_no_more(const char *those, const char *these)
{
    while (*those) {
        size_t length = strcspn(those, ",");

        if (!has(these, those, length)) {
            return false;
        }
        those += length + (those[length] == ',');
    }
    return true;
}
