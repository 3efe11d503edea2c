/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A xenstore for one client. */
#ifndef FORCED_STORE_H
#define FORCED_STORE_H

void store_reset(void);
void store_write(const char *path, const char *value);
/* NULL, or what it holds. */
const char *store_read(const char *path);

#endif
