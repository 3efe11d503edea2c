/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Nothing is left behind.  The work is done by a child; we wait for it, and
 * remove what it was about to remove, however it ended: by itself, by a fault,
 * or because somebody interrupted us.
 */
#ifndef LIVEPATCH_BUILD_CLEANUP_H
#define LIVEPATCH_BUILD_CLEANUP_H

/*
 * Do the work in a process group of its own and return what it returns, or 1 if
 * there can't be a process, or a signal has ended it.  SIGINT, SIGTERM and
 * SIGHUP end the whole group; then this process ends by the same signal.
 */
int cleanup_supervise(int (*work)(void *context), void *context);

/* This path, a file or a folder, is to be gone at the end.  Said before it is
 * made, so that there is no moment at which it would be left. */
void cleanup_add(const char *path);
/* No more: it has been removed, or is to stay. */
void cleanup_forget(const char *path);

#endif
