/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Memory and text.
 */
#define _GNU_SOURCE

#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "memory.h"
#include "outcome.h"

static void out_of_memory(void) __attribute__((noreturn));

static void out_of_memory(void)
{
    fputs("livepatch-build: out of memory\n", stderr);
    exit(OUTCOME_FAILED);
}

void *must_have(void *memory)
{
    if (!memory) {
        out_of_memory();
    }
    return memory;
}

void *must_alloc(size_t count, size_t size)
{
    /* One byte at least: NULL is nobody's array. */
    return must_have(calloc(count ? count : 1, size ? size : 1));
}

/* What is new in a grown array is zeroed, too. */
void *must_grow(void *array, size_t *room, size_t need, size_t size)
{
    size_t larger = *room ? *room : 16, bytes;
    char *grown;

    if (need <= *room && array) {
        return array;
    }
    while (larger < need) {
        if (larger > SIZE_MAX / 2) {
            out_of_memory();
        }
        larger *= 2;
    }
    if (__builtin_mul_overflow(larger, size, &bytes)) {
        out_of_memory();
    }
    grown = realloc(array, bytes);
    if (!grown) {
        out_of_memory();
    }
    if (array) {
        memset(grown + *room * size, 0, bytes - *room * size);
    } else {
        memset(grown, 0, bytes);
    }
    *room = larger;
    return grown;
}

char *must_copy(const char *text)
{
    return must_have(strdup(text));
}

char *must_vprint(const char *format, va_list arguments)
{
    char *text;

    if (vasprintf(&text, format, arguments) < 0) {
        out_of_memory();
    }
    return text;
}

char *must_print(const char *format, ...)
{
    va_list arguments;
    char *text;

    va_start(arguments, format);
    text = must_vprint(format, arguments);
    va_end(arguments);
    return text;
}

void *fail_with(char **why, const char *format, ...)
{
    va_list arguments;

    va_start(arguments, format);
    *why = must_vprint(format, arguments);
    va_end(arguments);
    return NULL;
}

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
