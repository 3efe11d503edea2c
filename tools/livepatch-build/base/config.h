/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Xen's configuration, as it is embedded in its image. */
#ifndef LIVEPATCH_BUILD_CONFIG_H
#define LIVEPATCH_BUILD_CONFIG_H

#include <stddef.h>

/*
 * Compare two .config files, compressed by gzip.  Returns in words the options
 * that differ (the first `max` of them, and how many more), or NULL if none
 * does.  What can't be uncompressed is said as such.  The caller frees it.
 */
char *config_compare(const void *here, size_t here_size, const void *there,
                     size_t there_size, size_t max);

/* The text; the caller frees it.  NULL: it isn't gzip's, or too long. */
char *config_uncompress(const void *data, size_t size);

#endif
