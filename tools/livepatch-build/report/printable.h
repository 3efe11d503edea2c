/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Bytes from anywhere, as text that leaves a terminal as it is and that JSON
 * can hold: what libxenlivepatch says is printable.  The caller frees them.
 */
#ifndef LIVEPATCH_BUILD_PRINTABLE_H
#define LIVEPATCH_BUILD_PRINTABLE_H

#include <stddef.h>

/* Every byte that is none of printable UTF-8 becomes \xNN; tabs and ends of
 * lines stay. */
char *printable_lines(const char *text);

/* A name: here tabs and ends of lines become \xNN, too, and a backslash \\. */
char *printable_name(const char *name);

/* In hexadecimal. */
char *printable_hex(const void *bytes, size_t size);

#endif
