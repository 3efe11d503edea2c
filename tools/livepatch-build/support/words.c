/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "words.h"

#include <string.h>
#include <strings.h>

bool starts_with(const char *text, const char *start)
{
    return !strncmp(text, start, strlen(start));
}

bool ends_with(const char *text, const char *end)
{
    size_t length = strlen(text), tail = strlen(end);

    return length >= tail && !strcmp(text + length - tail, end);
}

int compare_texts(const void *one, const void *other)
{
    return strcmp(*(const char *const *)one, *(const char *const *)other);
}

bool is_name_of_count(const char *name)
{
    static const char *const words[] = {
        "nr", "num", "max", "last", "count", "end", "total", "limit",
    };
    size_t length;

    for (; *name; name += length + (name[length] == '_')) {
        length = strcspn(name, "_");
        for (size_t i = 0; i < sizeof(words) / sizeof(*words); i++) {
            if (length == strlen(words[i]) &&
                !strncasecmp(name, words[i], length)) {
                return true;
            }
        }
    }
    return false;
}
