/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "words.h"

#include <string.h>

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
