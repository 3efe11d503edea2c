/* SPDX-License-Identifier: GPL-2.0-or-later */
#define _GNU_SOURCE

#include "files.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "memory.h"

#define CHUNK (1 << 16)

static bool fail_on(const char *path, char **why)
{
    return fail_with(why, "%s: %s", path, strerror(errno));
}

static bool read_all(int fd, char *bytes, size_t size)
{
    size_t done = 0;

    while (done < size) {
        ssize_t got = read(fd, bytes + done, size - done);

        if (got < 0 && errno == EINTR) {
            continue;
        }
        if (got <= 0) {
            errno = got ? errno : EIO;
            return false;
        }
        done += (size_t)got;
    }
    return true;
}

char *files_read(const char *path, size_t *size, char **why)
{
    int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
    struct stat status;
    char *bytes = NULL;

    if (fd < 0 || fstat(fd, &status)) {
        fail_on(path, why);
    } else if (!S_ISREG(status.st_mode)) {
        fail_with(why, "%s: not a file", path);
    } else {
        *size = (size_t)status.st_size;
        bytes = must_alloc(*size + 1, 1);
        if (!read_all(fd, bytes, *size)) {
            fail_on(path, why);
            free(bytes);
            bytes = NULL;
        }
    }
    if (fd >= 0) {
        close(fd);
    }
    return bytes;
}

static bool write_all(int fd, const char *bytes, size_t size)
{
    while (size) {
        ssize_t put = write(fd, bytes, size);

        if (put < 0 && errno != EINTR) {
            return false;
        }
        if (put > 0) {
            bytes += put;
            size -= (size_t)put;
        }
    }
    return true;
}

bool files_write(const char *path, const void *bytes, size_t size, char **why)
{
    int fd;
    bool written;

    if (unlink(path) && errno != ENOENT) {
        return fail_on(path, why);
    }
    fd = open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0666);
    if (fd < 0) {
        return fail_on(path, why);
    }
    written = write_all(fd, bytes, size);
    if (close(fd) || !written) {
        return fail_on(path, why);
    }
    return true;
}

bool files_exist(const char *path)
{
    struct stat status;

    return !stat(path, &status);
}

bool files_equal(const char *one, const char *other)
{
    size_t size[2] = { 0, 0 };
    char *why = NULL;
    char *first = files_read(one, &size[0], &why);
    char *second = first ? files_read(other, &size[1], &why) : NULL;
    bool equal = second && size[0] == size[1] &&
                 !memcmp(first, second, size[0]);

    free(first);
    free(second);
    free(why);
    return equal;
}

bool files_make_folder(const char *path, char **why)
{
    char *partial = must_copy(path);
    bool made = true;

    for (char *at = partial + 1; made; at++) {
        char letter = *at;

        if (letter == '/' || !letter) {
            *at = '\0';
            made = !mkdir(partial, 0777) || errno == EEXIST;
            *at = letter;
        }
        if (!letter) {
            break;
        }
    }
    free(partial);
    return made || fail_on(path, why);
}

static void remove_below(int parent, const char *name)
{
    int fd = openat(parent, name,
                    O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
    DIR *folder = fd < 0 ? NULL : fdopendir(fd);
    struct dirent *entry;

    if (!folder) {
        if (fd >= 0) {
            close(fd);
        }
        return;
    }
    while ((entry = readdir(folder))) {
        if (!strcmp(entry->d_name, ".") || !strcmp(entry->d_name, "..")) {
            continue;
        }
        if (unlinkat(fd, entry->d_name, 0)) {
            remove_below(fd, entry->d_name);
            unlinkat(fd, entry->d_name, AT_REMOVEDIR);
        }
    }
    closedir(folder);
}

void files_remove(const char *path)
{
    if (unlink(path) && errno != ENOENT) {
        remove_below(AT_FDCWD, path);
        rmdir(path);
    }
}

static bool copy_link(const char *from, const char *to, char **why)
{
    char target[PATH_MAX];
    ssize_t length = readlink(from, target, sizeof(target) - 1);

    if (length < 0) {
        return fail_on(from, why);
    }
    target[length] = '\0';
    return !symlink(target, to) || fail_on(to, why);
}

/* Within the kernel where the file system can do that. */
static bool copy_bytes(int from, int to, off_t size)
{
    char *chunk;
    bool copied = true;
    ssize_t got;

    while (size > 0 &&
           (got = copy_file_range(from, NULL, to, NULL, (size_t)size, 0)) > 0) {
        size -= got;
    }
    if (size <= 0) {
        return true;
    }
    chunk = must_alloc(CHUNK, 1);
    while (copied && (got = read(from, chunk, CHUNK)) > 0) {
        copied = write_all(to, chunk, (size_t)got);
    }
    free(chunk);
    return copied && !got;
}

static bool copy_file(const char *from, const char *to,
                      const struct stat *status, const struct timespec *time,
                      char **why)
{
    struct timespec times[2] = { status->st_mtim, status->st_mtim };
    int in = open(from, O_RDONLY | O_CLOEXEC);
    int out = in < 0 ? -1 : open(to, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC,
                                 status->st_mode & 0777);
    bool copied = out >= 0 && copy_bytes(in, out, status->st_size);
    int error;

    if (time) {
        times[0] = times[1] = *time;
    }
    copied = copied && !futimens(out, times);
    error = errno;
    if (in >= 0) {
        close(in);
    }
    if (out >= 0 && close(out) && copied) {
        error = errno;
        copied = false;
    }
    errno = error;
    return copied || fail_on(in < 0 ? from : to, why);
}

bool files_copy(const char *from, const char *to, const struct timespec *time,
                char **why)
{
    struct stat status;

    if (lstat(from, &status)) {
        return fail_on(from, why);
    }
    if (S_ISLNK(status.st_mode)) {
        return copy_link(from, to, why);
    }
    return copy_file(from, to, &status, time, why);
}

bool files_link(const char *from, const char *to, char **why)
{
    return !link(from, to) || fail_on(to, why);
}

struct walk {
    const char *root;
    files_visit *visit;
    void *context;
    char **why;
};

static bool walk_folder(const struct walk *walk, const char *below);

static bool walk_entry(const struct walk *walk, const char *below,
                       const char *name)
{
    char *path = *below ? must_print("%s/%s", below, name) : must_copy(name);
    char *full = must_print("%s/%s", walk->root, path);
    struct stat status;
    bool good = !lstat(full, &status) || fail_on(full, walk->why);

    if (good) {
        bool wanted = walk->visit(walk->context, path, &status, walk->why);

        good = !*walk->why;
        if (good && wanted && S_ISDIR(status.st_mode)) {
            good = walk_folder(walk, path);
        }
    }
    free(full);
    free(path);
    return good;
}

static bool walk_folder(const struct walk *walk, const char *below)
{
    char *full = must_print("%s/%s", walk->root, below);
    struct dirent **entries = NULL;
    int count = scandir(full, &entries, NULL, alphasort);
    bool good = count >= 0 || fail_on(full, walk->why);

    for (int i = 0; i < count; i++) {
        const char *name = entries[i]->d_name;

        if (good && strcmp(name, ".") && strcmp(name, "..")) {
            good = walk_entry(walk, below, name);
        }
        free(entries[i]);
    }
    free(entries);
    free(full);
    return good;
}

bool files_walk(const char *folder, files_visit *visit, void *context,
                char **why)
{
    struct walk walk = { folder, visit, context, why };

    return walk_folder(&walk, "");
}
