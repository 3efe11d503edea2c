/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Bytes from anywhere, as text that leaves a terminal as it is and that JSON
 * can hold.
 */
#ifndef LIVEPATCH_BUILD_PRINTABLE_H
#define LIVEPATCH_BUILD_PRINTABLE_H

#include <stdbool.h>
#include <stddef.h>

/*
 * At most size bytes of text, as far as its NUL, as printable UTF-8: every
 * other byte becomes \xNN.  lines: tabs and ends of lines stay.  The caller
 * frees it.
 */
char *printable_text(const void *text, size_t size, bool lines);

/* In hexadecimal; the caller frees it. */
char *printable_hex(const void *bytes, size_t size);

#endif
