/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What gzip has compressed. */
#ifndef LIVEPATCH_BUILD_GZIP_H
#define LIVEPATCH_BUILD_GZIP_H

#include <stdbool.h>
#include <stddef.h>

/* Does it begin as gzip's files do? */
bool gzip_is(const void *data, size_t size);

/* Uncompress at most `most` bytes, with a zero byte behind them; the caller
 * frees it.  NULL: it isn't gzip's, is damaged, or longer. */
char *gzip_read(const void *data, size_t size, size_t most, size_t *length);

#endif
