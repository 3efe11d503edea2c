/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What texts begin with, end with, and their order.
 */
#ifndef LIVEPATCH_BUILD_WORDS_H
#define LIVEPATCH_BUILD_WORDS_H

#include <stdbool.h>

bool starts_with(const char *text, const char *start);
bool ends_with(const char *text, const char *end);

/* For qsort() and bsearch() of texts: strcmp()'s order. */
int compare_texts(const void *one, const void *other);

/* Is a constant called as what counts others: NR_SOFTIRQS, p2m_max? */
bool is_name_of_count(const char *name);

#endif
