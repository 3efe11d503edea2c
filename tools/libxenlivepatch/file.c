/* SPDX-License-Identifier: LGPL-2.1-only */
/*
 * Reading a file of which nothing is known, not even that it is a file.
 */

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include "private.h"

/* Add a finding about a file that can't be read; for use after return. */
#define UNREADABLE(c, path, fmt, ...)                                   \
    (REFUSED(c, FILE, path, "%s " fmt, path, ## __VA_ARGS__),           \
     (c)->rc ? (c)->rc : EINVAL)

static int failed(xlp_case *c, const char *path, int error)
{
    switch (error) {
    case ENOENT:
    case ENOTDIR:
        return UNREADABLE(c, path,
                          "does not exist: check the name");
    case EACCES:
    case EPERM:
        return UNREADABLE(c, path, "may not be read by you: check "
                          "the permissions of the file and its folders");
    case ENAMETOOLONG:
    case ELOOP:
        return UNREADABLE(c, path, "can't be opened: %s; check "
                          "the name and its symbolic links",
                          strerror(error));
    case ENOMEM:
        return ENOMEM;
    default:
        return UNREADABLE(c, path, "can't be read: %s",
                          strerror(error));
    }
}

static int check_kind(xlp_case *c, const char *path, const struct stat *st,
                      uint64_t max, const char *advice)
{
    if (S_ISDIR(st->st_mode))
        return UNREADABLE(c, path, "is a directory: name a file "
                          "in it");
    if (!S_ISREG(st->st_mode))
        return UNREADABLE(c, path, "is not a regular file but a "
                          "device, pipe or socket: copy the content into "
                          "a file and name that");
    if (!st->st_size)
        return UNREADABLE(c, path, "is empty: get the file again");
    if ((uint64_t)st->st_size > max)
        return UNREADABLE(c, path, "has %"PRIu64" bytes, more "
                          "than the limit of %"PRIu64": %s",
                          (uint64_t)st->st_size, max, advice);
    return 0;
}

static bool is_same(const struct stat *a, const struct stat *b)
{
    return a->st_size == b->st_size &&
        a->st_mtim.tv_sec == b->st_mtim.tv_sec &&
        a->st_mtim.tv_nsec == b->st_mtim.tv_nsec;
}

/*
 * Exactly size bytes and then the end of the file.  Returns 0, an errno
 * value, or -1 where the file has another size.
 */
static int read_all(int fd, uint8_t *data, size_t size)
{
    size_t done = 0;
    uint8_t beyond;
    ssize_t r;

    for (;;) {
        r = read(fd, done < size ? data + done : &beyond,
                 done < size ? size - done : sizeof(beyond));
        if (r < 0 && errno == EINTR) continue;
        if (r < 0) return errno;
        if (!r) return done == size ? 0 : -1;
        if (done == size) return -1;
        done += r;
    }
}

static int read_open(xlp_case *c, int fd, const char *path, uint64_t max,
                     const char *advice, void **data_r, uint64_t *size_r)
{
    struct stat before, after;
    uint8_t *data = NULL;
    int rc, r;

    if (fstat(fd, &before)) {
        rc = failed(c, path, errno);
        goto out;
    }
    rc = check_kind(c, path, &before, max, advice);
    if (rc) goto out;

    data = malloc(before.st_size);
    if (!data) {
        rc = ENOMEM;
        goto out;
    }
    r = read_all(fd, data, before.st_size);
    if (!r && fstat(fd, &after)) r = errno;
    if (r > 0) {
        rc = failed(c, path, r);
        goto out;
    }
    if (r < 0 || !is_same(&before, &after)) {
        rc = UNREADABLE(c, path, "changed while it was read: "
                        "wait until whatever writes it is done, then try "
                        "again");
        goto out;
    }
    *data_r = data;
    *size_r = before.st_size;
    data = NULL;
    rc = 0;
 out:
    free(data);
    return rc;
}

int xlp_read_file(xlp_case *c, const char *path, uint64_t max,
                  const char *advice, void **data_r, uint64_t *size_r)
{
    struct stat st;
    int rc, fd;

    /* Merely opening some devices has an effect: a watchdog is armed. */
    if (stat(path, &st)) return failed(c, path, errno);
    rc = check_kind(c, path, &st, max, advice);
    if (rc) return rc;

    /* It may have become another file: then this must not wait. */
    fd = open(path, O_RDONLY | O_NONBLOCK | O_NOCTTY | O_CLOEXEC);
    if (fd < 0) return failed(c, path, errno);
    rc = read_open(c, fd, path, max, advice, data_r, size_r);
    close(fd);
    return rc;
}
