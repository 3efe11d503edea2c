/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Memory and text.  Without memory there is nothing that a builder could do
 * but end: it says so and exits with OUTCOME_FAILED, and what was to be
 * removed at exit is removed.
 */
#ifndef LIVEPATCH_BUILD_MEMORY_H
#define LIVEPATCH_BUILD_MEMORY_H

#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>

/* The caller frees what these return; never NULL. */
void *must_alloc(size_t count, size_t size);            /* zeroed */
/* An array with room for *room elements of that size; NULL: not begun yet.  If
 * there isn't room for `need` it moves, and *room grows; the rest is zeroed. */
void *must_grow(void *array, size_t *room, size_t need, size_t size);
void *must_have(void *memory);  /* what others allocated, or failed to */
char *must_copy(const char *text);
char *must_print(const char *format, ...) __attribute__((format(printf, 1, 2)));
char *must_vprint(const char *format, va_list arguments)
    __attribute__((format(printf, 1, 0)));

/* For functions that return false or NULL with a reason, which their caller
 * frees. */
void *fail_with(char **why, const char *format, ...)
    __attribute__((format(printf, 2, 3)));              /* always NULL */

bool starts_with(const char *text, const char *start);
bool ends_with(const char *text, const char *end);

/* For qsort() and bsearch() of texts: strcmp()'s order. */
int compare_texts(const void *one, const void *other);

/* Is a constant called as what counts others: NR_SOFTIRQS, p2m_max? */
bool is_name_of_count(const char *name);

#endif
