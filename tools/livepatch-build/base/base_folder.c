/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A run's own folder beside the base, in which it compiles: so any number of
 * them use one base at a time.  It is locked as long as the run lives; one that
 * isn't was left by a run that was killed.
 */
#define _GNU_SOURCE

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <unistd.h>

#include "base_private.h"
#include "support/cleanup.h"
#include "support/files.h"
#include "support/memory.h"

#define MOST_TRIES 100

/* A descriptor with a lock on the folder that has this path; -1: somebody else
 * has it, or the folder is gone. */
static int lock_folder(const char *path)
{
    int fd = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    struct stat locked, there;

    if (fd >= 0 && (flock(fd, LOCK_EX | LOCK_NB) || fstat(fd, &locked) ||
                    stat(path, &there) || locked.st_ino != there.st_ino)) {
        close(fd);
        fd = -1;
    }
    return fd;
}

static void remove_leftovers(const struct base *base)
{
    DIR *folder = opendir(base->folder);
    struct dirent *entry;

    while (folder && (entry = readdir(folder))) {
        char *path = must_print("%s/%s", base->folder, entry->d_name);
        int fd = starts_with(entry->d_name, "run-") ? lock_folder(path) : -1;

        if (fd >= 0) {
            files_remove(path);
            close(fd);
        }
        free(path);
    }
    if (folder) {
        closedir(folder);
    }
}

/* Numbers of processes are unique on one machine, but caches may be shared. */
static bool try_folder(struct base *base, unsigned int number)
{
    base->build = must_print("%s/run-%ld.%u", base->folder, (long)getpid(),
                             number);
    cleanup_add(base->build);
    if (!mkdir(base->build, 0777)) {
        base->build_lock = lock_folder(base->build);
        if (base->build_lock >= 0) {
            return true;
        }
    }
    cleanup_forget(base->build);
    free(base->build);
    base->build = NULL;
    return false;
}

bool base_make_folder(struct base *base, char **why)
{
    remove_leftovers(base);
    for (unsigned int i = 0; !base->build && i < MOST_TRIES; i++) {
        if (!try_folder(base, i) && errno != EEXIST && errno != EWOULDBLOCK &&
            errno != ENOENT) {
            return fail_with(why, "%s: no folder can be made in it: %s",
                             base->folder, strerror(errno));
        }
    }
    if (!base->build) {
        return fail_with(why, "%s: no folder can be made in it", base->folder);
    }
    base->build_xen = must_print("%s/xen", base->build);
    return true;
}

void base_remove_folder(struct base *base)
{
    if (base->build) {
        files_remove(base->build);
        cleanup_forget(base->build);
    }
    if (base->build_lock >= 0) {
        close(base->build_lock);
    }
    base->build_lock = -1;
    free(base->build);
    free(base->build_xen);
    base->build = base->build_xen = NULL;
}
